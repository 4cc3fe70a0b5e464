//! A refusal on a page of ours: the app hears nothing of it, so the log says why.

use crate::error::{Error, ErrorKind};
use crate::services::caller::Caller;

/// The longest foreign text that stands in the log, in characters.
const LOGGED: usize = 200;

/// The refusal, in `words`, of a request by the client `id` that wants its answer at `redirect_uri`; both may be
/// anybody's words, or empty.
pub(super) fn page(caller: &Caller, id: &str, redirect_uri: &str, words: &'static str) -> Error {
    // The page names the request alone: by that its operator finds out which app has to be put right.
    let (client_id, redirect_uri) = (bounded(id), bounded(without_query(redirect_uri)));
    tracing::warn!(id = %caller.request_id, client_id, redirect_uri, why = words, "authorization request refused");
    Error::new(ErrorKind::InvalidRequest, words)
}

/// What somebody else wrote, fit for one line of the log: short, and with nothing in it that begins another.
fn bounded(text: &str) -> String {
    text.chars().take(LOGGED).flat_map(char::escape_debug).collect()
}

/// An address without what may be somebody's secret.
fn without_query(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_holds_one_short_line_and_no_secret() {
        assert_eq!(bounded(&"x".repeat(1000)).len(), LOGGED);
        assert_eq!(bounded("a\r\nb\u{1b}[31m"), "a\\r\\nb\\u{1b}[31m");
        assert_eq!(without_query("https://app.example/cb?token=1#x"), "https://app.example/cb");
        assert_eq!(without_query("https://app.example/cb#token=1"), "https://app.example/cb");
    }
}
