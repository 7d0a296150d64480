//! A ledger on KurrentDB, opened: the log, and the mirror that keeps its copy.

use std::sync::Arc;
use std::time::Duration;

use hub_commands::ports::{Clock, CopyError, LedgerCopy};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::connection::{Connection, unavailable};
use crate::feed::KurrentFeed;
use crate::log::{KurrentLog, WriterSettings};
use crate::mirror::{Mirror, Standing};

/// How long the copy may take once nothing more is written.
const GRACE: Duration = Duration::from_secs(5);

/// An opened ledger.
#[derive(Debug)]
pub struct Ledger {
    /// Where commands are appended.
    pub log: KurrentLog,
    /// The log itself, read by whoever does not want the copy.
    pub feed: KurrentFeed,
    /// The newest position that can be read in the copy.
    pub committed: watch::Sender<u64>,
    /// How the copy stands.
    pub standing: watch::Receiver<Standing>,
    writer: JoinHandle<()>,
    mirror: JoinHandle<()>,
    cancel: CancellationToken,
}

impl Ledger {
    /// Opens it, and returns once the copy holds what the log holds. A copy of another history is refused.
    pub async fn open(
        connection: Connection,
        copy: Arc<dyn LedgerCopy>,
        clock: Arc<dyn Clock>,
        settings: WriterSettings,
    ) -> Result<Self, CopyError> {
        let connection = Arc::new(connection);
        copy.adopt(&connection.name()).await?;
        // The subscription begins behind what is copied already.
        let next = copy.cursor().await?.next;
        let cancel = CancellationToken::new();
        // Also ends the subscription of a ledger that does not open.
        let guard = cancel.clone().drop_guard();
        let feed = KurrentFeed::start(&connection, next, cancel.clone()).map_err(unavailable)?;
        let (committed, _) = watch::channel(0);
        let mirror = Mirror::open(connection.clone(), feed.clone(), copy.clone(), committed.clone()).await?;
        let cursor = mirror.catch_up().await?;
        tracing::info!(position = cursor.position, "the copy of the log is up to date");
        let standing = mirror.standing();
        let mirror = tokio::spawn(mirror.run(cancel.clone()));
        let (log, writer) = KurrentLog::start(connection, copy, standing.clone(), clock, settings);
        guard.disarm();
        Ok(Self { log, feed, committed, standing, writer, mirror, cancel })
    }

    /// Closes it, once nobody else holds the log: the writer finishes what it accepted, and the copy gets the time to take it in.
    pub async fn close(self) {
        let Self { log, mut standing, writer, mirror, cancel, .. } = self;
        let known = log.known();
        drop(log);
        let wrote = writer.await;
        let end = *known.borrow();
        let copied = standing.wait_for(|standing| standing.stopped.is_some() || standing.cursor.next >= end);
        // What is missing then is copied when the ledger is opened again.
        let _ = tokio::time::timeout(GRACE, copied).await;
        cancel.cancel();
        if wrote.and(mirror.await).is_err() {
            tracing::error!("the ledger's writer or its mirror ended early");
        }
    }
}
