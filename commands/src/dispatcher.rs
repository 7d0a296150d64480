//! The one way to change anything: authorise, recognise a repeat, decide, append.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, AggregateContext, AggregateError, EventStore};
use hub_domain::kernel::{Metadata, Reason, Sealed, TenantId};
use hub_domain::{Ctx, Decider};
use tokio::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

use crate::access::{Caller, Permission};
use crate::cache::StreamCache;
pub use crate::error::CommandError;
use crate::ledger_store::{LedgerStore, Loaded, Surroundings, decode, load_from_log, unbridge};
use crate::origin::{self, Origin};
use crate::ports::{Clock, EventLog, IdempotencyKey, Ids, LogError, Receipt, Vault, VaultError};
use crate::refusals::Refusals;
use crate::telemetry;

/// How often a command is decided anew after somebody else wrote first.
const RETRIES: usize = 8;
/// How much memory folded streams may take, by estimate, unless [`Dispatcher::with_cache`] says otherwise.
const CACHE_BYTES: u64 = 64 << 20;
/// What an idempotency key may be.
const KEY_RULE: &str = "an idempotency key has 1 to 255 visible ASCII characters";

/// How a command is to be carried out.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The caller's own name for the command: a repeat under it answers with the first receipt.
    pub idempotency_key: Option<String>,
    /// SHA-256 over what was asked, so that a key cannot serve two requests. Of no meaning without a key.
    pub fingerprint: [u8; 32],
    /// The revision that the caller had seen.
    pub if_match: Option<u64>,
    /// Only plan: answer with the events that would be recorded, and touch nothing.
    pub dry_run: bool,
    /// Why, in the actor's words.
    pub reason: Option<Reason>,
    /// The W3C trace id of the request, 32 hex digits.
    pub trace_id: Option<String>,
    /// The event that caused the command, where a flow issued it.
    pub caused_by: Option<Uuid>,
    /// From where it came, when it came over a network.
    pub origin: Option<Origin>,
    /// The id of the request: 1 to 64 of `A-Za-z0-9._-`.
    pub request_id: Option<String>,
    /// The change request under which it is done: 1 to 128 visible ASCII characters.
    pub change_request: Option<String>,
}

/// What came of a command.
#[derive(Clone, Debug)]
pub struct Outcome<D: Decider> {
    /// Where its events stand. For a plan: where the stream stands now, without event ids.
    pub receipt: Receipt,
    /// Its events, in order; planned ones when `dry_run` is set.
    pub events: Vec<D::Event>,
    /// The state after them; of a repeated command: the state now.
    pub state: D::State,
    /// Whether this is only a plan.
    pub dry_run: bool,
}

/// Carries commands out. One per process; cheap to share behind an [`Arc`].
pub struct Dispatcher {
    log: Arc<dyn EventLog>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    cache: StreamCache,
    vault: Option<Arc<dyn Vault>>,
    pub(crate) refusals: Refusals,
}

impl Dispatcher {
    /// A dispatcher over a log.
    pub fn new(log: Arc<dyn EventLog>, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        let cache = StreamCache::new(CACHE_BYTES);
        Self { log, clock, ids, cache, vault: None, refusals: Refusals::default() }
    }

    /// Seals origins in this vault. Without one they are not recorded.
    #[must_use]
    pub fn with_vault(mut self, vault: Arc<dyn Vault>) -> Self {
        self.vault = Some(vault);
        self
    }

    /// Bounds the memory of folded streams, in bytes by estimate; 0 turns the cache off.
    #[must_use]
    pub fn with_cache(mut self, bytes: u64) -> Self {
        self.cache = StreamCache::new(bytes);
        self
    }

    /// Carries a command out on a stream of the caller's tenant. `name` is its wire name: `"cluster.import"`.
    pub async fn execute<D: Decider>(
        &self,
        caller: &Caller,
        permission: Permission,
        name: &'static str,
        stream: &str,
        command: D::Command,
        options: &Options,
    ) -> Result<Outcome<D>, CommandError> {
        let started = Instant::now();
        let span = tracing::debug_span!("command", name, stream);
        // Boxed: as a part of each caller's own future it would be moved about with all of them.
        let work = Box::pin(self.carry_out::<D>(caller, permission, name, stream, command, options));
        let result = work.instrument(span).await;
        telemetry::command(name, label(&result), started.elapsed());
        result
    }

    /// What a command would record, whether or not only a plan is asked for: for services that must know of a
    /// refusal before they touch anything beside the ledger. Counted only when it is the answer.
    pub(crate) async fn plan<D: Decider>(
        &self,
        caller: &Caller,
        permission: Permission,
        name: &'static str,
        stream: &str,
        command: D::Command,
        options: &Options,
    ) -> Result<Outcome<D>, CommandError> {
        let started = Instant::now();
        let plan = Options { dry_run: true, ..options.clone() };
        let result = self.carry_out::<D>(caller, permission, name, stream, command, &plan).await;
        if options.dry_run || result.is_err() {
            telemetry::command(name, label(&result), started.elapsed());
        }
        result
    }

    /// The outcome of an earlier command under the same key, if there was one. Plans have no past.
    pub async fn repeat<D: Decider>(
        &self,
        caller: &Caller,
        name: &'static str,
        options: &Options,
    ) -> Result<Option<Outcome<D>>, CommandError> {
        let started = Instant::now();
        let Some(key) = stored_key(caller, options)? else { return Ok(None) };
        let Some(receipt) = self.log.find(caller.tenant, &key).await? else { return Ok(None) };
        let outcome = self.repeated(caller.tenant, receipt).await?;
        telemetry::command(name, "repeated", started.elapsed());
        Ok(Some(outcome))
    }

    /// A stream's state and revision as the log has them now; the revision is `None` while the stream is empty.
    pub async fn load<D: Decider>(
        &self,
        tenant: TenantId,
        stream: &str,
    ) -> Result<(D::State, Option<u64>), CommandError> {
        let loaded = self.standing::<D>(tenant, stream).await?;
        let revision = loaded.revision();
        Ok((loaded.into_state(), revision))
    }

    /// As [`Self::load`], with the position as well.
    pub(crate) async fn standing<D: Decider>(
        &self,
        tenant: TenantId,
        stream: &str,
    ) -> Result<Loaded<D>, LogError> {
        load_from_log(&*self.log, &self.cache, tenant, stream).await
    }

    async fn carry_out<D: Decider>(
        &self,
        caller: &Caller,
        permission: Permission,
        name: &'static str,
        stream: &str,
        command: D::Command,
        options: &Options,
    ) -> Result<Outcome<D>, CommandError> {
        use CommandError::{PreconditionFailed, Refused};
        caller.authorise(permission)?;
        let key = stored_key(caller, options)?;
        match (self.decide::<D>(caller, name, stream, command, options, key.clone()).await, key) {
            // What can be done is known by its key to the log when it is appended. What is refused by now may have been
            // done before.
            (Err(error @ (Refused(_) | PreconditionFailed { .. })), Some(key)) => {
                match self.log.find(caller.tenant, &key).await? {
                    Some(receipt) => self.repeated(caller.tenant, receipt).await,
                    None => Err(error),
                }
            }
            (done, _) => done,
        }
    }

    /// Decides and appends, anew after each conflict.
    pub(crate) async fn decide<D: Decider>(
        &self,
        caller: &Caller,
        name: &'static str,
        stream: &str,
        command: D::Command,
        options: &Options,
        key: Option<IdempotencyKey>,
    ) -> Result<Outcome<D>, CommandError> {
        let ctx = Ctx {
            now: self.clock.now(),
            actor: caller.actor.clone(),
            tenant: caller.tenant,
            command_id: self.ids.uuid(),
        };
        let around = Surroundings { log: &*self.log, cache: &self.cache, ids: &*self.ids };
        let metadata =
            Metadata { origin: self.seal_origin(caller, stream, options).await?, ..metadata(name, options) };
        let mut store = LedgerStore::<D>::new(&around, &ctx, metadata, key);
        if options.dry_run {
            store.distrust_cache();
        }
        let mut pauses = pauses();
        loop {
            let mut loaded = store.load_aggregate(stream).await.map_err(unbridge)?;
            let cached = loaded.is_cached();
            let (revision, position) = (loaded.revision(), loaded.position());
            if let Some(expected) = options.if_match.filter(|expected| Some(*expected) != revision) {
                if cached {
                    store.distrust_cache();
                    continue;
                }
                return Err(CommandError::PreconditionFailed { expected, actual: revision });
            }
            let sink = EventSink::default();
            let decided = loaded.aggregate().handle(command.clone(), &ctx, &sink).await;
            let events = sink.collect().await;
            if cached && (decided.is_err() || events.is_empty()) {
                // A refusal must never rest on a state that the log has left behind.
                store.distrust_cache();
                continue;
            }
            decided.map_err(|refusal| CommandError::Refused(Box::new(refusal)))?;
            if options.dry_run || (events.is_empty() && options.idempotency_key.is_none()) {
                let position = match position {
                    Some(position) if !options.dry_run => position,
                    _ => self.log.head().await?,
                };
                let receipt = Receipt {
                    stream: stream.to_owned(),
                    revision,
                    position,
                    event_ids: vec![],
                    repeated: false,
                };
                let events = events.into_iter().map(|wire| wire.0).collect();
                return Ok(Outcome { receipt, events, state: loaded.into_state(), dry_run: options.dry_run });
            }
            match store.commit(events, loaded, HashMap::new()).await {
                Ok(envelopes) => {
                    let committed =
                        store.into_committed().expect("a commit with events or a key leaves a receipt");
                    if committed.receipt.repeated {
                        // The same request was under way twice and the other one came first.
                        return self.repeated(caller.tenant, committed.receipt).await;
                    }
                    let events = envelopes.into_iter().map(|envelope| envelope.payload.0).collect();
                    return Ok(Outcome {
                        receipt: committed.receipt,
                        events,
                        state: committed.state,
                        dry_run: false,
                    });
                }
                Err(AggregateError::AggregateConflict) => {
                    store.distrust_cache();
                    // Only a conflict with what the log itself had said is contention.
                    if !cached {
                        tokio::time::sleep(pauses.next().ok_or(CommandError::Contended)?).await;
                    }
                }
                Err(error) => return Err(unbridge(error)),
            }
        }
    }

    /// From where a command came, sealed under the key of whoever acts. What the hub records of a user itself, such as a
    /// refused sign-in, is sealed under that user's. `None` for plans, and where the key was destroyed.
    async fn seal_origin(
        &self,
        caller: &Caller,
        stream: &str,
        options: &Options,
    ) -> Result<Option<Sealed>, CommandError> {
        let (Some(vault), Some(origin)) = (&self.vault, &options.origin) else { return Ok(None) };
        if options.dry_run {
            return Ok(None);
        }
        let subject = origin::subject(caller.actor.as_str(), stream);
        match vault.seal_in_passing(caller.tenant, subject, origin.document()).await {
            Ok(sealed) => Ok(Some(sealed)),
            Err(VaultError::Erased) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// What an earlier command under the same key had come to.
    async fn repeated<D: Decider>(
        &self,
        tenant: TenantId,
        receipt: Receipt,
    ) -> Result<Outcome<D>, CommandError> {
        let of_this_kind = receipt.stream.strip_prefix(D::STREAM).is_some_and(|rest| rest.starts_with('_'));
        if !of_this_kind {
            return Err(CommandError::KeyReused);
        }
        let mut events = vec![];
        if let (Some(last), Some(more)) = (receipt.revision, receipt.event_ids.len().checked_sub(1)) {
            let from = last.saturating_sub(more as u64);
            let recorded = self.log.read_stream(tenant, &receipt.stream, from).await?;
            let own = recorded.iter().filter(|event| receipt.event_ids.contains(&event.event_id));
            events = own.map(decode::<D>).collect::<Result<_, _>>()?;
        }
        let state = self.standing::<D>(tenant, &receipt.stream).await?.into_state();
        Ok(Outcome { receipt: Receipt { repeated: true, ..receipt }, events, state, dry_run: false })
    }
}

/// The label under which an outcome is counted.
fn label<D: Decider>(result: &Result<Outcome<D>, CommandError>) -> &'static str {
    match result {
        Ok(outcome) if outcome.dry_run => "planned",
        Ok(outcome) if outcome.receipt.repeated => "repeated",
        Ok(outcome) if outcome.events.is_empty() => "unchanged",
        Ok(_) => "recorded",
        Err(error) => error.label(),
    }
}

fn metadata(name: &'static str, options: &Options) -> Metadata {
    Metadata {
        command: name.to_owned(),
        trace_id: options.trace_id.clone(),
        reason: options.reason.as_ref().map(|reason| reason.as_str().to_owned()),
        caused_by: options.caused_by,
        origin: None,
        request_id: options.request_id.clone(),
        change_request: options.change_request.clone(),
    }
}

/// The key under which the log remembers the command: no actor can meet another's key.
fn stored_key(caller: &Caller, options: &Options) -> Result<Option<IdempotencyKey>, CommandError> {
    let Some(key) = options.idempotency_key.as_deref().filter(|_| !options.dry_run) else { return Ok(None) };
    if !(1..=255).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(CommandError::invalid("", KEY_RULE));
    }
    let key = format!("{}/{key}", caller.actor);
    Ok(Some(IdempotencyKey { key, fingerprint: options.fingerprint }))
}

fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(2))
        .with_max_delay(Duration::from_millis(50))
        .with_max_times(RETRIES)
        .with_jitter()
        .build()
}

#[cfg(test)]
mod tests;
