//! From when until when a certificate is good.

use std::time::Duration;

use entity::Timestamp;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};

/// The life of a certificate (RFC 5280, section 4.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Validity {
    /// That of `certificate`; none when it cannot be read.
    ///
    /// The verifier looks at the dates before it looks for an issuer, and says in its refusal which
    /// one it minds: asked about the first moment and about the last, it tells both.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let certificate = ParsedCertificate::try_from(certificate).ok()?;
        let refusal = |seconds| {
            let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
            verify_server_cert_signed_by_trust_anchor(&certificate, &RootCertStore::empty(), &[], at, &[]).err()
        };
        let from = match refusal(0)? {
            Error::InvalidCertificate(CertificateError::NotValidYetContext { not_before, .. }) => moment(not_before),
            _ => Timestamp::from_millis(0),
        };
        match refusal(u64::MAX)? {
            Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. }) => {
                Some(Self { from, until: moment(not_after) })
            }
            _ => None,
        }
    }

    /// When a third of it is left: time to make the next one.
    pub(super) fn due(self) -> Timestamp {
        self.until - self.until.since(self.from) / 3
    }
}

fn moment(time: UnixTime) -> Timestamp {
    Timestamp::from_seconds(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}
