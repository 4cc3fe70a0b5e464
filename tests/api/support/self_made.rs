//! Clients that register themselves, by hand.

use std::time::Duration;

use postern::services::audit::Actor;
use reqwest::Method;
use serde_json::{Value, json};

use super::relying_party::VERIFIER;
use super::{Answer, App, Site, TestServer};

pub(crate) const REGISTER: &str = "/oauth2/register";
pub(crate) const TOKEN: &[(&str, &str)] = &[("POSTERN_DYNAMIC_REGISTRATION", "token")];
pub(crate) const OPEN: &[(&str, &str)] = &[("POSTERN_DYNAMIC_REGISTRATION", "open")];

/// A client that has registered itself.
#[derive(Clone, Debug)]
pub(crate) struct SelfMade {
    pub(crate) app: App,
    pub(crate) secret: Option<String>,
    /// What it looks after its registration with.
    pub(crate) token: String,
}

/// What such a client says of itself; `changes` replace members, or take one away.
pub(crate) fn metadata(changes: &[(&str, Value)]) -> Value {
    let mut document = json!({
        "client_name": "Harvest <b>Notes</b>",
        "redirect_uris": ["https://notes.example/cb"],
        "token_endpoint_auth_method": "client_secret_basic",
    });
    for (name, value) in changes {
        document[*name] = value.clone();
    }
    document
}

impl TestServer {
    /// A token for so many registrations within a day.
    pub(crate) async fn initial_token(&self, uses: i32) -> String {
        let made = self.app.registration.initial.make(uses, Duration::from_secs(86_400), Actor::Command).await;
        made.expect("a token").0.expose().to_owned()
    }
}

impl Site {
    /// Asks to be registered.
    pub(crate) async fn register_client(&self, token: Option<&str>, document: &Value) -> Answer {
        let request = self.request(Method::POST, REGISTER).json(document);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        self.send(request).await
    }

    /// Does something about the registration of `id`.
    pub(crate) async fn manage(&self, method: Method, id: &str, token: &str, document: Option<&Value>) -> Answer {
        let request = self.request(method, &format!("{REGISTER}/{id}")).bearer_auth(token);
        let request = match document {
            Some(document) => request.json(document),
            None => request,
        };
        self.send(request).await
    }
}

impl SelfMade {
    /// The client that `answer` has registered.
    #[track_caller]
    pub(crate) fn of(site: &Site, answer: &Answer) -> Self {
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        let body = answer.json();
        let redirect_uri = body["redirect_uris"][0].as_str().unwrap_or_default().to_owned();
        // A name for the length of a test.
        let app = App { site: site.clone(), id: answer.text("client_id").leak(), redirect_uri };
        let secret = body["client_secret"].as_str().map(str::to_owned);
        Self { app, secret, token: answer.text("registration_access_token") }
    }

    /// One that nobody asked to come.
    pub(crate) async fn unasked(site: &Site, changes: &[(&str, Value)]) -> Self {
        Self::of(site, &site.register_client(None, &metadata(changes)).await)
    }

    /// A form to `path` as this client.
    pub(crate) async fn call(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let (request, mut fields) = (self.app.site.request(Method::POST, path), fields.to_vec());
        let request = match &self.secret {
            Some(secret) => request.basic_auth(self.app.id, Some(secret)),
            None => {
                fields.push(("client_id", self.app.id));
                request
            }
        };
        self.app.site.send(request.form(&fields)).await
    }

    /// The token endpoint's answer to `code`.
    pub(crate) async fn exchange(&self, code: &str) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.app.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        self.call("/oauth2/token", &fields).await
    }

    /// Does something about its registration.
    pub(crate) async fn manage(&self, method: Method, document: Option<&Value>) -> Answer {
        self.app.site.manage(method, self.app.id, &self.token, document).await
    }
}
