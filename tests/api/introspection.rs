//! The two ways to introspection: the quick one, and the one by the routers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use poem::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use poem::{Endpoint, Request};
use postern::routes;
use postern::secret::DerivedKey;
use postern::web::Web;
use postern::web::surface::Surface;

use crate::support::{App, CLIENT_SECRET, TestServer};

const FORM: &str = "application/x-www-form-urlencoded";

/// A request of a client, and the status that it must come to.
struct Case {
    authorization: Option<String>,
    media_type: &'static str,
    coding: &'static str,
    query: &'static str,
    accept: &'static str,
    body: String,
    status: u16,
}

impl Case {
    fn new(body: &str, status: u16) -> Self {
        let authorization = Some(basic("chat", CLIENT_SECRET));
        let body = body.to_owned();
        Self { authorization, media_type: FORM, coding: "identity", query: "", accept: "*/*", body, status }
    }

    fn by(self, client: &str, secret: &str) -> Self {
        Self { authorization: Some(basic(client, secret)), ..self }
    }

    fn request(&self, path: &str) -> Request {
        let request =
            Request::builder().header("host", "a").method(Method::POST).uri_str(format!("{path}{}", self.query));
        let request =
            request.header(header::CONTENT_TYPE, self.media_type).header(header::CONTENT_ENCODING, self.coding);
        let request = request.header(header::ACCEPT, self.accept);
        let mut request = request.header(header::CONTENT_LENGTH, self.body.len());
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request.body(self.body.clone())
    }
}

fn basic(client: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client}:{secret}")))
}

fn cases(token: &str, bearer: &str) -> Vec<Case> {
    let (form, secret) = (format!("token={token}"), format!("client_secret={CLIENT_SECRET}"));
    vec![
        Case::new(&form, 200),
        Case::new("token=none", 200),
        Case::new("", 400),
        Case::new("token=", 400),
        Case::new("token=a&token=b", 400),
        Case::new("token=%00", 400),
        Case::new("token=%ff", 400),
        Case::new(&format!("{form}&{secret}"), 400),
        Case::new(&format!("token={}", "a".repeat(66_000)), 413),
        Case { coding: "gzip", ..Case::new(&form, 415) },
        Case { media_type: "application/json", ..Case::new("{}", 415) },
        Case { query: "?token=a", ..Case::new(&form, 400) },
        Case::new(&form, 200).by("narrow", CLIENT_SECRET),
        Case::new(&form, 401).by("chat", "wrong"),
        Case::new(&form, 401).by("nobody", CLIENT_SECRET),
        Case { authorization: None, ..Case::new(&form, 401) },
        Case { authorization: Some(format!("Bearer {bearer}")), ..Case::new(&form, 200) },
        Case { authorization: Some(format!("Bearer {token}")), ..Case::new(&form, 401) },
        Case { authorization: Some(format!("Bearer {bearer}")), ..Case::new(&format!("{form}&{secret}"), 400) },
        Case { accept: "application/token-introspection+jwt", ..Case::new(&form, 200) },
        Case { authorization: None, ..Case::new(&format!("{form}&client_id=poster&{secret}"), 200) },
    ]
}

/// What `site` answers, without what differs each time.
async fn ask(site: &impl Endpoint, request: Request) -> (StatusCode, Vec<(HeaderName, HeaderValue)>, String) {
    let answer = site.get_response(request).await;
    let (parts, body) = answer.into_parts();
    let headers = parts.headers.into_iter().filter_map(|(name, value)| Some((name?, value)));
    let mut headers: Vec<_> = headers.filter(|(name, _)| name != "x-request-id").collect();
    headers.sort_by(|one, other| one.0.as_str().cmp(other.0.as_str()));
    (parts.status, headers, body.into_string().await.expect("a text"))
}

#[tokio::test]
async fn both_ways_answer_alike() {
    for base in ["", "/auth"] {
        let server = TestServer::start(&[("POSTERN_URL", &format!("http://localhost:3081{base}"))]).await;
        let token = server.newcomer("maren@example.com").await.token;
        let asked = [("grant_type", "client_credentials"), ("scope", "introspect")];
        let bearer = App::at(&server, "asker").token(&asked).await.text("access_token");
        let app = &server.app;
        let csrf = DerivedKey::derive(&[7; 32], "csrf");
        let web = Web::new(app.config.web.clone(), app.clock.clone(), app.random.clone(), csrf);
        let (quick, routed) = (routes::public(app, &web), Surface::new(web.clone(), routes::routed(app, &web)));
        let path = format!("{base}/oauth2/introspect");
        for case in cases(&token, &bearer) {
            let answer = ask(&quick, case.request(&path)).await;
            assert_eq!(answer, ask(&routed, case.request(&path)).await, "{:.80}", case.body);
            assert_eq!(answer.0.as_u16(), case.status, "{:.80} {answer:?}", case.body);
        }
        server.stop().await;
    }
}
