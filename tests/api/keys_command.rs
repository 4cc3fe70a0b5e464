//! `postern keys ...` as operators and their scripts call it.

use serde_json::Value;

use crate::support::{Place, kinds};

async fn told(place: &Place, arguments: &[&str]) -> Vec<Value> {
    let arguments: Vec<&str> = ["keys"].iter().chain(arguments).copied().chain(["--json"]).collect();
    let said = place.run(&arguments, "").await.expect(0);
    assert_eq!(said.out.lines().count(), 1, "{said:?}");
    let document: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    document.as_array().expect("a list").clone()
}

/// The kids of the keys in this state, by algorithm.
fn in_state(keys: &[Value], state: &str) -> Vec<(String, String)> {
    let text = |key: &Value, name: &str| key[name].as_str().expect("a text").to_owned();
    let found = keys.iter().filter(|key| key["state"] == state);
    found.map(|key| (text(key, "algorithm"), text(key, "kid"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_080_sec_081_keys_are_listed_rotated_and_given_up() {
    for kind in kinds() {
        let place = Place::on(&kind, &[]).await;
        place.run(&["migrate"], "").await.expect(0);
        assert!(told(&place, &["list"]).await.is_empty());
        let said = place.run(&["keys", "list"], "").await.expect(0);
        assert!(said.out.contains("the first start"), "{said:?}");

        let program = place.serve().await;
        program.get("/readyz").await.expect(200);
        let first = told(&place, &["list"]).await;
        let algorithms: Vec<_> = in_state(&first, "current").into_iter().map(|(algorithm, _)| algorithm).collect();
        assert_eq!(algorithms, ["RS256", "ES256", "EdDSA"]);
        assert_eq!((in_state(&first, "next").len(), first.len()), (3, 6));

        let rotated = told(&place, &["rotate"]).await;
        assert_eq!(in_state(&rotated, "current"), in_state(&first, "current"), "verifiers have to hear of a new one");
        for (before, after) in first.iter().zip(&rotated).filter(|(before, _)| before["state"] == "next") {
            assert_eq!(before["kid"], after["kid"]);
            assert!(after["signs_from"].as_str() < before["signs_from"].as_str(), "its turn comes sooner: {after}");
        }

        let (_, doomed) = in_state(&rotated, "current").remove(0);
        let said = place.run(&["keys", "rotate", "--compromised", &doomed], "").await.expect(0);
        assert!(said.out.contains("is given up") && said.out.contains("KID"), "{said:?}");
        let left = told(&place, &["list"]).await;
        assert!(left.iter().all(|key| key["kid"] != doomed.as_str()) && left.len() == 6, "{left:?}");
        assert_eq!(in_state(&left, "current")[0], in_state(&rotated, "next")[0], "the one that stood ready signs");
        let said = place.run(&["keys", "rotate", "--compromised", &doomed], "").await.expect(1);
        assert!(said.err.contains(&doomed), "{said:?}");
        place.run(&["keys", "rotate", "--compromised"], "").await.expect(2);

        let known = ["kid", "algorithm", "state", "created_at", "signs_from", "retired_at", "expires_at"];
        let names = left.iter().flat_map(|key| key.as_object().expect("an object").keys());
        assert!(names.into_iter().all(|name| known.contains(&name.as_str())), "{left:?}");
        program.get("/readyz").await.expect(200);
        drop(program);
        place.remove().await;
    }
}

/// Another key than the one that sealed them opens nothing, and makes nothing in its place.
#[tokio::test(flavor = "multi_thread")]
async fn sec_145_a_start_with_another_encryption_key_is_refused() {
    const OTHER: &str = "2b7e151628aed2a6abf7158809cf4f3c9d1e0f5a6b8c7d4e3f2a1b0c9d8e7f60";
    for kind in kinds() {
        let mut place = Place::on(&kind, &[]).await;
        drop(place.serve().await);
        let first = told(&place, &["list"]).await;
        place.set("POSTERN_ENCRYPTION_KEY", OTHER);
        for command in [&[][..], &["keys", "rotate"]] {
            let said = place.run(command, "").await.expect(1);
            assert!(said.err.contains("another POSTERN_ENCRYPTION_KEY"), "{said:?}");
        }
        assert_eq!(told(&place, &["list"]).await, first);

        place.set("POSTERN_ENCRYPTION_KEY_PREVIOUS", crate::support::ENCRYPTION_KEY);
        drop(place.serve().await);
        place.set("POSTERN_ENCRYPTION_KEY_PREVIOUS", "");
        let program = place.serve().await;
        program.get("/readyz").await.expect(200);
        assert_eq!(told(&place, &["list"]).await, first, "the same keys, sealed anew");
        drop(program);
        place.remove().await;
    }
}
