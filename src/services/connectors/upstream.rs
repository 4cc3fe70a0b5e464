//! What a session here knows of those over there that it came by: a row for each, which goes with the
//! session and with the identity. Tokens stand in it only where the settings ask for them, sealed
//! (SEC-102).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::upstream_session::{ActiveModel, Column, Entity, Model};
use entity::{IdentityId, SessionId, Timestamp};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::Connectors;
use super::connector::{Connector, UpstreamLogout};
use super::flow::Anew;
use super::token_answer::Tokens;
use crate::error::{Error, Result};
use crate::secret::sha256;
use crate::services::database::Executor;
use crate::services::users::identity::Profile;

/// The longest life of a token that is believed, in seconds: ten years.
const LONGEST_LIFE: u64 = 315_360_000;
/// How much is lost where moments are whole seconds, and while a code is exchanged.
const SLACK: Duration = Duration::from_secs(5);

/// Longest name of a session over there that is kept as it is, in bytes.
const LONGEST_SID: usize = 255;

/// The form in which the name `sid` of a session over there is kept: a long one as its hash.
pub(super) fn kept_sid(sid: &str) -> String {
    match sid.len() {
        ..=LONGEST_SID => sid.to_owned(),
        _ => format!("sha256 {}", URL_SAFE_NO_PAD.encode(sha256(sid.as_bytes()).as_bytes())),
    }
}

/// Somebody who has come back from a provider.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Arrival {
    /// Who it is.
    pub profile: Profile,
    /// Whether they were to prove anew who they are. Of one that was kept for later it is not known any more,
    /// nor is what follows.
    #[serde(skip)]
    pub(in crate::services) anew: Anew,
    /// Whether they have.
    #[serde(skip)]
    pub(in crate::services) shown: Shown,
    /// When they have proven it, where the provider tells.
    #[serde(skip)]
    pub(in crate::services) proven_at: Option<Timestamp>,
    /// Their session over there.
    pub(super) upstream: Upstream,
}

/// What a provider shows of whether the person has proven who they are for this very sign-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// Nothing: it may have let them in by a session from before.
    #[default]
    Nothing,
    /// They have.
    Proof,
    /// They have not.
    OldSession,
}

impl Shown {
    /// By when it was proven, for a sign-in that began at `begun`.
    pub(super) fn of(proven_at: Option<Timestamp>, begun: Timestamp) -> Self {
        match proven_at {
            None => Self::Nothing,
            Some(at) if at + SLACK >= begun => Self::Proof,
            Some(_) => Self::OldSession,
        }
    }
}

/// A session over there, as far as it is of use here.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Plain", into = "Plain")]
pub(super) struct Upstream {
    /// What the provider calls it (Front-Channel Logout section 3).
    pub(super) sid: Option<String>,
    /// The ID token, where it is needed for signing out over there.
    pub(super) id_token: Option<SecretString>,
    /// The tokens, where they are to be kept.
    pub(super) tokens: Option<UpstreamTokens>,
}

/// Tokens of a provider.
#[derive(Clone, Debug)]
pub struct UpstreamTokens {
    /// The access token.
    pub access: SecretString,
    /// The refresh token, where one came.
    pub refresh: Option<SecretString>,
    /// When the access token expires, by the provider's word.
    pub expires_at: Option<Timestamp>,
}

/// What is sealed.
#[derive(Default, Serialize, Deserialize)]
struct Plain {
    sid: Option<String>,
    id_token: Option<String>,
    access: Option<String>,
    refresh: Option<String>,
    /// In seconds.
    expires_at: Option<i64>,
}

impl From<Upstream> for Plain {
    fn from(upstream: Upstream) -> Self {
        let Upstream { sid, id_token, tokens } = upstream;
        let text = |secret: SecretString| secret.expose_secret().to_owned();
        let (access, refresh, expires_at) = match tokens {
            Some(UpstreamTokens { access, refresh, expires_at }) => (Some(access), refresh, expires_at),
            None => (None, None, None),
        };
        Self {
            sid,
            id_token: id_token.map(text),
            access: access.map(text),
            refresh: refresh.map(text),
            expires_at: expires_at.map(Timestamp::seconds),
        }
    }
}

impl From<Plain> for Upstream {
    fn from(plain: Plain) -> Self {
        let Plain { sid, id_token, access, refresh, expires_at } = plain;
        let tokens = access.map(|access| UpstreamTokens {
            access: access.into(),
            refresh: refresh.map(SecretString::from),
            expires_at: expires_at.map(Timestamp::from_seconds),
        });
        Self { sid, id_token: id_token.map(SecretString::from), tokens }
    }
}

impl Upstream {
    /// What is kept of a session at `connector` that the provider calls `sid`: no token that nothing here
    /// was asked to keep.
    pub(super) fn of(connector: &Connector, sid: Option<String>, tokens: Tokens, now: Timestamp) -> Self {
        let Tokens { access, refresh, expires_in, id } = tokens;
        let expires_at = expires_in.map(|seconds| now + Duration::from_secs(seconds.min(LONGEST_LIFE)));
        Self {
            sid,
            id_token: id.filter(|_| connector.logout == UpstreamLogout::Standard).map(SecretString::from),
            tokens: connector.keep_tokens.then_some(UpstreamTokens { access, refresh, expires_at }),
        }
    }
}

impl Connectors {
    /// Notes in the transaction `tx` that `session` came by `arrival`, whose identity is `identity`; what it
    /// came by before, by another identity, stays: whichever provider ends its own ends the session.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn note_session(
        &self,
        tx: &Executor<'_>,
        session: SessionId,
        identity: IdentityId,
        arrival: &Arrival,
    ) -> Result<()> {
        let Arrival { profile, upstream, .. } = arrival;
        let row = ActiveModel {
            session_id: Set(session),
            identity_id: Set(identity),
            connector: Set(profile.who.connector.clone()),
            issuer: Set(profile.who.issuer.clone()),
            sid: Set(upstream.sid.clone()),
            sealed: Set(self.seal_tokens(session, upstream)?),
            entered_at: Set(self.parts.clock.now()),
        };
        let columns = [Column::Connector, Column::Issuer, Column::Sid, Column::Sealed, Column::EnteredAt];
        let same = OnConflict::columns([Column::SessionId, Column::IdentityId]).update_columns(columns).to_owned();
        Entity::insert(row).on_conflict(same).exec_without_returning(tx).await?;
        Ok(())
    }

    /// The sessions that came by `identity`, as the transaction `tx` sees them.
    ///
    /// # Errors
    /// When the database is away.
    pub(in crate::services) async fn sessions_by(
        &self,
        tx: &Executor<'_>,
        identity: IdentityId,
    ) -> Result<Vec<SessionId>> {
        let rows = Entity::find().filter(Column::IdentityId.eq(identity)).all(tx).await?;
        Ok(rows.into_iter().map(|row| row.session_id).collect())
    }

    fn seal_tokens(&self, session: SessionId, upstream: &Upstream) -> Result<Option<Vec<u8>>> {
        if upstream.id_token.is_none() && upstream.tokens.is_none() {
            return Ok(None);
        }
        let plain = serde_json::to_vec(upstream).map_err(Error::internal)?;
        Ok(Some(self.parts.upstream.seal(&self.parts.random, session.to_string().as_bytes(), &plain)))
    }

    fn open_tokens(&self, row: &Model) -> Option<Upstream> {
        let context = row.session_id.to_string();
        let plain = self.parts.upstream.open(context.as_bytes(), row.sealed.as_ref()?)?;
        serde_json::from_slice(&plain).ok()
    }

    /// What `session` came by, the last first; nothing where that was no provider.
    pub(super) async fn origins(&self, session: SessionId) -> Result<Vec<Model>> {
        let its_own = Entity::find().filter(Column::SessionId.eq(session)).order_by_desc(Column::EnteredAt);
        Ok(its_own.all(self.parts.database.read()).await?)
    }

    /// The ID token that is kept for signing out over there.
    pub(super) fn id_token(&self, row: &Model) -> Option<SecretString> {
        self.open_tokens(row)?.id_token
    }

    /// The provider's tokens that are kept for `session`, which `keep_tokens` has to ask for, those that
    /// came last. No page and no answer shows them.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn tokens_of(&self, session: SessionId) -> Result<Option<UpstreamTokens>> {
        Ok(self.origins(session).await?.iter().find_map(|row| self.open_tokens(row)?.tokens))
    }
}
