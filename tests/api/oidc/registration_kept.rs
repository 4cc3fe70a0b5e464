//! Clients that look after their registration (RFC 7592).

use reqwest::Method;
use serde_json::{Value, json};

use super::consent::decide;
use crate::support::self_made::{OPEN, metadata};
use crate::support::{Answer, Browser, SelfMade, TestServer, Tokens, each};

pub(super) const ADA: &str = "ada@fernwood.example";

/// The metadata of a change of `client`.
pub(super) fn change(client: &SelfMade, changes: &[(&str, Value)]) -> Value {
    let changes: Vec<_> = changes.iter().cloned().chain([("client_id", json!(client.app.id))]).collect();
    metadata(&changes)
}

pub(super) async fn knows(server: &TestServer, client: &SelfMade) -> bool {
    server.app.clients.find(&entity::ClientId::new(client.app.id)).await.expect("a read").is_some()
}

/// Lets `client` in by a person who agrees; answers its tokens.
pub(super) async fn let_in(browser: &Browser, client: &SelfMade) -> Tokens {
    let asked = client.app.request(&[("scope", "openid profile")]);
    let allowed = client.app.answered(&decide(&client.app, browser, &asked, "allow").await);
    Tokens::from(&client.exchange(&allowed["code"]).await)
}

#[tokio::test]
async fn a_registration_is_read_and_replaced_by_its_client() {
    each(OPEN, async |server| {
        let answer = server.register_client(None, &metadata(&[("contacts", json!(["ops@notes.example"]))])).await;
        let notes = SelfMade::of(server, &answer);
        let mut told = answer.json();
        for name in ["client_secret", "client_secret_expires_at"] {
            told.as_object_mut().expect("an object").remove(name);
        }
        assert_eq!(notes.manage(Method::GET, None).await.expect(200).json(), told);

        let other = [("redirect_uris", json!(["https://notes.example/new"])), ("client_name", Value::Null)];
        let answer = notes.manage(Method::PUT, Some(&change(&notes, &other))).await.expect(200).json();
        for gone in ["client_name", "contacts", "client_secret"] {
            assert!(answer.get(gone).is_none(), "{answer}");
        }
        assert_eq!(answer["redirect_uris"], json!(["https://notes.example/new"]));
        assert_eq!(notes.manage(Method::GET, None).await.expect(200).json(), answer);
        // The secret stays the one that it was, and may be named.
        let secret = notes.secret.clone().expect("a secret");
        let same = change(&notes, &[("client_secret", json!(secret))]);
        notes.manage(Method::PUT, Some(&same)).await.expect(200);
        let refused = notes.call("/oauth2/token", &[("grant_type", "authorization_code"), ("code", "x")]).await;
        assert_eq!(refused.text("error"), "invalid_grant", "it is known: {refused:?}");
    })
    .await;
}

#[tokio::test]
async fn sec_065_a_change_says_nothing_that_is_not_the_clients_to_say() {
    each(OPEN, async |server| {
        let (notes, other) = (SelfMade::unasked(server, &[]).await, SelfMade::unasked(server, &[]).await);
        let before = notes.manage(Method::GET, None).await.json();
        let bad = [
            ("client_id", Value::Null),
            ("client_id", json!(other.app.id)),
            ("client_id", json!(7)),
            ("client_secret", json!("another one, of 32 letters and more")),
            ("client_secret", json!(other.secret)),
            ("client_secret", json!(["x"])),
            ("registration_access_token", json!(notes.token)),
            ("registration_client_uri", json!("https://elsewhere.example/")),
            ("client_secret_expires_at", json!(0)),
            ("client_id_issued_at", json!(0)),
            ("grant_types", json!(["authorization_code", "client_credentials"])),
            ("redirect_uris", json!(["https://notes.example/*"])),
        ];
        for (name, value) in bad {
            let mut document = change(&notes, &[]);
            document[name] = value.clone();
            let refused = notes.manage(Method::PUT, Some(&document)).await.expect(400);
            assert!(refused.text("error").starts_with("invalid_"), "{refused:?}");
            assert!(refused.text("error_description").contains(name), "{name}: {refused:?}");
        }
        let wish = change(&notes, &[("trusted", json!(true)), ("introspect", json!("all"))]);
        notes.manage(Method::PUT, Some(&wish)).await.expect(200);
        assert_eq!(notes.manage(Method::GET, None).await.json(), before);
        let client = server.app.clients.find(&entity::ClientId::new(notes.app.id)).await.expect("a read");
        assert!(client.is_some_and(|it| !it.trusted && it.introspect.is_none()));
    })
    .await;
}

#[tokio::test]
async fn a_client_gets_and_loses_a_secret_by_its_method() {
    each(OPEN, async |server| {
        let mut notes = SelfMade::unasked(server, &[("token_endpoint_auth_method", json!("none"))]).await;
        let method = |method: &str| [("token_endpoint_auth_method", json!(method))];
        let answer = notes.manage(Method::PUT, Some(&change(&notes, &method("client_secret_basic")))).await.expect(200);
        assert_eq!(answer.json()["client_secret_expires_at"], 0);
        notes.secret = Some(answer.text("client_secret"));
        let ask = async |client: &SelfMade| {
            client.call("/oauth2/token", &[("grant_type", "authorization_code"), ("code", "x")]).await.text("error")
        };
        assert_eq!(ask(&notes).await, "invalid_grant");
        assert_eq!(ask(&SelfMade { secret: None, ..notes.clone() }).await, "invalid_client");
        notes.manage(Method::PUT, Some(&change(&notes, &method("none")))).await.expect(200);
        assert_eq!(ask(&notes).await, "invalid_client");
        // The secret from before is dead, also when one is needed again.
        let again = notes.manage(Method::PUT, Some(&change(&notes, &method("client_secret_basic")))).await.expect(200);
        assert_ne!(Some(again.text("client_secret")), notes.secret);
        assert_eq!(ask(&notes).await, "invalid_client");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_069_of_changes_at_once_one_makes_the_secret_and_that_opens() {
    for kind in crate::support::kinds() {
        let server = TestServer::on(&kind, OPEN).await;
        for _ in 0..6 {
            let notes = SelfMade::unasked(&server, &[("token_endpoint_auth_method", json!("none"))]).await;
            let wish = change(&notes, &[]);
            let changes: Vec<_> = (0..8)
                .map(|_| {
                    let (notes, wish) = (notes.clone(), wish.clone());
                    tokio::spawn(async move { notes.manage(Method::PUT, Some(&wish)).await })
                })
                .collect();
            let mut secrets = Vec::new();
            for change in changes {
                let answer = change.await.expect("an answer");
                match answer.status {
                    200 => secrets.extend(answer.json()["client_secret"].as_str().map(str::to_owned)),
                    _ => {
                        assert_eq!((answer.status, answer.text("error").as_str()), (409, "invalid_request"));
                        assert!(answer.text("error_description").contains("secret was changed"), "{answer:?}");
                    }
                }
            }
            let [secret] = secrets.as_slice() else { panic!("{} secrets were handed out", secrets.len()) };
            let notes = SelfMade { secret: Some(secret.clone()), ..notes };
            let asked = notes.call("/oauth2/token", &[("grant_type", "authorization_code"), ("code", "x")]).await;
            assert_eq!(asked.text("error"), "invalid_grant", "it opens");
        }
        server.remove().await;
    }
}

#[tokio::test]
async fn sec_065_nobody_agrees_to_an_app_that_is_another_one_by_then() {
    each(OPEN, async |server| {
        server.sign_up(ADA).await;
        let notes = SelfMade::unasked(server, &[]).await;
        let browser = Browser::signed_in(server, ADA).await;
        let tokens = let_in(&browser, &notes).await;
        let asked = notes.app.request(&[("scope", "openid profile")]);
        for (name, value, is_kept) in [
            ("tos_uri", json!("https://notes.example/terms"), true),
            ("client_name", json!("Fernwood Chat"), false),
            ("redirect_uris", json!(["https://notes.example/cb", "https://notes.example/new"]), false),
        ] {
            let page = notes.app.follow(&browser, &asked).await.expect(200);
            notes.manage(Method::PUT, Some(&change(&notes, &[(name, value)]))).await.expect(200);
            let form = browser.form(&page).await;
            let mut fields: Vec<(&str, &str)> =
                form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            fields.push(("decision", "allow"));
            let status = browser.post("/consent", &fields, None).await.status;
            assert_eq!(status, if is_kept { 303 } else { 400 }, "{name}");
        }
        assert!(server.is_active(&tokens.access).await, "what was given stays");
    })
    .await;
}

#[tokio::test]
async fn sec_065_a_change_reaches_what_is_under_way_and_nobody_elses_ids() {
    each(OPEN, async |server| {
        server.sign_up(ADA).await;
        let browser = Browser::signed_in(server, ADA).await;
        let pairwise = ("subject_type", json!("pairwise"));
        let notes = SelfMade::unasked(server, std::slice::from_ref(&pairwise)).await;
        let asked = notes.app.request(&[("scope", "openid profile")]);
        let code = notes.app.answered(&decide(&notes.app, &browser, &asked, "allow").await)["code"].clone();
        let tokens = let_in(&browser, &notes).await;
        let renamed = change(&notes, &[pairwise.clone(), ("client_name", json!("Fernwood Chat"))]);
        notes.manage(Method::PUT, Some(&renamed)).await.expect(200);
        assert_eq!(notes.exchange(&code).await.text("error"), "invalid_grant", "a code from before");
        assert!(server.is_active(&tokens.access).await, "what was given stays");
        // On another host it would see the ids of the app there.
        let moved = change(&notes, &[pairwise, ("redirect_uris", json!(["https://victim.example/cb"]))]);
        notes.manage(Method::PUT, Some(&moved)).await.expect(200);
        assert!(!server.is_active(&tokens.access).await);
        notes.app.userinfo(&tokens.access).await.expect(401);
    })
    .await;
}

/// Of several requests that wait, a person has seen one: the answer is for no other (RFC 8252 section 8.6).
#[tokio::test]
async fn sec_056_consent_to_one_request_lets_no_other_through() {
    each(OPEN, async |server| {
        server.sign_up(ADA).await;
        let native = [("token_endpoint_auth_method", json!("none")), ("redirect_uris", json!(["http://127.0.0.1/cb"]))];
        let app = SelfMade::unasked(server, &native).await.app;
        let browser = Browser::signed_in(server, ADA).await;
        let asked = |port: &str| app.request(&[("redirect_uri", port), ("scope", "openid")]);
        let first = browser.open(&asked("http://127.0.0.1:6666/cb")).await.expect(303);
        let (_, key) = first.header("location").split_once("request=").expect("a consent page");
        let answer = decide(&app, &browser, &asked("http://127.0.0.1:7777/cb"), "allow").await.expect(303);
        assert!(answer.header("location").starts_with("http://127.0.0.1:7777/cb?code="), "{answer:?}");
        let other = browser.open(&format!("/oauth2/authorize/{key}")).await.expect(303);
        assert_eq!(other.header("location"), first.header("location"), "it is asked for itself");
        let own = decide(&app, &browser, other.header("location"), "allow").await.expect(303);
        assert!(own.header("location").starts_with("http://127.0.0.1:6666/cb?code="), "{own:?}");
    })
    .await;
}

/// A link to us would lead wherever somebody likes (RFC 9700 section 4.11.2).
#[tokio::test]
async fn sec_048_nobody_is_sent_to_an_unknown_app_before_they_sign_in() {
    each(OPEN, async |server| {
        server.sign_up(ADA).await;
        let notes = SelfMade::unasked(server, &[]).await;
        let (stranger, ada) = (Browser::at(server), Browser::signed_in(server, ADA).await);
        for wrong in [("response_type", "token"), ("prompt", "none"), ("scope", "none")] {
            let asked = notes.app.request(&[wrong]);
            let page = stranger.open(&asked).await;
            assert!(page.status >= 400 && page.header("location").is_empty(), "{wrong:?}: {page:?}");
            assert!(notes.app.answered(&ada.open(&asked).await).contains_key("error"), "{wrong:?}");
        }
    })
    .await;
}

/// Its name is its own word: it stands only where that is said.
#[tokio::test]
async fn sec_065_an_unknown_app_is_not_called_by_the_name_that_it_chose() {
    each(OPEN, async |server| {
        server.sign_up(ADA).await;
        let device = "urn:ietf:params:oauth:grant-type:device_code";
        let grants = ("grant_types", json!(["authorization_code", device]));
        let token = server.initial_token(1).await;
        let notes = SelfMade::of(server, &server.register_client(Some(&token), &metadata(&[grants])).await);
        let (stranger, ada) = (Browser::at(server), Browser::signed_in(server, ADA).await);
        let sign_in = notes.app.follow(&stranger, &notes.app.request(&[])).await.expect(200).body;
        let sign_out = ada.open(&format!("/logout?client_id={}", notes.app.id)).await.expect(200).body;
        for page in [sign_in, sign_out] {
            assert!(page.contains("notes.example") && !page.contains("Harvest"), "{page}");
        }
        let begun = notes.call("/oauth2/device_authorization", &[("scope", "openid")]).await.expect(200);
        let asked = ada.type_code(&begun.text("user_code")).await.expect(303);
        let page = ada.open(asked.header("location")).await.expect(200).body;
        assert!(page.contains("knows this app") && page.contains("It registered itself"), "{page}");
        assert!(!page.contains("notes.example"), "where a device goes back to is nowhere: {page}");
    })
    .await;
}

/// Nor after they signed out, unless the app proves by an ID token that they were there.
#[tokio::test]
async fn sec_089_nobody_is_sent_to_an_unknown_app_at_a_logout() {
    each(OPEN, async |server| {
        server.sign_up(ADA).await;
        let bye = "https://notes.example/bye";
        let notes = SelfMade::unasked(server, &[("post_logout_redirect_uris", json!([bye]))]).await;
        let query = format!("client_id={}&post_logout_redirect_uri={bye}", notes.app.id);
        let (stranger, ada) = (Browser::at(server), Browser::signed_in(server, ADA).await);
        let went = stranger.open(&format!("/oauth2/logout?{query}")).await.expect(303);
        assert_eq!(went.header("location"), "/logout");
        let asked = ada.open(&format!("/oauth2/logout?{query}")).await.expect(303);
        assert!(!asked.header("location").contains("bye"), "{asked:?}");
        let page = ada.open(&format!("/logout?{query}")).await.expect(200);
        assert!(!page.header("content-security-policy").contains("notes.example"), "{page:?}");
        let fields = [("client_id", notes.app.id), ("post_logout_redirect_uri", bye)];
        assert_eq!(ada.submit("/logout", "/logout", &fields).await.expect(303).header("location"), "/logout");
        assert!(!ada.is_signed_in().await);

        let ada = Browser::signed_in(server, ADA).await;
        let hint = let_in(&ada, &notes).await.id.expect("an ID token");
        let went = ada.open(&format!("/oauth2/logout?{query}&id_token_hint={hint}")).await.expect(303);
        assert_eq!(went.header("location"), bye);
    })
    .await;
}

#[tokio::test]
async fn sec_065_another_token_or_client_is_refused_alike() {
    each(OPEN, async |server| {
        let (notes, other) = (SelfMade::unasked(server, &[]).await, SelfMade::unasked(server, &[]).await);
        let added = postern::services::clients::Metadata::default();
        let actor = postern::services::audit::Actor::Command;
        server.app.clients.add(entity::ClientId::new("added"), added, actor).await.expect("added");
        let session = server.newcomer(ADA).await.token;
        let long = "x".repeat(300);
        let tries = [
            (notes.app.id, other.token.as_str()),
            (notes.app.id, "pst_ra_"),
            (notes.app.id, session.as_str()),
            ("chat", notes.token.as_str()),
            ("added", notes.token.as_str()),
            ("nobody", notes.token.as_str()),
            ("%00", notes.token.as_str()),
            ("%F0%9F%98%80", notes.token.as_str()),
            (long.as_str(), notes.token.as_str()),
        ];
        let mut answers: Vec<Answer> = Vec::new();
        for (id, token) in tries {
            for method in [Method::GET, Method::DELETE] {
                answers.push(server.manage(method, id, token, None).await.expect(401));
            }
            answers.push(server.manage(Method::PUT, id, token, Some(&change(&notes, &[]))).await.expect(401));
        }
        assert!(answers.iter().all(|it| it.comparable() == answers[0].comparable()));
        assert_eq!(answers[0].text("error"), "invalid_token");
        let path = format!("/oauth2/register/{}", notes.app.id);
        assert_eq!(server.get(&path).await.expect(401).header("www-authenticate"), "Bearer realm=\"postern\"");
        assert_eq!(
            notes.manage(Method::POST, Some(&change(&notes, &[]))).await.expect(405).header("allow"),
            "DELETE, GET, HEAD, PUT"
        );
        assert!(knows(server, &notes).await && knows(server, &other).await);
    })
    .await;
}
