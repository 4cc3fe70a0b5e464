//! Signed tokens in compact form (JWS, RFC 7515): `header.payload.signature`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::object;
use super::pair::Pair;
use crate::error::{Error, Result};

/// Longer texts are no token of ours, in bytes; checked before any work is done on them.
const LONGEST: usize = 16 * 1024;
/// The same for the first of its parts.
const LONGEST_HEADER: usize = 1024;

/// All that a header of ours holds. One with anything else (`crit`, `b64`, `zip`, `jku`, `x5u`, `jwk`,
/// `x5c`) is none of ours: nothing in a token says how it is to be read or by which key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    typ: String,
    alg: String,
    kid: String,
}

/// What `pair` has to sign for `claims`: header and payload.
///
/// # Errors
/// When `claims` cannot be JSON.
pub(super) fn message<T: Serialize>(pair: &Pair, typ: &str, claims: &T) -> Result<String> {
    let header = Header { typ: typ.to_owned(), alg: pair.algorithm.name().to_owned(), kid: pair.kid.clone() };
    let header = serde_json::to_vec(&header).map_err(Error::internal)?;
    let payload = serde_json::to_vec(claims).map_err(Error::internal)?;
    Ok(format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload)))
}

/// The token: `message` with its signature.
pub(super) fn complete(mut message: String, signature: &[u8]) -> String {
    message.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut message);
    message
}

/// A text that has the form of a token of ours. Nobody has looked at its signature yet.
#[derive(Debug)]
pub(super) struct Unproven<'t> {
    pub(super) kid: String,
    alg: String,
    message: &'t str,
    payload: &'t str,
    signature: &'t str,
}

impl<'t> Unproven<'t> {
    /// Takes `token` apart; none when it is not one of ours of the kind `typ`, by its form alone.
    pub(super) fn read(token: &'t str, typ: &str) -> Option<Self> {
        if token.len() > LONGEST {
            return None;
        }
        let (message, signature) = token.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        if header.len() > LONGEST_HEADER || payload.contains('.') {
            return None;
        }
        let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
        let Header { typ: kind, alg, kid } = header;
        (kind == typ).then_some(Self { kid, alg, message, payload, signature })
    }

    /// The payload, if `pair` signed it.
    pub(super) fn proven_by(&self, pair: &Pair) -> Option<Map<String, Value>> {
        if self.alg != pair.algorithm.name() || self.kid != pair.kid {
            return None;
        }
        let signature = URL_SAFE_NO_PAD.decode(self.signature).ok()?;
        let is_genuine = pair.verifies(self.message.as_bytes(), &signature);
        if !is_genuine {
            return None;
        }
        object::parse(&URL_SAFE_NO_PAD.decode(self.payload).ok()?)
    }
}
