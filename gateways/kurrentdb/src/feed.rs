//! Tailing the log: a catch-up subscription fills a bounded buffer; what is older is read from the stream.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hub_commands::ports::{ClusterFeed, CopyError, Entry, Unavailable};
use hub_domain::ledger::Recorded;
use hub_projections::feed::{EventFeed, FeedError};
use kurrentdb::SubscriptionEvent;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::connection::{Connection, unavailable};
use crate::entry::{decode, position, weight};
use crate::telemetry;

/// Bytes that the buffer holds.
const BUFFER: usize = 8 << 20;
/// Between two subscriptions.
const PAUSE: Duration = Duration::from_secs(1);

/// The feed of one process. Cheap to clone; all clones share one subscription.
#[derive(Clone, Debug)]
pub struct KurrentFeed {
    connection: Arc<Connection>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    buffer: Mutex<Buffer>,
    /// How far the subscription has come: the number of the next entry, and the newest position.
    seen: watch::Sender<(u64, u64)>,
    /// A position and the number of the entry behind it: where the last reader stood.
    place: Mutex<(u64, u64)>,
}

/// The newest entries, without a gap.
#[derive(Debug, Default)]
struct Buffer {
    entries: VecDeque<Entry>,
    bytes: usize,
}

impl Buffer {
    fn push(&mut self, entry: Entry) {
        if self.entries.back().is_some_and(|last| last.number + 1 != entry.number) {
            self.entries.clear();
            self.bytes = 0;
        }
        self.bytes += weight(&entry);
        self.entries.push_back(entry);
        while self.bytes > BUFFER {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= weight(&oldest);
        }
    }

    fn from(&self, number: u64, most: usize) -> Option<Vec<Entry>> {
        let first = self.entries.front()?.number;
        let skip = usize::try_from(number.checked_sub(first)?).ok()?;
        (skip < self.entries.len()).then(|| self.entries.iter().skip(skip).take(most).cloned().collect())
    }
}

impl KurrentFeed {
    /// A feed behind the entry before `next`. The subscription lives on a thread of its own until `cancel`: a client whose
    /// subscription a server ends in good order (seen in kurrentdb 1.2.0) never yields again.
    pub fn start(
        connection: &Arc<Connection>,
        next: u64,
        cancel: CancellationToken,
    ) -> std::io::Result<Self> {
        let (seen, _) = watch::channel((next, 0));
        let shared = Arc::new(Shared { buffer: Mutex::default(), seen, place: Mutex::new((0, 0)) });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (own, sink) = (connection.another(), shared.clone());
        std::thread::Builder::new().name("kurrentdb-feed".into()).spawn(move || {
            // Such a client would also never stop complaining.
            let silent = tracing::subscriber::NoSubscriber::default();
            tracing::subscriber::with_default(silent, || runtime.block_on(follow(own, sink, cancel)));
            runtime.shutdown_background();
        })?;
        Ok(Self { connection: connection.clone(), shared })
    }

    /// The number of the next entry, as far as the subscription has come.
    pub fn end(&self) -> u64 {
        self.shared.seen.borrow().0
    }

    /// The entries from a number on, at most `most`; empty at the end of the log.
    pub async fn entries(&self, from: u64, most: usize) -> Result<Vec<Entry>, CopyError> {
        if let Some(buffered) = self.shared.buffer().from(from, most) {
            return Ok(buffered);
        }
        let page = self.connection.page(from, most).await?;
        let entries = page.iter().map(|stored| {
            let number = stored.revision;
            decode(stored).map_err(|what| CopyError::Altered { number, what })
        });
        entries.collect()
    }

    /// Returns when the subscription has brought the entry, or when `within` has passed.
    pub async fn wait_for_entry(&self, number: u64, within: Duration) {
        let mut seen = self.shared.seen.subscribe();
        // Neither too late nor cut off is worth telling: the reader looks for itself.
        let _ = tokio::time::timeout(within, seen.wait_for(|(next, _)| *next > number)).await;
    }

    async fn events_after(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, CopyError> {
        let mut next = self.number_behind(after).await?;
        let mut events = Vec::new();
        while events.len() < limit {
            let entries = self.entries(next, limit - events.len()).await?;
            let Some(last) = entries.last() else { break };
            next = last.number + 1;
            events.extend(entries.into_iter().filter_map(|entry| entry.event));
        }
        if let Some(last) = events.last() {
            *self.shared.place() = (last.position, next);
        }
        Ok(events)
    }

    /// The number of the first entry behind a position. Receipts take numbers and no positions, so it is looked for.
    async fn number_behind(&self, after: u64) -> Result<u64, CopyError> {
        let (at, next) = *self.shared.place();
        if at == after {
            return Ok(next);
        }
        let last = self.connection.back(None, 1).await?;
        let (mut low, mut high) = (after, last.first().map_or(0, |stored| stored.revision + 1));
        while low < high {
            let middle = low + (high - low) / 2;
            let entry = self.entries(middle, 1).await?;
            if entry.first().is_some_and(|entry| position(entry) <= after) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}

impl Shared {
    fn buffer(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self) -> MutexGuard<'_, (u64, u64)> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EventFeed for KurrentFeed {
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, FeedError> {
        self.events_after(after, limit).await.map_err(|cause| FeedError(cause.into()))
    }

    async fn wait(&self, after: u64, within: Duration) {
        let mut seen = self.shared.seen.subscribe();
        // A timeout is an answer, too: the caller looks for itself.
        let _ = tokio::time::timeout(within, seen.wait_for(|(_, position)| *position > after)).await;
    }

    async fn head(&self) -> Result<Option<u64>, FeedError> {
        let last = self.connection.back(None, 1).await.map_err(|cause| FeedError(cause.into()))?;
        let last = last.first().map(decode).transpose().map_err(|what| FeedError(what.into()))?;
        Ok(Some(last.as_ref().map_or(0, position)))
    }
}

#[async_trait]
impl ClusterFeed for KurrentFeed {
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, Unavailable> {
        self.events_after(after, limit).await.map_err(unavailable)
    }

    async fn wait(&self, after: u64, within: Duration) {
        EventFeed::wait(self, after, within).await;
    }
}

/// Subscribes, again and again, until cancelled.
async fn follow(connection: Connection, shared: Arc<Shared>, cancel: CancellationToken) {
    while !cancel.is_cancelled() {
        let heard = cancel.run_until_cancelled(hear(&connection, &shared)).await;
        if heard.is_some_and(|heard| heard.is_err()) {
            // A client that could not connect never tries again.
            connection.forget();
            cancel.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
        }
    }
}

async fn hear(connection: &Connection, shared: &Shared) -> Result<(), Unavailable> {
    let next = shared.seen.borrow().0;
    let mut subscription = connection.subscribe(next.checked_sub(1)).await?;
    metrics::counter!(telemetry::SUBSCRIPTIONS).increment(1);
    loop {
        let SubscriptionEvent::EventAppeared(event) =
            subscription.next_subscription_event().await.map_err(unavailable)?
        else {
            continue;
        };
        let entry = decode(event.get_original_event()).map_err(unavailable)?;
        let seen = (entry.number + 1, position(&entry));
        shared.buffer().push(entry);
        shared.seen.send_replace(seen);
    }
}

#[cfg(test)]
mod tests;
