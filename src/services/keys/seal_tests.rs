//! Private keys at rest, and what a change of the key that seals them does.

use super::SigningAlgorithm;
use super::testing::{DAY, Node, rows};
use crate::error::ErrorKind;
use crate::services::audit::Actor;
use crate::services::database::testing::fresh;

#[tokio::test]
async fn sec_145_a_key_is_kept_sealed_and_opens_under_its_own_row_alone() {
    for it in fresh().await {
        let node = Node::ready(&it.database).await;
        let all = rows(&it.database).await;
        for row in &all {
            let term = super::rows::term(row).expect("a term");
            node.0.seal.open(row, &term).expect("it opens");
            let pkcs8 = node.0.seal.current.open(row.id.as_bytes(), &row.private_sealed).expect("it opens");
            // The last bytes of PKCS #8 are of the private key, or of a number that gives it away.
            let tail = &pkcs8[pkcs8.len() - 16..];
            assert!(!row.private_sealed.windows(16).any(|part| part == tail));
            assert!(!row.public_jwk.contains(r#""d""#), "{}", row.public_jwk);
            let other = all.iter().find(|it| it.algorithm == row.algorithm && it.id != row.id).expect("another");
            let swapped = entity::signing_key::Model { private_sealed: other.private_sealed.clone(), ..row.clone() };
            let refusal = node.0.seal.open(&swapped, &term).expect_err("another row's key");
            assert_eq!(refusal.kind, ErrorKind::Conflict);
        }
    }
}

#[tokio::test]
async fn sec_145_a_wrong_encryption_key_is_refused_and_nothing_is_made_over_what_is_there() {
    for it in fresh().await {
        let right = Node::ready(&it.database).await;
        let before = rows(&it.database).await;
        let wrong = Node::sealing(&it.database, "another secret", None);
        wrong.pass(100 * DAY);
        for refusal in [wrong.maintain().await.err(), wrong.rotate(Actor::Command).await.err()] {
            let refusal = refusal.expect("refused");
            assert_eq!(refusal.kind, ErrorKind::Conflict);
            assert!(refusal.detail.contains("another POSTERN_ENCRYPTION_KEY"), "{refusal:?}");
        }
        let met = wrong.jwks().await.expect_err("not now");
        assert_eq!(
            (met.kind, met.detail.contains("POSTERN")),
            (ErrorKind::Unavailable, false),
            "no word for strangers"
        );
        assert_eq!(rows(&it.database).await, before);

        // Whoever has lost the key says so, key by key.
        let wrong = Node::sealing(&it.database, "another secret", None);
        for row in before {
            wrong.condemn(&row.id, Actor::Command).await.expect("condemned");
        }
        wrong.maintain().await.expect("ready again");
        assert!(wrong.knows(&wrong.token(SigningAlgorithm::Rs256).await).await);
        assert!(right.load().await.is_err(), "and now the others cannot open them");
    }
}

#[tokio::test]
async fn sec_145_what_the_previous_encryption_key_sealed_is_sealed_anew() {
    for it in fresh().await {
        let token = Node::ready(&it.database).await.token(SigningAlgorithm::Rs256).await;
        let changed = Node::sealing(&it.database, "a new secret", Some("a secret"));
        changed.maintain().await.expect("the previous one opens");
        assert!(changed.knows(&token).await);
        let sealed = rows(&it.database).await;
        changed.maintain().await.expect("maintained");
        assert_eq!(rows(&it.database).await, sealed, "once");
        let alone = Node::sealing(&it.database, "a new secret", None);
        alone.maintain().await.expect("the previous one is needed no more");
        assert!(alone.knows(&token).await);
    }
}
