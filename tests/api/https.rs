//! https of our own: a certificate that Postern makes, and one that the operator brings.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::support::certificate::Pair;
use crate::support::patience::until;
use crate::support::{Browser, PASSWORD, Place, TestServer};

/// Files are looked at each second; what is measured here is shared with other tests.
const SEEN: Duration = Duration::from_secs(10);

fn internal() -> Place {
    let mut place = Place::bare();
    place.set("POSTERN_LISTEN", "127.0.0.1:0");
    place.set("POSTERN_TLS", "internal");
    place
}

/// The five-minute path on a machine with nothing else on it, for a chat that takes only https issuers.
#[tokio::test]
async fn people_sign_up_and_in_by_a_certificate_that_was_made_here() {
    let place = internal();
    let program = place.serve().await;
    assert!(program.base.starts_with("https://127.0.0.1:"), "{}", program.base);
    let authority = std::fs::read_to_string(place.path("data/postern.ca.pem")).expect("the authority");
    let log = program.log();
    let shown = place.path("data/postern.ca.pem").canonicalize().expect("a path");
    assert!(log.contains("NODE_EXTRA_CA_CERTS") && log.contains(shown.to_str().expect("UTF-8")), "{log}");
    assert!(!log.contains("POSTERN_TRUSTED_PROXIES"), "{log}");

    let site = program.site.trusting(&authority);
    let config = site.get("/readyz").await.expect(200);
    assert!(config.header("strict-transport-security").is_empty(), "not for localhost");
    site.newcomer("maren@example.com").await;
    let answer = site.login("maren@example.com", PASSWORD).await.expect(200);
    assert!(answer.cookie_lines().iter().all(|line| line.contains("Secure")), "{answer:?}");
    let browser = Browser::at(&site);
    let signed_in = browser.sign_in("maren@example.com", PASSWORD).await.expect(303);
    assert!(signed_in.cookie_lines().iter().any(|line| line.starts_with("__Host-")), "{signed_in:?}");
    assert!(browser.is_signed_in().await);

    let stranger = program.site.trusting(&Pair::good(2020, 2100).certificate);
    assert!(stranger.request(reqwest::Method::GET, "/healthz").send().await.is_err(), "nobody else vouches for it");
    program.terminate();
    assert!(program.ended().await.0.success());
    let again = place.serve().await;
    again.site.trusting(&authority).sign_in("maren@example.com").await;
}

#[tokio::test]
async fn sec_008_what_is_made_for_https_is_private() {
    let place = internal();
    let program = place.serve().await;
    let mode = |path: &std::path::Path| path.metadata().expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&place.path("data")), 0o700);
    let mut keys = 0;
    for file in std::fs::read_dir(place.path("data")).expect("a folder") {
        let file = file.expect("an entry").path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        let text = std::fs::read(&file).expect("readable");
        keys += usize::from(String::from_utf8_lossy(&text).contains("PRIVATE KEY"));
    }
    assert_eq!(keys, 2, "the authority's and the server's");
    assert!(!program.log().contains("PRIVATE KEY"));
}

#[tokio::test]
async fn commands_make_no_certificate_and_show_what_is_set() {
    let place = internal();
    place.run(&["migrate"], "").await.expect(0);
    place.run(&["user", "list"], "").await.expect(0);
    assert!(place.path("data/postern.secrets").exists() && !place.path("data/postern.ca.pem").exists());
    let shown = place.run(&["config", "show"], "").await.expect(0).out;
    let lines: Vec<_> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert!(lines.contains(&"POSTERN_TLS internal (environment)".to_owned()), "{shown}");
    assert!(lines.contains(&"POSTERN_URL https://localhost:3081 (default)".to_owned()), "{shown}");
}

#[tokio::test]
async fn a_certificate_that_is_replaced_is_shown_to_whoever_comes_next() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = Pair::good(2020, 2100);
    let (certificate, key) = first.put(folder.path());
    let (certificate, key) = (certificate.to_str().expect("UTF-8"), key.to_str().expect("UTF-8"));
    let server = TestServer::start(&[
        ("POSTERN_URL", "https://auth.example.com"),
        ("POSTERN_TLS_CERTIFICATE", certificate),
        ("POSTERN_TLS_KEY", key),
        ("POSTERN_METRICS_LISTEN", "127.0.0.1:0"),
    ])
    .await;
    assert!(server.metrics.as_ref().expect("figures").starts_with("http://"));
    let old = server.trusting(&first.certificate);
    let answer = old.get("/healthz").await.expect(200);
    assert!(!answer.header("strict-transport-security").is_empty(), "{answer:?}");

    let second = Pair::good(2020, 2100);
    second.put(folder.path());
    let request = || server.trusting(&second.certificate).request(reqwest::Method::GET, "/healthz");
    until(SEEN, "the new certificate is shown", async || request().send().await.is_ok()).await;
    // Its connection is still open: a new one would not be trusted.
    old.get("/healthz").await.expect(200);
    let late = server.trusting(&first.certificate).request(reqwest::Method::GET, "/healthz").send().await;
    assert!(late.is_err(), "who comes now sees the new one");
    server.stop().await;
}

#[tokio::test]
async fn a_bad_certificate_keeps_the_one_from_before_and_the_log_says_why() {
    let mut place = Place::bare();
    let good = Pair::good(2020, 2100);
    good.put(&place.path(""));
    for (name, value) in [
        ("POSTERN_LISTEN", "127.0.0.1:0"),
        ("POSTERN_TLS_CERTIFICATE", "server.pem"),
        ("POSTERN_TLS_KEY_FILE", "server.key"),
    ] {
        place.set(name, value);
    }
    let program = place.serve().await;
    let healthy = async || program.site.trusting(&good.certificate).get("/healthz").await.expect(200);
    healthy().await;
    for (bad, why) in [
        (Pair { certificate: Pair::good(2020, 2100).certificate, key: good.key.clone() }, "does not belong"),
        (Pair::good(2000, 2001), "has expired at 2001-01-01"),
        (Pair { certificate: String::new(), key: good.key.clone() }, "without a certificate"),
    ] {
        bad.put(&place.path(""));
        let said = async || program.log().contains(why);
        until(SEEN, why, said).await;
        healthy().await;
    }
    let log = program.log();
    assert!(log.contains("the certificate from before stays") && !log.contains("PRIVATE KEY"), "{log}");
}

#[tokio::test]
async fn every_mistake_is_told_at_once() {
    let mut place = Place::bare();
    Pair::good(2000, 2001).put(&place.path(""));
    for (name, value) in [
        ("POSTERN_TLS", "internal"),
        ("POSTERN_TLS_CERTIFICATE", "server.pem"),
        ("POSTERN_TLS_KEY", "no/such/file"),
        ("POSTERN_URL", "http://localhost:3081"),
        ("POSTERN_LISTEN", "here"),
    ] {
        place.set(name, value);
    }
    for verb in [&[][..], &["config", "check"]] {
        let said = place.run(verb, "").await.expect(1);
        let words = format!("{}{}", said.out, said.err);
        for name in ["POSTERN_TLS ", "POSTERN_TLS_CERTIFICATE ", "POSTERN_TLS_KEY ", "POSTERN_URL ", "POSTERN_LISTEN "]
        {
            assert!(words.lines().any(|line| line.trim_start().starts_with(name)), "{name}is not told of: {words}");
        }
    }
    assert!(!place.path("data").exists(), "a start that is refused leaves nothing behind");
}
