//! Names and pictures that stay as they were, or follow the provider; and the proof of a code.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::Browser;
use crate::support::gate::{Gate, refused};
use crate::support::patience::until;
use crate::support::upstream::{asked_with, back};

async fn shown(gate: &Gate, email: &str) -> Value {
    let mut who = gate.who(email).await.expect("an account");
    who["picture"] = json!(gate.server.app.users.by_email(email).await.expect("a read").expect("there").picture);
    who
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_is_called_is_kept_unless_the_file_says_always() {
    for (profile, follows) in [("", false), ("profile = \"first\"\n", false), ("profile = \"always\"\n", true)] {
        let gate = Gate::with_file(&format!("[[connector]]\nid = \"openid\"\n{profile}")).await;
        let face = |path: &str| format!("{}{path}", gate.upstream.issuer);
        gate.upstream.says_text("GET /one", 200, "image/gif", "GIF89a one");
        gate.upstream.says_text("GET /two", 200, "image/gif", "GIF89a two");
        gate.comes_in("openid", &json!({"picture": face("/one")})).await;
        until(Duration::from_secs(20), "a picture", async || {
            !shown(&gate, "ada@example.com").await["picture"].is_null()
        })
        .await;
        let first = shown(&gate, "ada@example.com").await;
        gate.server.sign_up("taken@example.com").await;
        let claims = json!({
            "name": "Ada\u{202e} Lovelace", "preferred_username": "countess", "email": "other@example.com",
            "picture": face("/two"),
        });
        gate.comes_in("openid", &claims).await;
        assert!(gate.who("other@example.com").await.is_none(), "the address is never taken over");
        if !follows {
            assert_eq!(shown(&gate, "ada@example.com").await, first);
            assert_eq!(gate.upstream.asked("GET /two").len(), 0);
            continue;
        }
        until(Duration::from_secs(20), "another picture", async || {
            shown(&gate, "ada@example.com").await["picture"] != first["picture"]
        })
        .await;
        let second = shown(&gate, "ada@example.com").await;
        assert_eq!((&second["name"], &second["username"]), (&json!("Ada Lovelace"), &json!("countess")));
        let gone = format!("/pictures/{}", first["picture"].as_str().expect("an id"));
        Browser::at(&gate.server).open(&gone).await.expect(404);
        // What somebody else has, or what looks like ours, is not taken; nor is nothing a name.
        let taken = gate.who("taken@example.com").await.expect("an account")["username"].clone();
        for username in [taken.as_str().expect("text"), "admin", "ada", "a b"] {
            let claims = json!({"name": null, "preferred_username": username, "picture": face("/svg")});
            gate.comes_in("openid", &claims).await;
            let now = shown(&gate, "ada@example.com").await;
            assert_eq!(now["username"], "countess", "{username}");
            assert_eq!(now["picture"], second["picture"], "one that cannot be had takes nothing away");
        }
        gate.comes_in("openid", &json!({})).await;
        until(Duration::from_secs(20), "no picture", async || {
            shown(&gate, "ada@example.com").await["picture"].is_null()
        })
        .await;
        assert_eq!(shown(&gate, "ada@example.com").await["name"], "Ada Example");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_094_the_proof_of_a_code_goes_along_unless_the_file_says_no() {
    for (pkce, goes_along) in [("", true), ("pkce = true\n", true), ("pkce = false\n", false)] {
        let gate = Gate::with_file(&format!("[[connector]]\nid = \"openid\"\n{pkce}")).await;
        let browser = Browser::at(&gate.server);
        let location = gate.leaves(&browser, "openid").await;
        assert_eq!(location.contains("code_challenge"), goes_along, "{location}");
        assert_eq!(asked_with(&location, "code_challenge_method"), if goes_along { "S256" } else { "" });
        let token = |location: &str, more: Value| {
            let id_token = gate.upstream.signed(&gate.upstream.claims(location, &more));
            json!({"access_token": "an access token", "token_type": "Bearer", "id_token": id_token})
        };
        let returns = |location: &str| {
            let state = asked_with(location, "state");
            back(location, &[("code", "1"), ("state", &state), ("iss", &gate.upstream.issuer)])
        };
        gate.upstream.says("POST /token", 200, &token(&location, json!({})));
        let answer = browser.open(&returns(&location)).await.expect(303);
        assert_eq!(answer.header("location"), "/account/security", "{answer:?}");
        let asked = gate.upstream.asked("POST /token").pop().expect("asked");
        assert_eq!(asked.fields.contains_key("code_verifier"), goes_along);
        // State and nonce are never switched off.
        let location = gate.leaves(&browser, "openid").await;
        gate.upstream.says("POST /token", 200, &token(&location, json!({"nonce": "another"})));
        assert_eq!(refused(&browser.open(&returns(&location)).await), "provider_failed");
    }
}
