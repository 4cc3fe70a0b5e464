//! A server that says what it is told to, and keeps what it hears.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// It answers every connection once; its last status again and again.
#[derive(Clone)]
pub(super) struct OtherServer {
    pub(super) port: u16,
    state: Arc<Mutex<State>>,
}

struct State {
    heard: Vec<String>,
    statuses: VecDeque<String>,
    body: String,
    is_silent: bool,
    shows_length: bool,
}

/// Somebody who vouches for servers.
pub(super) type Authority = CertifiedIssuer<'static, KeyPair>;

/// A new one.
pub(super) fn authority() -> Authority {
    let mut about = CertificateParams::new(Vec::new()).expect("no names");
    about.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(about, KeyPair::generate().expect("a key")).expect("a certificate")
}

impl OtherServer {
    /// One that speaks plain http and answers with these statuses (and headers).
    pub(super) async fn start(statuses: &[&str]) -> Self {
        Self::listen(statuses, None).await
    }

    /// One that speaks https as `rp.example`, for which `authority` vouches.
    pub(super) async fn start_encrypted(statuses: &[&str], authority: &Authority) -> Self {
        let key = KeyPair::generate().expect("a key");
        let about = CertificateParams::new(vec!["rp.example".to_owned()]).expect("a name");
        let certificate = about.signed_by(&key, authority).expect("a certificate");
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("they belong together");
        Self::listen(statuses, Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn listen(statuses: &[&str], encrypted: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let state = State {
            heard: Vec::new(),
            statuses: statuses.iter().map(|status| (*status).to_owned()).collect(),
            body: "hello".to_owned(),
            is_silent: false,
            shows_length: true,
        };
        let port = listener.local_addr().expect("an address").port();
        let server = Self { port, state: Arc::new(Mutex::new(state)) };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().welcome(stream, encrypted.clone()));
            }
        });
        server
    }

    async fn welcome(self, stream: TcpStream, encrypted: Option<TlsAcceptor>) {
        match encrypted {
            None => self.answer(stream).await,
            Some(acceptor) => {
                // Whoever does not believe the certificate hangs up.
                if let Ok(stream) = acceptor.accept(stream).await {
                    self.answer(stream).await;
                }
            }
        }
    }

    async fn answer(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let Some(request) = request(&mut stream).await else { return };
        let (answer, is_silent) = {
            let mut state = self.state.lock().expect("not poisoned");
            state.heard.push(request);
            let status = match state.statuses.len() {
                0 | 1 => state.statuses.front().cloned(),
                _ => state.statuses.pop_front(),
            };
            let length =
                if state.shows_length { format!("content-length: {}\r\n", state.body.len()) } else { String::new() };
            let status = status.expect("a status");
            (format!("HTTP/1.1 {status}\r\nconnection: close\r\n{length}\r\n{}", state.body), state.is_silent)
        };
        if is_silent {
            std::future::pending::<()>().await;
        }
        // Whoever has read enough hangs up.
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
    }

    /// Every request so far.
    pub(super) fn heard(&self) -> Vec<String> {
        self.state.lock().expect("not poisoned").heard.clone()
    }

    /// Changes the body of its answers.
    pub(super) fn say(&self, body: &str) {
        body.clone_into(&mut self.state.lock().expect("not poisoned").body);
    }

    /// Takes calls and never answers.
    pub(super) fn fall_silent(&self) {
        self.state.lock().expect("not poisoned").is_silent = true;
    }

    /// Ends its answers by hanging up.
    pub(super) fn hide_length(&self) {
        self.state.lock().expect("not poisoned").shows_length = false;
    }
}

/// One request with its body.
async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut part).await.ok().filter(|length| *length > 0)?;
        bytes.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            return Some(text);
        }
    }
}
