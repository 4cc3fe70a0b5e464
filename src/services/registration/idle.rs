//! Registered clients that nobody uses any more (SEC-146).

use std::time::Duration;

use super::{DAY, Registration};
use crate::error::Result;
use crate::services::clients::{Client, Clients, Origin};
use crate::services::grants::Grants;

/// How long a client is kept that holds nothing and that nobody allows anything.
const IDLE: Duration = Duration::from_secs(90 * DAY.as_secs());
/// How long a new one is left alone.
const NEW: Duration = DAY;

impl Registration {
    /// Has up to `most` clients that nobody uses any more begin to wait, and those go on that somebody uses again;
    /// answers how many were changed.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn watch_idle(&self, most: u64) -> Result<u64> {
        let used = || Grants::are_held_by(Clients::row_id());
        let again = self.clients.end_to_wait(used(), most).await?;
        let now = self.clock.now();
        Ok(again + self.clients.begin_to_wait(used(), now - NEW, now + IDLE, most).await?)
    }

    /// Notes that `client` works on its own authority, of which nothing is kept.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn note_use(&self, client: &Client) -> Result<()> {
        if client.origin != Origin::Registration || client.expires_at.is_none() {
            return Ok(());
        }
        let (it, id) = (self.clone(), client.id.clone());
        let write = self.database.write(move |tx| {
            Box::pin(async move {
                match it.clients.let_in(tx, &id).await? {
                    Some(subject) => it.shared.announce(tx, vec![subject]).await.map(Some),
                    None => Ok(None),
                }
            })
        });
        if let Some(pending) = write.await? {
            self.shared.apply(&pending);
        }
        Ok(())
    }
}
