//! The read side on a real PostgreSQL: tables against a full refold, several processes, rebuilds, queries.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod diffs;
mod heat;
mod past;
mod poison;
mod processes;
mod queries;
mod rebuilds;
mod search;
mod security;
mod shadows;
pub mod world;
