//! A document that others publish, and for how long they let it be kept.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AGE, CACHE_CONTROL, CONTENT_TYPE, HeaderMap};

use super::{Outgoing, failed, read};
use crate::error::Result;

/// What stands at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// JSON, as its media type says; nobody has read it yet.
    pub body: Bytes,
    /// For how long it may be kept without a look; none: its headers say nothing about it.
    pub fresh: Option<Duration>,
}

impl Outgoing {
    /// The JSON document at `url`, of `most` bytes or less.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Unavailable`] when the address may not be called, nothing came back in
    /// time, the status is another than 200, the body is too long, or is called something else than JSON.
    pub async fn get_document(&self, url: &str, most: usize) -> Result<Document> {
        let response = self.send(url, |client, url| client.get(url).header(ACCEPT, "application/json")).await?;
        if response.status() != 200 {
            return Err(failed(format!("it answers {}", response.status().as_u16())));
        }
        let headers = response.headers();
        if !is_json(headers) {
            return Err(failed("it is of another media type than JSON"));
        }
        let fresh = freshness(headers);
        Ok(Document { body: read(response, most).await?, fresh })
    }
}

/// `application/json`, or a kind of it (RFC 6839 section 3.1): what people upload to a site is mostly served
/// as something else.
fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.strip_prefix("application/").is_some_and(|kind| kind == "json" || kind.ends_with("+json"))
}

/// How much is left of the time that `Cache-Control` gives (RFC 9111 sections 4.2 and 5.2.2).
fn freshness(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok());
    let words: Vec<String> = lines.flat_map(|line| line.split(',')).map(|it| it.trim().to_ascii_lowercase()).collect();
    if words.iter().any(|word| matches!(word.split('=').next(), Some("no-store" | "no-cache"))) {
        return Some(Duration::ZERO);
    }
    let seconds = |name: &str| {
        let word = words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))?;
        // What is no number gives no time.
        Some(word.trim_matches('"').parse().unwrap_or(0))
    };
    let given = Duration::from_secs(seconds("s-maxage").or_else(|| seconds("max-age"))?);
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.trim().parse().ok()).unwrap_or(0);
    Some(given.saturating_sub(Duration::from_secs(age)))
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(lines: &[(HeaderName, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn the_time_that_is_left_of_a_document() {
        let left = |lines: &[(HeaderName, &'static str)]| freshness(&headers(lines)).map(|left| left.as_secs());
        assert_eq!(left(&[]), None);
        assert_eq!(left(&[(CACHE_CONTROL, "public")]), None);
        assert_eq!(left(&[(CACHE_CONTROL, "public, Max-Age=60")]), Some(60));
        assert_eq!(left(&[(CACHE_CONTROL, "max-age=\"60\", s-maxage=90")]), Some(90));
        assert_eq!(left(&[(CACHE_CONTROL, "public"), (CACHE_CONTROL, "max-age=60"), (AGE, "50")]), Some(10));
        assert_eq!(left(&[(CACHE_CONTROL, "max-age=60"), (AGE, "61")]), Some(0));
        for none in ["max-age=60, no-store", "no-cache=\"set-cookie\"", "max-age=soon", "max-age=-1", "max-age="] {
            assert_eq!(left(&[(CACHE_CONTROL, none)]), Some(0), "{none}");
        }
    }

    #[test]
    fn only_what_is_called_json_is_read() {
        let is_json = |value| is_json(&headers(&[(CONTENT_TYPE, value)]));
        for good in ["application/json", "Application/JSON ; charset=utf-8", "application/client+json"] {
            assert!(is_json(good), "{good}");
        }
        for bad in ["", "text/html", "text/json", "application/octet-stream", "application/jsonp", "image/svg+json"] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
