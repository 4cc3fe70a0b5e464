//! The secrets of ours: what must be said of each, and what holds when one lacks.

use std::path::Path;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::made::{self, Made};
use super::samples;
use crate::env::{Absent, Env, Fault, Parsed, open_to_all};
use crate::random::Random;
use crate::services::database::Location;

pub(super) const JWT: &str = "JWT_SECRET";
pub(super) const REFRESH: &str = "JWT_REFRESH_SECRET";
pub(super) const ENCRYPTION: &str = "POSTERN_ENCRYPTION_KEY";
const PREVIOUS: &str = "POSTERN_ENCRYPTION_KEY_PREVIOUS";
/// The least length of a secret, in bytes: a key shorter than HS256's hash adds nothing (RFC 7518, 3.2).
const LEAST: usize = 32;

/// The key under which Postern seals what it keeps: wiped when dropped, `[redacted]` in print.
#[derive(Clone)]
pub struct EncryptionKey(Zeroizing<[u8; 32]>);

impl EncryptionKey {
    /// The bytes themselves, to derive keys from.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl std::fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What to do about what lacks on the embedded database: its file, and the secrets beside it.
#[derive(Clone, Copy, Debug)]
pub enum Missing<'a> {
    /// Make the secrets, once; whoever opens the database makes its file.
    Make(&'a Random),
    /// Make the secrets where the database is there; where it is not the place is wrong.
    Beside(&'a Random),
    /// Only say what would be made.
    Foretell(&'a Random),
}

/// The three secrets, and the one that a change of the last has left behind.
pub(super) struct Keys {
    pub(super) jwt_secret: SecretString,
    pub(super) jwt_refresh_secret: SecretString,
    pub(super) encryption_key: EncryptionKey,
    pub(super) previous_encryption_key: Option<EncryptionKey>,
}

/// The secrets that were given; the outer none stands for one with a problem.
pub(super) struct Given {
    jwt_secret: Option<Option<SecretString>>,
    jwt_refresh_secret: Option<Option<SecretString>>,
    encryption_key: Option<Option<EncryptionKey>>,
    previous_encryption_key: Option<Option<EncryptionKey>>,
}

impl Given {
    pub(super) fn read(env: &mut Env) -> Self {
        let made = || Absent::Words("made on SQLite, required on PostgreSQL");
        let jwt_secret = env.secret(JWT, made(), "Key of session tokens; at least 32 bytes of text.");
        let jwt_secret = checked(env, JWT, jwt_secret, signing);
        let about = "Key under which refresh tokens are hashed; at least 32 bytes, not JWT_SECRET. Changing it ends every session.";
        let refresh = env.secret(REFRESH, made(), about);
        let refresh = checked(env, REFRESH, refresh, signing);
        let encryption = env.secret(ENCRYPTION, made(), "Key that seals what is stored; 32 bytes as base64 or hex.");
        let encryption = checked(env, ENCRYPTION, encryption, encryption_key);
        let about = "The key from before a change of POSTERN_ENCRYPTION_KEY; what it sealed is sealed anew.";
        let previous = env.secret(PREVIOUS, Absent::Words(""), about);
        let previous = checked(env, PREVIOUS, previous, encryption_key);
        if let (Some(Some(one)), Some(Some(other))) = (&jwt_secret, &refresh)
            && one.expose_secret() == other.expose_secret()
        {
            env.problem(
                REFRESH,
                Fault::new("equals JWT_SECRET", "Write another one, such as openssl rand -hex 32 makes"),
            );
        }
        Self { jwt_secret, jwt_refresh_secret: refresh, encryption_key: encryption, previous_encryption_key: previous }
    }

    /// Fills in what was not given: from the file beside the database, which is made when it has to be
    /// and nothing else is wrong.
    pub(super) fn complete(self, env: &mut Env, location: &Location, missing: Missing<'_>) -> Option<Keys> {
        let lacking: Vec<_> = [
            (JWT, matches!(self.jwt_secret, Some(None))),
            (REFRESH, matches!(self.jwt_refresh_secret, Some(None))),
            (ENCRYPTION, matches!(self.encryption_key, Some(None))),
        ]
        .into_iter()
        .filter_map(|(name, lacks)| lacks.then_some(name))
        .collect();
        let made = match location {
            _ if lacking.is_empty() => Made::default(),
            Location::Sqlite(database) => beside(env, database, &lacking, missing)?,
            Location::Postgres(_) => return required(env, &lacking),
        };
        Some(Keys {
            jwt_secret: self.jwt_secret?.or(made.jwt_secret)?,
            jwt_refresh_secret: self.jwt_refresh_secret?.or(made.jwt_refresh_secret)?,
            encryption_key: self.encryption_key?.or(made.encryption_key)?,
            previous_encryption_key: self.previous_encryption_key?,
        })
    }
}

fn required(env: &mut Env, lacking: &[&'static str]) -> Option<Keys> {
    for name in lacking {
        env.problem(name, Fault::new("is required with PostgreSQL", "Write one, such as openssl rand -hex 32 makes"));
    }
    None
}

/// The secrets of the file beside `database`.
fn beside(env: &mut Env, database: &Path, lacking: &[&'static str], missing: Missing<'_>) -> Option<Made> {
    let path = made::path(database);
    let (found, may_make) = match missing {
        Missing::Make(random) | Missing::Beside(random) if env.problems().is_empty() => {
            (made::read_or_make(&path, random), true)
        }
        Missing::Make(random) | Missing::Beside(random) | Missing::Foretell(random) => {
            (made::read_or_foretell(&path, random), false)
        }
    };
    let found = match found {
        Ok(found) => found,
        Err(fault) => {
            env.problem(lacking[0], fault);
            return None;
        }
    };
    let is_foretold = found.is_new && !may_make;
    for name in lacking.iter().filter(|_| !is_foretold) {
        env.made(name, &path);
    }
    let shown = path.display();
    match (found.is_new, may_make) {
        (false, _) => {}
        (true, false) => {
            env.notice(&lacking.join(", "), format!("not set; would be made at the first start and kept in {shown}."));
        }
        (true, true) => {
            let lost = if database.exists() { " What an earlier key sealed or signed is lost." } else { "" };
            env.warn(
                &lacking.join(", "),
                format!("not set, so made and kept in {shown}. Back that file up with the database.{lost}"),
            );
        }
    }
    if found.is_open {
        env.warn(lacking[0], format!("{shown} {}", open_to_all(&path)));
    }
    Some(found)
}

fn checked<T>(
    env: &mut Env,
    name: &str,
    given: Option<Option<SecretString>>,
    read: impl Fn(&str) -> Parsed<T>,
) -> Option<Option<T>> {
    match given? {
        Some(secret) => read(secret.expose_secret()).map_err(|fault| env.problem(name, fault)).ok().map(Some),
        None => Some(None),
    }
}

/// A secret that signs or hashes: its text, byte for byte.
pub(super) fn signing(text: &str) -> Parsed<SecretString> {
    let fault = |wrong| Fault::new(wrong, "Write at least 32 random bytes, such as openssl rand -hex 32 makes");
    if samples::is_public(text) {
        return Err(fault("is a sample that everybody knows"));
    }
    if text.len() < LEAST {
        return Err(fault("is under 32 bytes"));
    }
    if samples::is_monotonous(text.as_bytes()) {
        return Err(fault("repeats itself"));
    }
    Ok(text.into())
}

/// A key of 32 bytes, as hex or base64 of either alphabet, padded or not.
pub(super) fn encryption_key(text: &str) -> Parsed<EncryptionKey> {
    let fault = |wrong| Fault::new(wrong, "Write 32 random bytes as base64 or hex, such as openssl rand -hex 32 makes");
    let text = text.trim();
    if samples::is_public(text) {
        return Err(fault("is a sample that everybody knows"));
    }
    let bytes = Zeroizing::new(decode(text).ok_or_else(|| fault("is neither base64 nor hex"))?);
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| fault("is not 32 bytes long"))?;
    if samples::is_monotonous(&key) {
        return Err(fault("repeats itself"));
    }
    Ok(EncryptionKey::new(key))
}

fn decode(text: &str) -> Option<Vec<u8>> {
    // 64 hex digits are base64 too, of 48 bytes: hex goes first.
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    hex::decode(text)
        .ok()
        .or_else(|| GeneralPurpose::new(&STANDARD, lenient).decode(text).ok())
        .or_else(|| GeneralPurpose::new(&URL_SAFE, lenient).decode(text).ok())
}
