//! `postern client add ID --for APP`: a client with everything that a chat app needs, and the block
//! for that app's settings.

use serde_json::{Value, json};

use crate::support::{Place, Said};

const CHAT: &str = "https://chat.example.com";

/// What LibreChat reads; everything that the block holds must be among it.
const OF_LIBRECHAT: [&str; 19] = [
    "ALLOW_SOCIAL_LOGIN",
    "DOMAIN_CLIENT",
    "DOMAIN_SERVER",
    "OPENID_ADMIN_ROLE",
    "OPENID_ADMIN_ROLE_PARAMETER_PATH",
    "OPENID_ADMIN_ROLE_TOKEN_KIND",
    "OPENID_AUDIENCE",
    "OPENID_AUTO_REDIRECT",
    "OPENID_BUTTON_LABEL",
    "OPENID_CALLBACK_URL",
    "OPENID_CLIENT_ID",
    "OPENID_CLIENT_SECRET",
    "OPENID_IMAGE_URL",
    "OPENID_ISSUER",
    "OPENID_NAME_CLAIM",
    "OPENID_REUSE_TOKENS",
    "OPENID_SCOPE",
    "OPENID_SESSION_SECRET",
    "OPENID_USE_END_SESSION_ENDPOINT",
];

fn place(url: &str) -> Place {
    let mut place = Place::bare();
    place.set("POSTERN_URL", url);
    place
}

async fn added(place: &Place, words: &str) -> Said {
    let arguments: Vec<&str> = ["client", "add"].into_iter().chain(words.split_whitespace()).collect();
    place.run(&arguments, "").await
}

async fn document(place: &Place, words: &str) -> Value {
    let said = added(place, &format!("{words} --json")).await.expect(0);
    assert_eq!(said.out.lines().count(), 1, "{said:?}");
    serde_json::from_str(&said.out).expect("one document")
}

/// The settings of a block as dotenv reads them: names and values without quotes.
fn settings(block: &str) -> Vec<(&str, &str)> {
    let lines = block.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('=')).map(|(name, value)| (name, value.trim_matches('"'))).collect()
}

#[tokio::test]
async fn librechat_gets_everything_that_it_needs() {
    let place = place("https://auth.example.com/");
    let said = added(&place, &format!("chat --for librechat --url {CHAT}/")).await.expect(0);
    assert!(said.err.ends_with("Client chat is added. Its secret is shown this once.\n"), "{said:?}");
    let is_of_a_file = |line: &str| line.starts_with('#') || line.split_once('=').is_some();
    assert!(said.out.lines().all(is_of_a_file), "{said:?}");
    let told = settings(&said.out);
    let of = |name: &str| told.iter().find(|(it, _)| *it == name).map_or("", |(_, value)| *value);
    assert!(told.iter().all(|(name, _)| OF_LIBRECHAT.contains(name)), "{told:?}");
    for (name, value) in [
        ("DOMAIN_CLIENT", CHAT),
        ("DOMAIN_SERVER", CHAT),
        ("ALLOW_SOCIAL_LOGIN", "true"),
        ("OPENID_ISSUER", "https://auth.example.com"),
        ("OPENID_CLIENT_ID", "chat"),
        ("OPENID_SCOPE", "openid profile email roles"),
        ("OPENID_CALLBACK_URL", "/oauth/openid/callback"),
        ("OPENID_NAME_CLAIM", "name"),
        ("OPENID_ADMIN_ROLE", "admin"),
        ("OPENID_ADMIN_ROLE_PARAMETER_PATH", "roles"),
        ("OPENID_ADMIN_ROLE_TOKEN_KIND", "id"),
        ("OPENID_USE_END_SESSION_ENDPOINT", "true"),
        ("OPENID_BUTTON_LABEL", "Continue with Postern"),
        ("OPENID_REUSE_TOKENS", ""),
    ] {
        assert_eq!(of(name), value, "{name}");
    }
    assert!(of("OPENID_CLIENT_SECRET").starts_with("pst_cs_") && of("OPENID_SESSION_SECRET").len() == 64, "{told:?}");
    for word in ["postern user verify", "db.users.updateMany", "provider: \"openid\"", "offline_access"] {
        assert!(said.out.contains(word), "{word}: {}", said.out);
    }

    let shown = place.run(&["client", "show", "chat", "--json"], "").await.expect(0);
    let client: Value = serde_json::from_str(&shown.out).expect("JSON");
    for (name, value) in [
        (
            "redirect_uris",
            json!([format!("{CHAT}/oauth/openid/callback"), format!("{CHAT}/api/admin/oauth/openid/callback")]),
        ),
        ("post_logout_redirect_uris", json!([format!("{CHAT}/login"), CHAT])),
        ("initiate_login_uri", json!(format!("{CHAT}/oauth/openid"))),
        ("token_endpoint_auth_method", json!("client_secret_post")),
        ("grant_types", json!(["authorization_code", "refresh_token"])),
        ("scope", json!("openid profile email roles offline_access")),
        ("trusted", json!(true)),
        ("requires_verified_email", json!(true)),
        ("require_pkce", json!(true)),
    ] {
        assert_eq!(client[name], value, "{name}");
    }
    let again = added(&place, &format!("other --for librechat --url {CHAT}")).await.expect(0);
    let key = |said: &str| {
        settings(said).into_iter().find(|(name, _)| *name == "OPENID_SESSION_SECRET").map(|it| it.1.to_owned())
    };
    assert!(key(&again.out).is_some() && key(&again.out) != key(&said.out), "made anew each time");
}

#[tokio::test]
async fn librechat_may_live_on_our_tokens() {
    let place = place("https://auth.example.com");
    let it = document(&place, "chat --for librechat --url http://localhost:3080 --reuse-tokens").await;
    let settings = it["settings"].as_object().expect("settings");
    assert_eq!(settings["OPENID_REUSE_TOKENS"], "true");
    assert_eq!(settings["OPENID_SCOPE"], "openid profile email roles offline_access");
    assert_eq!(settings["OPENID_CLIENT_SECRET"], it["client_secret"]);
    assert!(settings.keys().all(|name| OF_LIBRECHAT.contains(&name.as_str())), "{settings:?}");
    assert_eq!(
        (&it["warnings"], &it["initiate_login_uri"]),
        (&json!([]), &json!("http://localhost:3080/oauth/openid"))
    );
}

#[tokio::test]
async fn an_issuer_that_librechat_refuses_is_warned_of() {
    let place = place("http://localhost:3081");
    let said = added(&place, &format!("chat --for librechat --url {CHAT}")).await.expect(0);
    for word in ["Warning:", "https", "POSTERN_TLS=internal", "POSTERN_TLS_CERTIFICATE", "http://localhost:3081"] {
        assert!(said.err.contains(word), "{word}: {said:?}");
    }
    let it = document(&place, &format!("more --for librechat --url {CHAT}")).await;
    assert_eq!(it["warnings"].as_array().map(Vec::len), Some(1), "{it}");
    let said = added(&place, &format!("web --for open-webui --url {CHAT}")).await.expect(0);
    assert!(!said.err.contains("Warning"), "Open WebUI takes it: {said:?}");
}

#[tokio::test]
async fn open_webui_gets_a_block_with_pkce_turned_on() {
    let place = place("https://chat.example.com/auth");
    let it = document(&place, &format!("web --for open-webui --url {CHAT} --name Chat --scope groups")).await;
    let settings = it["settings"].clone();
    let expected = json!({
        "WEBUI_URL": CHAT,
        "ENABLE_OAUTH_SIGNUP": "true",
        "ENABLE_OAUTH_PERSISTENT_CONFIG": "false",
        "ENABLE_OAUTH_ROLE_MANAGEMENT": "true",
        "OAUTH_PROVIDER_NAME": "Postern",
        "OPENID_PROVIDER_URL": "https://chat.example.com/auth/.well-known/openid-configuration",
        "OPENID_REDIRECT_URI": format!("{CHAT}/oauth/oidc/callback"),
        "OAUTH_CLIENT_ID": "web",
        "OAUTH_CLIENT_SECRET": it["client_secret"],
        "OAUTH_TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_basic",
        "OAUTH_CODE_CHALLENGE_METHOD": "S256",
        "OAUTH_SCOPES": "openid profile email roles",
        "OAUTH_ROLES_CLAIM": "roles",
        "OAUTH_ALLOWED_ROLES": "user,admin",
        "OAUTH_ADMIN_ROLES": "admin",
    });
    assert_eq!(settings, expected);
    assert_eq!(it["redirect_uris"], json!([format!("{CHAT}/oauth/oidc/callback")]));
    assert_eq!((&it["client_name"], &it["require_pkce"]), (&json!("Chat"), &json!(true)));
    assert_eq!(it["scope"], "openid profile email roles groups offline_access");
}

#[tokio::test]
async fn any_other_client_gets_the_addresses_and_whether_it_needs_pkce() {
    let place = place("https://auth.example.com");
    let redirect = "--redirect-uri https://app.example/cb --redirect-uri https://app.example/other";
    let said = added(&place, &format!("app --for generic {redirect}")).await.expect(0);
    assert!(said.out.contains("# PKCE with S256 is required."), "{said:?}");
    let told = settings(&said.out);
    for expected in [
        ("issuer", "https://auth.example.com"),
        ("token_endpoint", "https://auth.example.com/oauth2/token"),
        ("client_id", "app"),
        ("redirect_uris", "https://app.example/cb https://app.example/other"),
        ("code_challenge_method", "S256"),
        ("token_endpoint_auth_method", "client_secret_basic"),
    ] {
        assert!(told.contains(&expected), "{expected:?}: {told:?}");
    }
    let said = added(&place, &format!("lax --for generic --no-pkce --auth-method client_secret_post {redirect}"))
        .await
        .expect(0);
    assert!(said.out.contains("is not required") && said.out.contains("=client_secret_post"), "{said:?}");
    let said = added(&place, "there --for generic --url https://app.example/notes").await.expect(0);
    assert!(said.out.contains("# A guess:"), "{said:?}");
    assert!(settings(&said.out).contains(&("redirect_uris", "https://app.example/notes/callback")), "{said:?}");
    let it = document(&place, &format!("both --for generic --url https://app.example {redirect}")).await;
    assert_eq!(it["redirect_uris"], json!(["https://app.example/cb", "https://app.example/other"]));
    assert_eq!(it["post_logout_redirect_uris"], json!(["https://app.example"]));
    let it = document(&place, &format!("spa --for generic --public {redirect}")).await;
    assert_eq!((&it["client_secret"], &it["settings"]["client_secret"]), (&Value::Null, &Value::Null));
    assert_eq!(it["settings"]["token_endpoint_auth_method"], "none");
}

#[tokio::test]
async fn what_does_not_go_together_is_wrong_usage_and_adds_nothing() {
    let place = place("https://auth.example.com");
    for (words, reason) in [
        ("chat --for librechat", "--url"),
        ("chat --for librechat --url https://chat.example.com?a=b", "query"),
        ("chat --for librechat --url http://chat.example.com", "https"),
        ("chat --for librechat --url https://chat.example.com --public", "--public"),
        ("chat --for open-webui --url https://example.com/chat", "path"),
        ("chat --for generic", "--redirect-uri"),
        ("chat --url https://chat.example.com", "--for"),
        ("chat --for librechatt --url https://chat.example.com", "librechat"),
    ] {
        let said = added(&place, words).await.expect(2);
        assert!(said.err.contains(reason), "{words}: {said:?}");
    }
    added(&place, "good --introspect own").await.expect(0);
    let listed = place.run(&["client", "list", "--json"], "").await.expect(0);
    let clients: Value = serde_json::from_str(&listed.out).expect("JSON");
    assert_eq!((clients.as_array().map(Vec::len), &clients[0]["client_id"]), (Some(1), &json!("good")));
}
