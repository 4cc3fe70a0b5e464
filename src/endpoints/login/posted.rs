//! A form that comes from elsewhere: a provider's own, or one that it has the browser post. Nothing in
//! it is proven.

use poem::{FromRequest, Request, RequestBody};

use crate::error::{Error, ErrorKind};
use crate::web::body;
use crate::web::form::pairs::{self, Pairs};

/// Its fields, none of them twice.
pub(crate) struct Posted(Pairs);

impl Posted {
    /// The value of the field `name`; an empty one counts as left out (RFC 6749 section 3.1).
    pub(super) fn value(&self, name: &str) -> Option<String> {
        pairs::find(&self.0, name).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// Every field.
    pub(super) fn into_fields(self) -> Pairs {
        self.0
    }
}

impl<'a> FromRequest<'a> for Posted {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        if !body::is_of_type(request.headers(), "application/x-www-form-urlencoded") {
            return Err(Error::from(ErrorKind::UnsupportedMediaType).into());
        }
        Ok(Self(pairs::parse(&body::read(request, body).await?)?))
    }
}
