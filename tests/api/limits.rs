//! How often strangers may try: by the chat's names, per network and per account.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::site::registration;
use crate::support::{Answer, PASSWORD, SignedIn, TestServer, each};

/// Three sign-ins and two sign-ups, as the chat's operator would write it. The tests' own machine
/// is the trusted proxy.
const FEW: &[(&str, &str)] = &[
    ("LOGIN_MAX", "3"),
    ("LOGIN_WINDOW", "5"),
    ("REGISTER_MAX", "2"),
    ("REGISTER_WINDOW", "60"),
    ("POSTERN_TRUSTED_PROXIES", "127.0.0.1/32, 10.0.0.0/8"),
];
const WRONG: &str = "a wrong password";

async fn via(server: &TestServer, forwarded: &str, path: &str, body: &Value) -> Answer {
    server.send(server.request(Method::POST, path).header("x-forwarded-for", forwarded).json(body)).await
}

async fn login(server: &TestServer, forwarded: &str, email: &str, password: &str) -> Answer {
    via(server, forwarded, "/api/auth/login", &json!({"email": email, "password": password})).await
}

#[tokio::test]
async fn sec_124_sign_ins_are_counted_before_any_hash() {
    each(FEW, async |server: &TestServer| {
        via(server, "192.0.2.9", "/api/auth/register", &registration("maren@example.com")).await.expect(200);
        let before = server.app.hasher.counts().begun;
        login(server, "192.0.2.1", "maren@example.com", PASSWORD).await.expect(200);
        server.pass(Duration::from_secs(100));
        for _ in 0..2 {
            login(server, "192.0.2.1", "maren@example.com", WRONG).await.expect(401);
        }
        assert_eq!(server.app.hasher.counts().begun - before, 3);
        for password in [PASSWORD, WRONG] {
            let answer = login(server, "192.0.2.1", "maren@example.com", password).await;
            let answer = answer.expect_problem(429, "too_many_requests");
            assert_eq!((answer.header("retry-after"), &answer.json()["retry_after"]), ("200", &json!(200)));
        }
        assert_eq!(server.app.hasher.counts().begun - before, 3, "a refused try costs no hash");
        login(server, "192.0.2.2", "maren@example.com", PASSWORD).await.expect(200);
        server.pass(Duration::from_secs(200));
        login(server, "192.0.2.1", "maren@example.com", PASSWORD).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_124_tries_at_the_same_instant_count_as_well() {
    each(FEW, async |server: &TestServer| {
        let site = server.site.clone();
        let tries: Vec<_> = (0..40)
            .map(|_| {
                let site = site.clone();
                tokio::spawn(async move { site.login("nobody@example.com", WRONG).await.status })
            })
            .collect();
        let mut refused = 0;
        for one in tries {
            refused += usize::from(one.await.expect("an answer") == 429);
        }
        assert_eq!((refused, server.app.hasher.counts().begun), (37, 3));
    })
    .await;
}

#[tokio::test]
async fn sec_124_sign_ups_are_counted_by_their_own_name() {
    each(FEW, async |server: &TestServer| {
        for number in 0..2 {
            let body = registration(&format!("person{number}@example.com"));
            via(server, "192.0.2.1", "/api/auth/register", &body).await.expect(200);
        }
        let before = server.app.hasher.counts().begun;
        let body = registration("one-more@example.com");
        let answer = via(server, "192.0.2.1", "/api/auth/register", &body).await;
        assert_eq!(answer.expect_problem(429, "too_many_requests").header("retry-after"), "3600");
        assert_eq!(server.app.hasher.counts().begun, before);
        login(server, "192.0.2.1", "person0@example.com", PASSWORD).await.expect(200);
    })
    .await;
}

/// Who chooses a password that is too easy, five times over, has not signed up five times; but looking at what is filled
/// in has its limit too.
#[tokio::test]
async fn sec_124_sec_022_who_is_sent_back_over_a_field_has_not_signed_up() {
    each(FEW, async |server: &TestServer| {
        let sign_up = async |forwarded: &str, email: &str, password: &str| {
            let mut body = registration(email);
            body["password"] = json!(password);
            body["confirm_password"] = json!(password);
            via(server, forwarded, "/api/auth/register", &body).await
        };
        sign_up("192.0.2.9", "known@example.com", PASSWORD).await.expect(200);
        let before = server.app.hasher.counts().begun;
        let mut courses = Vec::new();
        for (network, email) in [("192.0.2.1", "known@example.com"), ("192.0.2.2", "unknown@example.com")] {
            let mut course = Vec::new();
            for password in ["password1", "12345678", "qwertyuiop", "short", "password1", PASSWORD, PASSWORD, PASSWORD]
            {
                course.push(sign_up(network, email, password).await.comparable());
            }
            courses.push(course);
        }
        assert_eq!(courses[0], courses[1], "known and unknown alike");
        let statuses: Vec<_> = courses[0].iter().map(|answer| &answer[..3]).collect();
        assert_eq!(statuses, ["400", "400", "400", "400", "400", "200", "200", "429"]);
        let hashed = server.app.hasher.counts().begun;
        assert_eq!(hashed - before, 4, "two sign-ups from each network");

        for _ in 0..20 {
            sign_up("192.0.2.3", "other@example.com", "password1").await.expect(400);
        }
        let answer = sign_up("192.0.2.3", "other@example.com", PASSWORD).await;
        assert_eq!(answer.expect_problem(429, "too_many_requests").header("retry-after"), "3600");
        assert_eq!(server.app.hasher.counts().begun, hashed, "nothing was hashed");
    })
    .await;
}

/// A session that goes on proves no password: guesses from its network and at its account count on (SEC-045).
#[tokio::test]
async fn sec_045_a_refresh_resets_neither_the_count_of_a_network_nor_the_lockout_of_an_account() {
    each(FEW, async |server: &TestServer| {
        let email = "maren@example.com";
        via(server, "192.0.2.9", "/api/auth/register", &registration(email)).await.expect(200);
        let mut newest = SignedIn::from(&login(server, "192.0.2.1", email, PASSWORD).await);
        let mut refresh = async || {
            let cookie = format!("refreshToken={}", newest.refresh_token);
            let request = server.request(Method::POST, "/api/auth/refresh").header("x-forwarded-for", "192.0.2.1");
            newest = SignedIn::from(&server.send(request.header("cookie", cookie)).await);
        };
        for _ in 0..2 {
            login(server, "192.0.2.1", email, WRONG).await.expect(401);
        }
        refresh().await;
        login(server, "192.0.2.1", email, PASSWORD).await.expect(429);

        // Two guesses are counted already: the account takes ten times what a network may try.
        for host in 1..=28 {
            login(server, &format!("198.51.100.{host}"), email, WRONG).await.expect(401);
        }
        login(server, "198.51.100.200", email, PASSWORD).await.expect(429);
        refresh().await;
        login(server, "198.51.100.201", email, PASSWORD).await.expect(429);
        login(server, "192.0.2.1", email, PASSWORD).await.expect(429);
    })
    .await;
}

#[tokio::test]
async fn sec_124_one_ipv6_household_is_one_caller() {
    let server = TestServer::start(FEW).await;
    for address in ["2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "[2001:db8:1:2::3]:443"] {
        login(&server, address, "nobody@example.com", WRONG).await.expect(401);
    }
    login(&server, "2001:db8:1:2:3:4:5:6", "nobody@example.com", WRONG).await.expect(429);
    login(&server, "2001:db8:1:3::1", "nobody@example.com", WRONG).await.expect(401);
    server.stop().await;
}

#[tokio::test]
async fn sec_122_only_what_trusted_hops_wrote_says_who_calls() {
    let server = TestServer::start(FEW).await;
    // Whatever the caller itself writes in front, and however many of our own hops follow.
    for forged in ["198.51.100.1, 192.0.2.1", "198.51.100.2, 192.0.2.1, 10.0.0.7", "nonsense, ,, 192.0.2.1"] {
        login(&server, forged, "nobody@example.com", WRONG).await.expect(401);
    }
    login(&server, "198.51.100.3, 192.0.2.1", "nobody@example.com", WRONG).await.expect(429);
    login(&server, "198.51.100.3", "nobody@example.com", WRONG).await.expect(401);
    // An entry that is no address stops the walk at the hop that wrote it.
    for forged in ["203.0.113.1, unknown, 10.0.0.9", "203.0.113.2, _hidden, 10.0.0.9", "203.0.113.3, 1.2.3, 10.0.0.9"] {
        login(&server, forged, "nobody@example.com", WRONG).await.expect(401);
    }
    login(&server, "203.0.113.4, unknown, 10.0.0.9", "nobody@example.com", WRONG).await.expect(429);
    server.stop().await;
}

#[tokio::test]
async fn sec_122_sec_117_forwarded_headers_of_strangers_change_nothing() {
    let settings = [FEW, &[("POSTERN_TRUSTED_PROXIES", "")]].concat();
    let server = TestServer::start(&settings).await;
    for number in 0..3 {
        login(&server, &format!("192.0.2.{number}"), "nobody@example.com", WRONG).await.expect(401);
    }
    login(&server, "192.0.2.200", "nobody@example.com", WRONG).await.expect(429);
    server.stop().await;
}

#[tokio::test]
async fn sec_022_limits_say_nothing_of_whether_a_name_is_known() {
    let settings = [FEW, &[("LOGIN_MAX", "1")]].concat();
    each(&settings, async |server: &TestServer| {
        via(server, "192.0.2.9", "/api/auth/register", &registration("known@example.com")).await.expect(200);
        let mut seen = Vec::new();
        for (network, email) in [("192.0.2", "known@example.com"), ("198.51.100", "unknown@example.com")] {
            let mut course = Vec::new();
            // One address each: what is met in the end is the limit of the account.
            for host in 1..=12 {
                course.push(login(server, &format!("{network}.{host}"), email, WRONG).await.comparable());
            }
            seen.push(course);
        }
        assert_eq!(seen[0], seen[1]);
        assert!(seen[0][9].starts_with("401") && seen[0][10].starts_with("429"), "{:?}", &seen[0][9..]);
    })
    .await;
}
