//! Pictures on buttons and of people: fetched and handed on by us, so that our pages have nobody ask anybody
//! else (SEC-133).

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use entity::Timestamp;
use tokio::sync::{Mutex, Semaphore};

use super::connector::Connector;
use crate::clock::Clock;
use crate::services::outgoing::{Image, Outgoing};

/// How long a picture is kept.
const KEPT: Duration = Duration::from_secs(3600);
/// How long nobody asks again for one that could not be had.
const PAUSE: Duration = Duration::from_secs(60);

/// How many pictures of people are fetched at once: each may be a megabyte, and slow.
const AT_ONCE: usize = 16;

/// What was fetched, and when.
type Fetched = (Timestamp, Option<Image>);

/// Where that of one connector's button is kept.
type Place = Arc<Mutex<Option<Fetched>>>;

/// The pictures of buttons that were fetched, bounded by the number of connectors; and room for those of people.
#[derive(Clone, Debug)]
pub(super) struct Images {
    outgoing: Outgoing,
    clock: Clock,
    kept: Arc<std::sync::Mutex<HashMap<String, Place>>>,
    room: Arc<Semaphore>,
}

impl Images {
    pub(super) fn new(outgoing: Outgoing, clock: Clock) -> Self {
        Self { outgoing, clock, kept: Arc::default(), room: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// That of `connector`; none where it has none, or none can be had.
    pub(super) async fn of(&self, connector: &Connector) -> Option<Image> {
        let address = connector.image.as_deref()?;
        // One call at a time for each: who comes meanwhile shares its outcome.
        let mut kept = self.place(&connector.id).lock_owned().await;
        let now = self.clock.now();
        if let Some((since, image)) = kept.as_ref() {
            let lasts = if image.is_some() { KEPT } else { PAUSE };
            if now.since(*since) < lasts {
                return image.clone();
            }
        }
        let (it, id, address) = (self.clone(), connector.id.clone(), address.to_owned());
        // On its own: the time of whoever asked may be over first, and the outcome is to be kept.
        let fetched = tokio::spawn(async move {
            let image = it.outgoing.image(&address).await;
            let image = image.map_err(|error| {
                tracing::warn!(connector = id, ?error, "the picture of its button cannot be had, or is none");
            });
            let image = image.ok();
            *kept = Some((now, image.clone()));
            image
        });
        fetched.await.ok().flatten()
    }

    fn place(&self, id: &str) -> Place {
        let mut places = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(places.entry(id.to_owned()).or_default())
    }

    /// That of a person, whom the provider of `connector` says to be seen at `address`; none where none can be
    /// had, or too many are under way.
    pub(super) async fn of_person(&self, address: &str, connector: &str) -> Option<Image> {
        let Ok(_room) = self.room.try_acquire() else {
            tracing::warn!(connector, "too many pictures of people are fetched at once");
            return None;
        };
        let image = self.outgoing.image(address).await;
        image.map_err(|error| tracing::info!(connector, ?error, "a person's picture cannot be had, or is none")).ok()
    }
}
