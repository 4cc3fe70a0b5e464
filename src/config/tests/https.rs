//! https of our own.

use super::*;
use crate::services::certificates::Settings;
use crate::services::certificates::testing::{LONG, certificate, put};

/// A folder with a good pair, and the settings that name it.
fn named(name: &str, life: (i64, i64)) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let files = put(folder.path(), &certificate(name, life));
    let (certificate, key) = (files.certificate.display(), files.key.display());
    (
        folder,
        format!("POSTERN_URL=https://auth.example.com\nPOSTERN_TLS_CERTIFICATE={certificate}\nPOSTERN_TLS_KEY={key}"),
    )
}

#[test]
fn none_is_spoken_unless_it_is_asked_for() {
    for text in ["", "POSTERN_TLS=off", "POSTERN_TLS=\nPOSTERN_TLS_CERTIFICATE=\nPOSTERN_TLS_KEY="] {
        let (config, _) = load(&with_secrets(text)).expect("no problem");
        assert!(config.tls.is_none() && config.web.issuer() == "http://localhost:3081");
    }
}

#[test]
fn an_internal_certificate_makes_the_address_https_and_says_what_to_trust() {
    let (config, notes) = load(&with_secrets("POSTERN_TLS=internal")).expect("no problem");
    assert!(config.web.issuer() == "https://localhost:3081" && config.web.secure_cookies);
    let Some(Settings::Internal(made)) = config.tls else { panic!("{:?}", config.tls) };
    assert_eq!(made.authority, Path::new("data/postern.ca.pem"));
    assert_eq!(notes.warnings, []);
    let said = &notes.notices[0].text;
    assert!(said.contains("/data/postern.ca.pem") && said.contains("NODE_EXTRA_CA_CERTS"), "{said}");
    let elsewhere = with_secrets("POSTERN_TLS=internal\nPOSTERN_DATABASE_URL=postgres://u:p@db/postern");
    let (config, _) = load(&elsewhere).expect("no problem");
    assert!(matches!(config.tls, Some(Settings::Internal(made)) if made.authority == Path::new("data/postern.ca.pem")));
}

#[test]
fn an_internal_certificate_is_warned_of_off_this_machine() {
    assert_eq!(warned("POSTERN_TLS=internal\nPOSTERN_URL=https://auth.example.com"), ["POSTERN_TLS"]);
    assert_eq!(warned("POSTERN_TLS=internal\nPOSTERN_URL=https://127.0.0.1:3081/auth"), [""; 0]);
    assert_eq!(warned("POSTERN_TLS=internal\nPOSTERN_LISTEN=unix:/run/postern.sock"), ["POSTERN_TLS"]);
    assert_eq!(warned("POSTERN_TLS=internal\nPOSTERN_LISTEN=127.0.0.1:4000"), ["POSTERN_URL"]);
}

#[test]
fn a_certificate_needs_no_proxy_before_it() {
    let (_folder, text) = named("auth.example.com", LONG);
    let open = format!("{text}\nPOSTERN_LISTEN=0.0.0.0:3081");
    let (config, notes) = load(&with_secrets(&open)).expect("no problem");
    assert!(matches!(config.tls, Some(Settings::Files(_))) && config.web.secure_cookies);
    assert_eq!((notes.warnings, notes.notices), (vec![], vec![]));
    let (_folder, text) = named("other.example.com", LONG);
    assert_eq!(warned(&text), ["POSTERN_TLS_CERTIFICATE"]);
    let now = crate::clock::Clock::system().now().seconds();
    let (_folder, text) = named("auth.example.com", (now - 10, now + 86_400));
    assert_eq!(warned(&text), ["POSTERN_TLS_CERTIFICATE"]);
    let file = text.replace("POSTERN_TLS_KEY=", "POSTERN_TLS_KEY_FILE=");
    assert_eq!(warned(&file), ["POSTERN_TLS_CERTIFICATE"], "the key's file may be named as every secret's");
}

#[test]
fn every_mistake_is_told_with_its_setting() {
    let (folder, good) = named("auth.example.com", LONG);
    let without = |name: &str| good.lines().filter(|line| !line.starts_with(name)).collect::<Vec<_>>().join("\n");
    assert_eq!(refused(&without("POSTERN_TLS_KEY")), ["POSTERN_TLS_KEY"]);
    assert_eq!(refused(&without("POSTERN_TLS_CERTIFICATE")), ["POSTERN_TLS_CERTIFICATE"]);
    assert_eq!(refused(&format!("{good}\nPOSTERN_TLS=internal")), ["POSTERN_TLS"]);
    assert_eq!(refused("POSTERN_TLS=on"), ["POSTERN_TLS"]);
    assert_eq!(refused("POSTERN_TLS=internal\nPOSTERN_URL=http://localhost:3081"), ["POSTERN_URL"]);
    assert_eq!(refused(&good.replace("https", "http")), ["POSTERN_URL", "POSTERN_URL"]);
    let (_other, other) = named("auth.example.com", LONG);
    let key = other.lines().last().expect("the key");
    assert_eq!(refused(&format!("{}\n{key}", without("POSTERN_TLS_KEY"))), ["POSTERN_TLS_KEY"]);
    for life in [(0, 86_400), (4_000_000_000, LONG.1)] {
        let (_folder, text) = named("auth.example.com", life);
        assert_eq!(refused(&text), ["POSTERN_TLS_CERTIFICATE"]);
        // Among all the others, although the web's own settings are not whole.
        assert_eq!(refused(&format!("{text}\nPOSTERN_LISTEN=x")), ["POSTERN_LISTEN", "POSTERN_TLS_CERTIFICATE"]);
    }
    std::fs::remove_file(folder.path().join("server.pem")).expect("removed");
    std::fs::remove_file(folder.path().join("server.key")).expect("removed");
    assert_eq!(refused(&good), ["POSTERN_TLS_CERTIFICATE", "POSTERN_TLS_KEY"]);
}
