//! One reader of the log for all projections: a batch is read and decoded once, whoever asks for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::event::Event;
use crate::feed::{EventFeed, FeedError};

/// Events in one batch, at most.
pub const MOST_EVENTS: usize = 2000;
const FEWEST_EVENTS: usize = 64;
/// Bytes of payload at which batches become smaller.
const MANY_BYTES: usize = 4 << 20;
/// Batches, and bytes of payload in them, that are kept for projections that come a little later. One that comes much later
/// reads for itself, and then as much at once as there is: it would not catch up in the steps of the others.
const KEPT: usize = 6;
const KEPT_BYTES: usize = 8 << 20;
/// A batch gathers for this long for each event of the one before it, at most for [`LONGEST_REST`]: a transaction costs as
/// much as many rows, and under load the readers wait no longer for it than they would for the machine.
const REST_AN_EVENT: Duration = Duration::from_millis(1);
const LONGEST_REST: Duration = Duration::from_millis(40);

/// A batch of events.
pub type Batch = Arc<[Event]>;

/// Reads the log for all projections.
pub struct Tail {
    feed: Arc<dyn EventFeed>,
    // Held while reading: who asks for the same batch meanwhile finds it here afterwards.
    kept: Mutex<Kept>,
    limit: AtomicUsize,
}

#[derive(Default)]
struct Kept {
    batches: VecDeque<(u64, usize, Batch)>,
    bytes: usize,
    /// Not to read before: events gather until then.
    rested: Option<Instant>,
}

impl std::fmt::Debug for Tail {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Tail").finish_non_exhaustive()
    }
}

impl Tail {
    /// Over a feed.
    pub fn new(feed: Arc<dyn EventFeed>) -> Self {
        Self { feed, kept: Mutex::default(), limit: AtomicUsize::new(MOST_EVENTS / 4) }
    }

    /// The events after a position; empty at the end of the log.
    pub async fn after(&self, position: u64) -> Result<Batch, FeedError> {
        let mut kept = self.kept.lock().await;
        if let Some((.., batch)) = kept.batches.iter().find(|(after, ..)| *after == position) {
            return Ok(Arc::clone(batch));
        }
        if let Some(rested) = kept.rested.take() {
            sleep_until(rested).await;
        }
        let limit = self.limit.load(Ordering::Relaxed);
        let recorded = self.feed.read(position, limit).await?;
        let bytes: usize = recorded.iter().map(|event| event.payload.len() + event.metadata.len()).sum();
        let events = recorded.len();
        // Decoding a large batch takes milliseconds: not on a thread that others wait for.
        let batch: Batch = if events > FEWEST_EVENTS {
            tokio::task::spawn_blocking(move || recorded.into_iter().map(Event::new).collect())
                .await
                .map_err(|cause| FeedError(cause.into()))?
        } else {
            recorded.into_iter().map(Event::new).collect()
        };
        if bytes > MANY_BYTES {
            self.limit.store((limit / 2).max(FEWEST_EVENTS), Ordering::Relaxed);
        } else if events == limit && bytes < MANY_BYTES / 2 {
            self.limit.store((limit * 2).min(MOST_EVENTS), Ordering::Relaxed);
        }
        if batch.is_empty() {
            // Everybody who asks is at the end: nothing of what is kept will be asked for soon.
            kept.batches.clear();
            kept.bytes = 0;
        } else {
            kept.bytes += bytes;
            kept.batches.push_back((position, bytes, Arc::clone(&batch)));
            while kept.batches.len() > KEPT || (kept.bytes > KEPT_BYTES && kept.batches.len() > 1) {
                let gone = kept.batches.pop_front().map_or(0, |(_, bytes, _)| bytes);
                kept.bytes -= gone;
            }
            let rest = (REST_AN_EVENT * events as u32).min(LONGEST_REST);
            kept.rested = (events < limit).then(|| Instant::now() + rest);
        }
        Ok(batch)
    }

    /// Whether there is an event after a position.
    pub async fn goes_on(&self, position: u64) -> Result<bool, FeedError> {
        Ok(!self.feed.read(position, 1).await?.is_empty())
    }

    /// Returns when there may be one, or when `within` has passed.
    pub async fn wait(&self, position: u64, within: Duration) {
        self.feed.wait(position, within).await;
    }

    /// The position of the newest event, where the log can tell.
    pub async fn head(&self) -> Result<Option<u64>, FeedError> {
        self.feed.head().await
    }
}
