//! The event log on PostgreSQL: one writer task with group commit, and readers beside it.

mod feed;
mod plan;
pub(crate) mod reader;
mod recent;
pub(crate) mod statements;
mod writer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use hub_commands::ports::{
    Append, AppendError, Clock, EventLog, IdempotencyKey, LogError, Receipt, Unavailable,
};
use hub_domain::kernel::TenantId;
use hub_domain::ledger::Recorded;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

pub use feed::{PgFeed, listen};
pub use reader::{LEDGER_COLUMNS, decode_row, read_after};
pub use recent::RecentLeaves;

use crate::telemetry;

/// The writer's bounds.
#[derive(Clone, Copy, Debug)]
pub struct WriterSettings {
    /// Requests that may wait.
    pub queue: usize,
    /// Bytes that may wait.
    pub queue_bytes: usize,
    /// Events in one batch.
    pub batch_events: usize,
    /// Bytes in one batch.
    pub batch_bytes: usize,
    /// Streams whose newest revision is remembered.
    pub streams: usize,
    /// How long a batch is tried while the database is away.
    pub patience: Duration,
}

impl Default for WriterSettings {
    fn default() -> Self {
        Self {
            queue: 4096,
            queue_bytes: 64 << 20,
            batch_events: 1000,
            batch_bytes: 4 << 20,
            streams: 200_000,
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

/// The event log. Cheap to clone; all clones share one writer.
#[derive(Clone)]
pub struct PgLog {
    requests: mpsc::Sender<Request>,
    room: Arc<Semaphore>,
    pool: PgPool,
    committed: watch::Sender<u64>,
    recent: RecentLeaves,
}

impl std::fmt::Debug for PgLog {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PgLog").finish_non_exhaustive()
    }
}

impl PgLog {
    /// Starts the writer. `options` lead to its own connection, `pool` (of the writer role) serves reads.
    ///
    /// The task ends, after what it has accepted, once every clone of the log is gone.
    pub fn start(
        options: PgConnectOptions,
        pool: PgPool,
        clock: Arc<dyn Clock>,
        settings: WriterSettings,
    ) -> (Self, JoinHandle<()>) {
        let (requests, queue) = mpsc::channel(settings.queue);
        let (committed, _) = watch::channel(0);
        let room = Arc::new(Semaphore::new(settings.queue_bytes.min(Semaphore::MAX_PERMITS)));
        let recent = RecentLeaves::default();
        let writer = writer::Writer::new(options, clock, settings, committed.clone(), recent.clone());
        let task = tokio::spawn(writer.run(queue));
        (Self { requests, room, pool, committed, recent }, task)
    }

    /// The newest position that this process committed or heard of.
    pub fn committed(&self) -> watch::Sender<u64> {
        self.committed.clone()
    }

    /// Leaf hashes of what this process wrote last.
    pub fn recent(&self) -> RecentLeaves {
        self.recent.clone()
    }

    /// The pool for reads.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }
}

/// About what an append takes while it waits, in bytes.
fn weight(append: &Append) -> usize {
    const EACH: usize = 256;
    let events: usize = append.events.iter().map(|event| event.payload.len() + EACH).sum();
    append.metadata.len() + append.stream.len() + EACH + events
}

#[async_trait]
impl EventLog for PgLog {
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
        reader::read_stream(&self.pool, tenant, stream, from).await
    }

    async fn find(&self, tenant: TenantId, key: &IdempotencyKey) -> Result<Option<Receipt>, AppendError> {
        let mut connection = self.pool.acquire().await.map_err(|cause| Unavailable::new("ledger", cause))?;
        let found = statements::receipts(&mut connection, &[(tenant, &key.key)]).await;
        let found = found.map_err(|cause| Unavailable::new("ledger", cause))?;
        found.into_iter().next().map(|stored| stored.answer(key)).transpose()
    }

    async fn head(&self) -> Result<u64, LogError> {
        reader::head(&self.pool).await
    }
}
