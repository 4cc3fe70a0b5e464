//! Many at once.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::time::{Instant, timeout};

use crate::support::{TestServer, Wire, each};

/// Sign-ins are bounded, the rest are told when to come back, and introspection goes on.
#[tokio::test(flavor = "multi_thread")]
async fn sec_153_of_200_sign_ins_at_once_a_bounded_number_is_hashed() {
    each(&[("POSTERN_HASH_QUEUE", "8"), ("POSTERN_HASH_THREADS", "1")], async |server: &TestServer| {
        let here = server.newcomer("maren@example.com").await;
        let before = server.app.hasher.counts();
        let began = Instant::now();
        let storm: Vec<_> = (0..200)
            .map(|number| {
                let site = server.site.clone();
                tokio::spawn(async move { site.login(&format!("p{number}@example.com"), "a wrong password").await })
            })
            .collect();
        for _ in 0..20 {
            let asked = Instant::now();
            assert!(server.is_active(&here.token).await);
            assert!(asked.elapsed() < Duration::from_secs(1), "introspection waits: {:?}", asked.elapsed());
        }
        let (mut hashed, mut refused) = (0, 0);
        for answer in storm {
            let answer = answer.await.expect("an answer");
            match answer.status {
                401 => hashed += 1,
                _ => {
                    let answer = answer.expect_problem(503, "temporarily_unavailable");
                    assert_eq!(answer.header("retry-after"), "1");
                    refused += 1;
                }
            }
        }
        let after = server.app.hasher.counts();
        assert_eq!((hashed + refused, after.begun - before.begun, after.waiting), (200, hashed, 0));
        assert!(refused > 0 && hashed >= 9, "{hashed} were hashed within {:?}", began.elapsed());
    })
    .await;
}

/// How many connections are slow at once.
const SLOW: usize = 500;

/// Both ends of every connection are this process's, beside those of all other tests.
fn allow_many_sockets() {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, all).expect("a process may have what it is allowed");
}

/// Whoever sends a byte now and then is closed in time, and others are served meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn sec_154_slow_connections_are_closed_and_others_served() {
    allow_many_sockets();
    let server = TestServer::start(&[("POSTERN_REQUEST_TIMEOUT", "1s")]).await;
    let mut slow = Vec::new();
    for number in 0..SLOW {
        let mut wire = Wire::connect(&server).await;
        let start: &[u8] = match number % 3 {
            0 => b"",
            1 => b"GET /api/conf",
            _ => b"POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{",
        };
        wire.send(start).await;
        slow.push(wire);
    }
    let began = Instant::now();
    while began.elapsed() < Duration::from_millis(900) {
        server.get("/healthz").await.expect(200);
        for wire in &mut slow {
            wire.send(b"a").await;
        }
    }
    for mut wire in slow {
        timeout(Duration::from_secs(10), wire.closed()).await.expect("it is closed in time");
    }
    server.stop().await;
}
