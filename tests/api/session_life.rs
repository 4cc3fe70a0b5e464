//! The whole life of a session, as the chat's front end and its backend live it.

use std::time::Duration;

use serde_json::json;

use crate::support::{SignedIn, TestServer, each};

/// Just over the life of a session token.
const TOKEN: Duration = Duration::from_secs(15 * 60 + 1);
/// Just over the grace time of a rotation.
const GRACE: Duration = Duration::from_secs(11);
const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn from_sign_up_to_logout() {
    each(&[], async |server: &TestServer| {
        let first = server.newcomer("maren@example.com").await;
        assert!(server.is_active(&first.token).await);
        assert_eq!(server.user(&first.token).await.expect(200).json(), first.user);

        server.pass(TOKEN);
        assert!(!server.is_active(&first.token).await);
        server.user(&first.token).await.expect_problem(401, "unauthenticated");

        let second = SignedIn::from(&server.refresh(&first.refresh_token).await);
        assert_ne!(second.refresh_token, first.refresh_token);
        assert_eq!(second.user["id"], first.user["id"]);
        assert!(server.is_active(&second.token).await && !server.is_active(&first.token).await);

        server.logout(&second.token).await.expect(200);
        assert!(!server.is_active(&second.token).await);
        server.user(&second.token).await.expect_problem(401, "unauthenticated");
        for token in [&first.refresh_token, &second.refresh_token] {
            server.refresh(token).await.expect_problem(401, "unauthenticated");
        }
    })
    .await;
}

/// A logout by the cookie alone ends the session as well, and by a bearer that has expired.
#[tokio::test]
async fn logout_needs_one_credential_of_any_age() {
    each(&[], async |server: &TestServer| {
        let by_cookie = server.newcomer("maren@example.com").await;
        let cookie = format!("refreshToken={}; openid_id_token=stale; other=kept", by_cookie.refresh_token);
        let request = server.request(reqwest::Method::POST, "/api/auth/logout").header("cookie", cookie);
        let answer = server.send(request).await.expect(200);
        assert!(!server.is_active(&by_cookie.token).await);
        let gone = |name: &str| answer.cookie_lines().iter().any(|it| it.starts_with(&format!("{name}=; Max-Age=0")));
        assert!(gone("refreshToken") && gone("token_provider") && gone("openid_id_token"), "{answer:?}");
        assert!(!gone("other"), "{answer:?}");

        let expired = server.sign_in("maren@example.com").await;
        server.pass(TOKEN);
        server.logout(&expired.token).await.expect(200);
        server.refresh(&expired.refresh_token).await.expect(401);
    })
    .await;
}

#[tokio::test]
async fn the_previous_session_token_stays_valid_after_a_refresh() {
    each(&[], async |server: &TestServer| {
        let first = server.newcomer("maren@example.com").await;
        server.pass(Duration::from_secs(60));
        server.refresh(&first.refresh_token).await.expect(200);
        assert!(server.is_active(&first.token).await);
        server.pass(TOKEN - Duration::from_secs(62));
        assert!(server.is_active(&first.token).await, "a second too early");
        server.pass(Duration::from_secs(1));
        assert!(!server.is_active(&first.token).await, "its time is over");
    })
    .await;
}

#[tokio::test]
async fn sec_042_refreshing_never_goes_past_the_life_of_the_sign_in() {
    each(&[], async |server: &TestServer| {
        let mut newest = server.newcomer("maren@example.com").await.refresh_token;
        for day in 1..7 {
            server.pass(DAY);
            let answer = server.refresh(&newest).await.expect(200);
            let line = answer.cookie_lines().into_iter().find(|line| line.starts_with("refreshToken=")).expect("one");
            assert!(line.contains(&format!("; Max-Age={};", (7 - day) * 86_400)), "{line}");
            newest = answer.cookie("refreshToken");
        }
        server.pass(DAY);
        server.refresh(&newest).await.expect_problem(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn sec_040_a_stolen_token_ends_the_family_and_everything_with_it() {
    each(&[], async |server: &TestServer| {
        let stolen = server.newcomer("maren@example.com").await;
        let second = SignedIn::from(&server.refresh(&stolen.refresh_token).await);
        server.pass(GRACE);
        let third = SignedIn::from(&server.refresh(&second.refresh_token).await);
        let bystander = server.sign_in("maren@example.com").await;

        server.pass(GRACE);
        server.refresh(&stolen.refresh_token).await.expect_problem(401, "unauthenticated");
        server.refresh(&third.refresh_token).await.expect_problem(401, "unauthenticated");
        for token in [&stolen.token, &second.token, &third.token] {
            assert!(!server.is_active(token).await);
        }
        assert!(server.is_active(&bystander.token).await, "another session of the same person");
        server.refresh(&bystander.refresh_token).await.expect(200);
    })
    .await;
}

/// What the contract forgives: many tabs, a lost reply, a straggler.
#[tokio::test]
async fn repeats_that_are_forgiven() {
    each(&[], async |server: &TestServer| {
        let first = server.newcomer("maren@example.com").await;
        let second = SignedIn::from(&server.refresh(&first.refresh_token).await);
        let again = SignedIn::from(&server.refresh(&first.refresh_token).await);
        assert_eq!(second.refresh_token, again.refresh_token, "another tab inside the grace time");

        server.pass(GRACE);
        let lost = SignedIn::from(&server.refresh(&first.refresh_token).await);
        assert_eq!(second.refresh_token, lost.refresh_token, "a lost reply, while its successor is unused");

        let third = SignedIn::from(&server.refresh(&second.refresh_token).await);
        assert_ne!(third.refresh_token, second.refresh_token);
        server.refresh(&first.refresh_token).await.expect(401);
        assert!(server.is_active(&third.token).await, "a straggler harms nobody");
        server.refresh(&third.refresh_token).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn sec_041_what_is_no_refresh_token_of_ours_harms_no_family() {
    each(&[], async |server: &TestServer| {
        let mine = server.newcomer("maren@example.com").await;
        let genuine = mine.refresh_token.as_str();
        let mut altered: Vec<String> = ["", "x", "null", &mine.token].map(str::to_owned).to_vec();
        altered.push(genuine[..genuine.len() - 1].to_owned());
        altered.push(format!("{genuine}A"));
        for at in [0, genuine.len() / 3, genuine.len() / 2, genuine.len() - 2] {
            let other = if genuine.as_bytes()[at] == b'A' { "B" } else { "A" };
            altered.push(format!("{}{other}{}", &genuine[..at], &genuine[at + 1..]));
        }
        for token in &altered {
            server.refresh(token).await.expect_problem(401, "unauthenticated");
            let body = json!({"refreshToken": token});
            server.post("/api/auth/refresh", &body).await.expect_problem(401, "unauthenticated");
        }
        assert!(server.is_active(&mine.token).await);
        server.refresh(genuine).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn sec_045_a_refresh_does_not_change_when_somebody_signed_in() {
    each(&[], async |server: &TestServer| {
        let first = server.newcomer("maren@example.com").await;
        let before = server.introspect(&first.token).await;
        server.pass(DAY);
        let second = SignedIn::from(&server.refresh(&first.refresh_token).await);
        let after = server.introspect(&second.token).await;
        assert_eq!((&before["auth_time"], &before["sid"]), (&after["auth_time"], &after["sid"]));
        assert_ne!(before["iat"], after["iat"]);
    })
    .await;
}
