//! What the write side needs of the world. Gateways implement these; nothing here knows how.

use std::sync::Arc;

mod clusters;
mod copy;
mod exports;
mod feed;
mod identity;
mod log;
mod runtime;
mod vault;

pub use clusters::{
    ClusterGateway, ClusterProbe, Examined, Listener, NodeSample, ObservationStore, Sample, Stage, Step,
    VolumeSample, WorkloadSample,
};
pub use copy::{ChainHead, CopyCursor, CopyError, Entry, LedgerCopy, Remembered};
pub use exports::ExportGate;
pub use feed::ClusterFeed;
pub use identity::{Claims, Credential, CredentialStore, Rotation, Session, SessionStore};
pub use log::{Append, AppendError, EventLog, Expected, IdempotencyKey, LogError, Proposed, Receipt};
pub use runtime::{Clock, Ids, Lease, Leases};
pub use vault::{SealedSecret, Vault, VaultError};

/// One of each: what the application services and flows are built from.
#[derive(Clone)]
pub struct Ports {
    /// The event log.
    pub log: Arc<dyn EventLog>,
    /// Secrets and sealed personal data.
    pub vault: Arc<dyn Vault>,
    /// Passwords.
    pub credentials: Arc<dyn CredentialStore>,
    /// Sign-ins.
    pub sessions: Arc<dyn SessionStore>,
    /// Reserved names.
    pub claims: Arc<dyn Claims>,
    /// Turn-taking between hub processes.
    pub leases: Arc<dyn Leases>,
    /// The latest samples of clusters.
    pub observations: Arc<dyn ObservationStore>,
    /// The gateway to Kubernetes.
    pub clusters: Arc<dyn ClusterGateway>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids and secrets.
    pub ids: Arc<dyn Ids>,
}

/// A failure of something outside: it may pass, and it tells nothing of the inside to a caller.
#[derive(Debug, thiserror::Error)]
#[error("{what} is unavailable: {source}")]
pub struct Unavailable {
    /// What failed: `"session store"`.
    pub what: &'static str,
    /// The cause, for logs only.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl Unavailable {
    /// Wraps a cause.
    pub fn new(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { what, source: source.into() }
    }
}
