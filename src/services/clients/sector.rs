//! The sector of a client whose redirect addresses are on several hosts (OpenID Connect Core section 8.1): one
//! host vouches for all of them by a file that names them.

use serde_json::Value;

use super::{Clients, Metadata, RedirectUri};
use crate::error::{FieldProblem, Result};
use crate::services::caller::Caller;

/// The largest file that is read, in bytes.
const LARGEST: usize = 64 << 10;

impl Clients {
    /// What is wrong with the `sector_identifier_uri` of a client that registers itself with `metadata`: the file
    /// there has to name every redirect address (Dynamic Client Registration section 5). Read each time, for the
    /// account of `caller`; why it cannot be is for the log alone.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::TooManyRequests`], [`crate::error::ErrorKind::Unavailable`] when it is not to be read now.
    pub(in crate::services) async fn check_sector(
        &self,
        metadata: &Metadata,
        caller: &Caller,
    ) -> Result<Option<FieldProblem>> {
        let Some(address) = &metadata.sector_identifier_uri else { return Ok(None) };
        let call = self.may_call(caller)?;
        let read = self.documents.outgoing().get_json(address.as_str(), LARGEST).await;
        drop(call);
        let words = match read {
            Ok(Value::Array(named)) if is_all_named(&metadata.redirect_uris, &named) => return Ok(None),
            Ok(_) => "must lead to a JSON array that names every one of the redirect_uris.",
            Err(error) => {
                tracing::info!(address = address.as_str(), why = ?error, "what stands there cannot be read");
                "cannot be read from here."
            }
        };
        Ok(Some(FieldProblem::new("sector_identifier_uri", words)))
    }
}

fn is_all_named(addresses: &[RedirectUri], named: &[Value]) -> bool {
    addresses.iter().all(|address| named.iter().any(|one| one.as_str() == Some(address.as_str())))
}
