//! What a set of claims would become, without anybody being asked or let in.

use std::sync::Arc;

use super::connector::{Connector, Place, Provider};
use super::profile::{self, Claims};
use super::said::Said;
use super::who::has_too_many_groups;
use crate::error::{ErrorKind, Result};
use crate::services::users::identity::Profile;

impl Connector {
    /// Who somebody would be of whom the provider says `claims`, in the form of an ID token whatever its
    /// kind; they stand for the access token and the userinfo, too.
    ///
    /// # Errors
    /// Why they would not come in.
    pub fn preview(&self, claims: &Claims) -> Result<Profile> {
        let provider = match &self.place {
            Place::Fixed(provider) => Arc::clone(provider),
            Place::Issuer(issuer) => {
                let own = claims.get("iss").and_then(serde_json::Value::as_str).unwrap_or(issuer);
                Arc::new(Provider { issuer: own.to_owned(), ..Provider::default() })
            }
        };
        self.check_hosted_domain(claims)?;
        if self.asks_groups() && has_too_many_groups(claims) {
            return Err(ErrorKind::GroupsUnknown.into());
        }
        let profile = profile::of_claims(self, &provider, claims, &Claims::new())?;
        self.judge(profile, &Said::by_claims(claims.clone(), claims.clone(), claims.clone()))
    }
}
