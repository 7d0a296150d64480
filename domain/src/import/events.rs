//! What can happen to an import. The imported events themselves stand in streams of their own.

use serde::{Deserialize, Serialize};

use super::state::Tally;
use crate::events;

events! {
    /// What can happen to an import.
    pub enum ImportEvent {
        /// Events of a source are being brought in.
        Started(Started) = "import.started.v1",
        /// The source was read to its end.
        Completed(Completed) = "import.completed.v1",
    }
}

/// Body of `import.started.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The source's name, never its address.
    pub source: String,
}

/// Body of `import.completed.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Completed {
    /// What the source held, and what became of it.
    pub tally: Tally,
}
