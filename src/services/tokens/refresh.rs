//! Refresh: one conditional update rotates a family; repeats never make a second branch
//! (RFC 9700 section 2.2.2).

use entity::refresh_family::{ActiveModel, Column, Entity, Model as Family};
use entity::{RefreshFamilyId, Timestamp};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use secrecy::SecretString;

use super::Tokens;
use super::family::{RefreshToken, Verdict};
use crate::error::{Error, ErrorKind, Result};
use crate::services::audit::{Event, EventKind};
use crate::services::caller::Caller;
use crate::services::database::{Executor, sweep};
use crate::services::metrics::Outcome;
use crate::services::sessions::{Live, Session, live};
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
        let now = self.clock.now();
        let id = RefreshFamilyId::from_random(self.random.bytes());
        let token = self.refresh_tokens.make(&self.random, id, 0);
        let row = ActiveModel {
            id: Set(id),
            session_id: Set(session.id),
            generation: Set(0),
            token_hash: Set(self.refresh_tokens.hash(&token)),
            sealed: Set(None),
            used: Set(false),
            rotated_at: Set(None),
            access_expires_at: Set(now + self.settings.session_token_lifetime),
            created_at: Set(now),
            expires_at: Set(session.created_at + self.settings.refresh_lifetime),
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
        for _ in 0..TRIES {
            let Some(token) = self.refresh_tokens.read(text) else { break };
            let now = self.clock.now();
            let Some((family, live)) = live::by_family(&self.database, token.family, now).await? else { break };
            if !live.is_alive(now) {
                break;
            }
            let newest = match self.refresh_tokens.judge(&family, token, now, self.settings.refresh_grace) {
                Verdict::Rotate(token) => match self.rotate(&family, &live.session, token).await? {
                    Some(next) => next,
                    // Somebody was faster: look again at what they made.
                    None => continue,
                },
                Verdict::Newest(token) => {
                    self.mark_used(&family).await?;
                    token
                }
                Verdict::SameSuccessor(newest) => newest,
                Verdict::Theft => {
                    self.end_stolen(&family, &live, caller).await?;
                    break;
                }
                Verdict::Straggler | Verdict::Dead => break,
            };
            return Ok(Refreshed { live, refresh_token: newest.text, expires_at: family.expires_at });
        }
        Err(Error::from(ErrorKind::Unauthenticated))
    }

    /// The session that a refresh token belongs to, newest or not; nothing changes.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn session_of_refresh_token(&self, text: &str) -> Result<Option<Live>> {
        let Some(token) = self.refresh_tokens.read(text) else { return Ok(None) };
        let found = live::by_family(&self.database, token.family, self.clock.now()).await?;
        Ok(found.map(|(_, live)| live))
    }

    /// Makes the next token the newest; none when somebody was faster. Where a minute has passed the
    /// session is seen in use besides, by a second statement: for the other rotations one is all.
    async fn rotate(&self, family: &Family, session: &Session, token: RefreshToken) -> Result<Option<RefreshToken>> {
        let now = self.clock.now();
        let next = self.refresh_tokens.make(&self.random, family.id, family.generation.saturating_add(1));
        let row = ActiveModel {
            generation: Set(next.generation),
            token_hash: Set(self.refresh_tokens.hash(&next)),
            sealed: Set(Some(self.refresh_tokens.seal(&self.random, &token, &next))),
            used: Set(false),
            rotated_at: Set(Some(now)),
            access_expires_at: Set(now + self.settings.session_token_lifetime),
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

    async fn end_stolen(&self, family: &Family, live: &Live, caller: &Caller) -> Result<()> {
        tracing::warn!(session = %live.session.id, "a refresh token came back after its time; its session ends");
        let event = Event::new(EventKind::RefreshReplayed)
            .about(live.user.id)
            .from(caller)
            .with("session", live.session.id.to_string())
            .with("generation", family.generation);
        let (session, user) = (live.session.id, live.user.id);
        let (sessions, audit, shared) = (self.sessions.clone(), self.audit.clone(), self.shared.clone());
        let pending = self.database.write(move |tx| {
            Box::pin(async move {
                if !sessions.remove(tx, session, user).await? {
                    return Ok(None);
                }
                audit.record(tx, event).await?;
                shared.announce(tx, vec![Subject::Session(session)]).await.map(Some)
            })
        });
        if let Some(pending) = pending.await? {
            self.shared.apply(&pending);
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
