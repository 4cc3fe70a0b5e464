//! TLS on the wire.

use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, HandshakeKind, RootCertStore, SupportedProtocolVersion};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::services::certificates::Certificates;
use crate::services::certificates::testing::{LONG, certificate, put, showing};

const LOCAL: [u8; 4] = [127, 0, 0, 1];

/// A server that shows a certificate of its own, and its folder.
struct Https {
    server: Server,
    certificates: Certificates,
    folder: tempfile::TempDir,
    pem: String,
}

impl Https {
    async fn start(patience: Duration) -> Self {
        let (folder, pair) = (tempfile::tempdir().expect("a folder"), certificate("localhost", LONG));
        let certificates = showing(put(folder.path(), &pair));
        let listen = Listen::Tcp((LOCAL, 0).into());
        let server = Server::speaking(Some(certificates.clone()), listen, patience).await;
        Self { server, certificates, folder, pem: pair.0 }
    }

    /// A connection of somebody who trusts `pem` alone.
    async fn connect(
        &self,
        pem: &str,
        version: &'static SupportedProtocolVersion,
        spoken: &[&str],
    ) -> io::Result<Stream> {
        self.connect_by(&trusting(pem, version, spoken)).await
    }

    /// A connection of a client that may remember an earlier one.
    async fn connect_by(&self, client: &TlsConnector) -> io::Result<Stream> {
        client.connect("localhost".try_into().expect("a name"), self.server.connect().await).await
    }
}

/// Somebody who trusts `pem` alone.
fn trusting(pem: &str, version: &'static SupportedProtocolVersion, spoken: &[&str]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")).expect("a root");
    let mut config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = spoken.iter().map(|it| it.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

type Stream = TlsStream<TcpStream>;

/// Asks for `path` and keeps the connection; the answer's body has to end with `end`.
async fn ask(stream: &mut Stream, path: &str, end: &str) {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.expect("sends");
    let (mut answer, mut part) = (String::new(), [0; 4096]);
    while !answer.ends_with(end) {
        let length = stream.read(&mut part).await.expect("an answer");
        assert_ne!(length, 0, "closed after {answer}");
        answer += std::str::from_utf8(&part[..length]).expect("UTF-8");
    }
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn both_versions_of_tls_are_spoken_and_http_1_alone_inside() {
    let https = Https::start(Duration::from_secs(20)).await;
    for (version, spoken) in [(&TLS12, &["h2", "http/1.1"][..]), (&TLS13, &["http/1.1"]), (&TLS13, &[])] {
        let mut stream = https.connect(&https.pem, version, spoken).await.expect("a handshake");
        let agreed = stream.get_ref().1.alpn_protocol();
        assert_eq!(agreed, spoken.last().map(|it| it.as_bytes()));
        ask(&mut stream, "/scheme", "https").await;
        ask(&mut stream, "/scheme", "https").await;
    }
    assert!(https.connect(&https.pem, &TLS13, &["h2"]).await.is_err());
    assert!(https.connect(&certificate("localhost", LONG).0, &TLS13, &[]).await.is_err(), "nobody else is trusted");
}

#[tokio::test]
async fn another_certificate_is_shown_to_whoever_comes_next() {
    let https = Https::start(Duration::from_secs(20)).await;
    let mut old = https.connect(&https.pem, &TLS13, &[]).await.expect("a handshake");
    ask(&mut old, "/scheme", "https").await;
    let next = certificate("localhost", LONG);
    put(https.folder.path(), &next);
    https.certificates.renew().await;
    assert!(https.connect(&https.pem, &TLS13, &[]).await.is_err());
    let mut new = https.connect(&next.0, &TLS13, &[]).await.expect("a handshake");
    ask(&mut new, "/scheme", "https").await;
    ask(&mut old, "/scheme", "https").await;
}

/// Whoever resumes a session sees no certificate: one that was replaced, because its key was stolen say, would
/// stand for this server until every client has forgotten it.
#[tokio::test]
async fn nobody_resumes_what_began_under_the_certificate_from_before() {
    for version in [&TLS12, &TLS13] {
        let https = Https::start(Duration::from_secs(20)).await;
        let client = trusting(&https.pem, version, &[]);
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut stream = https.connect_by(&client).await.expect("a handshake");
            ask(&mut stream, "/scheme", "https").await;
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(kind), "{version:?}");
        }
        put(https.folder.path(), &certificate("localhost", LONG));
        https.certificates.renew().await;
        assert!(https.connect_by(&client).await.is_err(), "{version:?}: it has to see the new one");
    }
}

#[tokio::test]
async fn who_speaks_no_tls_ends_only_that_connection() {
    let https = Https::start(Duration::from_secs(20)).await;
    for request in
        ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /echo HTTP/1.1\r\nContent-Length: 9\r\n\r\nx", "nonsense"]
    {
        let answer = https.server.send(request).await;
        assert!(status(&answer) == 400 && answer.ends_with("Write https in place of http.\r\n"), "{answer}");
    }
    let hello = "\x16\x03\x01\x02\0\x01\0\x01";
    for garbage in
        ["\0\0\0\0\0\0", "\x16\x03\x01\0\x05aaaaa", "\x16\x16\x16\x16\x16\x16\x16\x16", "\x15\x03\x01\0\x02\x02\x28"]
    {
        // An alert may come first; what matters is the end.
        assert!(!https.server.send(garbage).await.contains("HTTP"), "{garbage:?}");
    }
    let mut broken = https.server.connect().await;
    broken.write_all(hello.as_bytes()).await.expect("sends");
    drop(broken);
    drop(https.server.connect().await);
    let mut stream = https.connect(&https.pem, &TLS12, &[]).await.expect("a handshake");
    ask(&mut stream, "/scheme", "https").await;
}

#[tokio::test]
async fn sec_154_slow_handshakes_are_closed_and_others_are_served() {
    let https = Https::start(Duration::from_millis(400)).await;
    let silent = async { read_all(&mut https.server.connect().await).await };
    let others = async {
        let begun = Instant::now();
        let mut stream = https.connect(&https.pem, &TLS13, &[]).await.expect("a handshake");
        ask(&mut stream, "/scheme", "https").await;
        // The head of a request is awaited no longer than without TLS.
        let mut head = Vec::new();
        stream.write_all(b"GET /").await.expect("sends");
        let _ = stream.read_to_end(&mut head).await;
        begun.elapsed()
    };
    let hello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    let (silent, dripped, others) = tokio::join!(silent, drip(&https.server, hello, [7]), others);
    assert_eq!(silent, "");
    assert!(dripped.0 < Duration::from_secs(4) && !dripped.1.contains("HTTP"), "{dripped:?}");
    assert!(others < Duration::from_secs(4), "{others:?}");
}

#[tokio::test]
async fn sockets_stay_plain_and_a_stop_waits_for_no_handshake() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, pair) = (folder.path().join("postern.sock"), certificate("localhost", LONG));
    let certificates = showing(put(folder.path(), &pair));
    let plain = Server::speaking(Some(certificates), Listen::Unix(path.clone()), Duration::from_secs(20)).await;
    let mut stream = UnixStream::connect(&path).await.expect("connects");
    stream.write_all(format!("GET /scheme HTTP/1.1\r\n{CLOSE}\r\n").as_bytes()).await.expect("sends");
    assert!(read_all(&mut stream).await.ends_with("http"));
    plain.stop.send(()).expect("runs");

    let https = Https::start(Duration::from_secs(20)).await;
    let mut open = https.server.connect().await;
    // Served after the one before was accepted: that one is shaking hands by now.
    let mut served = https.connect(&https.pem, &TLS13, &[]).await.expect("a handshake");
    ask(&mut served, "/scheme", "https").await;
    let begun = Instant::now();
    https.server.stop.send(()).expect("runs");
    assert_eq!(read_all(&mut open).await, "");
    https.server.running.await.expect("ends").expect("well");
    assert!(begun.elapsed() < Duration::from_secs(4), "the grace time would have been five");
}
