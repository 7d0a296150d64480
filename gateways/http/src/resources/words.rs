//! The words that filters know, for the document only. (In answers they are open texts: words may be added.)
#![allow(dead_code, reason = "the read models check them; these only describe them")]

use utoipa::ToSchema;

/// States of a cluster.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ClusterStatus {
    /// Asked for; it has not answered yet.
    Importing,
    /// Asked for; the last attempt failed, and the next one comes.
    ImportFailed,
    /// Managed.
    Active,
    /// Managed, while new credentials wait for its answer.
    Updating,
    /// On its way out.
    Decommissioning,
    /// Gone from management.
    Decommissioned,
}

/// How a cluster is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Health {
    /// It answers and nothing is wrong.
    Healthy,
    /// It answers and something is wrong.
    Degraded,
    /// It does not answer, or does not let the hub in.
    Unreachable,
    /// It has not answered yet.
    Unknown,
}

/// States of an export.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ExportStatus {
    /// Events go out.
    Active,
    /// Events wait.
    Paused,
    /// Gone.
    Deleted,
}

/// States of an account.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum UserStatus {
    /// May sign in.
    Active,
    /// May not sign in.
    Disabled,
    /// Gone.
    Deleted,
}

/// How what an entry of the audit log tells of ended.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// Well.
    Succeeded,
    /// Not well.
    Failed,
    /// It was not let happen.
    Refused,
}
