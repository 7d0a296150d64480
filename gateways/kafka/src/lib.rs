//! The event bus: every event to Kafka, in the ledger's order, and a reader that trusts nobody.
//!
//! [`Bus`] is an outlet: each event is a `CloudEvent` in binary mode, its value the bytes that were hashed, its headers every field of the
//! leaf ([`message`]). Checkpoints go to a compacted topic beside it. [`Reader`] reads both back and recomputes everything.

mod bus;
mod context;
mod line;
pub mod message;
pub mod reader;
pub mod settings;
pub mod telemetry;
#[cfg(test)]
mod testing;
mod topics;

pub use bus::{Bus, BusError};
pub use reader::{Bookmark, CheckpointVerdict, Read, Reader, ReaderError, ReaderSettings, Verdict};
pub use settings::{BusSettings, Connection, Create, Mechanism, Sasl, Security, SettingsError, Tls};
