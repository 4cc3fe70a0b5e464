//! The first hops: the issuer's form, its name, discovery, the key set.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::LOCATION;
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use super::Examination;
use super::outside::Answer;
use super::report::Check;
use crate::endpoints::oidc::discovery;
use crate::env::address::is_loopback;
use crate::error::Result;
use crate::services::certificates;

/// How long a name server may take.
const NAMING: Duration = Duration::from_secs(10);

/// Whether the client's app takes such an issuer at all.
pub(super) fn issuer(it: &Examination<'_>) -> Check {
    const NAME: &str = "issuer";
    let issuer = it.app.config.web.issuer();
    if let Some(authority) = it.app.config.tls.as_ref().and_then(certificates::Settings::authority) {
        let authority = authority.display();
        let seen = format!(
            "{issuer}, vouched for by {authority}, which the app must trust (a Node app in NODE_EXTRA_CA_CERTS)."
        );
        return Check::ok(NAME, seen);
    }
    if it.app.config.web.url.scheme() == "https" {
        return Check::ok(NAME, format!("{issuer}."));
    }
    if it.is_librechat() {
        let remedy = "Set POSTERN_TLS=internal (one machine) or a certificate, or let a proxy speak https; then write the \
                      https address into POSTERN_URL and into OPENID_ISSUER.";
        return Check::fails(NAME, format!("{issuer} is plain http, and LibreChat takes only https issuers."), remedy);
    }
    match is_loopback(&it.app.config.web.url) {
        true => Check::ok(NAME, format!("{issuer}. Some apps take only https issuers, on this machine too.")),
        false => {
            let seen = format!("{issuer} is plain http: whoever is on the way reads passwords and codes.");
            Check::fails(NAME, seen, "Let a proxy or Postern itself speak https, and write that into POSTERN_URL.")
        }
    }
}

/// Whether the issuer's host has an address.
pub(super) async fn name(it: &Examination<'_>) -> Check {
    const NAME: &str = "name";
    let host = it.app.config.web.url.host_str().unwrap_or_default();
    match resolves(host).await {
        true => Check::ok(NAME, format!("{host} has an address.")),
        false => {
            Check::fails(NAME, format!("{host} has no address here."), "Enter it in the DNS, or correct POSTERN_URL.")
        }
    }
}

/// Whether a name server knows `host`.
pub(super) async fn resolves(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match timeout(NAMING, tokio::net::lookup_host((bare, 443))).await {
        Ok(Ok(mut addresses)) => addresses.next().is_some(),
        _ => false,
    }
}

/// Gets the discovery document: the document, the answer it came in, and what there is to say.
pub(super) async fn discovery(it: &Examination<'_>) -> (Check, Option<(Value, Answer)>) {
    const NAME: &str = "discovery";
    let url = format!("{}/.well-known/openid-configuration", it.app.config.web.issuer());
    let answer = match it.outside.get(&url).await {
        Ok(answer) => answer,
        Err(none) => return (Check::fails(NAME, format!("{url}: {}.", none.words), none.remedy), None),
    };
    if answer.status != StatusCode::OK {
        return (wrong_status(NAME, &url, &answer, it), None);
    }
    match serde_json::from_str(&answer.body) {
        Ok(document) => (Check::ok(NAME, format!("{url} answers.")), Some((document, answer))),
        Err(_) => {
            let remedy = "Something else answers under this address: send it to Postern.";
            (Check::fails(NAME, format!("{url} answers with something that is no JSON."), remedy), None)
        }
    }
}

fn wrong_status(name: &'static str, url: &str, answer: &Answer, it: &Examination<'_>) -> Check {
    let seen = format!("{url} answers with {}.", answer.status);
    let base = it.app.config.web.base_path();
    let to = answer.header(&LOCATION);
    if answer.status.is_redirection() {
        let seen = format!("{url} leads on to {to}, which clients do not follow.");
        return Check::fails(
            name,
            seen,
            "Let the proxy answer there itself, or write the address where it does into POSTERN_URL.",
        );
    }
    if answer.is_ours() && !base.is_empty() {
        let remedy = format!(
            "Postern was asked for another path: let the proxy pass {base} on with the request, not cut it off."
        );
        return Check::fails(name, seen, remedy);
    }
    if answer.is_ours() {
        return Check::fails(
            name,
            seen,
            "Postern was asked for another path: let the proxy pass the path on as it came.",
        );
    }
    Check::fails(
        name,
        seen,
        "Not Postern answers there: see that the proxy sends this host and path to it, and that it runs.",
    )
}

/// Whether the server that answers has these very settings.
pub(super) fn same(it: &Examination<'_>, document: &Value) -> Vec<Check> {
    let issuer = it.app.config.web.issuer();
    let theirs = document["issuer"].as_str().unwrap_or_default();
    if theirs != issuer {
        let seen = format!("the server calls itself {theirs}, and here POSTERN_URL is {issuer}.");
        let remedy = "Run this command with the server's settings, or restart the server with these; clients compare the \
                      two letter by letter.";
        return vec![Check::fails("same", seen, remedy)];
    }
    let ours = discovery::metadata(it.app);
    let (ours, empty) = (ours.as_object(), serde_json::Map::new());
    let names = ours.unwrap_or(&empty).iter().filter(|(name, value)| document.get(name.as_str()) != Some(*value));
    let differ: Vec<&str> = names.map(|(name, _)| name.as_str()).collect();
    if differ.is_empty() {
        return vec![Check::ok("same", "the server has these settings.")];
    }
    let seen = format!("the server publishes another {} than these settings make.", differ.join(", "));
    vec![Check::fails("same", seen, "Restart the server: it runs with other settings, or is of another release.")]
}

/// Whether the published keys are those of this database.
pub(super) async fn keys(it: &Examination<'_>, document: &Value) -> Result<Check> {
    const NAME: &str = "keys";
    let url = document["jwks_uri"].as_str().unwrap_or_default();
    let answer = match it.outside.get(url).await {
        Ok(answer) => answer,
        Err(none) => return Ok(Check::fails(NAME, format!("{url}: {}.", none.words), none.remedy)),
    };
    let set: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let ids = set["keys"].as_array().into_iter().flatten().filter_map(|key| key["kid"].as_str());
    let published: BTreeSet<&str> = ids.collect();
    if answer.status != StatusCode::OK || published.is_empty() {
        let seen = format!("{url} answers with {} and no keys.", answer.status);
        return Ok(Check::fails(NAME, seen, "Let the proxy pass this path on as well."));
    }
    let now = it.app.clock.now();
    let known = it.app.keys.list().await?;
    let missing = known.iter().filter(|key| key.expires_at.is_none_or(|at| at > now));
    let missing = missing.map(|key| key.kid.as_str()).find(|kid| !published.contains(kid));
    Ok(match missing {
        None if known.is_empty() => Check::fails(
            NAME,
            "this database holds no signing keys.",
            "The server works on another database: run this command with its settings.",
        ),
        None => Check::ok(NAME, format!("{url} holds all {} keys of the database.", known.len())),
        Some(kid) => Check::fails(
            NAME,
            format!("{url} lacks the key {kid} of the database."),
            "The server works on another database, or a cache on the way keeps an old set for longer than its max-age.",
        ),
    })
}

/// The address without its path, for comparing who answers.
pub(super) fn origin(text: &str) -> Option<String> {
    Url::parse(text).ok().map(|url| url.origin().ascii_serialization())
}
