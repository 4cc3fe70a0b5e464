//! One `[[client]]` table of the clients file.

use std::path::Path;

use entity::TokenHash;
use secrecy::{ExposeSecret, SecretString};
use toml::Table;

use super::client::{Client, Origin, Previous, Secrets, client_id};
use super::file::Files;
use super::jwks::Jwks;
use super::metadata::Metadata;
use super::table::Reader;
use super::vocabulary::AuthMethod;
use crate::secret::sha256;

/// The shortest secret that an operator may declare, in characters.
const SHORTEST: usize = 32;
/// A random text of that length has many different characters.
const DIFFERENT: usize = 8;

/// Reads the client that `table`, the `number`th of the file, declares. None only when it has no
/// id; every other problem is noted beside what could be read.
pub(super) fn client(mut table: Table, number: usize, files: &mut Files, problems: &mut Vec<String>) -> Option<Client> {
    let id = match table.remove("client_id").as_ref().map(toml::Value::as_str) {
        Some(Some(text)) => client_id(text),
        Some(None) => Err("must be a text in quotes.".into()),
        None => Err("is missing.".into()),
    };
    let id = id.map_err(|words| problems.push(format!("client number {number}: client_id: {words}"))).ok();
    let whose = id.as_ref().map_or_else(|| format!("client number {number}"), |id| format!("client \"{id}\""));
    let mut reader = Reader::new(table, whose.clone(), problems);
    let metadata = metadata(&mut reader).completed();
    let secrets = secrets(&mut reader, &metadata, &whose, files);
    for problem in metadata.problems() {
        reader.fail(problem.field, problem.message);
    }
    reader.finish();
    id.map(|id| Client { id, metadata, origin: Origin::File, created_at: None, expires_at: None, secrets })
}

fn metadata(reader: &mut Reader<'_>) -> Metadata {
    let unsaid = Metadata::default();
    Metadata {
        application_type: reader.word("application_type"),
        client_name: reader.text("client_name"),
        client_uri: reader.word("client_uri"),
        logo_uri: reader.word("logo_uri"),
        policy_uri: reader.word("policy_uri"),
        tos_uri: reader.word("tos_uri"),
        contacts: reader.words("contacts").unwrap_or_default(),
        redirect_uris: reader.words("redirect_uris").unwrap_or_default(),
        post_logout_redirect_uris: reader.words("post_logout_redirect_uris").unwrap_or_default(),
        backchannel_logout_uri: reader.word("backchannel_logout_uri"),
        backchannel_logout_session_required: reader
            .flag("backchannel_logout_session_required")
            .unwrap_or(unsaid.backchannel_logout_session_required),
        initiate_login_uri: reader.word("initiate_login_uri"),
        token_endpoint_auth_method: reader
            .word("token_endpoint_auth_method")
            .unwrap_or(unsaid.token_endpoint_auth_method),
        grant_types: reader.words("grant_types").unwrap_or_default(),
        response_types: reader.words("response_types").unwrap_or_default(),
        scope: reader.word("scope"),
        resources: reader.words("resources").unwrap_or_default(),
        jwks: jwks(reader),
        jwks_uri: reader.word("jwks_uri"),
        subject_type: reader.word("subject_type").unwrap_or(unsaid.subject_type),
        sector_identifier_uri: reader.word("sector_identifier_uri"),
        id_token_signed_response_alg: reader
            .word("id_token_signed_response_alg")
            .unwrap_or(unsaid.id_token_signed_response_alg),
        userinfo_signed_response_alg: reader.word("userinfo_signed_response_alg"),
        introspection_signed_response_alg: reader
            .word("introspection_signed_response_alg")
            .unwrap_or(unsaid.introspection_signed_response_alg),
        default_max_age: reader.count("default_max_age"),
        require_pushed_authorization_requests: reader
            .flag("require_pushed_authorization_requests")
            .unwrap_or(unsaid.require_pushed_authorization_requests),
        trusted: reader.flag("trusted").unwrap_or(unsaid.trusted),
        requires_verified_email: reader.flag("requires_verified_email").unwrap_or(unsaid.requires_verified_email),
        introspect: reader.word("introspect"),
        access_token: reader.word("access_token").unwrap_or(unsaid.access_token),
        require_pkce: reader.flag("require_pkce").unwrap_or(unsaid.require_pkce),
    }
}

fn jwks(reader: &mut Reader<'_>) -> Option<Jwks> {
    let value = reader.value("jwks")?;
    // A date has no form in JSON; no key has one either.
    let read = serde_json::to_value(value).map_err(|_| "cannot be read.".to_owned()).and_then(Jwks::new);
    read.map_err(|words| reader.fail("jwks", words)).ok()
}

fn secrets(reader: &mut Reader<'_>, metadata: &Metadata, whose: &str, files: &mut Files) -> Secrets {
    let inline = reader.secret("client_secret");
    let path = reader.text("client_secret_file");
    let previous = reader.secret("client_secret_previous");
    files.holds_secrets |= inline.is_some() || previous.is_some();
    let method = metadata.token_endpoint_auth_method;
    if !metadata.has_secret() {
        for (key, is_given) in [
            ("client_secret", inline.is_some()),
            ("client_secret_file", path.is_some()),
            ("client_secret_previous", previous.is_some()),
        ] {
            if is_given {
                reader.fail(key, format!("has no use with token_endpoint_auth_method = \"{method}\"."));
            }
        }
        return Secrets::default();
    }
    let current = match (inline, path) {
        (Some(_), Some(_)) => {
            reader.fail("client_secret_file", "stands beside client_secret: give one of the two.");
            None
        }
        (None, None) => {
            reader.fail("client_secret", "is missing: give it, or client_secret_file.");
            None
        }
        (Some(secret), None) => hash(reader, "client_secret", &secret, whose, method, files),
        (None, Some(path)) => match files.secret(Path::new(&path)) {
            Ok(secret) => hash(reader, "client_secret_file", &secret, whose, method, files),
            Err(words) => {
                reader.fail("client_secret_file", words);
                None
            }
        },
    };
    let previous = previous.and_then(|secret| hash(reader, "client_secret_previous", &secret, whose, method, files));
    Secrets { current, previous: previous.map(|hash| Previous { hash, until: None }) }
}

fn hash(
    reader: &mut Reader<'_>,
    key: &str,
    secret: &SecretString,
    whose: &str,
    method: AuthMethod,
    files: &mut Files,
) -> Option<TokenHash> {
    let text = secret.expose_secret();
    if let Err(words) = check_secret(text) {
        reader.fail(key, words);
        return None;
    }
    if method == AuthMethod::ClientSecretBasic && text.contains(['+', '%']) {
        files.warnings.push(format!(
            "{whose}: {key}: holds + or %, which a client must encode in HTTP Basic (RFC 6749, 2.3.1); many do not. \
             Letters and digits are safe."
        ));
    }
    Some(sha256(text.as_bytes()))
}

/// A declared secret is hashed as quickly as a random one, so it must be as hard to guess.
fn check_secret(text: &str) -> Result<(), &'static str> {
    let different: std::collections::BTreeSet<char> = text.chars().collect();
    if text.chars().count() < SHORTEST {
        return Err("must have at least 32 characters. `openssl rand -hex 32` makes a good one.");
    }
    if text.chars().any(char::is_control) {
        return Err("holds a control character, such as a line break.");
    }
    if different.len() < DIFFERENT {
        return Err("is not random. `openssl rand -hex 32` makes a good one.");
    }
    Ok(())
}
