//! Where connections come from.

use std::fmt;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use crate::services::certificates::Certificates;
use crate::web::server::{Peers, tls::Tls};
use crate::web::settings::Listen;

/// Owner and group: the proxy's user belongs into our group.
const SOCKET_MODE: u32 = 0o660;

/// An address that we listen on. Printed as what to call: `http://127.0.0.1:3081`, or with https.
#[derive(Debug)]
pub struct Listener(Source);

#[derive(Debug)]
enum Source {
    Tcp(TcpListener, LocalAddr, Option<Tls>),
    Unix(UnixListener, PathBuf),
}

/// A connection, as the system gives it.
#[derive(Debug)]
pub enum Socket {
    /// From a network.
    Tcp(TcpStream),
    /// From a network, by https.
    Tls(TcpStream, Arc<ServerConfig>),
    /// From this machine.
    Unix(UnixStream),
}

impl Listener {
    /// Listens on `address`; one of TCP speaks https where there are `certificates`. A socket file
    /// that nobody listens on any more is replaced.
    ///
    /// # Errors
    /// What the system says; that the address is in use, when a living server has it.
    pub async fn bind(address: &Listen, certificates: Option<Certificates>) -> io::Result<Self> {
        match address {
            Listen::Tcp(address) => {
                let listener = TcpListener::bind(address).await?;
                let local = LocalAddr(listener.local_addr()?.into());
                Ok(Self(Source::Tcp(listener, local, certificates.map(Tls::new))))
            }
            Listen::Unix(path) => {
                remove_stale(path).await?;
                let listener = UnixListener::bind(path)?;
                std::fs::set_permissions(path, Permissions::from_mode(SOCKET_MODE))?;
                Ok(Self(Source::Unix(listener, path.clone())))
            }
        }
    }

    pub(super) async fn accept(&self) -> io::Result<(Socket, Peers)> {
        match &self.0 {
            Source::Tcp(listener, local, tls) => {
                let (stream, remote) = listener.accept().await?;
                // Answers are small and written at once: waiting for more to send only delays them. A
                // connection that is gone already says so at its first read.
                let _ = stream.set_nodelay(true);
                let (socket, scheme) = match tls {
                    Some(tls) => (Socket::Tls(stream, tls.config()?), Scheme::HTTPS),
                    None => (Socket::Tcp(stream), Scheme::HTTP),
                };
                Ok((socket, Peers { local: local.clone(), remote: RemoteAddr(remote.into()), scheme }))
            }
            Source::Unix(listener, _) => {
                let (stream, remote) = listener.accept().await?;
                let local = LocalAddr(stream.local_addr()?.into());
                Ok((Socket::Unix(stream), Peers { local, remote: RemoteAddr(remote.into()), scheme: Scheme::HTTP }))
            }
        }
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Tcp(_, local, tls) => match (local.as_socket_addr(), tls) {
                (Some(address), None) => write!(f, "http://{address}"),
                (Some(address), Some(_)) => write!(f, "https://{address}"),
                (None, _) => write!(f, "{local}"),
            },
            Source::Unix(_, path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if let Self::Unix(_, path) = self
            && let Err(error) = std::fs::remove_file(&path)
        {
            tracing::warn!(%error, path = %path.display(), "the socket file stays behind");
        }
    }
}

async fn remove_stale(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(file) if !file.file_type().is_socket() => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a file that is no socket stands there"));
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(error) => Err(error),
    }
}
