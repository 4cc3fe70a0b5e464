//! Settings of the pages' looks.

use std::path::PathBuf;

use url::Url;

use super::chat_names;
use super::picture::{self, Picture};
use crate::env::{Env, Fault, Parsed, address, files, words};

/// The operator's name, logo, colour and links.
#[derive(Clone, Debug)]
pub struct Looks {
    /// `APP_TITLE`.
    pub title: String,
    /// `POSTERN_LOGO` and `POSTERN_LOGO_DARK`, checked and read.
    pub logo: Option<Picture>,
    /// The logo for dark pages.
    pub logo_dark: Option<Picture>,
    /// `POSTERN_ACCENT_COLOR`, as given.
    pub accent: Option<[u8; 3]>,
    /// `HELP_AND_FAQ_URL`.
    pub help_url: Option<Url>,
    /// `POSTERN_PRIVACY_URL`.
    pub privacy_url: Option<Url>,
    /// `POSTERN_TERMS_URL`.
    pub terms_url: Option<Url>,
    /// `POSTERN_SUPPORT_EMAIL`.
    pub support_email: Option<String>,
    /// `POSTERN_TEMPLATES_DIR`: the operator's folder, laid over the built-in templates.
    pub templates: Option<PathBuf>,
}

impl Looks {
    pub(super) fn read(env: &mut Env) -> Option<Self> {
        let title = title(env);
        let logo = env.optional("POSTERN_LOGO", "", "Logo: a file, PNG or SVG, at most 512 KiB.", picture::read);
        let logo_dark = env.optional("POSTERN_LOGO_DARK", "", "Logo for dark pages.", picture::read);
        let accent =
            env.optional("POSTERN_ACCENT_COLOR", "", "Accent colour, in quotes because of its #: '#0b6a5a'.", colour);
        let help_url = env.optional("HELP_AND_FAQ_URL", "", "Where people find help; / shows no link.", |text| {
            if text == "/" { Ok(None) } else { address::web(text).map(Some) }
        });
        let privacy_url = env.optional("POSTERN_PRIVACY_URL", "", "Privacy policy.", address::web);
        let terms_url = env.optional("POSTERN_TERMS_URL", "", "Terms of service.", address::web);
        let support_email = env.optional("POSTERN_SUPPORT_EMAIL", "", "Whom people can write to.", email);
        let templates = env.optional(
            "POSTERN_TEMPLATES_DIR",
            "",
            "A folder whose templates stand in for the built-in ones; a changed one is read again.",
            files::folder,
        );
        Some(Self {
            title: title?,
            logo: logo?,
            logo_dark: logo_dark?,
            accent: accent?,
            help_url: help_url?.flatten(),
            privacy_url: privacy_url?,
            terms_url: terms_url?,
            support_email: support_email?,
            templates: templates?,
        })
    }
}

/// The chat's own default holds beside a chat's settings, ours elsewhere.
fn title(env: &mut Env) -> Option<String> {
    let default = if chat_names::are_of_librechat(env) { "LibreChat" } else { "Postern" };
    env.or("APP_TITLE", default, "Name of the app, on every page.", |text| words::line(text, 60))
}

fn colour(text: &str) -> Parsed<[u8; 3]> {
    let mut colour = [0; 3];
    let digits = text.strip_prefix('#').unwrap_or(text);
    hex::decode_to_slice(digits, &mut colour)
        .map_err(|_| Fault::new("is not a colour", "Write six hex digits in quotes, such as '#0b6a5a'"))?;
    Ok(colour)
}

fn email(text: &str) -> Parsed<String> {
    let is_plain = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-./=?^_`{|}~".contains(c))
    };
    match text.split_once('@') {
        Some((local, domain)) if text.len() <= 254 && is_plain(local) && address::domain(domain).is_ok() => {
            Ok(text.into())
        }
        _ => Err(Fault::new("is not an e-mail address", "Write one address, such as help@example.com")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_has_six_digits() {
        assert_eq!(colour("#0b6A5a"), Ok([0x0b, 0x6a, 0x5a]));
        assert_eq!(colour("0b6a5a"), Ok([0x0b, 0x6a, 0x5a]));
        for text in ["", "#fff", "red", "#0b6a5a00", "##0b6a5", "#0b6a5é"] {
            assert!(colour(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_for_help_is_one_plain_address() {
        assert!(email("help@example.com").is_ok());
        for text in ["", "help", "@example.com", "help@", "a b@example.com", "a@b@c", "\"a\"@example.com", "a@b,c@d"] {
            assert!(email(text).is_err(), "{text}");
        }
    }
}
