//! Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document-01): a client whose id is the
//! address of a document about it.

use entity::ClientId;
use serde_json::{Map, Value};
use url::Url;

use super::client::{Client, Origin, Secrets, is_client_id};
use super::metadata::Metadata;
use super::unvouched::{GRANTS, is_deceptive, unvouched};
use super::uri::WebUri;
use super::vocabulary::{AuthMethod, GrantType, ResponseType};
use crate::services::keys::parse_object;

/// The members that are read, by their names of RFC 7591 section 2. What is ours alone is none of them.
const READ: [&str; 16] = [
    "client_name",
    "client_uri",
    "policy_uri",
    "tos_uri",
    "redirect_uris",
    "token_endpoint_auth_method",
    "grant_types",
    "response_types",
    "scope",
    "jwks",
    "jwks_uri",
    "subject_type",
    "id_token_signed_response_alg",
    "userinfo_signed_response_alg",
    "default_max_age",
    "require_pushed_authorization_requests",
];
/// Of those, pages that are for people alone: a bad address of one keeps no app out.
const PAGES: [&str; 2] = ["policy_uri", "tos_uri"];
/// Members that no document may have: whoever can read it would know the secret (section 4.1).
const SECRET: [&str; 2] = ["client_secret", "client_secret_expires_at"];

/// Whether `id` is the address of a document about its client (section 3): https, with a path, without a
/// fragment, a user, or dots for a part of its path. No longer than any other id.
pub(super) fn is_address(id: &str) -> bool {
    let has_path = |rest: &str| rest.find('/').is_some_and(|at| !rest[..at].contains('?'));
    id.strip_prefix("https://").is_some_and(has_path) && is_client_id(id) && id.parse::<WebUri>().is_ok()
}

/// The host of a document.
pub(super) fn host(id: &ClientId) -> Option<String> {
    Url::parse(id.as_str()).ok()?.host_str().map(str::to_owned)
}

/// The client that the document `body` at the address `id` describes, cut to what it may have; `resources`
/// are those that the operator opens to such clients.
///
/// # Errors
/// With words for the log, when it is no such document.
pub fn read(id: &ClientId, body: &[u8], resources: &[WebUri]) -> Result<Client, String> {
    let mut members = parse_object(body).ok_or("is no JSON object, or holds a member twice.")?;
    if members.get("client_id").and_then(Value::as_str) != Some(id.as_str()) {
        return Err("has another client_id than its own address.".into());
    }
    if SECRET.iter().any(|name| members.contains_key(*name)) {
        return Err("holds a secret, which everybody can read.".into());
    }
    members.retain(|name, value| READ.contains(&name.as_str()) && !value.is_null());
    members.retain(|name, value| !PAGES.contains(&name.as_str()) || value.as_str().is_some_and(is_page));
    // Of what is offered to other servers too, what is not known here is left out (RFC 7591 section 2).
    keep_known(&mut members, "grant_types", &GRANTS.map(GrantType::name));
    keep_known(&mut members, "response_types", &[ResponseType::Code.name()]);
    // A method by a shared secret, which is what RFC 7591 takes when none is named, cannot be meant.
    members.entry("token_endpoint_auth_method").or_insert_with(|| AuthMethod::None.name().into());
    let said: Metadata = serde_json::from_value(Value::Object(members)).map_err(|error| format!("{error}."))?;
    check(&said)?;
    let client = of(id, said, resources);
    match client.metadata.problems().into_iter().next() {
        Some(problem) => Err(format!("{}: {}", problem.field, problem.message)),
        None => Ok(client),
    }
}

/// The client called `id` that has said this of itself.
pub(super) fn of(id: &ClientId, said: Metadata, resources: &[WebUri]) -> Client {
    let metadata = unvouched(said, resources);
    let (id, origin, secrets) = (id.clone(), Origin::Document, Secrets::default());
    Client { id, metadata, origin, created_at: None, expires_at: None, secrets }
}

fn is_page(text: &str) -> bool {
    text.parse::<WebUri>().is_ok()
}

fn keep_known(members: &mut Map<String, Value>, name: &str, known: &[&str]) {
    if let Some(Value::Array(list)) = members.get_mut(name) {
        list.retain(|one| one.as_str().is_none_or(|one| known.contains(&one)));
    }
}

fn check(said: &Metadata) -> Result<(), String> {
    if said.has_secret() {
        return Err("token_endpoint_auth_method: needs a secret, which no document can hold.".into());
    }
    if said.redirect_uris.is_empty() {
        return Err("redirect_uris: needs at least one.".into());
    }
    if said.client_name.as_deref().is_some_and(|name| name.chars().any(is_deceptive)) {
        return Err("client_name: holds characters that change how others are read.".into());
    }
    Ok(())
}
