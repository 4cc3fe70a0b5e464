//! Something between the world and a server that does not pass on what it should: a proxy that is
//! set up wrongly.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Changes a line of an answer's head, or leaves it out.
pub(crate) type Bend = fn(&str) -> Option<String>;

/// What it does to a request's path and to each line of an answer's head, and what it says itself.
#[derive(Clone, Copy)]
pub(crate) struct Habits {
    pub(crate) path: fn(&str) -> String,
    pub(crate) head: Bend,
    /// Lines for the head of each request, each with its end.
    pub(crate) says: &'static str,
}

impl Habits {
    /// A good proxy's.
    pub(crate) const NONE: Self = Self { path: str::to_owned, head: |line| Some(line.to_owned()), says: "" };
}

/// Listens on `listener` and passes every request on to `server`, an address with a port.
pub(crate) fn meddle(listener: TcpListener, server: &str, habits: Habits) -> tokio::task::JoinHandle<()> {
    let server: Arc<str> = server.into();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let server = Arc::clone(&server);
            // A caller that goes away early is no concern of anybody.
            tokio::spawn(async move { pass_on(stream, &server, habits).await.ok() });
        }
    })
}

/// One request without a body, one answer, and the connection is closed.
async fn pass_on(mut caller: TcpStream, server: &str, habits: Habits) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(caller.read_u8().await?);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let (first, rest) = request.split_once("\r\n").unwrap_or_default();
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut to = TcpStream::connect(server).await?;
    let asked = format!("{method} {} HTTP/1.1\r\nConnection: close\r\n{}{rest}", (habits.path)(path), habits.says);
    to.write_all(asked.as_bytes()).await?;
    let mut answer = Vec::new();
    to.read_to_end(&mut answer).await?;
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap_or(answer.len());
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let bent: Vec<String> = head.split("\r\n").filter_map(|line| (habits.head)(line)).collect();
    caller.write_all(bent.join("\r\n").as_bytes()).await?;
    caller.write_all(&answer[end..]).await?;
    caller.shutdown().await
}
