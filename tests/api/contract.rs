//! The bodies, statuses and headers that the chat's front end and its backend rely on.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{CLIENT_SECRET, PASSWORD, SignedIn, TestServer, each};

fn keys(object: &Value) -> BTreeSet<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn the_answers_of_signing_up_and_in() {
    each(&[], async |server: &TestServer| {
        let answer = server.register("maren@example.com").await.expect(200);
        assert_eq!(keys(&answer.json()), BTreeSet::from(["message"]));
        assert!(answer.cookie_lines().is_empty(), "signing up signs nobody in");

        let answer = server.login("maren@example.com", PASSWORD).await.expect(200);
        assert_eq!(keys(&answer.json()), BTreeSet::from(["token", "user"]));
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.header("content-type").starts_with("application/json"), "{answer:?}");
        let user = &answer.json()["user"];
        let expected = [
            "_id",
            "id",
            "name",
            "username",
            "email",
            "emailVerified",
            "avatar",
            "provider",
            "role",
            "twoFactorEnabled",
            "createdAt",
            "updatedAt",
        ];
        assert_eq!(keys(user), BTreeSet::from(expected));
        assert_eq!(user["_id"], user["id"]);
        assert_eq!((&user["name"], &user["email"]), (&json!("Maren Olsen"), &json!("maren@example.com")));
        assert_eq!((&user["role"], &user["twoFactorEnabled"]), (&json!("ADMIN"), &json!(false)));
        assert_eq!(user["createdAt"], "2027-01-15T08:00:00Z");
    })
    .await;
}

#[tokio::test]
async fn sec_026_the_cookies_of_the_session_api() {
    for (url, secure) in [("http://localhost:3081", ""), ("https://auth.example.com", "; Secure")] {
        let server = TestServer::start(&[("POSTERN_URL", url)]).await;
        server.sign_up("maren@example.com").await;
        let answer = server.login("maren@example.com", PASSWORD).await.expect(200);
        let refresh_token = answer.cookie("refreshToken");
        let attributes = format!("; Max-Age=604800; Path=/; HttpOnly{secure}; SameSite=Strict");
        let expected =
            [format!("refreshToken={refresh_token}{attributes}"), format!("token_provider=librechat{attributes}")];
        assert_eq!(answer.cookie_lines(), expected);
        let refreshed = server.refresh(&refresh_token).await.expect(200);
        assert_eq!(keys(&refreshed.json()), BTreeSet::from(["token", "user"]));
        assert_eq!(refreshed.cookie_lines().len(), 2, "{refreshed:?}");
        assert_eq!(refreshed.header("cache-control"), "no-store");
        server.stop().await;
    }
}

/// The payload is for the chat's backend, which may read it with the shared secret.
#[tokio::test]
async fn the_session_token_is_the_chats() {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    each(&[], async |server: &TestServer| {
        let signed_in = server.newcomer("maren@example.com").await;
        let parts: Vec<&str> = signed_in.token.split('.').collect();
        assert_eq!(parts.len(), 3);
        let read = |part: &str| -> Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
        };
        assert_eq!(read(parts[0])["alg"], "HS256");
        let payload = read(parts[1]);
        for name in ["id", "username", "provider", "email", "sub", "sid", "iat", "exp"] {
            assert!(!payload[name].is_null(), "{name}: {payload}");
        }
        assert_eq!((&payload["id"], &payload["sub"]), (&signed_in.user["id"], &signed_in.user["id"]));
        assert_eq!(payload["exp"].as_i64().unwrap() - payload["iat"].as_i64().unwrap(), 900);
    })
    .await;
}

#[tokio::test]
async fn what_introspection_tells() {
    each(&[], async |server: &TestServer| {
        let signed_in = server.newcomer("maren@example.com").await;
        let told = server.introspect(&signed_in.token).await;
        let expected = [
            "active",
            "sub",
            "username",
            "token_type",
            "exp",
            "iat",
            "nbf",
            "iss",
            "sid",
            "auth_time",
            "amr",
            "email",
            "email_verified",
            "name",
            "roles",
            "groups",
            "provider",
        ];
        assert_eq!(keys(&told), BTreeSet::from(expected));
        assert_eq!((&told["active"], &told["token_type"]), (&json!(true), &json!("Bearer")));
        assert_eq!((&told["sub"], &told["email"]), (&signed_in.user["id"], &json!("maren@example.com")));
        assert_eq!((&told["iss"], &told["roles"]), (&json!("http://localhost:3081"), &json!(["admin"])));
        assert_eq!(told["exp"].as_i64().unwrap(), 1_800_000_900);
        let answer = server.introspect_as("chat", &signed_in.token).await;
        assert_eq!((answer.header("content-type"), answer.header("cache-control")), ("application/json", "no-store"));
    })
    .await;
}

#[tokio::test]
async fn sec_082_sec_083_whatever_is_not_alive_or_not_yours_looks_alike() {
    each(&[], async |server: &TestServer| {
        let signed_in = server.newcomer("maren@example.com").await;
        let ended = server.sign_in("maren@example.com").await;
        server.logout(&ended.token).await.expect(200);
        let dead = server.introspect_as("chat", &ended.token).await.expect(200);
        assert_eq!(dead.body, r#"{"active":false}"#);
        let altered = format!("{}x", signed_in.token);
        for token in ["x", "a.b.c", &altered, &signed_in.refresh_token, &"x".repeat(9000)] {
            assert_eq!(server.introspect_as("chat", token).await.comparable(), dead.comparable(), "{token}");
        }
        let foreign = server.introspect_as("narrow", &signed_in.token).await;
        assert_eq!(foreign.comparable(), dead.comparable(), "a token that belongs to no client");
    })
    .await;
}

#[tokio::test]
async fn sec_066_sec_084_sec_085_introspection_asks_who_is_asking() {
    each(&[], async |server: &TestServer| {
        let admin = server.newcomer("maren@example.com").await;
        let form = [("token", admin.token.as_str())];
        let ask = || server.request(Method::POST, "/oauth2/introspect");
        let unknown = server.send(ask().basic_auth("nobody", Some(CLIENT_SECRET)).form(&form)).await;
        let wrong = server.send(ask().basic_auth("chat", Some("wrong")).form(&form)).await;
        let none = server.send(ask().form(&form)).await;
        let bearer = server.send(ask().bearer_auth(&admin.token).form(&form)).await;
        assert_eq!((bearer.status, bearer.text("error").as_str()), (401, "invalid_token"), "{bearer:?}");
        for answer in [&unknown, &wrong, &none] {
            assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_client")), "{answer:?}");
            assert!(answer.header("www-authenticate").starts_with("Basic "), "{answer:?}");
        }
        assert_eq!(unknown.comparable(), wrong.comparable());

        let posted = [("token", admin.token.as_str()), ("client_id", "poster"), ("client_secret", CLIENT_SECRET)];
        assert_eq!(server.send(ask().form(&posted)).await.expect(200).json()["active"], true);
        let doubled = ask().basic_auth("chat", Some(CLIENT_SECRET)).form(&posted);
        assert_eq!(server.send(doubled).await.expect(400).text("error"), "invalid_request");
        let missing = ask().basic_auth("chat", Some(CLIENT_SECRET)).form(&[("token_type_hint", "access_token")]);
        assert_eq!(server.send(missing).await.expect(400).text("error"), "invalid_request");
        let in_query = server.request(Method::POST, &format!("/oauth2/introspect?token={}", admin.token));
        let in_query = in_query.basic_auth("chat", Some(CLIENT_SECRET)).form(&[("a", "b")]);
        assert_eq!(server.send(in_query).await.expect(400).text("error"), "invalid_request");
    })
    .await;
}

#[tokio::test]
async fn what_the_login_page_needs() {
    let server = TestServer::start(&[("APP_TITLE", "Fernwood"), ("ALLOW_REGISTRATION", "false")]).await;
    let config = server.get("/api/config").await.expect(200).json();
    assert_eq!((&config["appTitle"], &config["registrationEnabled"]), (&json!("Fernwood"), &json!(false)));
    assert_eq!((&config["emailLoginEnabled"], &config["minPasswordLength"]), (&json!(true), &json!(8)));
    assert_eq!((&config["socialLogins"], &config["serverDomain"]), (&json!([]), &json!("http://localhost:3080")));
    server.register("maren@example.com").await.expect_problem(403, "registration_off");
    let mut body = crate::support::site::registration("maren@");
    body["confirm_password"] = json!("another one");
    let closed = server.post("/api/auth/register", &body).await.expect_problem(403, "registration_off");
    assert!(closed.fields().is_empty(), "what is closed asks for no corrections: {closed:?}");
    server.stop().await;
}

/// The front end signs people out at a 401: nothing but a dead credential may give one. A bearer is none of
/// `refresh`, which therefore is the stated exception.
#[tokio::test]
async fn a_live_bearer_never_meets_a_401() {
    each(&[], async |server: &TestServer| {
        let signed_in: SignedIn = server.newcomer("maren@example.com").await;
        for path in ["/api/user", "/api/config", "/api/nothing", "/api/auth/nothing", "/api/auth/register"] {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let answer = server.send(server.request(method.clone(), path).bearer_auth(&signed_in.token)).await;
                assert_ne!(answer.status, 401, "{method} {path}");
            }
        }
        for cookie in ["", "refreshToken=", "refreshToken=of-the-chat", "other=1"] {
            let request = server.request(Method::POST, "/api/auth/refresh").bearer_auth(&signed_in.token);
            let answer = server.send(request.header("cookie", cookie)).await;
            let answer = answer.expect_problem(401, "unauthenticated");
            assert!(answer.cookie_lines().is_empty(), "a foreign value stays: {answer:?}");
        }
        let document = server.get("/openapi.json").await.json();
        let words = document["paths"]["/api/auth/refresh"]["post"]["description"].as_str().expect("words");
        let words: Vec<&str> = words.split_whitespace().collect();
        assert!(words.join(" ").contains("is a 401, also beside a session token that is alive"), "{words:?}");
        assert!(server.is_active(&signed_in.token).await, "nobody was signed out");
        let answer = server.send(server.request(Method::POST, "/api/auth/logout").bearer_auth(&signed_in.token)).await;
        answer.expect(200);
    })
    .await;
}

/// The contract's statuses, on every row alike.
#[tokio::test]
async fn every_row_may_say_later_and_signing_in_may_ask_for_a_confirmed_address() {
    let server = TestServer::start(&[]).await;
    let document = server.get("/openapi.json").await.json();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let known = |status: &str| operation["responses"].get(status).is_some();
            let is_session_api = path.starts_with("/api/");
            assert!(known("503") && (known("429") || !is_session_api), "{method} {path}");
            assert_eq!(known("422"), path == "/api/auth/login", "{method} {path}");
        }
    }
    server.stop().await;
}
