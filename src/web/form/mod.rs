//! Forms of our own pages: read only after it is proven that our page sent them (SEC-031).

mod csrf;
pub mod origin;
pub mod pairs;

pub use csrf::CsrfToken;

use std::ops::Deref;

use poem::{FromRequest, Request, RequestBody};
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use crate::web::{Web, body};

const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";
/// The hidden field of every form that carries its [`CsrfToken`].
pub const CSRF_FIELD: &str = "csrf";

/// A form that our own page sent. There is no way to one but the checks, so a handler that has a
/// `Form<T>` may act on it.
#[derive(Debug)]
pub struct Form<T>(T);

impl<T> Form<T> {
    /// What was typed.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Form<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'a, T: DeserializeOwned> FromRequest<'a> for Form<T> {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let (form, proof) = read(request, body).await?;
        proof?;
        Ok(Self(form))
    }
}

/// A form that may have been shown before somebody signed in, in another tab of the same browser.
#[derive(Debug)]
pub enum Tabbed<T> {
    /// Our page sent it, for the session that is there now.
    Current(Form<T>),
    /// The browser says that a page of ours sent it, but its token is not of this session. Nothing may be
    /// changed by it.
    Outdated {
        /// What was typed.
        form: T,
        /// Why it is not the current one.
        refusal: Error,
    },
}

impl<'a, T: DeserializeOwned> FromRequest<'a> for Tabbed<T> {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        match read(request, body).await? {
            (form, Ok(())) => Ok(Self::Current(Form(form))),
            (form, Err(refusal)) if origin::is_said(request.headers()) => Ok(Self::Outdated { form, refusal }),
            (_, Err(refusal)) => Err(refusal.into()),
        }
    }
}

/// The form, and whether its token proves that our page sent it.
async fn read<T: DeserializeOwned>(request: &Request, body: &mut RequestBody) -> Result<(T, Result<()>)> {
    let web = Web::of(request)?;
    origin::check(request.headers(), &web.settings.url)?;
    if !body::is_of_type(request.headers(), MEDIA_TYPE) {
        return Err(ErrorKind::UnsupportedMediaType.into());
    }
    let mut pairs = pairs::parse(&body::read(request, body).await?)?;
    let token = pairs.iter().position(|(name, _)| name == CSRF_FIELD).map(|place| pairs.swap_remove(place).1);
    let proof = csrf::verify(web, request.headers(), token.as_deref().unwrap_or_default());
    match pairs::read(pairs) {
        Ok(form) => Ok((form, proof)),
        // Who cannot prove anything is not told what a form has to hold.
        Err(error) => proof.and(Err(error)),
    }
}

#[cfg(test)]
mod tests;
