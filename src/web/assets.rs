//! Stylesheet, script, icon and logo: each below a name that holds the hash of its bytes, so that a
//! browser may keep it for ever and a new release is seen at once.

use std::borrow::Cow;
use std::collections::HashMap;

use rust_embed::RustEmbed;

use super::settings::{Looks, Picture};
use super::{accent, initials};
use crate::secret::sha256;

#[derive(RustEmbed)]
#[folder = "src/web/assets"]
struct Embedded;

/// What `Cache-Control` says of an asset: its name changes with its bytes.
pub const CACHE: &str = "public, max-age=31536000, immutable";

/// A file that pages load.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its `Content-Type`.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
}

/// Every asset by its path, and the links to them.
#[derive(Debug)]
pub struct Assets {
    files: HashMap<String, Asset>,
    links: Links,
}

/// The addresses of the assets, as pages name them.
#[derive(Clone, Debug)]
pub struct Links {
    /// The stylesheet.
    pub stylesheet: String,
    /// The operator's accent, where one is set.
    pub accent: Option<String>,
    /// The script: comfort, nothing depends on it.
    pub script: String,
    /// The icon of the browser's tab.
    pub icon: String,
    /// The logo for light pages.
    pub logo: Option<String>,
    /// The logo for dark pages.
    pub logo_dark: Option<String>,
}

impl Assets {
    /// The assets for these looks, below `base` (empty or `/some/path`).
    #[must_use]
    pub fn new(base: &str, looks: &Looks) -> Self {
        let mut files = HashMap::new();
        let mut add = |name: &str, media_type: &'static str, bytes: Cow<'static, [u8]>| {
            let path = hashed_name(name, &bytes);
            let link = format!("{base}/assets/{path}");
            files.insert(path, Asset { media_type, bytes });
            link
        };
        let mut logo = |picture: &Option<Picture>, name: &str| {
            let picture = picture.as_ref()?;
            let end = if picture.media_type == "image/png" { "png" } else { "svg" };
            Some(add(&format!("{name}.{end}"), picture.media_type, picture.bytes.clone().into()))
        };
        let (light, dark) = (logo(&looks.logo, "logo"), logo(&looks.logo_dark, "logo-dark"));
        let links = Links {
            stylesheet: add("postern.css", "text/css; charset=utf-8", squeezed("postern.css")),
            accent: looks.accent.map(|it| add("looks.css", "text/css; charset=utf-8", accent_of(it))),
            script: add("postern.js", "text/javascript; charset=utf-8", embedded("postern.js")),
            icon: light.clone().unwrap_or_else(|| add("icon.svg", "image/svg+xml", icon(looks))),
            logo: light,
            logo_dark: dark,
        };
        Self { files, links }
    }

    /// The asset of this name below `/assets/`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Asset> {
        self.files.get(name)
    }

    /// The addresses for pages.
    #[must_use]
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// Every name and asset.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Asset)> {
        self.files.iter().map(|(name, asset)| (name.as_str(), asset))
    }
}

fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let hash = hex::encode(&sha256(bytes).as_bytes()[..8]);
    let (stem, end) = name.split_once('.').unwrap_or((name, "bin"));
    format!("{stem}.{hash}.{end}")
}

fn embedded(name: &str) -> Cow<'static, [u8]> {
    Embedded::get(name).map(|file| file.data).unwrap_or_default()
}

/// A stylesheet of ours without comments and needless blanks. It only has to know our own hand: no
/// strings with blanks, no sums, a blank after each colon and comma.
fn squeezed(name: &str) -> Cow<'static, [u8]> {
    let bytes = embedded(name);
    let text = String::from_utf8_lossy(&bytes);
    let without_comments = text.split("/*").enumerate().map(|(nth, part)| match nth {
        0 => part,
        _ => part.split_once("*/").map_or("", |(_, rest)| rest),
    });
    let words: Vec<&str> = without_comments.flat_map(str::split_whitespace).collect();
    let pairs = [
        (" {", "{"),
        ("{ ", "{"),
        ("; ", ";"),
        (" }", "}"),
        (";}", "}"),
        ("} ", "}"),
        (": ", ":"),
        (", ", ","),
        (" > ", ">"),
        (" + ", "+"),
    ];
    let css = pairs.iter().fold(words.join(" "), |css, (long, short)| css.replace(long, short));
    css.into_bytes().into()
}

fn accent_of(colour: [u8; 3]) -> Cow<'static, [u8]> {
    let (css, changed) = accent::stylesheet(colour);
    if changed {
        tracing::warn!("POSTERN_ACCENT_COLOR is too pale to be read on light pages and is darkened there");
    }
    css.into_bytes().into()
}

/// An arch with the first letter of the app's name, for an operator without a logo.
fn icon(looks: &Looks) -> Cow<'static, [u8]> {
    let ground = super::colour::Colour(looks.accent.unwrap_or([0x0b, 0x6a, 0x5a]));
    let letter = initials::first(&looks.title).replace(['<', '>', '&'], "");
    let text = ground.text_on_it();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\"><path fill=\"{ground}\" \
         d=\"M2 15a14 14 0 0 1 28 0v12a4 4 0 0 1-4 4H6a4 4 0 0 1-4-4z\"/><text x=\"16\" y=\"23\" fill=\"{text}\" \
         font-family=\"system-ui,sans-serif\" font-size=\"17\" font-weight=\"600\" text-anchor=\"middle\">\
         {letter}</text></svg>"
    )
    .into_bytes()
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stylesheet_and_the_script_stay_small() {
        assert!((1..=10 * 1024).contains(&squeezed("postern.css").len()), "{}", squeezed("postern.css").len());
        assert!((1..=5 * 1024).contains(&embedded("postern.js").len()), "{}", embedded("postern.js").len());
    }

    #[test]
    fn squeezing_loses_no_rule() {
        let (whole, short) = (embedded("postern.css"), squeezed("postern.css"));
        let count = |bytes: &[u8], byte: u8| bytes.iter().filter(|it| **it == byte).count();
        assert_eq!(count(&whole, b'{'), count(&short, b'{'));
        assert_eq!(count(&whole, b'}'), count(&short, b'}'));
        assert!(!short.windows(2).any(|two| two == b"/*" || two == b"  "));
    }

    #[test]
    fn a_name_changes_with_the_bytes() {
        assert_ne!(hashed_name("a.css", b"one"), hashed_name("a.css", b"two"));
        assert!(hashed_name("a.css", b"one").ends_with(".css"));
    }
}
