//! The hops of the sign-in itself: the authorization endpoint for each redirect address, the
//! sign-in page, and the cookies on both.

use reqwest::StatusCode;
use reqwest::header::{LOCATION, SET_COOKIE};
use serde_json::Value;
use url::Url;

use super::Examination;
use super::address::origin;
use super::outside::Answer;
use super::report::Check;
use crate::services::clients::GrantType;
use crate::web::cookie::{Cookie, Cookies};

/// Begins a sign-in for each redirect address, and opens the page that the first one leads to.
pub(super) async fn walk(it: &Examination<'_>, document: &Value) -> Vec<Check> {
    if !it.client.grant_types.contains(&GrantType::AuthorizationCode) {
        return vec![Check::skipped("redirect", "the client signs nobody in: it may not use authorization_code.")];
    }
    if it.client.require_pushed_authorization_requests {
        return vec![Check::skipped("redirect", "the client pushes its requests, which takes its secret.")];
    }
    let (mut checks, mut answers, mut page) = (Vec::new(), Vec::new(), None);
    for address in &it.client.redirect_uris {
        let (check, answer) = redirect(it, document, address.as_str()).await;
        if check.is_ok() && page.is_none() {
            page = answer.as_ref().and_then(|answer| absolute(it, answer.header(&LOCATION)));
        }
        checks.push(check);
        answers.extend(answer);
    }
    if let Some(page) = page {
        let (check, answer) = sign_in_page(it, &page).await;
        checks.push(check);
        answers.extend(answer);
        checks.push(cookies(it, &answers));
    }
    checks
}

/// Whether a sign-in that is to end at `address` gets as far as the sign-in page.
async fn redirect(it: &Examination<'_>, document: &Value, address: &str) -> (Check, Option<Answer>) {
    const NAME: &str = "redirect";
    let endpoint = document["authorization_endpoint"].as_str().unwrap_or_default();
    let Ok(mut url) = Url::parse(endpoint) else {
        return (Check::fails(NAME, format!("{endpoint:?} is no address."), "Restart the server."), None);
    };
    // Nobody ever redeems a code of it: any 32 bytes are a challenge.
    let challenge = it.app.random.bytes::<32>();
    url.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", it.client.id.as_str())
        .append_pair("redirect_uri", address)
        .append_pair("scope", "openid")
        .append_pair("state", &hex::encode(it.app.random.bytes::<8>()))
        .append_pair("code_challenge", &challenge_of(challenge))
        .append_pair("code_challenge_method", "S256");
    match it.outside.get(url.as_str()).await {
        Ok(answer) => (began(it, address, &answer), Some(answer)),
        Err(none) => (Check::fails(NAME, format!("{endpoint}: {}.", none.words), none.remedy), None),
    }
}

fn challenge_of(bytes: [u8; 32]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// What the answer to an authorization request says of it.
fn began(it: &Examination<'_>, address: &str, answer: &Answer) -> Check {
    const NAME: &str = "redirect";
    let to = answer.header(&LOCATION);
    if answer.status == StatusCode::BAD_REQUEST && answer.is_ours() {
        let remedy = "Register it there: the server has other clients than this command, from another database or another \
                      POSTERN_CLIENTS_FILE.";
        return Check::fails(NAME, format!("the server does not know {address} as an address of this client."), remedy);
    }
    if !answer.status.is_redirection() {
        let remedy = "Let the proxy pass the path and its query on as they came.";
        return Check::fails(NAME, format!("a sign-in for {address} is answered with {}.", answer.status), remedy);
    }
    let leads = absolute(it, to);
    if leads.as_ref().is_some_and(|url| url.path() == format!("{}/login", it.app.config.web.base_path()))
        && leads.as_ref().and_then(|url| origin(url.as_str())) == origin(it.app.config.web.issuer())
    {
        return Check::ok(NAME, format!("a sign-in for {address} begins."));
    }
    let refused = leads.filter(|_| to.starts_with(address));
    let words = refused
        .and_then(|url| url.query_pairs().find(|(name, _)| name == "error_description").map(|it| it.1.into_owned()));
    match words {
        Some(words) => {
            Check::fails(NAME, format!("a sign-in for {address} is refused: {words}"), "Correct the client.")
        }
        None => Check::fails(
            NAME,
            format!("a sign-in for {address} leads to {to} instead of the sign-in page."),
            "Let the proxy pass Location on as it came.",
        ),
    }
}

/// `location` as a browser reads it.
fn absolute(it: &Examination<'_>, location: &str) -> Option<Url> {
    Url::parse(&format!("{}/", it.app.config.web.issuer())).ok()?.join(location).ok()
}

async fn sign_in_page(it: &Examination<'_>, page: &Url) -> (Check, Option<Answer>) {
    const NAME: &str = "page";
    let shown = format!("{}{}", page.origin().ascii_serialization(), page.path());
    match it.outside.get(page.as_str()).await {
        Ok(answer) if answer.status == StatusCode::OK && answer.is_ours() => {
            (Check::ok(NAME, format!("{shown} shows the sign-in page.")), Some(answer))
        }
        Ok(answer) => {
            let seen = format!("{shown} answers with {}.", answer.status);
            (Check::fails(NAME, seen, "Let the proxy pass every path of Postern's to it."), Some(answer))
        }
        Err(none) => (Check::fails(NAME, format!("{shown}: {}.", none.words), none.remedy), None),
    }
}

/// Whether the cookies of `answers` arrive as they were set, and fit the issuer.
fn cookies(it: &Examination<'_>, answers: &[Answer]) -> Check {
    const NAME: &str = "cookies";
    let web = &it.app.config.web;
    if web.secure_cookies && web.url.scheme() == "http" {
        let remedy = "Take SESSION_COOKIE_SECURE out, or serve by https.";
        return Check::fails(NAME, "cookies are for https alone, and the issuer is http: browsers drop them.", remedy);
    }
    let name = Cookies::new(web).name(Cookie::Csrf);
    let lines = answers.iter().flat_map(|answer| answer.headers(&SET_COOKIE)).filter(|line| line.contains("postern_"));
    let lines: Vec<&str> = lines.collect();
    let Some(line) = lines.iter().find(|line| line.split('=').next() == Some(&name)) else {
        let seen = format!("the cookie {name} does not arrive.");
        let remedy =
            "Let the proxy pass Set-Cookie on as it came; a server with other settings names its cookies differently.";
        return Check::fails(NAME, seen, remedy);
    };
    match lines.iter().find_map(|line| misfit(line, web.base_path(), web.secure_cookies)) {
        None => Check::ok(NAME, format!("{name} fits the issuer.")),
        Some(wrong) => {
            let bare = line.split('=').next().unwrap_or_default();
            Check::fails(NAME, format!("{bare} {wrong}."), "Let the proxy pass Set-Cookie on as it came.")
        }
    }
}

/// What about the attributes of a `Set-Cookie` line does not fit an issuer at `base`.
fn misfit(line: &str, base: &str, secure: bool) -> Option<String> {
    let attributes = line.split(';').skip(1).map(|it| it.trim().split_once('=').unwrap_or((it.trim(), "")));
    let attributes: Vec<(String, &str)> = attributes.map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    let of = |name: &str| attributes.iter().find(|(it, _)| it == name).map(|(_, value)| *value);
    let path = if base.is_empty() { "/" } else { base };
    if let Some(domain) = of("domain") {
        return Some(format!("was given the domain {domain}, which browsers refuse"));
    }
    if of("path") != Some(path) {
        return Some(format!("is for the path {} instead of {path}", of("path").unwrap_or("of the request")));
    }
    if of("secure").is_some() != secure {
        let how = if secure { "has lost" } else { "was given" };
        return Some(format!("{how} the attribute Secure"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_was_bent_on_the_way_is_told() {
        let good = "__Secure-postern_csrf=v; Path=/auth; HttpOnly; Secure; SameSite=Lax";
        assert_eq!(misfit(good, "/auth", true), None);
        for (bent, word) in [
            (good.replace("; HttpOnly", "; Domain=example.com; HttpOnly"), "domain"),
            (good.replace("/auth", "/"), "path"),
            (good.replace("Path=/auth; ", ""), "path"),
            (good.replace("; Secure", ""), "Secure"),
        ] {
            assert!(misfit(&bent, "/auth", true).is_some_and(|wrong| wrong.contains(word)), "{bent}");
        }
        assert_eq!(misfit("postern_csrf=v; path=/; HttpOnly", "", false), None);
        assert!(misfit("postern_csrf=v; Path=/; Secure", "", false).is_some());
    }
}
