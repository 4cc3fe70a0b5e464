//! What a client may say of itself, and what of that it gets (RFC 7591 section 2, OpenID Connect
//! Dynamic Client Registration section 2).
//!
//! What only an operator grants (`trusted`, `introspect`, `require_pkce` and the like) is no member
//! that is known here, so it is passed over like any other unknown one.

use ipnet::IpNet;
use serde_json::{Map, Value};
use url::Url;

use super::reader::Reader;
use crate::error::{Error, ErrorKind, FieldProblem, Result};
use crate::services::clients::unvouched::{GRANTS, SCOPES, is_deceptive};
use crate::services::clients::{ApplicationType, GrantType, Jwks, Metadata, RedirectUri, ScopeList, WebUri};
use crate::services::outgoing::may_be_called;

/// The longest metadata that is kept, in bytes.
const LONGEST: usize = 16 << 10;
/// The longest error description, in characters.
const WORDS: usize = 500;

/// What a registration goes by.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// The grants that it may have.
    pub grants: &'a [GrantType],
    /// Private networks that may be called.
    pub networks: &'a [IpNet],
}

/// The metadata that `document` asks for, as far as `policy` gives it.
///
/// # Errors
/// [`ErrorKind::InvalidRedirectUri`], [`ErrorKind::InvalidClientMetadata`] or
/// [`ErrorKind::UnapprovedSoftwareStatement`], with words that name each member at fault.
pub fn read(document: &Map<String, Value>, policy: &Policy<'_>) -> Result<Metadata> {
    let mut reader = Reader::new(document);
    if reader.value("software_statement").is_some() {
        return Err(ErrorKind::UnapprovedSoftwareStatement.into());
    }
    let metadata = members(&mut reader).completed();
    check_texts(&mut reader, &metadata);
    check_addresses(&mut reader, &metadata, policy.networks);
    if let Some(grant) = metadata.grant_types.iter().find(|grant| !policy.grants.contains(grant)) {
        reader.fail("grant_types", format_args!("{grant} needs an initial access token at the registration."));
    }
    let problems = metadata.problems();
    reader.extend(problems);
    let problems = reader.finish();
    if problems.is_empty() { Ok(metadata) } else { Err(refusal(problems)) }
}

fn members(reader: &mut Reader<'_>) -> Metadata {
    let unsaid = Metadata::default();
    let redirect_uris: Vec<RedirectUri> = reader.words("redirect_uris");
    let runs_as = match redirect_uris.iter().any(RedirectUri::is_native) {
        true => ApplicationType::Native,
        false => ApplicationType::Web,
    };
    Metadata {
        application_type: reader.word("application_type").or(Some(runs_as)),
        client_name: reader.text("client_name").map(str::to_owned),
        client_uri: reader.word("client_uri"),
        logo_uri: reader.word("logo_uri"),
        policy_uri: reader.word("policy_uri"),
        tos_uri: reader.word("tos_uri"),
        contacts: reader.words("contacts"),
        redirect_uris,
        post_logout_redirect_uris: reader.words("post_logout_redirect_uris"),
        backchannel_logout_uri: reader.word("backchannel_logout_uri"),
        backchannel_logout_session_required: reader.flag("backchannel_logout_session_required"),
        initiate_login_uri: reader.word("initiate_login_uri"),
        token_endpoint_auth_method: reader
            .word("token_endpoint_auth_method")
            .unwrap_or(unsaid.token_endpoint_auth_method),
        grant_types: Some(reader.words("grant_types")).filter(|it| !it.is_empty()).unwrap_or(GRANTS.to_vec()),
        response_types: reader.words("response_types"),
        scope: scope(reader),
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
        require_pushed_authorization_requests: reader.flag("require_pushed_authorization_requests"),
        ..unsaid
    }
}

/// What of the scopes asked for may be had; a server may give less (RFC 7591 section 3.2.1).
fn scope(reader: &mut Reader<'_>) -> Option<ScopeList> {
    let all = || SCOPES.join(" ").parse().ok();
    let Some(asked) = reader.word::<ScopeList>("scope") else { return all() };
    let given: Vec<&str> = SCOPES.into_iter().filter(|one| asked.as_slice().iter().any(|it| it == one)).collect();
    if given.is_empty() {
        reader.fail("scope", format_args!("names none of those that can be registered: {}.", SCOPES.join(" ")));
    }
    given.join(" ").parse().ok()
}

fn jwks(reader: &mut Reader<'_>) -> Option<Jwks> {
    let set = reader.value("jwks")?;
    Jwks::new(set.clone()).map_err(|words| reader.fail("jwks", words)).ok()
}

/// What people read must not look like something else, and what is kept must not be endless.
fn check_texts(reader: &mut Reader<'_>, metadata: &Metadata) {
    if metadata.client_name.as_deref().is_some_and(|name| name.chars().any(is_deceptive)) {
        reader.fail("client_name", "holds characters that are not seen or that turn the others round.");
    }
    let is_contact = |text: &String| (1..=254).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if !metadata.contacts.iter().all(is_contact) {
        reader.fail("contacts", "are 1 to 254 characters each, on one line.");
    }
    if serde_json::to_string(metadata).map_or(0, |text| text.len()) > LONGEST {
        let longest = if metadata.jwks.is_some() { "jwks" } else { "redirect_uris" };
        reader.fail(longest, format_args!("is too long: all metadata together may have {LONGEST} bytes."));
    }
}

fn check_addresses(reader: &mut Reader<'_>, metadata: &Metadata, networks: &[IpNet]) {
    let is_web = metadata.application_type == Some(ApplicationType::Web);
    if is_web && metadata.redirect_uris.iter().any(RedirectUri::is_native) {
        let words = "application_type web has https addresses alone, none of them on localhost: say native.";
        reader.fail("redirect_uris", words);
    }
    let Metadata { jwks_uri, backchannel_logout_uri, initiate_login_uri, sector_identifier_uri, .. } = metadata;
    for (key, address) in [
        ("jwks_uri", jwks_uri),
        ("backchannel_logout_uri", backchannel_logout_uri),
        ("sector_identifier_uri", sector_identifier_uri),
    ] {
        if address.as_ref().is_some_and(|address| !may_be_called(address.as_str(), networks)) {
            reader.fail(key, "must be https, on a host that is public.");
        }
    }
    if initiate_login_uri.as_ref().is_some_and(|address| !is_safe(address)) {
        reader.fail("initiate_login_uri", "must be https (plain http only on this machine).");
    }
}

/// Whether people can be sent to `address`: as to a redirect address on the web.
fn is_safe(address: &WebUri) -> bool {
    let is_web = Url::parse(address.as_str()).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    is_web && address.as_str().parse::<RedirectUri>().is_ok()
}

/// One refusal for all `problems`; an address where people are sent comes first (RFC 7591 section 3.2.2).
#[must_use]
pub fn refusal(problems: Vec<FieldProblem>) -> Error {
    let kind = match problems.iter().any(|problem| problem.field == "redirect_uris") {
        true => ErrorKind::InvalidRedirectUri,
        false => ErrorKind::InvalidClientMetadata,
    };
    let words: Vec<String> = problems.iter().map(|it| format!("{}: {}", it.field, it.message)).collect();
    let words: String = words.join(" ").chars().take(WORDS).collect();
    let mut error = Error::new(kind, words);
    error.fields = problems;
    error
}
