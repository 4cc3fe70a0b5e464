//! Addresses that may be registered, and those that may not.

use proptest::prelude::*;
use url::Url;

use super::uri::{RedirectUri, WebUri, is_loopback, with_query};

#[test]
fn sec_047_redirect_addresses_that_may_be_registered() {
    for good in [
        "https://chat.example.com",
        "https://chat.example.com/oauth/openid/callback",
        "https://chat.example.com:8443/cb?from=postern",
        "https://Chat.example.com/a..b",
        "https://xn--bcher-kva.example/cb",
        "https://[2001:db8::1]/cb",
        "http://localhost:3080/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:8000/cb",
        "com.example.app:/callback",
        "com.example.app://callback",
    ] {
        assert_eq!(good.parse::<RedirectUri>().map(|it| it.to_string()), Ok(good.to_owned()));
    }
}

#[test]
fn sec_047_redirect_addresses_that_may_not() {
    for bad in [
        "",
        "/cb",
        "chat.example.com/cb",
        "//chat.example.com/cb",
        "http://chat.example.com/cb",
        "http://localhost.example.com/cb",
        "http://127.0.0.1.example.com/",
        "http://0x7f.1/cb",
        "http://127.1/cb",
        "https://*.example.com/cb",
        "https://chat.example.com/*",
        "https://chat.example.com/cb#x",
        "https://chat.example.com/cb#",
        "https://user@chat.example.com/cb",
        "https://a:b@chat.example.com/cb",
        "https://@chat.example.com/cb",
        "https:chat.example.com",
        "https:/chat.example.com",
        "https:///chat.example.com",
        "https:/h/http://h/",
        "https:h/http://h/",
        "https://chat.example.com\\@evil.example",
        "https:\\\\chat.example.com",
        "https://chat.example.com/a/../b",
        "https://chat.example.com/a/%2E%2e/b",
        "https://chat.example.com/.",
        "https://ch%61t.example.com/cb",
        "https://bücher.example/cb",
        "https://chat.example.com/a b",
        "https://chat.example.com/\tcb",
        "https://chat.example.com:/cb",
        "https://chat.example.com:99999/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "myapp:/cb",
        "com.example.app:/cb#x",
        "com.example.app://a@b/",
        "com.:/cb",
        "https://",
        "https://?x",
        "urn:ietf:wg:oauth:2.0:oob",
    ] {
        assert!(bad.parse::<RedirectUri>().is_err(), "{bad}");
    }
    assert!(format!("https://example.com/{}", "a".repeat(2000)).parse::<RedirectUri>().is_err());
}

#[test]
fn a_web_address_may_be_plain_http() {
    assert!("http://chat:3080/logout".parse::<WebUri>().is_ok());
    for bad in ["ftp://chat/x", "com.example.app:/x", "http://chat/#x", "http://a@chat/"] {
        assert!(bad.parse::<WebUri>().is_err(), "{bad}");
    }
}

#[test]
fn sec_055_what_an_address_holds_already_stays_as_it_is() {
    let fields = [("code", "x/y"), ("state", "a b&ü")];
    for (address, expected) in [
        ("https://a.example/cb", "https://a.example/cb?code=x%2Fy&state=a+b%26%C3%BC"),
        ("https://a.example/cb?", "https://a.example/cb?code=x%2Fy&state=a+b%26%C3%BC"),
        ("https://a.example/cb?x=%2e&y", "https://a.example/cb?x=%2e&y&code=x%2Fy&state=a+b%26%C3%BC"),
        ("com.example.app:/cb", "com.example.app:/cb?code=x%2Fy&state=a+b%26%C3%BC"),
    ] {
        assert_eq!(with_query(address, fields), expected);
    }
    for address in ["https://a.example/cb", "https://a.example/cb?", "https://a.example/cb?x"] {
        assert_eq!(with_query(address, None::<(&str, &str)>), address);
    }
}

proptest! {
    #[test]
    fn sec_047_what_is_taken_is_what_a_browser_reads(text in "(https?:|com[.]a:)?[/\\\\]{0,3}[a-z@:.%*#]{0,8}(localhost|x[.]y)?[:@/.?0-9a-z%]{0,12}") {
        if let Ok(uri) = text.parse::<RedirectUri>() {
            let url = Url::parse(uri.as_str()).expect("a registered address is a URL");
            prop_assert!(url.fragment().is_none() && url.username().is_empty() && url.password().is_none());
            match url.scheme() {
                "https" => {}
                "http" => prop_assert!(is_loopback(&url)),
                scheme => prop_assert!(scheme.contains('.')),
            }
            if let Some(host) = url.host_str().filter(|_| url.scheme().starts_with("http")) {
                prop_assert!(text.contains(host));
            }
        }
    }

    #[test]
    fn no_text_upsets_the_check(text in any::<String>()) {
        let _ = text.parse::<RedirectUri>();
        let _ = text.parse::<WebUri>();
    }
}
