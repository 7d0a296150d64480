//! The event log on a KurrentDB (`EventStoreDB`) cluster: one stream holds every entry, so that its revision is the fence.
//!
//! The hub keeps a copy of it in PostgreSQL ([`hub_commands::ports::LedgerCopy`]), which is the log's index as well.

pub mod connection;
mod entry;
pub mod feed;
pub mod import;
pub mod ledger;
pub mod log;
pub mod mirror;
pub mod telemetry;

pub use connection::{Address, AddressError, Connection, LEDGER_STREAM};
pub use feed::KurrentFeed;
pub use ledger::Ledger;
pub use log::{KurrentLog, WriterSettings};
pub use mirror::{Mirror, Standing};
