//! The buttons, and what the chat's sign-in page is told.

use serde_json::json;

use crate::support::gate::Gate;
use crate::support::{Browser, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_have_a_button_for_each_way_in() {
    let gate = Gate::open(&[("OPENID_BUTTON_LABEL", "Continue with <Fernwood> & co")]).await;
    let browser = Browser::at(&gate.server);
    let buttons = |page: &str| -> Vec<String> {
        let starts = page.split("href=\"/oauth/").skip(1);
        starts.map(|rest| rest.split(['?', '"']).next().unwrap_or_default().to_owned()).collect()
    };
    let login = browser.open("/login").await.expect(200).body;
    assert_eq!(buttons(&login), ["openid", "staff", "google", "github", "discord", "facebook"]);
    assert!(login.contains("Continue with &lt;Fernwood&gt; &amp; co") && login.contains("name=\"password\""));
    assert!(login.contains("\"/oauth/github?return_to=/account\""), "{login}");
    let register = browser.open("/register").await.expect(200).body;
    assert_eq!(buttons(&register), ["openid", "google", "github", "discord", "facebook"], "staff makes no accounts");
    for page in [&login, &register] {
        assert!(!page.contains("http://127.0.0.1"), "nothing comes from elsewhere");
    }
    let config = gate.server.get("/api/config").await.expect(200).json();
    for name in ["google", "github", "discord", "facebook", "openid", "social", "email"] {
        assert_eq!(config[format!("{name}LoginEnabled")], true, "{name}");
    }
    assert_eq!(config["appleLoginEnabled"], false);
    assert_eq!(config["openidLabel"], "Continue with <Fernwood> & co");
    assert_eq!(config["socialLogins"], json!(["openid", "staff", "google", "github", "discord", "facebook"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_shows_where_nothing_is_set_up_or_it_is_switched_off() {
    for server in [TestServer::start(&[]).await, Gate::open(&[("ALLOW_SOCIAL_LOGIN", "")]).await.server] {
        let browser = Browser::at(&server);
        for path in ["/login", "/register"] {
            let page = browser.open(path).await.expect(200).body;
            assert!(!page.contains("/oauth/") && !page.contains("class=\"or\""), "{page}");
        }
        browser.open("/oauth/github").await.expect(404);
        let config = server.get("/api/config").await.expect(200).json();
        assert_eq!((&config["socialLoginEnabled"], &config["socialLogins"]), (&json!(false), &json!([])));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_passwords_the_buttons_are_the_way_in() {
    let gate = Gate::open(&[("ALLOW_EMAIL_LOGIN", "false")]).await;
    let browser = Browser::at(&gate.server);
    let page = browser.open("/login").await.expect(200).body;
    assert!(page.contains("/oauth/github?") && !page.contains("name=\"password\"") && !page.contains("class=\"or\""));
    gate.comes_in("openid", &json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_133_a_button_shows_a_picture_that_we_fetched_and_looked_at() {
    for (body, shown) in [("GIF89a and more", Some("image/gif")), ("<svg xmlns='http://www.w3.org/2000/svg'/>", None)] {
        let gate = Gate::with_file("[[connector]]\nid = \"openid\"\nimage = \"ISSUER/logo\"\n").await;
        gate.upstream.says_text("GET /logo", 200, "text/html", body);
        let browser = Browser::at(&gate.server);
        let page = browser.open("/login").await.expect(200).body;
        assert!(page.contains("src=\"/login/image/openid\"") && !page.contains(&gate.upstream.issuer), "{page}");
        let answer = browser.open("/login/image/openid").await;
        match shown {
            Some(media_type) => {
                let answer = answer.expect(200);
                assert_eq!((answer.header("content-type"), answer.body.as_str()), (media_type, body));
                assert_eq!(answer.header("x-content-type-options"), "nosniff");
            }
            None => drop(answer.expect(404)),
        }
        browser.open("/login/image/openid").await;
        assert_eq!(gate.upstream.asked("GET /logo").len(), 1, "it is kept, and so is that it is none");
        for none in ["/login/image/github", "/login/image/nobody"] {
            browser.open(none).await.expect(404);
        }
    }
}
