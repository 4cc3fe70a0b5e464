//! What clients say of themselves that cannot be taken.

use serde_json::{Value, json};

use crate::support::self_made::{OPEN, REGISTER, TOKEN, metadata};
use crate::support::{Answer, TestServer, each};

#[track_caller]
fn is_refused(answer: &Answer, error: &str, field: &str) {
    assert_eq!((answer.status, answer.text("error").as_str()), (400, error), "{answer:?}");
    let words = answer.text("error_description");
    assert!(words.starts_with(&format!("{field}: ")) && words.len() <= 500, "{words}");
    assert_eq!(answer.header("cache-control"), "no-store");
}

async fn say(server: &TestServer, name: &str, value: Value) -> Answer {
    // One way in for as many tries as it takes.
    let token = server.initial_token(1).await;
    server.register_client(Some(&token), &metadata(&[(name, value)])).await
}

/// What no member that holds an address may be.
fn evil() -> Vec<Value> {
    let long = format!("https://notes.example/{}", "a".repeat(3000));
    let texts = [
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "ftp://notes.example/",
        "//notes.example/cb",
        "/cb",
        "notes.example/cb",
        "https:notes.example/cb",
        "https:///notes.example/cb",
        "https://",
        "https://me@notes.example/cb",
        "https://me:secret@notes.example/cb",
        "https://@notes.example/cb",
        "https://notes.example/cb#fragment",
        "https://*.example/cb",
        "https://notes.example/a/../b",
        "https://notes.example/a/%2e%2E/b",
        "https://notes.example\\@evil.example/",
        "https://notes.example/ cb",
        "https://notes.example/\u{202e}cb",
        "https://nötes.example/cb",
        "https://notes.example/\r\nSet-Cookie: a=b",
        "https://0x7f.1/cb",
        "https://NOTES.example:0x50/cb",
        long.as_str(),
    ];
    let others = [json!(7), json!(true), json!({}), json!({"$ne": ""})];
    texts.into_iter().map(Value::from).chain(others).collect()
}

#[tokio::test]
async fn sec_065_sec_047_addresses_are_checked_as_those_of_declared_clients() {
    let server = TestServer::start(TOKEN).await;
    for name in ["redirect_uris", "post_logout_redirect_uris"] {
        let error = if name == "redirect_uris" { "invalid_redirect_uri" } else { "invalid_client_metadata" };
        for bad in evil().into_iter().chain([json!("http://notes.example/cb"), json!("notes:/cb"), Value::Null]) {
            is_refused(&say(&server, name, json!(["https://notes.example/cb", bad])).await, error, name);
        }
        for bad in [json!("https://notes.example/cb"), json!({"0": "https://notes.example/cb"}), json!([["x"]])] {
            is_refused(&say(&server, name, bad).await, error, name);
        }
        let many: Vec<String> = (0..21).map(|number| format!("https://notes.example/{number}")).collect();
        is_refused(&say(&server, name, json!(many)).await, error, name);
    }
    for none in [json!([]), Value::Null] {
        is_refused(&say(&server, "redirect_uris", none).await, "invalid_redirect_uri", "redirect_uris");
    }
    for name in
        ["client_uri", "logo_uri", "policy_uri", "tos_uri", "initiate_login_uri", "backchannel_logout_uri", "jwks_uri"]
    {
        for bad in evil().into_iter().chain([json!(["https://notes.example/"])]) {
            is_refused(&say(&server, name, bad).await, "invalid_client_metadata", name);
        }
        say(&server, name, json!("https://notes.example/page?a=b")).await.expect(201);
        // What is left empty is not said.
        assert!(say(&server, name, json!("")).await.expect(201).json().get(name).is_none(), "{name}");
    }
    is_refused(
        &say(&server, "initiate_login_uri", json!("http://notes.example/")).await,
        "invalid_client_metadata",
        "initiate_login_uri",
    );
    server.stop().await;
}

#[tokio::test]
async fn sec_065_no_address_that_is_called_is_private() {
    let named = [("POSTERN_DYNAMIC_REGISTRATION", "token"), ("POSTERN_ALLOW_PRIVATE_ADDRESSES", "10.1.0.0/16")];
    let server = TestServer::start(&named).await;
    for name in ["jwks_uri", "backchannel_logout_uri"] {
        for host in [
            "localhost",
            "LOCALHOST.",
            "notes.localhost",
            "127.0.0.1",
            "127.8.8.8:443",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[fe80::1]",
            "[fd00::1]",
            "0.0.0.0",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[64:ff9b::7f00:1]",
            "2130706433",
            "postgres",
            "metadata.google.internal",
            "printer.local",
            "1.0.0.127.in-addr.arpa",
        ] {
            let address = json!(format!("https://{host}/x"));
            is_refused(&say(&server, name, address).await, "invalid_client_metadata", name);
        }
        for plain in ["http://notes.example/x", "http://93.184.215.14/x", "http://10.2.0.1/x"] {
            is_refused(&say(&server, name, json!(plain)).await, "invalid_client_metadata", name);
        }
        for good in ["https://notes.example/x", "https://93.184.215.14/x", "https://10.1.2.3/x", "http://10.1.2.3/x"] {
            say(&server, name, json!(good)).await.expect(201);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn what_an_app_runs_as_decides_where_people_are_sent() {
    let server = TestServer::start(TOKEN).await;
    let (web, loopback, own) = ("https://notes.example/cb", "http://127.0.0.1/cb", "com.example.notes:/cb");
    let register = async |kind: Option<&str>, uris: &[&str]| {
        let token = server.initial_token(1).await;
        let kind = ("application_type", json!(kind));
        server.register_client(Some(&token), &metadata(&[kind, ("redirect_uris", json!(uris))])).await
    };
    for local in [loopback, own, "http://localhost:7777/cb", "http://[::1]/cb", "https://localhost/cb"] {
        is_refused(&register(Some("web"), &[web, local]).await, "invalid_redirect_uri", "redirect_uris");
        assert_eq!(register(None, &[local]).await.expect(201).text("application_type"), "native");
        assert_eq!(register(Some("native"), &[local, web]).await.expect(201).text("application_type"), "native");
    }
    assert_eq!(register(None, &[web]).await.expect(201).text("application_type"), "web");
    is_refused(&register(Some("mobile"), &[web]).await, "invalid_client_metadata", "application_type");
    server.stop().await;
}

#[tokio::test]
async fn sec_128_members_of_a_wrong_kind_are_named() {
    let server = TestServer::start(TOKEN).await;
    let error = "invalid_client_metadata";
    let private = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "hidden"}]});
    for (name, value) in [
        ("client_name", json!(7)),
        ("client_name", json!("x".repeat(101))),
        ("client_name", json!("two\nlines")),
        ("client_name", json!("Chat\u{202e}setoN")),
        ("client_name", json!("Ch\u{200b}at")),
        ("client_name", json!("Ch\u{e01f0}at")),
        ("contacts", json!("ops@notes.example")),
        ("contacts", json!(["x".repeat(255)])),
        ("contacts", json!(["a\nb"])),
        ("token_endpoint_auth_method", json!("client_secret_jwt")),
        ("token_endpoint_auth_method", json!(["none"])),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("grant_types", json!(["implicit"])),
        ("grant_types", json!("authorization_code")),
        ("grant_types", json!(["authorization_code", 1])),
        ("response_types", json!(["token"])),
        ("response_types", json!(["code id_token"])),
        ("scope", json!(["openid"])),
        ("scope", json!("introspect")),
        ("scope", json!("a\"b")),
        ("jwks", json!({"keys": []})),
        ("jwks", private),
        ("jwks", json!("https://notes.example/keys")),
        ("subject_type", json!("private")),
        ("id_token_signed_response_alg", json!("none")),
        ("id_token_signed_response_alg", json!("HS256")),
        ("userinfo_signed_response_alg", json!("none")),
        ("default_max_age", json!(-1)),
        ("default_max_age", json!(1.5)),
        ("default_max_age", json!("60")),
        ("backchannel_logout_session_required", json!("true")),
        ("require_pushed_authorization_requests", json!(1)),
        ("sector_identifier_uri", json!("http://notes.example/sector")),
        ("sector_identifier_uri", json!("https://10.0.0.1/sector")),
        ("sector_identifier_uri", json!(["https://notes.example/sector"])),
    ] {
        let answer = say(&server, name, value.clone()).await;
        assert_eq!((answer.status, answer.text("error").as_str()), (400, error), "{name}: {value}: {answer:?}");
        let words = answer.text("error_description");
        let named = if words.starts_with("jwks: private_key_jwt") { "token_endpoint_auth_method" } else { name };
        assert!(named == name && (words.starts_with(name) || words.starts_with("jwks: ")), "{name}: {words}");
        assert!(!words.contains("hidden"));
    }
    let answer = say(&server, "software_statement", json!("eyJhbGciOiJub25lIn0.e30.")).await.expect(400);
    assert_eq!(answer.text("error"), "unapproved_software_statement");
    server.stop().await;
}

#[tokio::test]
async fn sec_127_sec_128_sec_032_only_one_clean_json_object_is_read() {
    each(OPEN, async |server| {
        let good = r#""redirect_uris":["https://notes.example/cb"]"#;
        for body in [
            "",
            " ",
            "null",
            "[]",
            "\"x\"",
            "{",
            "7",
            "{} {}",
            "{'a':1}",
            "\u{feff}{}",
            "{\"a\":1,}",
            "{\"a\":1,\"a\":1}",
        ] {
            let answer = server.post_text(REGISTER, body.to_owned()).await.expect(400);
            assert_eq!(answer.text("error"), "invalid_request", "{body}");
        }
        for (twice, error) in [
            (format!("{{{good},{good}}}"), "invalid_redirect_uri"),
            (format!("{{{good},\"client_name\":\"a\",\"client_name\":\"b\"}}"), "invalid_client_metadata"),
            (format!("{{{good},\"client_name\":\"a\\u0000\"}}"), "invalid_client_metadata"),
        ] {
            assert_eq!(server.post_text(REGISTER, twice).await.expect(400).text("error"), error);
        }
        let deep = format!("{{{good},\"x\":{}{}}}", "[".repeat(40), "]".repeat(40));
        server.post_text(REGISTER, deep).await.expect(400);
        let large = format!("{{{good},\"x\":\"{}\"}}", "a".repeat(64 << 10));
        server.post_text(REGISTER, large).await.expect(413);
        let wide = json!({"keys": [{"kty": "OKP", "crv": "X25519", "x": "A".repeat(20_000)}]});
        let answer = server.register_client(None, &metadata(&[("jwks", wide)])).await;
        is_refused(&answer, "invalid_client_metadata", "jwks");
        for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/jwt"] {
            let request = server.request(reqwest::Method::POST, REGISTER).header("content-type", media_type);
            server.send(request.body(format!("{{{good}}}"))).await.expect(415);
        }
        // What is not known here is passed over, however much of it there is (RFC 7591 section 2).
        let unknown =
            format!("{{{good},\"software_id\":[1],\"client_name#de\":\"Notizen\",\"x\":\"{}\"}}", "a".repeat(60_000));
        server.post_text(REGISTER, unknown).await.expect(201);
    })
    .await;
}
