//! Pictures at other servers: taken where the bytes are one, and never a document that may do things
//! (SEC-133).

use bytes::Bytes;
use reqwest::Client;
use reqwest::header::{ACCEPT, LOCATION};
use url::Url;

use super::{LARGEST_ANSWER, Outgoing, failed, read};
use crate::error::Result;

/// How often a picture may turn out to be elsewhere (SEC-103).
const MOST_REDIRECTS: usize = 3;

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its type, told by its bytes.
    pub media_type: &'static str,
    /// The picture, at most [`LARGEST_ANSWER`] long.
    pub bytes: Bytes,
}

impl Image {
    /// The picture that `bytes` are, if they are one.
    #[must_use]
    pub fn of(bytes: Bytes) -> Option<Self> {
        Some(Self { media_type: media_type(&bytes)?, bytes })
    }
}

impl Outgoing {
    /// The picture at `url`, or where that leads: each address on the way is checked as the first is. All
    /// of it takes no longer than one call may.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`](crate::error::ErrorKind::Unavailable) when one of the addresses may not
    /// be called, nothing came back in time, or what came is too long or no picture.
    pub async fn image(&self, url: &str) -> Result<Image> {
        let found = tokio::time::timeout(self.timeout(), self.follow(url)).await;
        found.unwrap_or_else(|_| Err(failed("it took too long")))
    }

    async fn follow(&self, url: &str) -> Result<Image> {
        let mut url = Url::parse(url).map_err(failed)?;
        for _ in 0..=MOST_REDIRECTS {
            let get = |client: &Client, url: Url| client.get(url).header(ACCEPT, "image/*");
            let response = self.send(url.as_str(), get).await?;
            let status = response.status();
            if status == 200 {
                let image = Image::of(read(response, LARGEST_ANSWER).await?);
                return image.ok_or_else(|| failed("it is no picture"));
            }
            let location = response.headers().get(LOCATION).filter(|_| status.is_redirection());
            let location = location.and_then(|value| value.to_str().ok());
            let next = location.ok_or_else(|| failed(format!("it answers {status}")))?;
            url = url.join(next).map_err(failed)?;
        }
        Err(failed("it leads from one address to the next"))
    }
}

/// The type of a picture by its first bytes. An SVG is a document that may do things, and none.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::media_type;

    #[test]
    fn sec_133_pictures_are_told_by_their_bytes() {
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n"), Some("image/png"));
        assert_eq!(media_type(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(media_type(b"GIF89a"), Some("image/gif"));
        assert_eq!(media_type(b"RIFF\0\0\0\0WEBP"), Some("image/webp"));
        for odd in ["", "<svg xmlns='http://www.w3.org/2000/svg'/>", "<html>", "GIF8", "RIFF\0\0\0\0WAVE", " GIF89a"] {
            assert_eq!(media_type(odd.as_bytes()), None, "{odd}");
        }
    }
}
