//! What the program says and makes when it starts.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Kind, Place, kinds};

#[tokio::test]
async fn sec_001_sec_003_sec_005_sec_006_a_start_tells_every_problem_at_once() {
    let mut place = Place::bare();
    for (name, value) in [
        ("JWT_SECRET", "short"),
        ("JWT_REFRESH_SECRET", "short"),
        ("POSTERN_ENCRYPTION_KEY", "AAAA"),
        ("POSTERN_URL", "http://auth.example.com"),
        ("POSTERN_LISTN", "127.0.0.1:0"),
        ("SESSION_EXPIRY", "-5"),
        ("LOGIN_WINDOW", "0"),
        ("REFRESH_TOKEN_EXPIRY", "1000 * 99999999999999999999"),
        ("POSTERN_REFRESH_GRACE", "10"),
    ] {
        place.set(name, value);
    }
    for verb in [&[][..], &["serve"], &["config", "check"], &["user", "list"]] {
        let said = place.run(verb, "").await.expect(1);
        let words = format!("{}{}", said.out, said.err);
        for name in [
            "JWT_SECRET",
            "JWT_REFRESH_SECRET",
            "POSTERN_ENCRYPTION_KEY",
            "POSTERN_URL",
            "POSTERN_LISTEN",
            "SESSION_EXPIRY",
            "LOGIN_WINDOW",
            "REFRESH_TOKEN_EXPIRY",
            "POSTERN_REFRESH_GRACE",
        ] {
            assert!(words.contains(name), "{name} is not told of by {verb:?}: {words}");
        }
    }
    assert!(!place.path("data").exists(), "a start that is refused leaves nothing behind");
}

#[tokio::test]
async fn sec_001_public_samples_are_refused_as_keys() {
    // What the chat's own example file prints.
    let samples = [
        ("JWT_SECRET", "16f8c0ef4a5d391b26034086c628469d3f9f497f08163ab9b40137092f2909ef"),
        ("JWT_REFRESH_SECRET", "eaa5191f2914e30b9387fd84e254e4ba6fc51b4654968a9b0803b456a54b8418"),
    ];
    for (name, value) in samples {
        let mut place = Place::bare();
        place.set(name, value);
        let said = place.run(&[], "").await.expect(1);
        assert!(said.err.contains(name) && !said.err.contains(value), "{said:?}");
    }
}

#[tokio::test]
async fn sec_002_postgresql_is_refused_without_its_secrets() {
    for kind in kinds().into_iter().filter(|kind| *kind != Kind::Sqlite) {
        let place = Place::on(&kind, &[("JWT_SECRET", ""), ("JWT_REFRESH_SECRET", ""), ("POSTERN_ENCRYPTION_KEY", "")]);
        let place = place.await;
        let said = place.run(&[], "").await.expect(1);
        for name in ["JWT_SECRET", "JWT_REFRESH_SECRET", "POSTERN_ENCRYPTION_KEY"] {
            assert!(said.err.contains(name), "{said:?}");
        }
        place.remove().await;
    }
}

/// What somebody has who unpacks the program and starts it.
#[tokio::test]
async fn sec_002_sec_008_a_first_start_needs_nothing_and_keeps_its_files_private() {
    let mut place = Place::bare();
    place.set("POSTERN_LISTEN", "127.0.0.1:0");
    let program = place.serve().await;
    program.newcomer("maren@example.com").await;
    program.get("/readyz").await.expect(200);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", program.id())).expect("its limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    assert_eq!(
        core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(),
        ["0", "0"],
        "no dump of its memory: {core}"
    );
    // A warning says where they are.
    let log = program.logged("postern.secrets").await;

    let secrets = std::fs::read_to_string(place.path("data/postern.secrets")).expect("the secrets");
    for line in secrets.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.split_once('=').expect("a name and a value");
        assert!(!log.contains(value), "{name} is in the log");
    }
    let mode = |path: &std::path::Path| path.metadata().expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&place.path("data")), 0o700);
    for file in std::fs::read_dir(place.path("data")).expect("a folder") {
        let file = file.expect("an entry").path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }

    program.terminate();
    let (status, log) = program.ended().await;
    assert!(status.success(), "{log}");
    let again = place.serve().await;
    again.sign_in("maren@example.com").await;
    let kept = std::fs::read_to_string(place.path("data/postern.secrets")).expect("the secrets");
    assert_eq!(kept, secrets, "made once");
}

#[tokio::test]
async fn sec_005_plain_http_off_this_machine_needs_a_word_and_is_warned_of() {
    let mut place = Place::bare();
    place.set("POSTERN_LISTEN", "127.0.0.1:0");
    place.set("POSTERN_URL", "http://auth.example.com");
    assert!(place.run(&[], "").await.expect(1).err.contains("POSTERN_URL"));
    place.set("SESSION_COOKIE_SECURE", "false");
    let program = place.serve().await;
    program.sign_up("maren@example.com").await;
    let answer = program.login("maren@example.com", crate::support::PASSWORD).await.expect(200);
    assert!(answer.cookie_lines().iter().all(|line| !line.contains("Secure")), "{answer:?}");
    program.logged("SESSION_COOKIE_SECURE").await;
}

#[tokio::test]
async fn sec_006_a_secret_in_a_file_that_all_can_read_is_warned_of() {
    let mut place = Place::bare();
    let file = place.path("jwt");
    std::fs::write(&file, format!("{}\n", crate::support::JWT_SECRET)).expect("a file");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("open to all");
    place.set("POSTERN_LISTEN", "127.0.0.1:0");
    place.set("JWT_SECRET_FILE", "jwt");
    let program = place.serve().await;
    program.logged("JWT_SECRET").await;
    program.terminate();
    let (_, log) = program.ended().await;
    assert!(!log.contains(crate::support::JWT_SECRET), "{log}");
}

#[tokio::test]
async fn sec_052_a_code_that_would_live_longer_than_a_minute_is_refused_at_the_start() {
    let mut place = Place::bare();
    place.set("POSTERN_CODE_LIFETIME", "61s");
    let refused = place.run(&[], "").await.expect(1).err;
    assert!(refused.contains("POSTERN_CODE_LIFETIME") && refused.contains("from 1s to 1m"), "{refused}");
    place.set("POSTERN_CODE_LIFETIME", "60s");
    let taken = place.run(&["config", "check"], "").await.expect(0);
    assert!(!taken.err.contains("POSTERN_CODE_LIFETIME"), "{taken:?}");
}

/// Chat apps store the issuer with each person.
#[tokio::test]
async fn another_address_is_warned_of_once_people_were_given_one() {
    const WARNING: &str = "will not recognise them";
    let mut place = Place::bare();
    place.set("POSTERN_LISTEN", "127.0.0.1:0");
    for (url, newcomer, warned) in [
        ("http://localhost:3081", None, false),
        ("https://auth.example.com", Some("maren@example.com"), false),
        ("https://auth.example.com", None, false),
        ("https://id.example.com", None, true),
    ] {
        place.set("POSTERN_URL", url);
        let program = place.serve().await;
        if let Some(email) = newcomer {
            program.newcomer(email).await;
        }
        program.terminate();
        let (_, log) = program.ended().await;
        assert_eq!(log.contains(WARNING), warned, "{url}: {log}");
        assert!(!warned || log.contains("were given https://auth.example.com"), "{log}");
    }
}

#[tokio::test]
async fn an_address_that_another_program_has_is_named_with_its_setting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a socket");
    let address = taken.local_addr().expect("an address").to_string();
    let mut place = Place::bare();
    place.set("POSTERN_LISTEN", &address);
    let said = place.run(&["serve"], "").await.expect(1);
    assert!(said.err.contains("POSTERN_LISTEN") && said.err.contains(&format!("{address} is taken")), "{said:?}");
}

#[tokio::test]
async fn wrong_usage_is_told_from_refusal() {
    let place = Place::bare();
    for arguments in [&["fly"][..], &["user", "ban"], &["--no-such-option"]] {
        place.run(arguments, "").await.expect(2);
    }
    let missing = place.run(&["--env-file", "nowhere", "user", "list"], "").await.expect(1);
    assert!(missing.err.contains("--env-file"), "{missing:?}");
}

#[tokio::test]
async fn the_log_says_why_an_app_is_refused_on_a_page() {
    let mut place = Place::bare();
    place.set("POSTERN_LISTEN", "127.0.0.1:0");
    let program = place.serve().await;
    let asked = "client_id=no%0Aone&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Ftoken%3Ds3cret";
    program.get(&format!("/oauth2/authorize?{asked}")).await.expect(400);
    let log = program.logged("authorization request refused").await;
    let line = log.lines().find(|line| line.contains("authorization request refused")).expect("a line");
    for words in ["WARN", "https://app.example/cb", "not known here (client_id)", "one"] {
        assert!(line.contains(words), "{words}: {line}");
    }
    assert!(!log.contains("s3cret"), "{log}");
}

/// What a newcomer writes wrongly is named, each with what would be right.
#[tokio::test]
async fn slips_of_a_newcomer_are_named_with_what_would_be_right() {
    let mut place = Place::bare();
    let file = "POSTERN_LOG=loud\nPOSTERN_URL http://hidden.example\nOPENAI_API_KEY=hidden\nMY_OWN=hidden\nANY WORD\nPOSTERN_LISTEN\n";
    std::fs::write(place.path(".env"), file).expect("a file");
    for verb in [&["serve"][..], &["config", "check"]] {
        let said = place.run(verb, "").await.expect(1);
        let words = format!("{}{}", said.out, said.err);
        for right in ["POSTERN_LOG (.env:1)", "info,postern=debug", "A line (.env:2)", "A line (.env:6)", "NAME=value"]
        {
            assert!(words.contains(right), "{right}: {words}");
        }
        assert!(!words.contains("hidden") && !words.contains("WORD"), "{words}");
    }

    let file = "OPENAI_API_KEY=hidden\nMY_OWN=hidden\nEMAIL_HOST=hidden\nANY WORD\n";
    std::fs::write(place.path(".env"), file).expect("a file");
    place.set("ANTHROPIC_API_KEY", "hidden");
    place.set("PORT", "1");
    place.set("POSTERN_URL", "https://auth.example.com");
    let said = place.run(&["config", "check"], "").await.expect(0).out;
    for told in ["no use for OPENAI_API_KEY.", "no use for MY_OWN.", "EMAIL_HOST is known, but not in force"] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert!(said.contains("line 4 is neither") && !said.contains("WORD"), "the chat starts with it: {said}");
    assert!(!said.contains("ANTHROPIC") && !said.contains("PORT"), "the shell's are for others: {said}");
    assert_eq!(said.matches("POSTERN_TRUSTED_PROXIES").count(), 1, "{said}");
}

#[tokio::test]
async fn sec_006_an_env_file_with_secrets_that_all_can_read_is_warned_of() {
    let place = Place::bare();
    let env = place.path(".env");
    std::fs::write(&env, format!("JWT_SECRET={}\n", crate::support::JWT_SECRET)).expect("a file");
    for (mode, warned) in [(0o644, true), (0o600, false)] {
        std::fs::set_permissions(&env, std::fs::Permissions::from_mode(mode)).expect("its mode");
        let said = place.run(&["config", "check"], "").await.expect(0).out;
        assert_eq!(said.contains("chmod o-r '.env'"), warned, "{said}");
    }
    std::fs::write(&env, "SESSION_EXPIRY=1000 * 60\n").expect("a file");
    std::fs::set_permissions(&env, std::fs::Permissions::from_mode(0o644)).expect("its mode");
    assert!(!place.run(&["config", "check"], "").await.expect(0).out.contains("chmod"), "nothing in it is secret");
}
