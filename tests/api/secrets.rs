//! Nothing that opens anything is ever printed, logged or kept as it is.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::self_made::{TOKEN, metadata};
use crate::support::{
    App, Browser, CLIENT_SECRET, ENCRYPTION_KEY, JWT_REFRESH_SECRET, JWT_SECRET, PASSWORD, Place, Program, SelfMade,
    SignedIn, Tokens, kinds,
};

const WRONG: &str = "hunter2 hunter3 hunter4";

/// Every path that a secret can take, good and bad; answers all that must stay unseen, and all that was answered in
/// errors.
async fn live(program: &Program) -> (Vec<String>, String) {
    let mut said = String::new();
    let first = program.newcomer("maren@example.com").await;
    let second = SignedIn::from(&program.refresh(&first.refresh_token).await);
    program.introspect(&second.token).await;
    program.user(&second.token).await.expect(200);
    let forged = format!("{}x", second.token);
    for answer in [
        program.login("maren@example.com", WRONG).await,
        program.login(WRONG, PASSWORD).await,
        program.post("/api/auth/login", &json!({"email": "maren@example.com", "password": [PASSWORD]})).await,
        program.post_text("/api/auth/login", format!(r#"{{"email":"a","password":"{PASSWORD}""#)).await,
        program.post_text("/api/auth/register", format!(r#"{{"password":"{PASSWORD}","{WRONG}":1}}"#)).await,
        program.refresh(&format!("{}x", second.refresh_token)).await,
        program.post("/api/auth/refresh", &json!({"refreshToken": [second.refresh_token]})).await,
        program.user(&forged).await,
        program.introspect_as("nobody", &second.token).await,
        program.get(&format!("/api/user?access_token={}&password={PASSWORD}", second.token)).await,
        program.get(&format!("/{}/{PASSWORD}", second.refresh_token)).await,
        program.get(&format!("/login?password={WRONG}&token={}", second.token)).await,
        program.post(&format!("/oauth2/introspect?token={}", second.token), &json!({})).await,
    ] {
        assert!(answer.status < 500, "{answer:?}");
        said += &answer.body;
    }
    let odd = program.request(Method::POST, "/oauth2/introspect").basic_auth("chat", Some(format!("{CLIENT_SECRET}x")));
    said += &program.send(odd.form(&[("token", &second.token)])).await.expect(401).body;
    program.logout(&second.token).await.expect(200);
    said += &program.refresh(&first.refresh_token).await.expect(401).body;
    let hidden = [first.token, first.refresh_token, second.token, second.refresh_token];
    (hidden.into_iter().chain([PASSWORD, WRONG].map(str::to_owned)).collect(), said)
}

/// What clients, devices and people on the way to an app hold, used and unused, by what it is; `place` lets
/// clients register themselves who were asked to come.
async fn held(place: &Place, program: &Program) -> Vec<(&'static str, String)> {
    let email = "jonas@example.com";
    program.sign_up(email).await;
    let [app, opaque, guest, pushy] = ["app", "opaque", "guest", "pushy"].map(|id| App::at(program, id));
    let offline = [("scope", "openid offline_access")];
    let browser = Browser::signed_in(program, email).await;
    let used = app.code(&browser, email, &offline).await;
    let signed = Tokens::from(&app.exchange(&used).await);
    let unused = app.code(&browser, email, &offline).await;
    let (_, kept) = opaque.sign_in(email, &offline).await;
    let newer = Tokens::from(&opaque.refresh(kept.refresh.as_deref().expect("one")).await);
    let asked = pushy.request(&[]);
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(asked.split_once('?').expect("a query").1.as_bytes()).into_owned().collect();
    let fields: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pushed = pushy.call("/oauth2/par", &fields).await.expect(201).text("request_uri");
    let waiting = browser.open(&guest.request(&[])).await.expect(303);
    let device = App::at(program, "tv").device("openid").await;
    browser.type_code(&device.user_code).await.expect(303);
    let mut held = vec![
        ("a code that was exchanged", used),
        ("a code", unused),
        ("a signed access token", signed.access),
        ("a refresh token of a client", signed.refresh.expect("one")),
        ("an opaque access token", kept.access),
        ("a refresh token that was used", kept.refresh.expect("one")),
        ("a newer opaque access token", newer.access),
        ("a newer refresh token", newer.refresh.expect("one")),
        ("the name of a pushed request", pushed),
        ("the key of a request that waits", waiting.header("location").to_owned()),
        ("a device code", device.code),
        ("what a person types for it", device.user_code.clone()),
        ("the same without its dash", device.user_code.replace('-', "")),
    ];
    held.extend(of_clients(place, program).await);
    held
}

/// What proves clients that were added while the server runs, and lets more of them come.
async fn of_clients(place: &Place, program: &Program) -> Vec<(&'static str, String)> {
    let made = async |words: &[&str], name: &str| {
        let said = place.run(&[words, &["--json"]].concat(), "").await.expect(0);
        let document: Value = serde_json::from_str(&said.out).expect("one JSON document");
        document[name].as_str().unwrap_or_else(|| panic!("{name}: {document}")).to_owned()
    };
    let token = &["client", "registration-token"][..];
    let (spent, fresh) = (made(token, "initial_access_token").await, made(token, "initial_access_token").await);
    let notes = SelfMade::of(program, &program.register_client(Some(&spent), &metadata(&[])).await);
    let add = ["client", "add", "added", "--redirect-uri", "https://added.example/cb"];
    let first = made(&add, "client_secret").await;
    vec![
        ("the secret of an added client", first),
        ("the one after its rotation", made(&["client", "rotate-secret", "added"], "client_secret").await),
        ("an initial access token that was used", spent),
        ("an initial access token", fresh),
        ("a registration access token", notes.token),
        ("the secret of a registered client", notes.secret.expect("a secret")),
    ]
}

#[track_caller]
fn holds_none(what: &str, text: &str, secrets: &[String]) {
    for (number, secret) in secrets.iter().enumerate() {
        // A token is as good as its last part.
        let tail = &secret[secret.len().saturating_sub(24)..];
        let line = text.lines().find(|line| line.contains(tail));
        assert!(line.is_none(), "{what} holds secret {number}: {line:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_004_sec_014_sec_148_no_secret_is_in_any_log_or_output() {
    for kind in kinds() {
        let place = Place::on(&kind, &[&[("POSTERN_LOG", "trace")], TOKEN].concat()).await;
        let program = place.serve().await;
        let (mut secrets, said) = live(&program).await;
        holds_none("an answer", &said, &secrets[2..]);
        secrets.extend(held(&place, &program).await.into_iter().map(|(_, secret)| secret));
        let keys = [JWT_SECRET, JWT_REFRESH_SECRET, ENCRYPTION_KEY, CLIENT_SECRET];
        secrets.extend(keys.map(str::to_owned));

        let mut output = String::new();
        for command in [
            &["config", "check"][..],
            &["config", "show"],
            &["config", "show", "--json"],
            &["--help"],
            &["user", "list", "--json"],
            &["user", "show", "maren@example.com"],
            &["client", "list"],
            &["client", "show", "chat", "--json"],
            &["migrate"],
        ] {
            let said = place.run(command, "").await.expect(0);
            output += &format!("{}\n{}\n", said.out, said.err);
        }
        program.terminate();
        let (_, log) = program.ended().await;
        assert!(log.contains("/api/auth/login") && log.lines().count() > 20, "the log is there: {log}");
        holds_none("the log", &log, &secrets);
        holds_none("a command's output", &output, &secrets);
        place.remove().await;
    }
}

/// With the password of the database in its address, wrong or right.
#[tokio::test]
async fn sec_004_the_password_of_the_database_is_never_shown() {
    let mut place = Place::bare();
    for (name, value) in [
        ("JWT_SECRET", JWT_SECRET),
        ("JWT_REFRESH_SECRET", JWT_REFRESH_SECRET),
        ("POSTERN_ENCRYPTION_KEY", ENCRYPTION_KEY),
    ] {
        place.set(name, value);
    }
    // Nobody listens on the discard port.
    place.set("POSTERN_DATABASE_URL", &format!("postgres://postern:{CLIENT_SECRET}@127.0.0.1:9/postern"));
    place.set("POSTERN_LOG", "trace");
    for (command, code) in [(&[][..], 1), (&["config", "show"], 0), (&["config", "check"], 0)] {
        let said = place.run(command, "").await.expect(code);
        assert!(!format!("{said:?}").contains(CLIENT_SECRET), "{said:?}");
    }
}

/// Whoever copies the database, file by file or row by row, holds nothing that opens.
#[tokio::test]
async fn sec_025_sec_038_sec_145_a_dump_of_the_database_opens_nothing() {
    for kind in kinds() {
        let place = Place::on(&kind, TOKEN).await;
        let program = place.serve().await;
        let (secrets, _) = live(&program).await;
        let mut secrets: Vec<_> =
            secrets.into_iter().map(|secret| ("a token of the chat, or a password", secret)).collect();
        secrets.extend(held(&place, &program).await);
        let browser = Browser::at(&program);
        let cookie = browser.sign_in("maren@example.com", PASSWORD).await.expect(303).cookie("postern_session");
        let random = cookie.strip_prefix("pst_bs_").expect("the sign of its kind");
        assert!(random.len() >= 22, "128 bits are 22 letters: {cookie}");
        secrets.push(("a session's cookie", cookie));
        drop(program);
        let dump = place.dump().await;
        assert!(dump.windows(17).any(|part| part == b"maren@example.com"), "the rows are in the dump");
        let is_held = |secret: &str| {
            let tail = &secret.as_bytes()[secret.len().saturating_sub(16)..];
            dump.windows(tail.len()).any(|part| part == tail)
        };
        let found: Vec<_> = secrets.iter().filter(|(_, secret)| is_held(secret)).collect();
        assert!(found.is_empty(), "the database holds {found:?}");
        place.remove().await;
    }
}

/// One event is one line, whatever a stranger writes into it.
#[tokio::test]
async fn sec_148_nobody_writes_lines_of_their_own_into_the_log() {
    for format in ["json", "human"] {
        let mut place = Place::bare();
        for (name, value) in
            [("POSTERN_LISTEN", "127.0.0.1:0"), ("POSTERN_LOG", "trace"), ("POSTERN_LOG_FORMAT", format)]
        {
            place.set(name, value);
        }
        let program = place.serve().await;
        let evil = "x\r\nERROR forged\u{1b}[31mred";
        program.login(evil, evil).await.expect(401);
        let mut wire = crate::support::Wire::connect(&program).await;
        wire.send(b"GET /a\x1b[31m HTTP/1.1\r\nHost: a\r\n\r\n").await;
        wire.receive().await;
        let mut wire = crate::support::Wire::connect(&program).await;
        wire.send(b"GET /%0d%0aERROR%20forged HTTP/1.1\r\nHost: a\r\nUser-Agent: a\xc2\x9b31m\r\n\r\n").await;
        wire.receive().await;
        program.terminate();
        let (_, log) = program.ended().await;
        assert!(!log.contains('\u{1b}') && !log.contains('\u{9b}'), "{log:?}");
        assert!(!log.lines().any(|line| line.starts_with("ERROR forged")), "{log}");
    }
}
