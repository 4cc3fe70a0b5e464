//! What comes back to an app as it was sent, and what it may not send.

use crate::support::relying_party::VERIFIER;
use crate::support::{App, Browser, TestServer, Tokens};

const ADA: &str = "ada@fernwood.example";

/// The value of the field `name` on a page, as a browser reads it.
fn field(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("name=\"{name}\" value=\"")).expect("the field");
    let (value, _) = rest.split_once('"').expect("its end");
    let characters = [("&quot;", "\""), ("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&#x2f;", "/"), ("&amp;", "&")];
    characters.iter().fold(value.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[tokio::test]
async fn sec_055_state_comes_back_byte_for_byte_in_every_mode() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let browser = Browser::signed_in(&server, ADA).await;
    for state in
        ["\"quoted\" 'twice' <b> & more", "one\r\ntwo\nSet-Cookie: x=1", "Grüße 🦊 \u{202e}", "%41+%2B +;=#?/\\"]
    {
        for mode in ["query", "fragment"] {
            let asked = app.request(&[("state", state), ("response_mode", mode)]);
            let answer = app.follow(&browser, &asked).await;
            assert_eq!(app.answered(&answer)["state"], state, "{mode}");
            assert!(answer.header("set-cookie").is_empty(), "{answer:?}");
        }
        let asked = app.request(&[("state", state), ("response_mode", "form_post")]);
        let page = app.follow(&browser, &asked).await.expect(200);
        assert_eq!(field(&page.body, "state"), state);
    }
}

#[tokio::test]
async fn sec_060_a_form_for_an_app_holds_its_values_escaped() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let browser = Browser::signed_in(&server, ADA).await;
    let state = "\"><script>alert('&amp;')</script>";
    let asked = app.request(&[("state", state), ("response_mode", "form_post")]);
    let page = app.follow(&browser, &asked).await.expect(200).body;
    let escaped = "value=\"&quot;&gt;&lt;script&gt;alert(&#x27;&amp;amp;&#x27;)&lt;&#x2f;script&gt;\"";
    assert!(page.contains(escaped) && !page.contains("<script>alert"), "{page}");
}

#[tokio::test]
async fn sec_071_a_foreign_resource_is_refused_where_tokens_are_given_out() {
    let server = TestServer::start(&[]).await;
    let app = App::at(&server, "app");
    server.sign_up(ADA).await;
    let (code, foreign) = (("scope", "openid offline_access"), ("resource", "https://elsewhere.example/"));
    let code = app.code(&Browser::at(&server), ADA, &[code]).await;
    let exchange = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", VERIFIER),
        foreign,
    ];
    App::expect_refusal(&app.token(&exchange).await, "invalid_target");
    let tokens = Tokens::from(&app.exchange(&code).await);
    let refresh = tokens.refresh.expect("a refresh token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), foreign];
    App::expect_refusal(&app.token(&fields).await, "invalid_target");
    let _ = Tokens::from(&app.refresh(&refresh).await);
}
