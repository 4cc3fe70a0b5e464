//! A sign-in that an app asks for though somebody is signed in: nothing less will do (Core section 3.1.2.1).

use std::time::Duration;

use crate::support::relying_party::payload;
use crate::support::{Answer, App, Browser, PASSWORD, TestServer, Tokens, each};

const ADA: &str = "ada@fernwood.example";
const JONAS: &str = "jonas@fernwood.example";
/// What asks for one, of somebody who signed in two minutes ago.
const ASKS: [(&str, &str); 4] =
    [("prompt", "login"), ("prompt", "select_account"), ("max_age", "60"), ("max_age", "0")];

/// Begins with `asked`; answers the sign-in page's address, and that of the request that waits behind it.
async fn begin(app: &App, browser: &Browser, asked: &[(&str, &str)]) -> (String, String) {
    let begun = browser.open(&app.request(asked)).await.expect(303);
    let page = begun.header("location").to_owned();
    assert!(page.starts_with("/login?") && page.ends_with("&again=true"), "{asked:?}: {page}");
    let key = page.split("authorize%2F").nth(1).and_then(|rest| rest.split('&').next()).expect("a key");
    (page.clone(), format!("/oauth2/authorize/{key}"))
}

/// Fails unless the person is asked to sign in.
#[track_caller]
fn asks(answer: &Answer, what: &str) {
    assert!(answer.status == 200 && answer.body.contains("name=\"password\""), "{what}: {answer:?}");
}

async fn two_people(server: &TestServer) {
    for email in [ADA, JONAS] {
        server.sign_up(email).await;
    }
}

/// The claims of the ID token that `answer` brings.
async fn learnt(app: &App, answer: &Answer) -> serde_json::Value {
    let tokens = Tokens::from(&app.exchange(&app.answered(answer)["code"]).await);
    payload(&tokens.id.expect("an ID token"))
}

#[tokio::test]
async fn sec_061_whoever_does_not_sign_in_gets_no_code_however_they_go_on() {
    each(&[], async |server| {
        two_people(server).await;
        let app = App::at(server, "app");
        let (browser, tokens) = app.sign_in(ADA, &[]).await;
        let before = payload(tokens.id.as_deref().expect("an ID token"));
        for asked in ASKS {
            server.pass(Duration::from_secs(120));
            let what = format!("{asked:?}");
            let (page, request) = begin(&app, &browser, &[asked]).await;
            asks(&browser.open(&page).await, &what);
            // Past the page, by its address without the word that has it shown, and by a wrong password.
            let past = page.replace("&again=true", "");
            for _ in 0..2 {
                asks(&app.follow(&browser, &request).await, &what);
                asks(&app.follow(&browser, &past).await, &what);
                let wrong = [("email", ADA), ("password", "not this one"), ("return_to", request.as_str())];
                browser.submit(&page, "/login", &wrong).await.expect(401);
            }
            // At the chat it is another session that begins.
            browser.sign_in_at_the_chat(ADA).await;
            asks(&app.follow(&browser, &request).await, &what);
            let silent = app.request(&[asked, ("prompt", "none")]);
            if asked.0 == "max_age" {
                assert_eq!(app.answered(&app.follow(&browser, &silent).await)["error"], "login_required", "{what}");
            }
        }
        // They stay signed in as they were, for whoever asks nothing more.
        let now = learnt(&app, &app.follow(&browser, &app.request(&[])).await).await;
        assert_eq!((&now["sid"], &now["auth_time"]), (&before["sid"], &before["auth_time"]));
    })
    .await;
}

#[tokio::test]
async fn sec_061_sec_027_the_same_person_goes_on_with_a_fresh_time_under_another_cookie() {
    each(&[], async |server| {
        two_people(server).await;
        let app = App::at(server, "app");
        for asked in ASKS {
            let browser = Browser::at(server);
            let cookie = browser.sign_in(ADA, PASSWORD).await.expect(303).cookie("postern_session");
            let before = learnt(&app, &app.follow(&browser, &app.request(&[])).await).await;
            server.pass(Duration::from_secs(120));
            let (page, request) = begin(&app, &browser, &[asked]).await;
            let proven = [("email", ADA), ("password", PASSWORD), ("return_to", request.as_str())];
            let fresh = browser.submit(&page, "/login", &proven).await.expect(303);
            assert_eq!(fresh.header("location"), request, "{asked:?}");
            let after = learnt(&app, &app.follow(&browser, &request).await).await;
            assert_eq!((&after["sub"], &after["sid"]), (&before["sub"], &before["sid"]), "{asked:?}");
            assert_eq!(after["auth_time"].as_i64(), before["auth_time"].as_i64().map(|at| at + 120), "{asked:?}");
            let old = Browser::at(server).open_with_cookie("/account", &format!("postern_session={cookie}")).await;
            assert_eq!(old.status, 303, "{asked:?}: the cookie from before is dead");
        }
    })
    .await;
}

#[tokio::test]
async fn sec_061_sec_037_somebody_else_goes_on_as_themselves_and_the_one_before_gets_nothing() {
    each(&[], async |server| {
        two_people(server).await;
        let app = App::at(server, "app");
        for asked in ASKS {
            let (browser, tokens) = app.sign_in(ADA, &[]).await;
            let hers = payload(tokens.id.as_deref().expect("an ID token"));
            let open = app.code(&browser, ADA, &[]).await;
            server.pass(Duration::from_secs(120));
            let (page, request) = begin(&app, &browser, &[asked]).await;
            let hint = ("id_token_hint", tokens.id.as_deref().expect("an ID token"));
            let (_, only_hers) = begin(&app, &browser, &[asked, hint]).await;
            let proven = [("email", JONAS), ("password", PASSWORD), ("return_to", request.as_str())];
            browser.submit(&page, "/login", &proven).await.expect(303);
            asks(&app.follow(&browser, &only_hers).await, "a request that only Ada will do for");
            let his = learnt(&app, &app.follow(&browser, &request).await).await;
            assert!(his["sub"] != hers["sub"] && his["sid"] != hers["sid"], "{asked:?}: {his} {hers}");
            assert_eq!(his["auth_time"], his["iat"], "{asked:?}: just now");
            App::expect_refusal(&app.exchange(&open).await, "invalid_grant");
            assert!(!server.is_active(&tokens.access).await, "{asked:?}: her session here is over");
        }
    })
    .await;
}
