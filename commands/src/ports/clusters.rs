//! Kubernetes clusters, as the write side sees them: something that can be examined and looked at.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hub_domain::cluster::{Failure, Observation};
use hub_domain::kernel::{ClusterId, TenantId};
use secrecy::{SecretSlice, SecretString};
use serde::{Deserialize, Serialize};

use super::Unavailable;

/// What a kubeconfig came down to: one context, its credentials and nothing else.
#[derive(Debug)]
pub struct Examined {
    /// The context that was chosen.
    pub context: String,
    /// The API server: scheme, host and port.
    pub endpoint: String,
    /// A kubeconfig of that one context with all data inline, ready for the vault.
    pub kubeconfig: SecretSlice<u8>,
}

/// What stands between a kubeconfig and a managed cluster, in the order in which it is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The kubeconfig can be read and used.
    Kubeconfig,
    /// The hub may speak to the API server's address, and its name leads there.
    Address,
    /// Something answers there.
    Reach,
    /// A TLS connection comes about, and the certificate can be relied on.
    Tls,
    /// The credentials are let in.
    SignIn,
    /// What answers is Kubernetes, and tells its version.
    Version,
    /// The credentials may read what the hub looks at.
    Permissions,
    /// It is the cluster that is meant, and no other one.
    Identity,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 8] = [
        Self::Kubeconfig,
        Self::Address,
        Self::Reach,
        Self::Tls,
        Self::SignIn,
        Self::Version,
        Self::Permissions,
        Self::Identity,
    ];

    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kubeconfig => "kubeconfig",
            Self::Address => "address",
            Self::Reach => "reach",
            Self::Tls => "tls",
            Self::SignIn => "sign-in",
            Self::Version => "version",
            Self::Permissions => "permissions",
            Self::Identity => "identity",
        }
    }
}

/// How far a look has come: what a probe tells on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The kubeconfig can be used.
    Read,
    /// The API server's name leads to an address that the hub may speak to.
    Resolved,
    /// Something answers there.
    Connected,
    /// The connection is as the kubeconfig wants it: over TLS, or in the clear.
    Secured,
    /// The credentials are let in.
    LetIn,
    /// It is Kubernetes, of this version; `None` when the credentials may not ask.
    Known(Option<String>),
}

impl Step {
    /// The stage that is passed with it.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Read => Stage::Kubeconfig,
            Self::Resolved => Stage::Address,
            Self::Connected => Stage::Reach,
            Self::Secured => Stage::Tls,
            Self::LetIn => Stage::SignIn,
            Self::Known(_) => Stage::Version,
        }
    }
}

/// Who hears of the steps, as they are made. A step may be told again, when another connection makes it.
pub type Listener = Arc<dyn Fn(Step) + Send + Sync>;

/// The gateway to Kubernetes.
#[async_trait]
pub trait ClusterGateway: Send + Sync + 'static {
    /// Reads a kubeconfig without touching the network. Exec and auth-provider plugins and file
    /// references are refused; so is a context that is missing or ambiguous.
    /// The error names the member (JSON Pointer below the kubeconfig) and the rule.
    fn examine(&self, kubeconfig: &SecretString, context: Option<&str>)
    -> Result<Examined, (String, String)>;

    /// A probe for one cluster; building it does not touch the network.
    fn probe(&self, kubeconfig: SecretSlice<u8>) -> Result<Box<dyn ClusterProbe>, Failure>;

    /// How far an attempt came that ended with this failure of [`Self::probe`] or [`ClusterProbe::look`].
    fn stage(&self, failure: &Failure) -> Stage;
}

/// A handle on one cluster that keeps its connection between looks.
#[async_trait]
pub trait ClusterProbe: Send + Sync {
    /// One look: version, identity, nodes, `StatefulSets`, claims. Bounded by the caller's deadline.
    async fn look(&self) -> Result<(Observation, Sample), Failure>;

    /// The same over a connection of its own, telling each step as it is made.
    async fn walk(&self, listener: Listener) -> Result<(Observation, Sample), Failure>;
}

/// The latest sample of a cluster: what `clusters/:id/nodes` and `/workloads` answer. Never an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Its nodes, by name.
    pub nodes: Vec<NodeSample>,
    /// Its `StatefulSets`, by namespace and name.
    pub workloads: Vec<WorkloadSample>,
    /// Its persistent volume claims, by namespace and name.
    pub volumes: Vec<VolumeSample>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSample {
    /// Its name.
    pub name: String,
    /// Whether its condition `Ready` is `True`.
    pub ready: bool,
    /// Whether it takes new pods.
    pub schedulable: bool,
    /// Its kubelet's version.
    pub kubelet_version: String,
    /// Roles from `node-role.kubernetes.io/*` labels.
    pub roles: Vec<String>,
    /// Allocatable CPU as Kubernetes writes it: `3920m`.
    pub cpu: String,
    /// Allocatable memory as Kubernetes writes it: `16Gi`.
    pub memory: String,
}

/// One `StatefulSet`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadSample {
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

/// One persistent volume claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeSample {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// `Pending`, `Bound` or `Lost`.
    pub phase: String,
    /// Capacity as Kubernetes writes it: `10Gi`.
    pub capacity: String,
    /// Its storage class.
    pub storage_class: Option<String>,
    /// The `StatefulSet` that it belongs to, from its name and labels.
    pub workload: Option<String>,
}

/// Where the latest samples are kept.
#[async_trait]
pub trait ObservationStore: Send + Sync + 'static {
    /// Replaces a cluster's sample; `sample` is `None` when the cluster did not answer (the last one stays).
    async fn put(
        &self,
        tenant: TenantId,
        cluster: ClusterId,
        at: DateTime<Utc>,
        sample: Option<&Sample>,
    ) -> Result<(), Unavailable>;
    /// Forgets a cluster.
    async fn forget(&self, tenant: TenantId, cluster: ClusterId) -> Result<(), Unavailable>;
}
