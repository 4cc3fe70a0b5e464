//! The application: every service, built once.

mod ground;

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use poem::{FromRequest, Request, RequestBody};

use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::random::Random;
use crate::services::accounts::Accounts;
use crate::services::audit::Audit;
use crate::services::back_channel::BackChannel;
use crate::services::clients::Clients;
use crate::services::connectors::Connectors;
use crate::services::database::Database;
use crate::services::grants::Grants;
use crate::services::keys::Keys;
use crate::services::metrics::Metrics;
use crate::services::moderation::Moderation;
use crate::services::registration::Registration;
use crate::services::sessions::Sessions;
use crate::services::shared::Shared;
use crate::services::sign_in::SignIn;
use crate::services::sign_up::SignUp;
use crate::services::tokens::Tokens;
use crate::services::users::Users;
use crate::services::users::password::Hasher;
use ground::{Ground, TokenGround};

/// Every service; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What [`App`] holds.
#[derive(Debug)]
pub struct Parts {
    /// The settings in force.
    pub config: Config,
    /// Figures.
    pub metrics: Arc<Metrics>,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Rows.
    pub database: Database,
    /// Counters and invalidation.
    pub shared: Arc<Shared>,
    /// The audit.
    pub audit: Audit,
    /// Signing keys.
    pub keys: Keys,
    /// Relying parties.
    pub clients: Clients,
    /// People.
    pub users: Users,
    /// Password hashing.
    pub hasher: Hasher,
    /// Limits and bans.
    pub moderation: Moderation,
    /// Sessions.
    pub sessions: Sessions,
    /// Who is told that a session has ended.
    pub back_channel: BackChannel,
    /// Other providers that let people in.
    pub connectors: Connectors,
    /// What people granted clients.
    pub grants: Grants,
    /// Clients that register themselves.
    pub registration: Registration,
    /// Changes to accounts.
    pub accounts: Accounts,
    /// Tokens.
    pub tokens: Arc<Tokens>,
    /// Signing in.
    pub sign_in: SignIn,
    /// Signing up.
    pub sign_up: SignUp,
    /// The page that explains the API, once somebody has asked for it.
    pub explorer: OnceLock<String>,
}

impl App {
    /// Connects to the database and builds every service. Migrates nothing and starts no task but
    /// the database's writer and the password hashers.
    ///
    /// # Errors
    /// When the database cannot be opened, or a declared file is bad.
    pub async fn build(config: Config, clock: Clock, random: Random) -> Result<Self> {
        let metrics = Arc::new(Metrics::new());
        let ground = Ground::lay(&config, clock, random).await?;
        let keys = ground.keys(&config);
        let clients = ground.clients(&config)?;
        let users = ground.users(&config);
        let hasher = Hasher::start(&config.users.hashing, ground.random.clone())?;
        let moderation = ground.moderation(&config);
        let sessions = ground.sessions(&config);
        let back_channel = ground.back_channel(&config, &clients, &keys);
        let connectors = ground.connectors(&config, &users);
        let grants = ground.grants(&config, &sessions, &back_channel);
        let registration = ground.registration(&config, &clients, &grants);
        let accounts = ground.accounts(&users, &moderation, &sessions, &grants);
        let on =
            TokenGround { clients: &clients, sessions: &sessions, grants: &grants, keys: &keys, metrics: &metrics };
        let tokens = Arc::new(ground.tokens(&config, &on));
        let Ground { database, shared, audit, clock, random, .. } = ground;
        let sign_in = SignIn {
            database: database.clone(),
            metrics: Arc::clone(&metrics),
            audit: audit.clone(),
            users: users.clone(),
            hasher: hasher.clone(),
            moderation: moderation.clone(),
            sessions: sessions.clone(),
            accounts: accounts.clone(),
            grants: grants.clone(),
            tokens: Arc::clone(&tokens),
            connectors: connectors.clone(),
            clock: clock.clone(),
            refresh_lifetime: config.tokens.refresh_lifetime,
        };
        let sign_up = sign_up(&config, &metrics, &moderation, &hasher, &accounts);
        Ok(Self(Arc::new(Parts {
            config,
            metrics,
            clock,
            random,
            database,
            shared,
            audit,
            keys,
            clients,
            users,
            hasher,
            moderation,
            sessions,
            back_channel,
            connectors,
            grants,
            registration,
            accounts,
            tokens,
            sign_in,
            sign_up,
            explorer: OnceLock::new(),
        })))
    }
}

fn sign_up(
    config: &Config,
    metrics: &Arc<Metrics>,
    moderation: &Moderation,
    hasher: &Hasher,
    accounts: &Accounts,
) -> SignUp {
    SignUp {
        metrics: Arc::clone(metrics),
        moderation: moderation.clone(),
        hasher: hasher.clone(),
        accounts: accounts.clone(),
        settings: config.users.clone(),
    }
}

impl<'a> FromRequest<'a> for App {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let app = request.data::<Self>().ok_or_else(|| Error::internal("a route stands outside the application"))?;
        Ok(app.clone())
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App")
    }
}
