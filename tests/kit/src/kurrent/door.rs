//! The double's door: a port that forwards to it, and that can be shut so that every connection ends at once.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Debug)]
pub(super) struct Door {
    to: SocketAddr,
    port: u16,
    /// Counts the times that every connection was cut.
    cuts: watch::Sender<u64>,
    accepting: Mutex<Option<JoinHandle<()>>>,
}

impl Door {
    pub async fn open(to: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (cuts, _) = watch::channel(0);
        let door = Self { to, port: listener.local_addr()?.port(), cuts, accepting: Mutex::new(None) };
        door.accept(listener);
        Ok(door)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn accept(&self, listener: TcpListener) {
        let (to, cuts) = (self.to, self.cuts.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, to, cuts.subscribe()));
            }
        });
        *self.accepting.lock().unwrap_or_else(PoisonError::into_inner) = Some(accepting);
    }

    /// Ends every connection; new ones are welcome.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Ends every connection and refuses new ones.
    pub fn close(&self) {
        if let Some(accepting) = self.accepting.lock().unwrap_or_else(PoisonError::into_inner).take() {
            accepting.abort();
        }
        self.cut();
    }

    pub async fn reopen(&self) -> anyhow::Result<()> {
        let listener = crate::until(std::time::Duration::from_secs(10), || async {
            TcpListener::bind(("127.0.0.1", self.port)).await.ok()
        });
        let listener = listener.await.ok_or_else(|| anyhow::anyhow!("port {} is taken", self.port))?;
        self.accept(listener);
        Ok(())
    }
}

async fn forward(mut client: TcpStream, to: SocketAddr, mut cuts: watch::Receiver<u64>) {
    let Ok(mut server) = TcpStream::connect(to).await else { return };
    // Small messages go at once, as between the two ends themselves.
    if client.set_nodelay(true).and(server.set_nodelay(true)).is_err() {
        return;
    }
    tokio::select! {
        // Either end may go away; then so does the other.
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        _ = cuts.changed() => {}
    }
}
