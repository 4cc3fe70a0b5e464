//! Addresses that are no text: their escapes make no UTF-8.
//!
//! The router gives up on such a path where it decodes it, which is before the group that would say
//! so in its own form. Here it becomes one that every router can read, and that no route has.

use poem::http::Uri;
use poem::http::uri::PathAndQuery;
use poem::{Endpoint, Request};

/// U+FFFD, which stands for what cannot be read.
const UNREADABLE: &str = "%EF%BF%BD";

/// Routes that get paths which can be decoded, and no other.
#[derive(Debug)]
pub struct Legible<E>(pub E);

impl<E: Endpoint> Endpoint for Legible<E> {
    type Output = E::Output;

    async fn call(&self, mut request: Request) -> poem::Result<E::Output> {
        if let Some(uri) = mended(request.uri()) {
            *request.uri_mut() = uri;
        }
        self.0.call(request).await
    }
}

/// The address to go by in place of `uri`, where its path is no text.
fn mended(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    if !path.contains('%') || std::str::from_utf8(&decoded(path)).is_ok() {
        return None;
    }
    let mut parts = path.split('%');
    let mut readable = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match escaped(part) {
            Some((byte, rest)) if !byte.is_ascii() => readable.extend([UNREADABLE, rest]),
            _ => readable.extend(["%", part]),
        }
    }
    if let Some(query) = uri.query() {
        readable.extend(["?", query]);
    }
    let mut uri = uri.clone().into_parts();
    uri.path_and_query = Some(PathAndQuery::try_from(readable).ok()?);
    Uri::from_parts(uri).ok()
}

/// The bytes that `path` stands for.
fn decoded(path: &str) -> Vec<u8> {
    let mut parts = path.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match escaped(part) {
            Some((byte, rest)) => {
                bytes.push(byte);
                bytes.extend_from_slice(rest.as_bytes());
            }
            None => {
                bytes.push(b'%');
                bytes.extend_from_slice(part.as_bytes());
            }
        }
    }
    bytes
}

/// What follows a percent sign: the byte it stands for, and the rest.
fn escaped(part: &str) -> Option<(u8, &str)> {
    let (digits, rest) = part.split_at_checked(2)?;
    let mut byte = [0];
    hex::decode_to_slice(digits, &mut byte).ok()?;
    Some((byte[0], rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_no_text_changes() {
        let after = |text: &str| mended(&text.parse().expect("an address")).map(|uri| uri.to_string());
        for text in ["/", "/a?b=%ff", "/%c3%a4/%e2%82%ac", "/a%2fb", "/a%", "/a%4", "/a%zz%+f", "http://a.example/%41"]
        {
            assert_eq!(after(text), None, "{text}");
        }
        for (text, expected) in [
            ("/%ff", "/%EF%BF%BD"),
            ("/a%2f%FFb?c=%ff", "/a%2f%EF%BF%BDb?c=%ff"),
            ("/%c3%28", "/%EF%BF%BD%28"),
            ("http://a.example/%c3", "http://a.example/%EF%BF%BD"),
            ("/%ed%a0%80%", "/%EF%BF%BD%EF%BF%BD%EF%BF%BD%"),
        ] {
            assert_eq!(after(text).as_deref(), Some(expected));
        }
    }
}
