//! Health, figures, the document, and the end of the process.

use std::time::Duration;

use postern::services::audit::Actor;
use postern::services::shared::Subject;
use reqwest::Method;
use sea_orm::ConnectionTrait;
use serde_json::Value;

use crate::support::patience::until;
use crate::support::{JWT_SECRET, PASSWORD, Place, Site, TestServer, Wire, each, kinds};

const LONG: Duration = Duration::from_secs(20);

#[tokio::test]
async fn the_process_lives_and_is_ready() {
    each(&[], async |server: &TestServer| {
        assert_eq!(server.get("/healthz").await.expect(200).body, "ok\n");
        assert_eq!(server.get("/readyz").await.expect(200).body, "ready\n");
    })
    .await;
}

/// A key that cannot be opened here is told of, and nothing is signed or verified beside it.
#[tokio::test]
async fn a_server_without_its_signing_keys_is_not_ready() {
    each(&[], async |server: &TestServer| {
        let foreign = "INSERT INTO signing_keys (id, algorithm, private_sealed, public_jwk, created_at, signs_from) \
                       SELECT 'foreign', algorithm, private_sealed, public_jwk, created_at, signs_from \
                       FROM signing_keys LIMIT 1";
        let write =
            server.app.database.write(move |tx| Box::pin(async move { Ok(tx.execute_unprepared(foreign).await?) }));
        write.await.expect("written");
        server.app.shared.forget(&Subject::Keys);
        assert_eq!(server.get("/readyz").await.expect(503).body, "the signing keys cannot be loaded\n");
        server.get("/healthz").await.expect(200);
        server.app.keys.condemn("foreign", Actor::Command).await.expect("given up");
        until(Duration::from_secs(5), "it is ready again", async || server.get("/readyz").await.status == 200).await;
    })
    .await;
}

#[tokio::test]
async fn sec_152_figures_are_only_on_their_own_listener() {
    let server = TestServer::start(&[("POSTERN_METRICS_LISTEN", "127.0.0.1:0")]).await;
    let metrics = Site::at(server.metrics.clone().expect("a second listener"));
    server.newcomer("maren@example.com").await;
    server.login("maren@example.com", "a wrong password").await.expect(401);
    let figures = metrics.get("/metrics").await.expect(200);
    assert!(figures.header("content-type").starts_with("application/openmetrics-text"), "{figures:?}");
    assert!(figures.body.ends_with("# EOF\n") && figures.body.contains("sign_ins"), "{figures:?}");
    assert!(!figures.body.contains("maren") && !figures.body.contains("127.0.0.1"), "{figures:?}");
    server.get("/metrics").await.expect(404);
    for path in ["/login", "/api/config", "/oauth2/introspect", "/healthz"] {
        metrics.get(path).await.expect(404);
    }
    for path in ["/docs", "/readyz", "/openapi.json", "/api/config"] {
        let body = server.get(path).await.expect(200).body;
        assert!(!body.contains(JWT_SECRET) && !body.contains("postern.db"), "{path}");
    }
    server.stop().await;
}

/// `UPDATE=1` writes the committed file anew.
#[tokio::test]
async fn the_committed_document_is_the_served_one() {
    let server = TestServer::start(&[]).await;
    let served = server.get("/openapi.json").await.expect(200);
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    #[expect(clippy::disallowed_methods, reason = "a switch of this test, no setting of the product")]
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(&path, &served.body).expect("the file");
    }
    let committed = std::fs::read_to_string(&path).expect("the committed document");
    assert!(committed == served.body, "openapi/openapi.json is out of date: run this test with UPDATE=1");
    let printed = Place::bare().run(&["openapi"], "").await.expect(0);
    assert!(printed.out == served.body, "the command prints another document");
    server.stop().await;
}

/// Whatever an operation answers here has to stand in the document.
#[tokio::test]
async fn every_status_that_is_met_is_in_the_document() {
    let server = TestServer::start(&[]).await;
    let document = server.get("/openapi.json").await.json();
    let signed_in = server.newcomer("maren@example.com").await;
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            let method: Method = method.to_uppercase().parse().expect("a method");
            for body in [None, Some("{}"), Some("[]"), Some("{\"a\""), Some("a=b")] {
                let mut request = server.request(method.clone(), path).bearer_auth(&signed_in.token);
                if let Some(body) = body {
                    request = request.header("content-type", "application/json").body(body);
                }
                let answer = server.send(request).await;
                let known = &operation["responses"][answer.status.to_string()];
                assert_ne!(known, &Value::Null, "{method} {path}: {answer:?}");
            }
        }
    }
    server.stop().await;
}

/// The server has begun to read a request when it is told to stop: it listens no more, but answers.
#[tokio::test]
async fn a_stop_drains_what_is_under_way_and_is_quick() {
    for kind in kinds() {
        let place = Place::on(&kind, &[]).await;
        let program = place.serve().await;
        program.sign_up("maren@example.com").await;
        let mut under_way = Wire::connect(&program).await;
        let body = format!(r#"{{"email":"maren@example.com","password":"{PASSWORD}"}}"#);
        let head = format!(
            "POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Expect: 100-continue\r\n\r\n",
            body.len()
        );
        under_way.send(head.as_bytes()).await;
        let go_on = under_way.receive().await;
        assert!(go_on.starts_with("HTTP/1.1 100"), "{go_on}");
        program.terminate();
        while program.request(Method::GET, "/healthz").send().await.is_ok() {}
        under_way.send(body.as_bytes()).await;
        let answer = under_way.receive().await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("refreshToken="), "{answer}");

        let began = tokio::time::Instant::now();
        let (status, log) = program.ended().await;
        assert!(status.success() && log.contains("stopping"), "{log}");
        assert!(began.elapsed() < Duration::from_secs(3), "the rest of the stop took {:?}", began.elapsed());
        assert!(!place.path("data/postern.db-wal").exists(), "the log of the database is written back");
        place.remove().await;
    }
}

/// What an editor or a deployment tool leaves alike from outside, a new text under an old time, is read
/// all the same when the operator says so.
#[tokio::test]
async fn a_hang_up_reads_the_operators_files_again() {
    let mut place = Place::on(&crate::support::Kind::Sqlite, &[("POSTERN_TEMPLATES_DIR", "templates")]).await;
    place.set("POSTERN_LOG", "info");
    std::fs::create_dir(place.path("templates")).expect("a folder");
    let written = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let template = |text: &str| {
        let draft = place.path("draft.html");
        std::fs::write(&draft, text).expect("a file");
        std::fs::File::options().write(true).open(&draft).and_then(|it| it.set_modified(written)).expect("its time");
        std::fs::rename(&draft, place.path("templates/login.html")).expect("in its place");
    };
    template("before");
    let program = place.serve().await;
    assert_eq!(program.get("/login").await.expect(200).body, "before");
    template("behind");
    let added = crate::support::clients_file().replace("\"chat\"", "\"renamed\"");
    std::fs::write(place.path("clients.toml"), added).expect("a file");
    program.hang_up();
    until(LONG, "the template is read again", async || program.get("/login").await.body == "behind").await;
    let status = async || program.introspect_as("renamed", "a token").await.status;
    until(LONG, "the clients are read again", async || status().await == 200).await;

    let times = || program.log().matches("read the clients file again").count();
    let before = times();
    program.hang_up();
    until(LONG, "the clients are read once more", async || times() > before).await;
}
