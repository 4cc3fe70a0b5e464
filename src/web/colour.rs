//! Colours and how well they can be told apart (WCAG 2.2, "relative luminance" and "contrast ratio").

use std::fmt;

/// An opaque sRGB colour, one byte for red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

/// The least contrast of text on its ground (WCAG 2.2, success criterion 1.4.3).
pub const READABLE: f64 = 4.5;

impl Colour {
    /// White.
    pub const WHITE: Self = Self([255; 3]);
    /// Black.
    pub const BLACK: Self = Self([0; 3]);

    /// How bright it looks, from 0 (black) to 1 (white).
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|byte| {
            let share = f64::from(byte) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Contrast with `other`, from 1 to 21.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// This colour with `share` (0 to 1) of `other` in it.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes lies a byte")]
    pub fn mix(self, other: Self, share: f64) -> Self {
        let share = share.clamp(0.0, 1.0);
        let byte = |at: usize| f64::from(self.0[at]) * (1.0 - share) + f64::from(other.0[at]) * share;
        Self([byte(0), byte(1), byte(2)].map(|value| value.round() as u8))
    }

    /// This colour, moved towards `pole` just as far as it takes to be `good`; else the pole itself.
    #[must_use]
    pub fn towards(self, pole: Self, good: impl Fn(Self) -> bool) -> Self {
        let steps = (0..=100).map(|percent| self.mix(pole, f64::from(percent) / 100.0));
        steps.into_iter().find(|it| good(*it)).unwrap_or(pole)
    }

    /// Whether text of this colour can be read on each of `grounds`.
    #[must_use]
    pub fn is_readable_on(self, grounds: &[Self]) -> bool {
        grounds.iter().all(|ground| self.contrast(*ground) >= READABLE)
    }

    /// Black or white, whichever is easier to read on it.
    #[must_use]
    pub fn text_on_it(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) { Self::WHITE } else { Self::BLACK }
    }

    /// Whether it could be taken for the red of a problem.
    #[must_use]
    pub fn is_reddish(self) -> bool {
        let [red, green, blue] = self.0.map(f64::from);
        let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
        let spread = most - least;
        // The hue circle's sextant around red, widened to orange and pink; greys have no hue.
        let hue = (green - blue) / spread;
        most > least && red >= most && spread / most > 0.35 && (-0.6..=0.6).contains(&hue)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn contrast_agrees_with_known_pairs() {
        let near = |one: f64, other: f64| (one - other).abs() < 0.01;
        assert!(near(Colour::BLACK.contrast(Colour::WHITE), 21.0));
        assert!(near(Colour([0x76; 3]).contrast(Colour::WHITE), 4.54));
        assert!(near(Colour([0xff, 0, 0]).contrast(Colour::WHITE), 4.0));
    }

    #[test]
    fn red_and_orange_are_reddish_and_others_are_not() {
        assert!(Colour([0xa8, 0x43, 0x1f]).is_reddish());
        assert!(Colour([0xd0, 0x10, 0x40]).is_reddish());
        assert!(!Colour([0x0b, 0x6a, 0x5a]).is_reddish());
        assert!(!Colour([0x80; 3]).is_reddish());
        assert!(!Colour([0xe0, 0xc0, 0x20]).is_reddish());
    }

    proptest! {
        #[test]
        fn every_colour_becomes_readable_and_carries_readable_text(bytes: [u8; 3]) {
            let grounds = [Colour::WHITE, Colour([0xf2, 0xf4, 0xf3])];
            let it = Colour(bytes).towards(Colour::BLACK, |it| it.is_readable_on(&grounds));
            prop_assert!(it.is_readable_on(&grounds));
            prop_assert!(Colour(bytes).text_on_it().is_readable_on(&[Colour(bytes)]));
        }

        #[test]
        fn a_good_colour_stays_as_it_is(bytes: [u8; 3]) {
            prop_assert_eq!(Colour(bytes).towards(Colour::BLACK, |_| true), Colour(bytes));
        }
    }
}
