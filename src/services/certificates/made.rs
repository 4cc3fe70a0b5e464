//! Our own certificate and its authority: made once, kept beside the database, made anew in good time.

use std::io::ErrorKind;
use std::path::Path;

use entity::Timestamp;

use super::authority::{Authority, SERVER_LIFE};
use super::pair::{self, Pair};
use super::settings::Internal;
use crate::clock::rfc3339;
use crate::env::private_file;
use crate::random::Random;

/// The server's certificate: the kept one while more than a third of its life is left and it has the
/// right names, else a new one. The authority is made when there is none.
///
/// # Errors
/// In words: what cannot be read, made or kept, and an authority that is damaged or has expired.
pub(super) fn ready(internal: &Internal, now: Timestamp, random: &Random) -> Result<Pair, String> {
    let authority = authority(&internal.authority_key, now, random)?;
    hand_out(&internal.authority, &authority.pem, random)?;
    let kept = pair::read_small(&internal.server).ok().and_then(|text| pair(&text, internal, &authority, now));
    if let Some(kept) = kept.filter(|kept| now < kept.validity.due()) {
        return Ok(kept);
    }
    let text = authority.issue(&internal.names, now).map_err(|error| unusable(&internal.server, &error))?;
    private_file::replace(&internal.server, &text, random).map_err(|error| unusable(&internal.server, &error))?;
    pair(text.as_bytes(), internal, &authority, now).ok_or_else(|| unusable(&internal.authority_key, &"it is damaged"))
}

/// The pair that `text` holds, where the authority vouches for it and it has every name.
fn pair(text: &[u8], internal: &Internal, authority: &Authority, now: Timestamp) -> Option<Pair> {
    let pair = pair::of(text, now)?;
    let leaf = pair.key.cert.first()?;
    let has_names = internal.names.iter().all(|name| pair::is_for(leaf, name));
    (has_names && authority.vouches_for(leaf, now)).then_some(pair)
}

/// The authority of the file at `path`. Of several processes that start at once one makes it, and all use it.
fn authority(path: &Path, now: Timestamp, random: &Random) -> Result<Authority, String> {
    let text = match pair::read_small(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let text = Authority::make(now).map_err(|error| unusable(path, &error))?;
            private_file::make(path, &text, random).and_then(|_| pair::read_small(path))
        }
        read => read,
    };
    let text = text.map_err(|error| unusable(path, &error))?;
    let authority = Authority::read(&text).ok_or_else(|| unusable(path, &"it is damaged"))?;
    let until = rfc3339(authority.validity.until);
    let shown = path.display();
    let how = format!(
        "take {shown} away and start again, and a new one is made, which everybody who trusts the old one has to be given"
    );
    if authority.validity.until <= now {
        return Err(format!("the authority of our certificate has expired at {until}; {how}"));
    }
    if authority.validity.until < now + SERVER_LIFE {
        tracing::warn!("the authority of our certificate expires at {until}; {how}");
    }
    Ok(authority)
}

/// Keeps the authority's certificate in a file of its own, without the key.
fn hand_out(path: &Path, pem: &str, random: &Random) -> Result<(), String> {
    match pair::read_small(path) {
        Ok(kept) if kept.as_slice() == pem.as_bytes() => Ok(()),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(unusable(path, &error)),
        _ => private_file::replace(path, pem, random).map_err(|error| unusable(path, &error)),
    }
}

fn unusable(path: &Path, why: &dyn std::fmt::Display) -> String {
    format!("{} cannot be used: {why}", path.display())
}
