//! Who is called, who is not, and what is taken from whoever answers.

mod addresses;
mod other_server;

use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use ipnet::IpNet;

use super::*;
use crate::env::Env;
use other_server::{OtherServer, authority};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|_| panic!("{text}"))
}

fn settings(networks: &[&str]) -> Settings {
    let networks = networks.iter().map(|text| text.parse::<IpNet>().expect("a network")).collect();
    let (timeout, roots, proxies) = (Duration::from_secs(20), Vec::new(), Proxies::default());
    Settings { networks, timeout, roots, proxies }
}

/// Looks names up in `zone`, each time the next of its addresses, the last one again and again.
fn zone(zone: &[(&str, &[&str])]) -> LookUp {
    let zone: Vec<(String, Mutex<Vec<IpAddr>>)> = zone
        .iter()
        .map(|(name, turns)| ((*name).to_owned(), Mutex::new(turns.iter().rev().map(|text| ip(text)).collect())))
        .collect();
    let zone = Arc::new(zone);
    Arc::new(move |name| {
        let zone = Arc::clone(&zone);
        Box::pin(async move {
            let known = zone.iter().find(|(known, _)| *known == name).ok_or(std::io::ErrorKind::NotFound)?;
            let mut turns = known.1.lock().expect("not poisoned");
            let next = if turns.len() > 1 { turns.pop() } else { turns.last().copied() };
            Ok(next.into_iter().collect())
        })
    })
}

fn why(outcome: Result<Answer>) -> String {
    let error = outcome.expect_err("it must fail");
    assert_eq!(error.kind, ErrorKind::Unavailable);
    error.cause().map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
async fn sec_126_a_number_in_the_address_is_checked_in_whatever_form() {
    let outgoing = Outgoing::new(settings(&[]));
    for host in [
        "127.0.0.1",
        "127.1",
        "0177.0.0.1",
        "0x7f.1",
        "2130706433",
        "0",
        "127.0.0.1.",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1]",
        "[fd00::1]",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
    ] {
        for scheme in ["https", "http"] {
            let told = why(outgoing.post_form(&format!("{scheme}://{host}:1/"), &[]).await);
            assert!(told.contains("POSTERN_ALLOW_PRIVATE_ADDRESSES"), "{scheme}://{host}: {told}");
        }
    }
    assert!(why(outgoing.post_form("http://8.8.8.8/", &[]).await).contains("plain http"));
    for foreign in ["ftp://1.1.1.1/", "file:///etc/passwd", "//1.1.1.1/", ""] {
        why(outgoing.post_form(foreign, &[]).await);
    }
}

#[tokio::test]
async fn sec_126_a_name_is_called_at_the_addresses_that_were_checked_and_no_other() {
    let server = OtherServer::start(&["200 OK"]).await;
    let port = server.port;
    // Its owner points the name elsewhere once it was checked; a second look-up would follow.
    let outgoing = Outgoing::with(settings(&["127.0.0.0/8"]), zone(&[("rp.example", &["127.0.0.1", "10.0.0.1"])]));
    let answer = outgoing.post_form(&format!("http://rp.example:{port}/x?y"), &[("a", "b c&d")]).await.expect("200");
    assert_eq!((answer.status, answer.body.as_ref()), (200, b"hello".as_slice()));
    let heard = server.heard();
    assert!(heard[0].starts_with("POST /x?y HTTP/1.1\r\n") && heard[0].ends_with("\r\n\r\na=b+c%26d"), "{heard:?}");
    assert!(heard[0].contains(&format!("host: rp.example:{port}\r\n")), "{heard:?}");
    let told = why(outgoing.post_form(&format!("http://rp.example:{port}/"), &[]).await);
    assert!(told.contains("rp.example") && told.contains("POSTERN_ALLOW_PRIVATE_ADDRESSES"), "{told}");
    assert_eq!(server.heard().len(), 1);
}

#[tokio::test]
async fn sec_126_names_of_private_hosts_are_refused() {
    let names: &[(&str, &[&str])] =
        &[("inside.example", &["10.0.0.1"]), ("meta.example", &["169.254.169.254"]), ("nat.example", &["64:ff9b::1"])];
    let outgoing = Outgoing::with(settings(&["127.0.0.0/8"]), zone(names));
    for (name, _) in names {
        for scheme in ["https", "http"] {
            let told = why(outgoing.post_form(&format!("{scheme}://{name}/"), &[]).await);
            assert!(told.contains("POSTERN_ALLOW_PRIVATE_ADDRESSES"), "{scheme} {name}: {told}");
        }
    }
    // A public name by plain http is refused too, and `localhost` is a name like any other.
    let outgoing = Outgoing::with(settings(&[]), zone(&[("rp.example", &["8.8.8.8"]), ("localhost", &["127.0.0.1"])]));
    for url in ["http://rp.example/", "http://localhost/", "https://localhost/"] {
        assert!(why(outgoing.post_form(url, &[]).await).contains("POSTERN_ALLOW"), "{url}");
    }
}

#[tokio::test]
async fn sec_126_sec_103_redirects_are_not_followed_and_answers_are_bounded() {
    let server =
        OtherServer::start(&["302 Found\r\nlocation: /elsewhere", "200 OK", "200 OK", "500 No", "200 OK"]).await;
    let outgoing = Outgoing::new(settings(&["127.0.0.0/8"]));
    let url = format!("http://127.0.0.1:{}/", server.port);
    assert_eq!(outgoing.post_form(&url, &[]).await.expect("an answer").status, 302);
    assert_eq!(server.heard().len(), 1);
    assert!(outgoing.get_json(&url, 4).await.is_err(), "five bytes");
    assert!(outgoing.get_json(&url, 5).await.is_err(), "no JSON");
    assert!(outgoing.get_json(&url, 5).await.is_err(), "a status");
    server.say("{\"a\": [1]}");
    assert_eq!(outgoing.get_json(&url, 20).await.expect("JSON"), serde_json::json!({"a": [1]}));
    // One that never ends is cut off, announced length or not.
    server.say(&"a".repeat(LARGEST_ANSWER + 1));
    assert!(why(outgoing.post_form(&url, &[]).await).contains("longer than"));
    server.hide_length();
    assert!(why(outgoing.post_form(&url, &[]).await).contains("longer than"));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let server = OtherServer::start(&["200 OK"]).await;
    server.fall_silent();
    let patient = Settings { timeout: Duration::from_millis(100), ..settings(&["127.0.0.0/8"]) };
    let outgoing = Outgoing::new(patient);
    let told = why(outgoing.post_form(&format!("http://127.0.0.1:{}/", server.port), &[]).await);
    assert!(told.contains("timed out"), "{told}");
}

#[tokio::test]
async fn https_is_believed_for_those_whom_somebody_vouches_for() {
    let authority = authority();
    let server = OtherServer::start_encrypted(&["200 OK"], &authority).await;
    let names = || zone(&[("rp.example", &["127.0.0.1"]), ("other.example", &["127.0.0.1"])]);
    let url = format!("https://rp.example:{}/", server.port);
    // The system alone vouches for nobody of this test; neither may it be empty-handed.
    let strict = Outgoing::with(settings(&["127.0.0.0/8"]), names());
    assert!(strict.post_form(&url, &[]).await.is_err());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.pem()).expect("written");
    let vouched = read(&[("POSTERN_CA_FILE", file.to_str().expect("UTF-8"))]).expect("good settings");
    let outgoing = Outgoing::with(Settings { roots: vouched.roots, ..settings(&["127.0.0.0/8"]) }, names());
    assert_eq!(outgoing.post_form(&url, &[]).await.expect("an answer").status, 200);
    let other = url.replace("rp.example", "other.example");
    assert!(outgoing.post_form(&other, &[]).await.is_err(), "the certificate is for another name");
}

#[tokio::test]
async fn calls_go_through_the_proxy_where_there_is_one() {
    let proxy = OtherServer::start(&["200 OK"]).await;
    let names = || zone(&[("rp.example", &["127.0.0.1"]), ("inside.example", &["10.0.0.1"])]);
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let given = read(&[("HTTPS_PROXY", address.as_str())]).expect("good settings");
    let outgoing = Outgoing::with(Settings { proxies: given.proxies, ..settings(&["127.0.0.0/8"]) }, names());
    assert!(outgoing.post_form("https://rp.example/", &[]).await.is_err(), "it speaks no TLS");
    assert!(proxy.heard().pop().expect("a call").starts_with("CONNECT rp.example:443 HTTP/1.1"));
    for setting in ["PROXY", "HTTP_PROXY"] {
        let given = read(&[(setting, address.as_str()), ("NO_PROXY", "direct.example")]).expect("good settings");
        let outgoing = Outgoing::with(Settings { proxies: given.proxies, ..settings(&["127.0.0.0/8"]) }, names());
        outgoing.post_form("http://rp.example:1/x", &[]).await.expect("an answer");
        assert!(proxy.heard().pop().expect("a call").starts_with("POST http://rp.example:1/x HTTP/1.1"));
        // What only the proxy can look up is its to judge; what we can see is not let through.
        outgoing.post_form("http://127.0.0.1:1/y", &[]).await.expect("an answer");
        let heard = proxy.heard().len();
        for url in ["http://inside.example/", "http://10.0.0.1/", "http://169.254.169.254/", "http://direct.example/"] {
            why(outgoing.post_form(url, &[]).await);
        }
        assert_eq!(proxy.heard().len(), heard, "SEC-126");
    }
}

fn read(given: &[(&str, &str)]) -> std::result::Result<Settings, Vec<String>> {
    let given = given.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let mut env = Env::new(given, None);
    let read = Settings::read(&mut env);
    env.finish(read).map(|(read, _)| read).map_err(|problems| problems.into_iter().map(|it| it.setting).collect())
}

#[test]
fn bad_settings_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let hollow = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for path in [file("empty", ""), file("text", "hello"), file("hollow", hollow), "no/such/file".to_owned()] {
        assert_eq!(read(&[("POSTERN_CA_FILE", &path)]).expect_err(&path), ["POSTERN_CA_FILE"]);
    }
    for (name, value) in [
        ("POSTERN_ALLOW_PRIVATE_ADDRESSES", "0.0.0.0/0"),
        ("POSTERN_ALLOW_PRIVATE_ADDRESSES", "private"),
        ("POSTERN_OUTBOUND_TIMEOUT", "0s"),
        ("PROXY", "socks5://127.0.0.1:1"),
        ("HTTPS_PROXY", "proxy"),
    ] {
        assert_eq!(read(&[(name, value)]).expect_err(value), [name]);
    }
}
