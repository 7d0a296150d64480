//! What can happen to an export. A body, once published, never changes: a new shape is a new version.

use serde::{Deserialize, Serialize};

use super::state::Spec;
use crate::events;

events! {
    /// What can happen to an export.
    pub enum ExportEvent {
        /// It came to be, and events go out.
        Created(Created) = "export.created.v1",
        /// Events wait from here on.
        Paused(Paused) = "export.paused.v1",
        /// They go out again, from where they stood.
        Resumed(Resumed) = "export.resumed.v1",
        /// They go out once more from a position on.
        Replayed(Replayed) = "export.replayed.v1",
        /// What was set aside is tried again.
        DeadLettersRetried(DeadLettersRetried) = "export.dead_letters_retried.v1",
        /// It is gone for good.
        Deleted(Deleted) = "export.deleted.v1",
    }
}

/// Body of `export.created.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Created {
    /// What was asked for.
    pub spec: Box<Spec>,
}

/// Body of `export.paused.v1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Paused {}

/// Body of `export.resumed.v1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resumed {}

/// Body of `export.replayed.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replayed {
    /// The first ledger position that goes out again.
    pub from: u64,
}

/// Body of `export.dead_letters_retried.v1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeadLettersRetried {}

/// Body of `export.deleted.v1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Deleted {}
