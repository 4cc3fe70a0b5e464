//! People's pictures: taken from the provider once, and shown by us.

use std::time::Duration;

use postern::services::accounts::Doer;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::known::{comes_back, github_user};
use crate::support::Browser;
use crate::support::gate::{Gate, each_gate};
use crate::support::patience::until;

const FACE: &str = "GIF89a of a face";

/// The path of the picture of whoever has this address.
async fn picture_of(gate: &Gate, email: &str) -> Option<String> {
    let user = gate.server.app.users.by_email(email).await.expect("a read").expect("an account");
    user.picture.map(|id| format!("/pictures/{id}"))
}

/// Waits until `email` has a picture other than `before`.
async fn other_picture(gate: &Gate, email: &str, before: Option<&String>) -> Option<String> {
    until(Duration::from_secs(20), "another picture", async || picture_of(gate, email).await.as_ref() != before).await;
    picture_of(gate, email).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_133_a_persons_picture_is_fetched_once_and_shown_from_here() {
    each_gate(&[("DOMAIN_CLIENT", "http://localhost:3080")], async |gate| {
        gate.upstream.says_text("GET /face", 200, "text/html", FACE);
        let claims = json!({"picture": format!("{}/face", gate.upstream.issuer)});
        let browser = gate.comes_in("openid", &claims).await;
        let path = other_picture(gate, "ada@example.com", None).await.expect("a picture");
        let anybody = Browser::at(&gate.server);
        let answer = anybody.open(&path).await.expect(200);
        assert_eq!((answer.header("content-type"), answer.body.as_str()), ("image/gif", FACE));
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "private, max-age=3600"),
            ("cross-origin-resource-policy", "cross-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{name}");
        }
        assert!(answer.header("content-security-policy").contains("default-src 'none'"));
        let page = browser.open("/account").await.expect(200).body;
        assert!(page.contains(&format!("src=\"{path}\"")) && !page.contains(&gate.upstream.issuer), "{page}");
        // The chat reads it by its full address.
        let chat = Browser::at(&gate.server);
        let location = chat.open("/oauth/openid").await.expect(303).header("location").to_owned();
        gate.upstream.says_text("GET /face", 200, "image/gif", "GIF89a of another");
        let back = chat.open(&gate.upstream.lets_in(&location, &claims)).await.expect(303);
        let user = gate.server.refresh(&back.cookie("refreshToken")).await.expect(200).json();
        assert_eq!(user["user"]["avatar"], json!(format!("http://localhost:3081{path}")));
        assert_eq!(gate.upstream.asked("GET /face").len(), 1, "kept from the first sign-in");
        let asked = &gate.upstream.asked("GET /face")[0];
        assert!(!asked.head.to_lowercase().contains("authorization"), "{asked:?}");
        let user = gate.server.app.users.by_email("ada@example.com").await.expect("a read").expect("an account");
        gate.server.app.accounts.delete(user.id, Doer::command()).await.expect("deleted");
        anybody.open(&path).await.expect(404);
        anybody.open("/pictures/nobody").await.expect(404);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_126_sec_103_what_is_no_picture_or_is_nowhere_stops_no_sign_in() {
    let gate = Gate::open(&[]).await;
    let at = |path: &str| format!("{}{path}", gate.upstream.issuer);
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    gate.upstream.says_text("GET /svg", 200, "image/svg+xml", svg);
    gate.upstream.says_text("GET /html", 200, "image/png", "<html><script>alert(1)</script>");
    gate.upstream.says_text("GET /long", 200, "image/gif", &format!("GIF89a{}", "a".repeat(1 << 20)));
    gate.upstream.says_text("GET /inside", 302, "text/plain\r\nlocation: http://169.254.169.254/latest", "");
    gate.upstream.says_text("GET /nowhere", 302, "text/plain", FACE);
    gate.upstream.says_text("GET /face", 200, "image/gif", FACE);
    for (path, next) in [("/4", "/3"), ("/3", "/2"), ("/2", "/1"), ("/1", "/face")] {
        // A type of its own for each: the fake keeps it for as long as the test runs.
        let head: &'static str = Box::leak(format!("text/plain\r\nlocation: {next}").into_boxed_str());
        gate.upstream.says_text(&format!("GET {path}"), 302, head, "");
    }
    let endless = endless().await;
    for (number, picture) in [
        json!("none"),
        json!("/u/1.png"),
        json!("data:image/svg+xml,<svg onload=alert(1)>"),
        json!({"data": {"url": at("/face")}}),
        json!(format!("{}?{}", at("/face"), "a".repeat(2000))),
        json!("file:///etc/passwd"),
        json!("http://169.254.169.254/latest/meta-data/"),
        json!("https://10.0.0.1/1.png"),
        json!("http://[::1]/1.png"),
        json!("https://nobody.invalid/1.png"),
        json!(at("/svg")),
        json!(at("/html")),
        json!(at("/long")),
        json!(at("/missing")),
        json!(at("/inside")),
        json!(at("/nowhere")),
        json!(at("/4")),
        json!(endless),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("ada{number}@example.com");
        let claims = json!({"sub": email, "email": email, "picture": picture, "preferred_username": null});
        gate.comes_in("openid", &claims).await;
        assert_eq!(picture_of(&gate, &email).await, None, "{picture}");
    }
    let claims = json!({"sub": "led", "email": "led@example.com", "picture": at("/3"), "preferred_username": null});
    gate.comes_in("openid", &claims).await;
    assert!(other_picture(&gate, "led@example.com", None).await.is_some(), "three steps are fine");
}

/// The address of a picture that goes on for as long as anybody reads.
async fn endless() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-type: image/gif\r\ncontent-length: {}\r\n\r\nGIF89a", 1 << 30);
            let mut part = head.into_bytes();
            while stream.write_all(&part).await.is_ok() {
                part = vec![0; 1 << 16];
            }
        }
    });
    format!("http://127.0.0.1:{port}/huge.gif")
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_103_a_picture_that_never_comes_is_not_waited_for() {
    let gate = Gate::open(&[]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    // It takes calls, by its backlog, and answers none.
    gate.comes_in("openid", &json!({"picture": format!("http://127.0.0.1:{port}/slow.gif")})).await;
    assert_eq!(picture_of(&gate, "ada@example.com").await, None);
    drop(listener);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_provider_has_a_way_of_its_own_to_say_where_a_picture_is() {
    let gate = Gate::open(&[]).await;
    let face = format!("{}/face", gate.upstream.issuer);
    gate.upstream.says_text("GET /face", 200, "image/gif", FACE);
    let emails = json!([{"email": "octo@example.com", "primary": true, "verified": true}]);
    gate.upstream.says("GET /github/api/user/emails", 200, &emails);
    gate.upstream.says("GET /github/api/user", 200, &github_user(&json!({"avatar_url": face})));
    comes_back(&gate, &Browser::at(&gate.server), "github").await.expect(303);
    assert!(other_picture(&gate, "octo@example.com", None).await.is_some());
    let me = |id: &str, data: Value| json!({"id": id, "name": "Ada", "email": format!("{id}@example.com"), "picture": {"data": data}});
    for (id, silhouette) in [("1", json!(true)), ("2", json!(null)), ("3", json!(false))] {
        gate.upstream.says("GET /facebook/api/me", 200, &me(id, json!({"is_silhouette": silhouette, "url": face})));
        let browser = Browser::at(&gate.server);
        // Nobody vouches for their address.
        let asked = comes_back(&gate, &browser, "facebook").await;
        gate.registers(&browser, &asked).await;
        comes_back(&gate, &browser, "facebook").await.expect(303);
    }
    assert!(other_picture(&gate, "3@example.com", None).await.is_some());
    assert_eq!(picture_of(&gate, "1@example.com").await, None, "an outline of nobody");
    assert_eq!(picture_of(&gate, "2@example.com").await, None);
    let asked = gate.upstream.asked("GET /facebook/api/me").pop().expect("asked");
    assert!(asked.query["fields"].contains("picture.width(256)"), "{asked:?}");
}
