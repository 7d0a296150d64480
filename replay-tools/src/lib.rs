//! Replay tools: what an auditor, or the hub's own operator, runs against a ledger.
//!
//! Everything here reads; only `rebuild` writes, and only to read models, and `import`, through the log's own writer.

pub mod check;
pub mod checkpoints;
pub mod cli;
pub mod evidence;
pub mod export;
pub mod fold;
pub mod format;
pub mod history;
pub mod import;
pub mod pointer;
mod progress;
pub mod rebuild;
pub mod replay;
pub mod report;
pub mod source;
pub mod step;
pub mod verify;
pub mod what_if;
pub mod witness;

#[cfg(test)]
mod tests;
