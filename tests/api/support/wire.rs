//! A connection for bytes that no well-behaved client sends.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Site;

/// How long nothing may come before what has come counts as all.
const QUIET: Duration = Duration::from_millis(300);
/// How long the first byte may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to a server.
pub(crate) struct Wire(TcpStream);

impl Wire {
    pub(crate) async fn connect(site: &Site) -> Self {
        let address = site.base.trim_start_matches("http://").split('/').next().expect("an address");
        Self(TcpStream::connect(address).await.expect("a connection"))
    }

    /// The server may refuse and close before it has read everything.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes).await;
    }

    /// What comes until the server closes, or is silent for a while.
    pub(crate) async fn receive(&mut self) -> String {
        let (mut answer, mut part, mut patience) = (Vec::new(), [0; 4096], PATIENCE);
        while let Ok(Ok(length @ 1..)) = tokio::time::timeout(patience, self.0.read(&mut part)).await {
            answer.extend_from_slice(&part[..length]);
            patience = QUIET;
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Returns when the server has closed.
    pub(crate) async fn closed(&mut self) {
        let mut part = [0; 4096];
        while let Ok(1..) = self.0.read(&mut part).await {}
    }
}

/// Sends these bytes on a connection of their own and takes all that comes back.
pub(crate) async fn raw(site: &Site, bytes: &[u8]) -> String {
    let mut wire = Wire::connect(site).await;
    wire.send(bytes).await;
    wire.receive().await
}
