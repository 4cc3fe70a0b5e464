//! The authority that vouches for our own certificate: a key, and a certificate that it signed itself.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use entity::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, Error, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PublicKeyData, SanType,
};
use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use zeroize::{Zeroize, Zeroizing};

use super::validity::Validity;
use crate::clock::date_time;

const DAY: Duration = Duration::from_secs(86_400);
/// How long an authority lives: whoever trusts it does so by hand.
const AUTHORITY_LIFE: Duration = Duration::from_secs(3650 * 86_400);
/// How long a server's certificate lives, of which the last third is for its successor.
pub(super) const SERVER_LIFE: Duration = Duration::from_secs(90 * 86_400);
/// What begins a certificate in PEM (RFC 7468, section 5.1).
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// An authority, as its file holds it. Its key is wiped when dropped.
pub(super) struct Authority {
    key: KeyPair,
    certificate: CertificateDer<'static>,
    /// The certificate in PEM.
    pub(super) pem: String,
    pub(super) validity: Validity,
}

impl Authority {
    /// The text of a new one: its key, then its certificate. The key is aws-lc's, from its own generator.
    pub(super) fn make(now: Timestamp) -> Result<Zeroizing<String>, Error> {
        let mut key = KeyPair::generate()?;
        let mut params = about(&key);
        (params.not_before, params.not_after) = (date_time(now - DAY), date_time(now + AUTHORITY_LIFE));
        let text = params.self_signed(&key).map(|certificate| together(&key, &certificate.pem()));
        key.zeroize();
        text
    }

    /// The one that `text` holds; none when it holds no whole one.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let key = KeyPair::try_from(&PrivateKeyDer::from_pem_slice(text).ok()?).ok()?;
        let certificate = CertificateDer::from_pem_slice(text).ok()?;
        let text = std::str::from_utf8(text).ok()?;
        let pem = text[text.find(BEGIN)?..].to_owned();
        let validity = Validity::of(&certificate)?;
        Some(Self { key, certificate, pem, validity })
    }

    /// The text of a new certificate for a server of these names: its key, then the certificate.
    pub(super) fn issue(&self, names: &[ServerName<'static>], now: Timestamp) -> Result<Zeroizing<String>, Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = called("Postern".to_owned());
        params.subject_alt_names =
            names.iter().filter_map(|name| alternative(name).transpose()).collect::<Result<_, _>>()?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let until = (now + SERVER_LIFE).min(self.validity.until);
        // Clocks differ: a browser's may be behind ours.
        (params.not_before, params.not_after) = (date_time(now - DAY), date_time(until));
        let own = about(&self.key);
        let mut key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &Issuer::from_params(&own, &self.key));
        let text = certificate.map(|certificate| together(&key, &certificate.pem()));
        key.zeroize();
        text
    }

    /// Whether it has signed `certificate`, and that is good at `now`.
    pub(super) fn vouches_for(&self, certificate: &CertificateDer<'_>, now: Timestamp) -> bool {
        let mut roots = RootCertStore::empty();
        let Ok(parsed) = ParsedCertificate::try_from(certificate) else { return false };
        let at = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now.seconds()).unwrap_or(0)));
        let ways = default_provider().signature_verification_algorithms.all;
        roots.add(self.certificate.clone()).is_ok()
            && verify_server_cert_signed_by_trust_anchor(&parsed, &roots, &[], at, ways).is_ok()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

/// What an authority with this key says of itself. It has to come out the same whenever it signs, so
/// all of it follows from the key: the name too, which tells one authority from the next.
fn about(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    let hash = hex::encode(&digest(&SHA256, key.der_bytes()).as_ref()[..4]);
    params.distinguished_name = called(format!("Postern's own authority {hash}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn called(name: String) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn alternative(name: &ServerName<'_>) -> Result<Option<SanType>, Error> {
    Ok(match name {
        ServerName::DnsName(name) => Some(SanType::DnsName(name.as_ref().to_owned().try_into()?)),
        ServerName::IpAddress(address) => Some(SanType::IpAddress((*address).into())),
        _ => None,
    })
}

fn together(key: &KeyPair, certificate: &str) -> Zeroizing<String> {
    let key = Zeroizing::new(key.serialize_pem());
    Zeroizing::new([key.as_str(), certificate].concat())
}
