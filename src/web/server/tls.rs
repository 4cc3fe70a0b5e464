//! TLS: from a stream that was accepted to one that only its two ends can read.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::services::certificates::Certificates;
use crate::web::server::connection::linger;

/// What we speak inside (RFC 7301): whoever insists on something else is told so in the handshake.
const SPOKEN: &[u8] = b"http/1.1";
/// For somebody who wrote http where https is spoken, before any of it was read.
const PLAIN: &str = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nContent-Length: 58\r\nConnection: close\r\n\r\n\
    This address speaks https. Write https in place of http.\r\n";

/// How handshakes are answered with the certificate of the moment.
#[derive(Debug)]
pub(super) struct Tls {
    certificates: Certificates,
    current: Mutex<Option<(Arc<CertifiedKey>, Arc<ServerConfig>)>>,
}

impl Tls {
    pub(super) fn new(certificates: Certificates) -> Self {
        Self { certificates, current: Mutex::new(None) }
    }

    /// What shows the present certificate. With another certificate the sessions that clients might
    /// resume are forgotten too, so that everybody gets to see it.
    ///
    /// # Errors
    /// When the provider of cryptography lacks what TLS needs.
    pub(super) fn config(&self) -> io::Result<Arc<ServerConfig>> {
        let certificate = self.certificates.current();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, config)) = current.as_ref().filter(|(shown, _)| Arc::ptr_eq(shown, &certificate)) {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(showing(Arc::clone(&certificate)).map_err(io::Error::other)?);
        *current = Some((certificate, Arc::clone(&config)));
        Ok(config)
    }
}

/// TLS 1.2 and 1.3, in the library's choice of ciphers.
fn showing(certificate: Arc<CertifiedKey>) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certificate)));
    config.alpn_protocols = vec![SPOKEN.to_vec()];
    Ok(config)
}

/// Shakes hands within `patience`. None when that came to nothing: there is nobody left to serve.
pub(super) async fn greet(
    stream: TcpStream,
    config: Arc<ServerConfig>,
    patience: Duration,
    stopping: &CancellationToken,
) -> Option<TlsStream<TcpStream>> {
    let shaken = tokio::select! {
        () = stopping.cancelled() => return None,
        shaken = tokio::time::timeout(patience, shake(stream, config)) => shaken,
    };
    match shaken {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => {
            tracing::debug!("a TLS handshake took too long");
            None
        }
    }
}

async fn shake(mut stream: TcpStream, config: Arc<ServerConfig>) -> io::Result<Option<TlsStream<TcpStream>>> {
    let mut first = [0];
    // A method's letter is no TLS record's type (RFC 8446, section 5.1), nor can it become one.
    if stream.peek(&mut first).await? == 1 && first[0].is_ascii_alphabetic() {
        stream.write_all(PLAIN.as_bytes()).await?;
        linger(stream).await;
        return Ok(None);
    }
    TlsAcceptor::from(config).accept(stream).await.map(Some)
}
