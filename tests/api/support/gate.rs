//! A server that lets people in through providers, and the providers.

use std::ops::Deref;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::upstream::{CLIENT_ID, SECRET, Upstream};
use super::{Answer, Browser, Kind, Settings, TestServer, kinds};

/// Both sides.
pub(crate) struct Gate {
    pub(crate) server: TestServer,
    pub(crate) upstream: Upstream,
    folder: TempDir,
}

impl Gate {
    /// One on SQLite.
    pub(crate) async fn open(settings: Settings<'_>) -> Self {
        Self::on(&Kind::Sqlite, settings).await
    }

    /// One on a fresh database of this kind; `settings` change the usual ones.
    pub(crate) async fn on(kind: &Kind, settings: Settings<'_>) -> Self {
        let (upstream, folder) = (Upstream::start().await, tempfile::tempdir().expect("a folder"));
        let given = Self::settings(&upstream, &folder, settings);
        let given: Vec<(&str, &str)> = given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let server = TestServer::on(kind, &given).await;
        Self { server, upstream, folder }
    }

    /// A second node over the same database.
    pub(crate) async fn another_node(&self, settings: Settings<'_>) -> TestServer {
        let given = Self::settings(&self.upstream, &self.folder, settings);
        let given: Vec<(&str, &str)> = given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.server.another_node(&given).await
    }

    /// A second node whose other connectors than the OpenID one are asked at `address`.
    pub(crate) async fn another_node_at(&self, address: &str) -> TestServer {
        let file = self.folder.path().join("elsewhere.toml");
        std::fs::write(&file, connectors_file(address)).expect("a file");
        self.another_node(&[("POSTERN_CONNECTORS_FILE", file.to_str().expect("UTF-8"))]).await
    }

    /// One whose connectors file holds `text` alone, ISSUER standing for the fake's.
    pub(crate) async fn with_file(text: &str) -> Self {
        let (upstream, folder) = (Upstream::start().await, tempfile::tempdir().expect("a folder"));
        let mut given = Self::settings(&upstream, &folder, &[]);
        let file = folder.path().join("own.toml");
        std::fs::write(&file, text.replace("ISSUER", &upstream.issuer)).expect("a file");
        given.push(("POSTERN_CONNECTORS_FILE".to_owned(), file.to_str().expect("UTF-8").to_owned()));
        let given: Vec<(&str, &str)> = given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let server = TestServer::on(&Kind::Sqlite, &given).await;
        Self { server, upstream, folder }
    }

    /// All that the database knows of sign-ins that are under way.
    pub(crate) async fn database_text(&self) -> String {
        use sea_orm::EntityTrait;
        let rows = entity::connector_flow::Entity::find().all(self.server.app.database.read()).await.expect("a read");
        let text = |row: &entity::connector_flow::Model| {
            let bytes = [row.id.as_bytes(), row.browser.as_bytes(), &row.sealed].concat();
            format!("{} {}", row.connector, String::from_utf8_lossy(&bytes))
        };
        assert!(!rows.is_empty(), "nothing is under way");
        rows.iter().map(text).collect::<Vec<_>>().join("\n")
    }

    fn settings(upstream: &Upstream, folder: &TempDir, more: Settings<'_>) -> Vec<(String, String)> {
        let file = folder.path().join("connectors.toml");
        let mut tables = vec![connectors_file(&upstream.issuer)];
        if more.iter().any(|(name, _)| *name == "APPLE_CLIENT_ID") {
            let method = "token_endpoint_auth_method = \"client_secret_post\"";
            tables.push(format!(
                "[[connector]]\nid = \"apple\"\nissuer = \"{}\"\ntrust_email = \"claimed\"\n{method}\n",
                upstream.issuer
            ));
        }
        std::fs::write(&file, tables.join("\n")).expect("a file");
        let mut given: Vec<(String, String)> = [
            ("ALLOW_SOCIAL_LOGIN", "true"),
            ("ALLOW_SOCIAL_REGISTRATION", "true"),
            ("POSTERN_ALLOW_PRIVATE_ADDRESSES", "127.0.0.0/8"),
            ("POSTERN_CONNECTORS_FILE", file.to_str().expect("UTF-8")),
            ("OPENID_ISSUER", upstream.issuer.as_str()),
            ("OPENID_CLIENT_ID", CLIENT_ID),
            ("OPENID_CLIENT_SECRET", SECRET),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        for name in ["GOOGLE", "GITHUB", "DISCORD", "FACEBOOK"] {
            given.push((format!("{name}_CLIENT_ID"), CLIENT_ID.to_owned()));
            given.push((format!("{name}_CLIENT_SECRET"), SECRET.to_owned()));
        }
        given.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        given
    }

    /// Where `browser` is sent by the button of `connector` on our own pages.
    pub(crate) async fn leaves(&self, browser: &Browser, connector: &str) -> String {
        let path = format!("/oauth/{connector}?return_to=%2Faccount%2Fsecurity");
        browser.open(&path).await.expect(303).header("location").to_owned()
    }

    /// Goes to `connector` and comes back as whoever `claims` say; what we answer then.
    pub(crate) async fn enters(&self, browser: &Browser, connector: &str, claims: &Value) -> Answer {
        let location = self.leaves(browser, connector).await;
        browser.open(&self.upstream.lets_in(&location, claims)).await
    }

    /// The same in a fresh browser, which has to be in then.
    pub(crate) async fn comes_in(&self, connector: &str, claims: &Value) -> Browser {
        let browser = Browser::at(&self.server);
        let answer = self.enters(&browser, connector, claims).await.expect(303);
        assert_eq!(answer.header("location"), "/account/security", "{answer:?}");
        browser
    }

    /// The person of the session in `browser`: id, address and whether it is verified, way in.
    pub(crate) async fn who(&self, email: &str) -> Option<Value> {
        let user = self.server.app.users.by_email(email).await.expect("a read")?;
        Some(json!({
            "id": user.id.to_string(), "email": user.email, "verified": user.email_verified, "name": user.name,
            "username": user.username, "provider": user.provider, "roles": user.roles.as_slice(),
            "password": user.password_hash.is_some(),
        }))
    }

    /// Both sides go away.
    pub(crate) async fn remove(self) {
        self.server.remove().await;
    }
}

impl Deref for Gate {
    type Target = TestServer;
    fn deref(&self) -> &TestServer {
        &self.server
    }
}

/// Runs `test` on each kind of database, one after the other.
pub(crate) async fn each_gate(settings: Settings<'_>, test: impl AsyncFn(&Gate)) {
    for kind in kinds() {
        let gate = Gate::on(&kind, settings).await;
        test(&gate).await;
        gate.remove().await;
    }
}

/// Says why nobody came in: the code on the way back to the sign-in page, and what that page reads.
#[track_caller]
pub(crate) fn refused(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{answer:?}");
    let location = answer.header("location");
    let code = location.strip_prefix("/login?failed=").unwrap_or_else(|| panic!("not refused: {location}"));
    code.split('&').next().unwrap_or_default().to_owned()
}

/// GitHub and the others at addresses of the fake.
fn connectors_file(at: &str) -> String {
    // The fake plays the provider itself, whose word counts as there.
    let known = |id: &str, issuer: &str, trust: &str| {
        format!(
            "[[connector]]\nid = \"{id}\"\nissuer = \"{issuer}\"\nauthorization_url = \"{at}/{id}/auth\"\n\
             token_url = \"{at}/{id}/token\"\napi_url = \"{at}/{id}/api\"\ntrust_email = \"{trust}\"\n"
        )
    };
    let google = format!("[[connector]]\nid = \"google\"\nissuer = \"{at}\"\ntrust_email = \"claimed\"\n");
    let github = known("github", "https://github.com/login/oauth", "claimed");
    let discord = known("discord", "https://discord.com", "claimed");
    let facebook = known("facebook", "https://www.facebook.com", "never");
    let staff = format!(
        "[[connector]]\nid = \"staff\"\nkind = \"openid\"\nissuer = \"{at}/\"\nclient_id = \"{CLIENT_ID}\"\n\
         client_secret = \"{SECRET}\"\nlabel = \"Continue with Fernwood ID\"\ntrust_email = \"never\"\n\
         registration = false\ntoken_endpoint_auth_method = \"client_secret_post\"\n"
    );
    [google, github, discord, facebook, staff].join("\n")
}
