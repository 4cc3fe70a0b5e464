//! Sign in with Apple: its answer is a form that another site's page posts, its secret a JWT.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tempfile::TempDir;
use url::form_urlencoded;

use crate::support::gate::{Gate, refused};
use crate::support::relying_party::payload;
use crate::support::upstream::{CLIENT_ID, Upstream, asked_with};
use crate::support::{Answer, Browser, Settings};

/// What Apple says of somebody without a name: strings in the place of booleans, and no name.
fn ada(more: &Value) -> Value {
    let mut claims = json!({"sub": "000123.a1b2c3d4e5f60718293a4b5c6d7e8f90.0456", "email_verified": "true",
                            "name": null, "preferred_username": null, "nonce_supported": true});
    for (name, value) in more.as_object().expect("an object") {
        claims[name] = value.clone();
    }
    claims
}

struct Apple {
    gate: Gate,
    pair: EcdsaKeyPair,
    /// Where its key stands.
    file: String,
    _folder: TempDir,
}

impl Apple {
    async fn open() -> Self {
        Self::open_with(&[]).await
    }

    /// The same with `more` settings.
    async fn open_with(more: Settings<'_>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let key = STANDARD.encode(pair.to_pkcs8v1().expect("PKCS #8"));
        let file = folder.path().join("AuthKey.p8");
        std::fs::write(&file, format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n"))
            .expect("a file");
        let file = file.to_str().expect("UTF-8").to_owned();
        let gate = Gate::open(&[&settings(&file), more].concat()).await;
        Self { gate, pair, file, _folder: folder }
    }

    /// The path and the fields of the form that Apple has `browser` post for whoever `claims` say.
    async fn answer(&self, browser: &Browser, claims: &Value, user: Option<&str>) -> (String, Vec<(String, String)>) {
        let location = self.gate.leaves(browser, "apple").await;
        assert_eq!(asked_with(&location, "response_mode"), "form_post", "{location}");
        assert_eq!(asked_with(&location, "scope"), "name email", "{location}");
        let back = self.gate.upstream.lets_in(&location, claims);
        let (path, query) = back.split_once('?').expect("a query");
        let mut fields: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        fields.extend(user.map(|user| ("user".to_owned(), user.to_owned())));
        (path.to_owned(), fields)
    }

    /// Posts the form from elsewhere, that is without cookies, and then what our page makes of it.
    async fn posts(&self, browser: &Browser, path: &str, fields: &[(String, String)]) -> Answer {
        let from_elsewhere = Browser::at(&self.gate.server);
        let page = from_elsewhere.post(path, &borrowed(fields), None).await.expect(200);
        assert!(page.body.contains("name=\"once_more\"") && page.cookie_lines().is_empty(), "{page:?}");
        assert!(page.body.contains("data-send"), "it goes on by itself: {page:?}");
        let mut again = borrowed(fields);
        again.push(("once_more", "yes"));
        browser.post(path, &again, None).await
    }
}

fn settings(key: &str) -> [(&str, &str); 4] {
    [
        ("APPLE_CLIENT_ID", CLIENT_ID),
        ("APPLE_TEAM_ID", "DEF123GHIJ"),
        ("APPLE_KEY_ID", "ABC123DEFG"),
        ("APPLE_PRIVATE_KEY_PATH", key),
    ]
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_is_sent_once_more_by_a_page_of_ours() {
    let apple = Apple::open().await;
    let browser = Browser::at(&apple.gate.server);
    let user = r#"{"name": {"firstName": "Ada", "lastName": "<b>\u202eExample"}, "email": "admin@example.com"}"#;
    let (path, fields) = apple.answer(&browser, &ada(&json!({})), Some(user)).await;
    let answer = apple.posts(&browser, &path, &fields).await.expect(303);
    assert_eq!(answer.header("location"), "/account/security");
    let who = apple.gate.who("ada@example.com").await.expect("an account");
    assert_eq!((&who["verified"], &who["provider"]), (&json!(true), &json!("apple")), "{who}");
    assert_eq!(who["name"], "Ada <b>Example", "what shows nothing is out");
    assert!(apple.gate.who("admin@example.com").await.is_none(), "nobody vouches for what stands beside the code");
    // Later on nothing stands beside it, and the name is kept.
    let (path, fields) = apple.answer(&Browser::at(&apple.gate.server), &ada(&json!({})), None).await;
    apple.gate.server.get(&path).await.expect(400);
    let stranger = Browser::at(&apple.gate.server);
    apple.posts(&stranger, &path, &fields).await.expect(400);
    let (path, fields) = apple.answer(&stranger, &ada(&json!({})), Some("{\"name\":")).await;
    assert_eq!(apple.posts(&stranger, &path, &fields).await.expect(303).header("location"), "/account/security");
    assert_eq!(apple.gate.who("ada@example.com").await.expect("an account")["name"], "Ada <b>Example");
    apple.gate.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_secret_is_made_for_each_exchange_and_proves_the_team() {
    let apple = Apple::open().await;
    let browser = Browser::at(&apple.gate.server);
    let (path, fields) = apple.answer(&browser, &ada(&json!({})), None).await;
    apple.posts(&browser, &path, &fields).await.expect(303);
    let asked = apple.gate.upstream.asked("POST /token");
    let secret = &asked[0].fields["client_secret"];
    let claims = payload(secret);
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!("DEF123GHIJ"), &json!(CLIENT_ID)), "{claims}");
    assert_eq!(claims["aud"], apple.gate.upstream.issuer, "{claims}");
    let (message, signature) = secret.rsplit_once('.').expect("a JWT");
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, apple.pair.public_key().as_ref());
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    assert!(key.verify(message.as_bytes(), &signature).is_ok(), "{secret}");
    apple.gate.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_at_apple_or_has_no_address_is_told_so() {
    let apple = Apple::open().await;
    let browser = Browser::at(&apple.gate.server);
    let (path, mut fields) = apple.answer(&browser, &ada(&json!({})), None).await;
    fields.retain(|(name, _)| name != "code");
    fields.push(("error".to_owned(), "user_cancelled_authorize".to_owned()));
    assert_eq!(refused(&apple.posts(&browser, &path, &fields).await), "access_denied");
    let managed = ada(&json!({"email": null, "email_verified": null}));
    let (path, fields) = apple.answer(&browser, &managed, None).await;
    assert_eq!(refused(&apple.posts(&browser, &path, &fields).await), "email_missing");
    // A relay address is one that the person proves, and no other account's.
    let relay = json!({"email": "x9k2m7q4tz@privaterelay.appleid.example", "is_private_email": "true"});
    let (path, fields) = apple.answer(&browser, &ada(&relay), None).await;
    apple.posts(&browser, &path, &fields).await.expect(303);
    let who = apple.gate.who("x9k2m7q4tz@privaterelay.appleid.example").await.expect("an account");
    assert_eq!(who["verified"], true, "{who}");
    apple.gate.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_connector_takes_an_answer_by_form() {
    let apple = Apple::open().await;
    let browser = Browser::at(&apple.gate.server);
    for connector in ["openid", "github"] {
        let answer = browser.post(&format!("/oauth/{connector}/callback"), &[("code", "1")], None).await.expect(405);
        assert!(answer.header("allow").contains("GET"), "{answer:?}");
    }
    apple.gate.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_101_what_the_key_signs_goes_to_no_other_issuer() {
    let apple = Apple::open().await;
    let browser = Browser::at(&apple.gate.server);
    let (path, fields) = apple.answer(&browser, &ada(&json!({})), None).await;
    apple.posts(&browser, &path, &fields).await.expect(303);
    let other = Upstream::start().await;
    let table = format!("[[connector]]\nid = \"apple\"\nissuer = \"{}\"\n", other.issuer);
    let node = apple.gate.another_node_with(&table, &settings(&apple.file)).await;
    let answer = Browser::at(&node).open("/oauth/apple?return_to=%2Faccount").await;
    assert_eq!(refused(&answer), "provider_failed");
    assert!(other.asked("GET /.well-known/openid-configuration").is_empty(), "nobody is sent there");
    node.stop().await;
    apple.gate.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn below_a_path_the_form_comes_back_there() {
    let apple = Apple::open_with(&[("POSTERN_URL", "http://localhost:3081/auth")]).await;
    let browser = Browser::at(&apple.gate.server);
    let (path, fields) = apple.answer(&browser, &ada(&json!({})), None).await;
    let path = path.strip_prefix("/auth").expect("below the path").to_owned();
    let page = Browser::at(&apple.gate.server).post(&path, &borrowed(&fields), None).await.expect(200).body;
    let page = page.replace("&#x2f;", "/");
    assert!(page.contains("action=\"http://localhost:3081/auth/oauth/apple/callback\""), "{page}");
    let answer = apple.posts(&browser, &path, &fields).await.expect(303);
    assert_eq!(answer.header("location"), "/auth/account");
    apple.gate.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_says_itself_that_it_comes_once_more_spends_nothing() {
    let apple = Apple::open().await;
    let browser = Browser::at(&apple.gate.server);
    let (path, fields) = apple.answer(&browser, &ada(&json!({})), None).await;
    let mut again = borrowed(&fields);
    again.push(("once_more", "yes"));
    // From elsewhere, and so without cookies.
    Browser::at(&apple.gate.server).post(&path, &again, None).await.expect(400);
    again.push(("once_more", "yes"));
    browser.post(&path, &again, None).await.expect(400);
    apple.posts(&browser, &path, &fields).await.expect(303);
    apple.gate.remove().await;
}
