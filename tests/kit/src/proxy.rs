//! A proxy in front of PostgreSQL that cuts a connection at a chosen moment.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use crate::postgres::{OwnServer, folder};

const PASS: u8 = 0;
const SWALLOW_ANSWER: u8 = 1;
const CUT_REQUEST: u8 = 2;

/// Forwards a unix socket until it is told to cut. It acts on the next request that holds its mark.
#[derive(Debug)]
pub struct Proxy {
    url: String,
    orders: Arc<Orders>,
    accepting: JoinHandle<()>,
    _folder: TempDir,
}

#[derive(Debug)]
struct Orders {
    mark: Vec<u8>,
    next: AtomicU8,
    cuts: AtomicU64,
}

impl Proxy {
    /// Stands in front of a server; `mark` is what tells the requests that count from the others.
    pub fn in_front_of(server: &OwnServer, mark: &str) -> anyhow::Result<Self> {
        let url = server.url();
        let socket =
            url.split("host=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or_default().to_owned();
        let target = PathBuf::from(socket.clone()).join(".s.PGSQL.5432");
        let folder = folder()?;
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432"))?;
        let orders = Arc::new(Orders {
            mark: mark.as_bytes().to_vec(),
            next: AtomicU8::new(PASS),
            cuts: AtomicU64::new(0),
        });
        let url = url.replace(&socket, &folder.path().display().to_string());
        let accepting = tokio::spawn({
            let orders = orders.clone();
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let (orders, target) = (orders.clone(), target.clone());
                    tokio::spawn(async move {
                        if let Ok(server) = UnixStream::connect(target).await {
                            forward(client, server, &orders).await;
                        }
                    });
                }
            }
        });
        Ok(Self { url, orders, accepting, _folder: folder })
    }

    /// The server's address through the proxy.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The next marked request goes through; its answer does not come back, and the connection ends.
    pub fn swallow_next_answer(&self) {
        self.orders.next.store(SWALLOW_ANSWER, Ordering::SeqCst);
    }

    /// The next marked request does not go through, and the connection ends.
    pub fn cut_next_request(&self) {
        self.orders.next.store(CUT_REQUEST, Ordering::SeqCst);
    }

    /// How often it has cut.
    pub fn cuts(&self) -> u64 {
        self.orders.cuts.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn forward(mut client: UnixStream, mut server: UnixStream, orders: &Orders) {
    let (mut request, mut answer) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        tokio::select! {
            read = client.read(&mut request) => {
                let Ok(length @ 1..) = read else { return };
                let asked = &request[..length];
                let marked = asked.windows(orders.mark.len()).any(|window| window == orders.mark);
                let order = if marked { orders.next.swap(PASS, Ordering::SeqCst) } else { PASS };
                if order == CUT_REQUEST {
                    orders.cuts.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                if server.write_all(asked).await.is_err() {
                    return;
                }
                if order == SWALLOW_ANSWER {
                    // The server has committed once it begins to answer.
                    let _ = server.read(&mut answer).await;
                    orders.cuts.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
            read = server.read(&mut answer) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&answer[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
