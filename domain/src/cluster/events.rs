//! What can happen to a cluster. A body, once published, never changes: a new shape is a new version.

use serde::{Deserialize, Serialize};

use super::past::health_changed_v1;
use super::state::{Change, Credentials, Facts, Failure, Health, Issue, IssueName, NodeCount, Spec};
use crate::events;
use crate::kernel::{ClusterName, Labels, Region};

events! {
    /// What can happen to a cluster.
    pub enum ClusterEvent {
        /// Somebody asked to bring an existing cluster under management.
        ImportRequested(ImportRequested) = "cluster.import_requested.v1",
        /// The cluster answered and is managed from here on.
        Imported(Imported) = "cluster.imported.v1",
        /// The cluster could not be reached or refused the credentials; the import is tried again.
        ImportFailed(ImportFailed) = "cluster.import_failed.v1",
        /// Its description changed.
        Changed(Changed) = "cluster.changed.v1",
        /// New credentials were handed in; they hold once the cluster accepts them.
        CredentialsReplaced(CredentialsReplaced) = "cluster.credentials_replaced.v1",
        /// The cluster accepted the new credentials.
        UpdateCompleted(UpdateCompleted) = "cluster.update_completed.v1",
        /// The cluster did not accept the new credentials; the earlier ones hold.
        UpdateFailed(UpdateFailed) = "cluster.update_failed.v1",
        /// Its health, or the list of its issues, changed.
        HealthChanged(HealthChanged) = "cluster.health_changed.v2" from "cluster.health_changed.v1" via health_changed_v1,
        /// Its control plane runs another Kubernetes version.
        VersionChanged(VersionChanged) = "cluster.version_changed.v1",
        /// Nodes came, went, or changed readiness.
        NodesChanged(NodesChanged) = "cluster.nodes_changed.v1",
        /// Somebody asked to end its management.
        DecommissionRequested(DecommissionRequested) = "cluster.decommission_requested.v1",
        /// Its credentials are destroyed and its management has ended.
        Decommissioned(Decommissioned) = "cluster.decommissioned.v1",
    }
}

/// Body of `cluster.import_requested.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportRequested {
    /// What was asked for.
    pub spec: Spec,
}

/// Body of `cluster.imported.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Imported {
    /// What the cluster said of itself.
    pub facts: Facts,
}

/// Body of `cluster.import_failed.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportFailed {
    /// Why.
    pub failure: Failure,
}

/// Body of `cluster.changed.v1`: only what changed, with what it was before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Change<ClusterName>>,
    /// The region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Change<Region>>,
    /// The labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Change<Labels>>,
}

/// Body of `cluster.credentials_replaced.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CredentialsReplaced {
    /// Reference and fingerprint of the new ones.
    pub credentials: Credentials,
    /// Those that hold until then. Not in the earliest events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Credentials>,
}

/// Body of `cluster.update_completed.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UpdateCompleted {
    /// What holds now.
    pub credentials: Credentials,
}

/// Body of `cluster.update_failed.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UpdateFailed {
    /// Why.
    pub failure: Failure,
}

/// Body of `cluster.health_changed.v2`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthChanged {
    /// The health before.
    pub from: Health,
    /// The health now.
    pub to: Health,
    /// What is wrong now, in a stable order.
    pub issues: Vec<Issue>,
    /// Which issues came and went; absent where version 1 did not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<IssueChanges>,
}

/// What a change of health is about: issues by name, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueChanges {
    /// Those that were not there before.
    pub appeared: Vec<IssueName>,
    /// Those that are there no more.
    pub cleared: Vec<IssueName>,
}

/// Body of `cluster.version_changed.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionChanged {
    /// The version before.
    pub from: String,
    /// The version now.
    pub to: String,
}

/// Body of `cluster.nodes_changed.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodesChanged {
    /// Counts before.
    pub from: NodeCount,
    /// Counts now.
    pub to: NodeCount,
}

/// Body of `cluster.decommission_requested.v1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DecommissionRequested {}

/// Body of `cluster.decommissioned.v1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Decommissioned {}
