//! Bytes on the wire that no well-behaved client sends.

use crate::support::TestServer;
use crate::support::wire::raw;

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let mut lines = answer.lines().skip(1).take_while(|line| !line.is_empty());
    let found = lines.find_map(|line| line.split_once(": ").filter(|(given, _)| given.eq_ignore_ascii_case(name)));
    found.map_or("", |(_, value)| value)
}

#[tokio::test]
async fn sec_127_long_heads_are_refused_by_their_own_status() {
    let server = TestServer::start(&[]).await;
    let close = "Host: a\r\nConnection: close\r\n";
    for (head, expected) in [
        (format!("GET /{} HTTP/1.1\r\n{close}\r\n", "a".repeat(17_000)), 414),
        (format!("GET /api/config?{} HTTP/1.1\r\n{close}\r\n", "a".repeat(17_000)), 414),
        (format!("GET /api/config HTTP/1.1\r\n{close}X: {}\r\n\r\n", "a".repeat(33_000)), 431),
        (format!("GET /api/config HTTP/1.1\r\n{close}{}\r\n", "A: bc\r\n".repeat(5_000)), 431),
        (format!("GET /api/config HTTP/1.1\r\n{close}X: {}\r\n\r\n", "a".repeat(1 << 20)), 431),
        (format!("GET /api/config HTTP/1.1\r\n{close}X: {}\r\n\r\n", "a".repeat(16_000)), 200),
    ] {
        let answer = raw(&server, head.as_bytes()).await;
        assert_eq!(status(&answer), expected, "{head:.60} {answer:.200}");
    }
    server.get("/healthz").await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn sec_127_a_body_that_is_too_large_is_refused_before_it_is_read() {
    let server = TestServer::start(&[]).await;
    let head = |length: &str| {
        format!("POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{length}\r\n")
    };
    for length in ["65537", "10000000000", "9223372036854775807"] {
        let answer = raw(&server, head(&format!("Content-Length: {length}\r\n")).as_bytes()).await;
        assert_eq!(status(&answer), 413, "{length}: {answer}");
    }
    for codings in ["gzip, chunked", "deflate,chunked", "gzip\r\nTransfer-Encoding: chunked"] {
        let packed = head(&format!("Transfer-Encoding: {codings}\r\n")) + "2\r\n{}\r\n0\r\n\r\n";
        let answer = raw(&server, packed.as_bytes()).await;
        assert_eq!(status(&answer), 415, "{codings}: {answer}");
    }
    let mut chunked = head("Transfer-Encoding: chunked\r\n");
    for _ in 0..20 {
        chunked += &format!("1000\r\n{}\r\n", "a".repeat(0x1000));
    }
    let answer = raw(&server, chunked.as_bytes()).await;
    assert_eq!(status(&answer), 413, "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn sec_131_a_message_has_one_length() {
    let server = TestServer::start(&[]).await;
    let ask = |lines: &str, body: &str| {
        format!("POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{lines}\r\n{body}")
    };
    for lines in [
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: 2, 3\r\n",
        "Content-Length: +2\r\n",
        "Content-Length: -1\r\n",
        "Content-Length: 0x2\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
    ] {
        let answer = raw(&server, ask(lines, "{}x").as_bytes()).await;
        assert_eq!(status(&answer), 400, "{lines}: {answer}");
    }
    let two_hosts = raw(&server, b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n").await;
    assert_eq!(status(&two_hosts), 400, "{two_hosts}");
    let without = raw(&server, b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n").await;
    assert_eq!(status(&without), 400, "{without}");
    let old = raw(&server, b"GET /healthz HTTP/1.0\r\n\r\n").await;
    assert_eq!(status(&old), 200, "{old}");
    // A second request hides behind the first one's body: it must not be answered.
    let hidden = "0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    let smuggled = ask("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", hidden);
    let answer = raw(&server, smuggled.as_bytes()).await;
    assert!(!answer.contains("\r\n\r\nok"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn sec_131_what_is_sent_back_in_a_header_adds_no_line() {
    let server = TestServer::start(&[]).await;
    for path in ["/login?return_to=%0d%0aSet-Cookie:%20a=b", "/%0d%0aX-Evil:%201", "/login?return_to=/%E2%80%A8x"] {
        let answer =
            raw(&server, format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes()).await;
        assert!((200..500).contains(&status(&answer)), "{path}: {answer}");
        assert!(header(&answer, "x-evil").is_empty() && !header(&answer, "set-cookie").starts_with("a="), "{answer}");
    }
    let odd = b"GET /api/config HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUser-Agent: \xff\xfe\r\nX-Request-Id: a\xe9\r\n\r\n";
    assert_eq!(status(&raw(&server, odd).await), 200);
    server.stop().await;
}

#[tokio::test]
async fn sec_132_tricks_with_paths_reach_nothing_else() {
    let server = TestServer::start(&[]).await;
    for path in [
        "/api%2fconfig",
        "/api/%2e%2e/api/config",
        "/api/../api/config",
        "/./api/config",
        "//api/config",
        "/API/config",
        "/api/config/",
        "/api/config.json",
        "/api/config;a=b",
        "/api/config%00",
        "/assets/../Cargo.toml",
        "/assets/..%2f..%2fCargo.toml",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/.env",
        "/data/postern.db",
        "/metrics",
    ] {
        let answer =
            raw(&server, format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes()).await;
        assert_eq!(status(&answer), 404, "{path}: {answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn sec_132_sec_129_a_path_that_is_no_text_fails_in_the_form_of_its_group() {
    for below in ["", "/auth"] {
        let url = format!("http://localhost:3081{below}");
        let settings = [("POSTERN_URL", url.as_str()), ("POSTERN_DYNAMIC_REGISTRATION", "open")];
        let server = TestServer::start(&settings).await;
        for (path, form) in [
            ("/api/%ff", "application/problem+json"),
            ("/api/auth/%c3%28", "application/problem+json"),
            ("/oauth2/%ff", "application/json"),
            ("/oauth2/token/%ff?a=b", "application/json"),
            ("/oauth2/authorize/%ff", "text/html"),
            ("/oauth/%ff", "text/html"),
            ("/oauth/google/%ed%a0%80", "text/html"),
            ("/%ff", "text/html"),
            ("/login/link/%ff", "text/html"),
            ("/account/connections/%ff", "text/html"),
            ("/account/%ff?return_to=%ff", "text/html"),
            ("/assets/%ff", "text/html"),
            ("/.well-known/%ff", "text/html"),
        ] {
            let request = format!("GET {below}{path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            let answer = raw(&server, request.as_bytes()).await;
            assert!(matches!(status(&answer), 303 | 400 | 404), "{below}{path}: {answer}");
            if status(&answer) != 303 {
                assert!(header(&answer, "content-type").starts_with(form), "{below}{path}: {answer}");
            }
            for name in ["content-security-policy", "x-content-type-options", "x-request-id"] {
                assert!(!header(&answer, name).is_empty(), "{below}{path}: {answer}");
            }
        }
        let request = server.request(reqwest::Method::GET, "/oauth2/register/%ff").bearer_auth("x");
        assert_eq!(server.send(request).await.expect(401).text("error"), "invalid_token");
        server.stop().await;
    }
}

#[tokio::test]
async fn sec_132_sec_033_a_wrong_method_is_told_which_ones_there_are() {
    let server = TestServer::start(&[]).await;
    let ask = async |method: &str, path: &str, more: &str| {
        let request = format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{more}\r\n");
        raw(&server, request.as_bytes()).await
    };
    for (method, path, allow) in [
        ("GET", "/api/auth/login", "POST"),
        ("HEAD", "/api/auth/logout", "POST"),
        ("PUT", "/api/auth/register", "POST"),
        ("DELETE", "/api/user", "GET, HEAD"),
        ("POST", "/api/config", "GET, HEAD"),
        ("GET", "/oauth2/introspect", "POST"),
        ("POST", "/healthz", "GET, HEAD"),
        ("PATCH", "/login", "GET, HEAD, POST"),
        ("OPTIONS", "/api/auth/login", "POST"),
    ] {
        let answer = ask(method, path, "").await;
        assert_eq!((status(&answer), header(&answer, "allow")), (405, allow), "{method} {path}: {answer}");
    }
    for method in ["TRACE", "CONNECT"] {
        for path in ["/api/config", "/healthz", "/nothing"] {
            assert_eq!(status(&ask(method, path, "").await), 405, "{method} {path}");
        }
    }
    for more in ["X-HTTP-Method-Override: POST\r\n", "X-HTTP-Method: POST\r\n", "X-Method-Override: POST\r\n"] {
        assert_eq!(status(&ask("GET", "/api/auth/logout", more).await), 405);
        assert_eq!(status(&ask("GET", "/api/auth/logout?_method=POST", more).await), 405);
    }
    server.stop().await;
}
