//! Back-channel logout that does not arrive at once: apps that are away, that move or go, and nodes that die.

use std::collections::BTreeSet;
use std::time::Duration;

use postern::services::accounts::{Doer, NewBan};
use postern::services::audit::Actor;
use postern::services::clients::{AuthMethod, Metadata};
use tempfile::TempDir;

use super::back_channel::{ADA, FELT, NEAR, checked, each, sid, user, waiting};
use crate::support::patience::until;
use crate::support::receiver::Receiver;
use crate::support::relying_party::payload;
use crate::support::{App, Place, TestServer, Tokens, kinds};

#[tokio::test]
async fn what_fails_is_told_again_and_what_is_refused_is_not() {
    each(&[NEAR], async |server, receiver| {
        server.sign_up(ADA).await;
        let app = App::at(server, "told");
        let (browser, tokens) = app.sign_in(ADA, &[]).await;
        receiver.answers_next(&[500, 503, 404, 302]);
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        let mut jtis = BTreeSet::new();
        for tries in 1..=5 {
            let heard = receiver.hears(1).await;
            let claims = checked(server, &app, &heard[0]).await;
            assert_eq!(claims["sid"], sid(&tokens));
            jtis.insert(claims["jti"].to_string());
            if tries < 5 {
                let is_put_off =
                    async || waiting(server).await.iter().all(|row| row.last_error.is_some() && row.attempts == tries);
                until(FELT, "it was put off", is_put_off).await;
                server.pass(Duration::from_secs(100));
            }
        }
        assert_eq!(jtis.len(), 5, "a token is made for every try");
        until(FELT, "nothing waits", async || waiting(server).await.is_empty()).await;

        // A 400 is the app's own word (section 2.8).
        let (browser, _) = app.sign_in(ADA, &[]).await;
        receiver.answers_next(&[400]);
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        receiver.hears(1).await;
        until(FELT, "nothing waits", async || waiting(server).await.is_empty()).await;
        assert_eq!(undelivered(server).await, 1);
        // 204 is a yes, as some frameworks answer.
        let (browser, _) = app.sign_in(ADA, &[]).await;
        receiver.answers_next(&[204]);
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        receiver.hears(1).await;
        until(FELT, "nothing waits", async || waiting(server).await.is_empty()).await;
        assert_eq!(undelivered(server).await, 1);
    })
    .await;
}

/// How often the audit tells of a message that never arrived.
async fn undelivered(server: &TestServer) -> usize {
    use entity::audit_event::{Column, Entity};
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    let theirs = Entity::find().filter(Column::Kind.eq("logout.undelivered"));
    theirs.all(server.app.database.read()).await.expect("a read").len()
}

/// What waits is told as the client is known when it is told: where it lives then, if it wants to hear it at all.
#[tokio::test]
async fn an_app_that_moved_is_followed_and_one_that_is_gone_is_left_alone() {
    each(&[NEAR], async |server, receiver| {
        server.sign_up(ADA).await;
        let (told, passing) = (App::at(server, "told"), App::at(server, "passing"));
        let id = entity::ClientId::new(passing.id);
        let metadata = Metadata {
            token_endpoint_auth_method: AuthMethod::None,
            redirect_uris: vec![passing.redirect_uri.parse().expect("an address")],
            backchannel_logout_uri: Some(format!("http://127.0.0.1:{}/passing", receiver.port).parse().expect("one")),
            trusted: true,
            ..Metadata::default()
        };
        server.app.clients.add(id.clone(), metadata, Actor::Command).await.expect("added");
        let (browser, tokens) = told.sign_in(ADA, &[]).await;
        let _ = Tokens::from(&passing.exchange(&passing.code(&browser, ADA, &[]).await).await);
        receiver.answers_next(&[500, 500]);
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        receiver.hears(2).await;
        let are_put_off = async || waiting(server).await.iter().all(|row| row.last_error.is_some());
        until(FELT, "both were put off", are_put_off).await;

        server.app.grants.remove_client(&server.app.clients, &id, Actor::Command).await.expect("removed");
        let (next, file) = (Receiver::start().await, server.app.config.clients.file.clone().expect("a file"));
        next.clients_file(file.parent().expect("a folder"));
        server.app.clients.reload_if_changed().await;
        server.pass(Duration::from_secs(100));
        let heard = next.hears(1).await;
        assert_eq!(checked(server, &told, &heard[0]).await["sid"], sid(&tokens));
        until(FELT, "nothing waits", async || waiting(server).await.is_empty()).await;
        assert!(receiver.heard().is_empty(), "{:?}", receiver.heard());
        assert_eq!(undelivered(server).await, 0, "nobody is missed who is gone");
    })
    .await;
}

#[tokio::test]
async fn after_a_day_it_is_given_up() {
    each(&[NEAR], async |server, receiver| {
        server.sign_up(ADA).await;
        let (browser, _) = App::at(server, "told").sign_in(ADA, &[]).await;
        receiver.always_answers(500);
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        receiver.hears(1).await;
        until(FELT, "it was put off", async || waiting(server).await.iter().all(|row| row.last_error.is_some())).await;
        server.pass(Duration::from_secs(86_400));
        until(FELT, "nothing waits", async || waiting(server).await.is_empty()).await;
        assert!(receiver.heard().is_empty());
        assert_eq!(undelivered(server).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_an_app_that_does_not_answer() {
    each(&[NEAR], async |server, receiver| {
        server.sign_up(ADA).await;
        let app = App::at(server, "told");
        let (browser, tokens) = app.sign_in(ADA, &[]).await;
        let code = App::at(server, "app").code(&browser, ADA, &[]).await;
        let _ = App::at(server, "app").exchange(&code).await;
        receiver.falls_silent();
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        receiver.holds(1).await;
        assert!(!server.is_active(&tokens.access).await);
        // The others are told meanwhile.
        let theirs = async || waiting(server).await.iter().all(|row| row.target == "told");
        until(FELT, "only the one waits", theirs).await;
        assert_eq!(waiting(server).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_tell_it_once() {
    each(&[NEAR], async |one, receiver| {
        let file = one.app.config.clients.file.clone().expect("a file");
        let file = file.to_str().expect("UTF-8");
        let other = one.another_node(&[("POSTERN_CLIENTS_FILE", file), NEAR]).await;
        one.sign_up(ADA).await;
        let app = App::at(one, "told");
        let mut sessions = BTreeSet::new();
        for _ in 0..12 {
            let (_, tokens) = app.sign_in(ADA, &[]).await;
            sessions.insert(sid(&tokens).to_string());
        }
        one.app.accounts.ban(user(one, ADA).await, NewBan::default(), Doer::command()).await.expect("banned");
        until(FELT, "all is told", async || receiver.heard().len() >= 12).await;
        until(FELT, "nothing waits", async || waiting(one).await.is_empty()).await;
        let told: BTreeSet<_> = receiver.heard().iter().map(|it| payload(it.token())["sid"].to_string()).collect();
        assert_eq!((receiver.heard().len(), told), (12, sessions));
        other.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_node_owed_is_told_by_the_next() {
    for kind in kinds() {
        let (receiver, folder) = (Receiver::start().await, TempDir::new().expect("a folder"));
        let file = receiver.clients_file(folder.path());
        let settings = [("POSTERN_CLIENTS_FILE", file.as_str()), NEAR, ("POSTERN_OUTBOUND_TIMEOUT", "1s")];
        let place = Place::on(&kind, &settings).await;
        let mut program = place.serve().await;
        program.sign_up(ADA).await;
        let app = App::at(&program, "told");
        let (browser, tokens) = app.sign_in(ADA, &[]).await;
        receiver.always_answers(503);
        browser.submit("/logout", "/logout", &[]).await.expect(303);
        until(FELT, "a first try", async || !receiver.heard().is_empty()).await;
        program.kill();
        receiver.always_answers(200);
        let tries = receiver.heard().len();
        let program = place.serve().await;
        until(FELT, "it is told", async || receiver.heard().len() > tries).await;
        let heard = receiver.heard().pop().expect("one");
        assert_eq!((heard.status, &payload(heard.token())["sid"]), (200, &sid(&tokens)));
        // A command beside the server is heard too.
        let (_, tokens) = App::at(&program, "told").sign_in(ADA, &[]).await;
        place.run(&["user", "ban", ADA], "").await.expect(0);
        until(FELT, "it is told", async || receiver.heard().len() > tries + 1).await;
        assert_eq!(payload(receiver.heard().pop().expect("one").token())["sid"], sid(&tokens));
        drop(program);
        place.remove().await;
    }
}
