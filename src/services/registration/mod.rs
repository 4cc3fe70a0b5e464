//! Clients that register themselves (RFC 7591) and look after their registration (RFC 7592).
//!
//! Off unless the operator says otherwise. With `token` a client shows what somebody here has made for
//! it. With `open` whoever comes may register, so much from one network, so many at a time, and each
//! is forgotten unless a person lets it in within a day. Either way one that nobody uses any more is forgotten in
//! the end (`idle.rs`).

mod idle;
mod initial;
mod management;
mod metadata;
mod reader;
mod settings;

pub use initial::{InitialToken, InitialTokens};
pub use metadata::{Policy, read as read_metadata, refusal};
pub use settings::{Mode, Settings};

use std::sync::Arc;
use std::time::Duration;

use entity::TokenHash;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::audit::{Audit, Event, EventKind};
use super::caller::Caller;
use super::clients::unvouched::GRANTS;
use super::clients::{Clients, GrantType, Metadata, Registered};
use super::database::Database;
use super::grants::Grants;
use super::shared::{Limit, Shared};
use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::secret::Secret;
use initial::refused;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
/// How many clients one network may register unasked.
const PER_NETWORK: Limit = Limit { max: 20, window: HOUR };
/// How many all networks together may, at one node.
const IN_ALL: Limit = Limit { max: 1000, window: DAY };
/// How many may wait for their first person at a time.
const WAITING: u64 = 1000;
/// How long each of them waits.
const WAITS: Duration = DAY;
/// How often one network may show a token that is none. From then on it costs no read any more.
const WRONG: Limit = Limit { max: 60, window: Duration::from_secs(60) };

/// Registration; cheap to clone.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Rows.
    pub database: Database,
    /// Limits and invalidation.
    pub shared: Arc<Shared>,
    /// The audit.
    pub audit: Audit,
    /// The clients.
    pub clients: Clients,
    /// What people granted them.
    pub grants: Grants,
    /// What lets a client register itself.
    pub initial: InitialTokens,
    /// The time.
    pub clock: Clock,
    /// Who may register.
    pub settings: Settings,
}

/// By what right a client registers itself.
enum Right {
    /// A token that was made for it.
    Token(TokenHash),
    /// None is needed.
    Anybody,
}

impl Registration {
    /// Registers the client that `document` describes, which shows `token` where it has one.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthenticated`] or [`ErrorKind::InvalidToken`] when a token is needed and lacks
    /// or is none; what [`metadata::read`] refuses; [`ErrorKind::TooManyRequests`]; when the database
    /// is away.
    pub async fn register(
        &self,
        token: Option<&SecretString>,
        document: &Map<String, Value>,
        caller: &Caller,
    ) -> Result<Registered> {
        let right = self.admit(token, caller).await?;
        let (grants, waits) = match right {
            Right::Token(_) => (GrantType::ALL, None),
            Right::Anybody => (GRANTS.as_slice(), Some(self.clock.now() + WAITS)),
        };
        let metadata = metadata::read(document, &Policy { grants, networks: &self.settings.networks })?;
        if let Right::Anybody = right {
            let network = format!("client registrations of networks/{}", caller.network());
            self.shared.counters.hit(&network, PER_NETWORK).map_err(too_many)?;
            self.shared.counters.hit("client registrations", IN_ALL).map_err(too_many)?;
        }
        self.check_sector(&metadata, caller).await?;
        let registered = self.clients.invent(metadata, waits);
        self.insert(right, &registered, caller).await?;
        Ok(registered)
    }

    /// Whether the host that `metadata` names as its sector vouches for its redirect addresses.
    async fn check_sector(&self, metadata: &Metadata, caller: &Caller) -> Result<()> {
        let problem = self.clients.check_sector(metadata, caller).await?;
        problem.map_or(Ok(()), |problem| Err(refusal(vec![problem])))
    }

    /// By what right whoever shows `token` registers a client.
    async fn admit(&self, token: Option<&SecretString>, caller: &Caller) -> Result<Right> {
        let Some(token) = token else {
            return match self.settings.mode {
                Mode::Open => Ok(Right::Anybody),
                Mode::Token | Mode::Off => Err(ErrorKind::Unauthenticated.into()),
            };
        };
        let key = self.check_guesses(caller)?;
        if let Some(token) = Secret::<InitialToken>::parse(token.expose_secret()) {
            let token = token.hash();
            if self.initial.is_good(&token).await? {
                return Ok(Right::Token(token));
            }
        }
        self.shared.counters.hit(&key, WRONG).map_err(too_many)?;
        Err(refused())
    }

    async fn insert(&self, right: Right, new: &Registered, caller: &Caller) -> Result<()> {
        let (it, client, hash) = (self.clone(), new.client.clone(), new.token.hash());
        let event = Event::new(EventKind::ClientRegistered).from(caller).with("client", client.id.as_str());
        let write = self.database.write(move |tx| {
            Box::pin(async move {
                match right {
                    Right::Token(token) => it.initial.spend(tx, &token).await?,
                    Right::Anybody if it.clients.count_waiting(tx, WAITS).await? >= WAITING => {
                        return Err(too_many(HOUR));
                    }
                    Right::Anybody => {}
                }
                it.clients.insert_registered(tx, &client, hash).await?;
                it.audit.record(tx, event).await
            })
        });
        write.await
    }

    /// Under what the wrong tokens of `caller` are counted, unless there were too many already.
    fn check_guesses(&self, caller: &Caller) -> Result<String> {
        let key = format!("registration tokens/{}", caller.network());
        match self.shared.counters.wait(&key, WRONG) {
            Some(wait) => Err(too_many(wait)),
            None => Ok(key),
        }
    }
}

fn too_many(wait: Duration) -> Error {
    Error::from(ErrorKind::TooManyRequests).retry_after(wait)
}
