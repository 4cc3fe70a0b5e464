//! What every answer carries, and what none does.

use reqwest::Method;

use crate::support::{Browser, TestServer, each};

const EVERYWHERE: [(&str, &str); 10] = [
    ("GET", "/login"),
    ("GET", "/register"),
    ("GET", "/api/config"),
    ("GET", "/api/user"),
    ("POST", "/api/auth/login"),
    ("POST", "/oauth2/introspect"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/healthz"),
    ("GET", "/nothing"),
];

#[tokio::test]
async fn sec_129_every_answer_has_a_strict_policy() {
    for (url, strict) in [("https://auth.example.com", true), ("http://localhost:3081", false)] {
        let server = TestServer::start(&[("POSTERN_URL", url)]).await;
        for (method, path) in EVERYWHERE {
            let request = server.request(method.parse().expect("a method"), path);
            let answer = server.send(request).await;
            let policy = answer.header("content-security-policy");
            for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
                assert!(policy.contains(part), "{path}: {policy}");
            }
            assert!(!policy.contains("unsafe-inline") && !policy.contains("upgrade-insecure-requests"), "{policy}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert!(!answer.header("referrer-policy").is_empty(), "{path}");
            let transport = answer.header("strict-transport-security");
            assert_eq!(!transport.is_empty(), strict, "{path}");
            assert!(!transport.contains("includeSubDomains"), "{path}");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn sec_129_what_people_type_is_text_on_pages_and_in_json() {
    each(&[], async |server: &TestServer| {
        let name = r#"<script>alert("x")</script> & 'co' </title>"#;
        let mut body = crate::support::site::registration("maren@example.com");
        body["name"] = name.into();
        server.post("/api/auth/register", &body).await.expect(200);
        assert_eq!(server.sign_in("maren@example.com").await.user["name"], name);
        let browser = Browser::signed_in(server, "maren@example.com").await;
        for path in ["/account", "/account/name", "/account/security", "/account/sessions", "/logout"] {
            let page = browser.open(path).await.expect(200).body;
            assert!(!page.contains("<script>alert") && !page.contains("</title> &"), "{path}: {page}");
        }
        let page = browser.submit("/account/name", "/account/name", &[("name", &"\"><img src=x>".repeat(20))]).await;
        assert!(page.status == 400 && !page.body.contains("<img src=x>"), "{page:?}");
    })
    .await;
}

#[tokio::test]
async fn sec_130_no_other_origin_may_read_anything() {
    let server = TestServer::start(&[("DOMAIN_CLIENT", "http://localhost:3080")]).await;
    for origin in ["https://evil.test", "null", "http://localhost:3080", "http://localhost:3081"] {
        for (method, path) in EVERYWHERE {
            for method in [method, "OPTIONS"] {
                let request =
                    server.request(method.parse::<Method>().expect("a method"), path).header("origin", origin);
                let request = request.header("access-control-request-method", "POST");
                let answer = server.send(request).await;
                let open = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
                assert_eq!(open, None, "{origin} {method} {path}");
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn sec_150_errors_say_nothing_of_the_house() {
    let server = TestServer::start(&[]).await;
    let bodies = ["", "{", r#"{"email": 1}"#, r#"{"email": "' OR 1=1 --", "password": "'; DROP TABLE user; --"}"#];
    let mut answers = Vec::new();
    for (_, path) in EVERYWHERE {
        for body in bodies {
            answers.push(server.post_text(path, body).await);
        }
        answers.push(server.get(&format!("{path}/..%00/%ff?a=%ff")).await);
    }
    for answer in answers {
        assert!(answer.status < 500, "{answer:?}");
        let text = format!("{:?} {}", answer.headers, answer.body).to_lowercase();
        for word in
            ["sqlx", "sea_orm", "sea-orm", "sqlite", "poem", "hyper", "rust", ".rs", "panicked", "select ", "/src/"]
        {
            assert!(!text.contains(word), "{word}: {answer:?}");
        }
        for name in ["server", "x-powered-by", "via"] {
            assert!(answer.header(name).is_empty(), "{name}: {answer:?}");
        }
        assert!(!answer.header("x-request-id").is_empty(), "{answer:?}");
    }
    server.stop().await;
}

#[tokio::test]
async fn sec_111_no_header_of_a_stranger_ends_up_in_an_address() {
    let server = TestServer::start(&[("POSTERN_TRUSTED_PROXIES", "127.0.0.1/32")]).await;
    for name in ["host", "x-forwarded-host", "x-forwarded-server", "x-original-host", "forwarded", "x-forwarded-prefix"]
    {
        let value = if name == "forwarded" { "host=evil.test;proto=http" } else { "evil.test" };
        for path in ["/login", "/register", "/account", "/nothing", "/docs", "/openapi.json", "/api/config"] {
            let answer = server.send(server.request(Method::GET, path).header(name, value)).await;
            assert!(answer.status < 500, "{answer:?}");
            assert!(!format!("{answer:?}").contains("evil.test"), "{name} {path}: {answer:?}");
        }
    }
    server.stop().await;
}
