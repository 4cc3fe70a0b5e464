//! Names become addresses here, and every address is looked at before it is called: whoever owns a
//! name can let it point anywhere, and elsewhere a moment later.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::Transport;

/// Asks for the addresses of a name.
pub(super) type LookUp = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// The system's own resolver.
pub(super) fn system() -> LookUp {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// Gives a connection only addresses that may be called.
#[derive(Clone)]
pub(super) struct Resolver {
    pub(super) look_up: LookUp,
    pub(super) transport: Transport,
    /// The networks that the operator named.
    pub(super) networks: Arc<[IpNet]>,
    /// The operator's own proxies, by host: they are called wherever they are.
    pub(super) proxies: Arc<[String]>,
}

impl Resolver {
    /// The addresses of `name` that may be called.
    ///
    /// # Errors
    /// When there is none of that name, or none that may be called.
    pub(super) async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut found = (self.look_up)(name.to_owned()).await?;
        found.retain(|address| self.transport.reaches(*address, &self.networks));
        match found.is_empty() {
            true => Err(io::Error::new(io::ErrorKind::PermissionDenied, super::refusal(name, self.transport))),
            false => Ok(found),
        }
    }

    fn is_proxy(&self, name: &str) -> bool {
        self.proxies.iter().any(|proxy| proxy.eq_ignore_ascii_case(name))
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolver, name) = (self.clone(), name.as_str().to_owned());
        Box::pin(async move {
            let found = match resolver.is_proxy(&name) {
                true => (resolver.look_up)(name).await?,
                false => resolver.addresses(&name).await?,
            };
            // Port 0 stands for the port of the call.
            let addresses: Addrs = Box::new(found.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}
