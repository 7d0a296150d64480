//! The write side: who may do what, what comes of it, and how it reaches the ledger.
//!
//! A command travels `Caller -> authorise -> idempotency -> decide -> EventLog -> Receipt`; see [`Dispatcher`].

pub mod access;
pub mod aggregate;
mod cache;
pub mod dispatcher;
pub mod error;
pub mod ledger_store;
pub mod ports;
pub mod telemetry;

pub use access::{Caller, Permission};
pub use dispatcher::{Dispatcher, Options, Outcome};
pub use error::CommandError;
pub use ports::{EventLog, Expected, Ports, Receipt};
