//! All services over a fresh database, with a clock that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use entity::{Names, Timestamp};

use super::accounts::{Accounts, Doer};
use super::audit::Audit;
use super::back_channel::BackChannel;
use super::caller::Caller;
use super::clients::{self, Clients};
use super::database::Database;
use super::database::testing::{Fresh, fresh};
use super::grants::{self, Grants};
use super::keys::{self, Keys};
use super::moderation::{self, Moderation};
use super::outbox::Outbox;
use super::outgoing::{self, Outgoing};
use super::sessions::{self, Entry, Holder, Session, Sessions};
use super::shared::{Limit, Shared};
use super::tokens::{self, Tokens};
use super::users::email::Email;
use super::users::{self, Created, NewUser, User, Users};
use crate::clock::Clock;
use crate::env::Env;
use crate::random::Random;
use crate::secret::DerivedKey;

/// The life of a session token in tests.
pub(crate) const TOKEN: Duration = Duration::from_secs(900);
/// The life of a refresh family in tests.
pub(crate) const FAMILY: Duration = Duration::from_secs(7 * 86_400);
/// The grace time in tests.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

const ISSUER: &str = "https://auth.example.com";

/// What tokens stand on.
struct On {
    database: Database,
    shared: Arc<Shared>,
    audit: Audit,
    sessions: Sessions,
    clock: Clock,
    random: Random,
}

/// Calls public hosts only.
pub(crate) fn outgoing() -> Outgoing {
    Outgoing::new(outgoing::Settings::read(&mut Env::default()).expect("defaults"))
}

/// Grants over `database`.
pub(crate) fn grants(database: Database) -> Grants {
    let (clock, random) = (Clock::system(), Random::system());
    let shared = Arc::new(Shared::new(clock.clone()));
    let audit = Audit::new(database.clone(), clock.clone(), random.clone(), FAMILY);
    let life = sessions::Settings { idle: TOKEN, max: TOKEN };
    let sessions = Sessions::new(database.clone(), Arc::clone(&shared), clock.clone(), random.clone(), life);
    On { database, shared, audit, sessions, clock, random }.grants()
}

impl On {
    fn keys(&self) -> Keys {
        let parts = keys::Parts {
            database: self.database.clone(),
            shared: Arc::clone(&self.shared),
            audit: self.audit.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            seal: DerivedKey::derive(&[7; 32], "signing keys"),
            previous_seal: None,
        };
        Keys::new(parts, keys::Settings { rotation: None, longest_token: TOKEN })
    }

    fn back_channel(&self) -> BackChannel {
        let (clock, random) = (self.clock.clone(), self.random.clone());
        BackChannel {
            clients: self.clients(),
            keys: self.keys(),
            outbox: Outbox::new(self.database.clone(), self.audit.clone(), clock.clone(), random.clone()),
            outgoing: outgoing(),
            clock,
            random,
            issuer: ISSUER.to_owned(),
        }
    }

    fn grants(&self) -> Grants {
        let parts = grants::Parts {
            database: self.database.clone(),
            shared: Arc::clone(&self.shared),
            audit: self.audit.clone(),
            sessions: self.sessions.clone(),
            back_channel: self.back_channel(),
            clock: self.clock.clone(),
            random: self.random.clone(),
        };
        let settings = grants::Settings { code_lifetime: Duration::from_secs(60), offline_lifetime: FAMILY };
        let key = |purpose| DerivedKey::derive(&[7; 32], purpose);
        Grants::new(parts, settings, grants::Keys { browsers: key("browsers"), user_codes: key("user codes") })
    }

    fn clients(&self) -> Clients {
        let (database, shared, audit) = (self.database.clone(), Arc::clone(&self.shared), self.audit.clone());
        let settings = clients::Settings::default();
        let (clock, random) = (self.clock.clone(), self.random.clone());
        Clients::new(database, shared, audit, clock, random, outgoing(), settings).expect("no file")
    }

    fn tokens(self) -> Tokens {
        let (clients, grants, keys) = (self.clients(), self.grants(), self.keys());
        let Self { database, shared, audit, sessions, clock, random } = self;
        let metrics = Arc::default();
        let parts = tokens::Parts { database, shared, audit, clients, sessions, grants, keys, metrics, clock, random };
        let settings = tokens::Settings {
            session_token_lifetime: TOKEN,
            refresh_lifetime: FAMILY,
            refresh_grace: GRACE,
            access_token_lifetime: TOKEN,
            id_token_lifetime: TOKEN,
            jwt_secret: "a secret for session tokens, 32 bytes and more".into(),
            jwt_refresh_secret: "a secret for refresh tokens, 32 bytes and more".into(),
        };
        Tokens::new(parts, settings, ISSUER)
    }
}

/// The services, and the hands of the clock.
pub(crate) struct House {
    pub(crate) db: Fresh,
    pub(crate) now: Arc<AtomicI64>,
    pub(crate) users: Users,
    pub(crate) sessions: Sessions,
    pub(crate) accounts: Accounts,
    pub(crate) tokens: Arc<Tokens>,
}

impl House {
    /// One on every kind of database.
    pub(crate) async fn all() -> Vec<Self> {
        fresh().await.into_iter().map(Self::over).collect()
    }

    fn over(db: Fresh) -> Self {
        let now = Arc::new(AtomicI64::new(1_800_000_000_000));
        let clock = Clock::from_fn({
            let now = Arc::clone(&now);
            move || Timestamp::from_millis(now.load(Ordering::SeqCst))
        });
        let (database, random) = (db.database.clone(), Random::system());
        let shared = Arc::new(Shared::new(clock.clone()));
        let audit = Audit::new(database.clone(), clock.clone(), random.clone(), FAMILY);
        let users = Users::new(database.clone(), clock.clone(), random.clone(), user_settings());
        let limit = Limit { max: 7, window: Duration::from_secs(300) };
        let limits = moderation::Settings { login: limit, registration: limit };
        let moderation = Moderation::new(database.clone(), Arc::clone(&shared), clock.clone(), limits);
        let idle = sessions::Settings { idle: Duration::from_secs(3600), max: Duration::from_secs(7200) };
        let sessions = Sessions::new(database.clone(), Arc::clone(&shared), clock.clone(), random.clone(), idle);
        let ground = On { database, shared, audit, sessions: sessions.clone(), clock, random };
        let On { database, audit, clock, .. } = &ground;
        let (database, audit, clock) = (database.clone(), audit.clone(), clock.clone());
        let people = (users.clone(), moderation, sessions.clone());
        let accounts = Accounts::new(database, audit, people.0, people.1, people.2, ground.grants(), clock);
        let tokens = Arc::new(ground.tokens());
        Self { db, now, users, sessions, accounts, tokens }
    }

    /// How many audit rows of `kind` there are.
    pub(crate) async fn audited(&self, kind: &str) -> usize {
        use entity::audit_event::{Column, Entity};
        use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
        let rows = Entity::find().filter(Column::Kind.eq(kind)).all(self.db.database.read()).await;
        rows.expect("the audit").len()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        self.now.fetch_add(i64::try_from(time.as_millis()).unwrap_or(0), Ordering::SeqCst);
    }

    /// A new account.
    pub(crate) async fn person(&self, email: &str) -> User {
        let new = NewUser {
            email: Email::parse(email).expect("an address"),
            email_verified: false,
            name: "Maren Olsen".into(),
            username: None,
            password_hash: Some("not a hash".into()),
            roles: Names::default(),
            groups: Names::default(),
            provider: "local".into(),
            may_be_first: true,
        };
        let Created::New(user) = self.accounts.create(new, Doer::command()).await.expect("created") else {
            unreachable!("the address is new")
        };
        *user
    }

    /// A session of `user` with its first refresh token.
    pub(crate) async fn sign_in(&self, user: &User) -> (Session, String) {
        use secrecy::ExposeSecret;
        let entry = Entry { user: user.id, amr: Names::new(["pwd"]), provider: "local".into(), proven_at: None };
        let (sessions, tokens) = (self.sessions.clone(), Arc::clone(&self.tokens));
        let written = self.db.database.write(move |tx| {
            Box::pin(async move {
                let (session, _) = sessions.start(tx, entry, &caller(), Holder::Tokens(FAMILY)).await?;
                let token = tokens.start_family(tx, &session).await?;
                Ok((session, token.expose_secret().to_owned()))
            })
        });
        written.await.expect("signed in")
    }
}

/// Somebody.
pub(crate) fn caller() -> Caller {
    Caller { address: "192.0.2.1".parse().expect("an address"), user_agent: "a test".into(), request_id: "TEST".into() }
}

fn user_settings() -> users::Settings {
    users::Settings {
        email_login: true,
        email_login_override: false,
        registration: true,
        allowed_domains: None,
        min_password_length: 8,
        app_title: "Fernwood".into(),
        hashing: users::Hashing { memory_kib: 19_456, iterations: 2, parallelism: 1, threads: 1, queue: 64 },
    }
}
