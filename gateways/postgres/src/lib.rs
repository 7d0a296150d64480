//! PostgreSQL: the event log, the vault and its neighbours, the pools, the migrations, the built-in server.

pub mod builtin;
pub mod claims;
pub mod copy;
pub mod credentials;
mod failure;
pub mod intake;
pub mod leases;
pub mod log;
pub mod migrate;
pub mod observations;
pub mod outlets;
pub mod pools;
pub mod proof;
pub mod secret_file;
pub mod sessions;
pub mod telemetry;
pub mod vault;

pub use claims::PgClaims;
pub use copy::{PgCopy, copied_log};
pub use credentials::PgCredentials;
pub use intake::Intake;
pub use leases::PgLeases;
pub use log::{PgLog, WriterSettings};
pub use migrate::{MigrateError, migrate};
pub use observations::PgObservations;
pub use outlets::PgOutlets;
pub use pools::{PoolSizes, Pools, PoolsError};
pub use proof::PgProofs;
pub use secret_file::SecretFileError;
pub use sessions::PgSessions;
pub use vault::{Kek, KekError, KekSource, Keyring, PgVault, Rewrapped};
