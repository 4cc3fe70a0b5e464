//! The file of secrets that Postern made, beside the embedded database.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Result};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::keys::{self, EncryptionKey};
use crate::env::{Fault, parse_dotenv, private_file};
use crate::random::Random;

/// More than this is no file of ours.
const LARGEST: u64 = 64 * 1024;

/// The secrets of the file.
#[derive(Default)]
pub(super) struct Made {
    pub(super) jwt_secret: Option<SecretString>,
    pub(super) jwt_refresh_secret: Option<SecretString>,
    pub(super) encryption_key: Option<EncryptionKey>,
    /// Made just now.
    pub(super) is_new: bool,
    /// Readable by every user of this machine.
    pub(super) is_open: bool,
}

/// The file that belongs to `database`: `postern.secrets` beside `postern.db`.
pub(super) fn path(database: &Path) -> PathBuf {
    database.with_extension("secrets")
}

/// What the file holds; it is made when there is none.
///
/// Of several processes that start at once one makes it and all use it.
pub(super) fn read_or_make(path: &Path, random: &Random) -> std::result::Result<Made, Fault> {
    let made = match open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            private_file::make(path, &compose(random), random).and_then(|is_new| Ok((open(path)?, is_new)))
        }
        read => read.map(|read| (read, false)),
    };
    let ((text, is_open), is_new) = made.map_err(|error| unusable(path, &error))?;
    Ok(Made { is_new, is_open, ..parse(path, &text)? })
}

/// What the file holds, or what a new one might.
pub(super) fn read_or_foretell(path: &Path, random: &Random) -> std::result::Result<Made, Fault> {
    match open(path) {
        Ok((text, is_open)) => Ok(Made { is_open, ..parse(path, &text)? }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Ok(Made { is_new: true, ..parse(path, &compose(random))? })
        }
        Err(error) => Err(unusable(path, &error)),
    }
}

fn unusable(path: &Path, why: &dyn std::fmt::Display) -> Fault {
    Fault::new(
        format!("is not set, and {} cannot be used: {why}", path.display()),
        "Restore that file from a backup, let this user read and write it, or set the secret yourself",
    )
}

fn parse(path: &Path, text: &str) -> std::result::Result<Made, Fault> {
    let values = parse_dotenv(text);
    let value = |name: &str| values.iter().rev().find(|it| it.name == name).map(|it| it.value.as_str());
    let (jwt, refresh, key) = (value(keys::JWT), value(keys::REFRESH), value(keys::ENCRYPTION));
    let made = Made {
        jwt_secret: jwt.and_then(|text| keys::signing(text).ok()),
        jwt_refresh_secret: refresh.and_then(|text| keys::signing(text).ok()).filter(|_| jwt != refresh),
        encryption_key: key.and_then(|text| keys::encryption_key(text).ok()),
        ..Made::default()
    };
    let is_whole = made.jwt_secret.is_some() && made.jwt_refresh_secret.is_some() && made.encryption_key.is_some();
    if is_whole { Ok(made) } else { Err(unusable(path, &"it is damaged")) }
}

fn open(path: &Path) -> Result<(Zeroizing<String>, bool)> {
    // Asked before it is opened: to open a pipe is to wait for whoever writes to it.
    if !fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is no plain file"));
    }
    let file = File::open(path)?;
    let is_open = crate::env::is_open_to_all(&file.metadata()?);
    let mut text = Zeroizing::new(String::new());
    file.take(LARGEST).read_to_string(&mut text)?;
    Ok((text, is_open))
}

fn compose(random: &Random) -> Zeroizing<String> {
    let secret = || Zeroizing::new(URL_SAFE_NO_PAD.encode(*Zeroizing::new(random.bytes::<32>())));
    Zeroizing::new(format!(
        "# Made by Postern on its first start. Keep it secret, and back it up with the database.\n\
         {}={}\n{}={}\n{}={}\n",
        keys::JWT,
        *secret(),
        keys::REFRESH,
        *secret(),
        keys::ENCRYPTION,
        *secret(),
    ))
}
