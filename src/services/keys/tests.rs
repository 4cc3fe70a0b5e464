//! Keys over real databases.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use entity::UserId;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use sea_orm::{ConnectionTrait, EntityTrait, QuerySelect};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::testing::{DAY, Node, TOKEN, rows};
use super::{KeyInfo, KeyState, SigningAlgorithm};
use crate::error::ErrorKind;
use crate::services::audit::Actor;
use crate::services::database::Database;
use crate::services::database::testing::fresh;
use crate::services::shared::Subject;

/// What a relying party takes for genuine that knows only the published set, by another library.
fn verified(jwks: &[u8], token: &str) -> Option<Map<String, Value>> {
    let header = jsonwebtoken::decode_header(token).ok()?;
    let set: JwkSet = serde_json::from_slice(jwks).expect("a set of keys");
    let key = DecodingKey::from_jwk(set.find(&header.kid?)?).expect("a public key");
    let mut validation = Validation::new(header.alg);
    (validation.validate_exp, validation.validate_aud) = (false, false);
    validation.required_spec_claims.clear();
    jsonwebtoken::decode(token, &key, &validation).ok().map(|read| read.claims)
}

async fn audited(database: &Database, kind: &str) -> usize {
    use entity::audit_event::{Column, Entity};
    let kinds = Entity::find().select_only().column(Column::Kind).into_tuple().all(database.read()).await;
    kinds.expect("the audit").iter().filter(|it: &&String| *it == kind).count()
}

/// The kid of the key in `state` for `algorithm`.
fn kid(all: &[KeyInfo], algorithm: SigningAlgorithm, state: KeyState) -> String {
    let found = all.iter().find(|it| it.algorithm == algorithm && it.state == state);
    found.unwrap_or_else(|| panic!("no {} key for {algorithm}: {all:?}", state.name())).kid.clone()
}

#[tokio::test]
async fn what_is_signed_is_verified_here_and_by_anybody_with_the_published_set() {
    for it in fresh().await {
        let node = Node::ready(&it.database).await;
        let claims = json!({"sub": "ada", "exp": 1_800_000_900, "amr": ["pwd"]});
        let expected = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
        for (ours, theirs) in SigningAlgorithm::ALL.iter().zip(expected) {
            let token = node.sign(*ours, "at+jwt", &claims).await.expect("signed");
            let read = node.verify(&token, "at+jwt").await.expect("an answer").expect("it is genuine");
            assert_eq!(Value::Object(read.clone()), claims);
            let header = jsonwebtoken::decode_header(&token).expect("a header");
            assert_eq!((header.typ.as_deref(), header.alg), (Some("at+jwt"), theirs));
            assert_eq!(verified(&node.jwks().await.expect("a set"), &token), Some(read), "{ours}");
        }
        let set: Value = serde_json::from_slice(&node.jwks().await.expect("a set")).expect("JSON");
        assert_eq!(set["keys"].as_array().map(Vec::len), Some(6), "one that signs and one that stands ready, of each");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_that_start_at_once_make_one_set() {
    for it in fresh().await {
        let mut nodes = Vec::new();
        for _ in 0..3 {
            let database = Database::connect(&it.settings).await.expect("a connection");
            nodes.push(Node::sealing(&database, "a secret", None));
        }
        let (one, two, three) = tokio::join!(nodes[0].maintain(), nodes[1].maintain(), nodes[2].maintain());
        for made in [one, two, three] {
            made.expect("ready");
        }
        assert_eq!(rows(&it.database).await.len(), 6);
        assert_eq!(audited(&it.database, "key.made").await, 6);
        let token = nodes[0].token(SigningAlgorithm::Rs256).await;
        assert!(nodes[1].knows(&token).await && nodes[2].knows(&token).await);
        assert_eq!(nodes[1].pair(SigningAlgorithm::EdDsa).await.kid, nodes[2].pair(SigningAlgorithm::EdDsa).await.kid);
    }
}

#[tokio::test]
async fn sec_081_a_rotation_harms_no_token_and_no_verifier() {
    for it in fresh().await {
        let node = Node::ready(&it.database).await;
        let cached = node.jwks().await.expect("a set");
        let before = node.token(SigningAlgorithm::Rs256).await;
        node.pass(DAY);
        let all = node.rotate(Actor::Command).await.expect("rotated");
        let after = node.token(SigningAlgorithm::Rs256).await;
        assert_eq!(node.pair(SigningAlgorithm::Rs256).await.kid, kid(&all, SigningAlgorithm::Rs256, KeyState::Current));
        for token in [&before, &after] {
            assert!(node.knows(token).await);
            assert!(verified(&cached, token).is_some(), "the set from before the rotation knows both");
        }
        assert_eq!(rows(&it.database).await.len(), 9, "a new one stands ready");

        node.pass(TOKEN);
        node.maintain().await.expect("maintained");
        assert!(node.knows(&before).await, "its end has just come, by a clock that may be late");
        node.pass(Duration::from_secs(60));
        assert!(!node.knows(&before).await, "nobody waits for the sweep");
        node.maintain().await.expect("maintained");
        assert_eq!(rows(&it.database).await.len(), 6);
        assert!(verified(&node.jwks().await.expect("a set"), &before).is_none());
        assert!(node.knows(&after).await);
        assert_eq!((audited(&it.database, "key.rotated").await, audited(&it.database, "key.retired").await), (3, 3));
        assert_eq!(audited(&it.database, "key.condemned").await, 0, "its time was over");
    }
}

#[tokio::test]
async fn a_scheduled_rotation_comes_by_itself_and_is_told_of() {
    for it in fresh().await {
        let node = Node::ready(&it.database).await;
        let (first, before) = (node.list().await.expect("a list"), node.token(SigningAlgorithm::Es256).await);
        let next = kid(&first, SigningAlgorithm::Es256, KeyState::Next);
        node.pass(90 * DAY);
        assert_eq!(node.pair(SigningAlgorithm::Es256).await.kid, next, "by time, whoever has noticed");
        let shown = node.list().await.expect("a list");
        assert_eq!(kid(&shown, SigningAlgorithm::Es256, KeyState::Current), next);
        node.maintain().await.expect("maintained");
        let all = node.list().await.expect("a list");
        let former = kid(&all, SigningAlgorithm::Es256, KeyState::Previous);
        assert_eq!(former, kid(&first, SigningAlgorithm::Es256, KeyState::Current));
        assert_eq!(shown.iter().find(|it| it.kid == former), all.iter().find(|it| it.kid == former));
        assert!(node.knows(&before).await);
        node.maintain().await.expect("maintained");
        assert_eq!(audited(&it.database, "key.retired").await, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_081_a_condemned_key_is_dead_at_once_on_every_node() {
    for it in fresh().await {
        let (here, there) = (Node::ready(&it.database).await, Node::ready(&it.database).await);
        let stop = tokio_util::sync::CancellationToken::new();
        let ear = crate::services::shared::listen(it.database.clone(), Arc::clone(&there.shared), stop.clone());
        let ear = tokio::spawn(ear);
        let doomed = here.token(SigningAlgorithm::Rs256).await;
        let other = here.token(SigningAlgorithm::Es256).await;
        assert!(there.knows(&doomed).await);
        let all = here.list().await.expect("a list");
        let (current, next) =
            (kid(&all, SigningAlgorithm::Rs256, KeyState::Current), kid(&all, SigningAlgorithm::Rs256, KeyState::Next));
        let person = Subject::User(UserId::from_bytes([1; 12]));
        let remembered = here.shared.stamp([&person]);

        let left = here.condemn(&current, Actor::Command).await.expect("condemned");
        assert!(!here.knows(&doomed).await && verified(&here.jwks().await.expect("a set"), &doomed).is_none());
        assert!(!here.shared.is_current(&remembered), "no cache keeps an answer about what it signed");
        assert_eq!(kid(&left, SigningAlgorithm::Rs256, KeyState::Current), next);
        assert!(left.iter().all(|it| it.kid != current) && left.len() == 6, "a new one stands ready: {left:?}");
        let after = here.token(SigningAlgorithm::Rs256).await;
        assert!(here.knows(&after).await && here.knows(&other).await);
        let began = Instant::now();
        while there.knows(&doomed).await {
            assert!(began.elapsed() < Duration::from_secs(3), "the other node has not heard of it");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(there.knows(&after).await && there.knows(&other).await);
        assert_eq!(audited(&it.database, "key.condemned").await, 1);

        let refusal = here.condemn(&current, Actor::Command).await.expect_err("it is gone");
        assert_eq!(refusal.kind, ErrorKind::NotFound);
        stop.cancel();
        ear.await.expect("it ends");
    }
}

#[tokio::test]
async fn a_key_that_was_just_made_elsewhere_is_read_when_a_token_names_it() {
    for it in fresh().await {
        let (here, there) = (Node::ready(&it.database).await, Node::ready(&it.database).await);
        there.jwks().await.expect("it has read the keys");
        let all = here.list().await.expect("a list");
        for state in [KeyState::Next, KeyState::Current] {
            here.condemn(&kid(&all, SigningAlgorithm::EdDsa, state), Actor::Command).await.expect("condemned");
        }
        let token = here.token(SigningAlgorithm::EdDsa).await;
        assert!(there.knows(&token).await, "by a key that the other node had not seen yet");
    }
}

/// How often the node has read its keys: each read leaves another snapshot, all of which are kept here.
#[tokio::test]
async fn sec_074_sec_088_made_up_kids_cost_no_read_each() {
    for it in fresh().await {
        let node = Node::ready(&it.database).await;
        let snapshot = || node.0.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone().expect("loaded");
        let genuine = node.token(SigningAlgorithm::Es256).await;
        let (_, rest) = genuine.split_once('.').expect("three parts");
        let (began, mut seen) = (Instant::now(), vec![snapshot()]);
        for number in 0..1000 {
            let header = json!({"typ": "at+jwt", "alg": "ES256", "kid": format!("{number:043}")}).to_string();
            let header = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, header);
            assert!(!node.knows(&format!("{header}.{rest}")).await);
            seen.push(snapshot());
        }
        let reads = seen.iter().map(Arc::as_ptr).collect::<BTreeSet<_>>().len() - 1;
        assert!(reads >= 1 && reads as u64 <= 1 + began.elapsed().as_secs(), "{reads} reads");
    }
}

#[tokio::test]
async fn sec_151_while_the_database_is_away_no_key_is_good() {
    for it in fresh().await {
        let node = Node::ready(&it.database).await;
        let token = node.token(SigningAlgorithm::Es256).await;
        it.database.clone().close().await.expect("closed");
        // What a node does that cannot hear of changes.
        node.shared.forget(&Subject::Everything);
        let refusals = [
            node.verify(&token, "at+jwt").await.err(),
            node.sign(SigningAlgorithm::Es256, "at+jwt", &json!({})).await.err(),
            node.jwks().await.err(),
        ];
        for refusal in refusals {
            assert_eq!(refusal.expect("not now").kind, ErrorKind::Unavailable);
        }
    }
}

#[tokio::test]
async fn a_key_of_a_newer_release_is_left_alone() {
    for it in fresh().await {
        let node = Node::ready(&it.database).await;
        let newer = "INSERT INTO signing_keys (id, algorithm, private_sealed, public_jwk, created_at, signs_from) \
                     SELECT 'newer', 'ML-DSA-44', private_sealed, public_jwk, created_at, signs_from \
                     FROM signing_keys WHERE algorithm = 'EdDSA' LIMIT 1";
        let write = it.database.write(move |tx| Box::pin(async move { Ok(tx.execute_unprepared(newer).await?) }));
        write.await.expect("written");
        node.pass(DAY);
        node.rotate(Actor::Command).await.expect("rotated");
        node.maintain().await.expect("maintained");
        assert!(rows(&it.database).await.iter().any(|row| row.id == "newer"));
        assert!(node.list().await.expect("a list").iter().all(|it| it.kid != "newer"));
    }
}
