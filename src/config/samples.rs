//! Secrets that everybody knows.

use crate::secret::sha256;

/// SHA-256 of secrets that public files print, and that are long enough to look good.
const PRINTED: [&str; 5] = [
    // JWT_SECRET, JWT_REFRESH_SECRET and CREDS_KEY of the chat's old example file.
    "69024f21e9ad17594dcccd93e87399af24a5426ccfe6108d1787f0335966abc4",
    "282ad5f60261639fefed381976b4d0dde52eab5527a1ab2ec75d5be1efa1165b",
    "7c1154b5152983978147ea87e4a2066d4768673e9d85d6a792cddc2f784efd2f",
    // MEILI_MASTER_KEY of the same file.
    "c042516e4eac1bafaa3027eb7ea04103fdfb652583eeb916124aebe882e9cefb",
    // The HS256 key of RFC 7515, appendix A.1.
    "8b1b17a9740c068accab5c3d0d652c8e3cc13206e70bb73b42ea41d4c2de3c12",
];
/// What instructions and templates write where a secret should go.
const PLACEHOLDERS: [&str; 4] = ["your_client_secret", "changeme", "secret", "password"];
/// Parts of such words, without blanks, hyphens and underscores. Random text does not hold them.
const TELLING: [&str; 18] = [
    "changeme",
    "changethis",
    "changein",
    "replaceme",
    "replacethis",
    "replacewith",
    "placeholder",
    "yoursecret",
    "yoursuper",
    "yourjwt",
    "yourclientsecret",
    "yourrefresh",
    "atleast32",
    "min32char",
    "256bit",
    "512bit",
    "inproduction",
    "supersecret",
];

/// Whether `text` is a secret that public files print, or stands where one should go.
pub(super) fn is_public(text: &str) -> bool {
    let hash = hex::encode(sha256(text.as_bytes()).as_bytes());
    let lower = text.trim().to_ascii_lowercase();
    let bare: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    PRINTED.contains(&hash.as_str())
        || PRINTED.contains(&hex::encode(sha256(lower.as_bytes()).as_bytes()).as_str())
        || PLACEHOLDERS.contains(&lower.as_str())
        || TELLING.iter().any(|word| bare.contains(word))
}

/// Whether `bytes` repeat themselves (one character, `abcabc`) or only count up or down.
pub(super) fn is_monotonous(bytes: &[u8]) -> bool {
    let repeats =
        (1..=bytes.len() / 2).any(|length| bytes.iter().zip(&bytes[length..]).all(|(one, other)| one == other));
    let counts = |step: u8| bytes.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(step));
    bytes.is_empty() || repeats || counts(1) || counts(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sec_001_public_samples_are_known() {
        for text in [
            "16f8c0ef4a5d391b26034086c628469d3f9f497f08163ab9b40137092f2909ef",
            "EAA5191F2914E30B9387FD84E254E4BA6FC51B4654968A9B0803B456A54B8418",
            "f34be427ebb29de8d88c107a71546019685ed8b241d8f2ed00c3df97ad2566f0",
            "changeme",
            "your-super-secret-jwt-token-with-at-least-32-characters-long",
            "a-string-secret-at-least-256-bits-long",
            "Change_Me_Change_Me_Change_Me_Change_Me",
        ] {
            assert!(is_public(text), "{text}");
        }
        for text in ["aaaaaaaa", "abcabcab", "0123456789", "zyxwv", ""] {
            assert!(is_monotonous(text.as_bytes()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn random_secrets_pass(bytes in any::<[u8; 32]>()) {
            prop_assert!(!is_public(&hex::encode(bytes)));
        }
    }

    #[test]
    fn an_ordinary_secret_is_not_monotonous() {
        assert!(!is_monotonous(b"correct horse battery staple 12345"));
    }
}
