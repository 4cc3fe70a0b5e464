//! Pictures on buttons: fetched and handed on by us, so that our pages have nobody ask anybody else, and only
//! where the bytes are a picture (SEC-133).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use entity::Timestamp;
use tokio::sync::Mutex;

use super::connector::Connector;
use crate::clock::Clock;
use crate::services::outgoing::Outgoing;

/// How long a picture is kept.
const KEPT: Duration = Duration::from_secs(3600);
/// How long nobody asks again for one that could not be had.
const PAUSE: Duration = Duration::from_secs(60);

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its type, told by its bytes.
    pub media_type: &'static str,
    /// The picture, at most [`LARGEST_ANSWER`](crate::services::outgoing::LARGEST_ANSWER) long.
    pub bytes: Bytes,
}

/// When it was asked for, and what came of that.
type Fetched = (Timestamp, Option<Image>);

/// What was fetched. Bounded by the number of connectors.
#[derive(Clone, Debug)]
pub(super) struct Images {
    outgoing: Outgoing,
    clock: Clock,
    kept: Arc<Mutex<HashMap<String, Fetched>>>,
}

impl Images {
    pub(super) fn new(outgoing: Outgoing, clock: Clock) -> Self {
        Self { outgoing, clock, kept: Arc::default() }
    }

    /// That of `connector`; none where it has none, or none can be had.
    pub(super) async fn of(&self, connector: &Connector) -> Option<Image> {
        let address = connector.image.as_deref()?;
        // One call at a time: who comes meanwhile shares its outcome.
        let mut kept = self.kept.lock().await;
        let now = self.clock.now();
        if let Some((since, image)) = kept.get(&connector.id) {
            let lasts = if image.is_some() { KEPT } else { PAUSE };
            if now.since(*since) < lasts {
                return image.clone();
            }
        }
        let image = self.fetch(address).await;
        if image.is_none() {
            tracing::warn!(connector = connector.id, "the picture of its button cannot be had, or is none");
        }
        kept.insert(connector.id.clone(), (now, image.clone()));
        image
    }

    async fn fetch(&self, address: &str) -> Option<Image> {
        let answer = self.outgoing.picture(address).await.ok().filter(|answer| answer.status == 200)?;
        Some(Image { media_type: media_type(&answer.body)?, bytes: answer.body })
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
