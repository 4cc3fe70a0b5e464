//! Settings of connectors: what is half set up is told, and nothing is passed over in silence.

use std::ffi::OsString;

use postern::config::Config;
use postern::env::{Env, Notes};
use postern::random::Random;
use postern::services::connectors::connector::{Place, Trust};

use crate::support::{Settings, environment};

/// What a start with these settings says.
fn read(settings: Settings<'_>) -> Result<(Config, Notes), Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let database = format!("sqlite://{}", folder.path().join("postern.db").display());
    let variables = environment(&database, "", settings);
    let variables = variables.into_iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::load(Env::new(variables, None), &Random::system())
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

#[track_caller]
fn problems(settings: Settings<'_>) -> String {
    read(settings).expect_err("it is refused").join("\n")
}

/// With a connectors file of this text besides.
fn with_file(text: &str, settings: Settings<'_>) -> Result<(Config, Notes), Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("connectors.toml");
    std::fs::write(&path, text).expect("a file");
    let path = path.to_str().expect("UTF-8");
    let all: Vec<(&str, &str)> = settings.iter().copied().chain([("POSTERN_CONNECTORS_FILE", path)]).collect();
    read(&all)
}

const ON: (&str, &str) = ("ALLOW_SOCIAL_LOGIN", "true");

#[test]
fn half_of_a_connector_is_an_error_that_names_both_halves() {
    for (given, lacking) in [
        ("GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"),
        ("GITHUB_CLIENT_SECRET", "GITHUB_CLIENT_ID"),
        ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"),
        ("DISCORD_CLIENT_SECRET", "DISCORD_CLIENT_ID"),
        ("FACEBOOK_CLIENT_ID", "FACEBOOK_CLIENT_SECRET"),
        ("OPENID_CLIENT_ID", "OPENID_CLIENT_SECRET"),
        ("OPENID_CLIENT_ID", "OPENID_ISSUER"),
        ("OPENID_CLIENT_SECRET", "OPENID_CLIENT_ID"),
        ("APPLE_CLIENT_ID", "APPLE_TEAM_ID"),
        ("APPLE_KEY_ID", "APPLE_CLIENT_ID"),
    ] {
        let told = problems(&[ON, (given, "hidden value")]);
        assert!(told.contains(given) && told.contains(lacking) && !told.contains("hidden"), "{told}");
    }
    let issuer = ("OPENID_ISSUER", "https://id.example.com");
    assert!(problems(&[ON, issuer]).contains("OPENID_CLIENT_ID"));
    // What is switched off stops no start.
    let (_, notes) =
        read(&[issuer, ("GOOGLE_CALLBACK_URL", "https://chat.example.com/oauth/google/callback")]).expect("good");
    for setting in ["OPENID_ISSUER", "GOOGLE_CALLBACK_URL"] {
        assert!(notes.warnings.iter().any(|note| note.setting == setting), "{setting}: {notes:?}");
    }
}

#[test]
fn a_whole_one_is_on_with_the_chats_names() {
    let github =
        [ON, ("GITHUB_CLIENT_ID", "id"), ("GITHUB_CLIENT_SECRET", "s"), ("GITHUB_CALLBACK_URL", "/oauth/gh/cb")];
    let (config, _) = read(&github).expect("good");
    let list = config.connectors.list;
    assert_eq!(
        (list[0].id.as_str(), list[0].callback.as_str(), list[0].registration),
        ("github", "/oauth/gh/cb", false)
    );
    let (config, notes) = read(&github[1..]).expect("good");
    assert!(config.connectors.list.is_empty());
    assert!(notes.warnings.iter().any(|note| note.setting == "ALLOW_SOCIAL_LOGIN"), "{notes:?}");
    for callback in
        ["/login", "oauth/x/y", "https://evil.example/oauth/github/callback", "/oauth/x", "/oauth/../x", "/oauth/x/y?z"]
    {
        let told = problems(&[github[0], github[1], github[2], ("GITHUB_CALLBACK_URL", callback)]);
        assert!(told.contains("GITHUB_CALLBACK_URL"), "{callback}: {told}");
    }
    let own = ("GITHUB_CALLBACK_URL", "http://localhost:3081/oauth/github/back");
    let (config, _) = read(&[github[0], github[1], github[2], own]).expect("good");
    assert_eq!(config.connectors.list[0].callback, "/oauth/github/back");
}

#[test]
fn our_own_issuer_is_the_chats_block_and_no_provider() {
    let chat = [
        ON,
        ("POSTERN_URL", "https://auth.example.com"),
        ("OPENID_ISSUER", "https://auth.example.com/.well-known/openid-configuration"),
        ("OPENID_CLIENT_ID", "librechat"),
        ("OPENID_CLIENT_SECRET", "pst_cs_secret"),
        ("OPENID_SESSION_SECRET", "x"),
        ("OPENID_REQUIRED_ROLE", "member"),
    ];
    let (config, notes) = read(&chat).expect("good");
    assert!(config.connectors.list.is_empty());
    assert!(notes.notices.iter().any(|note| note.setting == "OPENID_ISSUER"), "{notes:?}");
    let told = problems(&[chat[0], chat[3], chat[4], chat[6], ("OPENID_ISSUER", "https://id.example.com")]);
    assert!(told.contains("OPENID_REQUIRED_ROLE"), "a wish to keep people out is not passed over: {told}");
}

#[test]
fn roles_of_the_openid_provider_are_whole_or_an_error() {
    let whole = [
        ON,
        ("OPENID_ISSUER", "https://id.example.com"),
        ("OPENID_CLIENT_ID", "postern"),
        ("OPENID_CLIENT_SECRET", "hidden"),
    ];
    let with = |more: &[(&'static str, &'static str)]| read(&[&whole[..], more].concat());
    let three = [
        ("OPENID_REQUIRED_ROLE", "member, staff"),
        ("OPENID_REQUIRED_ROLE_PARAMETER_PATH", "realm_access.roles"),
        ("OPENID_REQUIRED_ROLE_TOKEN_KIND", "access"),
    ];
    let (config, _) = with(&three).expect("good");
    let role = config.connectors.list[0].admission.required_role.clone().expect("a role");
    assert_eq!((role.names, role.path.as_str()), (vec!["member".to_owned(), "staff".to_owned()], "realm_access.roles"));
    with(&three[1..]).expect("without a role the rest means nothing");
    for (odd, word) in [
        (&three[..2], "OPENID_REQUIRED_ROLE_TOKEN_KIND"),
        (&[three[0], three[1], ("OPENID_REQUIRED_ROLE_TOKEN_KIND", "refresh")][..], "OPENID_REQUIRED_ROLE_TOKEN_KIND"),
        (&[("OPENID_ADMIN_ROLE_PARAMETER_PATH", "roles")][..], "OPENID_ADMIN_ROLE"),
        (&[("OPENID_ROLE_SYNC_ENABLED", "true")][..], "OPENID_ROLE_SYNC_CLAIM"),
        (&[("OPENID_ROLE_SYNC_ROLE_PRIORITY", "STAFF, ADMIN")][..], "OPENID_ADMIN_ROLE"),
        (&[("OPENID_ROLE_SYNC_FALLBACK_ROLE", "Admin")][..], "OPENID_ADMIN_ROLE"),
    ] {
        let told = with(odd).expect_err(word).join("\n");
        assert!(told.contains(word) && !told.contains("hidden"), "{told}");
    }
}

#[test]
fn sec_104_whose_word_for_an_address_counts_by_default() {
    let all = [
        ON,
        ("GOOGLE_CLIENT_ID", "id"),
        ("GOOGLE_CLIENT_SECRET", "a"),
        ("GITHUB_CLIENT_ID", "id"),
        ("GITHUB_CLIENT_SECRET", "b"),
        ("DISCORD_CLIENT_ID", "id"),
        ("DISCORD_CLIENT_SECRET", "c"),
        ("FACEBOOK_CLIENT_ID", "id"),
        ("FACEBOOK_CLIENT_SECRET", "d"),
        ("OPENID_ISSUER", "https://id.example.com"),
        ("OPENID_CLIENT_ID", "id"),
        ("OPENID_CLIENT_SECRET", "e"),
    ];
    let trusts = |settings: &[(&str, &str)]| {
        let (config, _) = read(settings).expect("good");
        config.connectors.list.into_iter().map(|one| (one.id, one.trust)).collect::<Vec<_>>()
    };
    let by_id = |(id, trust): (&str, Trust)| (id.to_owned(), trust);
    let usual = [
        ("openid", Trust::Claimed),
        ("google", Trust::Claimed),
        ("github", Trust::Claimed),
        ("discord", Trust::Claimed),
        ("facebook", Trust::Never),
    ];
    assert_eq!(trusts(&all), usual.map(by_id));
    // A server of somebody's own is not the one that is known for its care.
    let own = [&all[..], &[("GITHUB_ENTERPRISE_BASE_URL", "https://git.example.com")]].concat();
    assert!(trusts(&own).contains(&("github".to_owned(), Trust::Never)));
    let (config, _) = read(&own).expect("good");
    let Place::Fixed(provider) = &config.connectors.list[2].place else { panic!("it has to be looked up") };
    let told = [&provider.issuer, &provider.authorization_url, &provider.token_url];
    let base = "https://git.example.com/login/oauth";
    assert_eq!(told, [base, &format!("{base}/authorize"), &format!("{base}/access_token")]);
    assert_eq!(provider.api_url.as_deref(), Some("https://git.example.com/api/v3"));
}

#[test]
fn sec_096_each_callback_is_of_one_provider() {
    let two = [
        ON,
        ("GITHUB_CLIENT_ID", "id"),
        ("GITHUB_CLIENT_SECRET", "hidden"),
        ("DISCORD_CLIENT_ID", "id"),
        ("DISCORD_CLIENT_SECRET", "hidden"),
        ("DISCORD_CALLBACK_URL", "/oauth/github/callback"),
    ];
    let told = problems(&two);
    assert!(told.contains("one callback path") && !told.contains("hidden"), "{told}");
    read(&two[..5]).expect("good");
}

#[test]
fn who_takes_no_plain_http_is_warned_of() {
    let facebook = [ON, ("FACEBOOK_CLIENT_ID", "id"), ("FACEBOOK_CLIENT_SECRET", "hidden")];
    let warns = |settings: &[(&str, &str)]| {
        let (_, notes) = read(settings).expect("good");
        notes.warnings.iter().any(|note| note.setting == "FACEBOOK_CLIENT_ID")
    };
    assert!(warns(&facebook));
    assert!(!warns(&[&facebook[..], &[("POSTERN_URL", "https://auth.example.com")]].concat()));
}

#[test]
fn roles_count_wherever_the_openid_provider_is_set_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("connectors.toml");
    let table = "[[connector]]\nid = \"openid\"\nissuer = \"https://id.example.com\"\nclient_id = \"a\"\n\
                 client_secret = \"hidden\"\n";
    std::fs::write(&file, table).expect("a file");
    let path = file.to_str().expect("UTF-8").to_owned();
    let three: [(&'static str, &'static str); 3] = [
        ("OPENID_REQUIRED_ROLE", "member"),
        ("OPENID_REQUIRED_ROLE_PARAMETER_PATH", "roles"),
        ("OPENID_REQUIRED_ROLE_TOKEN_KIND", "id"),
    ];
    let (_, notes) = read(&[&[ON][..], &three].concat()).expect("good");
    assert!(notes.warnings.iter().any(|note| note.setting == "OPENID_REQUIRED_ROLE"), "{notes:?}");
    let with_file = [&[ON, ("POSTERN_CONNECTORS_FILE", path.as_str())][..], &three].concat();
    let (config, _) = read(&with_file).expect("good");
    assert!(config.connectors.list[0].admission.required_role.is_some(), "nobody else is let in");
    for role in ["Admin", "ADMIN"] {
        std::fs::write(&file, format!("{table}role_map = {{owners = \"{role}\"}}\n")).expect("a file");
        let told = read(&with_file).expect_err("an administrator who is none").join("\n");
        assert!(told.contains("role_map"), "{told}");
    }
}

#[test]
fn passwords_may_be_off_where_there_is_another_way_in() {
    let github = [ON, ("GITHUB_CLIENT_ID", "id"), ("GITHUB_CLIENT_SECRET", "s"), ("ALLOW_EMAIL_LOGIN", "false")];
    read(&github).expect("good");
    assert!(problems(&github[1..]).contains("ALLOW_EMAIL_LOGIN"));
    assert!(problems(&[("ALLOW_EMAIL_LOGIN", "false")]).contains("nobody could sign in"));
}

#[test]
fn the_file_adds_to_the_environment_and_its_faults_are_told_at_once() {
    let good = "[[connector]]\nid = \"github\"\ntrust_email = \"never\"\nlabel = \"Continue with Forge\"\n\
                [[connector]]\nid = \"staff\"\nkind = \"openid\"\nissuer = \"https://sso.example.com/\"\n\
                client_id = \"postern\"\ntoken_endpoint_auth_method = \"none\"\n";
    let github = [ON, ("GITHUB_CLIENT_ID", "id"), ("GITHUB_CLIENT_SECRET", "s")];
    let (config, _) = with_file(good, &github).expect("good");
    let list: Vec<_> = config.connectors.list.iter().map(|it| (it.id.as_str(), it.name.as_str())).collect();
    assert_eq!(list, [("staff", "OpenID"), ("github", "Forge")]);
    for (text, word) in [
        ("[[connector]]\nid = \"success\"\n", "id:"),
        ("[[connector]]\nid = \"a/b\"\n", "id:"),
        ("[[connector]]\nid = \"x\"\nclient_id = \"a\"\nclient_secret = \"hidden\"\n", "kind: lacks"),
        ("[[connector]]\nid = \"github\"\nkind = \"gitlab\"\n", "kind: is none of"),
        ("[[connector]]\nid = \"openid\"\nclient_id = \"a\"\nclient_secret = \"hidden\"\n", "issuer: lacks"),
        ("[[connector]]\nid = \"google\"\nclient_id = \"a\"\n", "client_secret: lacks"),
        ("[[connector]]\nid = \"github\"\nprofile = \"often\"\n", "profile: "),
        ("[[connector]]\nid = \"github\"\npkce = \"no\"\n", "pkce: must be true or false"),
        (
            "[[connector]]\nid = \"staff\"\nkind = \"openid\"\nissuer = \"https://sso.example.com\"\nclient_id = \"a\"\n\
             token_endpoint_auth_method = \"none\"\npkce = false\n",
            "pkce: has to stay on",
        ),
        ("[[connector]]\nid = \"github\"\norganizations = []\n", "organizations: must be a list"),
        ("[[connector]]\nid = \"github\"\norganizations = [\"a/b\"]\n", "organizations: must be a list"),
        ("[[connector]]\nid = \"github\"\nteams = [\"back-end\"]\n", "teams: must be a list"),
        ("[[connector]]\nid = \"github\"\nguilds = [\"1\"]\n", "guilds: is for the kind discord alone"),
        ("[[connector]]\nid = \"github\"\ntenants = [\"common\"]\n", "tenants: must be a list"),
        ("[[connector]]\nid = \"github\"\nrequired_groups = \"staff\"\n", "required_groups: must be a list"),
        ("[[connector]]\nid = \"github\"\nrole_map = {a = 1}\n", "role_map: must say"),
        ("[[connector]]\nid = \"github\"\nrole_map = {a = []}\n", "role_map: must say"),
        ("[[connector]]\nid = \"github\"\nrole_map = {a = {b = \"c\"}}\n", "role_map: GitHub gives no claims"),
        (
            "[[connector]]\nid = \"facebook\"\nclient_id = \"a\"\nclient_secret = \"hidden\"\nrequired_groups = [\"a\"]\n",
            "required_groups: Facebook tells no groups",
        ),
        (
            "[[connector]]\nid = \"entra\"\nkind = \"openid\"\nclient_id = \"a\"\nclient_secret = \"hidden\"\n\
             issuer = \"https://login.microsoftonline.com/common/v2.0/\"\n",
            "tenants: lacks",
        ),
        ("[[connector]]\nid = \"github\"\nlable = \"x\"\n", "Perhaps `label` is meant"),
        ("[[connector]]\nid = \"github\"\ntrust_email = \"maybe\"\n", "trust_email"),
        ("[[connector]]\nid = \"github\"\nclient_secret = \"hidden\n", "not TOML"),
        ("connector = 1\n", "only [[connector]]"),
        (
            "[[connector]]\nid = \"github\"\ntrust_email = \"never\"\n[[connector]]\nid = \"github\"\nlabel = \"x\"\n",
            "connector \"github\": id: stands above two tables",
        ),
        ("[[connector]]\nid = \"github\"\nhosted_domains = [\"example.com\"]\n", "hosted_domains"),
        ("[[connector]]\nid = \"github\"\ntoken_url = \"https://github.example.com/token\"\n", "issuer: lacks"),
        ("[[connector]]\nid = \"github\"\napi_url = \"ftp://x\"\n", "api_url"),
    ] {
        let told = with_file(text, &github).expect_err(text).join("\n");
        assert!(told.contains(word) && !told.contains("hidden"), "{text}: {told}");
    }
}

#[test]
fn sec_006_secrets_in_files_that_everybody_can_read_are_told_and_a_file_is_read_no_further_than_its_bound() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let (file, secret) = (folder.path().join("connectors.toml"), folder.path().join("secret"));
    let table = |more: &str| {
        format!(
            "[[connector]]\nid = \"x\"\nkind = \"openid\"\nissuer = \"https://id.example.com\"\nclient_id = \"a\"\n{more}"
        )
    };
    let warned = |text: &str, modes: [u32; 2]| {
        std::fs::write(&file, text).expect("written");
        std::fs::write(&secret, "hidden\n").expect("written");
        for (path, mode) in [&file, &secret].into_iter().zip(modes) {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
        }
        let (_, notes) = read(&[ON, ("POSTERN_CONNECTORS_FILE", file.to_str().expect("UTF-8"))]).expect("good");
        let notes = notes.warnings.into_iter().filter(|note| note.setting == "POSTERN_CONNECTORS_FILE");
        notes.map(|note| note.text).collect::<Vec<_>>().join("\n")
    };
    let (inline, beside) = (table("client_secret = \"hidden\"\n"), table("client_secret_file = \"secret\"\n"));
    for (text, modes, word) in [
        (&inline, [0o644, 0o600], "client_secret: "),
        (&inline, [0o640, 0o644], ""),
        (&beside, [0o644, 0o600], ""),
        (&beside, [0o600, 0o604], "client_secret_file: "),
    ] {
        let told = warned(text, modes);
        assert_eq!((told.contains(word), told.is_empty()), (true, word.is_empty()), "{told}");
        assert!(!told.contains("hidden"), "{told}");
    }
    let huge = format!("{inline}# {}\n", "x".repeat(1 << 20));
    std::fs::write(&file, huge).expect("written");
    let told = problems(&[ON, ("POSTERN_CONNECTORS_FILE", file.to_str().expect("UTF-8"))]);
    assert!(told.contains("larger than 1 MiB"), "{told}");
}

#[test]
fn the_example_file_is_taken() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/connectors.example.toml");
    let text = std::fs::read_to_string(path).expect("the file");
    // With its marks taken away, all of it: no key in it is unknown.
    let whole: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if rest.starts_with("[[") || rest.contains(" = ") => rest,
            _ => line,
        })
        .fold(String::new(), |text, line| text + line + "\n")
        .replace("client_secret_file = \"staff.secret\"", "client_secret = \"x\"")
        .replacen(
            "token_endpoint_auth_method = \"client_secret_basic\"",
            "token_endpoint_auth_method = \"client_secret_post\"",
            1,
        );
    let env: Vec<(&str, &str)> = ["GOOGLE", "GITHUB", "FACEBOOK"]
        .iter()
        .flat_map(|name| match *name {
            "GOOGLE" => [("GOOGLE_CLIENT_ID", "a"), ("GOOGLE_CLIENT_SECRET", "b")],
            "GITHUB" => [("GITHUB_CLIENT_ID", "a"), ("GITHUB_CLIENT_SECRET", "b")],
            _ => [("FACEBOOK_CLIENT_ID", "a"), ("FACEBOOK_CLIENT_SECRET", "b")],
        })
        .chain([ON])
        .collect();
    let (config, _) = with_file(&whole, &env).unwrap_or_else(|problems| panic!("{problems:?}\n{whole}"));
    assert_eq!(config.connectors.list.len(), 7);
}
