//! `postern doctor oidc` and `postern health`, as an operator calls them whose sign-in fails.

use serde_json::Value;
use tokio::net::TcpListener;

use crate::support::meddler::{Habits, meddle};
use crate::support::{Place, Program};

/// A client whose every address is on this machine, and some others.
const CLIENTS: &str = r#"
[[client]]
client_id = "near"
client_secret = "vR8sT2nLq5wXz9bKc4mHd7gJf3pYa6eU"
redirect_uris = ["http://localhost:3090/cb", "http://127.0.0.1:3090/cb"]

[[client]]
client_id = "gone"
client_secret = "vR8sT2nLq5wXz9bKc4mHd7gJf3pYa6eU"
redirect_uris = ["http://localhost:3090/cb"]
post_logout_redirect_uris = ["https://taken-over.invalid/bye", "https://taken-over.invalid/other"]

[[client]]
client_id = "pushy"
client_secret = "vR8sT2nLq5wXz9bKc4mHd7gJf3pYa6eU"
redirect_uris = ["http://localhost:3090/cb"]
require_pushed_authorization_requests = true

[[client]]
client_id = "chat"
client_secret = "vR8sT2nLq5wXz9bKc4mHd7gJf3pYa6eU"
redirect_uris = ["http://localhost:3080/oauth/openid/callback"]
"#;

/// A server at an address that its issuer names, below `path`, and a command's settings beside it.
struct Scene {
    place: Place,
    program: Program,
    url: String,
    port: u16,
}

/// A port that nobody listens on.
async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("its address").port()
}

impl Scene {
    async fn at(path: &str) -> Self {
        let mut place = Place::bare();
        let port = free_port().await;
        std::fs::write(place.path("clients.toml"), CLIENTS).expect("a file");
        let url = format!("http://localhost:{port}{path}");
        place.set("POSTERN_URL", &url);
        place.set("POSTERN_LISTEN", &format!("127.0.0.1:{port}"));
        place.set("POSTERN_CLIENTS_FILE", "clients.toml");
        let program = place.serve().await;
        Self { place, program, url, port }
    }

    /// The same behind a proxy with these habits, by whose address people come.
    async fn behind(path: &str, habits: Habits) -> Self {
        Self::behind_one_of(path, habits, "").await
    }

    /// The same where these networks are those of the proxies.
    async fn behind_one_of(path: &str, habits: Habits, trusted: &str) -> Self {
        let mut place = Place::bare();
        place.set("POSTERN_TRUSTED_PROXIES", trusted);
        let port = free_port().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://localhost:{}{path}", listener.local_addr().expect("its address").port());
        std::fs::write(place.path("clients.toml"), CLIENTS).expect("a file");
        place.set("POSTERN_URL", &url);
        place.set("POSTERN_LISTEN", &format!("127.0.0.1:{port}"));
        place.set("POSTERN_CLIENTS_FILE", "clients.toml");
        let program = place.serve().await;
        meddle(listener, &format!("127.0.0.1:{port}"), habits);
        Self { place, program, url, port }
    }

    /// What the doctor says, and with which status.
    async fn examined(&self, client: &str) -> (Value, i32) {
        let said = self.place.run(&["doctor", "oidc", "--client", client, "--json"], "").await;
        let lines = said.out.lines().count();
        assert_eq!(lines, 1, "one document: {said:?}");
        (serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}")), said.code)
    }

    /// The names of the checks that fail, and all that was said.
    async fn failing(&self, client: &str) -> (Vec<String>, String) {
        let (document, code) = self.examined(client).await;
        let names =
            checks(&document).filter(|it| it["result"] == "fails").map(|it| it["check"].as_str().expect("a name"));
        let names: Vec<String> = names.map(str::to_owned).collect();
        assert_eq!(
            (document["ok"].as_bool(), code),
            (Some(names.is_empty()), i32::from(!names.is_empty())),
            "{document}"
        );
        for check in checks(&document) {
            assert_eq!(check["remedy"].is_string(), check["result"] == "fails", "{check}");
        }
        (names, document.to_string())
    }
}

fn checks(document: &Value) -> impl Iterator<Item = &Value> {
    document["checks"].as_array().expect("checks").iter()
}

#[tokio::test]
async fn a_sign_in_that_works_is_walked_to_its_page() {
    for path in ["", "/auth"] {
        let scene = Scene::at(path).await;
        let (document, code) = scene.examined("near").await;
        let told: Vec<_> = checks(&document).map(|it| (it["check"].as_str(), it["result"].as_str())).collect();
        let hops = ["issuer", "name", "discovery", "clock", "same", "keys", "redirect", "redirect", "page", "cookies"];
        let hops = hops.into_iter().chain(["proxy", "hosts"]);
        assert_eq!(told, hops.map(|hop| (Some(hop), Some("ok"))).collect::<Vec<_>>(), "{document}");
        assert_eq!((&document["client"], &document["issuer"]), (&"near".into(), &scene.url.as_str().into()));
        assert_eq!(code, 0);
        let words = scene.place.run(&["doctor", "oidc", "--client", "near"], "").await.expect(0);
        assert_eq!(words.out.lines().count(), 12, "a line each: {words:?}");
        assert!(words.out.lines().all(|line| line.starts_with("ok ")), "{words:?}");
        scene.program.terminate();
    }
}

#[tokio::test]
async fn sec_063_hosts_that_are_gone_are_listed() {
    let scene = Scene::at("").await;
    let (names, said) = scene.failing("gone").await;
    assert_eq!(names, ["hosts"]);
    assert!(said.contains("taken-over.invalid") && said.contains("https://taken-over.invalid/bye"), "{said}");
}

#[tokio::test]
async fn an_issuer_that_the_app_refuses_is_told() {
    let scene = Scene::at("").await;
    let (names, said) = scene.failing("chat").await;
    assert_eq!(names, ["issuer"]);
    assert!(said.contains("POSTERN_TLS=internal"), "{said}");
    let (names, said) = scene.failing("pushy").await;
    assert!(names.is_empty() && said.contains("skipped"), "{said}");
    scene.place.run(&["doctor", "oidc", "--client", "nobody"], "").await.expect(1);
    scene.place.run(&["doctor", "oidc"], "").await.expect(2);
    scene.place.run(&["doctor", "oidc", "--client", "near", "--ca-file", "clients.toml"], "").await.expect(1);
}

#[tokio::test]
async fn settings_that_are_not_the_servers_are_told() {
    let mut scene = Scene::at("").await;
    let url = format!("http://127.0.0.1:{}", scene.port);
    scene.place.set("POSTERN_URL", &url);
    let (names, said) = scene.failing("near").await;
    assert!(names.contains(&"same".to_owned()), "{said}");
    assert!(said.contains(&scene.url) && said.contains(&url), "both are named: {said}");
    let below = format!("{}/auth", scene.url);
    scene.place.set("POSTERN_URL", &below);
    let (names, said) = scene.failing("near").await;
    assert_eq!(names, ["discovery"], "{said}");
    assert!(said.contains("pass /auth on"), "{said}");
}

#[tokio::test]
async fn an_address_that_the_server_does_not_know_is_told() {
    let mut scene = Scene::at("").await;
    let more = CLIENTS.replace("3090/cb\", \"http://127.0.0.1:3090/cb\"", "3090/cb\", \"http://localhost:3090/new\"");
    std::fs::write(scene.place.path("other.toml"), more).expect("a file");
    scene.place.set("POSTERN_CLIENTS_FILE", "other.toml");
    let (names, said) = scene.failing("near").await;
    assert_eq!(names, ["redirect"], "{said}");
    assert!(said.contains("http://localhost:3090/new as an address"), "{said}");
}

#[tokio::test]
async fn another_database_is_told_by_its_keys() {
    let mut scene = Scene::at("").await;
    let other = Scene::at("").await;
    let database = format!("sqlite://{}", other.place.path("data/postern.db").display());
    scene.place.set("POSTERN_DATABASE_URL", &database);
    let (names, said) = scene.failing("near").await;
    assert_eq!(names, ["keys"], "{said}");
}

#[tokio::test]
async fn nobody_who_answers_is_told() {
    let scene = Scene::at("").await;
    let mut program = scene.program;
    program.kill();
    let scene = Scene { program, ..scene };
    let (names, said) = scene.failing("near").await;
    assert_eq!(names, ["discovery"], "{said}");
    assert!(said.contains("POSTERN_LISTEN") && said.contains("skipped"), "{said}");
}

#[tokio::test]
async fn a_good_proxy_changes_nothing() {
    let scene = Scene::behind("/auth", Habits::NONE).await;
    assert_eq!(scene.failing("near").await.0, [""; 0]);
}

#[tokio::test]
async fn what_a_proxy_bends_is_named() {
    let head = |head| Habits { head, ..Habits::NONE };
    let path = |path| Habits { path, ..Habits::NONE };
    let bent: [(&str, &str, Habits); 6] = [
        ("/auth", "discovery", path(|path| path.trim_start_matches("/auth").to_owned())),
        ("", "redirect", path(|path| path.split('?').next().unwrap_or_default().to_owned())),
        ("", "clock", head(|line| Some(if line.starts_with("date:") { OLD.into() } else { line.into() }))),
        ("", "cookies", head(|line| (!line.starts_with("set-cookie:")).then(|| line.into()))),
        ("/auth", "cookies", head(|line| Some(line.replace("Path=/auth", "Path=/")))),
        ("", "redirect", head(|line| Some(line.replace("location: /login", "location: http://10.0.0.1/login")))),
    ];
    for (below, hop, habits) in bent {
        let scene = Scene::behind(below, habits).await;
        let (names, said) = scene.failing("near").await;
        assert_eq!(names.iter().map(String::as_str).collect::<std::collections::BTreeSet<_>>(), [hop].into(), "{said}");
    }
}

const OLD: &str = "date: Sun, 06 Nov 1994 08:49:37 GMT";

#[tokio::test]
async fn a_proxy_that_nobody_named_is_told() {
    let mut scene = Scene::at("").await;
    // Nothing speaks https there; what is asked here is who would have to.
    scene.place.set("POSTERN_URL", &scene.url.replace("http://", "https://"));
    let (names, said) = scene.failing("near").await;
    assert_eq!(names, ["discovery", "proxy"], "{said}");
    assert!(said.contains("POSTERN_TRUSTED_PROXIES"), "{said}");
    scene.place.set("POSTERN_TRUSTED_PROXIES", "127.0.0.1");
    assert_eq!(scene.failing("near").await.0, ["discovery"]);
}

#[tokio::test]
async fn a_proxy_that_is_not_believed_is_told() {
    const SAID: Habits = Habits { says: "X-Forwarded-For: 203.0.113.9\r\n", ..Habits::NONE };
    for (trusted, fails, words) in [
        ("", true, "in POSTERN_TRUSTED_PROXIES, and restart"),
        ("10.0.0.0/8", true, "another proxy"),
        ("127.0.0.1", false, "from the proxy before it"),
    ] {
        let scene = Scene::behind_one_of("", SAID, trusted).await;
        let (names, said) = scene.failing("near").await;
        assert_eq!((names.contains(&"proxy".to_owned()), names.len()), (fails, usize::from(fails)), "{said}");
        assert!(said.contains(words), "{said}");
    }
    let scene = Scene::behind_one_of("", Habits::NONE, "127.0.0.1").await;
    assert_eq!(scene.failing("near").await.0, [""; 0]);
}

/// What somebody has who tries it out on one machine: https by an authority that was made here.
#[tokio::test]
async fn https_of_our_own_is_walked_and_asked_too() {
    let mut place = Place::bare();
    let port = free_port().await;
    place.set("POSTERN_TLS", "internal");
    place.set("POSTERN_URL", &format!("https://localhost:{port}/auth"));
    place.set("POSTERN_LISTEN", &format!("127.0.0.1:{port}"));
    let added = ["client", "add", "chat", "--for", "librechat", "--url", "http://localhost:3080"];
    let block = place.run(&added, "").await.expect(0);
    let authority = place.path("data/postern.ca.pem").canonicalize();
    assert!(authority.is_err() && !block.err.contains("Warning"), "{block:?}");
    assert!(block.out.contains("NODE_EXTRA_CA_CERTS=/") && block.out.contains("/data/postern.ca.pem\n"), "{block:?}");
    place.run(&["health"], "").await.expect(1);
    let program = place.serve().await;
    place.run(&["health"], "").await.expect(0);
    let said = place.run(&["doctor", "oidc", "--client", "chat"], "").await.expect(0);
    assert!(said.out.contains("postern.ca.pem") && !said.out.contains("fails"), "{said:?}");

    // Another authority vouches for another server.
    let mut other = Place::bare();
    other.set("POSTERN_TLS", "internal");
    other.set("POSTERN_LISTEN", "127.0.0.1:0");
    let another = other.serve().await;
    place.set("POSTERN_TLS", "");
    place.set("POSTERN_TRUSTED_PROXIES", "127.0.0.1");
    let said = place.run(&["doctor", "oidc", "--client", "chat"], "").await.expect(1);
    assert!(said.out.contains("--ca-file"), "{said:?}");
    let trusting = |file: &str| ["doctor", "oidc", "--client", "chat", "--ca-file", file].map(str::to_owned);
    for (at, code) in [(&other, 1), (&place, 0)] {
        let words = trusting(&at.path("data/postern.ca.pem").to_string_lossy());
        place.run(&words.each_ref().map(String::as_str), "").await.expect(code);
    }
    another.terminate();
    program.terminate();
}

#[tokio::test]
async fn health_is_what_the_listeners_say() {
    let mut scene = Scene::at("/auth").await;
    let said = scene.place.run(&["health"], "").await.expect(0);
    assert_eq!(said.out, format!("127.0.0.1:{}: ready\n", scene.port));
    scene.place.set("POSTERN_LISTEN", &format!("0.0.0.0:{}", scene.port));
    scene.place.run(&["health"], "").await.expect(0);
    let said = scene.place.run(&["health", "--json"], "").await.expect(0);
    let document: Value = serde_json::from_str(&said.out).expect("one document");
    assert_eq!((&document["ready"], &document["listeners"][0]["ready"]), (&true.into(), &true.into()));
    scene.program.kill();
    let said = scene.place.run(&["health", "--json"], "").await.expect(1);
    let document: Value = serde_json::from_str(&said.out).expect("one document");
    assert_eq!(document["ready"], false);
}

#[tokio::test]
async fn health_asks_a_socket_too_and_makes_nothing() {
    let mut place = Place::bare();
    let socket = format!("unix:{}", place.path("postern.sock").display());
    place.set("POSTERN_LISTEN", &socket);
    place.run(&["health"], "").await.expect(1);
    assert!(!place.path("data").exists(), "to ask is no start");
    place.set("POSTERN_LISTEN", &format!("{socket},127.0.0.1:0"));
    let program = place.serve().await;
    place.set("POSTERN_LISTEN", &socket);
    let said = place.run(&["health"], "").await.expect(0);
    assert!(said.out.ends_with(": ready\n"), "{said:?}");
    program.terminate();
}
