//! Authorization requests that wait for their person: each in a row of its own, so that nothing of
//! a running request lives in a browser, and as many as a person has tabs go on side by side.
//!
//! The id stands in the address; only the browser that began a request may go on with it (SEC-056).

use std::time::Duration;

use entity::authorization_request::{ActiveModel, Column, Entity};
use entity::{ClientId, Names, Timestamp, TokenHash, UserId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use super::claims_request::ClaimsRequest;
use super::{Grants, scope};
use crate::error::{Error, ErrorKind, Result};
use crate::secret::{Kind, Secret};
use crate::services::caller::Caller;
use crate::services::clients::Client;
use crate::services::database::{Executor, sweep};
use crate::services::shared::Limit;

/// How long a request waits: a page left open over night goes on in the morning.
const WAITS: Duration = Duration::from_secs(24 * 3600);
/// How many requests of one network may begin to wait within [`WINDOW`]. An office behind one
/// address starts far fewer; a flood stays bounded.
const MOST: u32 = 600;
const WINDOW: Duration = Duration::from_secs(600);

/// The id of a waiting request.
#[derive(Debug)]
pub struct RequestKey;

impl Kind for RequestKey {
    const PREFIX: &'static str = "pst_ar_";
}

/// How the answer reaches the client (OAuth 2.0 Multiple Response Types section 2.1, Form Post).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect address.
    #[default]
    Query,
    /// In its fragment.
    Fragment,
    /// In a form that the browser sends.
    FormPost,
}

/// What the client wants shown (Core section 3.1.2.1, `prompt`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Show nothing; answer with an error instead.
    pub none: bool,
    /// Ask for a sign-in whatever there is.
    pub login: bool,
    /// Ask for consent whatever is remembered.
    pub consent: bool,
    /// Ask which account.
    pub select_account: bool,
}

/// A checked authorization request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes: one of the client's own, checked.
    pub redirect_uri: String,
    /// What goes back as it came.
    pub state: Option<String>,
    /// How the answer travels.
    pub response_mode: ResponseMode,
    /// What is asked for, cut to what the client may.
    pub scope: Vec<String>,
    /// Goes into the ID token as it came.
    pub nonce: Option<String>,
    /// The S256 challenge (RFC 7636).
    pub challenge: Option<String>,
    /// What is to be shown.
    pub prompt: Prompt,
    /// How old the sign-in may be, in seconds.
    pub max_age: Option<u64>,
    /// Whom the client thinks it is, to fill in the sign-in page.
    pub login_hint: Option<String>,
    /// Whose sign-in it must be, by the `sub` that the client sees (`id_token_hint`).
    pub subject: Option<String>,
    /// Single claims that are asked for.
    pub claims: ClaimsRequest,
    /// The resources that tokens are for (RFC 8707).
    pub resources: Vec<String>,
}

impl AuthorizationRequest {
    /// The scopes.
    #[must_use]
    pub fn scopes(&self) -> Names {
        Names::new(self.scope.iter().cloned())
    }

    /// Whether it takes no session from before, or none that is older than it says. As old as what is
    /// `refreshable` is what we ask for ourselves where tokens are to be refreshed: a session that is good for that.
    #[must_use]
    pub fn asks_for_sign_in(&self, refreshable: Duration) -> bool {
        let is_young = |age: u64| Duration::from_secs(age) < refreshable;
        self.prompt.login || self.prompt.select_account || self.max_age.is_some_and(is_young)
    }

    /// The same, asking for no more than `client`, whose it is, may ask for today (SEC-043); none where nothing
    /// is left of it.
    #[must_use]
    pub fn cut_for(self, client: &Client) -> Option<Self> {
        let scope = scope::grantable(&self.scopes(), client).as_slice().to_vec();
        let is_empty = scope.is_empty();
        (!is_empty).then(|| Self { scope, claims: self.claims.within(client), ..self })
    }
}

/// A request that waits, with its age.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// What was asked.
    pub request: AuthorizationRequest,
    /// When it came.
    pub since: Timestamp,
    /// Who allowed this very request, once somebody has.
    pub allowed_by: Option<UserId>,
}

/// What stands in a row: a request, and who allowed it.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    request: AuthorizationRequest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    allowed_by: Option<UserId>,
}

impl Grants {
    /// Lets `request` wait for the person in the browser that holds `browser`; answers its key.
    ///
    /// # Errors
    /// [`ErrorKind::TooManyRequests`] for a flood from one network; when the database is away.
    pub async fn wait(
        &self,
        request: &AuthorizationRequest,
        browser: &str,
        caller: &Caller,
    ) -> Result<Secret<RequestKey>> {
        let limit = Limit { max: MOST, window: WINDOW };
        let key = format!("authorization requests/{}", caller.network());
        self.shared
            .counters
            .hit(&key, limit)
            .map_err(|wait| Error::from(ErrorKind::TooManyRequests).retry_after(wait))?;
        let (key, now) = (Secret::<RequestKey>::generate(&self.random), self.clock.now());
        let row = ActiveModel {
            id: Set(key.hash()),
            client_id: Set(request.client_id.clone()),
            browser: Set(self.browser_hash(browser)),
            parameters: Set(serde_json::to_string(request).map_err(Error::internal)?),
            created_at: Set(now),
            expires_at: Set(now + WAITS),
        };
        let insert = Entity::insert(row);
        self.database
            .write_statement(|tx| {
                Box::pin(async move { insert.exec_without_returning(tx).await.map(|_| ()).map_err(Error::from) })
            })
            .await?;
        Ok(key)
    }

    /// The request of `key`, if the browser that holds `browser` began it and it still waits.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn waiting(&self, key: &Secret<RequestKey>, browser: &str) -> Result<Option<Waiting>> {
        let its_own = Column::Browser.eq(self.browser_hash(browser)).and(Column::ExpiresAt.gt(self.clock.now()));
        let row = Entity::find_by_id(key.hash()).filter(its_own).one(self.database.read()).await?;
        row.map(|row| {
            let Kept { request, allowed_by } = serde_json::from_str(&row.parameters).map_err(Error::internal)?;
            Ok(Waiting { request, since: row.created_at, allowed_by })
        })
        .transpose()
    }

    /// Remembers with the request of `key` that `user` has allowed it, in the transaction `tx`. One that is gone
    /// meanwhile stays so.
    pub(super) async fn mark_allowed(&self, tx: &Executor<'_>, key: TokenHash, user: UserId) -> Result<()> {
        let Some(row) = Entity::find_by_id(key.clone()).one(tx).await? else { return Ok(()) };
        let kept: Kept = serde_json::from_str(&row.parameters).map_err(Error::internal)?;
        let kept = Kept { allowed_by: Some(user), ..kept };
        let marked = Expr::value(serde_json::to_string(&kept).map_err(Error::internal)?);
        let update = Entity::update_many().col_expr(Column::Parameters, marked).filter(Column::Id.eq(key));
        update.exec(tx).await?;
        Ok(())
    }

    /// Takes the request of `key` away in the transaction `tx`; answers whether it was there. Of
    /// two answers to one request only the first finds it.
    pub(super) async fn take(&self, tx: &Executor<'_>, key: TokenHash) -> Result<bool> {
        Ok(Entity::delete_by_id(key).exec(tx).await?.rows_affected == 1)
    }

    /// Gives the request of `key` up; answers whether it was there.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn give_up(&self, key: &Secret<RequestKey>) -> Result<bool> {
        let (grants, key) = (self.clone(), key.hash());
        self.database.write_statement(|tx| Box::pin(async move { grants.take(tx, key).await })).await
    }

    fn browser_hash(&self, browser: &str) -> TokenHash {
        self.keys.browsers.hash(browser.as_bytes())
    }

    /// Removes up to `most` requests that waited too long; answers how many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep_requests(&self, most: u64) -> Result<u64> {
        sweep(&self.database, Entity, Column::Id, Column::ExpiresAt.lte(self.clock.now()), most).await
    }

    /// Removes the oldest requests, up to `most`, until `kept` wait; answers how many went. A flood from many
    /// networks drives out what waits longest, and keeps out nobody.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn bound_requests(&self, kept: u64, most: u64) -> Result<u64> {
        let newest = Entity::find().select_only().column(Column::ExpiresAt).order_by_desc(Column::ExpiresAt);
        let first_over: Option<Timestamp> = newest.offset(kept).limit(1).into_tuple().one(self.database.read()).await?;
        match first_over {
            Some(end) => sweep(&self.database, Entity, Column::Id, Column::ExpiresAt.lte(end), most).await,
            None => Ok(0),
        }
    }
}
