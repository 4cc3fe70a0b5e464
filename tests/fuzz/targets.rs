//! What strangers may send, thrown at the code that reads it first (SEC-159): nothing panics, and
//! what was accepted is what it claims to be.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use bolero::check;
use poem_openapi::Object;
use postern::app::App;
use postern::clock::Clock;
use postern::config::Config;
use postern::env::{Env, arithmetic, parse_dotenv};
use postern::error::ErrorKind;
use postern::random::Random;
use postern::services::audit::Actor;
use postern::services::caller::Caller;
use postern::services::clients::{AuthMethod, GrantType, Jwks, Metadata, RedirectUri, client_id, read_document};
use postern::services::grants::UserCode;
use postern::services::keys::SigningAlgorithm;
use postern::services::registration::{Policy, read_metadata};
use postern::services::users::email::Email;
use postern::services::users::username::Username;
use postern::web::form::pairs;
use postern::web::json;
use postern::web::return_to::ReturnTo;
use postern::web::settings::{Looks, Settings};
use url::{Url, form_urlencoded};

/// The longest address that mail systems carry, in bytes (RFC 5321 section 4.5.3.1.3).
const LONGEST_EMAIL: usize = 254;

#[test]
fn sec_159_email() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(email) = Email::parse(&String::from_utf8_lossy(bytes)) else { return };
        let canonical = email.canonical();
        assert!(canonical.len() <= LONGEST_EMAIL && canonical.matches('@').count() == 1, "{canonical}");
        assert!(!canonical.contains(|it: char| it.is_control() || it.is_whitespace()), "{canonical:?}");
        assert!(canonical.ends_with(&format!("@{}", email.domain())), "{canonical}");
        let again = Email::parse(canonical).expect("a canonical address is an address");
        assert_eq!(again.canonical(), canonical);
    });
}

#[test]
fn sec_159_username() {
    check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let Ok(name) = Username::parse(&text) else { return };
        assert!((2..=80).contains(&name.as_str().len()));
        assert!(name.as_str().bytes().all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-')));
        assert_eq!(Username::parse(name.as_str()).expect("it reads back").as_str(), name.as_str());
    });
}

#[test]
fn sec_159_return_address() {
    let settings = settings("https://chat.example.com/auth");
    check!().for_each(|bytes: &[u8]| {
        let Some(target) = ReturnTo::parse(&String::from_utf8_lossy(bytes), &settings) else { return };
        let url = settings.url.join(target.as_str()).expect("it joins to our address");
        assert_eq!(url.origin(), settings.url.origin(), "{target:?}");
        assert!(url.path() == "/auth" || url.path().starts_with("/auth/"), "{target:?}");
        assert!(target.as_str().bytes().all(|byte| byte.is_ascii_graphic()), "{target:?} fits a header");
    });
}

#[test]
fn sec_159_redirect_uri() {
    check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let Ok(uri) = text.parse::<RedirectUri>() else { return };
        assert_eq!(uri.as_str(), text, "it is kept byte for byte");
        let url = Url::parse(&text).expect("what is taken is a URL");
        let is_plain = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        assert!(is_plain && !text.contains('*') && text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
        let host = url.host_str().unwrap_or_default();
        match url.scheme() {
            "https" => assert!(text[8..].to_ascii_lowercase().starts_with(host) && !host.is_empty(), "{text}"),
            "http" => assert!(host == "localhost" || host == "[::1]" || host.starts_with("127."), "{text}"),
            scheme => assert!(scheme.contains('.'), "{text}"),
        }
    });
}

#[test]
fn sec_159_user_code() {
    check!().for_each(|bytes: &[u8]| {
        let Some(code) = UserCode::parse(&String::from_utf8_lossy(bytes)) else { return };
        let shown = code.to_string();
        assert!(shown.len() == 9 && shown.bytes().all(|it| it.is_ascii_uppercase() || it == b'-'), "{shown}");
        assert_eq!(UserCode::parse(&shown).expect("it reads back"), code);
    });
}

#[test]
fn sec_159_form() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(read) = pairs::parse(bytes) else { return };
        let written = form_urlencoded::Serializer::new(String::new()).extend_pairs(&read).finish();
        assert_eq!(pairs::parse(written.as_bytes()).expect("it reads back"), read);
    });
}

/// A body as an endpoint declares one.
#[derive(Debug, Object)]
struct Body {
    email: String,
    password: Option<String>,
    #[oai(default)]
    remember: bool,
    count: Option<u32>,
}

#[test]
fn sec_159_json() {
    check!().for_each(|bytes: &[u8]| {
        if let Ok(body) = json::parse::<Body>(bytes) {
            assert!(std::str::from_utf8(bytes).is_ok(), "{body:?}");
        }
    });
}

#[test]
fn sec_159_settings_file() {
    check!().for_each(|bytes: &[u8]| {
        for assignment in parse_dotenv(&String::from_utf8_lossy(bytes)) {
            assert!(assignment.line > 0 && !assignment.name.is_empty());
            if let Ok(value) = arithmetic::evaluate(&assignment.value) {
                assert!(value <= 1 << 53, "{value}");
            }
        }
    });
}

/// The key of the session tokens below.
const KEY: &str = "a-key-for-session-tokens-of-this-test";

/// A token as it comes, and the same bytes as the payload of one that is signed with our own key.
#[test]
fn sec_159_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let app = runtime.block_on(app(folder.path()));
    let (runtime, app) = (AssertUnwindSafe(runtime), AssertUnwindSafe(app));
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes());
    check!().for_each(|bytes: &[u8]| {
        let signed = format!("{}.{}", BASE64.encode(br#"{"typ":"JWT","alg":"HS256"}"#), BASE64.encode(bytes));
        let mac = hmac::sign(&key, signed.as_bytes());
        let genuine = format!("{signed}.{}", BASE64.encode(mac));
        for token in [String::from_utf8_lossy(bytes).as_ref(), &genuine] {
            runtime.block_on(async {
                assert!(app.keys.verify(token, "at+jwt").await.expect("an answer").is_none());
                assert!(app.tokens.inspect(token).await.expect("an answer").is_none());
                assert!(app.tokens.session_of_expired(token).await.expect("an answer").is_none());
                assert!(app.tokens.session_of_refresh_token(token).await.expect("an answer").is_none());
            });
        }
    });
}

/// Header, payload and signature of a token that one of our keys might have signed, but for one of them.
#[test]
fn sec_159_signed_token() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let app = runtime.block_on(app(folder.path()));
    let claims = BTreeMap::from([("sub", "ada")]);
    let sign = app.keys.sign(SigningAlgorithm::Es256, "at+jwt", &claims);
    let genuine = runtime.block_on(sign).expect("signed");
    let parts: Vec<String> = genuine.split('.').map(str::to_owned).collect();
    let (runtime, app) = (AssertUnwindSafe(runtime), AssertUnwindSafe(app));
    check!().for_each(|bytes: &[u8]| {
        for place in 0..parts.len() {
            let mut odd = parts.clone();
            odd[place] = BASE64.encode(bytes);
            if odd != parts {
                let read = runtime.block_on(app.keys.verify(&odd.join("."), "at+jwt"));
                assert!(read.expect("an answer").is_none());
            }
        }
    });
}

/// An assertion as it comes, and the same bytes as payload and as header of one that the client signs.
#[test]
fn sec_159_client_assertion() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let app = runtime.block_on(app(folder.path()));
    let pair = Ed25519KeyPair::generate().expect("a key");
    let x = BASE64.encode(pair.public_key());
    let set = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}]}}"#);
    let jwks = Some(Jwks::new(set.parse().expect("JSON")).expect("a set"));
    let metadata = Metadata { token_endpoint_auth_method: AuthMethod::PrivateKeyJwt, jwks, ..Metadata::default() };
    let id = client_id("signer").expect("an id");
    runtime.block_on(app.clients.add(id, metadata, Actor::Command)).expect("added");
    let sign = |header: &[u8], payload: &[u8]| {
        let message = format!("{}.{}", BASE64.encode(header), BASE64.encode(payload));
        let signature = pair.sign(message.as_bytes());
        format!("{message}.{}", BASE64.encode(signature))
    };
    let address = std::net::Ipv4Addr::LOCALHOST.into();
    let caller = Caller { address, user_agent: String::new(), request_id: String::new() };
    let (runtime, app, sign) = (AssertUnwindSafe(runtime), AssertUnwindSafe(app), AssertUnwindSafe(sign));
    check!().for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let by_header = sign(bytes, br#"{"iss":"signer","sub":"signer"}"#);
        for assertion in [text.as_ref(), &sign(br#"{"alg":"EdDSA"}"#, bytes), &by_header] {
            let proven = app.clients.authenticate_assertion("", assertion, &["https://auth.example.com"], &caller);
            let refused = runtime.block_on(proven).expect_err("nothing here is good in every way");
            assert_eq!(refused.kind, ErrorKind::InvalidClient);
        }
    });
}

/// What an app says of itself, each text whole and as the value of a member of a good document.
#[test]
fn sec_159_client_document() {
    const ID: &str = "https://app.example/client.json";
    const MEMBERS: [&str; 6] = ["client_name", "redirect_uris", "grant_types", "scope", "jwks", "trusted"];
    let id = client_id(ID).expect("an id");
    let start = format!(r#"{{"client_id":"{ID}","redirect_uris":["https://app.example/cb"]"#);
    check!().for_each(|bytes: &[u8]| {
        let member = |name| [start.as_bytes(), b",\"", name, b"\":", bytes, b"}"].concat();
        let documents = MEMBERS.map(|name| member(name.as_bytes()));
        for document in documents.iter().map(Vec::as_slice).chain([bytes]) {
            let Ok(client) = read_document(&id, document, &[]) else { continue };
            assert!(client.require_pkce && !client.trusted && client.introspect.is_none() && !client.has_secret());
            assert!(!client.redirect_uris.is_empty() && client.resources.is_empty());
            assert!(!client.may_ask_for("introspect") && !client.may_ask_for("roles"));
        }
    });
}

/// What a client says of itself: what is taken of it reads back as itself, and grants nothing.
#[test]
fn sec_159_client_metadata() {
    check!().for_each(|bytes: &[u8]| {
        let Ok(document) = json::object::<Body>(bytes) else { return };
        let policy = Policy { grants: GrantType::ALL, networks: &[] };
        let Ok(metadata) = read_metadata(&document, &policy) else { return };
        assert!(!metadata.trusted && metadata.require_pkce && metadata.introspect.is_none());
        let serde_json::Value::Object(again) = serde_json::to_value(&metadata).expect("JSON") else {
            unreachable!("metadata is an object")
        };
        assert_eq!(read_metadata(&again, &policy).expect("it reads back"), metadata);
    });
}

/// An application with an empty database, and its signing keys.
async fn app(folder: &std::path::Path) -> App {
    let file = format!("POSTERN_DATABASE_URL=sqlite://{}\nJWT_SECRET={KEY}\n", folder.join("postern.db").display());
    let env = Env::new([], Some((&folder.join(".env"), &file)));
    let (config, _) = Config::load(env, &Random::system()).expect("good settings");
    let app = App::build(config, Clock::system(), Random::system()).await.expect("an application");
    app.database.migrate().await.expect("a schema");
    app.keys.maintain().await.expect("signing keys");
    app
}

fn settings(url: &str) -> Settings {
    let url = Url::parse(url).expect("an address");
    Settings {
        domain_server: url.clone(),
        url,
        listen: Vec::new(),
        metrics_listen: None,
        trusted_proxies: Vec::new(),
        secure_cookies: true,
        max_body: 64 * 1024,
        request_timeout: std::time::Duration::from_secs(30),
        shutdown_grace: std::time::Duration::from_secs(30),
        domain_client: None,
        looks: Looks {
            title: "Postern".into(),
            logo: None,
            logo_dark: None,
            accent: None,
            help_url: None,
            privacy_url: None,
            terms_url: None,
            support_email: None,
            templates: None,
        },
    }
}
