//! The yardstick of introspection: a bare poem-openapi handler on poem's own server. A Basic header
//! and a form in, a `Json` of 632 bytes out, and nothing else.

use std::sync::Arc;

use poem::listener::TcpAcceptor;
use poem::{Route, Server};
use poem_openapi::auth::Basic;
use poem_openapi::payload::{Form, Json};
use poem_openapi::{Object, OpenApi, OpenApiService, SecurityScheme};
use serde::Deserialize;

use crate::Result;

/// Bytes of the answer.
pub const LENGTH: usize = 632;

#[derive(SecurityScheme)]
#[oai(ty = "basic")]
struct Caller(Basic);

#[derive(Object, Deserialize)]
struct Request {
    token: String,
    token_type_hint: Option<String>,
}

/// As many members as an answer of Postern has.
#[derive(Clone, Object)]
struct Answer {
    active: bool,
    sub: String,
    username: String,
    token_type: String,
    exp: i64,
    iat: i64,
    nbf: i64,
    iss: String,
    sid: String,
    auth_time: i64,
    amr: Vec<String>,
    email: String,
    email_verified: bool,
    name: String,
    picture: String,
    roles: Vec<String>,
    groups: Vec<String>,
    provider: String,
}

struct Api {
    answer: Arc<Answer>,
}

#[OpenApi]
impl Api {
    #[oai(path = "/oauth2/introspect", method = "post")]
    async fn introspect(&self, caller: Caller, form: Form<Request>) -> Json<Answer> {
        let mut answer = Answer::clone(&self.answer);
        answer.active = !caller.0.username.is_empty() && !caller.0.password.is_empty() && !form.0.token.is_empty();
        Json(answer)
    }
}

fn answer(picture: usize) -> Answer {
    Answer {
        active: true,
        sub: "5f1d7f3c9a0b4e2d8c6a1b3f".into(),
        username: "maren.olsen".into(),
        token_type: "Bearer".into(),
        exp: 1_772_375_700,
        iat: 1_772_374_800,
        nbf: 1_772_374_800,
        iss: "https://auth.example.com".into(),
        sid: "7f8a1c1e-2f54-4f0e-8f16-0d5f3a3d9b11".into(),
        auth_time: 1_772_374_800,
        amr: vec!["pwd".into()],
        email: "maren@example.com".into(),
        email_verified: true,
        name: "Maren Olsen".into(),
        picture: format!("https://auth.example.com/pictures/{}", "a".repeat(picture)),
        roles: vec!["user".into()],
        groups: vec!["staff".into()],
        provider: "local".into(),
    }
}

/// Serves on a free port until it is stopped.
///
/// # Errors
/// When there is none.
pub async fn serve() -> Result<()> {
    use poem_openapi::types::ToJSON;
    let short = answer(0).to_json_string().len();
    let answer = Arc::new(answer(LENGTH.saturating_sub(short)));
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    println!("listening on http://{}", listener.local_addr()?);
    let routes = Route::new().nest("/", OpenApiService::new(Api { answer }, "yardstick", "1"));
    Ok(Server::new_with_acceptor(TcpAcceptor::from_std(listener)?).run(routes).await?)
}
