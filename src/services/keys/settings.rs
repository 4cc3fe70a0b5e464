//! Settings of signing keys.

use std::time::Duration;

use crate::env::{Env, Fault, Parsed, numbers};

/// The shortest rotation, in seconds: a key must be published for a while before it signs.
const SHORTEST: u64 = 86_400;
/// The longest, in seconds: ten years.
const LONGEST: u64 = 3_650 * 86_400;

/// When keys change, and how long what they signed lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `POSTERN_SIGNING_KEY_ROTATION`: how long a key signs; none: until a command says otherwise.
    pub rotation: Option<Duration>,
    /// The longest life of any token that is signed. A retired key is published for that long.
    pub longest_token: Duration,
}

impl Settings {
    /// Reads them. The longest life of a token follows, from the settings of those who sign.
    pub fn read(env: &mut Env) -> Option<impl FnOnce(Duration) -> Self + use<>> {
        let about = "How long a key signs tokens before the next one does; 0 for rotation by hand alone.";
        let rotation = env.or("POSTERN_SIGNING_KEY_ROTATION", "90d", about, rotation)?;
        Some(move |longest_token| Self { rotation, longest_token })
    }
}

fn rotation(text: &str) -> Parsed<Option<Duration>> {
    match text {
        "0" | "0s" | "0m" | "0h" | "0d" => Ok(None),
        _ => numbers::duration(text, SHORTEST..=LONGEST)
            .map(Some)
            .map_err(|fault| Fault::new(fault.wrong, format!("{}, or 0 to rotate by hand alone", fault.right))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_006_a_rotation_has_a_unit_and_is_not_too_short() {
        assert_eq!(rotation("90d"), Ok(Some(Duration::from_secs(90 * 86_400))));
        assert_eq!((rotation("0"), rotation("0d")), (Ok(None), Ok(None)));
        for text in ["", "90", "-1d", "1h", "23h", "0.5d", "3651d", "99999999999999999999d"] {
            assert!(rotation(text).is_err_and(|fault| fault.right.ends_with("or 0 to rotate by hand alone")), "{text}");
        }
    }
}
