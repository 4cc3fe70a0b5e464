//! Tokens of clients that are wrong in one point each, most of them signed by the server's own key.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use postern::services::clients::SigningAlgorithm;
use serde_json::{Value, json};

use crate::support::jws::{Key, OwnKey, message};
use crate::support::relying_party::payload;
use crate::support::{App, Browser, TestServer};

const ADA: &str = "ada@fernwood.example";

/// Texts, each with what is wrong about it.
type Forged = Vec<(String, String)>;

/// A server, an app on it, and what the app was given for Ada.
struct Scene {
    server: TestServer,
    app: App,
    browser: Browser,
    access: Value,
    id: Value,
}

impl Scene {
    async fn set() -> Self {
        let server = TestServer::start(&[]).await;
        let app = App::at(&server, "app");
        server.sign_up(ADA).await;
        let (browser, tokens) = app.sign_in(ADA, &[]).await;
        let (access, id) = (payload(&tokens.access), payload(tokens.id.as_ref().expect("an ID token")));
        Self { server, app, browser, access, id }
    }

    /// Each text opens nothing, and is refused as one that never was a token.
    async fn are_no_access_tokens(&self, forged: &Forged) {
        let nonsense = self.app.userinfo("nonsense").await;
        for (what, token) in forged {
            let answer = self.server.introspect_as("chat", token).await.expect(200);
            assert_eq!(answer.body, r#"{"active":false}"#, "{what}: {token:.80}");
            let answer = self.app.userinfo(token).await;
            assert_eq!(answer.comparable(), nonsense.comparable(), "{what}: {token:.80}");
        }
    }

    /// What the app hears that hints at its person by `token` and wants nothing shown.
    async fn hint(&self, token: &str) -> String {
        let path = self.app.request(&[("prompt", "none"), ("id_token_hint", token)]);
        let fields = self.app.answered(&self.app.follow(&self.browser, &path).await);
        fields.get("error").cloned().unwrap_or_else(|| "none".to_owned())
    }

    async fn are_no_hints(&self, forged: &Forged) {
        for (what, token) in forged {
            assert_eq!(self.hint(token).await, "invalid_request", "{what}: {token:.80}");
        }
    }
}

/// `claims` with each of `names` missing, and of each type that no claim of ours has.
fn bent(claims: &Value, texts: &[&str], times: &[&str]) -> Vec<(String, Value)> {
    let odd_texts = [json!(1), json!(["app"]), json!({"a": 1}), json!(true)];
    let odd_times = [
        json!("1800000900"),
        json!(1_800_000_900.5),
        json!(1_800_000_900.0),
        json!(-1),
        json!(9_223_372_036_854_775_808_u64),
        json!(1e300),
    ];
    let mut all = Vec::new();
    for name in texts.iter().chain(times) {
        let mut missing = claims.clone();
        missing.as_object_mut().expect("an object").remove(*name);
        all.push((format!("without {name}"), missing));
        let odd = if times.contains(name) { odd_times.as_slice() } else { &odd_texts };
        for value in odd.iter().chain([&Value::Null]) {
            let mut changed = claims.clone();
            changed[*name] = value.clone();
            all.push((format!("{name} is {value}"), changed));
        }
    }
    all
}

fn with(claims: &Value, name: &str, value: Value) -> (String, Value) {
    let mut changed = claims.clone();
    let what = format!("{name} is {value}");
    changed[name] = value;
    (what, changed)
}

#[tokio::test]
async fn sec_076_sec_077_a_genuine_signature_makes_no_wrong_claim_right() {
    let scene = Scene::set().await;
    let Scene { server, access, id, .. } = &scene;
    let key = OwnKey::of(server, SigningAlgorithm::Es256).await;
    assert!(server.is_active(&key.token("at+jwt", access)).await, "nothing is wrong but what is changed");
    let issuer = server.app.config.web.issuer();
    let mut wrong = bent(access, &["iss", "sub", "aud", "jti", "client_id", "scope", "grant_id"], &["exp", "iat"]);
    // These may lack, or be a list.
    wrong.retain(|(what, _)| !matches!(what.as_str(), "without scope" | r#"aud is ["app"]"#));
    wrong.extend([
        with(access, "iss", json!(format!("{issuer}/"))),
        with(access, "iss", json!("https://elsewhere.example")),
        with(access, "aud", json!([issuer, 1])),
        with(access, "client_id", json!("lax")),
        with(access, "grant_id", json!("7f8a1c1e-2f54-4f0e-8f16-0d5f3a3d9b11")),
        with(access, "grant_id", json!("' OR 1=1 --")),
        with(access, "exp", json!(1)),
        with(access, "iat", json!(i64::MAX)),
        with(access, "nbf", json!("1800000000")),
        with(access, "nbf", json!(1_800_000_000.5)),
        with(access, "nbf", json!(-1)),
        with(access, "nbf", json!(1_900_000_000)),
    ]);
    let tokens = wrong.iter().map(|(what, claims)| (what.clone(), key.token("at+jwt", claims))).collect();
    scene.are_no_access_tokens(&tokens).await;

    let key = OwnKey::of(server, SigningAlgorithm::Rs256).await;
    assert_eq!(scene.hint(&key.token("JWT", id)).await, "none");
    let mut wrong = bent(id, &["iss", "sub", "aud"], &["exp", "iat"]);
    wrong.extend([
        with(id, "iss", json!(format!("{issuer}/"))),
        with(id, "aud", json!("lax")),
        with(id, "aud", json!(["app", "lax"])),
        with(id, "azp", json!("lax")),
        with(id, "iat", json!(i64::MAX)),
    ]);
    let hints = wrong.iter().map(|(what, claims)| (what.clone(), key.token("JWT", claims))).collect();
    scene.are_no_hints(&hints).await;
    let (_, nobodys) = with(id, "sub", json!("0123456789abcdef01234567"));
    assert_eq!(scene.hint(&key.token("JWT", &nobodys)).await, "login_required");
    server.pass(Duration::from_secs(2 * 3600));
    assert_eq!(scene.hint(&key.token("JWT", id)).await, "none", "SEC-091: it is genuine, however old");
}

#[tokio::test]
async fn sec_075_the_kind_of_a_token_keeps_it_where_it_belongs() {
    let scene = Scene::set().await;
    let Scene { server, access, id, .. } = &scene;
    let (curve, rsa) =
        (OwnKey::of(server, SigningAlgorithm::Es256).await, OwnKey::of(server, SigningAlgorithm::Rs256).await);
    let kinds =
        ["JWT", "at+jwt", "logout+jwt", "token-introspection+jwt", "userinfo+jwt", "AT+JWT", "application/at+jwt", ""];
    let mut tokens = Forged::new();
    let mut hints = Forged::new();
    for kind in kinds {
        for key in [&curve, &rsa] {
            if kind != "at+jwt" {
                tokens.push((format!("an access token called {kind:?}"), key.token(kind, access)));
            }
            if kind != "JWT" {
                hints.push((format!("an ID token called {kind:?}"), key.token(kind, id)));
            }
            tokens.push((format!("an ID token called {kind:?}"), key.token(kind, id)));
            hints.push((format!("an access token called {kind:?}"), key.token(kind, access)));
        }
    }
    let mut untyped = curve.header("at+jwt");
    untyped.as_object_mut().expect("an object").remove("typ");
    tokens.push(("without a kind".into(), curve.key.sign(&untyped, access.to_string().as_bytes())));
    scene.are_no_access_tokens(&tokens).await;
    scene.are_no_hints(&hints).await;
}

/// `claims` under every header that is none of ours, and under signatures that nobody made.
async fn odd_headers(server: &TestServer, own: &OwnKey, typ: &str, claims: &Value) -> Forged {
    let claims = claims.to_string();
    let signed = |header: &Value| own.key.sign(header, claims.as_bytes());
    let long = "A".repeat(10 * 1024);
    let mut forged = Forged::new();
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/chain")),
        ("jwk", Key::ec().jwk(&own.kid)),
        ("x5c", json!(["MIIB"])),
        ("kid", json!("../../../../dev/null")),
        ("kid", json!("' OR 1=1 --")),
        ("kid", json!(format!("{}\0", own.kid))),
        ("kid", json!("A".repeat(43))),
        ("kid", json!(long)),
        ("kid", json!(null)),
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("alg", json!("PS256")),
        ("alg", json!("EdDSA")),
    ] {
        let mut header = own.header(typ);
        header[name] = value;
        forged.push((format!("header {:.60}", header.to_string()), signed(&header)));
    }
    for alg in ["none", "None", "NONE", "nOnE"] {
        let header = json!({"typ": typ, "alg": alg, "kid": own.kid}).to_string();
        forged.push((format!("alg {alg}"), format!("{}.", message(&header, claims.as_bytes()))));
    }
    let set = server.get("/oauth2/jwks").await.expect(200).body;
    for secret in [set.as_str(), &own.key.jwk(&own.kid).to_string(), own.kid.as_str(), ""] {
        let message = message(&json!({"typ": typ, "alg": "HS256", "kid": own.kid}).to_string(), claims.as_bytes());
        let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes());
        forged.push(("HS256 by the public key".into(), format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac))));
    }
    forged.push(("another key".into(), Key::ec().sign(&own.header(typ), claims.as_bytes())));
    let genuine = signed(&own.header(typ));
    let (unsigned, signature) = genuine.rsplit_once('.').expect("a signature");
    forged.push(("no signature".into(), format!("{unsigned}.")));
    forged.push(("two parts".into(), unsigned.to_owned()));
    forged.push(("half a signature".into(), format!("{unsigned}.{}", &signature[..signature.len() / 2])));
    forged.push(("five parts".into(), format!("{genuine}.{signature}.{signature}")));
    forged
}

/// Payloads that have two readings, or none.
fn odd_payloads(own: &OwnKey, typ: &str, claims: &Value) -> Forged {
    let text = claims.to_string();
    let body = text.trim_end_matches('}');
    let nested = format!("{}1{}", "[".repeat(1000), "]".repeat(1000));
    let sign = |what: &str, payload: &[u8]| (what.to_owned(), own.key.sign(&own.header(typ), payload));
    vec![
        sign("a claim twice", format!("{body},\"sub\":\"0123456789abcdef01234567\"}}").as_bytes()),
        sign("a claim twice, the same", format!("{body},\"iss\":{}}}", claims["iss"]).as_bytes()),
        sign("nested deep", format!("{body},\"a\":{nested}}}").as_bytes()),
        sign("no UTF-8", &[body.as_bytes(), b",\"a\":\"\xff\xfe\"}"].concat()),
        sign("something behind", format!("{text}{text}").as_bytes()),
        sign("a list", format!("[{text}]").as_bytes()),
        sign("nothing", b""),
        sign("large", format!("{body},\"a\":\"{}\"}}", "b".repeat(13_000)).as_bytes()),
    ]
}

#[tokio::test]
async fn sec_073_sec_074_sec_078_nothing_but_the_header_and_payload_of_ours_is_read() {
    let scene = Scene::set().await;
    let Scene { server, access, id, .. } = &scene;
    let own = OwnKey::of(server, SigningAlgorithm::Es256).await;
    let mut tokens = odd_headers(server, &own, "at+jwt", access).await;
    tokens.extend(odd_payloads(&own, "at+jwt", access));
    scene.are_no_access_tokens(&tokens).await;
    // An address holds less than a form does.
    let mut hints = odd_headers(server, &own, "JWT", id).await;
    hints.extend(odd_payloads(&own, "JWT", id));
    hints.retain(|(_, token)| token.len() < 12_000);
    scene.are_no_hints(&hints).await;
}

#[tokio::test]
async fn sec_078_a_megabyte_is_turned_away_at_the_door() {
    let scene = Scene::set().await;
    let Scene { server, app, .. } = &scene;
    let huge = format!("{}.{}.x", URL_SAFE_NO_PAD.encode("{}"), "A".repeat(1 << 20));
    assert_eq!(server.introspect_as("chat", &huge).await.status, 413);
    let path = app.request(&[("id_token_hint", &"A".repeat(20_000))]);
    assert_eq!(server.get(&path).await.status, 414);
    assert!(matches!(app.userinfo(&"A".repeat(40_000)).await.status, 401 | 431));
    assert!(server.is_active(&server.newcomer("bob@fernwood.example").await.token).await, "and it goes on");
}
