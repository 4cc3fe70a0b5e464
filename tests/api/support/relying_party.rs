//! Apps that let people in through us: what a client's library does, by hand, so that each step can
//! be bent.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use reqwest::Method;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::device::DEVICE_GRANT;
use super::{Answer, Browser, CLIENT_SECRET, PASSWORD, Site};

/// A verifier and its challenge (RFC 7636, appendix B).
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The apps that are declared: one of the operator's own, one that has to ask, one without a secret,
/// one for confirmed addresses, one with opaque tokens, one that may go without PKCE, one machine,
/// two on devices without a keyboard.
pub(super) fn apps_file() -> String {
    let app = |id: &str, more: &str| {
        format!(
            "[[client]]\nclient_id = \"{id}\"\nclient_name = \"{id} & co\"\nredirect_uris = [\"https://{id}.example/cb\", \
             \"https://{id}.example/other\"]\npost_logout_redirect_uris = [\"https://{id}.example/bye\"]\n{more}\n"
        )
    };
    let secret = format!("client_secret = \"{CLIENT_SECRET}\"\n");
    let public = "token_endpoint_auth_method = \"none\"\n";
    [
        app(
            "app",
            &format!("{secret}trusted = true\nresources = [\"https://api.example/\", \"https://files.example/\"]\n"),
        ),
        app(
            "guest",
            &format!(
                "{secret}resources = [\"https://api.example/\", \"https://files.example/\"]\n\
                 client_uri = \"http://guest.example\"\npolicy_uri = \"https://legal.guest.example/privacy\"\n\
                 tos_uri = \"https://guest.example/terms\"\n"
            ),
        ),
        app("spa", public),
        app("strict", &format!("{secret}trusted = true\nrequires_verified_email = true\n")),
        app("opaque", &format!("{secret}trusted = true\naccess_token = \"opaque\"\nintrospect = \"own\"\n")),
        app("lax", &format!("{secret}trusted = true\nrequire_pkce = false\n")),
        app("curve", &format!("{secret}trusted = true\nid_token_signed_response_alg = \"ES256\"\n")),
        app(
            "edwards",
            &format!("{secret}trusted = true\nid_token_signed_response_alg = \"EdDSA\"\ndefault_max_age = 60\n"),
        ),
        app("poster_app", &format!("{secret}trusted = true\ntoken_endpoint_auth_method = \"client_secret_post\"\n")),
        app("pushy", &format!("{secret}trusted = true\nrequire_pushed_authorization_requests = true\n")),
        format!(
            "[[client]]\nclient_id = \"native\"\n{public}trusted = true\n\
             redirect_uris = [\"http://127.0.0.1/cb\", \"com.example.app:/cb\"]\n"
        ),
        format!(
            "[[client]]\nclient_id = \"machine\"\n{secret}grant_types = [\"client_credentials\"]\nscope = \"reports\"\n"
        ),
        device_client("tv", &format!("{public}client_uri = \"https://tv.example/\"\n")),
        device_client(
            "deck",
            &format!(
                "{secret}trusted = true\nrequires_verified_email = true\nresources = [\"https://api.example/\"]\n"
            ),
        ),
    ]
    .join("\n")
}

fn device_client(id: &str, more: &str) -> String {
    format!(
        "[[client]]\nclient_id = \"{id}\"\nclient_name = \"{id} & co\"\n{more}\
         grant_types = [\"{DEVICE_GRANT}\", \"refresh_token\"]\n"
    )
}

/// An app, and the server that it trusts.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) site: Site,
    pub(crate) id: &'static str,
    pub(crate) redirect_uri: String,
}

/// What an app gets for a code.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    pub(crate) id: Option<String>,
}

impl From<&Answer> for Tokens {
    #[track_caller]
    fn from(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = answer.json();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(answer.header("cache-control"), "no-store");
        Self { access: text("access_token").expect("a token"), refresh: text("refresh_token"), id: text("id_token") }
    }
}

impl App {
    /// The declared app `id` at `site`.
    pub(crate) fn at(site: &Site, id: &'static str) -> Self {
        let redirect_uri =
            if id == "native" { "com.example.app:/cb".into() } else { format!("https://{id}.example/cb") };
        Self { site: site.clone(), id, redirect_uri }
    }

    /// The path of an authorization request; `changes` replace parameters, or take one away.
    pub(crate) fn request(&self, changes: &[(&str, &str)]) -> String {
        let mut asked: BTreeMap<&str, &str> = [
            ("response_type", "code"),
            ("client_id", self.id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", "openid profile email"),
            ("state", "a state & more"),
            ("nonce", "a nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]
        .into();
        asked.extend(changes.iter().copied());
        asked.retain(|_, value| !value.is_empty());
        format!("/oauth2/authorize?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish())
    }

    /// Follows our own redirects from `path` until a page, or an answer to the app.
    pub(crate) async fn follow(&self, browser: &Browser, path: &str) -> Answer {
        let mut answer = browser.open(path).await;
        for _ in 0..8 {
            match self.own_path(answer.header("location")) {
                Some(next) => answer = browser.open(&next).await,
                None => break,
            }
        }
        answer
    }

    /// A path of the server, without the issuer's own.
    fn own_path(&self, location: &str) -> Option<String> {
        let base = Url::parse(&self.site.base).expect("a URL");
        location.strip_prefix(base.path().trim_end_matches('/')).filter(|path| path.starts_with('/')).map(str::to_owned)
    }

    /// Opens `path` in `browser`, signs the owner of `email` in where that is asked, and answers
    /// what comes back to the app.
    pub(crate) async fn enter(&self, browser: &Browser, email: &str, path: &str) -> Answer {
        let page = self.follow(browser, path).await;
        if page.status != 200 || !page.body.contains("name=\"password\"") {
            return page;
        }
        let form = browser.form(&page).await;
        let return_to = form.iter().find(|(name, _)| name == "return_to").map(|(_, value)| value.clone());
        let csrf = form.iter().find(|(name, _)| name == "csrf").map(|(_, value)| value.clone());
        let (return_to, csrf) = (return_to.expect("where to go"), csrf.expect("a token"));
        let fields =
            [("email", email), ("password", PASSWORD), ("return_to", return_to.as_str()), ("csrf", csrf.as_str())];
        let signed_in = browser.post("/login", &fields, None).await.expect(303);
        let next = self.own_path(signed_in.header("location")).expect("back to the request");
        self.follow(browser, &next).await
    }

    /// The parameters that came back to the app, which must be its redirect address.
    #[track_caller]
    pub(crate) fn answered(&self, answer: &Answer) -> BTreeMap<String, String> {
        assert_eq!(answer.status, 303, "{answer:?}");
        let location = answer.header("location");
        assert!(location.starts_with(&self.redirect_uri), "{location}");
        let query = location.split_once(['?', '#']).map_or("", |(_, query)| query);
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    /// The code of a sign-in by `email` in `browser`.
    pub(crate) async fn code(&self, browser: &Browser, email: &str, changes: &[(&str, &str)]) -> String {
        let answer = self.enter(browser, email, &self.request(changes)).await;
        let fields = self.answered(&answer);
        fields.get("code").unwrap_or_else(|| panic!("no code: {fields:?}")).clone()
    }

    /// A request to the token endpoint as this client.
    pub(crate) async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        self.call("/oauth2/token", fields).await
    }

    /// A form to `path` as this client.
    pub(crate) async fn call(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.site.request(Method::POST, path);
        let is_public = matches!(self.id, "spa" | "native" | "tv" | "passing") || self.id.starts_with("https://");
        let mut fields = fields.to_vec();
        let request = if is_public {
            fields.push(("client_id", self.id));
            request
        } else {
            request.basic_auth(self.id, Some(CLIENT_SECRET))
        };
        self.site.send(request.form(&fields)).await
    }

    /// The token endpoint's answer to `code`.
    pub(crate) async fn exchange(&self, code: &str) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        self.token(&fields).await
    }

    /// The token endpoint's answer to a refresh token.
    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// The tokens of a sign-in by `email` in a fresh browser.
    pub(crate) async fn sign_in(&self, email: &str, changes: &[(&str, &str)]) -> (Browser, Tokens) {
        let browser = Browser::at(&self.site);
        let code = self.code(&browser, email, changes).await;
        let tokens = Tokens::from(&self.exchange(&code).await);
        (browser, tokens)
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        self.site.send(self.site.request(Method::GET, "/oauth2/userinfo").bearer_auth(token)).await
    }

    /// The claims of an ID token, checked by another library against the published keys.
    pub(crate) async fn verified(&self, token: &str) -> Value {
        let keys: JwkSet = serde_json::from_str(&self.site.get("/oauth2/jwks").await.expect(200).body).expect("a set");
        let header = decode_header(token).expect("a header");
        let key = keys.find(header.kid.as_deref().expect("a kid")).expect("it is published");
        let mut rules = Validation::new(header.alg);
        rules.set_audience(&[self.id]);
        // Clocks of tests stand where they are put, and not every kind of token ends.
        rules.validate_exp = false;
        rules.set_required_spec_claims(&["iss", "aud"]);
        assert!(matches!(header.alg, Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA));
        decode::<Value>(token, &DecodingKey::from_jwk(key).expect("a key"), &rules).expect("a genuine token").claims
    }
}

/// The payload of a JWT, unchecked.
pub(crate) fn payload(token: &str) -> Value {
    let part = token.split('.').nth(1).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

impl Browser {
    /// The fields of the form on `page`.
    pub(crate) async fn form(&self, page: &Answer) -> Vec<(String, String)> {
        let inputs = page.body.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
        let part = |text: &str, name: &str| {
            let start = format!(" {name}=\"");
            let (_, rest) = text.split_once(&start)?;
            Some(rest.split('"').next()?.replace("&amp;", "&").replace("&#x2f;", "/").replace("&#x27;", "'"))
        };
        inputs.filter_map(|it| Some((part(it, "name")?, part(it, "value").unwrap_or_default()))).collect()
    }
}
