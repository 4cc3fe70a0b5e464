//! Lists of an API that come in pages, each naming the next (RFC 8288).

use serde_json::Value;
use url::Url;

use super::super::failure;
use super::Api;
use super::api::is_limited;
use crate::error::{Error, ErrorKind, Result};
use crate::services::outgoing::Proof;

/// How many pages of one list are read: whoever is in more than that many groups may be told from
/// somebody who is in none, and never taken for somebody who is in all.
const MOST_PAGES: usize = 10;

impl Api<'_> {
    /// Every entry of the list at `path`.
    ///
    /// # Errors
    /// [`ErrorKind::GroupsUnknown`] where the token does not open it, or where it leads elsewhere, to what
    /// everybody may see; [`ErrorKind::Unavailable`]; [`ErrorKind::ProviderFailed`].
    pub(super) async fn linked(&self, path: &str) -> Result<Vec<Value>> {
        let base = self.provider.api_url.as_deref().unwrap_or_default();
        let (mut address, mut all) = (format!("{base}{path}"), Vec::new());
        for _ in 0..MOST_PAGES {
            let names = ["link", "x-github-sso", "retry-after", "x-ratelimit-remaining"];
            let (answer, [link, hidden, later, left]) =
                self.outgoing.look_for(&address, Proof::Bearer(self.token), names).await?;
            if let Some(hidden) = hidden.as_deref().and_then(|text| text.split(';').next()) {
                // They show only to whoever has come in by the organisation's own provider lately. What follows
                // may be an address that opens something.
                tracing::info!(connector = self.connector.id, hidden, "some organisations are not shown");
            }
            match answer.status {
                200 => all.extend(serde_json::from_slice::<Vec<Value>>(&answer.body).map_err(failure::upstream)?),
                status if is_limited(status, later.as_deref(), left.as_deref()) => {
                    return Err(failure::unavailable("it has answered too often of late"));
                }
                // Nobody is in no group, or loses a role, because a list cannot be seen.
                status @ (301 | 302 | 307 | 401 | 403 | 404) => {
                    let why = format!(
                        "the list {path} is not shown (it answers {status}): does the app have the right to it?"
                    );
                    return Err(Error::from(ErrorKind::GroupsUnknown).because(why));
                }
                status => return Err(failure::of_status(status)),
            }
            match link.as_deref().and_then(next) {
                None => return Ok(all),
                // The token goes nowhere else.
                Some(next) if is_there(next, base) => address = next.to_owned(),
                Some(_) => return Err(self.nonsense("its list goes on elsewhere")),
            }
        }
        Ok(all)
    }
}

/// The address of the next page in the value of a `Link` header.
fn next(link: &str) -> Option<&str> {
    let is_next = |one: &str| matches!(one.trim(), "rel=\"next\"" | "rel=next");
    let links = link.split('<').filter_map(|part| part.split_once('>'));
    links.filter(|(_, about)| about.split([';', ',']).any(is_next)).map(|(address, _)| address).next()
}

/// Whether `address` is at the server of `base`.
fn is_there(address: &str, base: &str) -> bool {
    let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin());
    origin(address).is_some_and(|there| origin(base) == Some(there))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_one_that_is_called_so_and_at_the_same_server() {
        let both = "<https://api.github.com/user/orgs?a=1,2&page=1>; rel=\"prev\", \
                    <https://api.github.com/user/orgs?a=1,2&page=3>; rel=\"next\"";
        assert_eq!(next(both), Some("https://api.github.com/user/orgs?a=1,2&page=3"));
        for none in ["", "<https://api.github.com/>; rel=\"last\"", "https://api.github.com/; rel=\"next\"", "rel=next"]
        {
            assert_eq!(next(none), None, "{none}");
        }
        assert!(is_there("https://api.github.com/x", "https://api.github.com"));
        for odd in ["https://evil.example/x", "http://api.github.com/x", "https://api.github.com:444/x", "/x"] {
            assert!(!is_there(odd, "https://api.github.com"), "{odd}");
        }
    }
}
