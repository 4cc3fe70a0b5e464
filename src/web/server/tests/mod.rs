mod https;
mod support;

use std::time::{Duration, Instant};

use poem::{Route, handler};
use support::{CLOSE, Server, drip, read_all, status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::oneshot;

use super::*;
use crate::web::settings::Listen;

#[tokio::test]
async fn an_answer_comes_over_tcp_and_over_a_unix_socket() {
    let server = Server::patient().await;
    let answer = server.send(format!("GET /echo HTTP/1.1\r\n{CLOSE}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("got 0"), "{answer}");
    assert!(answer.to_lowercase().contains("x-request-id: "), "{answer}");

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("postern.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).expect("leaves a stale file"));
    let server = Server::start(Listen::Unix(path.clone()), Duration::from_secs(20)).await;
    assert_eq!(server.address, format!("unix:{}", path.display()));
    assert!(Listener::bind(&Listen::Unix(path.clone()), None).await.is_err(), "a living server keeps its socket");
    let mut stream = UnixStream::connect(&path).await.expect("connects");
    let request = format!("GET /whose HTTP/1.1\r\n{CLOSE}X-Forwarded-For: 203.0.113.9\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sends");
    assert!(read_all(&mut stream).await.ends_with("203.0.113.9"));
    server.stop.send(()).expect("runs");
    server.running.await.expect("ends").expect("well");
    assert!(!path.exists());
}

#[tokio::test]
async fn sec_131_two_lengths_are_refused_and_a_chunked_body_closes() {
    let server = Server::patient().await;
    let head = "POST /echo HTTP/1.1\r\nHost: x\r\n";
    assert_eq!(server.status(format!("{head}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")).await, 400);
    assert_eq!(server.status(format!("{head}Content-Length: 3, 4\r\n\r\nabcd")).await, 400);
    assert_eq!(server.status(format!("{head}Content-Length: +3\r\n\r\nabc")).await, 400);
    assert_eq!(server.status(format!("{head}Transfer-Encoding: chunked, gzip\r\n\r\n")).await, 400);
    let smuggled = "0\r\n\r\nGET /whose HTTP/1.1\r\nHost: x\r\n\r\n";
    for lengths in
        ["Content-Length: 30\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 30"]
    {
        let answer = server.send(format!("{head}{lengths}\r\n\r\n{smuggled}")).await;
        assert_eq!((status(&answer), answer.matches("HTTP/1.1").count()), (200, 1), "{answer}");
    }
}

#[tokio::test]
async fn sec_127_long_heads_are_refused_by_their_own_status() {
    let server = Server::patient().await;
    let url = |length: usize| format!("GET /echo?{} HTTP/1.1\r\n{CLOSE}\r\n", "a".repeat(length));
    for length in [16 * 1024, 40_000, 70_000] {
        assert_eq!(server.status(url(length)).await, 414, "{length}");
    }
    assert_eq!(server.status(url(15_000)).await, 200);
    let header = |length: usize| format!("GET /echo HTTP/1.1\r\n{CLOSE}X-Long: {}\r\n\r\n", "a".repeat(length));
    for length in [33_000, 70_000, 200_000] {
        assert_eq!(server.status(header(length)).await, 431, "{length}");
    }
    assert_eq!(server.status(header(31_000)).await, 200);
    let many: String = (0..200).map(|number| format!("X-{number}: a\r\n")).collect();
    assert_eq!(server.status(format!("GET /echo HTTP/1.1\r\n{CLOSE}{many}\r\n")).await, 431);
}

#[tokio::test]
async fn sec_127_large_bodies_are_refused_early_and_the_refusal_arrives() {
    let server = Server::patient().await;
    let begun = Instant::now();
    let announced = server.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\nabc").await;
    assert_eq!(status(&announced), 413, "{announced}");
    assert!(begun.elapsed() < Duration::from_secs(1), "without waiting for the body");
    let whole = format!("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n{}", "a".repeat(500_000));
    assert_eq!(server.status(whole).await, 413);
    let chunks = format!("10000\r\n{}\r\n", "a".repeat(0x10000)).repeat(4);
    assert_eq!(
        server.status(format!("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}")).await,
        413
    );
}

#[tokio::test]
async fn sec_132_tricks_with_paths_and_methods_reach_nothing() {
    let server = Server::patient().await;
    for path in
        ["/echo/", "//echo", "/Echo", "/%65cho", "/./echo", "/x/../echo", "/echo%2f", "/echo;x", "/echo.json", "*", "/"]
    {
        let code = server.status(format!("GET {path} HTTP/1.1\r\n{CLOSE}\r\n")).await;
        assert!([404, 400].contains(&code), "{path}: {code}");
    }
    for line in ["TRACE /echo", "CONNECT example.com:443", "TRACE /nothing"] {
        let answer = server.send(format!("{line} HTTP/1.1\r\n{CLOSE}\r\n")).await;
        assert_eq!(status(&answer), 405, "{line}");
        assert!(answer.to_lowercase().contains("allow: "), "{answer}");
    }
    for nonsense in
        ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET /echo HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n"]
    {
        assert_eq!(server.status(nonsense).await, 400, "{nonsense:?}");
    }
}

#[tokio::test]
async fn sec_154_who_sends_a_byte_at_a_time_is_closed_and_others_are_served() {
    let server = Server::impatient().await;
    let idle = async {
        let mut stream = server.connect().await;
        let answer = read_all(&mut stream).await;
        assert_eq!(answer, "");
    };
    let others = async {
        let begun = Instant::now();
        assert_eq!(server.status(format!("GET /echo HTTP/1.1\r\n{CLOSE}\r\n")).await, 200);
        assert!(begun.elapsed() < Duration::from_millis(300));
    };
    let body = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n";
    let unread = "POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n";
    let (head, body, unread, (), ()) = tokio::join!(
        drip(&server, "GET /echo HTTP/1.1\r\n", "X: a\r\n"),
        drip(&server, body, "a"),
        drip(&server, unread, "a"),
        idle,
        others
    );
    assert_eq!((status(&body.1), status(&unread.1)), (408, 404), "{} {}", body.1, unread.1);
    assert!(body.1.contains("application/problem+json"), "{}", body.1);
    for (time, answer) in [head, body, unread] {
        assert!(time < Duration::from_secs(4), "{time:?} {answer}");
    }
}

#[tokio::test]
async fn a_stop_lets_requests_in_flight_end_and_takes_no_new_ones() {
    let server = Server::patient().await;
    let mut idle = server.connect().await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sends");
    server.gate.begun.notified().await;
    server.stop.send(()).expect("runs");
    while TcpStream::connect(&server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    server.gate.go_on.notify_one();
    assert!(read_all(&mut busy).await.ends_with("slow but done"));
    assert_eq!(read_all(&mut idle).await, "");
    server.running.await.expect("ends").expect("well");
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_given_up() {
    #[handler]
    fn flood() -> Vec<u8> {
        vec![b'a'; 64 * 1024 * 1024]
    }
    let listener = Listener::bind(&Listen::Tcp(([127, 0, 0, 1], 0).into()), None).await.expect("binds");
    let address = listener.to_string().replace("http://", "");
    let limits = Limits { patience: Duration::from_millis(300), shutdown_grace: Duration::from_secs(5) };
    let (stop, stopped) = oneshot::channel::<()>();
    let stopped = async {
        let _ = stopped.await;
    };
    let running = tokio::spawn(serve(Route::new().at("/", flood), vec![listener], limits, stopped));
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("sends");
    stream.read_u8().await.expect("the answer begins");
    stop.send(()).expect("runs");
    let begun = Instant::now();
    running.await.expect("ends").expect("well");
    assert!(begun.elapsed() < Duration::from_secs(3), "the grace time would have been five");
}
