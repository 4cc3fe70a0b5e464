//! An issuer with a path: everything holds below it, and what a proxy hands over at the root too.

use reqwest::Method;
use serde_json::json;

use crate::support::{Browser, CLIENT_SECRET, PASSWORD, SignedIn, Site, TestServer, each};

const BELOW: &[(&str, &str)] = &[("POSTERN_URL", "http://localhost:3081/auth")];

fn root(server: &TestServer) -> Site {
    Site::at(server.base.strip_suffix("/auth").expect("the path of the issuer"))
}

#[tokio::test]
async fn the_session_api_answers_below_the_path_and_at_the_root() {
    each(BELOW, async |server: &TestServer| {
        let root = root(server);
        let first = server.newcomer("maren@example.com").await;
        root.user(&first.token).await.expect(200);
        let second = SignedIn::from(&root.refresh(&first.refresh_token).await);
        let answer = root.login("maren@example.com", PASSWORD).await.expect(200);
        for line in answer.cookie_lines() {
            assert!(line.contains("; Path=/;"), "the chat's cookies are for the whole host: {line}");
        }
        let told = server.introspect(&second.token).await;
        assert_eq!((&told["active"], &told["iss"]), (&json!(true), &json!("http://localhost:3081/auth")));
        root.logout(&second.token).await.expect(200);
        assert!(!server.is_active(&second.token).await);
        for site in [&server.site, &root] {
            for path in ["/healthz", "/readyz", "/api/config"] {
                site.get(path).await.expect(200);
            }
            let wrong = site.send(site.request(Method::GET, "/api/auth/login")).await.expect(405);
            assert_eq!(wrong.header("allow"), "POST");
        }
        for path in ["/openapi.json", "/docs"] {
            server.site.get(path).await.expect(200);
            root.get(path).await.expect(404);
        }
    })
    .await;
}

#[tokio::test]
async fn pages_and_introspection_are_below_the_path_only() {
    let server = TestServer::start(BELOW).await;
    let root = root(&server);
    for path in ["/login", "/register", "/account", "/logout", "/oauth2/introspect", "/authx/login", "/auth../login"] {
        root.get(path).await.expect(404);
    }
    let asked = root.request(Method::POST, "/oauth2/introspect").basic_auth("chat", Some(CLIENT_SECRET));
    root.send(asked.form(&[("token", "x")])).await.expect(404);
    server.sign_up("maren@example.com").await;
    let browser = Browser::at(&server);
    for (going, leads) in
        [("/auth/account/name", "/auth/account/name"), ("/account/name", "/auth/account"), ("/authx", "/auth/account")]
    {
        let fields = [("email", "maren@example.com"), ("password", PASSWORD), ("return_to", going)];
        let answer = Browser::at(&server).submit("/login", "/login", &fields).await.expect(303);
        assert_eq!(answer.header("location"), leads, "{going}");
    }
    browser.sign_in("maren@example.com", PASSWORD).await.expect(303);
    let named = browser.submit("/account/name", "/account/name", &[("name", "Maren O.")]).await.expect(303);
    assert_eq!(named.header("location"), "/auth/account?done=name");
    assert_eq!(
        Browser::at(&server).open("/account").await.header("location"),
        "/auth/login?return_to=%2Fauth%2Faccount"
    );
    server.remove().await;
}

#[tokio::test]
async fn sec_026_names_of_cookies_tell_host_and_path() {
    let email = "maren@example.com";
    for (url, name, path) in [
        ("https://auth.example.com", "__Host-postern_session", "/"),
        ("https://chat.example.com/auth", "__Secure-postern_session", "/auth"),
    ] {
        let server = TestServer::start(&[("POSTERN_URL", url)]).await;
        server.sign_up(email).await;
        // What a browser does with `Secure` over plain http is its own affair: here they are carried by hand.
        let page = server.get("/login").await.expect(200);
        let csrf = page.cookie_lines()[0].split(';').next().expect("a cookie").to_owned();
        let token =
            page.body.split("name=\"csrf\" value=\"").nth(1).and_then(|it| it.split('"').next()).expect("a form");
        let form = [("email", email), ("password", PASSWORD), ("csrf", token)];
        let request = server.request(Method::POST, "/login").header("cookie", csrf).form(&form);
        let answer = server.send(request).await.expect(303);
        let line =
            answer.cookie_lines().into_iter().find(|line| line.starts_with(name)).expect("the session").to_owned();
        assert!(line.ends_with(&format!("; Path={path}; HttpOnly; Secure; SameSite=Lax")), "{line}");
        assert!(
            !line.contains("Domain") && line.split(';').next().is_some_and(|it| it.len() > name.len() + 22),
            "{line}"
        );
        server.remove().await;
    }
}
