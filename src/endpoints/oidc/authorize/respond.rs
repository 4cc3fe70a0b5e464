//! Answers to an authorization request, on their way through the browser.

use poem::Response;
use serde::Serialize;
use url::form_urlencoded;

use crate::error::{Error, Result};
use crate::services::clients::with_query;
use crate::services::grants::{AuthorizationRequest, ResponseMode};
use crate::web::failure::oauth_code;
use crate::web::page::Page;
use crate::web::visitor::{Visitor, see_other};

/// Where an answer goes. There is one only for a client and a redirect address that are proven.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) mode: ResponseMode,
    pub(super) issuer: String,
}

/// A form that the browser sends to the client (OAuth 2.0 Form Post Response Mode).
#[derive(Debug, Serialize)]
pub struct FormPostPage {
    /// Where it goes: a checked redirect address.
    pub action: String,
    /// What it holds.
    pub fields: Vec<(String, String)>,
}

impl Page for FormPostPage {
    const TEMPLATE: &'static str = "form-post.html";
}

impl Destination {
    /// That of a request which was checked before.
    pub(super) fn of(request: &AuthorizationRequest, issuer: &str) -> Self {
        Self {
            redirect_uri: request.redirect_uri.clone(),
            state: request.state.clone(),
            mode: request.response_mode,
            issuer: issuer.to_owned(),
        }
    }

    /// Gives the client its code.
    pub(super) fn code(&self, visitor: &Visitor, code: &str) -> Result<Response> {
        self.send(visitor, vec![("code", code.to_owned())])
    }

    /// Tells the client why there is none (RFC 6749 section 4.1.2.1).
    pub(super) fn refuse(&self, visitor: &Visitor, error: &Error) -> Result<Response> {
        tracing::debug!(code = error.kind.code(), cause = ?error.cause(), "an authorization request is refused");
        let fields =
            vec![("error", oauth_code(error.kind).to_owned()), ("error_description", error.detail.to_string())];
        self.send(visitor, fields)
    }

    fn send(&self, visitor: &Visitor, mut fields: Vec<(&'static str, String)>) -> Result<Response> {
        if let Some(state) = &self.state {
            fields.push(("state", state.clone()));
        }
        // RFC 9207: a client of several issuers can tell whose answer this is.
        fields.push(("iss", self.issuer.clone()));
        match self.mode {
            ResponseMode::Query => see_other(&with_query(&self.redirect_uri, &fields)),
            ResponseMode::Fragment => see_other(&format!("{}#{}", self.redirect_uri, encoded(&fields))),
            ResponseMode::FormPost => self.form_post(visitor, fields),
        }
    }

    fn form_post(&self, visitor: &Visitor, fields: Vec<(&'static str, String)>) -> Result<Response> {
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let page = FormPostPage { action: self.redirect_uri.clone(), fields };
        let mut response = visitor.show(&page)?;
        visitor.allow_form_to(&mut response, [self.redirect_uri.as_str()])?;
        Ok(response)
    }
}

fn encoded(fields: &[(&'static str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
