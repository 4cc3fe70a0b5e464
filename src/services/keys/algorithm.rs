//! What tokens are signed with.

use crate::services::vocabulary::vocabulary;

vocabulary! {
    /// How tokens are signed (RFC 7518 section 3.1, RFC 8037).
    SigningAlgorithm {
        /// RSA with SHA-256.
        Rs256 = "RS256";
        /// ECDSA on P-256 with SHA-256.
        Es256 = "ES256";
        /// Ed25519.
        EdDsa = "EdDSA";
    }
}
