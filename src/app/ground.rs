//! The ground that services stand on, and how each is built on it.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{Config, EncryptionKey};
use crate::error::{Error, ErrorKind, Result};
use crate::random::Random;
use crate::secret::DerivedKey;
use crate::services::accounts::Accounts;
use crate::services::audit::Audit;
use crate::services::back_channel::BackChannel;
use crate::services::clients::Clients;
use crate::services::connectors::{self, Connectors, Sealing};
use crate::services::database::Database;
use crate::services::grants::{self, Grants};
use crate::services::keys::{self, Keys};
use crate::services::metrics::Metrics;
use crate::services::moderation::Moderation;
use crate::services::outbox::Outbox;
use crate::services::outgoing::Outgoing;
use crate::services::registration::{InitialTokens, Registration};
use crate::services::sessions::Sessions;
use crate::services::shared::Shared;
use crate::services::tokens::{self, Tokens};
use crate::services::users::Users;

/// What tokens stand on besides.
pub(super) struct TokenGround<'a> {
    pub(super) clients: &'a Clients,
    pub(super) sessions: &'a Sessions,
    pub(super) grants: &'a Grants,
    pub(super) keys: &'a Keys,
    pub(super) metrics: &'a Arc<Metrics>,
}

/// What every service stands on.
pub(super) struct Ground {
    pub(super) database: Database,
    pub(super) shared: Arc<Shared>,
    pub(super) audit: Audit,
    pub(super) clock: Clock,
    pub(super) random: Random,
    /// One for all who call other servers.
    pub(super) outgoing: Outgoing,
}

impl Ground {
    /// Connects to the database, which all else stands on.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(super) async fn lay(config: &Config, clock: Clock, random: Random) -> Result<Self> {
        let database = Database::connect(&config.database).await?;
        let shared = Arc::new(Shared::new(clock.clone()));
        let audit = Audit::new(database.clone(), clock.clone(), random.clone(), config.audit_retention);
        Ok(Self { database, shared, audit, clock, random, outgoing: Outgoing::new(config.outgoing.clone()) })
    }

    pub(super) fn keys(&self, config: &Config) -> Keys {
        let seal = |key: &EncryptionKey| DerivedKey::derive(key.expose(), "signing keys");
        let parts = keys::Parts {
            database: self.database.clone(),
            shared: Arc::clone(&self.shared),
            audit: self.audit.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            seal: seal(&config.encryption_key),
            previous_seal: config.previous_encryption_key.as_ref().map(seal),
        };
        Keys::new(parts, config.keys)
    }

    pub(super) fn clients(&self, config: &Config) -> Result<Clients> {
        let clients = Clients::new(
            self.database.clone(),
            Arc::clone(&self.shared),
            self.audit.clone(),
            self.clock.clone(),
            self.random.clone(),
            self.outgoing.clone(),
            config.clients.clone(),
        );
        clients.map_err(|problems| Error::new(ErrorKind::InvalidInput, problems.join("\n")))
    }

    pub(super) fn users(&self, config: &Config) -> Users {
        Users::new(self.database.clone(), self.clock.clone(), self.random.clone(), config.users.clone())
    }

    pub(super) fn moderation(&self, config: &Config) -> Moderation {
        Moderation::new(self.database.clone(), Arc::clone(&self.shared), self.clock.clone(), config.moderation)
    }

    pub(super) fn sessions(&self, config: &Config) -> Sessions {
        let (clock, random) = (self.clock.clone(), self.random.clone());
        Sessions::new(self.database.clone(), Arc::clone(&self.shared), clock, random, config.sessions)
    }

    pub(super) fn accounts(
        &self,
        users: &Users,
        moderation: &Moderation,
        sessions: &Sessions,
        grants: &Grants,
    ) -> Accounts {
        let (users, moderation) = (users.clone(), moderation.clone());
        let (sessions, grants) = (sessions.clone(), grants.clone());
        Accounts::new(
            self.database.clone(),
            self.audit.clone(),
            users,
            moderation,
            sessions,
            grants,
            self.clock.clone(),
        )
    }

    pub(super) fn back_channel(&self, config: &Config, clients: &Clients, keys: &Keys) -> BackChannel {
        let (clock, random) = (self.clock.clone(), self.random.clone());
        BackChannel {
            clients: clients.clone(),
            keys: keys.clone(),
            outbox: Outbox::new(self.database.clone(), self.audit.clone(), clock.clone(), random.clone()),
            outgoing: self.outgoing.clone(),
            clock,
            random,
            issuer: config.web.issuer().to_owned(),
        }
    }

    pub(super) fn connectors(&self, config: &Config, users: &Users) -> Connectors {
        let key = |purpose| Sealing {
            current: DerivedKey::derive(config.encryption_key.expose(), purpose),
            previous: config.previous_encryption_key.as_ref().map(|key| DerivedKey::derive(key.expose(), purpose)),
        };
        Connectors::new(connectors::Parts {
            database: self.database.clone(),
            shared: Arc::clone(&self.shared),
            users: users.clone(),
            outgoing: Outgoing::new(config.outgoing.clone()),
            clock: self.clock.clone(),
            random: self.random.clone(),
            settings: config.connectors.clone(),
            seal: key("connector flows"),
            upstream: key("upstream tokens"),
            issuer: config.web.issuer().to_owned(),
        })
    }

    pub(super) fn grants(&self, config: &Config, sessions: &Sessions, back_channel: &BackChannel) -> Grants {
        let parts = grants::Parts {
            database: self.database.clone(),
            shared: Arc::clone(&self.shared),
            audit: self.audit.clone(),
            sessions: sessions.clone(),
            back_channel: back_channel.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
        };
        let key = |purpose| DerivedKey::derive(config.encryption_key.expose(), purpose);
        let keys = grants::Keys { browsers: key("browsers"), user_codes: key("user codes") };
        Grants::new(parts, config.grants, keys)
    }

    pub(super) fn registration(&self, config: &Config, clients: &Clients, grants: &Grants) -> Registration {
        let (database, audit) = (self.database.clone(), self.audit.clone());
        let (clock, random) = (self.clock.clone(), self.random.clone());
        Registration {
            initial: InitialTokens { database, audit, clock, random },
            database: self.database.clone(),
            shared: Arc::clone(&self.shared),
            audit: self.audit.clone(),
            clients: clients.clone(),
            grants: grants.clone(),
            clock: self.clock.clone(),
            settings: config.registration.clone(),
        }
    }

    pub(super) fn tokens(&self, config: &Config, on: &TokenGround<'_>) -> Tokens {
        let parts = tokens::Parts {
            database: self.database.clone(),
            shared: Arc::clone(&self.shared),
            audit: self.audit.clone(),
            clients: on.clients.clone(),
            sessions: on.sessions.clone(),
            grants: on.grants.clone(),
            keys: on.keys.clone(),
            metrics: Arc::clone(on.metrics),
            clock: self.clock.clone(),
            random: self.random.clone(),
        };
        Tokens::new(parts, config.tokens.clone(), config.web.issuer())
    }
}
