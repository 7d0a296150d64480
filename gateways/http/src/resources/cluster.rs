//! Clusters, as they are shown.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use hub_commands::Outcome;
use hub_domain::kernel::ClusterId;
use hub_projections::query::{ClusterRow, ClusterSample, Nodes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Provider;

/// A cluster.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Cluster {
    /// Its id.
    #[schema(pattern = "^cluster_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    pub id: String,
    /// Its name.
    #[schema(example = "prod-eks-cluster")]
    pub name: String,
    /// Where it runs.
    #[schema(value_type = Provider)]
    pub provider: hub_domain::cluster::Provider,
    /// The provider's region, or the site.
    #[schema(example = "us-west-2")]
    pub region: String,
    /// `importing`, `import_failed`, `active`, `updating`, `decommissioning` or `decommissioned`.
    #[schema(example = "active")]
    pub status: String,
    /// `healthy`, `degraded`, `unreachable`, or `unknown` until it has answered for the first time.
    #[schema(example = "healthy")]
    pub health: String,
    /// The version that its API server tells; `null` until it has answered.
    #[schema(required, example = "v1.33.2")]
    pub k8s_version: Option<String>,
    /// Its nodes.
    pub nodes: NodeCount,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// What is wrong with it.
    pub issues: Vec<Issue>,
    /// Scheme, host and port of its API server.
    #[schema(example = "https://203.0.113.7:6443")]
    pub endpoint: String,
    /// Its identity: the UID of its namespace `kube-system`; `null` until it has answered.
    #[schema(required)]
    pub uid: Option<String>,
    /// Why the last import or change of credentials failed.
    #[schema(required)]
    pub failure: Option<Failure>,
    /// The revision, as in the `ETag`.
    pub revision: u64,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// By whom.
    #[schema(example = "user_01jd8kz3f6e5t9m2v7q4x1r0ab")]
    pub created_by: String,
    /// When it became as it stands here.
    pub updated_at: DateTime<Utc>,
    /// By whom.
    #[schema(example = "system:observer")]
    pub updated_by: String,
    /// The ledger position of the event that made it so.
    pub position: u64,
}

/// Why something failed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Failure {
    /// A stable code.
    #[schema(example = "connection-refused")]
    pub code: String,
    /// One sentence for people.
    pub message: String,
}

/// What a command on a cluster answers: the cluster as the command left it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClusterSummary {
    /// Its id.
    #[schema(value_type = String, pattern = "^cluster_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    pub id: ClusterId,
    /// `importing`, `import_failed`, `active`, `updating`, `decommissioning` or `decommissioned`.
    #[schema(example = "importing")]
    pub status: &'static str,
    /// Its name.
    #[schema(required)]
    pub name: Option<String>,
    /// Where it runs.
    #[schema(required, value_type = Option<Provider>)]
    pub provider: Option<hub_domain::cluster::Provider>,
    /// The provider's region, or the site.
    #[schema(required)]
    pub region: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The revision, as in the `ETag`; `null` where nothing was recorded yet.
    #[schema(required)]
    pub revision: Option<u64>,
}

/// How many nodes, and how many of them are ready.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct NodeCount {
    /// All nodes.
    pub total: u64,
    /// Those that are ready.
    pub ready: u64,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Issue {
    /// A stable code.
    #[schema(example = "node-not-ready")]
    pub code: String,
    /// What is affected.
    #[schema(example = "node/worker-3")]
    pub object: String,
    /// One sentence for people.
    pub message: String,
}

/// One node, as last seen.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Whether its condition `Ready` is `True`.
    pub ready: bool,
    /// Whether it takes new pods.
    pub schedulable: bool,
    /// Its kubelet's version.
    pub kubelet_version: String,
    /// Its roles.
    pub roles: Vec<String>,
    /// Allocatable CPU, as Kubernetes writes it.
    #[schema(example = "3920m")]
    pub cpu: String,
    /// Allocatable memory, as Kubernetes writes it.
    #[schema(example = "16Gi")]
    pub memory: String,
}

/// One stateful workload, as last seen.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Workload {
    /// `StatefulSet`.
    pub kind: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Replicas that are wanted.
    pub replicas: u32,
    /// Replicas that are ready.
    pub ready_replicas: u32,
    /// Replicas on the newest revision.
    pub updated_replicas: u32,
    /// Images of its pod template.
    pub images: Vec<String>,
    /// The volume claims of its replicas, by name.
    #[serde(default)]
    pub volumes: Vec<Volume>,
}

/// One persistent volume claim, as last seen.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Volume {
    /// The claim's name.
    #[schema(example = "data-db-0")]
    pub name: String,
    /// `Pending`, `Bound` or `Lost`.
    #[schema(example = "Bound")]
    pub phase: String,
    /// Its capacity, as Kubernetes writes it; empty until it is bound.
    #[schema(example = "10Gi")]
    pub capacity: String,
    /// Its storage class.
    #[schema(required)]
    pub storage_class: Option<String>,
}

/// How a cluster is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "cluster_id": "cluster_01jd8kz3f6e5t9m2v7q4x1r0ab", "status": "healthy",
    "last_checked": "2026-06-01T12:00:00Z", "issues": [], "cluster_status": "active"
}))]
pub struct ClusterHealth {
    /// Which.
    #[schema(value_type = String, pattern = "^cluster_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    pub cluster_id: ClusterId,
    /// `healthy`, `degraded`, `unreachable`, or `unknown` until it has answered for the first time.
    pub status: String,
    /// When the hub last looked; `null` before its first look, and of the past: a look is no event, only what it changes is.
    #[schema(required)]
    pub last_checked: Option<DateTime<Utc>>,
    /// When the cluster last answered; `null` until it does, and of the past.
    #[schema(required)]
    pub last_answered: Option<DateTime<Utc>>,
    /// What is wrong.
    pub issues: Vec<Issue>,
    /// The state of its management: `importing`, `active`, …
    pub cluster_status: String,
}

impl From<ClusterRow> for Cluster {
    fn from(row: ClusterRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            provider: row.provider,
            region: row.region,
            status: row.status,
            health: row.health,
            k8s_version: row.k8s_version,
            nodes: row.nodes.into(),
            labels: row.labels.into(),
            issues: row.issues.into_iter().map(Issue::from).collect(),
            endpoint: row.endpoint,
            uid: row.uid,
            failure: row.failure.map(|failure| Failure { code: failure.code, message: failure.message }),
            revision: row.revision,
            created_at: row.created_at,
            created_by: row.created_by,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
            position: row.position,
        }
    }
}

impl ClusterSummary {
    /// What a command left.
    pub fn new(id: ClusterId, outcome: &Outcome<hub_domain::cluster::Cluster>) -> Self {
        let spec = outcome.state.spec();
        Self {
            id,
            status: outcome.state.status(),
            name: spec.map(|spec| spec.name.to_string()),
            provider: spec.map(|spec| spec.provider),
            region: spec.map(|spec| spec.region.to_string()),
            labels: spec.map(|spec| spec.labels.as_map().clone()).unwrap_or_default(),
            revision: outcome.receipt.revision,
        }
    }
}

impl ClusterHealth {
    /// From what is known and what was last seen.
    pub fn new(id: ClusterId, row: ClusterRow, sample: Option<&ClusterSample>) -> Self {
        Self {
            cluster_id: id,
            status: row.health,
            last_checked: sample.map(|sample| sample.last_checked),
            last_answered: sample.and_then(|sample| sample.answered_at),
            issues: row.issues.into_iter().map(Issue::from).collect(),
            cluster_status: row.status,
        }
    }
}

impl From<Nodes> for NodeCount {
    fn from(nodes: Nodes) -> Self {
        Self { total: nodes.total, ready: nodes.ready }
    }
}

impl From<hub_domain::cluster::Issue> for Issue {
    fn from(issue: hub_domain::cluster::Issue) -> Self {
        Self { code: issue.code, object: issue.object, message: issue.message }
    }
}
