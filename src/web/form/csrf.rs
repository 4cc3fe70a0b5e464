//! The token of a form: a MAC over a value in the browser's cookie and over its session.
//!
//! Who cannot read our cookie cannot make one (double submit), and one made before a sign-in or
//! before a logout is dead, because the session it was made for is another. Nothing is stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use poem::http::HeaderMap;
use poem::http::header::SET_COOKIE;
use poem::{FromRequest, Request, RequestBody, Response};

use crate::error::{Error, ErrorKind, Result};
use crate::secret::same;
use crate::web::Web;
use crate::web::cookie::Cookie;

/// The token for the forms of one page.
#[derive(Clone)]
pub struct CsrfToken {
    token: String,
    /// The value of the cookie that it is bound to.
    browser: String,
    /// A cookie that the browser does not have yet.
    fresh: Option<(Web, String)>,
}

impl CsrfToken {
    /// The token for the browser that sent `request`.
    ///
    /// # Errors
    /// None but a fault of ours.
    pub fn of(request: &Request) -> Result<Self> {
        let web = Web::of(request)?;
        let headers = request.headers();
        if let Some(value) = web.cookies.read(headers, Cookie::Csrf) {
            return Ok(Self { token: token(web, headers, value), browser: value.to_owned(), fresh: None });
        }
        let value = URL_SAFE_NO_PAD.encode(web.random.bytes::<32>());
        Ok(Self { token: token(web, headers, &value), browser: value.clone(), fresh: Some((web.clone(), value)) })
    }

    /// The value of the form's hidden field.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.token
    }

    /// The value of the cookie that the token is bound to: random, and the same as long as the browser
    /// keeps it.
    #[must_use]
    pub fn browser(&self) -> &str {
        &self.browser
    }

    /// Sets the cookie that the token is bound to, where the browser has none. Every page with a
    /// form has to call this.
    ///
    /// # Errors
    /// None but a fault of ours.
    pub fn keep(self, response: &mut Response) -> Result<()> {
        let Some((web, value)) = self.fresh else { return Ok(()) };
        let line = web.cookies.line(Cookie::Csrf, &value, None)?;
        response.headers_mut().append(SET_COOKIE, line);
        Ok(())
    }
}

impl<'a> FromRequest<'a> for CsrfToken {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self::of(request)?)
    }
}

/// Whether `given` is the token for this browser and its session.
pub(super) fn verify(web: &Web, headers: &HeaderMap, given: &str) -> Result<()> {
    let Some(value) = web.cookies.read(headers, Cookie::Csrf) else {
        let words = "Your browser did not send this site's cookie. Allow cookies here, load the page again and repeat what you did.";
        return Err(Error::new(ErrorKind::Forged, words));
    };
    let is_ours = same(token(web, headers, value).as_bytes(), given.as_bytes());
    if is_ours { Ok(()) } else { Err(ErrorKind::Forged.into()) }
}

/// A cookie's value holds no NUL, so the parts cannot run into each other.
fn token(web: &Web, headers: &HeaderMap, value: &str) -> String {
    let session = web.cookies.read(headers, Cookie::Session).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(web.csrf.mac(&[value.as_bytes(), b"\0", session.as_bytes()]))
}
