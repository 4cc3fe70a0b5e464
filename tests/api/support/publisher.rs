//! The web site of a client: it publishes by https what stands there about the client.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::certificate::Pair;
use super::clients_file;
use super::patience::until;

/// How long a request may take to come: machines are busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A site on a port of its own.
#[derive(Clone)]
pub(crate) struct Publisher {
    /// Where it is, without a slash at the end.
    pub(crate) base: String,
    state: Arc<Mutex<State>>,
    gate: Arc<watch::Sender<bool>>,
    folder: Arc<TempDir>,
}

#[derive(Default)]
struct State {
    /// By path: everything after the first line's version, to the last byte.
    answers: BTreeMap<String, String>,
    heard: Vec<String>,
}

impl Publisher {
    pub(crate) async fn start() -> Self {
        let pair = Pair::good(2020, 2090);
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        pair.put(folder.path());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
        let (gate, _) = watch::channel(true);
        let site = Self { base, state: Arc::default(), gate: Arc::new(gate), folder };
        let (serving, acceptor) = (site.clone(), acceptor(&pair));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().answer(stream, acceptor.clone()));
            }
        });
        site
    }

    /// Who vouches for the site: a file for `POSTERN_CA_FILE`.
    pub(crate) fn authority(&self) -> String {
        self.file("server.pem")
    }

    /// A clients file with the usual clients and this text.
    pub(crate) fn clients_file(&self, more: &str) -> String {
        std::fs::write(self.folder.path().join("clients.toml"), format!("{}\n{more}", clients_file())).expect("a file");
        self.file("clients.toml")
    }

    fn file(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        path.to_str().expect("UTF-8").to_owned()
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Shows `document` at `path`.
    pub(crate) fn publish(&self, path: &str, document: &Value) {
        self.answer_with(path, "200 OK", "content-type: application/json\r\n", &document.to_string());
    }

    /// Answers requests for `path` so; each of the headers ends in a line break.
    pub(crate) fn answer_with(&self, path: &str, status: &str, headers: &str, body: &str) {
        let answer = format!("{status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len());
        self.state().answers.insert(path.to_owned(), answer);
    }

    /// Takes requests, and answers none until told so.
    pub(crate) fn hold(&self) {
        self.gate.send_replace(false);
    }

    /// Answers what waits, and what comes from now on.
    pub(crate) fn release(&self) {
        self.gate.send_replace(true);
    }

    /// How often `path` was asked for so far.
    pub(crate) fn heard(&self, path: &str) -> usize {
        self.state().heard.iter().filter(|heard| *heard == path).count()
    }

    /// Returns when `path` was asked for so often.
    pub(crate) async fn hears(&self, path: &str, many: usize) {
        until(PATIENCE, &format!("{many} requests for {path}"), async || self.heard(path) >= many).await;
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    async fn answer(self, stream: TcpStream, acceptor: TlsAcceptor) {
        let Ok(mut stream) = acceptor.accept(stream).await else { return };
        let (mut head, mut part) = (Vec::new(), [0; 4096]);
        while !head.windows(4).any(|four| four == b"\r\n\r\n") {
            let Some(length) = stream.read(&mut part).await.ok().filter(|length| *length > 0) else { return };
            head.extend_from_slice(&part[..length]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        assert!(head.starts_with("GET "), "{head}");
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let answer = {
            let mut state = self.state();
            state.heard.push(path.clone());
            state.answers.get(&path).cloned()
        };
        let _ = self.gate.subscribe().wait_for(|is_open| *is_open).await;
        let answer = answer.unwrap_or_else(|| "404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned());
        let (status, rest) = answer.split_once("\r\n").expect("a status");
        if status.starts_with('1') {
            // An interim answer, again and again, until whoever asked hangs up.
            let text = format!("HTTP/1.1 {status}\r\n\r\n");
            while stream.write_all(text.as_bytes()).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            return;
        }
        let text = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{rest}");
        // Whoever has read enough hangs up.
        let _ = stream.write_all(text.as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

fn acceptor(pair: &Pair) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(pair.certificate.as_bytes()).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).expect("a key");
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("they belong together");
    TlsAcceptor::from(Arc::new(config))
}
