//! From Kubernetes' objects to a sample and its issues. Pure.

use hub_commands::ports::{NodeSample, VolumeSample, WorkloadSample};
use hub_domain::cluster::{Issue, NodeCount};
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{Node, PersistentVolumeClaim};
use kube::ResourceExt as _;

/// Issues that are told one by one.
const TOLD: usize = 100;
const ROLE: &str = "node-role.kubernetes.io/";

fn issue(code: &str, object: String, message: impl Into<String>) -> Issue {
    Issue { code: code.into(), object, message: message.into() }
}

/// Nodes, by name.
pub(crate) fn nodes(nodes: &[Node], issues: &mut Vec<Issue>) -> Vec<NodeSample> {
    let mut samples: Vec<NodeSample> = nodes
        .iter()
        .map(|node| {
            let name = node.name_any();
            let status = node.status.as_ref();
            let conditions = status.and_then(|status| status.conditions.as_deref()).unwrap_or_default();
            let ready = conditions.iter().any(|condition| condition.type_ == "Ready" && condition.status == "True");
            if !ready {
                issues.push(issue("node-not-ready", format!("node/{name}"), "the node is not ready"));
            }
            for condition in conditions.iter().filter(|condition| condition.status == "True") {
                if let Some(short) = condition.type_.strip_suffix("Pressure") {
                    let message = format!("the node is short of {}", if short == "PID" { "process ids".into() } else { short.to_lowercase() });
                    issues.push(issue("node-pressure", format!("node/{name}/{short}"), message));
                }
            }
            let allocatable = |what: &str| {
                let found = status.and_then(|status| status.allocatable.as_ref()?.get(what));
                found.map(|quantity| quantity.0.clone()).unwrap_or_default()
            };
            NodeSample {
                ready,
                schedulable: !node.spec.as_ref().and_then(|spec| spec.unschedulable).unwrap_or(false),
                kubelet_version: status
                    .and_then(|status| status.node_info.as_ref())
                    .map(|info| info.kubelet_version.clone())
                    .unwrap_or_default(),
                roles: node.labels().keys().filter_map(|key| key.strip_prefix(ROLE)).map(str::to_owned).collect(),
                cpu: allocatable("cpu"),
                memory: allocatable("memory"),
                name,
            }
        })
        .collect();
    samples.sort_by(|one, other| one.name.cmp(&other.name));
    samples
}

/// How many nodes, and how many ready ones.
pub(crate) fn count(nodes: &[NodeSample]) -> NodeCount {
    NodeCount { total: nodes.len() as u32, ready: nodes.iter().filter(|node| node.ready).count() as u32 }
}

/// StatefulSets, by namespace and name.
pub(crate) fn workloads(sets: &[StatefulSet], issues: &mut Vec<Issue>) -> Vec<WorkloadSample> {
    let number = |count: Option<i32>| u32::try_from(count.unwrap_or(0)).unwrap_or(0);
    let mut samples: Vec<WorkloadSample> = sets
        .iter()
        .map(|set| {
            let (namespace, name) = (set.namespace().unwrap_or_default(), set.name_any());
            let (spec, status) = (set.spec.as_ref(), set.status.as_ref());
            // Kubernetes' own default for an absent count is one.
            let replicas = u32::try_from(spec.and_then(|spec| spec.replicas).unwrap_or(1)).unwrap_or(0);
            let ready_replicas = number(status.and_then(|status| status.ready_replicas));
            if ready_replicas < replicas {
                let message = format!("{ready_replicas} of {replicas} replicas are ready");
                issues.push(issue("statefulset-not-ready", format!("statefulset/{namespace}/{name}"), message));
            }
            let pod = spec.and_then(|spec| spec.template.spec.as_ref());
            WorkloadSample {
                kind: "StatefulSet".into(),
                replicas,
                ready_replicas,
                updated_replicas: number(status.and_then(|status| status.updated_replicas)),
                images: pod.into_iter().flat_map(|pod| &pod.containers).filter_map(|one| one.image.clone()).collect(),
                namespace,
                name,
            }
        })
        .collect();
    samples.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
    samples
}

/// Claims, by namespace and name, each with the StatefulSet whose pods it serves.
pub(crate) fn volumes(
    claims: &[PersistentVolumeClaim],
    workloads: &[WorkloadSample],
    issues: &mut Vec<Issue>,
) -> Vec<VolumeSample> {
    let mut samples: Vec<VolumeSample> = claims
        .iter()
        .map(|claim| {
            let (namespace, name) = (claim.namespace().unwrap_or_default(), claim.name_any());
            let status = claim.status.as_ref();
            let phase = status.and_then(|status| status.phase.clone()).unwrap_or_else(|| "Pending".into());
            let workload = workloads.iter().find(|set| set.namespace == namespace && serves(&name, &set.name));
            let object = format!("pvc/{namespace}/{name}");
            match (phase.as_str(), workload) {
                ("Lost", _) => issues.push(issue("volume-lost", object, "the claim's volume is gone")),
                ("Pending", Some(set)) if set.ready_replicas < set.replicas => {
                    issues.push(issue("volume-pending", object, "a replica waits for the claim's volume"));
                }
                _ => {}
            }
            let capacity = status.and_then(|status| status.capacity.as_ref()?.get("storage"));
            VolumeSample {
                capacity: capacity.map(|quantity| quantity.0.clone()).unwrap_or_default(),
                storage_class: claim.spec.as_ref().and_then(|spec| spec.storage_class_name.clone()),
                workload: workload.map(|set| set.name.clone()),
                phase,
                namespace,
                name,
            }
        })
        .collect();
    samples.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
    samples
}

/// Whether a claim is one that the StatefulSet makes: `TEMPLATE-SET-ORDINAL`.
fn serves(claim: &str, set: &str) -> bool {
    claim.rsplit_once('-').is_some_and(|(rest, ordinal)| {
        !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit()) && rest.ends_with(&format!("-{set}"))
    })
}

/// Sorted, and cut where a list would say no more than its length.
pub(crate) fn bounded(mut issues: Vec<Issue>) -> Vec<Issue> {
    issues.sort();
    if issues.len() > TOLD {
        let more = issues.len() - TOLD;
        issues.truncate(TOLD);
        // Without the number: a cluster whose hundredth issue comes and goes would fill the ledger.
        tracing::debug!(more, "more issues than are told");
        issues.push(issue("more-issues", "cluster".into(), format!("more than {TOLD} issues; the first {TOLD} are listed")));
        issues.sort();
    }
    issues
}

#[cfg(test)]
mod tests;
