//! The page for somebody whose address has an account that their other provider does not open yet:
//! come in the old way once, or, where that cannot be, take the address back.
//!
//! Where the provider does not vouch for the address, anybody could have written it. Then the page asks
//! whether there is an account, in the same words whether or not there is one (SEC-021).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use poem::web::Path;
use poem::{Response, handler};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use crate::services::accounts::Doer;
use crate::services::caller::Caller;
use crate::services::clients::with_query;
use crate::services::connectors::{Connector, Kept, LinkKey};
use crate::services::users::User;
use crate::web::cookie::Cookie;
use crate::web::form::Form;
use crate::web::page::Page;
use crate::web::visitor::{Visitor, see_other};

/// How long the sign-in page remembers the address of a sign-up.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);

/// Says that there is an account, or asks whether there is, and how the two come together.
#[derive(Debug, Serialize)]
pub struct KnownPage {
    /// What people call the provider.
    pub name: String,
    /// Its kind, whose mark is shown.
    pub kind: &'static str,
    /// The address, which the person's provider gave.
    pub email: String,
    /// The key of what waits.
    pub key: String,
    /// Where the sign-in leads on to.
    pub sign_in: String,
    /// Whether the page says that there is an account; else it only asks.
    pub is_told: bool,
    /// Whether the person may take the address back.
    pub may_claim: bool,
    /// Whether somebody without an account may have one.
    pub may_register: bool,
}

impl Page for KnownPage {
    const TEMPLATE: &'static str = "known.html";
}

/// What the forms send: one of the two.
#[derive(Deserialize)]
pub struct LinkForm {
    claim: Option<String>,
    register: Option<String>,
}

/// What waits under a key in the address.
struct Waiting<'a> {
    kept: Kept,
    key: Secret<LinkKey>,
    connector: &'a Connector,
    /// For whom, where the provider vouches for the address.
    user: Option<User>,
}

impl<'a> Waiting<'a> {
    async fn find(app: &'a App, visitor: &Visitor, key: &str) -> Result<Self> {
        let key = Secret::<LinkKey>::parse(key).ok_or_else(gone)?;
        let kept = app.connectors.kept(&key, visitor.browser()).await?.ok_or_else(gone)?;
        let connector = app.connectors.named(&kept.arrival.profile.who.connector).ok_or_else(gone)?;
        let user = match kept.user {
            Some(id) if kept.is_vouched_for() => {
                Some(app.users.get(id).await?.filter(|user| kept.is_for(user)).ok_or_else(gone)?)
            }
            _ => None,
        };
        Ok(Self { kept, key, connector, user })
    }

    fn may_claim(&self) -> bool {
        self.user.as_ref().is_some_and(|user| self.kept.may_claim(user))
    }

    fn may_register(&self, app: &App) -> bool {
        self.user.is_none() && app.sign_in.may_register(self.connector, &self.kept.arrival.profile)
    }

    fn email(&self) -> String {
        self.kept.arrival.profile.email.as_ref().map_or(String::new(), |email| email.address.to_string())
    }
}

fn gone() -> Error {
    let words = "This has waited too long, was done already, or was begun in another browser. Begin it again.";
    Error::new(ErrorKind::InvalidRequest, words)
}

/// `GET /login/link/KEY`
#[handler]
pub(crate) async fn show(Path(key): Path<String>, app: App, visitor: Visitor) -> Result<Response> {
    let waiting = Waiting::find(&app, &visitor, &key).await?;
    let base = visitor.web.settings.base_path();
    let onward = format!("{base}/account/connections/{}", waiting.key.expose());
    let onward: String = form_urlencoded::byte_serialize(onward.as_bytes()).collect();
    visitor.show(&KnownPage {
        name: waiting.connector.name.clone(),
        kind: waiting.connector.known.kind,
        email: waiting.email(),
        key,
        // The one provider that the page would lead straight to is the one they come from.
        sign_in: format!("{base}/login?return_to={onward}&redirect=false"),
        is_told: waiting.user.is_some(),
        may_claim: waiting.may_claim(),
        may_register: waiting.may_register(&app),
    })
}

/// `POST /login/link/KEY`: the owner of the address takes it back, or somebody new wants an account.
#[handler]
pub(crate) async fn submit(
    Path(key): Path<String>,
    form: Form<LinkForm>,
    app: App,
    visitor: Visitor,
    caller: Caller,
) -> Result<Response> {
    let waiting = Waiting::find(&app, &visitor, &key).await?;
    match (form.claim.as_deref(), form.register.as_deref()) {
        (Some("yes"), None) if waiting.may_claim() => claim(&app, &visitor, &caller, waiting).await,
        (None, Some("yes")) if waiting.may_register(&app) => register(&app, &visitor, &caller, waiting).await,
        _ => Err(ErrorKind::Forbidden.into()),
    }
}

async fn claim(app: &App, visitor: &Visitor, caller: &Caller, waiting: Waiting<'_>) -> Result<Response> {
    let kept = app.connectors.take_kept(&waiting.key, visitor.browser()).await?.ok_or_else(gone)?;
    let user = waiting.user.ok_or_else(gone)?;
    // A session of that account is over with all the others.
    let before = visitor.live.as_ref().filter(|live| live.user.id != user.id);
    app.accounts.claim(user, kept.arrival.profile.clone(), Doer::stranger(caller)).await?;
    let entered = app.sign_in.browser_through(caller, waiting.connector, &kept.arrival, before);
    let (session, cookie) = entered.await?;
    let mut response = see_other(&kept.return_to)?;
    let life = session.expires_at.since(visitor.now());
    visitor.put_cookie(&mut response, Cookie::Session, Some((cookie.expose(), life)))?;
    Ok(response)
}

/// The answer is that of a sign-up by password: the same whether or not the address was known.
async fn register(app: &App, visitor: &Visitor, caller: &Caller, waiting: Waiting<'_>) -> Result<Response> {
    let kept = app.connectors.take_kept(&waiting.key, visitor.browser()).await?.ok_or_else(gone)?;
    app.sign_in.register_through(caller, waiting.connector, &kept.arrival.profile).await?;
    let going = [("return_to", kept.return_to.as_str())];
    let mut response = visitor.lead_to(&with_query("/login", going))?;
    let address = URL_SAFE_NO_PAD.encode(waiting.email());
    visitor.put_cookie(&mut response, Cookie::SignedUp, Some((&address, REMEMBERED)))?;
    Ok(response)
}
