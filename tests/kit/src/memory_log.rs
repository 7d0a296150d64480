//! The event log in memory: the whole contract, without the storage.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hub_commands::ports::{
    Append, AppendError, Clock, ClusterFeed, EventLog, Expected, IdempotencyKey, LogError, Receipt,
    Unavailable,
};
use hub_domain::kernel::{TenantId, TypedId};
use hub_domain::ledger::{Hash, Recorded};
use tokio::sync::watch;
use uuid::Uuid;

/// An append-only, hash-chained log that lives as long as the process.
pub struct MemoryLog {
    clock: Arc<dyn Clock>,
    held: Mutex<Held>,
    committed: watch::Sender<u64>,
}

#[derive(Default)]
struct Held {
    events: Vec<Recorded>,
    /// Indexes into `events`, by stream.
    streams: HashMap<(Uuid, String), Vec<usize>>,
    /// Size and last leaf hash of each tenant's chain.
    chains: HashMap<Uuid, (u64, Hash)>,
    receipts: HashMap<(Uuid, String), ([u8; 32], Receipt)>,
    recorded_at: i64,
}

impl MemoryLog {
    /// An empty log.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, held: Mutex::default(), committed: watch::Sender::new(0) }
    }

    /// The events after a position, in order, at most `limit`.
    pub fn read_after(&self, after: u64, limit: usize) -> Vec<Recorded> {
        self.held().events.iter().skip(after as usize).take(limit).cloned().collect()
    }

    /// Returns when there is an event after `after`, or when `within` has passed.
    pub async fn wait_after(&self, after: u64, within: Duration) {
        let mut committed = self.committed.subscribe();
        // Neither too late nor cut off is worth telling: the reader looks for itself.
        let _ = tokio::time::timeout(within, committed.wait_for(|position| *position > after)).await;
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn position(&self) -> u64 {
        self.events.len() as u64
    }

    fn remembered(&self, tenant: Uuid, key: &IdempotencyKey) -> Result<Option<Receipt>, AppendError> {
        match self.receipts.get(&(tenant, key.key.clone())) {
            Some((fingerprint, _)) if *fingerprint != key.fingerprint => Err(AppendError::KeyReused),
            Some((_, receipt)) => Ok(Some(Receipt { repeated: true, ..receipt.clone() })),
            None => Ok(None),
        }
    }

    fn append(&mut self, append: Append, now: i64) -> Result<Receipt, AppendError> {
        let tenant = append.tenant.uuid();
        if let Some(key) = &append.idempotency
            && let Some(receipt) = self.remembered(tenant, key)?
        {
            return Ok(receipt);
        }
        let stream = (tenant, append.stream.clone());
        let actual = self.streams.get(&stream).map(|events| events.len() as u64 - 1);
        let fits = match append.expected {
            Expected::Any => true,
            Expected::NoStream => actual.is_none(),
            Expected::Revision(expected) => actual == Some(expected),
        };
        if !fits {
            return Err(AppendError::Conflict { stream: append.stream, expected: append.expected, actual });
        }
        // All leaves are made before the first event is kept: all or none.
        let made = self.leaves(&append, actual, now.max(self.recorded_at))?;
        self.recorded_at = now.max(self.recorded_at);
        let event_ids = made.iter().map(|event| event.event_id).collect();
        for event in made {
            self.chains.insert(tenant, (event.sequence + 1, event.leaf_hash));
            self.streams.entry(stream.clone()).or_default().push(self.events.len());
            self.events.push(event);
        }
        let revision = self.streams.get(&stream).map(|events| events.len() as u64 - 1);
        let receipt = Receipt {
            stream: append.stream,
            revision,
            position: self.position(),
            event_ids,
            repeated: false,
        };
        if let Some(key) = append.idempotency {
            self.receipts.insert((tenant, key.key), (key.fingerprint, receipt.clone()));
        }
        Ok(receipt)
    }

    fn leaves(
        &self,
        append: &Append,
        actual: Option<u64>,
        recorded_at: i64,
    ) -> Result<Vec<Recorded>, AppendError> {
        let tenant = append.tenant.uuid();
        let (size, mut previous) = self.chains.get(&tenant).copied().unwrap_or((0, Hash::ZERO));
        let mut buffer = Vec::new();
        let mut made = Vec::with_capacity(append.events.len());
        for (nth, event) in (0..).zip(&append.events) {
            let mut recorded = Recorded {
                position: self.position() + 1 + nth,
                tenant,
                sequence: size + nth,
                stream: append.stream.clone(),
                revision: actual.map_or(0, |revision| revision + 1) + nth,
                event_id: event.event_id,
                command_id: append.command_id,
                recorded_at,
                event_type: event.event_type.to_owned(),
                schema_version: event.schema_version,
                actor: append.actor.as_str().to_owned(),
                metadata: append.metadata.clone(),
                payload: event.payload.clone(),
                leaf_hash: Hash::ZERO,
            };
            let unfit = |error: hub_domain::ledger::LeafError| AppendError::Unfit(error.to_string());
            recorded.leaf_hash = recorded.recompute(previous, &mut buffer).map_err(unfit)?;
            previous = recorded.leaf_hash;
            made.push(recorded);
        }
        Ok(made)
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn append(&self, append: Append) -> Result<Receipt, AppendError> {
        append.check()?;
        let receipt = self.held().append(append, self.clock.now().timestamp_micros())?;
        self.committed.send_if_modified(|position| {
            let newer = receipt.position > *position;
            *position = receipt.position.max(*position);
            newer
        });
        Ok(receipt)
    }

    async fn read_stream(
        &self,
        tenant: TenantId,
        stream: &str,
        from: u64,
    ) -> Result<Vec<Recorded>, LogError> {
        let held = self.held();
        let indexes = held.streams.get(&(tenant.uuid(), stream.to_owned()));
        let indexes = indexes.into_iter().flatten().skip(from as usize);
        Ok(indexes.map(|index| held.events[*index].clone()).collect())
    }

    async fn find(&self, tenant: TenantId, key: &IdempotencyKey) -> Result<Option<Receipt>, AppendError> {
        self.held().remembered(tenant.uuid(), key)
    }

    async fn head(&self) -> Result<u64, LogError> {
        Ok(self.held().position())
    }
}

#[async_trait]
impl ClusterFeed for MemoryLog {
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, Unavailable> {
        Ok(self.read_after(after, limit))
    }

    async fn wait(&self, after: u64, within: Duration) {
        self.wait_after(after, within).await;
    }
}
