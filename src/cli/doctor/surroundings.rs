//! What stands around the sign-in: the proxy before us, and the hosts that the client leads to.

use std::collections::BTreeMap;

use url::{Host, Url};

use super::Examination;
use super::address::resolves;
use super::report::Check;
use crate::endpoints::oidc::discovery::DOCTOR;
use crate::services::clients::{RedirectUri, WebUri};
use crate::web::caller::FORWARDED;

/// Whether people are told apart behind whatever speaks https for us: by what became of the headers
/// of a request that came the whole way, else by the settings.
pub(super) async fn proxy(it: &Examination<'_>) -> Check {
    const NAME: &str = "proxy";
    const ALL_AS_ONE: &str = "so everybody counts as one address, in limits and bans.";
    let web = &it.app.config.web;
    let is_own = it.app.config.tls.is_some() || web.url.scheme() == "http";
    let told = told(it).await.unwrap_or_default();
    match (told.as_str(), web.trusted_proxies.is_empty()) {
        ("heeded", _) => Check::ok(NAME, "the server takes people's addresses from the proxy before it."),
        ("ignored", true) => Check::fails(
            NAME,
            format!("a proxy says whose request it is (X-Forwarded-For), and is not believed, {ALL_AS_ONE}"),
            "Name the network that it comes from in POSTERN_TRUSTED_PROXIES, and restart the server.",
        ),
        ("ignored", false) => Check::fails(
            NAME,
            format!("POSTERN_TRUSTED_PROXIES names another proxy than the one that asks, {ALL_AS_ONE}"),
            "Name the network of the one that the server's log calls a peer, and restart the server.",
        ),
        ("missing", _) if !is_own => Check::fails(
            NAME,
            format!("the proxy before the server does not say whose request it is, {ALL_AS_ONE}"),
            "Let it send X-Forwarded-For.",
        ),
        (_, true) if !is_own => Check::fails(
            NAME,
            format!("https ends before Postern, and POSTERN_TRUSTED_PROXIES is empty, {ALL_AS_ONE}"),
            "Name the network that the proxy comes from in POSTERN_TRUSTED_PROXIES.",
        ),
        (_, true) => Check::ok(NAME, "nothing needs to stand between Postern and people."),
        (_, false) => Check::ok(NAME, "POSTERN_TRUSTED_PROXIES names a proxy."),
    }
}

/// What the server answers about the headers of the proxy that our request came through; none when it
/// does not answer, or is of a release that does not tell.
async fn told(it: &Examination<'_>) -> Option<String> {
    // Another query each time: no cache on the way answers for the server.
    let (issuer, new) = (it.app.config.web.issuer(), hex::encode(it.app.random.bytes::<8>()));
    let url = format!("{issuer}/.well-known/openid-configuration?{DOCTOR}{new}");
    Some(it.outside.get(&url).await.ok()?.header(&FORWARDED).to_owned())
}

/// Whether every host that the client's addresses lead to still has an address (SEC-063). Who takes
/// over a name that is gone takes codes and people with it (RFC 9700 section 4.1).
pub(super) async fn hosts(it: &Examination<'_>) -> Vec<Check> {
    const NAME: &str = "hosts";
    let mut checks = Vec::new();
    for (host, addresses) in leads_to(it) {
        if !resolves(&host).await {
            let (first, count) = (addresses.first().map_or("", String::as_str), addresses.len());
            let seen =
                format!("{host} has no address in the DNS, and {count} of the client's are there, such as {first}.");
            let remedy =
                "Enter it in the DNS, or take these addresses from the client: whoever gets the name gets its people.";
            checks.push(Check::fails(NAME, seen, remedy));
        }
    }
    match checks.is_empty() {
        true => vec![Check::ok(NAME, "every host of the client's addresses has an address.")],
        false => checks,
    }
}

/// The named hosts of the client's addresses, each with those that hold it.
fn leads_to(it: &Examination<'_>) -> BTreeMap<String, Vec<String>> {
    let client = it.client;
    let redirects = client.redirect_uris.iter().chain(&client.post_logout_redirect_uris).map(RedirectUri::as_str);
    let pages = [&client.initiate_login_uri, &client.backchannel_logout_uri, &client.jwks_uri];
    let mut hosts = BTreeMap::<String, Vec<String>>::new();
    for text in redirects.chain(pages.into_iter().flatten().map(WebUri::as_str)) {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if let Some(Host::Domain(host)) = url.as_ref().and_then(Url::host) {
            hosts.entry(host.to_owned()).or_default().push(text.to_owned());
        }
    }
    hosts
}
