//! The parameters of a request of the specifications, from a query or a form: unknown ones are
//! ignored, and none may stand there twice but `resource` (RFC 6749 section 3.1, RFC 8707 section 2).

use poem::{FromRequest, Request, RequestBody, Response};
use url::form_urlencoded;

use crate::error::{Error, ErrorKind, Result};
use crate::web::form::pairs;
use crate::web::visitor::Visitor;
use crate::web::{body, limits};

/// The one parameter that may be repeated.
const REPEATED: &str = "resource";

/// Names and values, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads `text`, which is form-encoded.
    ///
    /// # Errors
    /// 400 when it is not UTF-8 or holds too many parameters.
    pub(super) fn parse(text: &[u8]) -> Result<Self> {
        pairs::parse_repeated(text).map(Self)
    }

    /// Those that were pushed before (RFC 9126).
    pub(super) fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    pub(super) fn as_slice(&self) -> &[(String, String)] {
        &self.0
    }

    /// All but what may be repeated; empty values count as left out.
    pub(super) fn without_repeats(&self) -> impl Iterator<Item = (&str, &str)> {
        let once = |(name, value): &&(String, String)| name != REPEATED && !value.is_empty();
        self.0.iter().filter(once).map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of `name`; an empty one counts as left out (RFC 6749 section 3.1).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] when it stands there twice.
    pub(super) fn one<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(repeated(name)),
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
        }
    }

    /// Every value of `name`.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Refuses what stands there twice.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidRequest`] that names it.
    pub(super) fn check_repeats(&self) -> Result<()> {
        let is_repeated = |(at, (name, _)): (usize, &(String, String))| {
            name != REPEATED && self.0[..at].iter().any(|(before, _)| before == name)
        };
        match self.0.iter().enumerate().find(|it| is_repeated(*it)) {
            Some((_, (name, _))) => Err(repeated(name)),
            None => Ok(()),
        }
    }
}

/// The parameters of a form that a page of another site may have sent.
pub(crate) struct Posted(Parameters);

impl Posted {
    /// Has the browser GET `path` with the same parameters: a form of another site comes without our
    /// cookies.
    ///
    /// # Errors
    /// [`ErrorKind::PayloadTooLarge`] for more than an address holds.
    pub(super) fn as_get(&self, visitor: &Visitor, path: &str) -> Result<Response> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.0.as_slice());
        let query = query.finish();
        if query.len() > limits::URL - 1024 {
            return Err(Error::new(ErrorKind::PayloadTooLarge, "The request of the app is too long."));
        }
        visitor.lead_to(&format!("{path}?{query}"))
    }
}

impl<'a> FromRequest<'a> for Posted {
    async fn from_request(request: &'a Request, form: &mut RequestBody) -> poem::Result<Self> {
        if !body::is_of_type(request.headers(), "application/x-www-form-urlencoded") {
            return Err(Error::from(ErrorKind::UnsupportedMediaType).into());
        }
        Ok(Self(Parameters::parse(&body::read(request, form).await?)?))
    }
}

fn repeated(name: &str) -> Error {
    let name: String =
        name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').take(40).collect();
    Error::new(ErrorKind::InvalidRequest, format!("The parameter {name} is repeated."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_049_only_resource_may_be_repeated() {
        let read = |text: &str| Parameters::parse(text.as_bytes()).unwrap();
        assert!(read("a=1&b=2&resource=x&resource=y").check_repeats().is_ok());
        assert_eq!(read("state=1&a=2&state=1").check_repeats().unwrap_err().kind, ErrorKind::InvalidRequest);
        assert!(read("state=1&state=2").one("state").is_err());
        assert_eq!(read("a=&b=x").one("a").unwrap(), None);
        assert_eq!(read("resource=x&resource=y").all("resource").collect::<Vec<_>>(), ["x", "y"]);
    }
}
