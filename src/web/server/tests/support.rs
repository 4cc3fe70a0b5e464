//! A small server on a free port, and those who call it byte by byte.

use std::time::{Duration, Instant};

use poem::web::Data;
use poem::{EndpointExt, Request, Route, handler};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

use crate::error;
use crate::services::caller::Caller;
use crate::services::certificates::Certificates;
use crate::web::failure::{self, Failures};
use crate::web::server::*;
use crate::web::settings::Listen;
use crate::web::surface::Surface;
use crate::web::tests::{settings, web};

#[handler]
async fn echo(request: &Request, body: poem::Body) -> error::Result<String> {
    let mut body = poem::RequestBody::new(body);
    let bytes = crate::web::body::read(request, &mut body).await?;
    Ok(format!("got {}", bytes.len()))
}

/// Tells when it has begun, and ends when it is let.
#[derive(Default)]
pub(super) struct Gate {
    pub(super) begun: Notify,
    pub(super) go_on: Notify,
}

#[handler]
async fn slow(gate: Data<&Arc<Gate>>) -> &'static str {
    gate.begun.notify_one();
    gate.go_on.notified().await;
    "slow but done"
}

#[handler]
async fn whose(caller: Caller) -> String {
    caller.address.to_string()
}

#[handler]
fn scheme(request: &Request) -> String {
    request.scheme().to_string()
}

/// A small server on a free port.
pub(super) struct Server {
    pub(super) address: String,
    pub(super) gate: Arc<Gate>,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) running: JoinHandle<io::Result<()>>,
}

impl Server {
    pub(super) async fn start(listen: Listen, patience: Duration) -> Self {
        Self::speaking(None, listen, patience).await
    }

    pub(super) async fn speaking(certificates: Option<Certificates>, listen: Listen, patience: Duration) -> Self {
        let listener = Listener::bind(&listen, certificates).await.expect("binds");
        let address = listener.to_string().replace("https://", "").replace("http://", "");
        let settings = Settings {
            request_timeout: patience,
            shutdown_grace: Duration::from_secs(5),
            trusted_proxies: vec!["127.0.0.1/32".parse().expect("a network")],
            ..settings("http://localhost")
        };
        let limits = Limits::from(&settings);
        let gate = Arc::new(Gate::default());
        let routes = Route::new()
            .at("/echo", failure::get(echo).post(echo))
            .at("/slow", failure::get(slow))
            .at("/whose", failure::get(whose))
            .at("/scheme", failure::get(scheme))
            .with(Failures::problem(failure::Allow::default()))
            .data(gate.clone());
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            let _ = stopped.await;
        };
        let running = tokio::spawn(serve(Surface::new(web(settings), routes), vec![listener], limits, stopped));
        Self { address, gate, stop, running }
    }

    pub(super) async fn patient() -> Self {
        Self::start(Listen::Tcp(([127, 0, 0, 1], 0).into()), Duration::from_secs(20)).await
    }

    pub(super) async fn impatient() -> Self {
        Self::start(Listen::Tcp(([127, 0, 0, 1], 0).into()), Duration::from_millis(400)).await
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.expect("connects")
    }

    /// Sends these bytes and reads until the server closes.
    pub(super) async fn send(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        // A server that has refused already may not take all of it.
        let _ = stream.write_all(bytes.as_ref()).await;
        read_all(&mut stream).await
    }

    pub(super) async fn status(&self, bytes: impl AsRef<[u8]>) -> u16 {
        status(&self.send(bytes).await)
    }
}

pub(super) async fn read_all(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut text = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut text)).await;
    read.expect("the server closes").expect("the answer arrives");
    String::from_utf8_lossy(&text).into_owned()
}

pub(super) fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)
}

pub(super) const CLOSE: &str = "Host: x\r\nConnection: close\r\n";

/// Sends a byte every 20 ms, as a slow attacker does, until the server closes; how long that took,
/// and its answer.
pub(super) async fn drip(server: &Server, start: impl AsRef<[u8]>, rest: impl AsRef<[u8]>) -> (Duration, String) {
    let begun = Instant::now();
    let (mut reader, mut writer) = server.connect().await.into_split();
    let (start, rest) = (start.as_ref().to_owned(), rest.as_ref().to_owned());
    let drops = tokio::spawn(async move {
        writer.write_all(&start).await?;
        for byte in rest.into_iter().cycle() {
            tokio::time::sleep(Duration::from_millis(20)).await;
            writer.write_all(&[byte]).await?;
        }
        io::Result::Ok(())
    });
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), reader.read_to_end(&mut answer)).await;
    // A reset is an end, too: what was dripped after the close is nobody's.
    assert!(read.is_ok(), "the server closes");
    drops.abort();
    (begun.elapsed(), String::from_utf8_lossy(&answer).into_owned())
}
