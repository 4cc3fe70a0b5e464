//! Bodies that should not be, and what becomes of them.

use reqwest::Method;
use serde_json::json;

use crate::support::site::registration;
use crate::support::{Answer, PASSWORD, TestServer, each};

#[tokio::test]
async fn sec_032_only_json_is_read() {
    let server = TestServer::start(&[]).await;
    let signed_in = server.newcomer("maren@example.com").await;
    let body = json!({"email": "maren@example.com", "password": PASSWORD}).to_string();
    for media_type in [
        "text/plain",
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json, text/plain",
        "",
    ] {
        for path in ["/api/auth/login", "/api/auth/register", "/api/auth/refresh", "/api/auth/logout"] {
            let mut request = server.request(Method::POST, path).body(body.clone());
            if !media_type.is_empty() {
                request = request.header("content-type", media_type);
            }
            let answer = server.send(request).await.expect_problem(415, "unsupported_media_type");
            assert!(answer.cookie_lines().is_empty(), "{answer:?}");
        }
    }
    let typed =
        server.request(Method::POST, "/api/auth/login").header("content-type", "Application/JSON; charset=utf-8");
    server.send(typed.body(body)).await.expect(200);
    // Without a body no type is asked for.
    server.refresh(&signed_in.refresh_token).await.expect(200);
    server.logout(&signed_in.token).await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn sec_032_another_sites_page_changes_nothing() {
    each(&[], async |server: &TestServer| {
        let signed_in = server.newcomer("maren@example.com").await;
        let cookie = format!("refreshToken={}", signed_in.refresh_token);
        for path in ["/api/auth/logout", "/api/auth/refresh"] {
            for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "null")] {
                let request = server.request(Method::POST, path).header("cookie", &cookie).header(name, value);
                let answer = server.send(request).await.expect_problem(403, "forged_form");
                assert!(answer.cookie_lines().is_empty(), "{answer:?}");
            }
        }
        assert!(server.is_active(&signed_in.token).await);
        server.refresh(&signed_in.refresh_token).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn sec_128_what_is_not_one_clean_json_object_is_refused() {
    each(&[], async |server: &TestServer| {
        let login = |body: Vec<u8>| server.post_text("/api/auth/login", body);
        let whole: [&[u8]; 14] = [
            b"",
            b" ",
            b"null",
            b"[]",
            b"\"x\"",
            b"{",
            b"{\"email\":\"a@example.com\",\"password\":\"p\"}}",
            b"{\"email\":\"a@example.com\",\"password\":\"p\"} {}",
            b"\xef\xbb\xbf{\"email\":\"a@example.com\",\"password\":\"p\"}",
            b"{\"email\":\"a\xff@example.com\",\"password\":\"p\"}",
            b"{'email':'a@example.com','password':'p'}",
            b"{\"email\":\"a@example.com\",\"password\":\"p\",}",
            b"{\"email\":\"a@example.com\",\"password\":\"p\",\"n\":1e999999}",
            b"{\"email\":\"a@example.com\",\"password\":\"p\",\"n\":NaN}",
        ];
        for body in whole {
            let answer = login(body.to_vec()).await;
            assert_eq!(answer.status, 400, "{}: {answer:?}", String::from_utf8_lossy(body));
        }
        let named: [(&str, &str); 8] = [
            (r#"{"email":"a@example.com","email":"b@example.com","password":"p"}"#, "email"),
            (r#"{"email":"a@example.com","password":"p","password":"q"}"#, "password"),
            (r#"{"email":"a\u0000@example.com","password":"p"}"#, "email"),
            (r#"{"email":"a\ud800@example.com","password":"p"}"#, "email"),
            (r#"{"email":"a@example.com","password":"\udfff"}"#, "password"),
            (r#"{"email":123456789012345678901234567890,"password":"p"}"#, "email"),
            (r#"{"email":"a@example.com","password":1.5e300}"#, "password"),
            (r#"{"email":"a@example.com"}"#, "password"),
        ];
        for (body, field) in named {
            let answer = login(body.into()).await.expect_problem(400, "invalid_input");
            assert_eq!(answer.fields(), [field], "{body}");
        }
        server.get("/healthz").await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn sec_127_deep_and_large_bodies_are_refused_cheaply() {
    let server = TestServer::start(&[]).await;
    let deep = |levels: usize| format!(r#"{{"a":{}1{}}}"#, "[".repeat(levels), "]".repeat(levels));
    let says = |answer: Answer| answer.expect_problem(400, "invalid_request").text("message");
    assert!(says(server.post_text("/api/auth/login", deep(33)).await).contains("deeply"));
    server.post_text("/api/auth/login", deep(30_000)).await.expect(400);

    let long = format!(r#"{{"email":"{}","password":"p"}}"#, "a".repeat(70_000));
    server.post_text("/api/auth/login", long).await.expect_problem(413, "payload_too_large");
    for coding in ["gzip", "br", "deflate", "identity, gzip"] {
        let request = server.request(Method::POST, "/api/auth/login").header("content-encoding", coding);
        let request = request.header("content-type", "application/json").body("{}");
        server.send(request).await.expect_problem(415, "unsupported_media_type");
    }
    let many: String = (0..101).map(|number| format!("a{number}=b&")).collect();
    server.get(&format!("/api/config?{many}")).await.expect(400);
    let form =
        server.request(Method::POST, "/oauth2/introspect").basic_auth("chat", Some(crate::support::CLIENT_SECRET));
    let form = form.header("content-type", "application/x-www-form-urlencoded").body(format!("{many}token=x"));
    server.send(form).await.expect(400);
    server.stop().await;
}

#[tokio::test]
async fn sec_012_a_password_over_128_characters_costs_no_hash() {
    each(&[], async |server: &TestServer| {
        server.sign_up("maren@example.com").await;
        let before = server.app.hasher.counts().begun;
        for length in [129, 1_024, 20_000] {
            let long = "é".repeat(length / 2) + &"x".repeat(length - length / 2);
            let mut body = registration("other@example.com");
            body["password"] = json!(long);
            body["confirm_password"] = json!(long);
            for (path, body) in [
                ("/api/auth/register", body),
                ("/api/auth/login", json!({"email": "maren@example.com", "password": long})),
            ] {
                let answer = server.post(path, &body).await;
                assert!(answer.status == 400 && !answer.body.contains("xxxx"), "{path} {length}: {answer:?}");
            }
        }
        assert_eq!(server.app.hasher.counts().begun, before);
    })
    .await;
}

/// Nothing is cut, trimmed or folded: what was chosen is what opens.
#[tokio::test]
async fn sec_010_every_character_of_a_password_counts() {
    each(&[], async |server: &TestServer| {
        let long = "correct gravel ".repeat(8) + "12345678";
        assert_eq!(long.chars().count(), 128);
        for (number, password) in
            ["  gravel ferry tulip  ", "gravel\u{0}ferry tulip", "🐳🌵🪁🧭 gravel 🪗", &long].into_iter().enumerate()
        {
            let email = format!("person{number}@example.com");
            let mut body = registration(&email);
            body["password"] = json!(password);
            body["confirm_password"] = json!(password);
            server.post("/api/auth/register", &body).await.expect(200);
            server.login(&email, password).await.expect(200);
            let shorter: String = password.chars().take(password.chars().count() - 1).collect();
            for wrong in [shorter.as_str(), password.trim(), &password.replace('\u{0}', ""), &password.to_uppercase()] {
                if wrong != password {
                    server.login(&email, wrong).await.expect(401);
                }
            }
        }
        // One character in two writings (NFC).
        let mut body = registration("composed@example.com");
        for name in ["password", "confirm_password"] {
            body[name] = json!("gravel fe\u{301}rry tulip");
        }
        server.post("/api/auth/register", &body).await.expect(200);
        server.login("composed@example.com", "gravel f\u{e9}rry tulip").await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn sec_108_addresses_that_could_be_read_in_two_ways_are_refused() {
    each(&[("POSTERN_ALLOWED_EMAIL_DOMAINS", "example.com")], async |server: &TestServer| {
        let long = format!("{}@example.com", "a".repeat(260));
        for email in [
            "a@b@example.com",
            "a@evil.test,b@example.com",
            "\"a@evil.test\"@example.com",
            "a(comment)@example.com",
            "<a@example.com>",
            "a@example.com\r\nBcc: b@evil.test",
            "a＠example.com",
            "a@exam\u{7f}ple.com",
            "",
            "example.com",
            &long,
        ] {
            let answer = server.register(email).await.expect_problem(400, "invalid_input");
            assert_eq!(answer.fields(), ["email"], "{email}");
        }
        for email in ["a@evil.test", "a@sub.example.com", "a@example.com.evil.test", "example.com@evil.test"] {
            server.register(email).await.expect_problem(403, "forbidden");
        }
        server.newcomer("a@EXAMPLE.com").await;
    })
    .await;
}
