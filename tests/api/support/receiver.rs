//! The other end of back-channel logout: a server of an app that takes logout tokens.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::form_urlencoded;

use super::patience::until;
use super::{CLIENT_SECRET, clients_file};

/// How long a message may take: it is sent at once, but machines are busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// The apps that are told, and how their tokens are signed.
const APPS: [(&str, &str, &str); 4] = [
    ("told", "RS256", "public"),
    ("curved", "ES256", "public"),
    ("twisted", "EdDSA", "public"),
    ("veiled_told", "RS256", "pairwise"),
];

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// The app that it came for.
    pub(crate) app: String,
    pub(crate) head: String,
    pub(crate) fields: Vec<(String, String)>,
    /// What it was answered; none while it waits.
    pub(crate) status: u16,
}

impl Heard {
    /// The logout token, the one field of the form.
    #[track_caller]
    pub(crate) fn token(&self) -> &str {
        assert!(self.head.starts_with("POST ") && !self.head.contains('?'), "{self:?}");
        assert!(self.head.contains("content-type: application/x-www-form-urlencoded\r\n"), "{self:?}");
        match self.fields.as_slice() {
            [(name, token)] if name == "logout_token" => token,
            _ => panic!("{self:?}"),
        }
    }
}

/// Takes logout tokens on a port of its own and answers 200, unless told otherwise.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    heard: Vec<Heard>,
    /// What is answered first, in turn.
    next: VecDeque<u16>,
    always: Option<u16>,
    is_silent: bool,
    waiting: usize,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let receiver = Self { port, state: Arc::default() };
        let serving = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().answer(stream));
            }
        });
        receiver
    }

    /// A clients file in `folder` with the usual clients and the apps that are told here.
    pub(crate) fn clients_file(&self, folder: &Path) -> String {
        let app = |(id, algorithm, subject): (&str, &str, &str)| {
            format!(
                "[[client]]\nclient_id = \"{id}\"\nclient_secret = \"{CLIENT_SECRET}\"\ntrusted = true\n\
                 redirect_uris = [\"https://{id}.example/cb\"]\n\
                 post_logout_redirect_uris = [\"https://{id}.example/bye\"]\n\
                 id_token_signed_response_alg = \"{algorithm}\"\nsubject_type = \"{subject}\"\n\
                 backchannel_logout_uri = \"http://127.0.0.1:{}/{id}\"\n",
                self.port
            )
        };
        let path = folder.join("told.toml");
        let text = format!("{}\n{}", clients_file(), APPS.map(app).join("\n"));
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    /// What has come so far.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.state().heard.clone()
    }

    /// What has come once it is this much, and forgets it.
    pub(crate) async fn hears(&self, many: usize) -> Vec<Heard> {
        let come = async || self.heard().len() >= many;
        until(PATIENCE, &format!("{many} logout tokens, {:?}", self.heard().len()), come).await;
        let heard = std::mem::take(&mut self.state().heard);
        assert_eq!(heard.len(), many, "{heard:?}");
        heard
    }

    /// Returns when so many requests wait for an answer.
    pub(crate) async fn holds(&self, many: usize) {
        until(PATIENCE, "requests that wait", async || self.state().waiting >= many).await;
    }

    /// Answers the next requests so.
    pub(crate) fn answers_next(&self, statuses: &[u16]) {
        self.state().next.extend(statuses);
    }

    /// Answers every request so from now on.
    pub(crate) fn always_answers(&self, status: u16) {
        self.state().always = Some(status);
    }

    /// Takes requests and answers none of them.
    pub(crate) fn falls_silent(&self) {
        self.state().is_silent = true;
    }

    async fn answer(self, mut stream: TcpStream) {
        let Some(mut heard) = read(&mut stream).await else { return };
        let is_silent = {
            let mut state = self.state();
            state.waiting += usize::from(state.is_silent);
            state.is_silent
        };
        if is_silent {
            return std::future::pending().await;
        }
        let answer = {
            let mut state = self.state();
            let next = state.next.pop_front();
            heard.status = next.or(state.always).unwrap_or(200);
            let answer = format!("HTTP/1.1 {} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n", heard.status);
            state.heard.push(heard);
            answer
        };
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

/// One request with a form.
async fn read(stream: &mut TcpStream) -> Option<Heard> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut part).await.ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let announced = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= announced.unwrap_or(0) {
            let app = head.split(' ').nth(1)?.trim_start_matches('/').to_owned();
            let fields = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
            return Some(Heard { app, head: format!("{head}\r\n"), fields, status: 0 });
        }
    }
}
