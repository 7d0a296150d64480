//! From requests to rows, without I/O: expectations are checked, positions, sequences and hashes are assigned.

use std::collections::HashMap;

use hub_commands::ports::{Append, AppendError, Expected, Receipt};
use hub_domain::kernel::TypedId;
use hub_domain::ledger::{Hash, Leaf, sha256};
use uuid::Uuid;

/// Where the log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogHead {
    pub position: u64,
    pub epoch: i64,
    pub recorded_at: i64,
}

/// Where a tenant's chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TenantHead {
    pub size: u64,
    pub last: Hash,
}

impl TenantHead {
    pub const EMPTY: Self = Self { size: 0, last: Hash::ZERO };
}

/// What the planner must know, and learns: valid as long as the log's head stands where it was read.
pub(super) trait Known {
    /// The newest revision of a stream, or `None` when it is not known to have any.
    fn revision(&self, tenant: Uuid, stream: &str) -> Option<u64>;
    /// Where a tenant's chain ends.
    fn tenant(&self, tenant: Uuid) -> TenantHead;
}

/// One batch, column by column, borrowing all bytes from its requests.
#[derive(Default)]
pub(super) struct Batch<'a> {
    pub position: u64,
    pub recorded_at: i64,
    pub rows: Rows<'a>,
    pub receipts: Receipts<'a>,
    pub heads: Heads,
    /// The streams' newest revisions after the batch.
    pub streams: HashMap<(Uuid, &'a str), u64>,
    /// One answer for each request, in order; held back until the commit.
    pub answers: Vec<Answer>,
    pub bytes: usize,
}

/// What a request will be told once the batch is committed.
pub(super) enum Answer {
    /// It stands in the batch.
    Appended(Receipt),
    /// It changes nothing and is told so.
    Refused(AppendError),
}

#[derive(Default)]
pub(super) struct Rows<'a> {
    pub positions: Vec<i64>,
    pub sequences: Vec<i64>,
    pub revisions: Vec<i64>,
    pub tenants: Vec<Uuid>,
    pub event_ids: Vec<Uuid>,
    pub command_ids: Vec<Uuid>,
    pub schema_versions: Vec<i16>,
    pub streams: Vec<&'a str>,
    pub event_types: Vec<&'a str>,
    pub actors: Vec<&'a str>,
    pub leaf_hashes: Vec<Vec<u8>>,
    pub metadata: Vec<&'a [u8]>,
    pub payloads: Vec<&'a [u8]>,
}

#[derive(Default)]
pub(super) struct Receipts<'a> {
    pub tenants: Vec<Uuid>,
    pub keys: Vec<&'a str>,
    pub fingerprints: Vec<&'a [u8]>,
    pub streams: Vec<&'a str>,
    pub revisions: Vec<Option<i64>>,
    pub positions: Vec<i64>,
    // PostgreSQL counts from 1; first > last is the empty slice.
    pub first_ids: Vec<i32>,
    pub last_ids: Vec<i32>,
}

#[derive(Default)]
pub(super) struct Heads {
    pub tenants: Vec<Uuid>,
    pub sizes: Vec<i64>,
    pub lasts: Vec<Vec<u8>>,
}

impl Batch<'_> {
    /// Whether there is anything to write.
    pub fn is_empty(&self) -> bool {
        self.rows.positions.is_empty() && self.receipts.keys.is_empty()
    }

    /// Whether a request was refused for what is only known from memory.
    pub fn has_conflict(&self) -> bool {
        self.answers.iter().any(|answer| matches!(answer, Answer::Refused(AppendError::Conflict { .. })))
    }
}

/// Plans a batch after `head`. `now` is µs since 1970; recorded times never go back, whatever the clock does.
pub(super) fn plan<'a>(requests: &[&'a Append], known: &impl Known, head: &LogHead, now: i64) -> Batch<'a> {
    let mut batch =
        Batch { position: head.position, recorded_at: now.max(head.recorded_at), ..Batch::default() };
    let mut tenants: HashMap<Uuid, TenantHead> = HashMap::new();
    let mut keys: HashMap<(Uuid, &str), usize> = HashMap::new();
    let mut leaf = Vec::with_capacity(512);
    for (nth, append) in requests.iter().enumerate() {
        let tenant = append.tenant.uuid();
        if let Some(key) = &append.idempotency
            && let Some(first) = keys.get(&(tenant, key.key.as_str()))
        {
            let same = requests[*first]
                .idempotency
                .as_ref()
                .is_some_and(|other| other.fingerprint == key.fingerprint);
            let answer = repeat(&batch.answers[*first], same);
            batch.answers.push(answer);
            continue;
        }
        let actual = match batch.streams.get(&(tenant, append.stream.as_str())) {
            Some(revision) => Some(*revision),
            None => known.revision(tenant, &append.stream),
        };
        let fits = match append.expected {
            Expected::Any => true,
            Expected::NoStream => actual.is_none(),
            Expected::Revision(expected) => actual == Some(expected),
        };
        if !fits {
            let (stream, expected) = (append.stream.clone(), append.expected);
            batch.answers.push(Answer::Refused(AppendError::Conflict { stream, expected, actual }));
            continue;
        }
        let chain = tenants.entry(tenant).or_insert_with(|| known.tenant(tenant));
        let first_id = batch.rows.event_ids.len() + 1;
        let revision = add_events(&mut batch, append, chain, actual, &mut leaf);
        if let Some(revision) = revision {
            batch.streams.insert((tenant, append.stream.as_str()), revision);
        }
        if let Some(key) = &append.idempotency {
            keys.insert((tenant, key.key.as_str()), nth);
            let receipts = &mut batch.receipts;
            receipts.tenants.push(tenant);
            receipts.keys.push(&key.key);
            receipts.fingerprints.push(&key.fingerprint);
            receipts.streams.push(&append.stream);
            receipts.revisions.push(revision.map(|revision| revision as i64));
            receipts.positions.push(batch.position as i64);
            receipts.first_ids.push(first_id as i32);
            receipts.last_ids.push(batch.rows.event_ids.len() as i32);
        }
        batch.answers.push(Answer::Appended(Receipt {
            stream: append.stream.clone(),
            revision,
            position: batch.position,
            event_ids: append.events.iter().map(|event| event.event_id).collect(),
            repeated: false,
        }));
    }
    for (tenant, head) in tenants {
        batch.heads.tenants.push(tenant);
        batch.heads.sizes.push(head.size as i64);
        batch.heads.lasts.push(head.last.0.to_vec());
    }
    batch
}

fn add_events<'a>(
    batch: &mut Batch<'a>,
    append: &'a Append,
    chain: &mut TenantHead,
    actual: Option<u64>,
    leaf: &mut Vec<u8>,
) -> Option<u64> {
    let tenant = append.tenant.uuid();
    let metadata_hash = sha256(&append.metadata);
    let mut newest = actual;
    for event in &append.events {
        let revision = newest.map_or(0, |revision| revision + 1);
        newest = Some(revision);
        leaf.clear();
        Leaf {
            tenant,
            sequence: chain.size,
            previous: chain.last,
            event_id: event.event_id,
            command_id: append.command_id,
            recorded_at: batch.recorded_at,
            stream: &append.stream,
            revision,
            event_type: event.event_type,
            schema_version: event.schema_version,
            actor: append.actor.as_str(),
            metadata_hash,
            payload_hash: sha256(&event.payload),
        }
        .encode_into(leaf)
        .expect("the leaf's size was checked when the request was admitted");
        let hash = hub_domain::ledger::leaf_hash(leaf);
        batch.position += 1;
        let rows = &mut batch.rows;
        rows.positions.push(batch.position as i64);
        rows.sequences.push(chain.size as i64);
        rows.revisions.push(revision as i64);
        rows.tenants.push(tenant);
        rows.event_ids.push(event.event_id);
        rows.command_ids.push(append.command_id);
        rows.schema_versions.push(event.schema_version as i16);
        rows.streams.push(&append.stream);
        rows.event_types.push(event.event_type);
        rows.actors.push(append.actor.as_str());
        rows.leaf_hashes.push(hash.0.to_vec());
        rows.metadata.push(&append.metadata);
        rows.payloads.push(&event.payload);
        batch.bytes += append.metadata.len() + event.payload.len();
        *chain = TenantHead { size: chain.size + 1, last: hash };
    }
    newest
}

/// The answer to a request whose key an earlier request of the same batch carries.
fn repeat(first: &Answer, same: bool) -> Answer {
    match first {
        _ if !same => Answer::Refused(AppendError::KeyReused),
        Answer::Appended(receipt) => Answer::Appended(Receipt { repeated: true, ..receipt.clone() }),
        // The first was refused and left no trace; the repeat asks for the same and would be refused as well.
        Answer::Refused(AppendError::Conflict { stream, expected, actual }) => {
            Answer::Refused(AppendError::Conflict {
                stream: stream.clone(),
                expected: *expected,
                actual: *actual,
            })
        }
        Answer::Refused(_) => Answer::Refused(AppendError::KeyReused),
    }
}
