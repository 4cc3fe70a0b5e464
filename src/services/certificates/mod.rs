//! The certificate by which this server is known, where it speaks https itself: the operator's, or
//! one that we made; shown anew when it changes.

mod authority;
mod made;
mod pair;
mod settings;
mod validity;

pub use settings::{Files, Internal, Settings, is_asked_for};

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use entity::Timestamp;
use rustls::sign::CertifiedKey;

use crate::clock::{Clock, rfc3339};
use crate::env::files::{self, Seen};
use crate::error::{Error, ErrorKind, Result};
use crate::random::Random;
use pair::Pair;

/// How long to wait when a certificate could not be made anew.
const TRY_AGAIN: Duration = Duration::from_secs(3600);

/// The certificate that is shown to whoever connects, and where it comes from. Cheap to clone.
#[derive(Clone)]
pub struct Certificates(Arc<Parts>);

struct Parts {
    settings: Settings,
    clock: Clock,
    random: Random,
    shown: RwLock<Arc<CertifiedKey>>,
    looks: Mutex<Looks>,
}

/// What is remembered from one look to the next.
struct Looks {
    /// The operator's files, as they were when they were read.
    seen: Seen,
    /// When a made certificate is to be made anew.
    due: Timestamp,
}

impl Certificates {
    /// Reads the operator's certificate, or makes ours where there is none that is good for a while.
    ///
    /// # Errors
    /// Every fault of the operator's files; that ours cannot be made or kept.
    pub fn open(settings: &Settings, clock: Clock, random: Random) -> Result<Self> {
        let (pair, seen) = read(settings, &clock, &random)
            .map_err(|words| Error::new(ErrorKind::Unavailable, format!("Cannot speak https: {words}.")))?;
        let looks = Mutex::new(Looks { seen, due: pair.validity.due() });
        let (settings, shown) = (settings.clone(), RwLock::new(pair.key));
        Ok(Self(Arc::new(Parts { settings, clock, random, shown, looks })))
    }

    /// What is shown now: the certificate, those that lead up to its root, and the key.
    #[must_use]
    pub fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.shown.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows another certificate when the operator's files have changed and stand still, or when two
    /// thirds of the life of ours are over. A bad one is told of and what was shown before stays.
    pub async fn renew(&self) {
        let it = self.clone();
        // Files are read and written here.
        if let Err(error) = tokio::task::spawn_blocking(move || it.look()).await {
            tracing::error!(%error, "looking at the certificate was broken off");
        }
    }

    fn look(&self) {
        let parts = &*self.0;
        let mut looks = parts.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let now = parts.clock.now();
        let is_time = match parts.settings {
            Settings::Internal(_) => now >= looks.due,
            Settings::Files(_) => files::have_changed(&looks.seen),
        };
        if !is_time {
            return;
        }
        // Before they are read: what changes in between shows at the next look.
        looks.seen = look_at(&parts.settings);
        match read(&parts.settings, &parts.clock, &parts.random) {
            Ok((pair, _)) => {
                looks.due = pair.validity.due();
                *parts.shown.write().unwrap_or_else(PoisonError::into_inner) = pair.key;
                tracing::info!(until = rfc3339(pair.validity.until), "another certificate is shown from now on");
            }
            Err(words) => {
                looks.due = now + TRY_AGAIN;
                tracing::error!("the certificate from before stays: {words}");
            }
        }
    }
}

fn look_at(settings: &Settings) -> Seen {
    match settings {
        Settings::Internal(_) => Seen::new(),
        Settings::Files(Files { certificate, key }) => {
            [certificate, key].map(|path| (path.clone(), files::fingerprint(path))).into()
        }
    }
}

/// The pair as it stands, and the files that it was read from as they were before.
fn read(settings: &Settings, clock: &Clock, random: &Random) -> Result<(Pair, Seen), String> {
    let seen = look_at(settings);
    let pair = match settings {
        Settings::Internal(internal) => made::ready(internal, clock.now(), random)?,
        Settings::Files(files) => pair::read(files, clock.now()).map_err(|faults| pair::told(&faults))?,
    };
    Ok((pair, seen))
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificates").field(&self.0.settings).finish()
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
