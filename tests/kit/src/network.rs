//! The network between a browser and the hub: it can be cut, lose the answer to one request, and alter answers.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The one header that is hidden from the hub while answers are altered, and what it is called instead: as long, and of no meaning.
const HIDDEN: (&[u8], &[u8]) = (b"accept-encoding", b"x-not-accepting");

/// Forwards TCP connections (HTTP/1.1 in the clear) to an address that may change.
#[derive(Debug)]
pub struct Network {
    address: SocketAddr,
    orders: Arc<Orders>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Orders {
    target: Mutex<SocketAddr>,
    cut: watch::Sender<bool>,
    /// The next request that holds this reaches the hub; then the network is cut.
    lose: Mutex<Option<Vec<u8>>>,
    alter: Mutex<Option<(Vec<u8>, Vec<u8>)>>,
    altered: AtomicU64,
}

impl Orders {
    fn alter(&self, said: &mut [u8]) {
        if let Some((from, to)) = &*held(&self.alter) {
            self.altered.fetch_add(replace(said, from, to), Ordering::SeqCst);
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Network {
    /// Stands in front of a hub.
    pub async fn in_front_of(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let orders = Arc::new(Orders {
            target: Mutex::new(target),
            cut: watch::channel(false).0,
            lose: Mutex::default(),
            alter: Mutex::default(),
            altered: AtomicU64::new(0),
        });
        let accepting = tokio::spawn({
            let orders = orders.clone();
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    tokio::spawn(connection(client, orders.clone()));
                }
            }
        });
        Ok(Self { address, orders, accepting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From here on it leads to another address.
    pub fn lead_to(&self, target: SocketAddr) {
        *held(&self.orders.target) = target;
    }

    /// Ends every connection, and each new one at once.
    pub fn cut(&self) {
        self.orders.cut.send_replace(true);
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        self.orders.cut.send_replace(false);
    }

    /// The next request that holds `mark` reaches the hub. Its answer does not come back: the network is cut instead.
    pub fn cut_after(&self, mark: &str) {
        *held(&self.orders.lose) = Some(mark.as_bytes().to_vec());
    }

    /// Writes `to` wherever an answer says `from`; both are of one length. `None` alters nothing any more.
    pub fn alter(&self, words: Option<(&str, &str)>) {
        *held(&self.orders.alter) =
            words.map(|(from, to)| (from.as_bytes().to_vec(), to.as_bytes().to_vec()));
    }

    /// How often it has altered something.
    pub fn altered(&self) -> u64 {
        self.orders.altered.load(Ordering::SeqCst)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn connection(client: TcpStream, orders: Arc<Orders>) {
    let mut cut = orders.cut.subscribe();
    let target = *held(&orders.target);
    tokio::select! {
        _ = cut.wait_for(|cut| *cut) => {}
        () = async {
            if let Ok(server) = TcpStream::connect(target).await {
                forward(client, server, &orders).await;
            }
        } => {}
    }
}

async fn forward(mut client: TcpStream, mut server: TcpStream, orders: &Orders) {
    let (mut request, mut answer) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let mut lost = false;
    loop {
        tokio::select! {
            read = client.read(&mut request) => {
                let Ok(length @ 1..) = read else { return };
                let asked = &mut request[..length];
                lost |= held(&orders.lose).take_if(|mark| find(asked, mark).is_some()).is_some();
                if held(&orders.alter).is_some() {
                    replace(asked, HIDDEN.0, HIDDEN.1);
                }
                if server.write_all(asked).await.is_err() {
                    return;
                }
            }
            read = server.read(&mut answer) => {
                let Ok(length @ 1..) = read else { return };
                if lost {
                    // The hub has decided once it begins to answer.
                    orders.cut.send_replace(true);
                    return;
                }
                let said = &mut answer[..length];
                orders.alter(said);
                if client.write_all(said).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Where `needle` stands, whatever the case of its letters.
fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len().max(1)).position(|window| window.eq_ignore_ascii_case(needle))
}

fn replace(text: &mut [u8], from: &[u8], to: &[u8]) -> u64 {
    let (mut at, mut count) = (0, 0);
    while let Some(found) = find(&text[at..], from).filter(|_| from.len() == to.len()) {
        text[at + found..at + found + to.len()].copy_from_slice(to);
        at += found + to.len();
        count += 1;
    }
    count
}
