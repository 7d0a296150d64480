//! A managed Kubernetes cluster, from its import to its decommission.

mod decide;
mod events;
mod past;
mod state;
#[cfg(test)]
mod tests;

pub use decide::{Changes, Cluster, ClusterCommand, ClusterRefusal};
pub use events::{
    Changed, ClusterEvent, CredentialsReplaced, DecommissionRequested, Decommissioned, HealthChanged,
    ImportFailed, ImportRequested, Imported, IssueChanges, NodesChanged, UpdateCompleted, UpdateFailed,
    VersionChanged,
};
pub use state::{
    Active, Change, ClusterState, Credentials, Facts, Failure, Health, Importing, Issue, IssueName,
    NodeCount, Observation, Provider, Spec, Updating,
};
