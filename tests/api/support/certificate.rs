//! Certificates as an operator brings them.

use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};

/// A certificate and its key, in PEM. It vouches for itself.
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Pair {
    /// One for this machine and auth.example.com, good from the first day of the one year to that of the other.
    pub(crate) fn good(from: i32, until: i32) -> Self {
        let key = KeyPair::generate().expect("a key");
        let names = ["localhost", "127.0.0.1", "auth.example.com"].map(str::to_owned);
        let mut params = CertificateParams::new(names).expect("names");
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        Self { certificate, key: key.serialize_pem() }
    }

    /// Puts both into `folder`, in place of those from before; answers where they are.
    pub(crate) fn put(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let paths = (folder.join("server.pem"), folder.join("server.key"));
        std::fs::write(&paths.0, &self.certificate).expect("a file");
        std::fs::write(&paths.1, &self.key).expect("a file");
        paths
    }
}
