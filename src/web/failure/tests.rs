use std::time::Duration;

use poem::http::{HeaderMap, Method, header};
use poem::{Body, EndpointExt, IntoEndpoint, RequestBuilder, Route, handler};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi, OpenApiService};
use serde_json::{Value, json};

use super::*;
use crate::error::{FieldProblem, Result};
use crate::web::Settings;
use crate::web::json::{OptionalJson, StrictJson};
use crate::web::surface::Surface;
use crate::web::tests::{settings, web};

#[derive(Object)]
struct Letter {
    text: String,
}

struct Api;

#[OpenApi]
impl Api {
    /// Send a letter
    #[oai(path = "/letters", method = "post", operation_id = "sendLetter")]
    async fn send(&self, letter: StrictJson<Letter>) -> Result<Json<Letter>> {
        match letter.0.text.as_str() {
            "field" => Err(Error::invalid(vec![FieldProblem::new("text", "This is dull.")])),
            "busy" => Err(Error::busy(std::time::Duration::from_millis(1500))),
            "fault" => Err(Error::internal("SELECT secret FROM /srv/data")),
            "client" => Err(ErrorKind::InvalidClient.into()),
            "panic" => panic!("boom"),
            _ => Ok(Json(letter.0)),
        }
    }

    /// Read a letter
    #[oai(path = "/letters/:id", method = "get", operation_id = "getLetter")]
    async fn get(&self, id: Path<i32>, page: Query<Option<u8>>) -> Result<Json<Letter>> {
        let _ = page;
        if id.0 == 0 { Err(ErrorKind::Unauthenticated.into()) } else { Ok(Json(Letter { text: id.to_string() })) }
    }

    /// Forget letters
    #[oai(path = "/letters/:id", method = "delete", operation_id = "forgetLetter")]
    async fn forget(&self, id: Path<i32>, why: OptionalJson<Letter>) -> Result<Json<Letter>> {
        let _ = id;
        Ok(Json(why.0.unwrap_or(Letter { text: String::new() })))
    }
}

#[handler]
fn one_page() -> &'static str {
    "page"
}

#[handler]
async fn slow_page() {
    std::future::pending::<()>().await;
}

const PATIENT: Duration = Duration::from_secs(30);

fn site(longest: Duration) -> Surface<Shaped<Route>> {
    let api = |failures: Failures| OpenApiService::new(Api, "", "").into_endpoint().with(failures);
    let allow = Allow::of::<Api>;
    let renderer: PageRenderer = std::sync::Arc::new(|error, id| format!("<p>{error} {id}").into_response());
    let pages = Route::new().at("/one", get(one_page).post(one_page)).at("/slow", get(slow_page));
    let routes = Route::new()
        .nest("/auth/api", api(Failures::problem(allow())))
        .nest("/oauth2", api(Failures::oauth(allow())))
        .nest("/bare", api(Failures::bare()))
        .nest("/pages", pages.with(Failures::page(renderer)));
    let settings = Settings { request_timeout: longest, ..settings("https://chat.example.com/auth/api") };
    Surface::new(web(settings), routes.with(Failures::problem(Allow::default())))
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

fn request() -> RequestBuilder {
    Request::builder().header(header::HOST, "a")
}

async fn call(method: Method, path: &str, body: impl Into<Body>) -> Answer {
    let request = request().method(method).uri_str(path).content_type("application/json").body(body);
    let answer = site(PATIENT).get_response(request).await;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Answer { status, headers, text: answer.into_body().into_string().await.expect("text") }
}

async fn letter(base: &str, text: &str) -> Answer {
    call(Method::POST, &format!("{base}/letters"), json!({ "text": text }).to_string()).await
}

#[tokio::test]
async fn a_problem_has_words_fields_and_the_id_of_the_request() {
    let answer = letter("/auth/api", "field").await;
    assert_eq!(
        (answer.status, answer.headers[header::CONTENT_TYPE].as_bytes()),
        (400, b"application/problem+json".as_slice())
    );
    let id = answer.headers[crate::web::headers::REQUEST_ID].to_str().expect("ASCII");
    let expected = json!({
        "type": "urn:postern:problem:invalid_input", "title": "Some fields need another look.", "status": 400,
        "detail": "Some fields need another look.", "message": "Some fields need another look.",
        "errors": [{ "field": "text", "message": "This is dull." }], "request_id": id,
    });
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn who_is_busy_says_when_to_come_back() {
    let answer = letter("/auth/api", "busy").await;
    assert_eq!((answer.status, answer.headers[header::RETRY_AFTER].as_bytes()), (503, b"2".as_slice()));
    assert_eq!(answer.json()["retry_after"], 2);
}

#[tokio::test]
async fn sec_150_a_fault_shows_general_words_only() {
    for base in ["/auth/api", "/oauth2", "/bare"] {
        let answer = letter(base, "fault").await;
        let all = format!("{:?} {}", answer.headers, answer.text).to_lowercase();
        assert_eq!(answer.status, 500);
        for word in ["select", "srv", "poem", "rust", "hyper", "server\""] {
            assert!(!all.contains(word), "{word}: {all}");
        }
    }
}

#[tokio::test]
async fn sec_155_a_panic_ends_one_request() {
    let answer = letter("/auth/api", "panic").await;
    assert_eq!((answer.status, answer.json()["type"].as_str()), (500, Some("urn:postern:problem:server_error")));
}

#[tokio::test]
async fn oauth_failures_have_the_specifications_words() {
    let answer = letter("/oauth2", "client").await;
    assert_eq!(
        (answer.status, answer.headers[header::WWW_AUTHENTICATE].as_bytes()),
        (401, b"Basic realm=\"postern\"".as_slice())
    );
    assert_eq!(
        answer.json(),
        json!({ "error": "invalid_client", "error_description": "Client authentication failed." })
    );
    assert_eq!(call(Method::POST, "/oauth2/letters", "{").await.json()["error"], "invalid_request");
}

#[tokio::test]
async fn what_poem_refuses_has_our_shape_without_its_words() {
    let cases = [
        (Method::GET, "/auth/api/nothing", 404, "not_found"),
        (Method::GET, "/auth/api/letters/x", 400, "invalid_input"),
        (Method::GET, "/auth/api/letters/1?page=secret", 400, "invalid_input"),
        (Method::GET, "/auth/api/letters/0", 401, "unauthenticated"),
        (Method::PUT, "/auth/api/letters/1", 405, "method_not_allowed"),
    ];
    for (method, path, status, code) in cases {
        let answer = call(method, path, "").await;
        assert_eq!(
            (answer.status, answer.json()["type"].clone()),
            (status, json!(format!("urn:postern:problem:{code}"))),
            "{path}"
        );
        assert!(!answer.text.contains("secret") && !answer.text.contains("parse"), "{}", answer.text);
    }
    let bare = call(Method::GET, "/bare/letters/0", "").await;
    assert_eq!((bare.status, bare.text.as_str()), (401, ""));
}

#[tokio::test]
async fn sec_132_a_405_tells_what_the_path_takes() {
    let allowed = async |method: Method, path: &str| {
        let answer = call(method, path, "").await;
        (answer.status, answer.headers.get(header::ALLOW).map(|value| value.to_str().expect("ASCII").to_owned()))
    };
    assert_eq!(allowed(Method::PUT, "/auth/api/letters/1").await, (405, Some("DELETE, GET, HEAD".to_owned())));
    assert_eq!(allowed(Method::GET, "/auth/api/letters").await, (405, Some("POST".to_owned())));
    assert_eq!(allowed(Method::DELETE, "/pages/one").await, (405, Some("GET, HEAD, POST".to_owned())));
    for method in [Method::TRACE, Method::CONNECT] {
        assert_eq!(allowed(method, "/pages/one").await, (405, Some("GET, HEAD, POST".to_owned())));
    }
}

#[tokio::test]
async fn sec_032_only_json_is_read_and_no_body_needs_no_type() {
    let status = async |method: Method, path: &str, media_type: Option<&str>, body: &'static str| {
        let mut request = request().method(method).uri_str(path).header(header::CONTENT_LENGTH, body.len());
        if let Some(media_type) = media_type {
            request = request.content_type(media_type);
        }
        site(PATIENT).get_response(request.body(body)).await.status().as_u16()
    };
    let text = r#"{"text":"a"}"#;
    for media_type in
        ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/jsonx"]
    {
        assert_eq!(status(Method::POST, "/auth/api/letters", Some(media_type), text).await, 415, "{media_type}");
        assert_eq!(status(Method::DELETE, "/auth/api/letters/1", Some(media_type), "").await, 415, "{media_type}");
    }
    assert_eq!(status(Method::POST, "/auth/api/letters", None, text).await, 415);
    assert_eq!(status(Method::DELETE, "/auth/api/letters/1", None, text).await, 415);
    assert_eq!(status(Method::DELETE, "/auth/api/letters/1", None, "").await, 200);
    assert_eq!(status(Method::POST, "/auth/api/letters", Some("Application/JSON; charset=utf-8"), text).await, 200);
}

#[tokio::test]
async fn sec_127_large_and_compressed_bodies_are_refused() {
    assert_eq!(letter("/auth/api", &"a".repeat(65 * 1024)).await.status, 413);
    let post = |name, value: &str| {
        request().method(Method::POST).uri_str("/auth/api/letters").content_type("application/json").header(name, value)
    };
    for (name, value, status) in [(header::CONTENT_LENGTH, "65537", 413), (header::CONTENT_ENCODING, "gzip", 415)] {
        let answer = site(PATIENT).get_response(post(name, value).body("{}")).await;
        assert_eq!(answer.status().as_u16(), status);
    }
    let many = format!("/auth/api/letters/1?{}", "a=b&".repeat(100));
    assert_eq!(call(Method::GET, &many, "").await.status, 400);
}

#[tokio::test]
async fn sec_033_nothing_overrides_the_method() {
    let request = request().uri_str("/auth/api/letters?_method=POST").header("x-http-method-override", "POST").finish();
    assert_eq!(site(PATIENT).get_response(request).await.status().as_u16(), 405);
}

#[tokio::test]
async fn what_takes_too_long_ends_in_the_form_of_its_group() {
    let slow = request().uri_str("/pages/slow").finish();
    let answer = site(Duration::from_millis(20)).get_response(slow).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.into_body().into_string().await.expect("text").starts_with("<p>"));
}
