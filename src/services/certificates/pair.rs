//! A certificate and its key, as two PEM files hold them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use entity::Timestamp;
use rustls::client::verify_server_name;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SigningKey};
use zeroize::Zeroizing;

use super::settings::{CERTIFICATE, Files, KEY};
use super::validity::Validity;
use crate::clock::rfc3339;
use crate::env::{Fault, Parsed};

/// The largest file that is read, in bytes; a chain of certificates is some thousand.
const LARGEST: u64 = 1 << 20;

/// What is wrong, and the setting that it is about.
pub(super) type Faults = Vec<(&'static str, Fault)>;

/// A certificate, its key, and how long it is good.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) validity: Validity,
}

/// Reads the pair and judges whether it can be shown at `now`.
///
/// # Errors
/// As [`judge`] says.
pub(super) fn read(files: &Files, now: Timestamp) -> Result<Pair, Faults> {
    judge(Some(&files.certificate), Some(&files.key), now)
}

/// The pair that one text holds; none where it is not whole, or not good at `now`.
pub(super) fn of(text: &[u8], now: Timestamp) -> Option<Pair> {
    let (chain, validity) = chain(text).ok()?;
    let pair = CertifiedKey::new(chain, key_of(text).ok()?);
    let is_good = pair.keys_match().is_ok() && out_of_date(validity, now).is_none();
    is_good.then(|| Pair { key: Arc::new(pair), validity })
}

/// As [`read`], for a pair of which one file may be missing.
///
/// # Errors
/// Every fault of either file, none of which repeats what the files hold; no fault at all where only
/// one of them is there and that is good.
pub(super) fn judge(certificate: Option<&Path>, key: Option<&Path>, now: Timestamp) -> Result<Pair, Faults> {
    let mut faults = Faults::new();
    let mut noted = |name, fault| faults.push((name, fault));
    let chain = certificate
        .and_then(|path| text(path).and_then(|text| chain(&text)).map_err(|fault| noted(CERTIFICATE, fault)).ok());
    let key = key.and_then(|path| text(path).and_then(|text| key_of(&text)).map_err(|fault| noted(KEY, fault)).ok());
    let (chain, validity) = chain.map_or((None, None), |(chain, validity)| (Some(chain), Some(validity)));
    if let Some(fault) = validity.and_then(|validity| out_of_date(validity, now)) {
        noted(CERTIFICATE, fault);
    }
    if let (Some(chain), Some(key), Some(validity)) = (chain, key, validity) {
        let pair = CertifiedKey::new(chain, key);
        match pair.keys_match() {
            Ok(()) if faults.is_empty() => return Ok(Pair { key: Arc::new(pair), validity }),
            Ok(()) => {}
            Err(_) => {
                let right = "Name the key that the certificate was made for; the server's own certificate stands first in its file";
                faults.push((KEY, Fault::new("does not belong to the certificate of POSTERN_TLS_CERTIFICATE", right)));
            }
        }
    }
    Err(faults)
}

/// The faults in one line, for the log.
pub(super) fn told(faults: &Faults) -> String {
    let each = |(name, Fault { wrong, right }): &(&str, Fault)| format!("{name} {wrong}. {right}");
    faults.iter().map(each).collect::<Vec<_>>().join(". ")
}

/// Whether the certificate is for `name`.
pub(super) fn is_for(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> bool {
    ParsedCertificate::try_from(certificate).is_ok_and(|it| verify_server_name(&it, name).is_ok())
}

fn chain(text: &[u8]) -> Parsed<(Vec<CertificateDer<'static>>, Validity)> {
    let fault =
        |wrong| Fault::new(wrong, "Name a PEM file with the server's certificate and those that lead to its root");
    // The reader's own words quote what it could not read, and a key may stand in the same file.
    let chain: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|_| fault("names a file that is damaged"))?;
    let first = chain.first().ok_or_else(|| fault("names a file without a certificate"))?;
    let validity = Validity::of(first).ok_or_else(|| fault("names a certificate that cannot be read"))?;
    Ok((chain, validity))
}

fn key_of(text: &[u8]) -> Parsed<Arc<dyn SigningKey>> {
    let fault =
        |wrong| Fault::new(wrong, "Name a PEM file with an RSA, ECDSA or Ed25519 key that no passphrase guards");
    let key = PrivateKeyDer::from_pem_slice(text)
        .map_err(|_| fault("names a file without a private key that can be read"))?;
    default_provider().key_provider.load_private_key(key).map_err(|_| fault("names a key of a kind that is not used"))
}

fn text(path: &Path) -> Parsed<Zeroizing<Vec<u8>>> {
    let fault = |why: &dyn std::fmt::Display| {
        Fault::new(format!("names a file that cannot be read: {why}"), "Name a PEM file that this user may read")
    };
    read_small(path).map_err(|error| fault(&error))
}

/// The bytes of a plain file that is not too large.
pub(super) fn read_small(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    // Asked before it is opened: to open a pipe is to wait for whoever writes to it.
    let about = fs::metadata(path)?;
    if !about.is_file() || about.len() > LARGEST {
        return Err(io::Error::other("it is no plain file, or larger than 1 MiB"));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn out_of_date(validity: Validity, now: Timestamp) -> Option<Fault> {
    let right = "Name one that is good now, and look at this machine's clock";
    if now < validity.from {
        return Some(Fault::new(
            format!("names a certificate that is not good before {}", rfc3339(validity.from)),
            right,
        ));
    }
    (now > validity.until)
        .then(|| Fault::new(format!("names a certificate that has expired at {}", rfc3339(validity.until)), right))
}
