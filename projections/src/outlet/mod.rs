//! What leaves the hub: events to the bus and to SIEMs, in the ledger's order, at least once.
//!
//! An [`Outlet`] is somewhere outside. Who runs it reads the log behind the outlet's cursor, hands over what it finds, and moves
//! the cursor once that is safe outside; so a crash repeats events and never leaves any out.

mod again;
mod batch;
mod exports;
mod pump;
mod store;
mod tally;
#[cfg(test)]
mod testing;
mod work;

use std::time::Duration;

use async_trait::async_trait;
use hub_domain::ledger::Hash;
use uuid::Uuid;

pub use exports::{ExportRunner, OutletMaker, Unopened};
pub use pump::{Export, Pump, PumpSettings};
pub use store::{Claim, DeadLetter, OutletStatus, OutletStore, Start, Step, Turn};
pub use tally::Tally;

use crate::proof::Issued;

/// Somewhere outside that takes items of one kind: recorded events, or entries of the audit log.
#[async_trait]
pub trait Outlet<T>: Send + Sync + 'static {
    /// Hands items over, in order, and notices behind them. Answers once all of them are safe outside: then the cursor moves.
    /// Either may be empty.
    async fn deliver(&self, items: &[T], notices: &[Notice]) -> Result<(), Undelivered>;
}

/// Something that goes along with events, so that who receives them can check them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The newest checkpoint over the tenant's ledger.
    Checkpoint(Issued),
    /// What went out, for a check of completeness.
    Manifest(Manifest),
}

/// What went out of one outlet within a span of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Whose outlet: the export's id.
    pub outlet: String,
    /// In whose ledger.
    pub tenant: Uuid,
    /// The first position of the span.
    pub from: u64,
    /// Its last position.
    pub to: u64,
    /// How many of its events went out (a filter may hold some back).
    pub count: u64,
    /// The RFC 6962 root over the leaf hashes of those, in order.
    pub root: Hash,
    /// The newest checkpoint over the tenant's ledger.
    pub checkpoint: Option<Issued>,
}

/// Not all was delivered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Undelivered {
    /// So many items from the front are safe outside.
    pub delivered: usize,
    /// What is to be done about the rest.
    pub fault: Fault,
    /// What went wrong, without secrets and personal data: people read it.
    pub message: String,
}

/// What is to be done about what was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Try again, not before `after` where the other side has said so (429 and `Retry-After`).
    Away {
        /// How long to wait at least.
        after: Option<Duration>,
    },
    /// The item behind the delivered ones will never be taken: set it aside and go on.
    Poison,
}
