//! Where people come back from a provider.

use url::Url;

use crate::env::{Fault, Parsed, address};

/// A callback: a path below `/oauth/`, or an address of ours with such a path; as a path below the
/// base path.
pub(super) fn path(text: &str, own: Option<&Url>) -> Parsed<String> {
    let right = "Write a path below /oauth/ with two parts more, such as /oauth/google/callback";
    let fault = |wrong: &'static str| Fault::new(wrong, right);
    let given = match text.starts_with('/') {
        true => text.to_owned(),
        false => {
            let (url, own) = (address::web(text)?, own.ok_or_else(|| fault("cannot be compared with POSTERN_URL"))?);
            let base = own.path().trim_end_matches('/');
            let below = url.path().strip_prefix(base).filter(|_| url.origin() == own.origin());
            below.ok_or_else(|| fault("is not below POSTERN_URL"))?.to_owned()
        }
    };
    let rest = given.strip_prefix("/oauth/").ok_or_else(|| fault("is not a path below /oauth/"))?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let parts = rest.split('/').collect::<Vec<_>>();
    if parts.len() < 2
        || parts.iter().any(|part| part.is_empty() || part.starts_with('.'))
        || !rest.chars().all(is_plain)
    {
        return Err(fault("is not such a path"));
    }
    Ok(given)
}
