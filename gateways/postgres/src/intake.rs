//! The way into the log for events that were decided elsewhere: `clustermaster-audit import` brings them in by it.
//!
//! It is the log's own writer, so that everything that holds for a command holds here: one order, one chain, a key under which
//! a repeat is recognised. It runs beside a hub as a second hub would.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::{StreamExt as _, stream};
use hub_commands::ports::{
    Append, AppendError, Clock, EventLog, Expected, IdempotencyKey, LogError, Proposed, Receipt, Unavailable,
};
use hub_domain::kernel::{Actor, TenantId};
use hub_domain::ledger::{Recorded, sha256};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::log::statements;
use crate::pools::{PoolSizes, Pools, PoolsError, options};
use crate::{PgLog, WriterSettings};

/// Who imports.
pub const ACTOR: &str = "system:import";
/// Events that are under way at a time.
const UNDER_WAY: usize = 512;
/// Wire names that one import may bring. Each is kept for as long as the program runs.
const NAMES: usize = 10_000;

/// An event that was decided elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Its id, which is also the key under which a repeat is recognised: the same event always bears the same.
    pub event_id: Uuid,
    /// Its stream.
    pub stream: String,
    /// The revision that it must get.
    pub revision: u64,
    /// Its wire name.
    pub event_type: String,
    /// The version in it.
    pub schema_version: u16,
    /// UTF-8 JSON.
    pub metadata: Vec<u8>,
    /// UTF-8 JSON.
    pub payload: Vec<u8>,
}

/// Whether an event stands in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does not.
    New,
    /// It does, byte for byte.
    Known,
    /// One of its id does, and says something else.
    Other,
}

/// Why an event did not come in.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The log refused it or could not be reached.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// There are more wire names than an import may bring.
    #[error("one import brings at most {NAMES} event types")]
    Names,
}

/// The time, read by whoever may.
pub struct Now(pub fn() -> DateTime<Utc>);

impl Clock for Now {
    fn now(&self) -> DateTime<Utc> {
        self.0()
    }
}

/// An open way into the log.
pub struct Intake {
    log: Arc<dyn EventLog>,
    /// The log's own writer, where the log is in the database.
    writer: Option<JoinHandle<()>>,
    pools: Pools,
    actor: Actor,
    names: HashMap<String, &'static str>,
}

impl std::fmt::Debug for Intake {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Intake").field("pools", &self.pools).finish_non_exhaustive()
    }
}

impl Incoming {
    fn key(&self) -> IdempotencyKey {
        let version = self.schema_version.to_be_bytes();
        let said = [
            self.stream.as_bytes(),
            self.event_type.as_bytes(),
            &version[..],
            &self.metadata[..],
            &self.payload[..],
        ];
        // A hash of hashes: no two lists of parts run into the same bytes.
        let parts: Vec<u8> = said.iter().flat_map(|part| sha256(part).0).collect();
        IdempotencyKey { key: format!("{ACTOR}\n{}", self.event_id), fingerprint: sha256(&parts).0 }
    }
}

impl Intake {
    /// Opens it on a database.
    pub fn open(url: &str, now: fn() -> DateTime<Utc>) -> Result<Self, PoolsError> {
        // The other two are opened when they are needed, which is never.
        let pools = Pools::connect(url, PoolSizes { writer: 2, projector: 1, reader: 1 })?;
        let settings = WriterSettings::default();
        let (log, writer) = PgLog::start(options(url)?, pools.writer.clone(), Arc::new(Now(now)), settings);
        Ok(Self { writer: Some(writer), ..Self::through(Arc::new(log), pools) })
    }

    /// Into a log that is kept elsewhere, over the database that is its copy.
    pub fn through(log: Arc<dyn EventLog>, pools: Pools) -> Self {
        let actor = Actor::new(ACTOR).expect("the actor's name keeps its rule");
        Self { log, writer: None, pools, actor, names: HashMap::new() }
    }

    /// Which of these events stand in the ledger, in their order.
    pub async fn standing(
        &self,
        tenant: TenantId,
        events: &[Incoming],
    ) -> Result<Vec<Standing>, AppendError> {
        let keys: Vec<IdempotencyKey> = events.iter().map(Incoming::key).collect();
        let asked: Vec<_> = keys.iter().map(|key| (tenant, key.key.as_str())).collect();
        let mut connection =
            self.pools.writer.acquire().await.map_err(|cause| Unavailable::new("ledger", cause))?;
        let stored = statements::receipts(&mut connection, &asked).await;
        let stored = stored.map_err(|cause| Unavailable::new("ledger", cause))?;
        let stored: HashMap<&str, _> = stored.iter().map(|stored| (stored.key.as_str(), stored)).collect();
        let standing = |key: &IdempotencyKey| match stored.get(key.key.as_str()) {
            None => Standing::New,
            Some(stored) if stored.answer(key).is_ok() => Standing::Known,
            Some(_) => Standing::Other,
        };
        Ok(keys.iter().map(standing).collect())
    }

    /// Brings events in, in their order, and answers for each. An event behind one of its stream that failed fails, too.
    pub async fn append(
        &mut self,
        tenant: TenantId,
        events: Vec<Incoming>,
    ) -> Vec<Result<Receipt, IntakeError>> {
        let prepared: Vec<_> = events.into_iter().map(|event| self.prepare(tenant, event)).collect();
        let log = &self.log;
        let under_way = prepared.into_iter().map(|append| async { Ok(log.append(append?).await?) });
        stream::iter(under_way).buffered(UNDER_WAY).collect().await
    }

    /// The events of a stream.
    pub async fn stream(&self, tenant: TenantId, stream: &str) -> Result<Vec<Recorded>, LogError> {
        self.log.read_stream(tenant, stream, 0).await
    }

    /// Ends the writer, after what it has accepted.
    pub async fn close(self) {
        let Self { log, writer, pools, .. } = self;
        drop(log);
        if let Some(writer) = writer
            && writer.await.is_err()
        {
            tracing::warn!("the writer ended early");
        }
        pools.close().await;
    }

    fn prepare(&mut self, tenant: TenantId, event: Incoming) -> Result<Append, IntakeError> {
        let expected = event.revision.checked_sub(1).map_or(Expected::NoStream, Expected::Revision);
        let idempotency = Some(event.key());
        let event_type = self.name(&event.event_type)?;
        let proposed = Proposed {
            event_id: event.event_id,
            event_type,
            schema_version: event.schema_version,
            payload: event.payload,
        };
        Ok(Append {
            tenant,
            stream: event.stream,
            expected,
            command_id: event.event_id,
            actor: self.actor.clone(),
            metadata: event.metadata,
            events: vec![proposed],
            idempotency,
        })
    }

    /// The log takes names that live as long as the program: those of the hub's own events do. A source has few.
    fn name(&mut self, name: &str) -> Result<&'static str, IntakeError> {
        if let Some(known) = self.names.get(name) {
            return Ok(known);
        }
        if self.names.len() >= NAMES {
            return Err(IntakeError::Names);
        }
        let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
        self.names.insert(name.to_owned(), kept);
        Ok(kept)
    }
}

/// Whether an event stays out for what it is, and not because the log could not be reached: its stream ends there, the others go on.
pub fn is_of_the_event(cause: &IntakeError) -> bool {
    match cause {
        IntakeError::Names => true,
        IntakeError::Append(cause) => matches!(
            cause,
            AppendError::Conflict { .. }
                | AppendError::KeyReused
                | AppendError::TooLarge { .. }
                | AppendError::Unfit(_)
        ),
    }
}
