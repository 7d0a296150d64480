//! Verifying a ledger row by row: every byte that was hashed, every link, every count.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::hash::Hash;
use super::leaf::LeafError;
use super::recorded::Recorded;
use super::tree::Frontier;

/// Where a tenant's ledger ends. Two ledgers with the same head hold the same events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Whose ledger.
    pub tenant: Uuid,
    /// Its events.
    pub size: u64,
    /// The leaf hash of the last one; [`Hash::ZERO`] in an empty ledger.
    pub last: Hash,
    /// The root of the RFC 6962 tree over its leaf hashes.
    pub root: Hash,
}

/// What is wrong with a ledger, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The stored content, behind the tenant's event before, does not have the stored leaf hash.
    #[error(
        "position {position}: the content was altered (tenant {tenant}, sequence {sequence}): its leaf hash is {found}, stored is {stored}"
    )]
    ContentAltered {
        /// Where.
        position: u64,
        /// Whose.
        tenant: Uuid,
        /// Its place in the tenant's ledger.
        sequence: u64,
        /// What was stored.
        stored: Hash,
        /// What the content hashes to.
        found: Hash,
    },
    /// The content cannot even be a leaf.
    #[error("position {position}: the content was altered: {cause}")]
    InvalidLeaf {
        /// Where.
        position: u64,
        /// Why not.
        cause: LeafError,
    },
    /// Events of a tenant are missing.
    #[error(
        "position {position}: events are missing before it: sequence {found} follows where {expected} belongs (tenant {tenant})"
    )]
    Missing {
        /// Of the event after the gap.
        position: u64,
        /// Whose.
        tenant: Uuid,
        /// The sequence that belongs there.
        expected: u64,
        /// The sequence that stands there.
        found: u64,
    },
    /// An event stands where an earlier one has stood already.
    #[error(
        "position {position}: sequence {found} stands where {expected} belongs (tenant {tenant}): inserted or out of order"
    )]
    OutOfOrder {
        /// Where.
        position: u64,
        /// Whose.
        tenant: Uuid,
        /// The sequence that belongs there.
        expected: u64,
        /// The sequence that stands there.
        found: u64,
    },
    /// An event of another tenant stands in this chain.
    #[error("position {position}: it belongs to another tenant's ledger")]
    WrongTenant {
        /// Where.
        position: u64,
    },
    /// Positions do not grow by one.
    #[error(
        "position {found}: rows are missing before it or were inserted: position {expected} belongs there"
    )]
    PositionGap {
        /// The position that belongs there.
        expected: u64,
        /// The position that stands there.
        found: u64,
    },
    /// A stream's revisions do not grow by one.
    #[error("position {position}: stream `{stream}` has revision {found} where {expected} belongs")]
    RevisionGap {
        /// Where.
        position: u64,
        /// Which stream.
        stream: String,
        /// The revision that belongs there.
        expected: u64,
        /// The revision that stands there.
        found: u64,
    },
    /// The ledger is not the one of which the head was taken: its past was rewritten.
    #[error(
        "tenant {tenant}: the first {size} events are not those of the head that was taken earlier: root {found}, then {expected}"
    )]
    HeadMismatch {
        /// Whose.
        tenant: Uuid,
        /// The head's size.
        size: u64,
        /// The head's root.
        expected: Hash,
        /// The root now.
        found: Hash,
    },
    /// The ledger has fewer events than a head that was taken earlier.
    #[error("tenant {tenant}: the tail is cut: {found} events are there, {expected} were")]
    ShorterThanHead {
        /// Whose.
        tenant: Uuid,
        /// The head's size.
        expected: u64,
        /// Events now.
        found: u64,
    },
}

impl Fault {
    /// The position of the bad row, where the fault has one.
    pub fn position(&self) -> Option<u64> {
        match self {
            Self::ContentAltered { position, .. }
            | Self::InvalidLeaf { position, .. }
            | Self::Missing { position, .. }
            | Self::OutOfOrder { position, .. }
            | Self::WrongTenant { position }
            | Self::RevisionGap { position, .. } => Some(*position),
            Self::PositionGap { found, .. } => Some(*found),
            Self::HeadMismatch { .. } | Self::ShorterThanHead { .. } => None,
        }
    }
}

/// Verifies the chain and the tree of one tenant.
///
/// After a fault it goes on from what is stored, so that each later row is judged on its own.
#[derive(Clone, Debug)]
pub struct ChainVerifier {
    tenant: Uuid,
    next: u64,
    last: Hash,
    frontier: Frontier,
    buffer: Vec<u8>,
}

impl ChainVerifier {
    /// A verifier at the beginning of a tenant's ledger.
    pub fn new(tenant: Uuid) -> Self {
        Self { tenant, next: 0, last: Hash::ZERO, frontier: Frontier::new(), buffer: Vec::with_capacity(512) }
    }

    /// Judges the next event.
    pub fn push(&mut self, event: &Recorded) -> Result<(), Fault> {
        let (position, tenant, found) = (event.position, self.tenant, event.sequence);
        if event.tenant != tenant {
            return Err(Fault::WrongTenant { position });
        }
        let expected = self.next;
        if found < expected {
            // Left out of chain and tree: an inserted row is no reason to blame the rows behind it.
            return Err(Fault::OutOfOrder { position, tenant, expected, found });
        }
        let recomputed = event.recompute(self.last, &mut self.buffer);
        self.next = found.saturating_add(1);
        self.last = event.leaf_hash;
        self.frontier.push(event.leaf_hash);
        if found > expected {
            return Err(Fault::Missing { position, tenant, expected, found });
        }
        match recomputed {
            Ok(hash) if hash == event.leaf_hash => Ok(()),
            Ok(hash) => {
                let (sequence, stored) = (found, event.leaf_hash);
                Err(Fault::ContentAltered { position, tenant, sequence, stored, found: hash })
            }
            Err(cause) => Err(Fault::InvalidLeaf { position, cause }),
        }
    }

    /// Where the ledger ends, as far as it was read.
    pub fn head(&self) -> Head {
        Head { tenant: self.tenant, size: self.frontier.size(), last: self.last, root: self.frontier.root() }
    }
}

/// Verifies a whole log: every tenant's chain, gapless positions, gapless revisions, and heads that were taken earlier.
#[derive(Clone, Debug, Default)]
pub struct LogVerifier {
    position: u64,
    chains: HashMap<Uuid, ChainVerifier>,
    streams: HashMap<Uuid, HashMap<Box<str>, u64>>,
    expected: Vec<Head>,
}

impl LogVerifier {
    /// A verifier at the beginning of a log: the next position is 1.
    pub fn new() -> Self {
        Self::default()
    }

    /// Demands that the ledger passes through a head that was taken earlier.
    pub fn expect_head(&mut self, head: &Head) {
        self.expected.push(*head);
    }

    /// Judges the next row. A clean one costs no allocation, but for the first of its stream.
    pub fn push(&mut self, event: &Recorded) -> Vec<Fault> {
        let mut faults = Vec::new();
        let expected = self.position + 1;
        if event.position != expected {
            faults.push(Fault::PositionGap { expected, found: event.position });
        }
        self.position = event.position;
        let chain = self.chains.entry(event.tenant).or_insert_with(|| ChainVerifier::new(event.tenant));
        if let Err(fault) = chain.push(event) {
            faults.push(fault);
        }
        let streams = self.streams.entry(event.tenant).or_default();
        let expected = match streams.get_mut(event.stream.as_str()) {
            Some(next) => std::mem::replace(next, event.revision.saturating_add(1)),
            None => {
                streams.insert(event.stream.as_str().into(), event.revision.saturating_add(1));
                0
            }
        };
        if event.revision != expected {
            let (position, stream, found) = (event.position, event.stream.clone(), event.revision);
            faults.push(Fault::RevisionGap { position, stream, expected, found });
        }
        for head in &self.expected {
            if head.tenant == event.tenant && head.size == chain.frontier.size() {
                faults.extend(mismatch(head, &chain.head()));
            }
        }
        faults
    }

    /// Each tenant's head, in the order of tenant ids.
    pub fn heads(&self) -> Vec<Head> {
        let mut heads: Vec<Head> = self.chains.values().map(ChainVerifier::head).collect();
        heads.sort_unstable_by_key(|head| head.tenant);
        heads
    }

    /// What only the end can tell: heads that were never reached.
    pub fn finish(self) -> Vec<Fault> {
        let size = |tenant| self.chains.get(&tenant).map_or(0, |chain| chain.frontier.size());
        let cut = |head: &Head| {
            let found = size(head.tenant);
            let (tenant, expected) = (head.tenant, head.size);
            (found < expected).then_some(Fault::ShorterThanHead { tenant, expected, found })
        };
        self.expected.iter().filter_map(cut).collect()
    }
}

fn mismatch(expected: &Head, found: &Head) -> Option<Fault> {
    let (tenant, size) = (expected.tenant, expected.size);
    (expected != found).then_some(Fault::HeadMismatch {
        tenant,
        size,
        expected: expected.root,
        found: found.root,
    })
}
