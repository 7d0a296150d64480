//! PostgreSQL: the event log, the vault and its neighbours, the pools, the migrations, the built-in server.

pub mod log;
pub mod migrate;
pub mod pools;
pub mod telemetry;

pub use log::{PgLog, WriterSettings};
pub use migrate::{MigrateError, migrate};
pub use pools::{PoolSizes, Pools, PoolsError};
