//! A stand-in for KurrentDB where no server can be had: its Streams protocol over what is kept in memory.
//!
//! It proves the client's side only. The tests that use it run on a real server when `KURRENTDB_URL` is set.

mod door;
mod service;
mod store;

#[allow(missing_docs, dead_code, clippy::all, clippy::pedantic, reason = "generated")]
mod proto {
    include!(concat!(env!("OUT_DIR"), "/kurrent.rs"));
}

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::server::TcpIncoming;

use door::Door;
use service::{Features, Service};
use store::Store;
pub use store::Stored;

/// The variable that names a real server.
const REAL: &str = "KURRENTDB_URL";

const PASS: u8 = 0;
const CUT_BEFORE: u8 = 1;
const CUT_AFTER: u8 = 2;

/// What the double has been told to do, and what it has done.
#[derive(Debug, Default)]
struct Orders {
    next: AtomicU8,
    cuts: AtomicU64,
    appends: AtomicU64,
    reads: AtomicU64,
    end_subscriptions: tokio::sync::Notify,
}

/// A server that speaks KurrentDB's Streams protocol. What it holds survives that its door is closed; it goes with the double.
#[derive(Debug)]
pub struct KurrentDouble {
    store: Arc<Store>,
    orders: Arc<Orders>,
    door: Arc<Door>,
    serving: JoinHandle<()>,
}

impl KurrentDouble {
    /// Starts it on a free port.
    pub async fn start() -> anyhow::Result<Self> {
        let (store, orders) = (Arc::new(Store::default()), Arc::new(Orders::default()));
        let inner = TcpListener::bind("127.0.0.1:0").await?;
        let door = Arc::new(Door::open(inner.local_addr()?).await?);
        let service = Service { store: store.clone(), orders: orders.clone(), door: door.clone() };
        let server = tonic::transport::Server::builder()
            .add_service(proto::event_store::client::streams::streams_server::StreamsServer::new(service))
            .add_service(
                proto::event_store::client::server_features::server_features_server::ServerFeaturesServer::new(
                    Features,
                ),
            )
            .serve_with_incoming(TcpIncoming::from(inner).with_nodelay(Some(true)));
        let serving = tokio::spawn(async move {
            if let Err(cause) = server.await {
                tracing::error!(%cause, "the double ended");
            }
        });
        Ok(Self { store, orders, door, serving })
    }

    /// Its address, for a client.
    pub fn url(&self) -> String {
        format!("kurrentdb://127.0.0.1:{}?tls=false", self.door.port())
    }

    /// The next append is done; its answer does not come back, and every connection ends.
    pub fn cut_after_next_append(&self) {
        self.orders.next.store(CUT_AFTER, Ordering::SeqCst);
    }

    /// The next append is not done, and every connection ends.
    pub fn cut_before_next_append(&self) {
        self.orders.next.store(CUT_BEFORE, Ordering::SeqCst);
    }

    /// How often it has cut.
    pub fn cuts(&self) -> u64 {
        self.orders.cuts.load(Ordering::SeqCst)
    }

    /// Appends that were asked for.
    pub fn appends(&self) -> u64 {
        self.orders.appends.load(Ordering::SeqCst)
    }

    /// Reads that were asked for, subscriptions among them.
    pub fn reads(&self) -> u64 {
        self.orders.reads.load(Ordering::SeqCst)
    }

    /// Ends every subscription in good order, as a server does that nobody has heard of; the connections stay.
    pub fn end_subscriptions(&self) {
        self.orders.end_subscriptions.notify_waiters();
    }

    /// Is away from now on: connections end, new ones are refused.
    pub fn leave(&self) {
        self.door.close();
    }

    /// Is back at the same address.
    pub async fn come_back(&self) -> anyhow::Result<()> {
        self.door.reopen().await
    }

    /// What stands in a stream.
    pub fn stream(&self, name: &str) -> Vec<Stored> {
        self.store.read(name)
    }

    /// Appends as another client would, whatever stands there.
    pub fn append(&self, stream: &str, event_type: &str, data: &[u8], metadata: &[u8]) {
        self.store.append_unasked(stream, event_type, data, metadata);
    }

    /// Alters what stands in a stream, as no server lets anybody do.
    pub fn tamper(&self, stream: &str, revision: usize, how: impl FnOnce(&mut Stored)) {
        self.store.tamper(stream, revision, how);
    }

    /// Forgets what stands in a stream from a revision on, as a restore from an older backup does.
    pub fn truncate(&self, stream: &str, revision: usize) {
        self.store.truncate(stream, revision);
    }
}

impl Drop for KurrentDouble {
    fn drop(&mut self) {
        self.door.close();
        self.serving.abort();
    }
}

/// A server for tests: the real one that `KURRENTDB_URL` names, or else a double.
#[derive(Debug)]
pub enum Kurrent {
    /// A real server, at its address.
    Real(String),
    /// The double.
    Double(KurrentDouble),
}

impl Kurrent {
    /// The one that there is.
    pub async fn any() -> anyhow::Result<Self> {
        match std::env::var(REAL) {
            Ok(url) => Ok(Self::Real(url)),
            Err(_) => Ok(Self::Double(KurrentDouble::start().await?)),
        }
    }

    /// Its address, for a client.
    pub fn url(&self) -> String {
        match self {
            Self::Real(url) => url.clone(),
            Self::Double(double) => double.url(),
        }
    }
}
