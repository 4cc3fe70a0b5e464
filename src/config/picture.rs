//! The operator's logos: read once, and shown only when they are plain pictures.

use std::fs::File;
use std::io::Read;

use super::svg;
use crate::env::{Fault, Parsed};

/// The largest logo, in bytes.
const LARGEST: usize = 512 * 1024;
/// The largest width and height of a PNG, in pixels.
const WIDEST: u32 = 4096;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A picture of the operator's.
#[derive(Clone, Debug)]
pub struct Picture {
    /// `image/png` or `image/svg+xml`.
    pub media_type: &'static str,
    /// The file's bytes, at most 512 KiB.
    pub bytes: Vec<u8>,
}

/// Reads the picture at `path`.
///
/// # Errors
/// A file that cannot be read, is too large, or is neither a PNG nor a harmless SVG.
pub(super) fn read(path: &str) -> Parsed<Picture> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST as u64 + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        let wrong = format!("names a file that cannot be read: {error}");
        return Err(Fault::new(wrong, "Name a file that exists and that this user may read"));
    }
    judge(bytes)
}

fn judge(bytes: Vec<u8>) -> Parsed<Picture> {
    let fault = |wrong: String| Fault::new(wrong, "Name a PNG or a plain SVG of at most 512 KiB");
    if bytes.len() > LARGEST {
        return Err(fault("names a file of more than 512 KiB".into()));
    }
    let unfit = |why: &str| Err(fault(format!("names a file that cannot be shown: {why}")));
    if bytes.starts_with(PNG) {
        return if is_png(&bytes) {
            Ok(Picture { media_type: "image/png", bytes })
        } else {
            unfit("it is a damaged PNG")
        };
    }
    let Ok(text) = std::str::from_utf8(&bytes) else { return unfit("it is neither PNG nor SVG") };
    match svg::fault(text) {
        None => Ok(Picture { media_type: "image/svg+xml", bytes }),
        Some(why) => unfit(&why),
    }
}

/// Whether the chunks run from the header to the end and nothing follows (PNG, third edition, section 5).
fn is_png(bytes: &[u8]) -> bool {
    let mut rest = &bytes[PNG.len()..];
    let mut is_first = true;
    while let Some((head, after)) = rest.split_at_checked(8) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let kind = &head[4..];
        let Some((data, after)) = length.checked_add(4).and_then(|length| after.split_at_checked(length)) else {
            return false;
        };
        if is_first && !(kind == b"IHDR" && length == 13 && has_sane_sides(data)) {
            return false;
        }
        if kind == b"IEND" {
            return length == 0 && after.is_empty() && !is_first;
        }
        is_first = false;
        rest = after;
    }
    false
}

fn has_sane_sides(header: &[u8]) -> bool {
    let side = |at: usize| header.get(at..at + 4).and_then(|it| it.try_into().ok()).map_or(0, u32::from_be_bytes);
    (1..=WIDEST).contains(&side(0)) && (1..=WIDEST).contains(&side(4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).expect("small");
        [&length.to_be_bytes(), kind, data, &[0; 4]].concat()
    }

    fn png(width: u32) -> Vec<u8> {
        let header = [width.to_be_bytes().as_slice(), &8u32.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
        [PNG.to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", b"data"), chunk(b"IEND", b"")].concat()
    }

    #[test]
    fn pictures_are_told_by_their_bytes() {
        let kind = |bytes: Vec<u8>| judge(bytes).ok().map(|it| it.media_type);
        assert_eq!(kind(png(8)), Some("image/png"));
        assert_eq!(kind(b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()), Some("image/svg+xml"));
        let cut = png(8)[..40].to_vec();
        let longer = [png(8), b"<script>".to_vec()].concat();
        for bytes in
            [vec![], b"GIF89a".to_vec(), vec![0xff; 9], cut, longer, png(0), png(100_000), vec![b' '; LARGEST + 1]]
        {
            assert_eq!(kind(bytes), None);
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = judge([PNG.to_vec(), bytes.clone()].concat());
            let _ = judge(bytes);
        }
    }
}
