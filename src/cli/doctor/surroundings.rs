//! What stands around the sign-in: the proxy before us, and the hosts that the client leads to.

use std::collections::BTreeMap;

use url::{Host, Url};

use super::Examination;
use super::address::resolves;
use super::report::Check;
use crate::services::clients::{RedirectUri, WebUri};

/// Whether people are told apart behind whatever speaks https for us.
pub(super) fn proxy(it: &Examination<'_>) -> Check {
    const NAME: &str = "proxy";
    let (web, tls) = (&it.app.config.web, &it.app.config.tls);
    if !web.trusted_proxies.is_empty() {
        let seen = "POSTERN_TRUSTED_PROXIES names a proxy. If the log says that forwarded headers are ignored, it names another \
                    than the one that asks.";
        return Check::ok(NAME, seen);
    }
    if tls.is_some() || web.url.scheme() == "http" {
        return Check::ok(NAME, "nothing needs to stand between Postern and people.");
    }
    let seen = "https ends before Postern, and POSTERN_TRUSTED_PROXIES is empty: everybody counts as one address, in limits and bans.";
    Check::fails(NAME, seen, "Name the network that the proxy comes from in POSTERN_TRUSTED_PROXIES.")
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
