//! The apps that people sign in to, alike at every server: what they say for tokens, and what must
//! come back.

use serde_json::Value;

use crate::Result;
use crate::http::{Answer, post};
use crate::place::{FORM, base64};

/// Where Postern gives tokens out.
pub const POSTERN: &str = "/oauth2/token";
/// Where npm oidc-provider does.
pub const NPM: &str = "/token";
/// Where a sign-in ends.
pub const REDIRECT: &str = "https://app.example.com/callback";
/// The example of RFC 7636, appendix B.
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Of every client that is declared here, and of all clients of the peer.
pub const SECRET: &str = "a-secret-of-a-client-in-this-benchmark";

/// An app.
#[derive(Clone, Copy, Debug)]
pub struct Party {
    /// Its id.
    pub id: &'static str,
    /// What signs its ID tokens.
    pub algorithm: &'static str,
    /// Whether its access tokens are signed as well, by ES256.
    pub is_signed: bool,
}

/// ID tokens as most apps expect them.
pub const APP: Party = Party { id: "app", algorithm: "RS256", is_signed: true };
/// The quicker signature for both.
pub const APP_ES256: Party = Party { id: "app-es256", algorithm: "ES256", is_signed: true };
/// Access tokens that only their server can read.
pub const APP_OPAQUE: Party = Party { id: "app-opaque", algorithm: "RS256", is_signed: false };

/// What an app was given.
#[derive(Debug)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
}

impl Party {
    /// The request that exchanges `code` at `path`.
    #[must_use]
    pub fn exchange(&self, path: &str, code: &str) -> Vec<u8> {
        let redirect = REDIRECT.replace(':', "%3A").replace('/', "%2F");
        self.ask(
            path,
            &format!("grant_type=authorization_code&code={code}&redirect_uri={redirect}&code_verifier={VERIFIER}"),
        )
    }

    /// The request that refreshes by `token` at `path`.
    #[must_use]
    pub fn refresh(&self, path: &str, token: &str) -> Vec<u8> {
        self.ask(path, &format!("grant_type=refresh_token&refresh_token={token}"))
    }

    fn ask(&self, path: &str, form: &str) -> Vec<u8> {
        post(path, &format!("authorization: Basic {}\r\n", base64(&format!("{}:{SECRET}", self.id))), FORM, form)
    }

    /// The tokens of `answer`, each in the form that this app wants.
    ///
    /// # Errors
    /// When it is anything else.
    pub fn tokens(&self, answer: &Answer<'_>) -> Result<Tokens> {
        let wrong = || format!("{}: {}", answer.status, answer.text());
        let body: Value = serde_json::from_slice(answer.body).map_err(|_| wrong())?;
        let text = |name: &str| body[name].as_str().map(str::to_owned).ok_or_else(wrong);
        let (access, refresh) = (text("access_token")?, text("refresh_token")?);
        let is_right = answer.status == 200
            && is_jwt(&text("id_token")?, self.algorithm)
            && is_jwt(&access, "ES256") == self.is_signed
            && text("token_type")? == "Bearer";
        if is_right { Ok(Tokens { access, refresh }) } else { Err(wrong().into()) }
    }
}

/// Whether `text` has the form of a JWT with a signature as long as `algorithm` makes them.
fn is_jwt(text: &str, algorithm: &str) -> bool {
    let length = if algorithm == "RS256" { 342 } else { 86 };
    let mut parts = text.split('.');
    let is_whole = parts.next().is_some_and(|header| header.starts_with("eyJ")) && parts.next().is_some();
    is_whole && parts.next().is_some_and(|signature| signature.len() == length) && parts.next().is_none()
}

/// The clients file of Postern that declares them.
#[must_use]
pub fn declared() -> String {
    let declare = |party: Party| {
        let Party { id, algorithm, is_signed } = party;
        let access = if is_signed { "jwt" } else { "opaque" };
        format!(
            "[[client]]\nclient_id = \"{id}\"\nclient_secret = \"{SECRET}\"\nredirect_uris = [\"{REDIRECT}\"]\n\
             id_token_signed_response_alg = \"{algorithm}\"\naccess_token = \"{access}\"\n"
        )
    };
    [APP, APP_ES256, APP_OPAQUE].map(declare).concat()
}
