//! What can be wrong with a ledger, each by its name.

use uuid::Uuid;

use super::hash::Hash;
use super::leaf::LeafError;

/// What is wrong with a ledger, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The stored content, behind the tenant's event before, does not have the stored leaf hash: one of the row's
    /// fields, its metadata, its payload or the hash itself was altered.
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
    /// The row is the one that belongs here, but for its sequence.
    #[error(
        "position {position}: the sequence was altered: it says {found}, hashed was {expected} (tenant {tenant})"
    )]
    SequenceAltered {
        /// Where.
        position: u64,
        /// Whose.
        tenant: Uuid,
        /// The sequence that was hashed.
        expected: u64,
        /// The sequence that stands there.
        found: u64,
    },
    /// Events of a tenant are missing. With them is gone what would tell whether this row is sound.
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
    /// An event stands where later ones were before it, or one of its sequence was.
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
        "tenant {tenant}: the first {size} events are not those of the head that was taken earlier: their {part} is {found}, then it was {expected}"
    )]
    HeadMismatch {
        /// Whose.
        tenant: Uuid,
        /// The head's size.
        size: u64,
        /// What differs: `root`, or `last leaf hash` when the roots are the same.
        part: &'static str,
        /// What the head says.
        expected: Hash,
        /// What the ledger says.
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
    /// A head that was taken earlier could not be held against the ledger.
    #[error(
        "tenant {tenant}: the head of {size} events was not checked: the ledger was read from a later place, or was altered there"
    )]
    HeadUnchecked {
        /// Whose.
        tenant: Uuid,
        /// The head's size.
        size: u64,
    },
}

impl Fault {
    /// The position of the bad row, where the fault has one.
    pub fn position(&self) -> Option<u64> {
        match self {
            Self::ContentAltered { position, .. }
            | Self::InvalidLeaf { position, .. }
            | Self::SequenceAltered { position, .. }
            | Self::Missing { position, .. }
            | Self::OutOfOrder { position, .. }
            | Self::WrongTenant { position }
            | Self::RevisionGap { position, .. } => Some(*position),
            Self::PositionGap { found, .. } => Some(*found),
            Self::HeadMismatch { .. } | Self::ShorterThanHead { .. } | Self::HeadUnchecked { .. } => None,
        }
    }
}
