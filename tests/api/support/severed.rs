//! A way to PostgreSQL that can be cut and mended while a server runs.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Passes connections on to a server until it is cut.
pub(crate) struct Way {
    pub(crate) port: u16,
    target: String,
    open: CancellationToken,
    frozen: CancellationToken,
    passing: Option<JoinHandle<()>>,
}

impl Way {
    pub(crate) async fn to(target: String) -> Self {
        let mut way =
            Self { port: 0, target, open: CancellationToken::new(), frozen: CancellationToken::new(), passing: None };
        way.mend().await;
        way
    }

    /// Ends every connection and takes no more, as a server does that was killed.
    pub(crate) async fn cut(&mut self) {
        self.open.cancel();
        self.passing.take().expect("it is open").await.expect("it has ended");
    }

    /// Lets nothing through any more, but ends nothing: a firewall, or a machine without power.
    pub(crate) fn freeze(&self) {
        self.frozen.cancel();
    }

    /// Listens again, on the same port.
    pub(crate) async fn mend(&mut self) {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("the port can be taken again");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], self.port))).expect("the port");
        let listener = socket.listen(64).expect("it listens");
        self.port = listener.local_addr().expect("an address").port();
        self.open = CancellationToken::new();
        self.frozen = CancellationToken::new();
        let passing = pass_on(listener, self.target.clone(), self.open.clone(), self.frozen.clone());
        self.passing = Some(tokio::spawn(passing));
    }
}

async fn pass_on(listener: TcpListener, target: String, open: CancellationToken, frozen: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = open.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (Ok((mut near, _)), Ok(mut far)) = (accepted, TcpStream::connect(&target).await) else { continue };
        let (open, frozen) = (open.clone(), frozen.clone());
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = open.cancelled() => {}
                () = frozen.cancelled() => open.cancelled().await,
                _ = copy_bidirectional(&mut near, &mut far) => {}
            }
        });
    }
}
