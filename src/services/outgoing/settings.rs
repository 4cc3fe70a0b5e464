//! Settings of calls to other servers.

use std::time::Duration;

use ipnet::IpNet;
use reqwest::{Certificate, Client, Proxy};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::env::{Absent, Env, Fault, Parsed, address, numbers, words};

/// How other servers are called, and which of them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `POSTERN_ALLOW_PRIVATE_ADDRESSES`: networks that are called though they are not public.
    pub networks: Vec<IpNet>,
    /// `POSTERN_OUTBOUND_TIMEOUT`: the longest that one call takes.
    pub timeout: Duration,
    /// `POSTERN_CA_FILE`: who may vouch for servers, besides those whom the system trusts.
    pub roots: Vec<Certificate>,
    /// `PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`.
    pub proxies: Proxies,
}

/// The proxies through which calls go. Their addresses may hold a password.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// For calls by https.
    https: Option<SecretString>,
    /// For calls by plain http.
    http: Option<SecretString>,
    /// Hosts and networks that are called without, by comma.
    except: Option<String>,
}

impl Settings {
    /// Reads them.
    pub fn read(env: &mut Env) -> Option<Self> {
        let networks = env.optional(
            "POSTERN_ALLOW_PRIVATE_ADDRESSES",
            "none",
            "Networks that are called though they are private, by comma; plain http is spoken to these alone.",
            |text| words::list(text, address::network),
        );
        let timeout = env.or("POSTERN_OUTBOUND_TIMEOUT", "10s", "Longest time for a call to another server.", |text| {
            numbers::duration(text, 1..=120)
        });
        let roots = env.optional(
            "POSTERN_CA_FILE",
            "",
            "Certificates (PEM) of those who vouch for other servers, besides the system's.",
            roots,
        );
        let proxies = Proxies::read(env);
        Some(Self {
            networks: networks?.unwrap_or_default(),
            timeout: timeout?,
            roots: roots?.unwrap_or_default(),
            proxies: proxies?,
        })
    }
}

/// The certificates in the file at `path`.
fn roots(path: &str) -> Parsed<Vec<Certificate>> {
    let fault = |wrong: String| Fault::new(wrong, "Name a file with certificates in PEM form that this user may read");
    let bytes = std::fs::read(path).map_err(|error| fault(format!("names a file that cannot be read: {error}")))?;
    let roots = Certificate::from_pem_bundle(&bytes).unwrap_or_default();
    // What stands in PEM is looked at only when a client is made of it.
    let are_good = Client::builder().tls_certs_only(roots.clone()).no_proxy().build().is_ok();
    match roots.is_empty() || !are_good {
        true => Err(fault("names a file without a good certificate in it".to_owned())),
        false => Ok(roots),
    }
}

impl Proxies {
    fn read(env: &mut Env) -> Option<Self> {
        let all = proxy(env, "PROXY", "Proxy for all calls to other servers.");
        let https = proxy(env, "HTTPS_PROXY", "Proxy for calls by https, where PROXY is not set.");
        let http = proxy(env, "HTTP_PROXY", "Proxy for calls by plain http, where PROXY is not set.");
        let about = "Hosts and networks that are called without a proxy, by comma.";
        let except = env.optional("NO_PROXY", "none", about, |text| words::line(text, 4000));
        let (all, https, http) = (all?, https?, http?);
        let proxies = Self { https: all.clone().or(https), http: all.or(http), except: except? };
        if proxies.is_any() {
            env.warn(
                "POSTERN_ALLOW_PRIVATE_ADDRESSES",
                "calls go through a proxy, so a name is called wherever the proxy finds it: let the proxy keep private networks closed.",
            );
        }
        Some(proxies)
    }

    /// Whether any call goes through one.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.https.is_some() || self.http.is_some()
    }

    /// The hosts of the proxies.
    pub(super) fn hosts(&self) -> Vec<String> {
        let both = [&self.https, &self.http].into_iter().flatten();
        both.filter_map(|proxy| Some(Url::parse(proxy.expose_secret()).ok()?.host_str()?.to_owned())).collect()
    }

    /// The proxies, as the client takes them.
    pub(super) fn list(&self) -> reqwest::Result<Vec<Proxy>> {
        let mut list = Vec::new();
        if let Some(proxy) = &self.https {
            list.push(Proxy::https(proxy.expose_secret())?);
        }
        if let Some(proxy) = &self.http {
            list.push(Proxy::http(proxy.expose_secret())?);
        }
        let except = self.except.as_deref().and_then(reqwest::NoProxy::from_string);
        Ok(list.into_iter().map(|proxy| proxy.no_proxy(except.clone())).collect())
    }
}

fn proxy(env: &mut Env, name: &'static str, about: &'static str) -> Option<Option<SecretString>> {
    let given = env.secret(name, Absent::Words("none"), about)?;
    let is_proxy = |text: &SecretString| {
        let url = Url::parse(text.expose_secret().trim()).ok();
        url.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
    };
    if given.as_ref().is_some_and(|text| !is_proxy(text)) {
        let right = "Write such as http://proxy.example.com:3128";
        env.problem(name, Fault::new("is not the address of an HTTP proxy", right));
        return None;
    }
    Some(given.map(|text| text.expose_secret().trim().into()))
}
