//! What the clients file may say, and how it is told of what it may not.

use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;

use super::file::{FileClients, Files, load, parse};
use super::{AccessTokenKind, AuthMethod, ClientId, GrantType, Introspect, Metadata, Origin, ResponseType};

pub(super) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Reads `text` as a clients file; `secret` beside it holds [`SECRET`] and a line break.
pub(super) fn load_text(text: &str) -> Result<FileClients, Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("clients.toml");
    for (path, text) in [(&file, text), (&folder.path().join("secret"), &format!("{SECRET}\n"))] {
        std::fs::write(path, text).expect("a file");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("its mode");
    }
    load(&file)
}

fn problems(text: &str) -> Vec<String> {
    load_text(text).expect_err("the file is refused")
}

#[test]
fn every_key_of_the_format_is_read() {
    let clients = load_text(
        r#"
        [[client]]
        client_id = "chat"
        client_name = "The chat"
        client_secret_file = "secret"
        client_secret_previous = "fedcba9876543210fedcba9876543210"
        client_uri = "https://chat.example.com"
        logo_uri = "https://chat.example.com/logo.svg"
        policy_uri = "https://chat.example.com/privacy"
        tos_uri = "https://chat.example.com/terms"
        contacts = ["ops@example.com"]
        redirect_uris = ["https://chat.example.com/oauth/openid/callback"]
        post_logout_redirect_uris = ["https://chat.example.com/login"]
        backchannel_logout_uri = "http://chat:3080/logout"
        backchannel_logout_session_required = true
        initiate_login_uri = "https://chat.example.com/oauth/openid"
        token_endpoint_auth_method = "client_secret_post"
        grant_types = ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]
        response_types = ["code"]
        scope = "openid profile email offline_access"
        jwks = { keys = [{ kty = "OKP", crv = "Ed25519", x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] }
        subject_type = "pairwise"
        id_token_signed_response_alg = "ES256"
        userinfo_signed_response_alg = "EdDSA"
        introspection_signed_response_alg = "ES256"
        default_max_age = 3600
        require_pushed_authorization_requests = true
        trusted = true
        requires_verified_email = true
        introspect = "all"
        access_token = "opaque"
        require_pkce = false
        "#,
    )
    .expect("the file is good");
    let chat = clients.get(&ClientId::new("chat")).expect("it is declared");
    assert_eq!((chat.name(), chat.origin, clients.warnings.as_slice()), ("The chat", Origin::File, [].as_slice()));
    assert_eq!(chat.token_endpoint_auth_method, AuthMethod::ClientSecretPost);
    assert_eq!(chat.grant_types.last(), Some(&GrantType::DeviceCode));
    assert_eq!(chat.introspect, Some(Introspect::All));
    assert_eq!(chat.access_token, AccessTokenKind::Opaque);
    assert!(!chat.require_pkce && chat.trusted && chat.requires_verified_email);
    // What is kept reads back the same, for the database keeps it in this form.
    let kept = serde_json::to_string(&chat.metadata).expect("metadata has a form in JSON");
    assert_eq!(serde_json::from_str::<Metadata>(&kept).ok(), Some(chat.metadata.clone()));
    assert!(!kept.contains(SECRET));
}

#[test]
fn what_is_not_said_has_a_safe_meaning() {
    let text = format!(
        "[[client]]\nclient_id = \"a\"\nclient_secret = \"{SECRET}\"\nredirect_uris = [\"https://a.example/cb\"]\n
         [[client]]\nclient_id = \"b\"\nclient_secret = \"{SECRET}\"\n"
    );
    let clients = load_text(&text).expect("the file is good");
    let (a, b) = (clients.get(&ClientId::new("a")).expect("a"), clients.get(&ClientId::new("b")).expect("b"));
    assert_eq!(a.token_endpoint_auth_method, AuthMethod::ClientSecretBasic);
    assert_eq!(a.grant_types, [GrantType::AuthorizationCode, GrantType::RefreshToken]);
    assert_eq!(a.response_types, [ResponseType::Code]);
    assert!(a.require_pkce && a.introspect.is_none() && !a.trusted);
    assert!(b.grant_types.is_empty() && b.response_types.is_empty());
}

#[test]
fn all_problems_are_told_at_once_and_no_secret_with_them() {
    let told = parse(
        r#"
        clinet = 1
        [[client]]
        client_id = "chat"
        client_secret = "hidden-and-short"
        redirect_urls = ["https://chat.example.com/cb"]
        redirect_uris = ["http://chat.example.com/cb", "https://*.example.com/"]
        introspect = "everything"
        trusted = "yes"
        default_max_age = -1
        [[client]]
        client_secret_file = "nowhere"
        [[client]]
        client_id = "chat"
        client_secret = 1234567890
        "#,
        &mut Files::default(),
    );
    let told = told.expect_err("the file is refused");
    for expected in [
        "clinet: is not known here; only [[client]] tables are. Perhaps `[[client]]` is meant.",
        "client \"chat\": client_secret: must have at least 32 characters.",
        "client \"chat\": redirect_urls: is not a key that is known here. Perhaps `redirect_uris` is meant.",
        "client \"chat\": redirect_uris: \"http://chat.example.com/cb\" must be https",
        "client \"chat\": redirect_uris: \"https://*.example.com/\" may not have a wildcard",
        "client \"chat\": introspect: \"everything\" is none of: own, all.",
        "client \"chat\": trusted: must be true or false, not a value of type string.",
        "client \"chat\": default_max_age: must be a whole number",
        "client number 2: client_id: is missing.",
        "client number 2: client_secret_file:",
        "client \"chat\": client_secret: must be a text in quotes, not a value of type integer.",
        "client \"chat\": client_id: is declared twice.",
    ] {
        assert!(told.iter().any(|problem| problem.starts_with(expected)), "{expected} is not in {told:#?}");
    }
    assert!(!told.iter().any(|problem| problem.contains("hidden") || problem.contains("1234567890")), "{told:#?}");
}

#[test]
fn sec_004_a_file_that_is_not_toml_is_told_of_without_its_text() {
    let told = problems("[[client]]\nclient_secret = \"hidden\nclient_id = \"chat\"\n");
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("line 2: ") && !told[0].contains("hidden"), "{told:?}");
}

#[test]
fn sec_067_a_public_client_is_refused_what_needs_a_proof() {
    let told = problems(&format!(
        "[[client]]\nclient_id = \"app\"\ntoken_endpoint_auth_method = \"none\"\nclient_secret = \"{SECRET}\"\n\
         grant_types = [\"client_credentials\"]\nintrospect = \"own\"\nrequire_pkce = false\n"
    ));
    for key in ["client_secret", "grant_types", "introspect", "require_pkce"] {
        assert!(told.iter().any(|problem| problem.starts_with(&format!("client \"app\": {key}:"))), "{key} {told:#?}");
    }
}

#[test]
fn sec_069_a_declared_secret_has_32_characters_and_looks_random() {
    for (secret, is_good) in [
        (SECRET, true),
        (&SECRET[1..], false),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
        ("0123456789abcdef0123456789abcdef\\n", false),
        ("", false),
    ] {
        for key in ["client_secret", "client_secret_previous"] {
            let beside = if key == "client_secret" { String::new() } else { format!("client_secret = \"{SECRET}\"\n") };
            let loaded = load_text(&format!("[[client]]\nclient_id = \"a\"\n{beside}{key} = \"{secret}\"\n"));
            assert_eq!(loaded.is_ok(), is_good, "{key} {secret}");
        }
    }
    assert!(load_text("[[client]]\nclient_id = \"a\"\n").is_err(), "a confidential client has a secret");
    let twice =
        format!("[[client]]\nclient_id = \"a\"\nclient_secret = \"{SECRET}\"\nclient_secret_file = \"secret\"\n");
    assert!(load_text(&twice).is_err(), "one secret, not two");
}

#[test]
fn sec_006_secrets_that_all_can_read_are_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("clients.toml");
    std::fs::write(&file, format!("[[client]]\nclient_id = \"a\"\nclient_secret = \"{SECRET}+\"\n")).expect("a file");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("its mode");
    let warnings = load(&file).expect("the file is good").warnings;
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(!warnings.concat().contains(SECRET));
}

#[test]
fn what_is_no_plain_file_is_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(load(folder.path()).expect_err("a folder")[0].contains("is not a plain file"));
    assert!(load(&folder.path().join("nothing")).expect_err("missing")[0].contains("cannot be read"));
    let large = folder.path().join("large");
    std::fs::write(&large, vec![b'#'; 1 << 20]).expect("a file");
    assert!(load(&large).expect_err("large")[0].contains("larger"));
}

#[test]
fn a_slip_in_each_of_many_tables_is_told_of_in_few_words() {
    let told = problems(&"[[client]]\n".repeat(90_000));
    let (more, first) = told.split_last().expect("problems");
    assert!(first.len() == 10 && first[0].contains("client number 1: client_id: is missing"), "{first:?}");
    let more: usize = more.trim_start_matches("and ").trim_end_matches(" more.").parse().expect("how many more");
    assert!(more >= 89_990, "{more}");
    let long = problems(&format!("[[client]]\nclient_id = \"a\"\n{} = 1\n", "k".repeat(500_000)));
    assert!(long.concat().len() < 5_000, "{}", long.concat().len());
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z:/.@#*]{0,20}".prop_map(|text| format!("\"{text}\"")),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        proptest::collection::vec("\"[a-z:/.]{0,20}\"", 0..3).prop_map(|list| format!("[{}]", list.join(", "))),
        Just("1979-05-27".to_owned()),
        Just("nan".to_owned()),
        Just("{ keys = [1, { kty = 1979-05-27 }] }".to_owned()),
    ]
}

proptest! {
    #[test]
    fn no_text_upsets_the_reader(text in any::<String>()) {
        let _ = parse(&text, &mut Files::default());
    }

    #[test]
    fn no_value_of_any_key_upsets_the_reader(
        lines in proptest::collection::vec(
            (prop::sample::select(vec![
                "client_id", "client_secret", "client_secret_previous", "redirect_uris", "grant_types", "scope", "jwks",
                "jwks_uri", "introspect", "trusted", "default_max_age", "token_endpoint_auth_method", "[[client]]", "x",
            ]), value()),
            0..12,
        )
    ) {
        let line = |(key, value): &(&str, String)| if key.starts_with('[') { (*key).to_owned() } else { format!("{key} = {value}") };
        let text: Vec<String> = lines.iter().map(line).collect();
        if let Ok(clients) = parse(&format!("[[client]]\n{}", text.join("\n")), &mut Files::default()) {
            for client in clients.values() {
                prop_assert!(client.metadata.problems().is_empty());
                prop_assert_eq!(client.has_secret(), client.secrets.current.is_some());
            }
        }
    }
}
