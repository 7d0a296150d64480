//! The projections: one file each, a row and a fold.

mod audit_logs;
mod clusters;
mod describe;
mod exports;
mod users;

#[cfg(test)]
mod tests;

pub use audit_logs::{AuditLog, AuditLogs, Document};
pub use clusters::{ClusterVersion, Clusters};
pub use exports::{ExportVersion, Exports};
pub use users::{UserAccount, Users};
