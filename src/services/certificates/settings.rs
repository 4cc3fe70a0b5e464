//! Settings of https of our own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls::pki_types::ServerName;
use url::{Host, Url};

use super::pair;
use crate::clock::{Clock, rfc3339};
use crate::env::address::is_loopback;
use crate::env::{Env, Fault, files, words};
use crate::services::database::Location;

pub(super) const MODE: &str = "POSTERN_TLS";
pub(super) const CERTIFICATE: &str = "POSTERN_TLS_CERTIFICATE";
pub(super) const KEY: &str = "POSTERN_TLS_KEY";
/// Where the files that we make stand when the database is no file.
const WITHOUT_FILE: &str = "data/postern.db";
/// What any client on this machine may call it.
const OF_THIS_MACHINE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// A certificate that ends sooner than this is warned of.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// Where the certificate comes from.
#[derive(Clone, Debug)]
pub enum Settings {
    /// `POSTERN_TLS=internal`: an authority and a certificate of our own.
    Internal(Internal),
    /// `POSTERN_TLS_CERTIFICATE` and `POSTERN_TLS_KEY`: the operator's.
    Files(Files),
}

impl Settings {
    /// The certificate of the authority that was made here, for whoever is to trust us; the operator's
    /// certificate has one of its own.
    #[must_use]
    pub fn authority(&self) -> Option<&Path> {
        match self {
            Self::Internal(internal) => Some(&internal.authority),
            Self::Files(_) => None,
        }
    }
}

/// Where what we make is kept, and whom it names.
#[derive(Clone, Debug)]
pub struct Internal {
    /// The authority's certificate, for whoever is to trust us.
    pub authority: PathBuf,
    /// The authority's key and certificate.
    pub authority_key: PathBuf,
    /// The server's key and certificate.
    pub server: PathBuf,
    /// Every name of this server.
    pub names: Vec<ServerName<'static>>,
}

/// The operator's PEM files.
#[derive(Clone, Debug)]
pub struct Files {
    /// The server's certificate, then those that lead up to its root.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// Whether the settings want https of our own, good or bad as they may be.
#[must_use]
pub fn is_asked_for(env: &Env) -> bool {
    env.says(MODE, "internal") || env.is_set(CERTIFICATE)
}

impl Settings {
    /// Reads them for a server at `url` with its database at `location`, and the operator's files
    /// with them, so that their problems are told with all others. The inner none: no https of ours.
    pub fn read(env: &mut Env, url: Option<&Url>, location: Option<&Location>) -> Option<Option<Self>> {
        let about =
            "https with a certificate of our own making, for trying out on one machine (internal), or not (off).";
        let is_internal = env.or(MODE, "off", about, |text| words::choice(text, &[("off", false), ("internal", true)]));
        let about = "Certificate for https, a PEM file with the chain below its root; read again when it changes.";
        let certificate = env.optional(CERTIFICATE, "no https but by POSTERN_TLS or a proxy", about, files::existing);
        let about = "Key of POSTERN_TLS_CERTIFICATE: the PEM file itself is named here, or by POSTERN_TLS_KEY_FILE.";
        let key = env.secret_path(KEY, about);
        check_pair(env);
        judge(env, certificate.as_ref().and_then(Option::as_deref), key.as_ref().and_then(Option::as_deref), url);
        match (certificate?, key?) {
            (Some(certificate), Some(key)) => Some(Some(Self::Files(Files { certificate, key }))),
            (None, None) if is_internal? => Internal::at(env, url?, location?).map(|it| Some(Self::Internal(it))),
            _ => Some(None),
        }
    }
}

/// A certificate needs its key, and no other one beside it.
fn check_pair(env: &mut Env) {
    let (has_certificate, has_key) = (env.is_set(CERTIFICATE), env.is_set(KEY) || env.is_set("POSTERN_TLS_KEY_FILE"));
    for (lacks, name, other) in [(!has_certificate, CERTIFICATE, KEY), (!has_key, KEY, CERTIFICATE)] {
        if lacks && (has_certificate || has_key) {
            env.problem(name, Fault::new(format!("is not set although {other} is"), "Write both, or none"));
        }
    }
    if env.says(MODE, "internal") && (has_certificate || has_key) {
        let wrong = "is internal although POSTERN_TLS_CERTIFICATE or POSTERN_TLS_KEY is set";
        env.problem(MODE, Fault::new(wrong, "Keep the one or the other"));
    }
}

/// Notes every fault of the operator's files, and what else is to be said of them.
fn judge(env: &mut Env, certificate: Option<&Path>, key: Option<&Path>, url: Option<&Url>) {
    let now = Clock::system().now();
    let pair = match pair::judge(certificate, key, now) {
        Ok(pair) => pair,
        Err(faults) => return faults.into_iter().for_each(|(name, fault)| env.problem(name, fault)),
    };
    if pair.validity.until < now + SOON {
        env.warn(CERTIFICATE, format!("the certificate expires at {}.", rfc3339(pair.validity.until)));
    }
    let name = url.and_then(server_name);
    if let (Some(name), Some(leaf)) = (name, pair.key.cert.first())
        && !pair::is_for(leaf, &name)
    {
        env.warn(
            CERTIFICATE,
            "the certificate is not for the host of POSTERN_URL: who comes to us directly is warned.",
        );
    }
}

impl Internal {
    /// What is kept beside the database, for a server at `url`.
    fn at(env: &mut Env, url: &Url, location: &Location) -> Option<Self> {
        let beside = match location {
            Location::Sqlite(path) => path,
            Location::Postgres(_) => Path::new(WITHOUT_FILE),
        };
        let Some(host) = server_name(url) else {
            let right = "Name a certificate by POSTERN_TLS_CERTIFICATE";
            env.problem(MODE, Fault::new("cannot make a certificate for the host of POSTERN_URL", right));
            return None;
        };
        let mut names: Vec<_> = OF_THIS_MACHINE.iter().filter_map(|name| ServerName::try_from(*name).ok()).collect();
        if !names.contains(&host) {
            names.push(host);
        }
        let authority = beside.with_extension("ca.pem");
        let shown = std::path::absolute(&authority).unwrap_or_else(|_| authority.clone());
        let shown = shown.display();
        env.notice(
            MODE,
            format!(
                "our certificate is trusted by whoever trusts {shown}. A Node app needs that path in NODE_EXTRA_CA_CERTS \
                 when it starts; an .env that it reads itself comes too late."
            ),
        );
        if !is_loopback(url) {
            env.warn(
                MODE,
                "internal is for trying out on one machine, and POSTERN_URL is not on this one: every other machine has \
                 to be given the authority's file. Name a certificate by POSTERN_TLS_CERTIFICATE instead.",
            );
        }
        Some(Self {
            authority,
            authority_key: beside.with_extension("ca.key"),
            server: beside.with_extension("tls.pem"),
            names,
        })
    }
}

/// The host of `url` as certificates name it.
fn server_name(url: &Url) -> Option<ServerName<'static>> {
    match url.host()? {
        Host::Domain(name) => ServerName::try_from(name.trim_end_matches('.').to_owned()).ok(),
        Host::Ipv4(address) => Some(std::net::IpAddr::V4(address).into()),
        Host::Ipv6(address) => Some(std::net::IpAddr::V6(address).into()),
    }
}
