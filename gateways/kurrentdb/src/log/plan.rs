//! From requests to entries, without I/O: expectations are checked, positions, sequences and hashes are assigned.

use std::collections::HashMap;

use hub_commands::ports::{Append, AppendError, ChainHead, Entry, Expected, Receipt, Remembered};
use hub_domain::kernel::TypedId;
use hub_domain::ledger::{Hash, Recorded};
use uuid::Uuid;

/// Where the log ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// The number of the next entry.
    pub next: u64,
    /// The newest position.
    pub position: u64,
    /// When that was recorded.
    pub recorded_at: i64,
}

/// What the planner must know: valid as long as the log ends where it was read.
pub(super) trait Known {
    /// The newest revision of a stream, or `None` when it has no event.
    fn revision(&self, tenant: Uuid, stream: &str) -> Option<u64>;
    /// Where a tenant's chain ends.
    fn chain(&self, tenant: Uuid) -> ChainHead;
}

/// One batch: what is sent in one append, and what its requests are told once it is confirmed.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub entries: Vec<Entry>,
    /// The id of each entry: an event's own, or its command's.
    pub ids: Vec<Uuid>,
    pub answers: Vec<Result<Receipt, AppendError>>,
}

impl Batch {
    /// Whether a request was refused for what is only known from memory.
    pub fn has_conflict(&self) -> bool {
        self.answers.iter().any(|answer| matches!(answer, Err(AppendError::Conflict { .. })))
    }
}

/// Plans a batch behind `head`. `now` is µs since 1970; recorded times never go back, whatever the clock does.
pub(super) fn plan(requests: &[&Append], known: &impl Known, head: Head, now: i64) -> Batch {
    let mut planner = Planner {
        known,
        head: Head { recorded_at: now.max(head.recorded_at), ..head },
        chains: HashMap::new(),
        streams: HashMap::new(),
        batch: Batch::default(),
        buffer: Vec::with_capacity(512),
    };
    let mut keys: HashMap<(Uuid, &str), usize> = HashMap::new();
    for (nth, append) in requests.iter().enumerate() {
        let key = append.idempotency.as_ref().map(|key| (append.tenant.uuid(), key.key.as_str()));
        let answer = match key.and_then(|key| keys.get(&key)) {
            Some(first) => {
                let fingerprint = |append: &Append| append.idempotency.as_ref().map(|key| key.fingerprint);
                let same = fingerprint(requests[*first]) == fingerprint(append);
                repeat(&planner.batch.answers[*first], same)
            }
            None => planner.add(append),
        };
        if answer.as_ref().is_ok_and(|receipt| !receipt.repeated)
            && let Some(key) = key
        {
            keys.insert(key, nth);
        }
        planner.batch.answers.push(answer);
    }
    planner.batch
}

struct Planner<'a, K> {
    known: &'a K,
    head: Head,
    chains: HashMap<Uuid, ChainHead>,
    streams: HashMap<(Uuid, &'a str), u64>,
    batch: Batch,
    buffer: Vec<u8>,
}

impl<'a, K: Known> Planner<'a, K> {
    fn add(&mut self, append: &'a Append) -> Result<Receipt, AppendError> {
        let (tenant, stream) = (append.tenant.uuid(), append.stream.as_str());
        let remembered = self.streams.get(&(tenant, stream)).copied();
        let actual = remembered.or_else(|| self.known.revision(tenant, stream));
        let fits = match append.expected {
            Expected::Any => true,
            Expected::NoStream => actual.is_none(),
            Expected::Revision(expected) => actual == Some(expected),
        };
        if !fits {
            let (stream, expected) = (append.stream.clone(), append.expected);
            return Err(AppendError::Conflict { stream, expected, actual });
        }
        let events = self.events(append, actual)?;
        let revision = events.last().map_or(actual, |event| Some(event.revision));
        let position = self.head.position + events.len() as u64;
        let event_ids: Vec<Uuid> = events.iter().map(|event| event.event_id).collect();
        let receipt =
            Receipt { stream: append.stream.clone(), revision, position, event_ids, repeated: false };
        let kept = append.idempotency.clone().map(|key| Remembered {
            tenant,
            key,
            receipt: Receipt { repeated: true, ..receipt.clone() },
        });
        self.keep(append, events, kept);
        Ok(receipt)
    }

    /// The events of a command, hashed; nothing is kept yet.
    fn events(&mut self, append: &Append, actual: Option<u64>) -> Result<Vec<Recorded>, AppendError> {
        let tenant = append.tenant.uuid();
        let mut chain = self.chain(tenant);
        let first = actual.map_or(0, |revision| revision + 1);
        let mut made = Vec::with_capacity(append.events.len());
        for (nth, event) in (0..).zip(&append.events) {
            let mut recorded = Recorded {
                position: self.head.position + 1 + nth,
                tenant,
                sequence: chain.size,
                stream: append.stream.clone(),
                revision: first + nth,
                event_id: event.event_id,
                command_id: append.command_id,
                recorded_at: self.head.recorded_at,
                event_type: event.event_type.to_owned(),
                schema_version: event.schema_version,
                actor: append.actor.as_str().to_owned(),
                metadata: append.metadata.clone(),
                payload: event.payload.clone(),
                leaf_hash: Hash::ZERO,
            };
            recorded.leaf_hash = recorded
                .recompute(chain.last, &mut self.buffer)
                .map_err(|cause| AppendError::Unfit(cause.to_string()))?;
            chain = ChainHead { size: chain.size + 1, last: recorded.leaf_hash };
            made.push(recorded);
        }
        Ok(made)
    }

    fn chain(&self, tenant: Uuid) -> ChainHead {
        self.chains.get(&tenant).copied().unwrap_or_else(|| self.known.chain(tenant))
    }

    /// Puts a command's entries behind the batch: the last of them carries the key.
    fn keep(&mut self, append: &'a Append, events: Vec<Recorded>, mut kept: Option<Remembered>) {
        if events.is_empty() {
            if kept.is_some() {
                self.push(append.command_id, None, kept);
            }
            return;
        }
        let last = events.len() - 1;
        for (nth, event) in events.into_iter().enumerate() {
            let head = ChainHead { size: event.sequence + 1, last: event.leaf_hash };
            self.chains.insert(event.tenant, head);
            self.streams.insert((event.tenant, append.stream.as_str()), event.revision);
            self.head.position = event.position;
            let receipt = if nth == last { kept.take() } else { None };
            self.push(event.event_id, Some(event), receipt);
        }
    }

    fn push(&mut self, id: Uuid, event: Option<Recorded>, receipt: Option<Remembered>) {
        self.batch.entries.push(Entry { number: self.head.next, event, receipt });
        self.batch.ids.push(id);
        self.head.next += 1;
    }
}

/// The answer to a request whose key an earlier request of the same batch carries.
fn repeat(first: &Result<Receipt, AppendError>, same: bool) -> Result<Receipt, AppendError> {
    match first {
        Ok(receipt) if same => Ok(Receipt { repeated: true, ..receipt.clone() }),
        _ => Err(AppendError::KeyReused),
    }
}

#[cfg(test)]
mod tests;
