//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use crate::web::server::{Limits, paced::Paced};

/// Bytes of a request's head that are read at all. Above the limits of [`crate::web::limits`], so
/// that a long URL is told from long headers; what is longer still gets a bare 431.
const HEAD: usize = 80 * 1024;
/// How much, and for how long, is read and thrown away after an answer that closes.
const LINGER: (u64, Duration) = (1024 * 1024, Duration::from_secs(1));

/// The two ends of a connection.
#[derive(Clone, Debug)]
pub struct Peers {
    /// Our end.
    pub local: LocalAddr,
    /// The other end.
    pub remote: RemoteAddr,
    /// What the other end spoke with us.
    pub scheme: Scheme,
}

/// Serves the requests of one connection, and ends it softly when `stopping`.
pub(super) async fn run<S, E>(stream: S, peers: Peers, endpoint: Arc<E>, limits: Limits, stopping: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
    E: Endpoint<Output = Response> + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (endpoint, Peers { local, remote, scheme }) = (endpoint.clone(), peers.clone());
        Box::pin(async move {
            let answer = endpoint.get_response(Request::from((request, local, remote, scheme))).await;
            Ok::<hyper::Response<_>, Infallible>(answer.into())
        })
    });
    let stream = TokioIo::new(Paced::new(stream, limits.patience));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.patience)
        .max_header_size(HEAD)
        // Our answers are small: one copied piece is sent sooner than two gathered ones.
        .writev(false)
        // A caller that goes away does not stop what it has asked for half way.
        .half_close(true)
        .serve_connection(stream, service);

    let mut stopped = pin!(stopping.cancelled());
    let end = tokio::select! {
        end = poll_fn(|cx| connection.poll_without_shutdown(cx)) => end,
        () = &mut stopped => {
            Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|cx| connection.poll_without_shutdown(cx)).await
        }
    };
    if let Err(error) = end {
        tracing::debug!(%error, "a connection broke off");
    }
    linger(connection.into_parts().io.into_inner()).await;
}

/// Closes our side first. Closing with unread bytes in the queue would reset the connection, and
/// the caller could lose the very answer that tells why (RFC 9112, section 9.6).
pub(super) async fn linger(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let (bytes, time) = LINGER;
    if stream.shutdown().await.is_ok() {
        let (mut rest, mut nowhere) = (stream.take(bytes), tokio::io::sink());
        // Whether it ends, breaks or takes too long: this was a courtesy.
        let _ = tokio::time::timeout(time, tokio::io::copy(&mut rest, &mut nowhere)).await;
    }
}
