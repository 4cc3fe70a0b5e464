//! Whether a token is alive, and what finding out costs.

use std::sync::atomic::Ordering;

use secrecy::ExposeSecret;
use serde_json::json;

use entity::{GrantId, Names, grant};

use super::access::Order;
use crate::error::ErrorKind;
use crate::services::accounts::Doer;
use crate::services::audit::Actor;
use crate::services::clients::{AccessTokenKind, Metadata, SigningAlgorithm};
use crate::services::testing::{House, TOKEN};

#[tokio::test(flavor = "multi_thread")]
async fn a_cached_answer_shows_a_change_at_once_and_ends_with_the_token() {
    for house in House::all().await {
        let ada = house.person("ada@example.com").await;
        let (session, _) = house.sign_in(&ada).await;
        let token = house.tokens.session_token(&session, &ada).unwrap();
        let token = token.text.expose_secret();
        assert_eq!(house.tokens.inspect(token).await.unwrap().unwrap().live.as_ref().unwrap().user.name, "Maren Olsen");
        house.accounts.rename(ada.id, "Ada".into(), Doer::command()).await.unwrap();
        assert_eq!(house.tokens.inspect(token).await.unwrap().unwrap().live.as_ref().unwrap().user.name, "Ada");
        house.pass(TOKEN);
        assert!(house.tokens.inspect(token).await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_088_tokens_that_open_nothing_are_not_kept() {
    for house in House::all().await {
        for number in 0..1000 {
            assert!(house.tokens.inspect(&format!("random {number}")).await.unwrap().is_none());
        }
        house.tokens.cache.entries.run_pending_tasks();
        assert_eq!(house.tokens.cache.entries.entry_count(), 0);
    }
}

/// Genuine tokens of sessions that have ended: each inspection is one read, however often it is repeated.
#[tokio::test(flavor = "multi_thread")]
async fn sec_088_a_dead_token_costs_one_read_each_time_and_is_not_kept() {
    for house in House::all().await {
        let ada = house.person("ada@example.com").await;
        let mut dead = Vec::new();
        for _ in 0..20 {
            let (session, _) = house.sign_in(&ada).await;
            dead.push(house.tokens.session_token(&session, &ada).unwrap().text);
            assert!(house.accounts.end_session(ada.id, session.id, Doer::command()).await.unwrap());
        }
        let (session, _) = house.sign_in(&ada).await;
        let alive = house.tokens.session_token(&session, &ada).unwrap().text;
        let reads = || house.db.reads.load(Ordering::SeqCst);
        let before = reads();
        for round in 1..=3 {
            for token in &dead {
                assert!(house.tokens.inspect(token.expose_secret()).await.unwrap().is_none());
            }
            assert_eq!(reads() - before, round * 20, "one read each");
        }
        house.tokens.cache.entries.run_pending_tasks();
        assert_eq!(house.tokens.cache.entries.entry_count(), 0);
        let before = reads();
        for _ in 0..3 {
            assert!(house.tokens.inspect(alive.expose_secret()).await.unwrap().is_some());
        }
        assert_eq!(reads() - before, 1, "and a living one costs one in all");
        let before = reads();
        assert!(house.tokens.inspect("nonsense").await.unwrap().is_none());
        assert_eq!(reads(), before, "nonsense costs none");
    }
}

/// What is wrong shows in the token itself: no row is looked for.
#[tokio::test(flavor = "multi_thread")]
async fn sec_078_a_signed_token_that_is_wrong_costs_no_read() {
    for house in House::all().await {
        let keys = &house.tokens.keys;
        keys.maintain().await.unwrap();
        let now = house.tokens.clock.now().seconds();
        let said = |iss: &str, exp: i64| json!({"iss": iss, "sub": "app", "aud": iss, "exp": exp, "iat": now, "jti": "1", "client_id": "app"});
        let (ours, foreign) = ("https://auth.example.com", "https://elsewhere.example.com");
        let sign = async |typ, said: &serde_json::Value| keys.sign(SigningAlgorithm::Es256, typ, said).await.unwrap();
        let good = sign("at+jwt", &said(ours, now + 60)).await;
        let (unsigned, _) = good.rsplit_once('.').unwrap();
        let wrong = [
            sign("at+jwt", &said(foreign, now + 60)).await,
            sign("at+jwt", &said(ours, now - 1)).await,
            sign("JWT", &said(ours, now + 60)).await,
            format!("{unsigned}.AAAA"),
            format!("{good}.AAAA.AAAA"),
            good.replacen("ey", "eyJ", 1),
            "A".repeat(1 << 20),
        ];
        let before = house.db.reads.load(Ordering::SeqCst);
        for token in &wrong {
            assert!(house.tokens.inspect(token).await.unwrap().is_none(), "{token:.80}");
        }
        assert_eq!(house.db.reads.load(Ordering::SeqCst), before);
        assert!(house.tokens.inspect(&good).await.unwrap().is_none(), "there is no such client");
        assert!(house.db.reads.load(Ordering::SeqCst) > before, "and that takes a look");
    }
}

/// A logout ended the grant between the exchange and the token.
#[tokio::test(flavor = "multi_thread")]
async fn an_opaque_token_of_a_grant_that_is_gone_is_refused_with_words() {
    for house in House::all().await {
        let ada = house.person("ada@example.com").await;
        let (session, _) = house.sign_in(&ada).await;
        let live = house.sessions.look_up(session.id).await.unwrap().unwrap();
        let metadata = Metadata { access_token: AccessTokenKind::Opaque, ..Metadata::default() };
        let id = crate::services::clients::client_id("app").unwrap();
        house.tokens.clients.add(id.clone(), metadata, Actor::Command).await.unwrap();
        let client = house.tokens.clients.find(&id).await.unwrap().unwrap();
        let gone = grant::Model {
            id: GrantId::from_bytes([7; 16]),
            client_id: id,
            user_id: ada.id,
            session_id: session.id,
            scope: Names::new(["openid"]),
            audience: Names::default(),
            claims: None,
            redirect_uri: None,
            challenge: None,
            nonce: None,
            code_hash: None,
            code_expires_at: None,
            redeemed_at: None,
            offline: false,
            authenticated_at: session.created_at,
            created_at: session.created_at,
            expires_at: session.expires_at,
        };
        let order =
            Order { client: &client, scope: &gone.scope, audience: &gone.audience, granted: Some((&gone, &live)) };
        let made = house.tokens.make(&order).await.unwrap();
        let refused = house.tokens.keep(made.kept).await.map_err(|error| error.kind);
        assert_eq!(refused, Err(ErrorKind::InvalidGrant));
    }
}
