//! What a whole set of settings comes to.

mod https;
mod secrets;

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::services::database::Location;
use crate::services::registration::Mode;

const ONE: &str = "5d0c1ff9a3be27418866d1f20b9f43a7";
const OTHER: &str = "c2a7e09b41d85f6630f14bd87e92ac51";
const KEY: &str = "gA/4/v1++vqn4L0fnV+5GU2+QOMzb3fQXzCHM758FWY=";

/// Settings with all secrets, and `text` below them.
fn with_secrets(text: &str) -> String {
    format!("JWT_SECRET={ONE}\nJWT_REFRESH_SECRET={OTHER}\nPOSTERN_ENCRYPTION_KEY={KEY}\n{text}")
}

fn env(text: &str) -> Env {
    Env::new([], Some((Path::new(".env"), text)))
}

fn load(text: &str) -> Result<(Config, Notes), Vec<Problem>> {
    Config::load(env(text), &Random::system())
}

fn problems(text: &str) -> Vec<(String, String)> {
    load(text).err().unwrap_or_default().into_iter().map(|it| (it.setting, it.wrong)).collect()
}

fn refused(text: &str) -> Vec<String> {
    problems(&with_secrets(text)).into_iter().map(|(setting, _)| setting).collect()
}

fn warned(text: &str) -> Vec<String> {
    let (_, notes) = load(&with_secrets(text)).expect("no problem");
    notes.warnings.into_iter().map(|it| it.setting).collect()
}

#[test]
fn defaults_are_those_of_the_list() {
    let (config, notes) = load(&with_secrets("")).expect("no problem");
    assert_eq!(config.web.issuer(), "http://localhost:3081");
    assert!(!config.web.secure_cookies && config.users.email_login && config.users.registration);
    assert_eq!(config.tokens.session_token_lifetime, Duration::from_secs(900));
    assert_eq!(config.tokens.refresh_lifetime, Duration::from_secs(604_800));
    assert_eq!(config.keys.rotation, Some(Duration::from_secs(90 * 86_400)));
    assert_eq!((config.users.hashing.memory_kib, config.users.hashing.iterations), (19_456, 2));
    assert_eq!(config.web.looks.title, "Postern");
    assert!(matches!(config.database.location, Location::Sqlite(path) if path == Path::new("data/postern.db")));
    assert_eq!((notes.warnings, notes.notices), (vec![], vec![]));
}

#[test]
fn every_problem_is_told_at_once() {
    let text = "POSTERN_LISTEN=here\nSESSION_EXPIRY=15m\nALLOW_REGISTRATION=yes\nPOSTERN_LOGO=no/such/file\nPOSTERN_LISTN=1\n\
        JWT_SECRET=short\nPOSTERN_ACCENT_COLOR=red\nPOSTERN_CLIENTS_FILE=no/such/file\nMIN_PASSWORD_LENGTH=129";
    let mut found: Vec<_> = problems(text).into_iter().map(|(setting, _)| setting).collect();
    found.sort();
    let mut expected: Vec<_> = text.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn sec_005_http_off_this_machine_needs_a_word() {
    assert_eq!(refused("POSTERN_URL=http://auth.example.com"), ["POSTERN_URL"]);
    assert_eq!(refused("POSTERN_URL=http://auth.example.com\nSESSION_COOKIE_SECURE=true"), ["POSTERN_URL"]);
    assert_eq!(refused("POSTERN_URL=https://auth.example.com\nSESSION_COOKIE_SECURE=false"), ["SESSION_COOKIE_SECURE"]);
    assert_eq!(refused("POSTERN_URL=http://auth.example.com\nPOSTERN_LISTEN=x"), ["POSTERN_LISTEN", "POSTERN_URL"]);
    let text = with_secrets("POSTERN_URL=http://auth.example.com\nSESSION_COOKIE_SECURE=false");
    let (config, notes) = load(&text).expect("allowed");
    assert!(!config.web.secure_cookies && notes.warnings.iter().any(|it| it.setting == "POSTERN_URL"));
    assert!(
        load(&with_secrets("POSTERN_URL=https://auth.example.com")).is_ok_and(|(config, _)| config.web.secure_cookies)
    );
}

#[test]
fn a_public_chat_needs_a_public_address() {
    assert_eq!(refused("DOMAIN_CLIENT=https://chat.example.com"), ["POSTERN_URL"]);
    assert_eq!(refused("DOMAIN_SERVER=https://chat.example.com"), ["POSTERN_URL"]);
    assert_eq!(refused("DOMAIN_CLIENT=http://localhost:3080"), [""; 0]);
    let both = |chat: &str| format!("POSTERN_URL=https://chat.example.com/auth/\nDOMAIN_CLIENT={chat}");
    assert_eq!(refused(&both("https://chat.example.com")), [""; 0]);
    assert_eq!(refused(&both("https://chat.example.com/auth")), ["DOMAIN_CLIENT"]);
    let (config, _) = load(&with_secrets(&both("https://chat.example.com"))).expect("no problem");
    assert_eq!((config.web.issuer(), config.web.base_path()), ("https://chat.example.com/auth", "/auth"));
    assert_eq!(config.web.looks.title, "LibreChat");
}

#[test]
fn sec_006_lengths_of_time_are_checked_against_each_other() {
    for (text, setting) in [
        ("SESSION_EXPIRY=0", "SESSION_EXPIRY"),
        ("SESSION_EXPIRY=-900000", "SESSION_EXPIRY"),
        ("SESSION_EXPIRY=999", "SESSION_EXPIRY"),
        ("SESSION_EXPIRY=9007199254740993", "SESSION_EXPIRY"),
        ("REFRESH_TOKEN_EXPIRY=900000", "REFRESH_TOKEN_EXPIRY"),
        ("REFRESH_TOKEN_EXPIRY=1000 * 60 * 60 * 24 * 401", "REFRESH_TOKEN_EXPIRY"),
        ("POSTERN_REFRESH_GRACE=61s", "POSTERN_REFRESH_GRACE"),
        ("POSTERN_BROWSER_SESSION_IDLE=31d", "POSTERN_BROWSER_SESSION_IDLE"),
        ("POSTERN_AUDIT_RETENTION=0s", "POSTERN_AUDIT_RETENTION"),
        ("POSTERN_SIGNING_KEY_ROTATION=1h", "POSTERN_SIGNING_KEY_ROTATION"),
        ("LOGIN_WINDOW=0", "LOGIN_WINDOW"),
        ("REGISTER_MAX=0", "REGISTER_MAX"),
    ] {
        assert_eq!(refused(text), [setting], "{text}");
    }
    assert_eq!(warned("SESSION_EXPIRY=30000"), ["SESSION_EXPIRY"]);
    assert_eq!(warned("SESSION_EXPIRY=1000 * 60 * 60 * 25"), ["SESSION_EXPIRY"]);
}

#[test]
fn sec_009_hashing_never_goes_under_the_floor() {
    let cost = |memory: u32, iterations: u32| {
        format!("POSTERN_ARGON2_MEMORY_KIB={memory}\nPOSTERN_ARGON2_ITERATIONS={iterations}")
    };
    for (memory, iterations) in [(47_104, 1), (19_456, 2), (7_168, 5), (9_216, 64)] {
        assert_eq!(refused(&cost(memory, iterations)), [""; 0]);
    }
    for (memory, iterations) in [(47_103, 1), (19_455, 2), (7_167, 64)] {
        assert_eq!(refused(&cost(memory, iterations)), ["POSTERN_ARGON2_MEMORY_KIB"]);
    }
}

#[test]
fn ways_in_follow_the_chat() {
    assert_eq!(refused("ALLOW_EMAIL_LOGIN="), ["ALLOW_EMAIL_LOGIN"]);
    assert_eq!(refused("ALLOW_EMAIL_LOGIN=false\nALLOW_EMAIL_LOGIN_OVERRIDE=true"), [""; 0]);
    assert_eq!(warned("MONGO_URI=mongodb://127.0.0.1/LibreChat"), ["ALLOW_REGISTRATION"]);
    assert_eq!(warned("MIN_PASSWORD_LENGTH=1"), ["MIN_PASSWORD_LENGTH"]);
    let (config, _) = load(&with_secrets("MONGO_URI=x\nMIN_PASSWORD_LENGTH=1")).expect("no problem");
    assert!(!config.users.registration && config.users.min_password_length == 8);
    let (config, _) = load(&with_secrets("POSTERN_ALLOWED_EMAIL_DOMAINS=Example.com, b.example")).expect("no problem");
    assert_eq!(config.users.allowed_domains, Some(vec!["example.com".into(), "b.example".into()]));
    assert_eq!(refused("POSTERN_ALLOWED_EMAIL_DOMAINS=,"), ["POSTERN_ALLOWED_EMAIL_DOMAINS"]);
}

#[test]
fn listeners_do_not_meet() {
    assert_eq!(refused("POSTERN_METRICS_LISTEN=127.0.0.1:3081"), ["POSTERN_METRICS_LISTEN"]);
    assert_eq!(refused("POSTERN_METRICS_LISTEN=0.0.0.0:3081"), ["POSTERN_METRICS_LISTEN"]);
    assert_eq!(refused("POSTERN_LISTEN=localhost:3081, 127.0.0.1:3081"), ["POSTERN_LISTEN"]);
    assert_eq!(refused("POSTERN_TRUSTED_PROXIES=0.0.0.0/0"), ["POSTERN_TRUSTED_PROXIES"]);
    let open = "POSTERN_URL=https://auth.example.com\nPOSTERN_LISTEN=0.0.0.0:3081";
    assert_eq!(warned(open), ["POSTERN_TRUSTED_PROXIES"]);
    assert_eq!(warned("POSTERN_URL=https://auth.example.com"), ["POSTERN_TRUSTED_PROXIES"]);
    assert_eq!(warned(&format!("{open}\nPOSTERN_TRUSTED_PROXIES=10.0.0.0/8")), [""; 0]);
    assert_eq!(warned("POSTERN_LISTEN=unix:/run/postern.sock"), [""; 0]);
    assert_eq!(warned("POSTERN_LISTEN=127.0.0.1:4000"), ["POSTERN_URL"]);
}

#[test]
fn sec_065_registration_is_off_and_open_to_the_world_only_with_a_warning() {
    let mode = |text: &str| load(&with_secrets(text)).map(|(config, _)| config.registration.mode).ok();
    assert_eq!(mode(""), Some(Mode::Off));
    assert_eq!(mode("POSTERN_DYNAMIC_REGISTRATION=token"), Some(Mode::Token));
    assert_eq!(mode("POSTERN_DYNAMIC_REGISTRATION=open"), Some(Mode::Open));
    for text in ["true", "false", "Open", "on"] {
        let setting = format!("POSTERN_DYNAMIC_REGISTRATION={text}");
        assert_eq!(refused(&setting), ["POSTERN_DYNAMIC_REGISTRATION"]);
    }
    let proxy = "POSTERN_URL=https://auth.example.com\nPOSTERN_TRUSTED_PROXIES=127.0.0.1";
    let public = |mode: &str| format!("{proxy}\nPOSTERN_DYNAMIC_REGISTRATION={mode}");
    assert_eq!(warned(&public("open")), ["POSTERN_DYNAMIC_REGISTRATION"]);
    assert_eq!((warned(&public("token")), warned("POSTERN_DYNAMIC_REGISTRATION=open")), (vec![], vec![]));
}

#[test]
fn sec_052_no_code_lives_longer_than_a_minute() {
    let setting = |life: &str| with_secrets(&format!("POSTERN_CODE_LIFETIME={life}"));
    for life in ["1s", "60s", "1m"] {
        assert!(load(&setting(life)).is_ok_and(|(_, notes)| notes.warnings.is_empty()), "{life} is in force");
    }
    for life in ["0s", "61s", "2m", "10m"] {
        let wrong = ("POSTERN_CODE_LIFETIME".to_owned(), "is out of range".to_owned());
        assert_eq!(problems(&setting(life)), [wrong], "{life}");
    }
}

#[test]
fn names_of_later_releases_are_said_and_not_refused() {
    assert_eq!(warned("POSTERN_LOCALE=de\nPOSTERN_LINK_LIFETIME=\nPOSTERN_CHALLENGE="), ["POSTERN_LOCALE"]);
    for needed in ["POSTERN_REGISTRATION_MODE=invite", "POSTERN_PROXY_PROTOCOL=true"] {
        assert_eq!(refused(&with_secrets(needed)).len(), 1, "{needed} must not be passed over");
    }
    let (_, notes) = load(&with_secrets("EMAIL_HOST=mail\nEMAIL_PORT=25\nUSE_REDIS=true")).expect("no problem");
    let groups: Vec<_> = notes.notices.iter().map(|it| it.setting.as_str()).collect();
    assert_eq!(groups, ["mail", "Redis"]);
}

proptest! {
    #[test]
    fn sec_004_any_settings_are_read_without_a_panic_or_a_word_of_a_secret(
        values in prop::collection::vec((0usize..60, "[ -~é\n]{0,24}|[0-9]{1,20}[smhd]?|https?://[a-z.:@/#?]{1,20}"), 0..12),
        secret in "[a-zA-Z0-9]{20,40}",
    ) {
        let mut all = env("");
        let _ = Config::read(&mut all, Missing::Foretell(&Random::system()));
        let settings = &all.notes().settings;
        let variables = values.iter().map(|(at, value)| {
            let known = &settings[at % settings.len()];
            (known.setting.into(), if known.secret { secret.clone() + value } else { value.clone() }.into())
        });
        let mut read = Env::new(variables, None);
        let config = Config::read(&mut read, Missing::Foretell(&Random::system()));
        prop_assert_eq!(config.is_some(), read.problems().is_empty());
        let shown = format!("{config:?} {:?} {:?} {read:?}", read.notes(), read.problems());
        prop_assert!(!shown.contains(&secret));
    }
}
