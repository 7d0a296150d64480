//! Keeps the copy: takes what the feed brings, in order, and has it judged and written. An altered log stops it loudly.

use std::sync::Arc;
use std::time::Duration;

use hub_commands::ports::{CopyCursor, CopyError, Entry, LedgerCopy};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::connection::{Connection, unavailable};
use crate::entry::decode;
use crate::feed::KurrentFeed;
use crate::telemetry;

/// Entries that are copied in one transaction.
const BATCH: usize = 500;
/// How long the feed is trusted to tell of news; then the log itself is asked.
const POLL: Duration = Duration::from_millis(250);
/// Between two attempts while something is away.
const PAUSE: Duration = Duration::from_millis(500);

/// How the copy stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Where it ends.
    pub cursor: CopyCursor,
    /// Why it goes no further, if it has met what does not continue the ledger.
    pub stopped: Option<String>,
}

/// Copies a log into the hub's database.
pub struct Mirror {
    connection: Arc<Connection>,
    feed: KurrentFeed,
    copy: Arc<dyn LedgerCopy>,
    standing: watch::Sender<Standing>,
    /// The newest position that is in the copy: wakes whoever reads it.
    committed: watch::Sender<u64>,
}

impl Mirror {
    /// Over a log and its copy, once it is certain that the one continues the other: two histories are never mixed.
    pub async fn open(
        connection: Arc<Connection>,
        feed: KurrentFeed,
        copy: Arc<dyn LedgerCopy>,
        committed: watch::Sender<u64>,
    ) -> Result<Self, CopyError> {
        copy.adopt(&connection.name()).await?;
        let cursor = copy.cursor().await?;
        let (standing, _) = watch::channel(Standing { cursor, stopped: None });
        let mirror = Self { connection, feed, copy, standing, committed };
        mirror.continues().await?;
        mirror.moved(cursor);
        Ok(mirror)
    }

    /// How the copy stands, from now on.
    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// Copies up to what is the end of the log now.
    pub async fn catch_up(&self) -> Result<CopyCursor, CopyError> {
        while self.step().await? > 0 {}
        Ok(self.standing.borrow().cursor)
    }

    /// Copies until cancelled, or until the log does not continue the copy.
    pub async fn run(self, cancel: CancellationToken) {
        let mut doubtful = false;
        while !cancel.is_cancelled() {
            let stepped = async {
                if doubtful {
                    // Whoever was away may have come back with another past.
                    self.continues().await?;
                }
                self.step().await
            };
            let Some(stepped) = cancel.run_until_cancelled(stepped).await else { return };
            doubtful = stepped.is_err();
            match stepped {
                Ok(0) => {
                    let next = self.standing.borrow().cursor.next;
                    cancel.run_until_cancelled(self.feed.wait_for_entry(next, POLL)).await;
                }
                Ok(_) => {}
                Err(CopyError::Unavailable(cause)) => {
                    tracing::warn!(%cause, "the ledger's copy waits");
                    cancel.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
                }
                Err(cause) => {
                    metrics::gauge!(telemetry::COPY_STOPPED).set(1.0);
                    tracing::error!(%cause, "the ledger's copy has stopped, and nothing more is written to the log");
                    self.standing.send_modify(|standing| standing.stopped = Some(cause.to_string()));
                    return;
                }
            }
        }
    }

    /// Copies what comes next; answers with how many entries.
    async fn step(&self) -> Result<usize, CopyError> {
        let next = self.standing.borrow().cursor.next;
        let entries = self.feed.entries(next, BATCH).await?;
        if entries.is_empty() {
            metrics::gauge!(telemetry::COPY_LAG).set(self.feed.end().saturating_sub(next) as f64);
            return Ok(0);
        }
        let cursor = self.copy.copy(&entries).await?;
        metrics::gauge!(telemetry::COPY_LAG).set(self.feed.end().saturating_sub(cursor.next) as f64);
        self.moved(cursor);
        Ok(entries.len())
    }

    fn moved(&self, cursor: CopyCursor) {
        self.standing.send_modify(|standing| standing.cursor = cursor);
        metrics::gauge!(telemetry::COPY_STOPPED).set(0.0);
        self.committed.send_if_modified(|known| {
            let news = cursor.position > *known;
            *known = cursor.position.max(*known);
            news
        });
    }

    /// Holds the copy's end against the log: it must be there, and be the same.
    async fn continues(&self) -> Result<(), CopyError> {
        let cursor = self.copy.cursor().await?;
        let foreign = |what: String| {
            let stream = self.connection.stream();
            CopyError::Foreign(format!(
                "this database is not a copy of the KurrentDB stream `{stream}`: {what}"
            ))
        };
        let last = self.connection.back(None, 1).await?;
        let end = last.first().map_or(0, |stored| stored.revision + 1);
        if end < cursor.next {
            return Err(foreign(format!(
                "it has copied {} entries and the log has {end}. The log was cut, restored from an older backup, or is \
                 another one",
                cursor.next
            )));
        }
        let Some(hash) = cursor.last else { return Ok(()) };
        let newest = self.event_before(cursor.next).await?;
        let same = newest.and_then(|entry| entry.event);
        match same.filter(|event| event.position == cursor.position && event.leaf_hash == hash) {
            Some(_) => Ok(()),
            None => Err(foreign(format!("the event at position {} is another one there", cursor.position))),
        }
    }

    /// The newest event before an entry.
    async fn event_before(&self, mut before: u64) -> Result<Option<Entry>, CopyError> {
        const AT_ONCE: usize = 20;
        loop {
            let page = self.connection.back(Some(before), AT_ONCE).await?;
            let Some(oldest) = page.last() else { return Ok(None) };
            before = oldest.revision;
            for stored in &page {
                let entry = decode(stored).map_err(unavailable)?;
                if entry.event.is_some() {
                    return Ok(Some(entry));
                }
            }
        }
    }
}
