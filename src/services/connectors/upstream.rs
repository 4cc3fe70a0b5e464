//! What a session here knows of the one over there that it came by: a row beside it, which goes with
//! the session and with the identity. Tokens stand in it only where the settings ask for them, sealed
//! (SEC-102).

use std::time::Duration;

use entity::upstream_session::{ActiveModel, Column, Entity, Model};
use entity::{IdentityId, SessionId, Timestamp};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::Connectors;
use super::connector::{Connector, UpstreamLogout};
use super::flow::Anew;
use super::token_answer::Tokens;
use crate::error::{Error, Result};
use crate::services::database::Executor;
use crate::services::users::identity::Profile;

/// The longest life of a token that is believed, in seconds: ten years.
const LONGEST_LIFE: u64 = 315_360_000;
/// How much is lost where moments are whole seconds, and while a code is exchanged.
const SLACK: Duration = Duration::from_secs(5);

/// Somebody who has come back from a provider.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Who it is.
    pub profile: Profile,
    /// Whether they were to prove anew who they are.
    pub(in crate::services) anew: Anew,
    /// Whether they have.
    pub(in crate::services) shown: Shown,
    /// When they have proven it, where the provider tells.
    pub(in crate::services) proven_at: Option<Timestamp>,
    /// Their session over there.
    pub(super) upstream: Upstream,
}

/// What a provider shows of whether the person has proven who they are for this very sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Nothing: it may have let them in by a session from before.
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
#[derive(Clone, Debug, Default)]
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
    id_token: Option<String>,
    access: Option<String>,
    refresh: Option<String>,
    /// In seconds.
    expires_at: Option<i64>,
}

impl From<Profile> for Arrival {
    /// Of whose session over there nothing is known any more.
    fn from(profile: Profile) -> Self {
        let upstream = Upstream::default();
        Self { profile, anew: Anew::No, shown: Shown::Nothing, proven_at: None, upstream }
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
    /// Notes in the transaction `tx` that `session` came by `arrival`, whose identity is `identity`.
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
        };
        let columns = [Column::IdentityId, Column::Connector, Column::Issuer, Column::Sid, Column::Sealed];
        let known = OnConflict::column(Column::SessionId).update_columns(columns).to_owned();
        Entity::insert(row).on_conflict(known).exec_without_returning(tx).await?;
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
        let Upstream { id_token, tokens, .. } = upstream;
        if id_token.is_none() && tokens.is_none() {
            return Ok(None);
        }
        let text = |secret: &SecretString| secret.expose_secret().to_owned();
        let plain = Plain {
            id_token: id_token.as_ref().map(text),
            access: tokens.as_ref().map(|tokens| text(&tokens.access)),
            refresh: tokens.as_ref().and_then(|tokens| tokens.refresh.as_ref().map(text)),
            expires_at: tokens.as_ref().and_then(|tokens| tokens.expires_at.map(Timestamp::seconds)),
        };
        let plain = serde_json::to_vec(&plain).map_err(Error::internal)?;
        Ok(Some(self.parts.upstream.seal(&self.parts.random, session.to_string().as_bytes(), &plain)))
    }

    fn open_tokens(&self, row: &Model) -> Plain {
        let context = row.session_id.to_string();
        let plain = row.sealed.as_ref().and_then(|sealed| self.parts.upstream.open(context.as_bytes(), sealed));
        plain.and_then(|plain| serde_json::from_slice(&plain).ok()).unwrap_or_default()
    }

    /// What `session` came by; none where that was no provider.
    pub(super) async fn origin(&self, session: SessionId) -> Result<Option<Model>> {
        Ok(Entity::find_by_id(session).one(self.parts.database.read()).await?)
    }

    /// The ID token that is kept for signing out over there.
    pub(super) fn id_token(&self, row: &Model) -> Option<SecretString> {
        self.open_tokens(row).id_token.map(SecretString::from)
    }

    /// The provider's tokens that are kept for `session`, which `keep_tokens` has to ask for. No page and
    /// no answer shows them.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn tokens_of(&self, session: SessionId) -> Result<Option<UpstreamTokens>> {
        let Some(row) = self.origin(session).await? else { return Ok(None) };
        let Plain { access, refresh, expires_at, .. } = self.open_tokens(&row);
        Ok(access.map(|access| UpstreamTokens {
            access: access.into(),
            refresh: refresh.map(SecretString::from),
            expires_at: expires_at.map(Timestamp::from_seconds),
        }))
    }
}
