//! The members of Kubernetes' objects that are read, and no others: a node is 10 to 20 kB as it arrives and 200 bytes
//! here, and what is not read costs no memory. The tests hold the names against those of `k8s-openapi`.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// `metadata`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Meta {
    pub name: String,
    pub namespace: String,
    pub uid: String,
    #[serde(deserialize_with = "or_default")]
    pub labels: BTreeMap<String, String>,
}

/// What `/version` answers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Version {
    pub git_version: String,
}

/// A namespace.
#[derive(Debug, Deserialize)]
pub(crate) struct Namespace {
    pub metadata: Meta,
}

/// A node.
#[derive(Debug, Deserialize)]
pub(crate) struct Node {
    pub metadata: Meta,
    #[serde(default, deserialize_with = "or_default")]
    pub spec: NodeSpec,
    #[serde(default, deserialize_with = "or_default")]
    pub status: NodeStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NodeSpec {
    pub unschedulable: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NodeStatus {
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
    #[serde(deserialize_with = "or_default")]
    pub allocatable: Quantities,
    #[serde(deserialize_with = "or_default")]
    pub node_info: NodeInfo,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Condition {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
}

/// Quantities, as Kubernetes writes them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Quantities {
    pub cpu: String,
    pub memory: String,
    pub storage: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NodeInfo {
    pub kubelet_version: String,
}

/// A `StatefulSet`.
#[derive(Debug, Deserialize)]
pub(crate) struct StatefulSet {
    pub metadata: Meta,
    #[serde(default, deserialize_with = "or_default")]
    pub spec: SetSpec,
    #[serde(default, deserialize_with = "or_default")]
    pub status: SetStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SetSpec {
    /// Kubernetes' own default is one.
    pub replicas: Option<i32>,
    #[serde(deserialize_with = "or_default")]
    pub ordinals: Ordinals,
    #[serde(deserialize_with = "or_default")]
    pub template: Template,
    #[serde(deserialize_with = "or_default")]
    pub volume_claim_templates: Vec<Named>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ordinals {
    pub start: i32,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Template {
    #[serde(deserialize_with = "or_default")]
    pub spec: PodSpec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PodSpec {
    #[serde(deserialize_with = "or_default")]
    pub containers: Vec<Container>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Container {
    pub image: String,
}

/// Something of which only the name is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Named {
    pub metadata: Meta,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SetStatus {
    pub ready_replicas: i32,
    pub updated_replicas: i32,
}

/// A persistent volume claim.
#[derive(Debug, Deserialize)]
pub(crate) struct Claim {
    pub metadata: Meta,
    #[serde(default, deserialize_with = "or_default")]
    pub spec: ClaimSpec,
    #[serde(default, deserialize_with = "or_default")]
    pub status: ClaimStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ClaimSpec {
    pub storage_class_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ClaimStatus {
    pub phase: String,
    #[serde(deserialize_with = "or_default")]
    pub capacity: Quantities,
}

/// Go writes an empty list or struct as `null`, as `{}` or not at all.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}
