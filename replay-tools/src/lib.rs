//! Replay tools: what an auditor, or the hub's own operator, runs against a ledger.
//!
//! Everything here reads; only `rebuild` writes, and only to read models.

pub mod check;
pub mod checkpoints;
pub mod cli;
pub mod diff;
pub mod evidence;
pub mod export;
pub mod format;
mod progress;
pub mod rebuild;
pub mod replay;
pub mod shadow;
pub mod source;
pub mod verify;
pub mod witness;

#[cfg(test)]
mod tests;
