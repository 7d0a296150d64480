//! Clusters, as users ask for them and as they are shown.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use hub_domain::kernel::{ClusterId, ClusterName, Labels, Region};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a cluster runs.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "the domain's own type is read and written; this one only describes it")]
pub enum Provider {
    /// Amazon EKS, or self-managed on AWS.
    Aws,
    /// Google GKE, or self-managed on Google Cloud.
    Gcp,
    /// Azure AKS, or self-managed on Azure.
    Azure,
    /// A data centre of one's own.
    OnPremises,
}

/// A cluster to bring under management.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "prod-eks-cluster", "provider": "aws", "region": "us-west-2", "labels": {"env": "prod"},
    "credentials": {"kubeconfig": "apiVersion: v1\nkind: Config\n", "context": "prod"}
}))]
pub struct ImportCluster {
    /// Its name, unique among the tenant's clusters: a DNS label.
    #[schema(value_type = String, pattern = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", max_length = 63)]
    pub name: ClusterName,
    /// Where it runs.
    #[schema(value_type = Provider)]
    pub provider: hub_domain::cluster::Provider,
    /// The provider's region, or the site.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._-]{1,63}$")]
    pub region: Region,
    /// The version to provision. A cluster that is imported tells its own version, and this is not recorded.
    #[schema(pattern = r"^v?1\.[0-9]{1,3}(\.[0-9]{1,3})?$", example = "1.33")]
    pub k8s_version: Option<String>,
    /// Labels under Kubernetes' rules, at most 64.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub labels: Option<Labels>,
    /// How the hub reaches the cluster. They go to the vault; no answer, event or log line ever shows them.
    pub credentials: Credentials,
}

/// How the hub reaches a cluster: a kubeconfig. (Keys of a cloud provider are for provisioning, which this hub
/// answers with `provisioning-unavailable`.)
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// A kubeconfig (YAML or JSON) with all data inline: no exec plugins, no references to files.
    #[schema(value_type = Option<String>, max_length = 1_048_576)]
    pub kubeconfig: Option<SecretString>,
    /// Which of its contexts; its current one when this is left out.
    #[schema(max_length = 253, example = "prod")]
    pub context: Option<String>,
    /// For provisioning.
    #[schema(value_type = Option<String>, max_length = 1024)]
    pub access_key: Option<SecretString>,
    /// For provisioning.
    #[schema(value_type = Option<String>, max_length = 1024)]
    pub secret_key: Option<SecretString>,
}

/// A change of a cluster's description or credentials; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"labels": {"env": "staging"}}))]
pub struct ChangeCluster {
    /// The new name.
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", max_length = 63)]
    pub name: Option<ClusterName>,
    /// The new region.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9._-]{1,63}$")]
    pub region: Option<Region>,
    /// The new labels, all of them.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    pub labels: Option<Labels>,
    /// New credentials. They hold once the cluster has accepted them.
    pub credentials: Option<Credentials>,
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
    pub name: Option<String>,
    /// Where it runs.
    #[schema(value_type = Option<Provider>)]
    pub provider: Option<hub_domain::cluster::Provider>,
    /// The provider's region, or the site.
    pub region: Option<String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The revision, as in the `ETag`; `null` where nothing was recorded yet.
    pub revision: Option<u64>,
}

/// How many nodes, and how many of them are ready.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct NodeCount {
    /// All nodes.
    pub total: u32,
    /// Those that are ready.
    pub ready: u32,
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
    /// When the hub last looked; `null` before its first look.
    pub last_checked: Option<DateTime<Utc>>,
    /// When the cluster last answered; `null` until it does.
    pub last_answered: Option<DateTime<Utc>>,
    /// What is wrong.
    pub issues: Vec<Issue>,
    /// The state of its management: `importing`, `active`, …
    pub cluster_status: String,
}
