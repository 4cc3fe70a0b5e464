//! The example of a clients file that operators copy: good as it stands, complete, and true.

use std::os::unix::fs::PermissionsExt;

use super::file::{FileClients, load};
use super::{ClientId, Introspect};

const EXAMPLE: &str = include_str!("../../../deploy/clients.example.toml");

/// Reads `text` as the example is read, with the secrets that it names beside it.
fn load_example(text: &str) -> Result<FileClients, Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = "0123456789abcdef0123456789abcdef";
    for (name, text) in [("clients.toml", text), ("chat-backend.secret", secret), ("chat.secret", secret)] {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("a file");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("its mode");
    }
    load(&folder.path().join("clients.toml"))
}

/// The keys that are left out, each with the line that would set it.
fn left_out() -> impl Iterator<Item = (&'static str, &'static str)> + Clone {
    let lines = EXAMPLE.lines().filter_map(|line| line.strip_prefix('#'));
    lines.filter_map(|line| Some((line.split_once(" = ")?.0, line))).filter(|(key, _)| !key.contains(' '))
}

fn with(line: &str, text: &str) -> String {
    text.replacen(&format!("\n#{line}\n"), &format!("\n{line}\n"), 1)
}

#[test]
fn the_example_is_good_with_each_of_its_lines() {
    let clients = load_example(EXAMPLE).expect("the example is good");
    assert_eq!((clients.iter().count(), clients.warnings.as_slice()), (2, [].as_slice()));
    let backend = clients.get(&ClientId::new("chat-backend")).expect("it is declared");
    assert_eq!(backend.introspect, Some(Introspect::All));
    assert!(left_out().count() > 20);
    for (key, line) in left_out() {
        let loaded = load_example(&with(line, EXAMPLE));
        // Nobody's client opens with what stands in an example.
        assert_eq!(loaded.is_ok(), !key.starts_with("client_secret"), "{line}: {:?}", loaded.err());
    }
}

#[test]
fn every_key_that_is_read_is_in_the_example() {
    const READS: [&str; 8] = [".text", ".word", ".words", ".flag", ".count", ".secret", ".value", ".remove"];
    let source: Vec<&str> = include_str!("declared.rs").split("(\"").collect();
    let asked = source.windows(2).filter(|pair| READS.iter().any(|read| pair[0].ends_with(read)));
    let keys: Vec<&str> = asked.filter_map(|pair| pair[1].split('"').next()).collect();
    assert!(keys.len() >= 30, "{keys:?}");
    for key in keys {
        let is_there = |line: &str| line.trim_start_matches('#').starts_with(&format!("{key} = "));
        assert!(EXAMPLE.lines().any(is_there), "{key} is not in the example");
    }
}

#[test]
fn what_the_example_calls_a_default_is_one() {
    let defaults = [
        "token_endpoint_auth_method",
        "backchannel_logout_session_required",
        "grant_types",
        "response_types",
        "subject_type",
        "id_token_signed_response_alg",
        "introspection_signed_response_alg",
        "require_pushed_authorization_requests",
        "require_pkce",
        "trusted",
        "requires_verified_email",
        "access_token",
    ];
    let lines = left_out().filter(|(key, _)| defaults.contains(key));
    assert_eq!(lines.clone().count(), defaults.len());
    let written = lines.fold(EXAMPLE.to_owned(), |text, (_, line)| with(line, &text));
    let (plain, written) = (load_example(EXAMPLE).expect("good"), load_example(&written).expect("good"));
    for (plain, written) in plain.iter().zip(written.iter()) {
        assert_eq!(plain.metadata, written.metadata);
    }
}
