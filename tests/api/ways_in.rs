//! Which ways in there are, by the operator's wish; and what people bring along from elsewhere.

use entity::audit_event::{Column, Entity};
use postern::services::accounts::Doer;
use reqwest::Method;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::support::{Browser, PASSWORD, Place, TestServer, each};

const MAREN: &str = "maren@example.com";

/// The audit rows of `kind`.
async fn audited(server: &TestServer, kind: &str) -> Vec<entity::audit_event::Model> {
    let rows = Entity::find().filter(Column::Kind.eq(kind)).all(server.app.database.read());
    rows.await.expect("the audit")
}

#[tokio::test]
async fn sec_009_a_hash_of_another_program_is_replaced_at_the_next_good_sign_in() {
    each(&[], async |server: &TestServer| {
        server.sign_up(MAREN).await;
        let person = async || server.app.users.by_email(MAREN).await.expect("a database").expect("a person");
        let foreign = bcrypt::hash(PASSWORD, 4).expect("a hash");
        server.app.accounts.set_password(person().await.id, foreign.clone(), Doer::command()).await.expect("set");
        let hash = async || person().await.password_hash.expect("a hash");

        server.login(MAREN, "a wrong password").await.expect(401);
        assert_eq!(hash().await, foreign, "a wrong password replaces nothing");
        let changed = person().await.password_changed_at;
        server.login(MAREN, PASSWORD).await.expect(200);
        let ours = hash().await;
        assert!(ours.starts_with("$argon2id$v=19$m=7168,t=5,p=1$"), "{ours}");
        assert_eq!(person().await.password_changed_at, changed, "it is the same password");
        assert_eq!(audited(server, "user.password_upgraded").await.len(), 1);
        server.login(MAREN, PASSWORD).await.expect(200);
        assert_eq!(hash().await, ours, "once is enough");
    })
    .await;
}

#[tokio::test]
async fn without_password_sign_in_there_is_neither_a_form_nor_a_sign_up() {
    let off = [("ALLOW_EMAIL_LOGIN", "false"), ("ALLOW_EMAIL_LOGIN_OVERRIDE", "true")];
    let server = TestServer::start(&off).await;
    let browser = Browser::at(&server);
    assert!(browser.open("/login").await.expect(403).body.contains("No sign-in by password"));
    assert!(browser.open("/register").await.expect(403).body.contains("Sign-up is closed"));
    server.register(MAREN).await.expect_problem(403, "registration_off");
    let config = server.get("/api/config").await.expect(200).json();
    assert_eq!((&config["emailLoginEnabled"], &config["registrationEnabled"]), (&false.into(), &false.into()));
    server.stop().await;
}

/// ALLOW_EMAIL_LOGIN_OVERRIDE is for whoever has a token for it in the chat: the pages stay closed, and the audit tells.
#[tokio::test]
async fn sec_149_a_sign_in_by_override_is_written_down_as_one() {
    each(&[], async |server: &TestServer| {
        server.newcomer(MAREN).await;
        let off = [("ALLOW_EMAIL_LOGIN", "false"), ("ALLOW_EMAIL_LOGIN_OVERRIDE", "true")];
        let closed = server.another_node(&off).await;
        closed.sign_in(MAREN).await;
        let rows = audited(server, "sign_in").await;
        let by_override = rows.iter().filter(|row| row.detail.contains("\"by_override\":true")).count();
        assert_eq!((rows.len(), by_override), (2, 1));

        let page = server.get("/login").await.expect(200);
        let token = page.body.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let form = [("email", MAREN), ("password", PASSWORD), ("csrf", token.expect("a token"))];
        let cookie = format!("postern_csrf={}", page.cookie("postern_csrf"));
        for (site, status) in [(server, 303), (&closed, 403)] {
            let request = site.request(Method::POST, "/login").header("cookie", &cookie).form(&form);
            site.send(request).await.expect(status);
        }
        closed.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_closed_and_empty_house_tells_the_operator_how_to_enter() {
    let mut place = Place::bare();
    place.set("POSTERN_LISTEN", "127.0.0.1:0");
    place.set("ALLOW_REGISTRATION", "false");
    let words = "postern user create --email";
    {
        let program = place.serve().await;
        program.logged(words).await;
    }
    let made = place.run(&["user", "create", "--email", MAREN, "--password-stdin", "--json"], PASSWORD).await.expect(0);
    assert!(made.out.contains("admin"), "the first account is the administrator's: {made:?}");
    let program = place.serve().await;
    program.login(MAREN, PASSWORD).await.expect(200);
    program.terminate();
    let (_, log) = program.ended().await;
    assert!(!log.contains(words), "{log}");
}

/// What later work brings is not half there.
#[tokio::test]
async fn what_is_not_built_yet_is_not_there() {
    let server = TestServer::start(&[]).await;
    let document = server.get("/openapi.json").await.expect(200).body;
    for path in [
        "/api/auth/2fa/verify-temp",
        "/api/auth/requestPasswordReset",
        "/api/auth/resetPassword",
        "/api/user/verify",
        "/api/user/delete",
        "/authz/forward-auth",
        "/api/moderation/violations",
        "/api/admin/users",
        "/forgot-password",
    ] {
        for method in [Method::GET, Method::POST] {
            server.send(server.request(method, path)).await.expect(404);
        }
        assert!(!document.contains(&format!("\"{path}\"")), "{path} is in the document");
    }
    server.stop().await;
}
