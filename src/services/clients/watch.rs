//! The clients file while the server runs: a changed one is read again, a bad one changes nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use entity::ClientId;
use entity::client::{Column, Entity};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use tokio::sync::Mutex;

use super::Clients;
use super::file::{self, FileClients};
use super::rows::subject;
use crate::env::files::{self, Seen};
use crate::error::Result;
use crate::services::audit::{Actor, Event, EventKind};

/// The file, what it declares, and what it looked like when that was read.
#[derive(Debug)]
pub(super) struct Watched {
    path: Option<PathBuf>,
    current: RwLock<Arc<FileClients>>,
    looks: Mutex<Looks>,
}

#[derive(Debug)]
struct Looks {
    seen: Seen,
    /// Whether it was said which clients of the database the file hides.
    is_compared: bool,
    /// What the file has changed and the audit does not have yet.
    unwritten: Vec<Event>,
}

impl Watched {
    /// Reads the file for the first time; its warnings are told with those of the settings.
    pub(super) fn open(path: Option<PathBuf>) -> Result<Self, Vec<String>> {
        let (clients, seen) = match &path {
            Some(path) => {
                let reading = file::read(path);
                (reading.outcome?, reading.seen)
            }
            None => (FileClients::default(), Seen::new()),
        };
        let looks = Mutex::new(Looks { seen, is_compared: false, unwritten: Vec::new() });
        Ok(Self { path, current: RwLock::new(Arc::new(clients)), looks })
    }

    /// What the file declares.
    pub(super) fn current(&self) -> Arc<FileClients> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, clients: FileClients) -> Arc<FileClients> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut current, Arc::new(clients))
    }
}

impl Clients {
    /// Reads the clients file again when it, or a file with a secret that it names, has changed
    /// since the last look and stands still; else the next look reads it. A bad file is told of
    /// once and the clients of the good one stay. Each client that changes gets its audit row; while
    /// the database is away the rows wait for the next look.
    pub async fn reload_if_changed(&self) {
        self.reload_when(files::have_changed).await;
    }

    /// Reads the clients file again, whatever it looks like.
    pub async fn reload(&self) {
        self.reload_when(files::stand_still).await;
    }

    async fn reload_when(&self, is_due: fn(&Seen) -> bool) {
        let Some(path) = self.watched.path.clone() else { return };
        let mut looks = self.watched.looks.lock().await;
        let seen = looks.seen.clone();
        let look = tokio::task::spawn_blocking(move || is_due(&seen).then(|| file::read(&path)));
        match look.await {
            Ok(Some(reading)) => {
                looks.seen = reading.seen;
                self.take(reading.outcome, &mut looks);
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "looking at the clients file was broken off"),
        }
        if let Err(error) = self.write_down(&mut looks.unwritten).await {
            tracing::warn!(?error, "the audit does not have yet what the clients file changed");
        }
        if !looks.is_compared {
            looks.is_compared = self.tell_hidden().await.is_ok();
        }
    }

    fn take(&self, outcome: Result<FileClients, Vec<String>>, looks: &mut Looks) {
        match outcome {
            Ok(clients) => {
                clients.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
                let before = self.watched.replace(clients);
                let changed = changes(&before, &self.watched.current());
                // Only after the swap: whoever reads from now on reads the new clients.
                changed.keys().for_each(|id| self.shared.forget(&subject(id)));
                looks.is_compared = false;
                tracing::info!(changed = changed.len(), "read the clients file again");
                looks.unwritten.extend(changed.into_values());
            }
            Err(problems) => {
                for problem in problems {
                    tracing::error!("the clients file is not taken, the clients from before stay: {problem}");
                }
            }
        }
    }

    /// Writes what waits into the audit, all or nothing.
    async fn write_down(&self, unwritten: &mut Vec<Event>) -> Result<()> {
        if unwritten.is_empty() {
            return Ok(());
        }
        let (audit, events) = (self.audit.clone(), unwritten.clone());
        let written = self.database.write(move |tx| {
            Box::pin(async move {
                for event in events {
                    audit.record(tx, event).await?;
                }
                Ok(())
            })
        });
        written.await?;
        unwritten.clear();
        Ok(())
    }

    /// Warns of clients that were added to the database and stand in the file too.
    async fn tell_hidden(&self) -> Result<()> {
        for id in self.hidden().await? {
            tracing::warn!(client = %id, "declared in the clients file and added by command: the file wins");
        }
        Ok(())
    }

    /// The clients of the database that the file hides.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn hidden(&self) -> Result<Vec<ClientId>> {
        let declared: Vec<ClientId> = self.watched.current().iter().map(|client| client.id.clone()).collect();
        if declared.is_empty() {
            return Ok(declared);
        }
        let both = Entity::find().select_only().column(Column::Id).filter(Column::Id.is_in(declared));
        Ok(both.into_tuple().all(self.database.read()).await?)
    }
}

/// The clients that are new, gone or another, each with the event that tells of it.
fn changes(before: &FileClients, after: &FileClients) -> BTreeMap<ClientId, Event> {
    let ids = before.iter().chain(after.iter()).map(|client| client.id.clone());
    let change = |id: ClientId| {
        let event = |kind| Event::new(kind).by(Actor::File).with("client", id.as_str());
        let event = match (before.get(&id), after.get(&id)) {
            (Some(old), Some(new)) if old != new => {
                event(EventKind::ClientChanged).with("secret", old.secrets != new.secrets)
            }
            (None, Some(_)) => event(EventKind::ClientAdded),
            (Some(_), None) => event(EventKind::ClientRemoved),
            _ => return None,
        };
        Some((id, event))
    };
    ids.filter_map(change).collect()
}
