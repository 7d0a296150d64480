//! The hub: configuration, and the wiring of every room. Nothing is decided here.

pub mod bus;
pub mod cli;
pub mod doctor;
pub mod exports;
pub mod front;
pub mod ledger;
pub mod rotation;
pub mod runtime;
pub mod serve;
mod signing;
pub mod store;
pub mod telemetry;
pub mod tenants;
pub mod vault;
