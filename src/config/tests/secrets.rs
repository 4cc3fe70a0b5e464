//! The three secrets of ours.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use super::super::{Missing, keys};
use super::*;
use crate::env::Origin;

fn database() -> (tempfile::TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data/postern.db");
    let text = format!("POSTERN_DATABASE_URL=sqlite://{}", path.display());
    (folder, path, text)
}

#[test]
fn sec_001_weak_and_public_secrets_are_refused_all_at_once() {
    let one = "a".repeat(64);
    for weak in ["short", one.as_str(), "16f8c0ef4a5d391b26034086c628469d3f9f497f08163ab9b40137092f2909ef"] {
        let text = format!("JWT_SECRET={weak}\nJWT_REFRESH_SECRET={OTHER}\nPOSTERN_ENCRYPTION_KEY={weak}");
        let found: Vec<_> = problems(&text).into_iter().map(|(setting, _)| setting).collect();
        assert_eq!(found, ["JWT_SECRET", "POSTERN_ENCRYPTION_KEY"], "{weak}");
    }
}

#[test]
fn sec_001_an_encryption_key_is_32_bytes_in_base64_or_hex() {
    let bytes = keys::encryption_key(KEY).expect("a key").expose().to_owned();
    let plain = KEY.trim_end_matches('=');
    for text in [plain, &plain.replace('+', "-").replace('/', "_"), &hex::encode(bytes), &hex::encode_upper(bytes)] {
        assert_eq!(keys::encryption_key(text).map(|it| *it.expose()), Ok(bytes), "{text}");
    }
    for text in [
        &hex::encode(&bytes[1..]),
        &plain[1..],
        "not base64 at all",
        &"00".repeat(32),
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    ] {
        assert!(keys::encryption_key(text).is_err(), "{text}");
    }
}

#[test]
fn sec_002_postgresql_needs_its_secrets() {
    for given in ["", "JWT_SECRET=short"] {
        let text = format!("POSTERN_DATABASE_URL=postgres://u:p@db/postern\n{given}");
        let found: Vec<_> = problems(&text).into_iter().map(|(setting, _)| setting).collect();
        assert_eq!(found, ["JWT_SECRET", "JWT_REFRESH_SECRET", "POSTERN_ENCRYPTION_KEY"]);
    }
    assert!(load(&with_secrets("POSTERN_DATABASE_URL=postgres://u:p@db/postern")).is_ok());
}

#[test]
fn sec_002_sec_008_secrets_are_made_once_beside_the_embedded_database() {
    let (_folder, path, text) = database();
    let (first, notes) = load(&text).expect("no problem");
    let made = path.with_file_name("postern.secrets");
    let mode = |path: &Path| std::fs::metadata(path).expect("made").permissions().mode() & 0o777;
    assert_eq!((mode(&made), mode(made.parent().expect("a folder"))), (0o600, 0o700));
    assert_eq!(std::fs::read_dir(made.parent().expect("a folder")).expect("listed").count(), 1);
    assert_eq!(notes.warnings.len(), 1);
    for secret in [&first.tokens.jwt_secret, &first.tokens.jwt_refresh_secret] {
        assert!(!format!("{notes:?} {first:?}").contains(secret.expose_secret()));
    }
    let (second, notes) = load(&text).expect("no problem");
    assert_eq!(second.tokens.jwt_secret.expose_secret(), first.tokens.jwt_secret.expose_secret());
    assert_eq!(second.encryption_key.expose(), first.encryption_key.expose());
    assert_eq!(notes.warnings, []);
    assert!(notes.settings.iter().any(|it| it.setting == "JWT_SECRET" && it.source == Origin::Made(made.clone())));
}

#[test]
fn sec_002_servers_that_start_at_once_agree_on_the_secrets() {
    let (_folder, _, text) = database();
    let start = || load(&text).expect("no problem").0.tokens.jwt_secret.expose_secret().to_owned();
    let secrets: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        starts.into_iter().map(|it| it.join().expect("started")).collect()
    });
    assert!(secrets.iter().all(|it| *it == secrets[0]));
}

#[test]
fn sec_002_nothing_is_made_when_only_asked_or_when_a_start_is_refused() {
    let (_folder, path, text) = database();
    let mut env = env(&text);
    assert!(Config::read(&mut env, Missing::Foretell(&Random::system())).is_some());
    assert_eq!(env.notes().notices.len(), 1);
    assert!(load(&format!("{text}\nPOSTERN_LISTEN=here")).is_err());
    assert!(!path.parent().expect("a folder").exists());
}

#[test]
fn sec_002_a_damaged_file_of_secrets_is_never_replaced() {
    let (_folder, path, text) = database();
    load(&text).expect("no problem");
    let made = path.with_file_name("postern.secrets");
    std::fs::write(&made, "JWT_SECRET=x").expect("written");
    assert!(load(&text).is_err());
    assert_eq!(std::fs::read_to_string(&made).expect("kept"), "JWT_SECRET=x");
}

#[test]
fn sec_002_what_is_no_file_of_secrets_stops_the_start_at_once() {
    let (_folder, path, text) = database();
    let made = path.with_file_name("postern.secrets");
    std::fs::create_dir_all(made.parent().expect("a folder")).expect("a folder");
    std::os::unix::fs::symlink("/dev/zero", &made).expect("a link");
    assert!(load(&text).is_err());
}

#[test]
fn sec_003_jwt_secrets_must_differ() {
    let text = format!("JWT_SECRET={ONE}\nJWT_REFRESH_SECRET={ONE}\nPOSTERN_ENCRYPTION_KEY={KEY}");
    assert_eq!(problems(&text), [("JWT_REFRESH_SECRET".to_owned(), "equals JWT_SECRET".to_owned())]);
}

#[test]
fn sec_001_the_key_from_before_is_checked_like_the_one_of_today() {
    let text = |key: &str| with_secrets(&format!("POSTERN_ENCRYPTION_KEY_PREVIOUS={key}"));
    let (config, notes) = load(&text(&format!("{ONE}{OTHER}"))).expect("no problem");
    let previous = config.previous_encryption_key.expect("a key");
    assert_eq!((hex::encode(previous.expose()), notes.warnings), (format!("{ONE}{OTHER}"), vec![]));
    assert!(load(&with_secrets("")).is_ok_and(|(config, _)| config.previous_encryption_key.is_none()));
    for weak in ["short", &"00".repeat(32)] {
        let found: Vec<_> = problems(&text(weak)).into_iter().map(|(setting, _)| setting).collect();
        assert_eq!(found, ["POSTERN_ENCRYPTION_KEY_PREVIOUS"], "{weak}");
    }
}
