//! The event log: one writer task with group commit, and readers beside it.

mod memory;
mod plan;
mod writer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use hub_commands::ports::{
    Append, AppendError, Clock, EventLog, IdempotencyKey, LedgerCopy, LogError, Receipt,
};
use hub_domain::kernel::{TenantId, TypedId};
use hub_domain::ledger::Recorded;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::connection::{Connection, unavailable};
use crate::entry;
use crate::mirror::Standing;
use crate::telemetry;
use memory::Recent;

/// About what an entry's metadata takes besides its texts, in bytes.
const ENVELOPE: usize = 640;

/// The writer's bounds.
#[derive(Clone, Copy, Debug)]
pub struct WriterSettings {
    /// Requests that may wait.
    pub queue: usize,
    /// Bytes that may wait.
    pub queue_bytes: usize,
    /// Events in one append.
    pub batch_events: usize,
    /// Bytes in one append: a server takes 1 MiB unless it is told otherwise (`MaxAppendSize`).
    pub batch_bytes: usize,
    /// Streams whose newest revision is remembered.
    pub streams: usize,
    /// Bytes that may stand in the log and not in its copy yet.
    pub recent_bytes: usize,
    /// How long a batch is tried while the cluster is away.
    pub patience: Duration,
}

impl Default for WriterSettings {
    fn default() -> Self {
        Self {
            queue: 4096,
            queue_bytes: 64 << 20,
            batch_events: 1000,
            batch_bytes: 900 << 10,
            streams: 200_000,
            recent_bytes: 16 << 20,
            patience: Duration::from_secs(10),
        }
    }
}

/// A request on its way to the writer.
struct Request {
    append: Append,
    answer: oneshot::Sender<Result<Receipt, AppendError>>,
    arrived: Instant,
    bytes: usize,
    // Held until the answer: what waits is bounded by bytes, too.
    room: tokio::sync::OwnedSemaphorePermit,
}

/// What the writer and the readers share.
struct Shared {
    connection: Arc<Connection>,
    copy: Arc<dyn LedgerCopy>,
    standing: watch::Receiver<Standing>,
    recent: Recent,
}

/// The event log. Cheap to clone; all clones share one writer.
#[derive(Clone)]
pub struct KurrentLog {
    requests: mpsc::Sender<Request>,
    room: Arc<Semaphore>,
    shared: Arc<Shared>,
    known: watch::Receiver<u64>,
    wanted: watch::Sender<u64>,
    patience: Duration,
}

impl std::fmt::Debug for KurrentLog {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("KurrentLog").finish_non_exhaustive()
    }
}

impl KurrentLog {
    /// Starts the writer. `copy` is the log's index, and `standing` says how far a [`crate::Mirror`] has brought it.
    ///
    /// The task ends, after what it has accepted, once every clone of the log is gone.
    pub fn start(
        connection: Arc<Connection>,
        copy: Arc<dyn LedgerCopy>,
        standing: watch::Receiver<Standing>,
        clock: Arc<dyn Clock>,
        settings: WriterSettings,
    ) -> (Self, JoinHandle<()>) {
        let (requests, queue) = mpsc::channel(settings.queue);
        let (known, told) = watch::channel(0);
        let (wanted, wants) = watch::channel(0);
        let room = Arc::new(Semaphore::new(settings.queue_bytes.min(Semaphore::MAX_PERMITS)));
        let shared = Arc::new(Shared { connection, copy, standing, recent: Recent::default() });
        let writer =
            writer::Writer { shared: shared.clone(), clock, settings, known, memory: None, ahead: None };
        let task = tokio::spawn(writer.run(queue, wants));
        (Self { requests, room, shared, known: told, wanted, patience: settings.patience }, task)
    }

    /// The number of the next entry, as far as the writer knows.
    pub(crate) fn known(&self) -> watch::Receiver<u64> {
        self.known.clone()
    }

    /// Returns once memory and copy together hold everything that stands in the log now.
    async fn fresh(&self) -> Result<(), LogError> {
        const AGAIN: Duration = Duration::from_secs(1);
        let deadline = Instant::now() + self.patience;
        let last = self.shared.connection.back(None, 1).await?;
        let end = last.first().map_or(0, |entry| entry.revision + 1);
        let mut known = self.known.clone();
        loop {
            if *known.borrow() >= end {
                return Ok(());
            }
            self.wanted.send_replace(end);
            // Too late and cut off are the same here: it is looked again.
            let _ = tokio::time::timeout(AGAIN, known.wait_for(|next| *next >= end)).await;
            if *known.borrow() < end && Instant::now() >= deadline {
                return Err(unavailable("the writer has not read to the end of the log").into());
            }
        }
    }
}

/// About what an append takes in the log, in bytes: each entry carries the metadata, as a JSON string.
fn weight(append: &Append) -> usize {
    // In a JSON string quotes and backslashes take two bytes.
    let doubled = append.metadata.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    let each = append.metadata.len() + doubled + append.stream.len() + ENVELOPE;
    ENVELOPE + append.events.iter().map(|event| event.payload.len() + each).sum::<usize>()
}

#[async_trait]
impl EventLog for KurrentLog {
    async fn append(&self, append: Append) -> Result<Receipt, AppendError> {
        append.check()?;
        let bytes = weight(&append);
        let overloaded = || {
            metrics::counter!(telemetry::APPENDS, "outcome" => "overloaded").increment(1);
            AppendError::Overloaded { retry_after_ms: 1000 }
        };
        let permits = u32::try_from(bytes).unwrap_or(u32::MAX);
        let room = self.room.clone().try_acquire_many_owned(permits).map_err(|_| overloaded())?;
        let (answer, receipt) = oneshot::channel();
        let request = Request { append, answer, arrived: Instant::now(), bytes, room };
        self.requests.try_send(request).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => overloaded(),
            mpsc::error::TrySendError::Closed(_) => AppendError::Stopping,
        })?;
        receipt.await.unwrap_or(Err(AppendError::Stopping))
    }

    async fn read_stream(
        &self,
        tenant: TenantId,
        stream: &str,
        from: u64,
    ) -> Result<Vec<Recorded>, LogError> {
        self.fresh().await?;
        // What leaves memory meanwhile is in the copy by then: memory is looked at first.
        let recent = self.shared.recent.events(tenant.uuid(), stream, from);
        let mut events = self.shared.copy.read_stream(tenant, stream, from).await?;
        let next = events.last().map_or(from, |event| event.revision + 1);
        events.extend(recent.into_iter().filter(|event| event.revision >= next));
        Ok(events)
    }

    async fn find(&self, tenant: TenantId, key: &IdempotencyKey) -> Result<Option<Receipt>, AppendError> {
        self.fresh().await.map_err(|cause| match cause {
            LogError::Unavailable(cause) => cause,
            damaged @ LogError::Damaged { .. } => unavailable(damaged),
        })?;
        if let Some(remembered) = self.shared.recent.receipt(tenant.uuid(), &key.key) {
            return remembered.answer(key).map(Some);
        }
        let stored = self.shared.copy.receipts(&[(tenant, &key.key)]).await?;
        stored.first().map(|remembered| remembered.answer(key)).transpose()
    }

    async fn head(&self) -> Result<u64, LogError> {
        let last = self.shared.connection.back(None, 1).await?;
        let Some(last) = last.first() else { return Ok(0) };
        let damaged = |what| LogError::Damaged { position: last.revision + 1, what };
        Ok(entry::position(&entry::decode(last).map_err(damaged)?))
    }
}

fn outcome_of(reply: &Result<Receipt, AppendError>) -> &'static str {
    match reply {
        Ok(receipt) if receipt.repeated => "repeated",
        Ok(_) => "appended",
        Err(AppendError::Conflict { .. }) => "conflict",
        Err(AppendError::KeyReused) => "key_reused",
        Err(AppendError::Unknown(_)) => "unknown",
        Err(_) => "unavailable",
    }
}
