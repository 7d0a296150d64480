//! The bridge to cqrs-es, second half: the event log as an event store, for one command.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use cqrs_es::{AggregateContext, AggregateError, EventEnvelope, EventStore};
use hub_domain::kernel::{Metadata, TenantId};
use hub_domain::ledger::Recorded;
use hub_domain::{Ctx, Decider, Event};

use crate::aggregate::{Folded, Wire};
use crate::cache::{Snapshot, StreamCache, Tip};
use crate::error::CommandError;
use crate::ports::{
    Append, AppendError, EventLog, Expected, IdempotencyKey, Ids, LogError, Proposed, Receipt,
};

/// The event store of one command: knows whose it is, under which key it is remembered and what stands beside it.
///
/// cqrs-es numbers a stream's events from 1, the ledger from 0: an envelope's `sequence` is the revision plus 1.
pub struct LedgerStore<'a, D: Decider> {
    log: &'a dyn EventLog,
    cache: &'a StreamCache,
    ids: &'a dyn Ids,
    ctx: &'a Ctx,
    metadata: Metadata,
    idempotency: Option<IdempotencyKey>,
    trusts_cache: bool,
    committed: OnceLock<Committed<D>>,
}

/// What a commit left behind.
pub struct Committed<D: Decider> {
    /// The log's answer.
    pub receipt: Receipt,
    /// The state after the command; of no meaning when the receipt is that of an earlier command.
    pub state: D::State,
}

/// A loaded aggregate and where its stream stands.
pub struct Loaded<D: Decider> {
    folded: Folded<D>,
    stream: String,
    tip: Option<Tip>,
    cached: bool,
}

impl<D: Decider> Loaded<D> {
    /// The state.
    pub fn state(&self) -> &D::State {
        self.folded.state()
    }

    /// The state, unwrapped.
    pub fn into_state(self) -> D::State {
        self.folded.into_state()
    }

    /// The stream's revision as loaded; `None` while it is empty.
    pub fn revision(&self) -> Option<u64> {
        self.tip.map(|tip| tip.revision)
    }

    /// The log position of the stream's newest event as loaded; `None` while it is empty.
    pub fn position(&self) -> Option<u64> {
        self.tip.map(|tip| tip.position)
    }

    /// Whether the state came from the cache, so that the log may know better.
    pub fn is_cached(&self) -> bool {
        self.cached
    }
}

impl<D: Decider> AggregateContext<Folded<D>> for Loaded<D> {
    fn aggregate(&mut self) -> &mut Folded<D> {
        &mut self.folded
    }
}

/// What a store needs besides the log.
pub(crate) struct Surroundings<'a> {
    pub log: &'a dyn EventLog,
    pub cache: &'a StreamCache,
    pub ids: &'a dyn Ids,
}

impl<'a, D: Decider> LedgerStore<'a, D> {
    pub(crate) fn new(
        around: &Surroundings<'a>,
        ctx: &'a Ctx,
        metadata: Metadata,
        idempotency: Option<IdempotencyKey>,
    ) -> Self {
        let Surroundings { log, cache, ids } = *around;
        Self { log, cache, ids, ctx, metadata, idempotency, trusts_cache: true, committed: OnceLock::new() }
    }

    /// From here on every load asks the log.
    pub fn distrust_cache(&mut self) {
        self.trusts_cache = false;
    }

    /// What the commit left behind; `None` when nothing was appended.
    pub fn into_committed(self) -> Option<Committed<D>> {
        self.committed.into_inner()
    }

    async fn load(&self, stream: &str) -> Result<Loaded<D>, LogError> {
        if self.trusts_cache
            && let Some(snapshot) = self.cache.get::<D>(self.ctx.tenant, stream)
        {
            let folded = Folded::new(snapshot.state.clone());
            return Ok(Loaded { folded, stream: stream.to_owned(), tip: Some(snapshot.tip), cached: true });
        }
        load_from_log(self.log, self.cache, self.ctx.tenant, stream).await
    }

    fn propose(&self, events: &[Wire<D::Event>]) -> Result<Vec<Proposed>, AppendError> {
        let propose = |Wire(event): &Wire<D::Event>| {
            Ok(Proposed {
                event_id: self.ids.uuid(),
                event_type: event.event_type(),
                schema_version: event.schema_version(),
                payload: event.encode().map_err(|error| AppendError::Unfit(error.to_string()))?,
            })
        };
        events.iter().map(propose).collect()
    }

    /// Appends, and leaves receipt and state in `committed`. Answers with the stream's name.
    async fn append(&self, events: &[Wire<D::Event>], loaded: Loaded<D>) -> Result<String, AppendError> {
        let Loaded { folded, stream, tip, .. } = loaded;
        let proposed = self.propose(events)?;
        let largest = proposed.iter().map(|event| event.payload.len() as u32).max().unwrap_or_default();
        let metadata =
            serde_json::to_vec(&self.metadata).map_err(|error| AppendError::Unfit(error.to_string()))?;
        let append = Append {
            tenant: self.ctx.tenant,
            stream: stream.clone(),
            expected: tip.map_or(Expected::NoStream, |tip| Expected::Revision(tip.revision)),
            command_id: self.ctx.command_id,
            actor: self.ctx.actor.clone(),
            metadata,
            events: proposed,
            idempotency: self.idempotency.clone(),
        };
        let receipt = self.log.append(append).await?;
        let state = folded.into_state();
        if let (false, Some(revision), Some(event_id)) =
            (receipt.repeated, receipt.revision, receipt.event_ids.last().copied())
        {
            let largest = largest.max(tip.map_or(0, |tip| tip.largest));
            let tip = Tip { revision, position: receipt.position, event_id, largest };
            self.cache.put::<D>(self.ctx.tenant, &stream, Arc::new(Snapshot { state: state.clone(), tip }));
        }
        // A store serves one command: it commits once.
        let _ = self.committed.set(Committed { receipt, state });
        Ok(stream)
    }
}

/// Folds a stream from the log, onwards from what the cache holds when the log confirms it.
pub(crate) async fn load_from_log<D: Decider>(
    log: &dyn EventLog,
    cache: &StreamCache,
    tenant: TenantId,
    stream: &str,
) -> Result<Loaded<D>, LogError> {
    let mut folded = (D::initial(), None);
    let mut known = None;
    if let Some(snapshot) = cache.get::<D>(tenant, stream) {
        let Tip { revision, event_id, .. } = snapshot.tip;
        let newest = log.read_stream(tenant, stream, revision).await?;
        // The last event that was folded must still stand there, or the log is not the one that was folded.
        if newest.first().is_some_and(|event| event.revision == revision && event.event_id == event_id) {
            folded = fold::<D>(snapshot.state.clone(), Some(snapshot.tip), &newest[1..])?;
            known = Some(revision);
        }
    }
    if known.is_none() {
        folded = fold::<D>(D::initial(), None, &log.read_stream(tenant, stream, 0).await?)?;
    }
    let (state, tip) = folded;
    if let Some(tip) = tip.filter(|tip| Some(tip.revision) != known) {
        cache.put::<D>(tenant, stream, Arc::new(Snapshot { state: state.clone(), tip }));
    }
    Ok(Loaded { folded: Folded::new(state), stream: stream.to_owned(), tip, cached: false })
}

fn fold<D: Decider>(
    mut state: D::State,
    mut tip: Option<Tip>,
    recorded: &[Recorded],
) -> Result<(D::State, Option<Tip>), LogError> {
    for event in recorded {
        let next = tip.map_or(0, |tip| tip.revision + 1);
        if event.revision != next {
            let what = format!("its stream continues at revision {} instead of {next}", event.revision);
            return Err(LogError::Damaged { position: event.position, what });
        }
        state = D::evolve(state, &decode::<D>(event)?);
        let largest = tip.map_or(0, |tip| tip.largest).max(event.payload.len() as u32);
        tip = Some(Tip { revision: next, position: event.position, event_id: event.event_id, largest });
    }
    Ok((state, tip))
}

pub(crate) fn decode<D: Decider>(recorded: &Recorded) -> Result<D::Event, LogError> {
    D::Event::decode(&recorded.event_type, &recorded.payload)
        .map_err(|error| LogError::Damaged { position: recorded.position, what: error.to_string() })
}

impl<D: Decider> EventStore<Folded<D>> for LedgerStore<'_, D> {
    type AC = Loaded<D>;

    async fn load_events(
        &self,
        stream: &str,
    ) -> Result<Vec<EventEnvelope<Folded<D>>>, AggregateError<D::Refusal>> {
        let recorded = self.log.read_stream(self.ctx.tenant, stream, 0).await.map_err(bridge_log)?;
        recorded
            .iter()
            .map(|event| {
                let metadata: HashMap<String, serde_json::Value> =
                    serde_json::from_slice(&event.metadata).map_err(AggregateError::from)?;
                let text = |(name, value): (String, serde_json::Value)| {
                    Some((name, value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)))
                };
                Ok(EventEnvelope {
                    aggregate_id: event.stream.clone(),
                    sequence: event.revision as usize + 1,
                    payload: Wire(decode::<D>(event).map_err(bridge_log)?),
                    metadata: metadata.into_iter().filter_map(text).collect(),
                })
            })
            .collect()
    }

    async fn load_aggregate(&self, stream: &str) -> Result<Loaded<D>, AggregateError<D::Refusal>> {
        self.load(stream).await.map_err(bridge_log)
    }

    /// Appends the events of the command. The ledger's metadata is fixed when the store is made: `metadata` must be
    /// empty. Without events, only an idempotency key is remembered; without either, nothing happens.
    async fn commit(
        &self,
        events: Vec<Wire<D::Event>>,
        context: Loaded<D>,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<Folded<D>>>, AggregateError<D::Refusal>> {
        if !metadata.is_empty() {
            return Err(AggregateError::UnexpectedError(
                "the ledger's metadata is fixed by the command".into(),
            ));
        }
        if events.is_empty() && self.idempotency.is_none() {
            return Ok(vec![]);
        }
        let first = context.revision().map_or(1, |revision| revision as usize + 2);
        let stream = self.append(&events, context).await.map_err(|error| match error {
            AppendError::Conflict { .. } => AggregateError::AggregateConflict,
            error => AggregateError::DatabaseConnectionError(Box::new(error)),
        })?;
        let envelope = |(index, payload)| EventEnvelope {
            aggregate_id: stream.clone(),
            sequence: first + index,
            payload,
            metadata: HashMap::new(),
        };
        Ok(events.into_iter().enumerate().map(envelope).collect())
    }
}

fn bridge_log<E: std::error::Error>(error: LogError) -> AggregateError<E> {
    AggregateError::DatabaseConnectionError(Box::new(error))
}

/// The way back over the bridge: the typed error inside what cqrs-es could say of it.
pub(crate) fn unbridge<E: hub_domain::Refusal>(error: AggregateError<E>) -> CommandError {
    let unknown =
        |cause| CommandError::Unavailable(crate::ports::Unavailable { what: "ledger", source: cause });
    match error {
        AggregateError::UserError(refusal) => CommandError::Refused(Box::new(refusal)),
        AggregateError::AggregateConflict => CommandError::Contended,
        AggregateError::DatabaseConnectionError(cause) => match cause.downcast::<AppendError>() {
            Ok(error) => (*error).into(),
            Err(cause) => cause.downcast::<LogError>().map_or_else(unknown, |error| (*error).into()),
        },
        AggregateError::DeserializationError(cause) | AggregateError::UnexpectedError(cause) => {
            unknown(cause)
        }
    }
}

#[cfg(test)]
mod tests;
