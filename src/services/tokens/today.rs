//! What a grant is worth today: never more than its client may still ask for (SEC-043). An operator
//! can take scopes and resources away from a client at any time.
//!
//! What went out before says what it said until it expires.

use entity::Names;

use crate::error::{ErrorKind, Result};
use crate::services::clients::Client;
use crate::services::grants::{Grant, scope};

/// The resources of an access token (RFC 8707 section 2.2): those asked for now, which must be the
/// client's own and among those `granted`: the person was shown no other. A trusted client, which shows
/// them nothing, may name some now where it named none then. Of the granted ones those that are not the
/// client's any more are left out.
///
/// # Errors
/// [`ErrorKind::InvalidTarget`] for a resource of somebody else.
pub(super) fn allowed_resources(client: &Client, granted: &[String], asked: &[String]) -> Result<Vec<String>> {
    if asked.is_empty() {
        return Ok(granted.iter().filter(|one| is_own(client, one)).cloned().collect());
    }
    let is_granted = |one: &String| granted.contains(one) || (granted.is_empty() && client.trusted);
    match asked.iter().all(is_granted) {
        true => own_resources(client, asked),
        false => Err(ErrorKind::InvalidTarget.into()),
    }
}

/// The resources that `client` asks for on its own behalf: no person grants them.
///
/// # Errors
/// [`ErrorKind::InvalidTarget`] for a resource of somebody else.
pub(super) fn own_resources(client: &Client, asked: &[String]) -> Result<Vec<String>> {
    let are_own = asked.iter().all(|one| is_own(client, one));
    if are_own { Ok(asked.to_vec()) } else { Err(ErrorKind::InvalidTarget.into()) }
}

fn is_own(client: &Client, resource: &str) -> bool {
    client.resources.iter().any(|own| own.as_str() == resource)
}

/// The scope of one refresh: as granted, or less (RFC 6749 section 6). What `client` may not ask for
/// any more is left out without a word, as it is where people grant.
///
/// # Errors
/// [`ErrorKind::InvalidScope`] when more was asked for than was granted, or nothing is left.
pub(super) fn narrowed(client: &Client, grant: &Grant, asked: Option<&str>) -> Result<Names> {
    let asked = scope::words(asked.unwrap_or_default());
    let asked = if asked.as_slice().is_empty() { &grant.scope } else { &asked };
    let left = scope::grantable(asked, client);
    match scope::is_within(asked, &grant.scope) && !left.as_slice().is_empty() {
        true => Ok(left),
        false => Err(ErrorKind::InvalidScope.into()),
    }
}
