//! A way to PostgreSQL that can be cut and mended while a server runs.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;

/// Passes connections on to a server until it is cut.
pub(crate) struct Way {
    pub(crate) port: u16,
    target: String,
    open: CancellationToken,
}

impl Way {
    pub(crate) async fn to(target: String) -> Self {
        let mut way = Self { port: 0, target, open: CancellationToken::new() };
        way.mend().await;
        way
    }

    /// Ends every connection and takes no more, as a server does that was killed.
    pub(crate) fn cut(&self) {
        self.open.cancel();
    }

    /// Listens again, on the same port.
    pub(crate) async fn mend(&mut self) {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("the port can be taken again");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], self.port))).expect("the port");
        let listener = socket.listen(64).expect("it listens");
        self.port = listener.local_addr().expect("an address").port();
        self.open = CancellationToken::new();
        tokio::spawn(pass_on(listener, self.target.clone(), self.open.clone()));
    }
}

async fn pass_on(listener: TcpListener, target: String, open: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = open.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (Ok((mut near, _)), Ok(mut far)) = (accepted, TcpStream::connect(&target).await) else { continue };
        let open = open.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = open.cancelled() => {}
                _ = copy_bidirectional(&mut near, &mut far) => {}
            }
        });
    }
}
