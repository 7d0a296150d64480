//! What went out since the last manifest: enough to write the next one, whoever does.

use hub_domain::ledger::{Frontier, Hash};
use serde::{Deserialize, Serialize};

/// What went out behind a position. A few hundred bytes, whatever it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    /// The first position of the span.
    pub from: u64,
    /// The right edge of the tree over the leaf hashes that went out.
    leaves: Frontier,
}

impl Tally {
    /// Of nothing yet.
    pub fn begin(from: u64) -> Self {
        Self { from, leaves: Frontier::new() }
    }

    /// Counts an event in.
    pub fn push(&mut self, leaf: Hash) {
        self.leaves.push(leaf);
    }

    /// How many events went out.
    pub fn count(&self) -> u64 {
        self.leaves.size()
    }

    /// The RFC 6962 root over their leaf hashes.
    pub fn root(&self) -> Hash {
        self.leaves.root()
    }
}
