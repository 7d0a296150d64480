//! What may happen, and how it is recorded: deciders, events and the ledger's bytes.
//!
//! Everything here is pure. There is no I/O, no clock, no randomness and no `async`: time and identity
//! reach a decision only through [`kernel::Ctx`].

pub mod cluster;
pub mod export;
pub mod import;
pub mod kernel;
pub mod ledger;
pub mod tenant;
#[cfg(test)]
mod testing;
pub mod user;

pub use kernel::{Ctx, Decider, Event, Refusal, RefusalKind};
