//! The states in which an import can be.

use serde::{Deserialize, Serialize};

/// Every state that an import can be in. A source that has grown is imported from again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ImportState {
    /// Nothing was ever imported from this source.
    #[default]
    Absent,
    /// Events are being brought in, or were when the program was cut off.
    Running {
        /// The source's name.
        source: String,
    },
    /// The source was read to its end.
    Completed {
        /// The source's name.
        source: String,
        /// What it held.
        tally: Tally,
    },
}

/// What a source held when it was read to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Streams with at least one event in the ledger.
    pub streams: u64,
    /// Events that stand in the ledger, those of earlier runs included.
    pub events: u64,
    /// Events that could not be brought in, or stand behind one that could not.
    pub refused: u64,
}
