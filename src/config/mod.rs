//! The settings in force: one field per section, all problems at once.

mod chat_names;
pub mod example;
mod keys;
mod later;
mod log;
mod looks;
mod made;
mod picture;
mod public_address;
mod samples;
mod svg;
pub mod web;

use std::time::Duration;

pub use chat_names::{Group, unused};
pub use keys::{EncryptionKey, Missing};
pub use log::{LogFormat, LogSettings};
pub use looks::Looks;
pub use picture::Picture;

use crate::env::{Env, Notes, Problem, numbers};
use crate::random::Random;
use crate::services::{
    back_channel, certificates, clients, connectors, database, grants, keys as signing, moderation, outgoing,
    registration, sessions, tokens, users,
};

/// Every setting of this release.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where rows are kept.
    pub database: database::Settings,
    /// Accounts and passwords.
    pub users: users::Settings,
    /// Other providers that let people in.
    pub connectors: connectors::Settings,
    /// Declared clients.
    pub clients: clients::Settings,
    /// Clients that register themselves.
    pub registration: registration::Settings,
    /// Limits.
    pub moderation: moderation::Settings,
    /// Browser sessions.
    pub sessions: sessions::Settings,
    /// What people grant clients.
    pub grants: grants::Settings,
    /// Session tokens and refresh tokens.
    pub tokens: tokens::Settings,
    /// Signing keys.
    pub keys: signing::Settings,
    /// The HTTP surface and the pages.
    pub web: web::Settings,
    /// https of our own; none: plain HTTP, as behind a proxy.
    pub tls: Option<certificates::Settings>,
    /// Calls to other servers.
    pub outgoing: outgoing::Settings,
    /// `POSTERN_AUDIT_RETENTION`: how long audit rows are kept.
    pub audit_retention: Duration,
    /// `POSTERN_ENCRYPTION_KEY`: parent of the keys that seal what is kept.
    pub encryption_key: EncryptionKey,
    /// `POSTERN_ENCRYPTION_KEY_PREVIOUS`: what may still be sealed under it.
    pub previous_encryption_key: Option<EncryptionKey>,
    /// The log.
    pub log: LogSettings,
}

impl Config {
    /// The settings for a start: secrets that lack are made where that may be.
    ///
    /// # Errors
    /// Every problem there is, at once.
    pub fn load(env: Env, random: &Random) -> Result<(Self, Notes), Vec<Problem>> {
        Self::load_with(env, Missing::Make(random))
    }

    /// The settings, doing with what lacks as `missing` says.
    ///
    /// # Errors
    /// Every problem there is, at once.
    pub fn load_with(mut env: Env, missing: Missing<'_>) -> Result<(Self, Notes), Vec<Problem>> {
        let config = Self::read(&mut env, missing);
        env.finish(config)
    }

    /// Reads every setting and notes in `env` what there is to say. None when there is a problem.
    pub fn read(env: &mut Env, missing: Missing<'_>) -> Option<Self> {
        env.section(PLACE);
        let database = database::Settings::read(env);
        env.section(LOOKS);
        let looks = Looks::read(env);
        let title = looks.as_ref().map_or("", |looks| &looks.title).to_owned();
        env.section(PLACE);
        let web = web::Settings::read(env, looks);
        let (url, location) = (web.as_ref().map(|it| &it.url), database.as_ref().map(|it| &it.location));
        let tls = certificates::Settings::read(env, url, location);
        let outgoing = outgoing::Settings::read(env);
        let (connectors, users) = ways_in(env, web.as_ref(), &title);
        env.section(LIMITS);
        let moderation = moderation::Settings::read(env);
        env.section(TOKENS);
        let tokens = tokens::Settings::read(env);
        let grants = grants::Settings::read(env);
        let sessions = sessions::Settings::read(env);
        let signing = signing::Settings::read(env);
        let keys = keys::Given::read(env);
        env.section(OPERATION);
        let clients = clients::Settings::read(env);
        let registration = registration::Settings::read(env, web.as_ref().map(|it| &it.url));
        let audit_retention = env.or("POSTERN_AUDIT_RETENTION", "365d", "How long the audit is kept.", |text| {
            numbers::duration(text, 86_400..=3_650 * 86_400)
        });
        let log = LogSettings::read(env);
        chat_names::note(env);
        later::note(env);
        // Last, and only where all else is well: a start that is refused leaves no file behind.
        let database = database?;
        if let Missing::Beside(_) = missing {
            database.expect_file(env);
        }
        let keys = keys.complete(env, &database.location, missing)?;
        if !env.problems().is_empty() {
            return None;
        }
        let tokens = tokens?(keys.jwt_secret, keys.jwt_refresh_secret);
        let outgoing = outgoing?;
        Some(Self {
            database,
            users: users?,
            connectors: connectors?,
            clients: clients?,
            registration: registration?(outgoing.networks.clone()),
            moderation: moderation?,
            sessions: sessions?,
            keys: signing?(longest_token(&tokens)),
            grants: grants?(tokens.refresh_lifetime),
            tokens,
            web: web?,
            tls: tls?,
            outgoing,
            audit_retention: audit_retention?,
            encryption_key: keys.encryption_key,
            previous_encryption_key: keys.previous_encryption_key,
            log: log?,
        })
    }
}

/// What lets people in: other providers, and passwords.
fn ways_in(
    env: &mut Env,
    web: Option<&web::Settings>,
    title: &str,
) -> (Option<connectors::Settings>, Option<users::Settings>) {
    env.section(CONNECTORS);
    let connectors = connectors::Settings::read(env, web.map(|it| &it.url));
    if let (Some(web), Some(connectors)) = (web, &connectors) {
        public_address::check_handing_over(env, web, !connectors.list.is_empty());
    }
    env.section(WAYS_IN);
    let has_other = connectors.as_ref().is_none_or(|connectors| !connectors.list.is_empty());
    let users = users::Settings::read(env, title, has_other);
    (connectors, users)
}

/// The longest life of what the signing keys sign.
fn longest_token(tokens: &tokens::Settings) -> Duration {
    tokens.access_token_lifetime.max(tokens.id_token_lifetime).max(back_channel::TOKEN_LIVES)
}

const PLACE: &str = "Where Postern is";
const WAYS_IN: &str = "Ways in";
const CONNECTORS: &str = "Ways in through other providers";
const TOKENS: &str = "Tokens, secrets, sessions";
const LIMITS: &str = "Limits";
const LOOKS: &str = "Looks";
const OPERATION: &str = "Operation";

/// The headings of the settings, in the order in which people read them.
pub(crate) const SECTIONS: [&str; 7] = [PLACE, WAYS_IN, CONNECTORS, TOKENS, LIMITS, LOOKS, OPERATION];

#[cfg(test)]
mod tests;
