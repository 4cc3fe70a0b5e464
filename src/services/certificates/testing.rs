//! Certificates for tests.

use std::path::Path;

use rcgen::{CertificateParams, KeyPair};

use super::{Certificates, Files, Settings};
use crate::clock::{Clock, date_time};
use crate::random::Random;

/// When certificates are good here unless a test says otherwise: 2020 to 2100, in seconds of Unix time.
pub(crate) const LONG: (i64, i64) = (1_577_836_800, 4_102_444_800);

/// A certificate for `name`, good from the one second to the other, and its key, both in PEM. It
/// vouches for itself.
pub(crate) fn certificate(name: &str, (from, until): (i64, i64)) -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    let moment = |seconds| date_time(entity::Timestamp::from_seconds(seconds));
    (params.not_before, params.not_after) = (moment(from), moment(until));
    (params.self_signed(&key).expect("a certificate").pem(), key.serialize_pem())
}

/// Puts the two into `folder`, in place of those that were there.
pub(crate) fn put(folder: &Path, (certificate, key): &(String, String)) -> Files {
    let files = Files { certificate: folder.join("server.pem"), key: folder.join("server.key") };
    std::fs::write(&files.certificate, certificate).expect("written");
    crate::env::private_file::replace(&files.key, key, &Random::system()).expect("written");
    files
}

/// What shows the certificate of these files.
pub(crate) fn showing(files: Files) -> Certificates {
    Certificates::open(&Settings::Files(files), Clock::system(), Random::system()).expect("a good pair")
}
