//! `postern doctor connector`, as an operator calls it at whose button nobody comes in.

use serde_json::{Value, json};

use crate::support::upstream::{CLIENT_ID, SECRET, Upstream};
use crate::support::{Kind, Place};

/// A place whose OpenID provider is the fake, with `more` settings.
async fn place(upstream: &Upstream, more: &[(&str, &str)]) -> Place {
    let usual = [
        ("ALLOW_SOCIAL_LOGIN", "true"),
        ("POSTERN_ALLOW_PRIVATE_ADDRESSES", "127.0.0.0/8"),
        ("OPENID_ISSUER", upstream.issuer.as_str()),
        ("OPENID_CLIENT_ID", CLIENT_ID),
        ("OPENID_CLIENT_SECRET", SECRET),
    ];
    let given =
        usual.into_iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name)).chain(more.iter().copied());
    let place = Place::on(&Kind::Sqlite, &given.collect::<Vec<_>>()).await;
    place.run(&["migrate"], "").await.expect(0);
    place
}

/// What the doctor says of `id`, by hop.
async fn examined(place: &Place, id: &str) -> Vec<(String, String, String)> {
    let said = place.run(&["doctor", "connector", id, "--json"], "").await;
    let document: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    assert!(!said.out.contains(SECRET) && !said.err.contains(SECRET), "{said:?}");
    let text = |check: &Value, name: &str| check[name].as_str().unwrap_or_default().to_owned();
    let checks = document["checks"].as_array().unwrap_or_else(|| panic!("{said:?}"));
    let fails = checks.iter().any(|check| check["result"] == "fails");
    assert_eq!((document["ok"] == json!(true), said.code), (!fails, i32::from(fails)), "{document}");
    let told = |check| format!("{} {}", text(check, "seen"), text(check, "remedy"));
    checks.iter().map(|check| (text(check, "check"), text(check, "result"), told(check))).collect()
}

/// The one hop that fails, and the words for it.
async fn failing(place: &Place, id: &str) -> (String, String) {
    let checks = examined(place, id).await;
    let mut failing = checks.iter().filter(|(_, result, _)| result == "fails");
    let (name, _, words) = failing.next().unwrap_or_else(|| panic!("all is well: {checks:?}"));
    assert!(failing.next().is_none(), "{checks:?}");
    (name.clone(), words.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_works_is_walked_to_its_token_endpoint() {
    let upstream = Upstream::start().await;
    let place = place(&upstream, &[]).await;
    let checks = examined(&place, "openid").await;
    let told: Vec<(&str, &str)> = checks.iter().map(|(name, result, _)| (name.as_str(), result.as_str())).collect();
    let hops = [
        ("callback", "ok"),
        ("form", "ok"),
        ("discovery", "ok"),
        // The fake bears no date.
        ("clock", "skipped"),
        ("issuer", "ok"),
        ("keys", "ok"),
        ("exchange", "ok"),
    ];
    assert_eq!(told, hops, "{checks:?}");
    assert!(checks[0].2.contains("http://localhost:3081/oauth/openid/callback"), "{checks:?}");
    let shown = upstream.asked("POST /token").pop().expect("asked");
    assert_eq!(shown.fields["redirect_uri"], "http://localhost:3081/oauth/openid/callback");
    let said = place.run(&["doctor", "connector", "nobody"], "").await.expect(1);
    assert!(said.err.contains("connector list"), "{said:?}");
    place.run(&["doctor", "connector"], "").await.expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hop_that_fails_is_named_with_what_would_mend_it() {
    let upstream = Upstream::start().await;
    let usual = place(&upstream, &[]).await;
    let refused = json!({"error": "invalid_client", "error_description": "No."});
    upstream.says_once("POST /token", 401, &refused);
    let (hop, words) = failing(&usual, "openid").await;
    assert!(hop == "exchange" && words.contains("No.") && words.contains("Compare"), "{hop} {words}");
    upstream.says_once("POST /token", 200, &json!({"error": "redirect_uri_mismatch"}));
    let (hop, words) = failing(&usual, "openid").await;
    assert!(hop == "exchange" && words.contains("Register the address"), "{hop} {words}");
    upstream.says_once("POST /token", 400, &json!({"error": "invalid_request", "error_description": "Odd\nwords"}));
    let checks = examined(&usual, "openid").await;
    assert_eq!(checks.last().map(|it| (it.0.as_str(), it.1.as_str())), Some(("exchange", "skipped")), "{checks:?}");
    let weak = json!({"keys": [{"kty": "oct", "k": "AAAA"}]});
    upstream.says_once("GET /jwks", 200, &weak);
    let (hop, words) = failing(&usual, "openid").await;
    assert!(hop == "keys" && words.contains("no key that may sign"), "{hop} {words}");
    let mut other = upstream.document();
    other["issuer"] = json!("https://other.example.com");
    upstream.says_once("GET /.well-known/openid-configuration", 200, &other);
    let (hop, words) = failing(&usual, "openid").await;
    assert!(hop == "issuer" && words.contains("another issuer's"), "{hop} {words}");
    upstream.says_once("GET /.well-known/openid-configuration", 404, &json!({}));
    let (hop, words) = failing(&usual, "openid").await;
    assert!(hop == "discovery" && words.contains("404") && words.contains("Correct the issuer"), "{hop} {words}");
    let head = "application/json\r\ndate: Thu, 01 Jan 2015 00:00:00 GMT";
    let document = upstream.document();
    upstream.says_text("GET /.well-known/openid-configuration", 200, head, &document.to_string());
    let (hop, words) = failing(&usual, "openid").await;
    assert!(hop == "clock" && words.contains("behind this one"), "{hop} {words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_may_not_be_called_is_told_from_one_that_is_away() {
    let upstream = Upstream::start().await;
    let closed = place(&upstream, &[("POSTERN_ALLOW_PRIVATE_ADDRESSES", "10.0.0.0/8")]).await;
    let (hop, words) = failing(&closed, "openid").await;
    assert!(hop == "discovery" && words.contains("POSTERN_ALLOW_PRIVATE_ADDRESSES"), "{hop} {words}");
    let away = place(&upstream, &[("OPENID_ISSUER", "http://127.0.0.1:1")]).await;
    let (hop, words) = failing(&away, "openid").await;
    assert!(hop == "discovery" && words.contains("this machine may call it"), "{hop} {words}");
    let plain =
        place(&upstream, &[("POSTERN_URL", "http://auth.example.com"), ("SESSION_COOKIE_SECURE", "false")]).await;
    let (hop, words) = failing(&plain, "openid").await;
    assert!(hop == "callback" && words.contains("http://auth.example.com/oauth/openid/callback"), "{hop} {words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_pasted_in_the_place_of_an_id_is_told() {
    let upstream = Upstream::start().await;
    let more = [
        ("GOOGLE_CLIENT_ID", "my-project-123"),
        ("GOOGLE_CLIENT_SECRET", "GOCSPX-hidden"),
        ("GITHUB_CLIENT_ID", "123456"),
        ("GITHUB_CLIENT_SECRET", "0123456789abcdef0123456789abcdef01234567"),
    ];
    let place = place(&upstream, &more).await;
    for (id, word) in [("google", "apps.googleusercontent.com"), ("github", "App ID")] {
        let checks = examined(&place, id).await;
        let form = checks.iter().find(|(name, ..)| name == "form").unwrap_or_else(|| panic!("{checks:?}"));
        assert!(form.1 == "fails" && form.2.contains(word), "{form:?}");
    }
}
