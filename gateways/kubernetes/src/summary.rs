//! From Kubernetes' objects to an observation and a sample. Pure.
//!
//! A cluster may be anybody's: its words are cut to what Kubernetes allows before they go anywhere.

use std::collections::HashMap;

use hub_commands::ports::{NodeSample, Sample, VolumeSample, WorkloadSample};
use hub_domain::cluster::{Facts, Issue, NodeCount, Observation};

use crate::objects::{Claim, Meta, Node, StatefulSet};

/// Issues that are told one by one.
pub(crate) const TOLD: usize = 100;
/// The longest name in Kubernetes (RFC 1123 subdomain), and the longest word that is kept of anything.
const WORD: usize = 253;
/// Roles of a node, and images of a pod, that are kept.
const FEW: usize = 32;
const ROLE: &str = "node-role.kubernetes.io/";

/// What a list came to.
#[derive(Debug)]
pub(crate) struct Seen<T> {
    pub found: Vec<T>,
    pub issues: Vec<Issue>,
    pub extent: Extent,
}

/// How much of a list was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    All,
    /// So many; there are more.
    First(usize),
    /// The cluster does not know such objects.
    Absent,
    /// The credentials may not list them.
    Forbidden,
}

/// A `StatefulSet`, and what its claims are told by.
#[derive(Debug)]
pub(crate) struct Set {
    sample: WorkloadSample,
    /// Names of its claim templates.
    templates: Vec<String>,
    /// The first ordinal of its replicas.
    start: u64,
}

/// Who the cluster is.
#[derive(Debug)]
pub(crate) struct Identity {
    pub uid: String,
    /// `None` when the credentials may not ask.
    pub version: Option<String>,
}

/// Everything that one look saw, put together.
pub(crate) fn summarise(
    identity: Identity,
    nodes: Seen<NodeSample>,
    sets: Seen<Set>,
    claims: Seen<VolumeSample>,
) -> (Observation, Sample) {
    let mut own = Vec::new();
    if identity.version.is_none() {
        own.push(permission_missing("version", "the credentials may not ask for the version"));
    }
    limits("nodes", nodes.extent, &mut own);
    limits("statefulsets", sets.extent, &mut own);
    limits("persistentvolumeclaims", claims.extent, &mut own);
    let (mut nodes, mut sets, mut volumes, mut issues) = (nodes, sets, claims.found, claims.issues);
    issues.append(&mut nodes.issues);
    issues.append(&mut sets.issues);
    assign(&mut volumes, &sets.found, &mut issues);
    let (mut nodes, mut workloads) =
        (nodes.found, sets.found.into_iter().map(|set| set.sample).collect::<Vec<_>>());
    nodes.sort_by(|one, other| one.name.cmp(&other.name));
    workloads.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
    volumes.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
    let count =
        NodeCount { total: nodes.len() as u32, ready: nodes.iter().filter(|node| node.ready).count() as u32 };
    let version = identity.version.unwrap_or_else(|| "unknown".into());
    let facts = Facts { uid: identity.uid, version, nodes: count };
    (Observation { facts, issues: bounded(own, issues) }, Sample { nodes, workloads, volumes })
}

fn issue(code: &str, object: String, message: impl Into<String>) -> Issue {
    Issue { code: code.into(), object, message: message.into() }
}

fn permission_missing(object: &str, message: impl Into<String>) -> Issue {
    issue("permission-missing", object.into(), message)
}

/// What could not be seen is an issue of its own.
fn limits(resource: &str, extent: Extent, issues: &mut Vec<Issue>) {
    match extent {
        Extent::All | Extent::Absent => {}
        Extent::First(most) => {
            let message = format!("there are more than {most}; only the first {most} are looked at");
            issues.push(issue("too-many-objects", resource.into(), message));
        }
        Extent::Forbidden => {
            let message = format!("the credentials may not list {resource} of all namespaces");
            issues.push(permission_missing(resource, message));
        }
    }
}

/// One node.
pub(crate) fn node(node: Node, issues: &mut Vec<Issue>) -> NodeSample {
    let name = word(node.metadata.name);
    let status = |kind: &str| {
        let found = node.status.conditions.iter().find(|condition| condition.kind == kind);
        found.map(|condition| condition.status.as_str())
    };
    let ready = match status("Ready") {
        Some("True") => None,
        Some("Unknown") => Some("the node has stopped reporting"),
        Some(_) => Some("the node reports that it is not ready"),
        None => Some("the node has not reported yet"),
    };
    if let Some(message) = ready {
        issues.push(issue("node-not-ready", format!("node/{name}"), message));
    }
    let pressures =
        [("MemoryPressure", "memory"), ("DiskPressure", "disk space"), ("PIDPressure", "process ids")];
    let short: Vec<&str> =
        pressures.into_iter().filter(|(kind, _)| status(kind) == Some("True")).map(|(_, of)| of).collect();
    if !short.is_empty() {
        let message = format!("the node is short of {}", short.join(", "));
        issues.push(issue("node-pressure", format!("node/{name}"), message));
    }
    let roles = node.metadata.labels.into_keys().filter_map(|key| key.strip_prefix(ROLE).map(str::to_owned));
    NodeSample {
        ready: ready.is_none(),
        schedulable: !node.spec.unschedulable,
        kubelet_version: word(node.status.node_info.kubelet_version),
        roles: roles.filter(|role| !role.is_empty()).map(word).take(FEW).collect(),
        cpu: word(node.status.allocatable.cpu),
        memory: word(node.status.allocatable.memory),
        name,
    }
}

/// One `StatefulSet`.
pub(crate) fn set(set: StatefulSet, issues: &mut Vec<Issue>) -> Set {
    let (namespace, name) = names(set.metadata);
    let number = |count: i32| u32::try_from(count).unwrap_or(0);
    let replicas = number(set.spec.replicas.unwrap_or(1));
    let ready_replicas = number(set.status.ready_replicas);
    if ready_replicas < replicas {
        let message = format!("{ready_replicas} of {replicas} replicas are ready");
        issues.push(issue("statefulset-not-ready", format!("statefulset/{namespace}/{name}"), message));
    }
    let images = set.spec.template.spec.containers.into_iter().map(|one| word(one.image));
    let templates = set.spec.volume_claim_templates.into_iter().map(|one| word(one.metadata.name));
    Set {
        templates: templates.take(FEW).collect(),
        start: u64::from(number(set.spec.ordinals.start)),
        sample: WorkloadSample {
            kind: "StatefulSet".into(),
            replicas,
            ready_replicas,
            updated_replicas: number(set.status.updated_replicas),
            images: images.filter(|image| !image.is_empty()).take(FEW).collect(),
            namespace,
            name,
        },
    }
}

/// One claim. Whose it is comes later.
pub(crate) fn claim(claim: Claim, issues: &mut Vec<Issue>) -> VolumeSample {
    let (namespace, name) = names(claim.metadata);
    let phase = if claim.status.phase.is_empty() { "Pending".into() } else { word(claim.status.phase) };
    if phase == "Lost" {
        issues.push(issue(
            "volume-lost",
            format!("pvc/{namespace}/{name}"),
            "the volume behind the claim is gone",
        ));
    }
    VolumeSample {
        capacity: word(claim.status.capacity.storage),
        storage_class: claim.spec.storage_class_name.map(word),
        workload: None,
        phase,
        namespace,
        name,
    }
}

/// Gives each claim its `StatefulSet`: the controller names it `TEMPLATE-SET-ORDINAL`. A claim that has no volume is an
/// issue where a replica waits for it: elsewhere nobody may want it yet, as volumes that bind on first use do.
fn assign(volumes: &mut [VolumeSample], sets: &[Set], issues: &mut Vec<Issue>) {
    let mut owners = HashMap::new();
    for set in sets {
        for template in &set.templates {
            owners.insert((set.sample.namespace.as_str(), format!("{template}-{}", set.sample.name)), set);
        }
    }
    for volume in volumes {
        let Some((stem, ordinal)) = volume.name.rsplit_once('-') else { continue };
        let Ok(ordinal) = ordinal.parse::<u64>() else { continue };
        let Some(set) = owners.get(&(volume.namespace.as_str(), stem.to_owned())) else { continue };
        let wanted = set.start..set.start + u64::from(set.sample.replicas);
        let waits = set.sample.ready_replicas < set.sample.replicas;
        if volume.phase == "Pending" && wanted.contains(&ordinal) && waits {
            let object = format!("pvc/{}/{}", volume.namespace, volume.name);
            issues.push(issue("volume-pending", object, "a replica waits for the claim's volume"));
        }
        volume.workload = Some(set.sample.name.clone());
    }
}

fn names(meta: Meta) -> (String, String) {
    (word(meta.namespace), word(meta.name))
}

/// A cluster's word as it may go on: visible ASCII, no longer than Kubernetes allows.
pub(crate) fn word(mut text: String) -> String {
    text.retain(|character| character.is_ascii_graphic());
    text.truncate(WORD);
    text
}

/// Sorted, and cut where a list would say no more than its length. What the hub says of its own view is never cut.
fn bounded(mut own: Vec<Issue>, mut issues: Vec<Issue>) -> Vec<Issue> {
    issues.sort();
    if issues.len() > TOLD {
        issues.truncate(TOLD);
        // Without their number, which would change, and be recorded, all the time.
        let message = format!("there are more issues; {TOLD} of them are listed");
        own.push(issue("more-issues", "cluster".into(), message));
    }
    issues.append(&mut own);
    issues.sort();
    issues
}

#[cfg(test)]
mod tests;
