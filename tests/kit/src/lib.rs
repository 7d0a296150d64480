//! The harness that all tests share. Each part starts on free ports in its own folder, and stops when dropped.

pub mod client;
pub mod hub;
pub mod ids;
pub mod kafka;
pub mod kubernetes;
pub mod kurrent;
pub mod log_suite;
pub mod memory_log;
pub mod network;
pub mod outlet;
pub mod postgres;
pub mod proxy;
pub mod siem;
mod until;

pub use client::{Answer, Client};
pub use hub::{Hub, HubOptions};
pub use ids::{SystemClock, SystemIds};
pub use kafka::Broker;
pub use kurrent::{Kurrent, KurrentDouble};
pub use memory_log::MemoryLog;
pub use network::Network;
pub use outlet::Sink;
pub use postgres::{Database, OwnServer};
pub use until::until;
