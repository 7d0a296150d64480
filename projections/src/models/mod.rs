//! The projections: one file each, a row and a fold.

mod audit_logs;
mod clusters;
mod describe;
mod users;

#[cfg(test)]
mod tests;

pub use audit_logs::{AuditLog, AuditLogs, Document};
pub use clusters::{ClusterVersion, Clusters};
pub use users::{UserAccount, Users};
