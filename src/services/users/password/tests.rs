use super::*;
use crate::error::ErrorKind;

/// Cheap costs: what is tested here does not depend on them.
const CHEAP: Hashing = Hashing { memory_kib: 64, iterations: 2, parallelism: 1, threads: 2, queue: 8 };
const GOOD: Verdict = Verdict { good: true, needs_upgrade: false };
const OLD: Verdict = Verdict { good: true, needs_upgrade: true };
const BAD: Verdict = Verdict { good: false, needs_upgrade: false };

fn start(hashing: Hashing) -> Hasher {
    Hasher::start(&hashing, Random::system()).unwrap()
}

async fn verify(hasher: &Hasher, password: &str, stored: &str) -> Verdict {
    hasher.verify(&password.into(), Some(stored)).await.unwrap()
}

fn bcrypt(password: &[u8]) -> String {
    bcrypt::hash_with_salt(password, 4, *b"salt of 16 bytes").unwrap().to_string()
}

#[tokio::test]
async fn sec_009_hashes_are_argon2id_with_the_configured_costs_and_their_own_salt() {
    let hasher = start(Hashing { memory_kib: 19_456, ..CHEAP });
    let (one, other) = (hasher.hash(&"gravel tulip".into()).await, hasher.hash(&"gravel tulip".into()).await);
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
    let parts: Vec<_> = one.split('$').collect();
    assert_eq!((parts[4].len(), parts[5].len()), (22, 43), "16 bytes of salt, 32 of hash, in base64");
    assert_ne!(one, other);
    assert_eq!(verify(&hasher, "gravel tulip", &one).await, GOOD);
    assert_eq!(verify(&hasher, "gravel tulips", &one).await, BAD);
    assert!(Hasher::start(&Hashing { memory_kib: 0, ..CHEAP }, Random::system()).is_err());
}

#[tokio::test]
async fn sec_009_weaker_and_foreign_hashes_are_to_be_upgraded_when_good() {
    let hasher = start(CHEAP);
    for stored in [
        start(Hashing { memory_kib: 32, ..CHEAP }).hash(&"gravel tulip".into()).await.unwrap(),
        start(Hashing { iterations: 1, ..CHEAP }).hash(&"gravel tulip".into()).await.unwrap(),
        bcrypt(b"gravel tulip"),
        bcrypt(b"gravel tulip").replacen("$2b$", "$2a$", 1),
        bcrypt(b"gravel tulip").replacen("$2b$", "$2y$", 1),
    ] {
        assert_eq!(verify(&hasher, "gravel tulip", &stored).await, OLD, "{stored}");
        assert_eq!(verify(&hasher, "gravel tulip ", &stored).await, BAD, "{stored}");
    }
}

#[tokio::test]
async fn sec_009_hashes_made_by_other_programs_are_read() {
    let hasher = start(CHEAP);
    // From the tests of the reference implementation of Argon2 (versions 0x13 and 0x10) and of
    // jBCrypt.
    for (password, stored) in [
        ("password", "$argon2i$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG"),
        ("password", "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ"),
        ("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
        ("", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."),
    ] {
        assert_eq!(verify(&hasher, password, stored).await, OLD, "{stored}");
        assert_eq!(verify(&hasher, "other", stored).await, BAD, "{stored}");
    }
}

#[tokio::test]
async fn sec_009_hostile_or_unknown_hashes_cost_one_of_ours_and_match_nothing() {
    let hasher = start(CHEAP);
    let mut begun = 0;
    for stored in [
        "",
        "gravel tulip",
        "$argon2id$",
        "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo",
        "$argon2id$v=19$m=1048576,t=64,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo",
        "$argon2id$v=19$m=64,t=4294967295,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo",
        "$argon2id$v=19$m=8,t=1,p=16777215$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo",
        "$argon2id$v=19$m=64,t=2,p=1$c2FsdHNhbHRzYWx0",
        "$argon2id$v=99$m=64,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo",
        "$2b$31$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde",
        "$2b$04$abc",
        "$2x$04$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde",
        "$2b$04$é🦀abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyzabcde",
        "$1$salt$hash",
    ] {
        assert_eq!(verify(&hasher, "gravel tulip", stored).await, BAD, "{stored}");
        begun += 1;
        assert_eq!(hasher.counts().begun, begun, "{stored}");
    }
    assert_eq!(hasher.verify(&"gravel tulip".into(), None).await.unwrap(), BAD);
    assert_eq!(hasher.counts().begun, begun + 1);
}

#[tokio::test]
async fn sec_010_every_byte_counts_and_nothing_is_cut() {
    let hasher = start(CHEAP);
    let long = "🦀".repeat(128);
    for (password, others) in [
        ("gravel tulip", vec![" gravel tulip", "gravel tulip ", "Gravel tulip", "gravel tuli", ""]),
        ("gravel\0tulip", vec!["gravel", "gravel\0", "gravel\0tulips", "graveltulip"]),
        (&long, vec![&long[..508], "🦀"]),
        (&"a".repeat(73), vec![&"a".repeat(72), &"a".repeat(74), &format!("{}b", "a".repeat(72))]),
        ("zo\u{eb} tulip", vec!["zoe tulip"]),
    ] {
        let stored = hasher.hash(&password.into()).await.unwrap();
        assert_eq!(verify(&hasher, password, &stored).await, GOOD, "{password:?}");
        for other in others {
            assert_eq!(verify(&hasher, other, &stored).await, BAD, "{other:?}");
        }
    }
    let stored = hasher.hash(&"zoe\u{308} tulip".into()).await.unwrap();
    assert_eq!(verify(&hasher, "zo\u{eb} tulip", &stored).await, GOOD);
}

#[tokio::test]
async fn sec_010_an_imported_bcrypt_hash_is_compared_as_it_was_made() {
    let hasher = start(CHEAP);
    let (decomposed, composed) = ("zoe\u{308} tulip", "zo\u{eb} tulip");
    assert_eq!(verify(&hasher, decomposed, &bcrypt(decomposed.as_bytes())).await, OLD);
    assert_eq!(verify(&hasher, decomposed, &bcrypt(composed.as_bytes())).await, OLD);
    assert_eq!(verify(&hasher, composed, &bcrypt(decomposed.as_bytes())).await, BAD);
    // It saw 72 bytes, and then the whole password is hashed anew.
    let long = "gravel tulip ".repeat(7);
    assert_eq!(verify(&hasher, &long, &bcrypt(long.as_bytes())).await, OLD);
    assert_eq!(verify(&hasher, &long[..72], &bcrypt(long.as_bytes())).await, OLD);
    assert_eq!(verify(&hasher, &long[..71], &bcrypt(long.as_bytes())).await, BAD);
    // To bcrypt itself all of these are one password.
    assert_eq!(verify(&hasher, "gravel\0tulip", &bcrypt(b"gravel\0tulip")).await, OLD);
    for other in ["gravel\0gravel", "gravel\0gravel\0gravel", &"gravel\0".repeat(15)] {
        assert!(bcrypt::verify(other, &bcrypt(b"gravel")).unwrap());
        assert_eq!(verify(&hasher, other, &bcrypt(b"gravel")).await, BAD);
    }
}

#[tokio::test]
async fn sec_012_more_than_128_characters_are_refused_before_any_hash() {
    let hasher = start(CHEAP);
    for long in ["a".repeat(129), "a\u{301}".repeat(129), "a".repeat(10_000_000)] {
        let long = SecretString::from(long);
        let refused = [
            hasher.hash(&long).await.unwrap_err(),
            hasher.verify(&long, None).await.unwrap_err(),
            hasher.verify(&long, Some(&bcrypt(b"a"))).await.unwrap_err(),
        ];
        for error in refused {
            assert_eq!((error.kind, error.fields[0].field), (ErrorKind::InvalidInput, "password"));
        }
        let sentence = hasher.judge(&long, Demands::default()).await.unwrap().unwrap_err();
        assert_eq!(sentence, "Use at most 128 characters.");
    }
    assert_eq!(hasher.counts().begun, 0);
}

#[tokio::test]
async fn sec_153_of_200_at_once_no_more_than_threads_and_queue_are_taken() {
    let hasher = start(Hashing { memory_kib: 4096, ..CHEAP });
    let password = SecretString::from("gravel tulip");
    // Every one is polled once before any can be answered by this single thread.
    let answers = futures_util::future::join_all((0..200).map(|_| hasher.verify(&password, None))).await;
    let (taken, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert!(taken.len() >= 10, "two threads and a queue of eight");
    assert_eq!((taken.len() + refused.len(), hasher.counts().refused), (200, refused.len() as u64));
    assert_eq!(hasher.counts().begun, taken.len() as u64);
    assert!(refused.len() >= 100, "polling is far quicker than hashing");
    for error in refused {
        let error = error.unwrap_err();
        assert_eq!((error.kind, error.retry_after.map(|it| it.as_secs())), (ErrorKind::Unavailable, Some(1)));
    }
}

#[tokio::test]
async fn sec_011_a_new_password_is_judged_on_the_pool() {
    let hasher = start(CHEAP);
    let demands = Demands { app_title: "Harvest Notes".into(), ..Demands::default() };
    let strength = hasher.judge(&"gravel tulip ferry nine".into(), demands.clone()).await.unwrap().unwrap();
    assert_eq!(strength.to_string(), "not guessed within a lifetime");
    let sentence = hasher.judge(&"harvest notes".into(), demands).await.unwrap().unwrap_err();
    assert!(sentence.contains("it holds the name of this chat"), "{sentence}");
    assert_eq!(hasher.counts().begun, 0);
}
