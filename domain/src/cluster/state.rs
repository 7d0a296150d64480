//! The states in which a cluster can be, and the words for what is known of it.

use serde::{Deserialize, Serialize};

use crate::kernel::{ClusterName, Labels, Region, SecretRef};

/// Every state that a cluster can be in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ClusterState {
    /// Nothing is known under this id.
    #[default]
    Absent,
    /// Asked for; the cluster has not answered yet.
    Importing(Importing),
    /// Managed.
    Active(Active),
    /// Managed, while new credentials wait for the cluster's answer.
    Updating(Updating),
    /// On its way out: its credentials are being destroyed.
    Decommissioning(Spec),
    /// Gone from management. The id is never used again.
    Decommissioned(Spec),
}

/// A cluster that has not answered yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Importing {
    /// What was asked for.
    pub spec: Spec,
    /// Why the last attempt failed.
    pub failure: Option<Failure>,
}

/// A managed cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Active {
    /// What it is meant to be.
    pub spec: Spec,
    /// What it says of itself.
    pub facts: Facts,
    /// How it is.
    pub health: Health,
    /// What is wrong with it.
    pub issues: Vec<Issue>,
}

/// A managed cluster with credentials under test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Updating {
    /// What holds until the new credentials are accepted.
    pub active: Active,
    /// The credentials under test.
    pub wanted: Credentials,
}

/// What a user says of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// Its name, unique among the tenant's managed clusters.
    pub name: ClusterName,
    /// Where it runs.
    pub provider: Provider,
    /// The provider's region or the site.
    pub region: Region,
    /// Labels, for grouping and search.
    pub labels: Labels,
    /// How the hub reaches it.
    pub credentials: Credentials,
}

/// Where a cluster runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Amazon EKS or self-managed on AWS.
    Aws,
    /// Google GKE or self-managed on Google Cloud.
    Gcp,
    /// Azure AKS or self-managed on Azure.
    Azure,
    /// A data centre of one's own.
    OnPremises,
}

impl Provider {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Gcp => "gcp",
            Self::Azure => "azure",
            Self::OnPremises => "on_premises",
        }
    }
}

/// A reference to credentials in the vault. The secret itself is never in an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// The vault's name for them.
    pub secret: SecretRef,
    /// A keyed fingerprint, lowercase hex: equal secrets of one hub have equal fingerprints.
    pub fingerprint: String,
    /// The API server they are for: scheme, host and port.
    pub endpoint: String,
}

/// What a cluster says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// UID of its `kube-system` namespace: the identity of the cluster.
    pub uid: String,
    /// `gitVersion` of its API server: `v1.33.2`.
    pub version: String,
    /// Its nodes.
    pub nodes: NodeCount,
}

/// How many nodes, and how many of them are ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeCount {
    /// All nodes.
    pub total: u32,
    /// Nodes whose condition `Ready` is `True`.
    pub ready: u32,
}

/// How a cluster is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It answers and nothing is wrong.
    Healthy,
    /// It answers and something is wrong.
    Degraded,
    /// It does not answer, or does not let the hub in.
    Unreachable,
}

impl Health {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unreachable => "unreachable",
        }
    }
}

/// One thing that is wrong. Two issues are the same when code and object are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Issue {
    /// A stable kebab-case code: `node-not-ready`.
    pub code: String,
    /// What is affected: `node/worker-3`, `statefulset/db/postgres`.
    pub object: String,
    /// One sentence for people.
    pub message: String,
}

/// What tells one issue from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IssueName {
    /// As in [`Issue`].
    pub code: String,
    /// As in [`Issue`].
    pub object: String,
}

impl From<&Issue> for IssueName {
    fn from(issue: &Issue) -> Self {
        Self { code: issue.code.clone(), object: issue.object.clone() }
    }
}

/// Why a cluster could not be observed. The message comes from the hub, never verbatim from the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A stable kebab-case code: `connection-refused`, `unauthorized`, `certificate-invalid`, `deadline-exceeded`.
    pub code: String,
    /// One sentence for people.
    pub message: String,
}

/// One look at a cluster that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// What it says of itself.
    pub facts: Facts,
    /// What is wrong, sorted; empty when it is healthy.
    pub issues: Vec<Issue>,
}

/// What something was, and what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<T> {
    /// Before.
    pub from: T,
    /// After.
    pub to: T,
}

impl<T: PartialEq + Clone> Change<T> {
    /// The change from `from` to what is wanted, if anything is wanted and it differs.
    pub fn between(from: &T, wanted: Option<T>) -> Option<Self> {
        wanted.filter(|to| to != from).map(|to| Self { from: from.clone(), to })
    }
}

impl ClusterState {
    /// The user's words for the cluster, where there is one.
    pub fn spec(&self) -> Option<&Spec> {
        match self {
            Self::Absent => None,
            Self::Importing(importing) => Some(&importing.spec),
            Self::Active(active) => Some(&active.spec),
            Self::Updating(updating) => Some(&updating.active.spec),
            Self::Decommissioning(spec) | Self::Decommissioned(spec) => Some(spec),
        }
    }

    pub(super) fn spec_mut(&mut self) -> Option<&mut Spec> {
        match self {
            Self::Absent => None,
            Self::Importing(importing) => Some(&mut importing.spec),
            Self::Active(active) => Some(&mut active.spec),
            Self::Updating(updating) => Some(&mut updating.active.spec),
            Self::Decommissioning(spec) | Self::Decommissioned(spec) => Some(spec),
        }
    }

    /// The managed cluster, also while it is updating.
    pub fn active(&self) -> Option<&Active> {
        match self {
            Self::Active(active) => Some(active),
            Self::Updating(updating) => Some(&updating.active),
            _ => None,
        }
    }

    pub(super) fn active_mut(&mut self) -> Option<&mut Active> {
        match self {
            Self::Active(active) => Some(active),
            Self::Updating(updating) => Some(&mut updating.active),
            _ => None,
        }
    }

    /// The credentials with which the cluster is to be observed next.
    pub fn credentials(&self) -> Option<&Credentials> {
        match self {
            Self::Updating(updating) => Some(&updating.wanted),
            Self::Importing(_) | Self::Active(_) => self.spec().map(|spec| &spec.credentials),
            Self::Absent | Self::Decommissioning(_) | Self::Decommissioned(_) => None,
        }
    }

    /// The wire name of the state: `importing`, `import_failed`, `active`, `updating`, `decommissioning`, `decommissioned`.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Importing(importing) if importing.failure.is_some() => "import_failed",
            Self::Importing(_) => "importing",
            Self::Active(_) => "active",
            Self::Updating(_) => "updating",
            Self::Decommissioning(_) => "decommissioning",
            Self::Decommissioned(_) => "decommissioned",
        }
    }
}
