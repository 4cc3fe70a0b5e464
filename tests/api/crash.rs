//! What was acknowledged survives the sudden end of the process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::patience::until;
use crate::support::{PASSWORD, Place, SignedIn, Site, kinds};

/// Who hammers at once.
const PEOPLE: usize = 8;
/// Rotations that have to be acknowledged before the kill.
const ENOUGH: usize = 80;

/// What the server has said yes to.
#[derive(Clone, Debug)]
struct Acknowledged {
    email: String,
    session: Option<SignedIn>,
}

type Ledger = Arc<Mutex<Vec<Acknowledged>>>;

/// Signs people up and in and refreshes, and writes each yes into the ledger, until nobody answers.
async fn hammer(site: Site, name: String, ledger: Ledger, rotations: Arc<AtomicUsize>) {
    let path = |path: &str| site.request(reqwest::Method::POST, path);
    for round in 0.. {
        let email = format!("{name}.{round}@example.com");
        let body = crate::support::site::registration(&email);
        let Ok(answer) = path("/api/auth/register").json(&body).send().await else { return };
        assert_eq!(answer.status(), 200);
        let place = {
            let mut ledger = ledger.lock().expect("a ledger");
            ledger.push(Acknowledged { email: email.clone(), session: None });
            ledger.len() - 1
        };
        let body = serde_json::json!({"email": email, "password": PASSWORD});
        let mut request = path("/api/auth/login").json(&body);
        for _ in 0..6 {
            let Ok(answer) = request.send().await else { return };
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            // An answer that was cut in the middle was not given.
            let Ok(body) = answer.text().await else { return };
            let signed_in = SignedIn::from(&crate::support::Answer { status, headers, body });
            request = path("/api/auth/refresh").header("cookie", format!("refreshToken={}", signed_in.refresh_token));
            ledger.lock().expect("a ledger")[place].session = Some(signed_in);
            rotations.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_under_load_loses_nothing_that_was_acknowledged() {
    for kind in kinds() {
        let place = Place::on(&kind, &[]).await;
        let ledger = Ledger::default();
        for life in 0..2 {
            let mut program = place.serve().await;
            let rotations = Arc::new(AtomicUsize::new(0));
            let hammers: Vec<_> = (0..PEOPLE)
                .map(|number| {
                    let name = format!("life{life}-{number}");
                    tokio::spawn(hammer(program.site.clone(), name, Arc::clone(&ledger), Arc::clone(&rotations)))
                })
                .collect();
            let enough = async || rotations.load(Ordering::SeqCst) >= ENOUGH;
            until(Duration::from_secs(60), "enough was acknowledged", enough).await;
            program.kill();
            for hammer in hammers {
                hammer.await.expect("it met no refusal");
            }
        }
        let program = place.serve().await;
        let ledger = ledger.lock().expect("a ledger").clone();
        assert!(ledger.len() >= 2 * PEOPLE, "{}", ledger.len());
        for Acknowledged { email, session } in &ledger {
            if let Some(session) = session {
                assert!(program.is_active(&session.token).await, "{email}");
                program.refresh(&session.refresh_token).await.expect(200);
            } else {
                program.login(email, PASSWORD).await.expect(200);
            }
        }
        for Acknowledged { email, .. } in ledger.iter().step_by(4) {
            program.login(email, PASSWORD).await.expect(200);
        }
        drop(program);
        place.remove().await;
    }
}
