//! The relying party and the person that the certification plans play.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::relying_party::payload;
use crate::support::{Answer, App, Browser, TestServer, Tokens};

pub(super) const ADA: &str = "ada@fernwood.example";

/// How answers travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Query,
    FormPost,
}

/// One run of a rule: a server with one person, a client, and a browser in which nobody is signed in.
pub(super) struct Player {
    pub(super) server: TestServer,
    pub(super) app: App,
    pub(super) browser: Browser,
    mode: Mode,
}

impl Player {
    pub(super) async fn new(mode: Mode) -> Self {
        let server = TestServer::start(&[]).await;
        server.sign_up(ADA).await;
        let (app, browser) = (App::at(&server, "app"), Browser::at(&server));
        Self { server, app, browser, mode }
    }

    /// The path of a request with these changes.
    pub(super) fn request(&self, changes: &[(&str, &str)]) -> String {
        let mode: &[(&str, &str)] = match self.mode {
            Mode::Query => &[],
            Mode::FormPost => &[("response_mode", "form_post")],
        };
        self.app.request(&[mode, changes].concat())
    }

    /// What comes back to the client once the person has done what is asked of them.
    pub(super) async fn authorize(&self, changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        let answer = self.app.enter(&self.browser, ADA, &self.request(changes)).await;
        self.fields(&answer).await
    }

    /// What comes back without a person: nothing may be asked.
    pub(super) async fn silently(&self, changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        let answer = self.app.follow(&self.browser, &self.request(changes)).await;
        self.fields(&answer).await
    }

    /// The parameters of an answer to the client, in the mode of the plan.
    pub(super) async fn fields(&self, answer: &Answer) -> BTreeMap<String, String> {
        match self.mode {
            Mode::Query => self.app.answered(answer),
            Mode::FormPost => {
                assert_eq!(answer.status, 200, "{answer:?}");
                assert!(answer.body.contains("action=\"https:&#x2f;&#x2f;app.example&#x2f;cb\""), "{answer:?}");
                assert!(answer.body.contains("method=\"post\""));
                self.browser.form(answer).await.into_iter().collect()
            }
        }
    }

    /// The tokens of a sign-in.
    pub(super) async fn tokens(&self, changes: &[(&str, &str)]) -> Tokens {
        let fields = self.authorize(changes).await;
        assert_eq!(fields["state"], "a state & more");
        assert_eq!(fields["iss"], self.server.app.config.web.issuer());
        Tokens::from(&self.app.exchange(&fields["code"]).await)
    }

    /// The claims of the ID token of a sign-in.
    pub(super) async fn id_token(&self, changes: &[(&str, &str)]) -> Value {
        payload(self.tokens(changes).await.id.as_deref().expect("an ID token"))
    }

    /// What userinfo says after a sign-in with this scope.
    pub(super) async fn userinfo(&self, scope: &str) -> Value {
        let tokens = self.tokens(&[("scope", scope)]).await;
        self.app.userinfo(&tokens.access).await.expect(200).json()
    }
}
