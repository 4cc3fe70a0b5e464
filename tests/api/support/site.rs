//! The verbs of people and of the chat backend, against any server.

use std::time::Duration;

use reqwest::header::COOKIE;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, CLIENT_SECRET};

/// A password that nothing stands against.
pub(crate) const PASSWORD: &str = "gravel tulip ferry nine";

/// A server, as its users see it.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// Where it answers, with the path of the issuer.
    pub(crate) base: String,
    pub(crate) http: Client,
    /// Who vouches for it where it speaks https.
    authority: Option<Certificate>,
}

/// What signing in gives.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub(crate) token: String,
    pub(crate) refresh_token: String,
    pub(crate) user: Value,
}

impl From<&Answer> for SignedIn {
    #[track_caller]
    fn from(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{answer:?}");
        let refresh_token = answer.cookie("refreshToken");
        Self { token: answer.text("token"), refresh_token, user: answer.json()["user"].clone() }
    }
}

impl Site {
    pub(crate) fn at(base: impl Into<String>) -> Self {
        Self::vouched_for(base.into(), None)
    }

    /// The same, asked by a new client that trusts this certificate in PEM and no other.
    pub(crate) fn trusting(&self, authority: &str) -> Self {
        let authority = Certificate::from_pem(authority.as_bytes()).expect("a certificate");
        Self::vouched_for(self.base.clone(), Some(authority))
    }

    fn vouched_for(base: String, authority: Option<Certificate>) -> Self {
        let http = builder(authority.clone()).timeout(Duration::from_secs(40)).build().expect("a client");
        Self { base, http, authority }
    }

    /// A client that trusts the site and follows no redirect, to be built.
    pub(crate) fn client(&self) -> ClientBuilder {
        builder(self.authority.clone())
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::of(request.send().await.expect("an answer")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Sends exactly this text, called JSON.
    pub(crate) async fn post_text(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/json").body(body);
        self.send(request).await
    }

    pub(crate) async fn register(&self, email: &str) -> Answer {
        self.post("/api/auth/register", &registration(email)).await
    }

    /// Makes an account and fails when that is refused.
    pub(crate) async fn sign_up(&self, email: &str) {
        self.register(email).await.expect(200);
    }

    pub(crate) async fn login(&self, email: &str, password: &str) -> Answer {
        self.post("/api/auth/login", &json!({"email": email, "password": password})).await
    }

    /// Signs in and fails when that is refused.
    pub(crate) async fn sign_in(&self, email: &str) -> SignedIn {
        SignedIn::from(&self.login(email, PASSWORD).await)
    }

    /// Makes an account and signs in.
    pub(crate) async fn newcomer(&self, email: &str) -> SignedIn {
        self.sign_up(email).await;
        self.sign_in(email).await
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Answer {
        let cookie = format!("refreshToken={refresh_token}");
        self.send(self.request(Method::POST, "/api/auth/refresh").header(COOKIE, cookie)).await
    }

    pub(crate) async fn logout(&self, token: &str) -> Answer {
        self.send(self.request(Method::POST, "/api/auth/logout").bearer_auth(token)).await
    }

    pub(crate) async fn user(&self, token: &str) -> Answer {
        self.send(self.request(Method::GET, "/api/user").bearer_auth(token)).await
    }

    /// Introspection by a declared client, whatever it answers.
    pub(crate) async fn introspect_as(&self, client: &str, token: &str) -> Answer {
        let form = [("token", token)];
        let request = self.request(Method::POST, "/oauth2/introspect").basic_auth(client, Some(CLIENT_SECRET));
        self.send(request.form(&form)).await
    }

    /// What the chat backend learns of a token.
    pub(crate) async fn introspect(&self, token: &str) -> Value {
        self.introspect_as("chat", token).await.expect(200).json()
    }

    /// Whether the chat backend would let this token pass.
    pub(crate) async fn is_active(&self, token: &str) -> bool {
        let answer = self.introspect_as("chat", token).await.expect(200);
        let active = answer.json()["active"].as_bool().expect("active");
        assert!(active || answer.body == r#"{"active":false}"#, "{answer:?}");
        active
    }
}

fn builder(authority: Option<Certificate>) -> ClientBuilder {
    Client::builder().redirect(Policy::none()).no_proxy().tls_certs_only(authority)
}

/// The body of a sign-up that nothing stands against.
pub(crate) fn registration(email: &str) -> Value {
    json!({"name": "Maren Olsen", "email": email, "password": PASSWORD, "confirm_password": PASSWORD})
}
