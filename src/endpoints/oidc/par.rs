//! Pushed authorization requests (RFC 9126): checked as those that come through a browser, and
//! named there once.

use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Deserialize;

use super::authorize::request;
use super::client_form::ClientForm;
use super::parameters::Parameters;
use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::services::caller::Caller;

/// What an authorization request holds, and what proves the client; more may stand beside it.
#[derive(Debug, Object, Deserialize)]
#[oai(example)]
struct PushedRequest {
    /// Always `code`.
    response_type: Option<String>,
    /// Where the answer goes.
    redirect_uri: Option<String>,
    /// What is asked for, with blanks.
    scope: Option<String>,
    /// The S256 challenge (RFC 7636).
    code_challenge: Option<String>,
    /// Always `S256`.
    code_challenge_method: Option<String>,
    /// Comes back as it is.
    state: Option<String>,
}

impl Example for PushedRequest {
    fn example() -> Self {
        let text = |text: &str| Some(text.to_owned());
        Self {
            response_type: text("code"),
            redirect_uri: text("https://chat.example.com/oauth/openid/callback"),
            scope: text("openid profile email"),
            code_challenge: text("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            code_challenge_method: text("S256"),
            state: text("af0ifjsldkj"),
        }
    }
}

/// How the request is named in the browser.
#[derive(Debug, Object)]
#[oai(example)]
struct Pushed {
    /// The value of `request_uri`.
    request_uri: String,
    /// How long it can be named, in seconds.
    expires_in: u64,
}

impl Example for Pushed {
    fn example() -> Self {
        let request_uri = "urn:ietf:params:oauth:request_uri:Xm0r0vGVy1g0b8bQm6cVw5i5sZr0xk0m2Y9mJ8hB1nE";
        Self { request_uri: request_uri.into(), expires_in: 90 }
    }
}

#[derive(ApiResponse)]
enum PushAnswer {
    /// The request is kept for its one use.
    #[oai(status = 201)]
    Kept(Json<Pushed>),
}

/// Requests that never pass through an address.
#[derive(Clone, Copy, Debug)]
pub struct ParApi;

#[OpenApi(tag = "crate::endpoints::document::Tags::OAuth")]
impl ParApi {
    /// Push an authorization request
    ///
    /// Keeps the parameters for one use; the browser then brings nothing but `client_id` and `request_uri`.
    #[oai(path = "/oauth2/par", method = "post", operation_id = "pushAuthorizationRequest")]
    async fn push(&self, app: App, caller: Caller, call: ClientForm<PushedRequest>) -> Result<PushAnswer> {
        if call.parameters.all("request_uri").next().is_some() {
            return Err(Error::new(ErrorKind::InvalidRequest, "A pushed request cannot name another one."));
        }
        let id = ("client_id".to_owned(), call.client.id.as_str().to_owned());
        let asked = call.parameters.as_slice().iter().filter(|(name, _)| !is_of_client(name)).cloned();
        let asked: Vec<_> = asked.chain([id]).collect();
        request::check_pushed(&app, &call.client, &Parameters::from_pairs(asked.clone())).await?;
        let (key, life) = app.grants.push(&call.client, &asked, &caller).await?;
        let answer = Pushed { request_uri: key.expose().to_owned(), expires_in: life.as_secs() };
        Ok(PushAnswer::Kept(Json(answer)))
    }
}

/// What proves the client is no part of its request.
fn is_of_client(name: &str) -> bool {
    matches!(name, "client_id" | "client_secret" | "client_assertion" | "client_assertion_type")
}
