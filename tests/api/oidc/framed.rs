//! No page that a person decides on stands in a frame of somebody else's, or says elsewhere where they were.

use std::time::Duration;

use postern::services::accounts::{Doer, NewBan};

use crate::support::{Answer, App, Browser, PASSWORD, TestServer};

const ADA: &str = "ada@fernwood.example";
const JONAS: &str = "jonas@fernwood.example";

/// Fails unless `answer` stands in no frame, loads nothing from elsewhere, and sends no referrer there.
#[track_caller]
fn stands_alone(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{words}: {answer:?}");
    assert!(answer.body.contains(words), "{words}: {}", answer.body);
    let policies: Vec<_> = answer.headers.get_all("content-security-policy").iter().collect();
    let [policy] = policies.as_slice() else { panic!("{words}: {policies:?}") };
    let policy = policy.to_str().expect("ASCII");
    assert!(policy.split("; ").any(|part| part == "frame-ancestors 'none'"), "{words}: {policy}");
    assert_eq!(answer.header("x-frame-options"), "DENY", "{words}");
    sends_no_referrer(answer, words);
    for loaded in ["src=\"http", "src=\"//", "referrerpolicy", "name=\"referrer\"", "http-equiv"] {
        assert!(!answer.body.contains(loaded), "{words}: {loaded}");
    }
}

#[track_caller]
fn sends_no_referrer(answer: &Answer, words: &str) {
    let policies: Vec<_> = answer.headers.get_all("referrer-policy").iter().collect();
    assert_eq!(policies, ["same-origin"], "{words}");
}

#[tokio::test]
async fn sec_057_the_pages_of_a_sign_in_stand_alone() {
    let server = TestServer::start(&[]).await;
    for email in [ADA, JONAS] {
        server.sign_up(email).await;
    }
    let [app, guest, strict] = ["app", "guest", "strict"].map(|id| App::at(&server, id));
    let stranger = Browser::at(&server);
    stands_alone(&stranger.open("/login").await, 200, "name=\"password\"");
    stands_alone(&app.follow(&stranger, &app.request(&[])).await, 200, "to go on to app");
    stands_alone(&stranger.sign_in(ADA, "not this one").await, 401, "You are not signed in");
    stands_alone(&stranger.open("/register").await, 200, "name=\"password\"");
    let begun = stranger.open(&guest.request(&[])).await.expect(303);
    sends_no_referrer(&begun, "on the way to the sign-in");
    for path in ["/oauth2/authorize", "/oauth2/authorize/x"] {
        stands_alone(&stranger.open(path).await, 400, "<html");
    }

    let ada = Browser::signed_in(&server, ADA).await;
    stands_alone(&app.follow(&ada, &app.request(&[("prompt", "login")])).await, 200, "Once more.");
    stands_alone(&guest.follow(&ada, &guest.request(&[])).await, 200, "use your account?");
    stands_alone(&ada.open("/consent?request=x").await, 400, "<html");
    stands_alone(&ada.post("/consent", &[("request", "x"), ("decision", "allow")], None).await, 403, "<html");
    let form = app.follow(&ada, &app.request(&[("response_mode", "form_post")])).await;
    stands_alone(&form, 200, "name=\"code\"");
    let jonas = Browser::signed_in(&server, JONAS).await;
    stands_alone(&strict.follow(&jonas, &strict.request(&[])).await, 403, "is not confirmed");
    for asked in [app.request(&[]), app.request(&[("prompt", "none"), ("scope", "none")])] {
        let back = app.follow(&ada, &asked).await.expect(303);
        assert!(back.header("location").starts_with(&app.redirect_uri), "{back:?}");
        sends_no_referrer(&back, "back to the app, with the code or without");
    }
    let user = server.app.users.by_email(JONAS).await.expect("a read").expect("Jonas");
    let while_long = NewBan { lasts: Some(Duration::from_secs(7200)), reason: None };
    server.app.accounts.ban(user.id, while_long, Doer::command()).await.expect("banned");
    stands_alone(&jonas.sign_in(JONAS, PASSWORD).await, 403, "This account is banned");
}

#[tokio::test]
async fn sec_057_the_pages_of_devices_and_of_the_end_stand_alone() {
    let server = TestServer::start(&[]).await;
    server.sign_up(ADA).await;
    let (app, tv) = (App::at(&server, "app"), App::at(&server, "tv"));
    let (ada, tokens) = app.sign_in(ADA, &[]).await;
    let device = tv.device("openid").await;
    stands_alone(&ada.open("/device").await, 200, "Connect a device");
    let filled_in = format!("/device?user_code={}", device.user_code);
    stands_alone(&ada.open(&filled_in).await, 200, "Connect a device");
    stands_alone(&ada.type_code("BCDF-GHJK").await, 400, "Connect a device");
    let typed = ada.type_code(&device.user_code).await.expect(303);
    stands_alone(&ada.open(typed.header("location")).await, 200, "Did you start this?");
    let forged = [("user_code", device.user_code.as_str()), ("decision", "allow"), ("csrf", "forged")];
    stands_alone(&ada.post("/device", &forged, None).await, 403, "<html");
    let done = ada.decide(&device.user_code, "allow").await.expect(303);
    stands_alone(&ada.open(done.header("location")).await, 200, "The device is let in");

    stands_alone(&ada.open("/account/apps").await, 200, "app &amp; co");
    stands_alone(&ada.open("/logout").await, 200, "name=\"csrf\"");
    let onward = "/logout?client_id=app&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye";
    stands_alone(&ada.open(onward).await, 200, "sent you here");
    stands_alone(&ada.post("/logout", &[("csrf", "forged")], None).await, 403, "<html");
    stands_alone(&ada.open("/oauth2/logout?client_id=app&client_id=app").await, 400, "<html");
    let hint = tokens.id.as_deref().expect("an ID token");
    let end = format!("/oauth2/logout?id_token_hint={hint}&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye");
    let back = ada.open(&end).await.expect(303);
    assert_eq!(back.header("location"), "https://app.example/bye");
    sends_no_referrer(&back, "back to the app");
    stands_alone(&ada.open("/logout").await, 200, "You are signed out");
}
