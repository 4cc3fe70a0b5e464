//! Clients that register themselves (RFC 7591): who may, what they get, and how people meet them.

use reqwest::Method;
use serde_json::{Value, json};

use super::consent::decide;
use crate::support::self_made::{OPEN, REGISTER, TOKEN, metadata};
use crate::support::{Browser, Place, SelfMade, TestServer, Tokens, each};

const ADA: &str = "ada@fernwood.example";
const OFFLINE: &str = "openid profile email offline_access";

async fn kinds(server: &TestServer) -> Vec<String> {
    use entity::audit_event::{Column, Entity};
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    let rows = Entity::find().filter(Column::Kind.starts_with("client.")).all(server.app.database.read()).await;
    let mut kinds: Vec<String> = rows.expect("the audit").into_iter().map(|row| row.kind).collect();
    kinds.sort();
    kinds
}

#[tokio::test]
async fn sec_065_registration_is_off_unless_somebody_wants_it() {
    let server = TestServer::start(&[]).await;
    let token = server.initial_token(1).await;
    for (method, path) in [
        (Method::POST, REGISTER.to_owned()),
        (Method::GET, REGISTER.to_owned()),
        (Method::GET, format!("{REGISTER}/chat")),
        (Method::PUT, format!("{REGISTER}/chat")),
        (Method::DELETE, format!("{REGISTER}/chat")),
    ] {
        let request = server.request(method, &path).bearer_auth(&token).json(&metadata(&[]));
        server.send(request).await.expect(404);
    }
    for document in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        assert!(server.get(document).await.json().get("registration_endpoint").is_none());
    }
    server.stop().await;
    for settings in [TOKEN, OPEN] {
        let server = TestServer::start(settings).await;
        let found = server.get("/.well-known/openid-configuration").await.text("registration_endpoint");
        assert_eq!(found, "http://localhost:3081/oauth2/register");
        server.stop().await;
    }
}

#[tokio::test]
async fn sec_065_a_client_registers_asks_gets_tokens_and_goes() {
    each(TOKEN, async |server| {
        server.sign_up(ADA).await;
        let token = server.initial_token(1).await;
        let answer = server.register_client(Some(&token), &metadata(&[("scope", json!(OFFLINE))])).await;
        let notes = SelfMade::of(server, &answer);
        let body = answer.json();
        assert_eq!(
            (&body["client_secret_expires_at"], &body["client_id_issued_at"]),
            (&json!(0), &json!(1_800_000_000))
        );
        assert_eq!(
            (&body["grant_types"], &body["response_types"], &body["application_type"], &body["scope"]),
            (&json!(["authorization_code", "refresh_token"]), &json!(["code"]), &json!("web"), &json!(OFFLINE))
        );
        let uri = format!("http://localhost:3081{REGISTER}/{}", notes.app.id);
        assert_eq!(body["registration_client_uri"], uri);

        let browser = Browser::signed_in(server, ADA).await;
        let asked = notes.app.request(&[("scope", OFFLINE)]);
        let silent = notes.app.request(&[("scope", OFFLINE), ("prompt", "none")]);
        assert_eq!(notes.app.answered(&notes.app.follow(&browser, &silent).await)["error"], "consent_required");
        let page = notes.app.follow(&browser, &asked).await.expect(200).body;
        for text in ["Harvest &lt;b&gt;Notes&lt;", "notes.example", "knows this app", ADA] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(!page.contains("<b>Notes"), "{page}");
        let allowed = notes.app.answered(&decide(&notes.app, &browser, &asked, "allow").await);
        let tokens = Tokens::from(&notes.exchange(&allowed["code"]).await);
        assert_eq!(notes.app.userinfo(&tokens.access).await.expect(200).json()["email"], ADA);
        // Whoever agreed once is asked again all the same.
        assert_eq!(notes.app.answered(&notes.app.follow(&browser, &silent).await)["error"], "consent_required");
        assert!(notes.app.follow(&browser, &asked).await.expect(200).body.contains("use your account?"));
        let claims = notes.app.verified(tokens.id.as_deref().expect("an ID token")).await;
        assert_eq!(claims["aud"], notes.app.id);
        let page = browser.open("/account/apps").await.expect(200).body;
        assert!(page.contains("Harvest &lt;b&gt;Notes&lt;") && page.contains("notes.example"), "{page}");

        assert!(server.is_active(&tokens.access).await);
        let gone = notes.manage(Method::DELETE, None).await.expect(204);
        assert_eq!(gone.body, "");
        assert!(!server.is_active(&tokens.access).await);
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh.as_deref().expect("one"))];
        assert_eq!(notes.call("/oauth2/token", &refresh).await.expect(401).text("error"), "invalid_client");
        notes.app.userinfo(&tokens.access).await.expect(401);
        browser.open(&asked).await.expect(400);
        assert!(!browser.open("/account/apps").await.expect(200).body.contains("Notes"));
        assert_eq!(notes.manage(Method::GET, None).await.expect(401).text("error"), "invalid_token");
        assert_eq!(kinds(server).await, ["client.registered", "client.registration_token_made", "client.removed"]);
    })
    .await;
}

#[tokio::test]
async fn sec_065_a_token_is_asked_for_and_opens_once() {
    each(TOKEN, async |server| {
        let none = server.register_client(None, &metadata(&[])).await.expect(401);
        assert_eq!(none.header("www-authenticate"), "Bearer realm=\"postern\"");
        let session = server.newcomer(ADA).await.token;
        let token = server.initial_token(1).await;
        let altered = format!("{}{}", &token[..token.len() - 2], if token.ends_with("AA") { "QQ" } else { "AA" });
        for wrong in ["x", session.as_str(), "pst_ia_", altered.as_str()] {
            let answer = server.register_client(Some(wrong), &metadata(&[])).await.expect(401);
            assert_eq!(answer.text("error"), "invalid_token", "{wrong}");
            assert!(answer.header("www-authenticate").contains("invalid_token"), "{answer:?}");
        }
        // What is refused over its words costs no use.
        let answer = server.register_client(Some(&token), &metadata(&[("redirect_uris", json!([]))])).await.expect(400);
        assert_eq!(answer.text("error"), "invalid_redirect_uri");
        server.register_client(Some(&token), &metadata(&[])).await.expect(201);
        server.register_client(Some(&token), &metadata(&[])).await.expect(401);
        let late = server.initial_token(5).await;
        server.pass(std::time::Duration::from_secs(86_400));
        server.register_client(Some(&late), &metadata(&[])).await.expect(401);
        postern::jobs::run_due(&server.app).await;
        use sea_orm::EntityTrait;
        let left = entity::initial_access_token::Entity::find().all(server.app.database.read()).await.expect("rows");
        assert!(left.is_empty(), "{left:?}");
        // Who registered with a token stays, used or not.
        assert_eq!(server.app.clients.list().await.expect("a list").iter().filter(|it| it.is_unvouched()).count(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_065_of_twenty_at_once_with_one_token_one_registers() {
    for kind in crate::support::kinds() {
        let server = TestServer::on(&kind, TOKEN).await;
        let (one, three) = (server.initial_token(1).await, server.initial_token(3).await);
        for (token, uses) in [(one, 1), (three, 3)] {
            let tries: Vec<_> = (0..20)
                .map(|_| {
                    let (site, token) = (server.site.clone(), token.clone());
                    tokio::spawn(async move { site.register_client(Some(&token), &metadata(&[])).await.status })
                })
                .collect();
            let mut made = 0;
            for one in tries {
                let status = one.await.expect("an answer");
                assert!(status == 201 || status == 401, "{status}");
                made += usize::from(status == 201);
            }
            assert_eq!(made, uses);
        }
        assert_eq!(server.app.clients.list().await.expect("a list").iter().filter(|it| it.is_unvouched()).count(), 4);
        server.remove().await;
    }
}

#[tokio::test]
async fn sec_065_sec_141_nobody_grants_themselves_what_only_an_operator_grants() {
    each(OPEN, async |server| {
        server.sign_up(ADA).await;
        let wishes = [
            ("trusted", json!(true)),
            ("introspect", json!("all")),
            ("require_pkce", json!(false)),
            ("requires_verified_email", json!(true)),
            ("access_token", json!("opaque")),
            ("resources", json!(["https://api.example/"])),
            ("client_id", json!("chat")),
            ("client_secret", json!("of my own choice, and longer than 32 letters")),
            ("registration_access_token", json!("pst_ra_mine")),
            ("declared_in", json!("file")),
            ("scope", json!("openid introspect roles groups admin moderation reports")),
        ];
        let answer = server.register_client(None, &metadata(&wishes)).await.expect(201);
        let notes = SelfMade::of(server, &answer);
        let body = answer.json();
        for (name, _) in wishes.iter().take(6) {
            assert!(body.get(name).is_none(), "{name}: {body}");
        }
        assert!(notes.app.id.starts_with("app_") && body["scope"] == "openid", "{body}");
        assert!(notes.token != "pst_ra_mine" && !notes.secret.as_deref().expect("a secret").contains("choice"));
        let id = entity::ClientId::new(notes.app.id);
        let client = server.app.clients.find(&id).await.expect("a read").expect("the client");
        assert!(client.require_pkce && !client.trusted && client.introspect.is_none() && client.resources.is_empty());

        let asked = notes.app.request(&[("scope", "openid roles groups")]);
        let browser = Browser::signed_in(server, ADA).await;
        let page = notes.app.follow(&browser, &asked).await.expect(200).body;
        assert!(page.contains("use your account?") && !page.contains("roles"), "{page}");
        let plain = notes.app.request(&[("code_challenge", ""), ("code_challenge_method", "")]);
        assert_eq!(notes.app.answered(&notes.app.follow(&browser, &plain).await)["error"], "invalid_request");
        let inquiry = notes.call("/oauth2/introspect", &[("token", "x")]).await.expect(401);
        assert_eq!(inquiry.text("error"), "invalid_client");
    })
    .await;
}

#[tokio::test]
async fn who_comes_unasked_gets_less_than_who_was_asked() {
    let server = TestServer::start(OPEN).await;
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let token = server.initial_token(10).await;
    for grant in ["client_credentials", device] {
        let wish = metadata(&[("grant_types", json!(["authorization_code", grant]))]);
        let refused = server.register_client(None, &wish).await.expect(400);
        assert_eq!(refused.text("error"), "invalid_client_metadata");
        assert!(refused.text("error_description").starts_with("grant_types: "), "{refused:?}");
        let given = server.register_client(Some(&token), &wish).await.expect(201).json();
        assert_eq!(given["grant_types"], wish["grant_types"]);
    }
    // A wrong token is refused although none is needed.
    server.register_client(Some("pst_ia_wrong"), &metadata(&[])).await.expect(401);
    server.stop().await;
}

#[tokio::test]
async fn every_way_of_proof_can_be_registered() {
    let server = TestServer::start(OPEN).await;
    let key = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]});
    let ways: [(&str, &[(&str, Value)]); 5] = [
        ("client_secret_basic", &[]),
        ("client_secret_post", &[]),
        ("none", &[("redirect_uris", json!(["com.example.notes:/cb", "http://127.0.0.1/cb"]))]),
        ("private_key_jwt", &[("jwks", key)]),
        ("private_key_jwt", &[("jwks_uri", json!("https://notes.example/keys"))]),
    ];
    for (way, more) in ways {
        let more: Vec<_> = more.iter().cloned().chain([("token_endpoint_auth_method", json!(way))]).collect();
        let made = server.register_client(None, &metadata(&more)).await.expect(201).json();
        assert_eq!(made["token_endpoint_auth_method"], way);
        let has_secret = way.starts_with("client_secret");
        for name in ["client_secret", "client_secret_expires_at"] {
            assert_eq!(made.get(name).is_some(), has_secret, "{way}: {made}");
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_065_a_token_by_command_opens_at_the_running_server_and_commands_know_who_came() {
    for kind in crate::support::kinds() {
        let place = Place::on(&kind, TOKEN).await;
        let program = place.serve().await;
        let document = async |words: &[&str]| -> Value {
            let said = place.run(&[words, &["--json"]].concat(), "").await.expect(0);
            serde_json::from_str(&said.out).expect("one JSON document")
        };
        let made = document(&["client", "registration-token", "--for", "10m"]).await;
        assert_eq!(
            (&made["uses"], &made["registration_endpoint"]),
            (&json!(1), &json!("http://localhost:3081/oauth2/register"))
        );
        let token = made["initial_access_token"].as_str().expect("a token");
        let notes = SelfMade::of(&program, &program.register_client(Some(token), &metadata(&[])).await);

        let shown = document(&["client", "show", notes.app.id]).await;
        assert_eq!((&shown["declared_in"], &shown["expires_at"]), (&json!("registration"), &Value::Null));
        let listed = place.run(&["client", "list"], "").await.expect(0).out;
        let row = listed.lines().find(|line| line.starts_with(notes.app.id)).expect("a row");
        assert!(row.ends_with("registration"), "{listed}");
        let dump = place.dump().await;
        for secret in [token, &notes.token, notes.secret.as_deref().expect("a secret")] {
            assert!(!dump.windows(43).any(|part| part == &secret.as_bytes()[7..]), "the database holds {secret}");
        }
        place.run(&["client", "remove", notes.app.id, "--yes"], "").await.expect(0);
        notes.manage(Method::GET, None).await.expect(401);
        drop(program);
        place.remove().await;
    }
}
