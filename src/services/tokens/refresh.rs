//! Refresh: one conditional update rotates a family; repeats never make a second branch
//! (RFC 9700 section 2.2.2).

use std::time::Duration;

use entity::refresh_family::{ActiveModel, Column, Entity, Model as Family};
use entity::{GrantId, RefreshFamilyId, SessionId, Timestamp};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use secrecy::SecretString;

use super::Tokens;
use super::family::{RefreshToken, Verdict};
use crate::error::{ErrorKind, Result};
use crate::services::audit::{Event, EventKind};
use crate::services::caller::Caller;
use crate::services::database::{Executor, sweep};
use crate::services::grants::Grant;
use crate::services::metrics::Outcome;
use crate::services::sessions::live::{self, LiveFamily};
use crate::services::sessions::{Live, Session};
use crate::services::shared::Subject;

/// How often a rotation that lost a race looks again.
const TRIES: usize = 4;

/// What a refresh gives.
#[derive(Debug)]
pub struct Refreshed {
    /// The session and its person, as they are now.
    pub live: Live,
    /// The newest refresh token.
    pub refresh_token: SecretString,
    /// When the family ends, whatever happens.
    pub expires_at: Timestamp,
}

impl Tokens {
    /// Starts the refresh family of `session` in the transaction `tx`; answers its first token.
    ///
    /// # Errors
    /// When the database does not take it.
    pub async fn start_family(&self, tx: &Executor<'_>, session: &Session) -> Result<SecretString> {
        let access_expires_at = self.clock.now() + self.settings.session_token_lifetime;
        let expires_at = session.created_at + self.settings.refresh_lifetime;
        self.insert_family(tx, session.id, None, access_expires_at, expires_at).await
    }

    /// Starts the refresh family of a client's grant in the transaction `tx`; answers its first token. Its life
    /// counts from the sign-in that the grant came from, whenever that was.
    ///
    /// # Errors
    /// When the database does not take it.
    pub(in crate::services) async fn start_grant_family(
        &self,
        tx: &Executor<'_>,
        grant: &Grant,
    ) -> Result<SecretString> {
        let access = self.clock.now() + self.settings.access_token_lifetime;
        let end = grant.authenticated_at + self.settings.refresh_lifetime;
        self.insert_family(tx, grant.session_id, Some(grant.id), access, std::cmp::min(end, grant.expires_at)).await
    }

    async fn insert_family(
        &self,
        tx: &Executor<'_>,
        session: SessionId,
        grant: Option<GrantId>,
        access_expires_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<SecretString> {
        let id = RefreshFamilyId::from_random(self.random.bytes());
        let token = self.refresh_tokens.make(&self.random, id, 0);
        let row = ActiveModel {
            id: Set(id),
            session_id: Set(session),
            grant_id: Set(grant),
            generation: Set(0),
            token_hash: Set(self.refresh_tokens.hash(&token)),
            sealed: Set(None),
            used: Set(false),
            rotated_at: Set(None),
            access_expires_at: Set(access_expires_at),
            created_at: Set(self.clock.now()),
            expires_at: Set(expires_at),
        };
        Entity::insert(row).exec_without_returning(tx).await?;
        Ok(token.text)
    }

    /// Exchanges a refresh token for its successor.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] for anything but the newest token of a living family or a
    /// repeat that the rules forgive; [`ErrorKind::Unavailable`] when the database is away.
    pub async fn refresh(&self, text: &str, caller: &Caller) -> Result<Refreshed> {
        let refreshed = self.refresh_uncounted(text, caller).await;
        self.metrics.refreshed(Outcome::from(&refreshed));
        refreshed
    }

    async fn refresh_uncounted(&self, text: &str, caller: &Caller) -> Result<Refreshed> {
        let lifetime = self.settings.session_token_lifetime;
        let found = self.succeed(text, |it| Ok(it.grant.is_none()), lifetime, caller).await?;
        let (LiveFamily { family, live, .. }, newest) = found.ok_or(ErrorKind::Unauthenticated)?;
        Ok(Refreshed { live, refresh_token: newest.text, expires_at: family.expires_at })
    }

    /// The rules of repeats, the same for sessions and for clients: the newest token of the family
    /// of `text`, after a rotation where one is due. None for anything but a living family of whom
    /// `is_theirs` knows and a token that the rules forgive; a token that they do not forgive ends it all.
    /// What `is_theirs` refuses leaves the token good.
    ///
    /// `lifetime` is that of the access token which goes out with the newest one.
    pub(super) async fn succeed(
        &self,
        text: &str,
        is_theirs: impl Fn(&LiveFamily) -> Result<bool>,
        lifetime: Duration,
        caller: &Caller,
    ) -> Result<Option<(LiveFamily, RefreshToken)>> {
        for _ in 0..TRIES {
            let Some(token) = self.refresh_tokens.read(text) else { break };
            let now = self.clock.now();
            let Some(found) = live::by_family(&self.database, token.family, now).await? else { break };
            if !is_theirs(&found)? || !found.is_alive(now) {
                break;
            }
            let newest = match self.refresh_tokens.judge(&found.family, token, now, self.settings.refresh_grace) {
                Verdict::Rotate(token) => match self.rotate(&found.family, &found.live.session, token, lifetime).await?
                {
                    Some(next) => next,
                    // Somebody was faster: look again at what they made.
                    None => continue,
                },
                Verdict::Newest(token) => {
                    self.mark_used(&found.family).await?;
                    token
                }
                Verdict::SameSuccessor(newest) => newest,
                Verdict::Theft => {
                    self.end_stolen(&found, caller).await?;
                    break;
                }
                Verdict::Straggler | Verdict::Dead => break,
            };
            return Ok(Some((found, newest)));
        }
        Ok(None)
    }

    /// The session that a refresh token of the session API belongs to, newest or not; nothing changes.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn session_of_refresh_token(&self, text: &str) -> Result<Option<Live>> {
        let Some(token) = self.refresh_tokens.read(text) else { return Ok(None) };
        let found = live::by_family(&self.database, token.family, self.clock.now()).await?;
        Ok(found.filter(|found| found.grant.is_none()).map(|found| found.live))
    }

    /// Makes the next token the newest; none when somebody was faster. Where a minute has passed the
    /// session is seen in use besides, by a second statement: for the other rotations one is all.
    async fn rotate(
        &self,
        family: &Family,
        session: &Session,
        token: RefreshToken,
        lifetime: Duration,
    ) -> Result<Option<RefreshToken>> {
        let now = self.clock.now();
        let next = self.refresh_tokens.make(&self.random, family.id, family.generation.saturating_add(1));
        let row = ActiveModel {
            generation: Set(next.generation),
            token_hash: Set(self.refresh_tokens.hash(&next)),
            sealed: Set(Some(self.refresh_tokens.seal(&self.random, &token, &next))),
            used: Set(false),
            rotated_at: Set(Some(now)),
            access_expires_at: Set(now + lifetime),
            ..ActiveModel::default()
        };
        let is_newest = Column::Id.eq(family.id).and(Column::Generation.eq(family.generation));
        let update =
            Entity::update_many().set(row).filter(is_newest.and(Column::TokenHash.eq(family.token_hash.clone())));
        let (sessions, session) = (self.sessions.clone(), session.clone());
        let rotated = self.database.write_statement(|tx| {
            Box::pin(async move {
                let is_rotated = update.exec(tx).await?.rows_affected == 1;
                if is_rotated {
                    sessions.note_use(tx, &session).await?;
                }
                Ok(is_rotated)
            })
        });
        Ok(rotated.await?.then_some(next))
    }

    async fn mark_used(&self, family: &Family) -> Result<()> {
        if family.used {
            return Ok(());
        }
        let row = ActiveModel { used: Set(true), ..ActiveModel::default() };
        let is_newest = Column::Id.eq(family.id).and(Column::Generation.eq(family.generation));
        let update = Entity::update_many().set(row).filter(is_newest);
        self.database.write_statement(|tx| Box::pin(async move { Ok(update.exec(tx).await.map(|_| ())?) })).await
    }

    /// Ends what a stolen token could open: a client's grant, or else the session itself.
    async fn end_stolen(&self, found: &LiveFamily, caller: &Caller) -> Result<()> {
        if let Some(grant) = &found.grant {
            tracing::warn!(client = %grant.client_id, "a refresh token came back after its time; its grant ends");
            return self.grants.end(grant.clone(), EventKind::RefreshReplayed, caller).await;
        }
        let LiveFamily { family, live, .. } = found;
        tracing::warn!(session = %live.session.id, "a refresh token came back after its time; its session ends");
        let event = Event::new(EventKind::RefreshReplayed)
            .about(live.user.id)
            .from(caller)
            .with("session", live.session.id.to_string())
            .with("generation", family.generation);
        let (session, user) = (live.session.id, live.user.id);
        let (grants, audit, shared) = (self.grants.clone(), self.audit.clone(), self.shared.clone());
        let pending = self.database.write(move |tx| {
            Box::pin(async move {
                if !grants.end_session(tx, user, session).await? {
                    return Ok(None);
                }
                audit.record(tx, event).await?;
                shared.announce(tx, vec![Subject::Session(session)]).await.map(Some)
            })
        });
        if let Some(pending) = pending.await? {
            self.shared.apply(&pending);
            self.grants.tell_soon();
        }
        Ok(())
    }

    /// Removes up to `most` families whose time is over; answers how many went.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep(&self, most: u64) -> Result<u64> {
        sweep(&self.database, Entity, Column::Id, Column::ExpiresAt.lte(self.clock.now()), most).await
    }
}
