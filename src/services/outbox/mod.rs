//! Messages to other servers: written in the transaction of what they tell of, delivered afterwards,
//! and tried again until they arrive or are too old. Nobody waits for that.
//!
//! A node takes a message by moving the moment at which it is due, in one conditional update, so that
//! no two nodes send the same one. A node that dies meanwhile leaves it to be taken again.

mod deliver;

pub use deliver::{Courier, Delivery};

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use entity::outbox::{ActiveModel, Entity};
use entity::{OutboxId, Timestamp};
use sea_orm::{ActiveValue::Set, EntityTrait};
use tokio::sync::Notify;

use super::audit::Audit;
use super::database::{Database, Executor};
use crate::clock::Clock;
use crate::error::Result;
use crate::random::Random;

/// How long a message is tried.
pub const LIVES: Duration = Duration::from_secs(24 * 3600);

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A session has ended at which a client took part.
    BackChannelLogout,
}

impl Kind {
    /// The word in the row.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BackChannelLogout => "back_channel_logout",
        }
    }
}

/// A message to be sent.
#[derive(Clone, Debug)]
pub struct Message {
    /// What it is.
    pub kind: Kind,
    /// Whom it is for: one that is away holds up its own messages only.
    pub target: String,
    /// What is needed to make it; never a secret.
    pub payload: String,
}

/// A message that is due.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Whom it is for.
    pub target: String,
    /// What is needed to make it.
    pub payload: String,
    id: OutboxId,
    /// How often it was tried before.
    attempts: i32,
    last_error: Option<String>,
    due_at: Timestamp,
    expires_at: Timestamp,
}

/// The messages that wait; cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbox {
    database: Database,
    audit: Audit,
    clock: Clock,
    random: Random,
    news: Arc<Notify>,
    /// Whom this node is sending to right now.
    busy: Arc<Mutex<HashSet<String>>>,
}

impl Outbox {
    /// The messages in `database`.
    #[must_use]
    pub fn new(database: Database, audit: Audit, clock: Clock, random: Random) -> Self {
        Self { database, audit, clock, random, news: Arc::default(), busy: Arc::default() }
    }

    /// Writes `messages` in the transaction `tx` of what they tell of; due at once.
    ///
    /// # Errors
    /// When the database does not take them.
    pub async fn put(&self, tx: &Executor<'_>, messages: Vec<Message>) -> Result<()> {
        if messages.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let rows = messages.into_iter().map(|message| ActiveModel {
            id: Set(OutboxId::from_random(self.random.bytes())),
            kind: Set(message.kind.name().to_owned()),
            target: Set(message.target),
            payload: Set(message.payload),
            attempts: Set(0),
            last_error: Set(None),
            created_at: Set(now),
            due_at: Set(now),
            expires_at: Set(now + LIVES),
        });
        Entity::insert_many(rows).exec_without_returning(tx).await?;
        Ok(())
    }

    /// Has this node look for messages now rather than at its next round; to be called after a commit.
    pub fn look(&self) {
        self.news.notify_one();
    }

    /// Returns when somebody has called [`Self::look`] since the last time.
    pub async fn news(&self) {
        self.news.notified().await;
    }
}

#[cfg(test)]
mod tests;
