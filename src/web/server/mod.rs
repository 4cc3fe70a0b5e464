//! The accept loop: any listener, any stream, HTTP/1.1 with limits.
//!
//! It is our own because poem's sets no time limit on a request's head and lets slow connections
//! stay (SEC-154). What a request means begins in [`crate::web::surface`].

mod connection;
mod listener;
mod paced;
mod tls;

pub use connection::Peers;
pub use listener::{Listener, Socket};

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use poem::{Endpoint, Response};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::web::settings::Settings;

/// Connections that are held open at once; the next ones wait in the system's queue.
const CONNECTIONS: u32 = 10_000;
/// How long to wait when no connection can be accepted (mostly: no file descriptor is left).
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// Longest wait for a request's head, for an answer to be taken, and between two requests.
const SLOWEST: Duration = Duration::from_secs(30);

/// Time limits of connections.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the head of a request to arrive, and for each part of an answer to be taken.
    pub patience: Duration,
    /// For requests in flight to end once we stop.
    pub shutdown_grace: Duration,
}

impl From<&Settings> for Limits {
    fn from(settings: &Settings) -> Self {
        Self { patience: settings.request_timeout.min(SLOWEST), shutdown_grace: settings.shutdown_grace }
    }
}

/// Serves `endpoint` on `listeners` until `stop`, then lets requests in flight end.
///
/// # Errors
/// None at present: what goes wrong with a connection ends that connection.
pub async fn serve<E>(
    endpoint: E,
    listeners: Vec<Listener>,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> io::Result<()>
where
    E: Endpoint<Output = Response> + 'static,
{
    let (endpoint, places) = (Arc::new(endpoint), Arc::new(Semaphore::new(CONNECTIONS as usize)));
    let stopping = CancellationToken::new();
    let loops: Vec<_> = listeners
        .into_iter()
        .map(|listener| tokio::spawn(accept(listener, endpoint.clone(), places.clone(), limits, stopping.clone())))
        .collect();
    stop.await;
    stopping.cancel();
    for accepting in loops {
        accepting.await.map_err(io::Error::other)?;
    }
    if tokio::time::timeout(limits.shutdown_grace, places.acquire_many(CONNECTIONS)).await.is_err() {
        tracing::warn!("requests were still running at the end of the shutdown grace time");
    }
    Ok(())
}

async fn accept<E>(
    listener: Listener,
    endpoint: Arc<E>,
    places: Arc<Semaphore>,
    limits: Limits,
    stopping: CancellationToken,
) where
    E: Endpoint<Output = Response> + 'static,
{
    loop {
        let next = async { (places.clone().acquire_owned().await, listener.accept().await) };
        let (place, accepted) = tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            next = next => next,
        };
        let (socket, peers) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if !is_of_one_connection(&error) {
                    tracing::warn!(%error, "no connection can be accepted for the moment");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
                continue;
            }
        };
        let (endpoint, stopping) = (endpoint.clone(), stopping.clone());
        tokio::spawn(async move {
            // The place is free again when the connection ends.
            let _place = place;
            // The PROXY protocol belongs here too, before TLS: it takes a stream and gives another one.
            match socket {
                Socket::Tcp(stream) => connection::run(stream, peers, endpoint, limits, stopping).await,
                Socket::Tls(stream, config) => {
                    if let Some(stream) = tls::greet(stream, config, limits.patience, &stopping).await {
                        connection::run(stream, peers, endpoint, limits, stopping).await;
                    }
                }
                Socket::Unix(stream) => connection::run(stream, peers, endpoint, limits, stopping).await,
            }
        });
    }
}

/// Whether only the connection that was about to be accepted has failed (accept(2)).
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests;
