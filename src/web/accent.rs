//! The operator's accent colour as a small stylesheet.
//!
//! The colour is given once and used on light and dark pages, as text and as the ground of text, so
//! it is darkened or lightened until all of these can be read.

use super::colour::Colour;

/// The grounds on which accent text stands on light pages: surface, ground, sunken.
const LIGHT: [Colour; 3] = [Colour([0xff; 3]), Colour([0xf2, 0xf4, 0xf3]), Colour([0xea, 0xee, 0xec])];
/// The same on dark pages: surface, ground, sunken.
const DARK: [Colour; 3] = [Colour([0x15, 0x1b, 0x19]), Colour([0x0c, 0x10, 0x0f]), Colour([0x1f, 0x27, 0x25])];
/// How much of the accent is in the soft ground of tags and initials.
const SOFT: f64 = 0.12;

/// The colours that follow from one accent on pages of one brightness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shades {
    accent: Colour,
    strong: Colour,
    on: Colour,
    soft: Colour,
}

impl Shades {
    fn of(accent: Colour, grounds: [Colour; 3], pole: Colour) -> Self {
        let soft = |accent: Colour| grounds[0].mix(accent, SOFT);
        let good = |it: Colour| it.is_readable_on(&grounds) && it.is_readable_on(&[soft(it)]);
        let accent = accent.towards(pole, good);
        Self { accent, strong: accent.mix(pole, 0.25), on: accent.text_on_it(), soft: soft(accent) }
    }
}

/// A stylesheet that puts `accent` in the place of our own, and whether the colour of light pages had
/// to be changed to be readable.
#[must_use]
pub fn stylesheet(accent: [u8; 3]) -> (String, bool) {
    let given = Colour(accent);
    let light = Shades::of(given, LIGHT, Colour::BLACK);
    let dark = Shades::of(given, DARK, Colour::WHITE);
    let pair =
        |name: &str, shade: fn(Shades) -> Colour| format!("--{name}:light-dark({},{})", shade(light), shade(dark));
    // An accent near the red of problems would make a focused field look like a wrong one.
    let focus = if given.is_reddish() { "text" } else { "accent" };
    let css = [
        pair("accent", |it| it.accent),
        pair("strong", |it| it.strong),
        pair("on", |it| it.on),
        pair("soft", |it| it.soft),
        format!("--focus:var(--{focus})"),
    ];
    (format!(":root{{{}}}\n", css.join(";")), light.accent != given)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all_readable(shades: Shades, grounds: [Colour; 3]) -> bool {
        let Shades { accent, strong, on, soft } = shades;
        accent.is_readable_on(&grounds) && accent.is_readable_on(&[soft]) && on.is_readable_on(&[accent, strong])
    }

    proptest! {
        #[test]
        fn any_accent_can_be_read_wherever_it_is_used(accent: [u8; 3]) {
            let light = Shades::of(Colour(accent), LIGHT, Colour::BLACK);
            let dark = Shades::of(Colour(accent), DARK, Colour::WHITE);
            prop_assert!(all_readable(light, LIGHT), "light {light:?}");
            prop_assert!(all_readable(dark, DARK), "dark {dark:?}");
        }
    }

    #[test]
    fn a_pale_accent_is_darkened_and_said_to_be() {
        assert!(stylesheet([0xff, 0xe0, 0x66]).1);
        assert!(!stylesheet([0xa8, 0x43, 0x1f]).1);
    }

    #[test]
    fn near_red_the_focus_takes_the_text_colour() {
        assert!(stylesheet([0xa8, 0x43, 0x1f]).0.contains("--focus:var(--text)"));
        assert!(!stylesheet([0x0b, 0x6a, 0x5a]).0.contains("--focus:var(--text)"));
    }
}
