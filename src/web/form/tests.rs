use poem::http::{HeaderMap, HeaderValue, Method, header};
use poem::{Endpoint, EndpointExt, Response, Route, handler};
use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::web::failure::{self, Failures};
use crate::web::surface::Surface;
use crate::web::tests::{settings, web};

#[derive(Deserialize)]
struct Letter {
    text: String,
    copy: Option<String>,
    #[serde(default)]
    urgent: bool,
}

#[handler]
fn show(token: CsrfToken) -> poem::Result<Response> {
    let mut response = Response::builder().body(token.as_str().to_owned());
    token.keep(&mut response)?;
    Ok(response)
}

#[handler]
fn submit(form: Form<Letter>) -> String {
    let Letter { text, copy, urgent } = form.into_inner();
    format!("{text} {copy:?} {urgent}")
}

type Site = Surface<failure::Shaped<Route>>;

fn site() -> Site {
    let routes = Route::new().at("/letter", failure::get(show).post(submit));
    Surface::new(web(settings("https://chat.example.com")), routes.with(Failures::bare()))
}

/// The token of the page and the cookie that came with it.
async fn load(site: &Site, cookies: &str) -> (String, String) {
    let request = Request::builder().header("host", "a").uri_str("/letter").header(header::COOKIE, cookies).finish();
    let page = site.get_response(request).await;
    let cookie = page.headers().get(header::SET_COOKIE).and_then(|line| line.to_str().ok());
    let cookie = cookie.and_then(|line| line.split(';').next()).unwrap_or_default().to_owned();
    (page.into_body().into_string().await.expect("text"), cookie)
}

async fn send(site: &Site, cookies: &str, token: &str, more: &[(&'static str, &str)]) -> (u16, String) {
    let mut request =
        Request::builder().header("host", "a").method(Method::POST).uri_str("/letter").header(header::COOKIE, cookies);
    for (name, value) in [("content-type", MEDIA_TYPE)].iter().chain(more) {
        request = request.header(*name, *value);
    }
    let answer = site.get_response(request.body(format!("text=a+b%C3%A9&urgent=on&csrf={token}"))).await;
    (answer.status().as_u16(), answer.into_body().into_string().await.expect("text"))
}

#[tokio::test]
async fn sec_031_our_own_form_is_read() {
    let site = site();
    let (token, cookie) = load(&site, "").await;
    assert!(cookie.starts_with("__Host-postern_csrf="), "{cookie}");
    let ours = [("origin", "https://chat.example.com"), ("sec-fetch-site", "same-origin")];
    assert_eq!(send(&site, &cookie, &token, &ours).await, (200, "a bé None true".to_owned()));
    let (again, no_cookie) = load(&site, &cookie).await;
    assert_eq!((again, no_cookie), (token, String::new()));
}

#[tokio::test]
async fn sec_031_a_missing_or_foreign_token_is_refused() {
    let site = site();
    let (token, cookie) = load(&site, "").await;
    let (foreign, foreign_cookie) = load(&site, "").await;
    let both = format!("{cookie}; {foreign_cookie}");
    for (cookies, token) in [(&cookie, &foreign), (&cookie, &String::new()), (&String::new(), &token), (&both, &token)]
    {
        assert_eq!(send(&site, cookies, token, &[]).await.0, 403);
    }
}

#[tokio::test]
async fn sec_031_a_token_dies_with_sign_in_and_with_logout() {
    let site = site();
    let (anonymous, cookie) = load(&site, "").await;
    let signed_in = format!("{cookie}; __Host-postern_session=secret");
    let (token, _) = load(&site, &signed_in).await;
    assert_eq!(send(&site, &signed_in, &token, &[]).await.0, 200);
    assert_eq!(send(&site, &signed_in, &anonymous, &[]).await.0, 403);
    assert_eq!(send(&site, &cookie, &token, &[]).await.0, 403);
}

#[tokio::test]
async fn sec_031_a_form_from_elsewhere_is_refused_whatever_its_token() {
    let site = site();
    let (token, cookie) = load(&site, "").await;
    let origins = [
        "https://evil.example",
        "null",
        "http://chat.example.com",
        "https://chat.example.com:8443",
        "https://localhost",
    ];
    for origin in origins {
        assert_eq!(send(&site, &cookie, &token, &[("origin", origin)]).await.0, 403, "{origin}");
    }
    for from in ["cross-site", "same-site", "nonsense"] {
        assert_eq!(send(&site, &cookie, &token, &[("sec-fetch-site", from)]).await.0, 403, "{from}");
    }
}

#[test]
fn names_of_this_machine_are_one_origin() {
    let is_fine = |own: &str, origin: &'static str| {
        let headers = HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))]);
        origin::check(&headers, &own.parse().expect("a URL")).is_ok()
    };
    assert!(is_fine("http://localhost:3081", "http://127.0.0.1:3081"));
    assert!(!is_fine("http://localhost:3081", "http://127.0.0.1:3080"));
    assert!(!is_fine("http://localhost:3081", "http://evil.example:3081"));
    assert!(!is_fine("http://chat.example.com:3081", "http://localhost:3081"));
}

#[tokio::test]
async fn sec_127_a_form_is_of_one_type_and_within_limits() {
    let site = site();
    let status = async |media_type: &str, body: String| {
        let request = Request::builder()
            .header("host", "a")
            .method(Method::POST)
            .uri_str("/letter")
            .content_type(media_type)
            .body(body);
        site.get_response(request).await.status().as_u16()
    };
    for other in ["text/plain", "multipart/form-data; boundary=x", "application/json"] {
        assert_eq!(status(other, "text=a".to_owned()).await, 415, "{other}");
    }
    let many: String = (0..101).map(|number| format!("a{number}=b&")).collect();
    assert_eq!(status(MEDIA_TYPE, many).await, 400);
    assert_eq!(status(MEDIA_TYPE, "text=a&text=b".to_owned()).await, 400);
    assert_eq!(status(MEDIA_TYPE, "text=%ff".to_owned()).await, 400);
    assert_eq!(status(MEDIA_TYPE, "text=%00".to_owned()).await, 400);
    assert_eq!(status(MEDIA_TYPE, format!("text={}", "a".repeat(65 * 1024))).await, 413);
}

proptest! {
    #[test]
    fn what_a_browser_encodes_is_read_back(pairs in prop::collection::btree_map("[a-z]{1,8}", "[^\0]{0,20}", 0..20)) {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let read = pairs::parse(body.as_bytes()).expect("is fine");
        prop_assert_eq!(read, pairs.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn no_bytes_end_in_a_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(read) = pairs::parse(&body) {
            prop_assert!(read.len() <= crate::web::limits::PARAMETERS);
        }
    }
}
