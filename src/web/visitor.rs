//! Who opens a page: anybody ([`Visitor`]), or somebody signed in ([`Member`]).
//!
//! Both know what every page needs of the request, so that an endpoint only says which page.

use entity::Timestamp;
use poem::http::StatusCode;
use poem::http::header::{CONTENT_SECURITY_POLICY, HeaderValue, LOCATION, SET_COOKIE, WWW_AUTHENTICATE};
use poem::http::uri::PathAndQuery;
use poem::web::Html;
use poem::{FromRequest, IntoResponse, Request, RequestBody, Response};
use url::{Url, form_urlencoded};

use super::Web;
use super::cookie::Cookie;
use super::form::CsrfToken;
use super::headers;
use super::page::{Page, Person, Theme, Visit};
use super::trace::RequestId;
use crate::app::App;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::services::connectors::Farewell;
use crate::services::sessions::Live;

/// Somebody who opens a page.
pub struct Visitor {
    /// The HTTP side.
    pub web: Web,
    /// Their living session, where they are signed in.
    pub live: Option<Live>,
    csrf: CsrfToken,
    visit: Visit,
}

impl Visitor {
    async fn of(request: &Request) -> poem::Result<Self> {
        let web = Web::of(request)?.clone();
        let app = App::from_request_without_body(request).await?;
        let cookie = web.cookies.read(request.headers(), Cookie::Session).and_then(Secret::parse);
        let live = match cookie {
            Some(cookie) => app.sessions.current(&cookie).await?,
            None => None,
        };
        let csrf = CsrfToken::of(request)?;
        let visit = Visit {
            csrf: csrf.as_str().to_owned(),
            request_id: RequestId::of(request).to_string(),
            path: request.original_uri().path().to_owned(),
            theme: Theme::parse(web.cookies.read(request.headers(), Cookie::Theme).unwrap_or_default()),
            connections: !app.connectors.list().is_empty(),
            asks_out: app.connectors.has_farewells(),
            person: live.as_ref().map(|live| {
                let user = &live.user;
                Person::new(&user.name, &user.email, user.picture.as_deref())
            }),
        };
        Ok(Self { web, live, csrf, visit })
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.web.clock.now()
    }

    /// The answer that shows `page`.
    ///
    /// # Errors
    /// None but a fault of ours.
    pub fn show<P: Page>(&self, page: &P) -> Result<Response> {
        let mut response = Html(self.web.pages.render(&self.visit, page)?).into_response();
        self.csrf.clone().keep(&mut response)?;
        Ok(response)
    }

    /// The answer that shows a form again because of `error`.
    ///
    /// # Errors
    /// None but a fault of ours.
    pub fn show_again<P: Page>(&self, page: &P, error: &Error) -> Result<Response> {
        let mut response = self.show(page)?;
        let status = StatusCode::from_u16(error.kind.status()).map_err(Error::internal)?;
        response.set_status(status);
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 section 15.5.2 asks for it; browsers do not prompt for this scheme.
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"postern\""));
        }
        Ok(response)
    }

    /// What tells this browser from others, whoever is signed in; the browser keeps it once an answer
    /// went through [`Self::remember`] or showed a page.
    #[must_use]
    pub fn browser(&self) -> &str {
        self.csrf.browser()
    }

    /// Has the browser keep what [`Self::browser`] tells it by, where it is new.
    ///
    /// # Errors
    /// None but a fault of ours.
    pub fn remember(&self, response: &mut Response) -> Result<()> {
        self.csrf.clone().keep(response)
    }

    /// Lets forms of this page end at one of `addresses`, checked ones: Chromium applies `form-action` to
    /// every redirect that follows a form, so a page inside a client's sign-in needs it.
    ///
    /// # Errors
    /// None but a fault of ours.
    pub fn allow_form_to<'a>(
        &self,
        response: &mut Response,
        addresses: impl IntoIterator<Item = &'a str>,
    ) -> Result<()> {
        let sources = addresses.into_iter().map(source).collect::<Result<Vec<_>>>()?.join(" ");
        let policy = HeaderValue::try_from(headers::policy_with_form_action(&sources)).map_err(Error::internal)?;
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        Ok(())
    }

    /// Lets the form of this page end anywhere, because nobody knows yet where it leads on to. Only for a
    /// page with one form of ours and nothing beside it that could be another one.
    ///
    /// # Errors
    /// None but a fault of ours.
    pub fn allow_form_anywhere(&self, response: &mut Response) -> Result<()> {
        let policy = HeaderValue::try_from(headers::policy_with_form_action("*")).map_err(Error::internal)?;
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        Ok(())
    }

    /// The answer that leads on to `path` of ours, which is written without the base path.
    ///
    /// # Errors
    /// None but a fault of ours.
    pub fn lead_to(&self, path: &str) -> Result<Response> {
        see_other(&format!("{}{path}", self.web.settings.base_path()))
    }

    /// The answer that leads on to where a provider signs people out.
    ///
    /// # Errors
    /// None but a fault of ours.
    pub fn sign_out_at(&self, farewell: &Farewell) -> Result<Response> {
        let mut response = see_other(&farewell.address)?;
        if let Some(keeps) = &farewell.keeps {
            self.put_cookie(&mut response, Cookie::WayOn, Some((keeps, Farewell::LASTS)))?;
        }
        Ok(response)
    }

    /// Puts a cookie on `response`; without a value the browser forgets it.
    ///
    /// # Errors
    /// None but a fault of ours.
    pub fn put_cookie(
        &self,
        response: &mut Response,
        cookie: Cookie,
        value: Option<(&str, std::time::Duration)>,
    ) -> Result<()> {
        let line = match value {
            Some((value, life)) => self.web.cookies.line(cookie, value, Some(life))?,
            None => self.web.cookies.expired(cookie)?,
        };
        response.headers_mut().append(SET_COOKIE, line);
        Ok(())
    }
}

/// The answer that makes a browser GET `address`.
///
/// # Errors
/// When `address` cannot stand in a header: a fault of ours.
pub fn see_other(address: &str) -> Result<Response> {
    let location = HeaderValue::try_from(address).map_err(Error::internal)?;
    Ok(Response::builder().status(StatusCode::SEE_OTHER).header(LOCATION, location).finish())
}

impl<'a> FromRequest<'a> for Visitor {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Self::of(request).await
    }
}

/// Somebody who is signed in. Everybody else is led to the sign-in page, and back afterwards.
pub struct Member {
    /// Who opens the page.
    pub visitor: Visitor,
    /// Their session and account.
    pub live: Live,
}

impl<'a> FromRequest<'a> for Member {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        let visitor = Visitor::of(request).await?;
        let Some(live) = visitor.live.clone() else {
            let to = request.original_uri().path_and_query().map_or(visitor.visit.path.as_str(), PathAndQuery::as_str);
            let back: String = form_urlencoded::byte_serialize(to.as_bytes()).collect();
            let sign_in = visitor.lead_to(&format!("/login?return_to={back}"))?;
            return Err(poem::Error::from_response(sign_in));
        };
        Ok(Self { visitor, live })
    }
}

/// What names the place of `address` in a policy (CSP 3, section 2.3.1): its origin, or the scheme of an app.
fn source(address: &str) -> Result<String> {
    let url = Url::parse(address).map_err(Error::internal)?;
    Ok(match url.origin() {
        origin if origin.is_tuple() => origin.ascii_serialization(),
        _ => format!("{}:", url.scheme()),
    })
}
