//! From objects as the API server writes them: built from `k8s-openapi`'s types, so that the names are Kubernetes' own.

use hub_commands::ports::{NodeSample, VolumeSample};
use hub_domain::cluster::{Issue, NodeCount};
use k8s_openapi::api::{apps, core};
use serde_json::{Value, json};

use super::{Extent, Identity, Seen, TOLD, claim, node, set, summarise};

/// Through the type of `k8s-openapi` and back, as the API server would write it.
fn written<T: serde::Serialize + serde::de::DeserializeOwned>(object: &Value) -> Value {
    let object: T = serde_json::from_value(object.clone()).expect("an object of Kubernetes");
    serde_json::to_value(object).expect("JSON")
}

fn seen<K, T: serde::de::DeserializeOwned, S>(objects: &[Value], keep: fn(T, &mut Vec<Issue>) -> S) -> Seen<S>
where
    K: serde::Serialize + serde::de::DeserializeOwned,
{
    let mut issues = vec![];
    let found = objects
        .iter()
        .map(|object| keep(serde_json::from_value(written::<K>(object)).expect("an object"), &mut issues))
        .collect();
    Seen { found, issues, extent: Extent::All }
}

fn nodes(objects: &[Value]) -> Seen<NodeSample> {
    seen::<core::v1::Node, _, _>(objects, node)
}

fn sets(objects: &[Value]) -> Seen<super::Set> {
    seen::<apps::v1::StatefulSet, _, _>(objects, set)
}

fn claims(objects: &[Value]) -> Seen<VolumeSample> {
    seen::<core::v1::PersistentVolumeClaim, _, _>(objects, claim)
}

fn identity() -> Identity {
    Identity { uid: "u".into(), version: Some("v1.33.2".into()) }
}

fn told(issues: &[Issue]) -> Vec<(&str, &str)> {
    issues.iter().map(|issue| (issue.code.as_str(), issue.object.as_str())).collect()
}

fn a_set(name: &str, replicas: &Value, ready: u32) -> Value {
    json!({ "metadata": { "namespace": "db", "name": name },
        "spec": { "replicas": replicas, "serviceName": name, "selector": {}, "volumeClaimTemplates": [{ "metadata": { "name": "data" } }],
            "template": { "spec": { "containers": [{ "name": "c", "image": "db:1" }, { "name": "side", "image": "metrics:2" }] } } },
        "status": { "replicas": 3, "readyReplicas": ready, "updatedReplicas": 1 } })
}

fn a_claim(name: &str, phase: &str) -> Value {
    json!({ "metadata": { "namespace": "db", "name": name }, "spec": { "storageClassName": "fast" },
        "status": { "phase": phase, "capacity": { "storage": "10Gi" } } })
}

#[test]
fn nodes_tell_readiness_pressure_and_roles() {
    let condition = |kind: &str, status: &str| json!({ "type": kind, "status": status });
    let fleet = nodes(&[
        json!({ "metadata": { "name": "b", "labels": { "node-role.kubernetes.io/worker": "", "zone": "z" } },
            "status": { "conditions": [condition("Ready", "Unknown")] } }),
        json!({ "metadata": { "name": "a" }, "spec": { "unschedulable": true }, "status": {
            "allocatable": { "cpu": "3920m", "memory": "16Gi", "pods": "110" },
            "nodeInfo": { "kubeletVersion": "v1.33.1", "architecture": "", "bootID": "", "containerRuntimeVersion": "", "kernelVersion": "",
                "kubeProxyVersion": "", "machineID": "", "operatingSystem": "", "osImage": "", "systemUUID": "" },
            "conditions": [condition("DiskPressure", "True"), condition("Ready", "True"), condition("PIDPressure", "True"),
                condition("MemoryPressure", "False")] } }),
        json!({ "metadata": { "name": "c" } }),
    ]);
    let (observation, sample) = summarise(identity(), fleet, sets(&[]), claims(&[]));
    let wanted = NodeSample {
        name: "a".into(),
        ready: true,
        schedulable: false,
        kubelet_version: "v1.33.1".into(),
        roles: vec![],
        cpu: "3920m".into(),
        memory: "16Gi".into(),
    };
    assert_eq!(sample.nodes[0], wanted);
    assert_eq!(
        (sample.nodes[1].name.as_str(), sample.nodes[1].roles.as_slice()),
        ("b", &["worker".to_owned()][..])
    );
    assert_eq!(observation.facts.nodes, NodeCount { total: 3, ready: 1 });
    assert_eq!(
        told(&observation.issues),
        [("node-not-ready", "node/b"), ("node-not-ready", "node/c"), ("node-pressure", "node/a")]
    );
    assert_eq!(observation.issues[2].message, "the node is short of disk space, process ids");
}

#[test]
fn statefulsets_and_their_claims_belong_together() {
    let some = sets(&[a_set("pg", &json!(3), 2), a_set("idle", &json!(0), 0), a_set("one", &Value::Null, 1)]);
    let volumes = claims(&[
        a_claim("data-pg-0", "Bound"),
        a_claim("data-pg-2", "Pending"),
        a_claim("data-pg-7", "Pending"),
        a_claim("loose", "Pending"),
        a_claim("data-one-0", "Pending"),
        a_claim("gone", "Lost"),
        a_claim("other-pg-0", "Pending"),
        a_claim("data-pg-x", "Pending"),
    ]);
    let (observation, sample) = summarise(identity(), nodes(&[]), some, volumes);
    let shown: Vec<_> =
        sample.workloads.iter().map(|set| (set.name.as_str(), set.replicas, set.ready_replicas)).collect();
    assert_eq!(shown, [("idle", 0, 0), ("one", 1, 1), ("pg", 3, 2)]);
    assert_eq!(sample.workloads[2].images, ["db:1", "metrics:2"]);
    let owned: Vec<_> =
        sample.volumes.iter().filter_map(|one| Some((one.name.as_str(), one.workload.as_deref()?))).collect();
    assert_eq!(owned, [("data-one-0", "one"), ("data-pg-0", "pg"), ("data-pg-2", "pg"), ("data-pg-7", "pg")]);
    assert_eq!(
        (sample.volumes[1].capacity.as_str(), sample.volumes[1].storage_class.as_deref()),
        ("10Gi", Some("fast"))
    );
    assert_eq!(
        told(&observation.issues),
        [
            ("statefulset-not-ready", "statefulset/db/pg"),
            ("volume-lost", "pvc/db/gone"),
            ("volume-pending", "pvc/db/data-pg-2")
        ],
        "nobody waits for the seventh replica's claim, and the set called one is ready"
    );
    assert_eq!(observation.issues[0].message, "2 of 3 replicas are ready");
}

#[test]
fn ordinals_may_begin_elsewhere() {
    let mut high = a_set("pg", &json!(2), 1);
    high["spec"]["ordinals"] = json!({ "start": 5 });
    let volumes = claims(&[a_claim("data-pg-0", "Pending"), a_claim("data-pg-6", "Pending")]);
    let (observation, _) = summarise(identity(), nodes(&[]), sets(&[high]), volumes);
    assert_eq!(told(&observation.issues)[1..], [("volume-pending", "pvc/db/data-pg-6")]);
}

#[test]
fn many_issues_are_bounded_and_stable() {
    let broken = |count: usize| {
        let fleet: Vec<_> =
            (0..count).rev().map(|nth| json!({ "metadata": { "name": format!("n{nth:05}") } })).collect();
        let mut forbidden = claims(&[]);
        forbidden.extent = Extent::Forbidden;
        summarise(identity(), nodes(&fleet), sets(&[]), forbidden).0.issues
    };
    assert_eq!(broken(TOLD).len(), TOLD + 1);
    assert!(broken(TOLD).is_sorted());
    let many = broken(TOLD + 1);
    assert_eq!(told(&many[..2]), [("more-issues", "cluster"), ("node-not-ready", "node/n00000")]);
    assert_eq!(
        many.last().map(|issue| issue.code.as_str()),
        Some("permission-missing"),
        "what the hub cannot see is never cut"
    );
    assert_eq!(many, broken(5000), "the hundred-and-first and the thousandth make no difference");
}

#[test]
fn a_clusters_words_are_cut() {
    let long = "x".repeat(1000);
    let fleet = nodes(&[json!({ "metadata": { "name": format!("a\u{1b}[31m\u{202e}ü{long}") } })]);
    let (observation, sample) = summarise(identity(), fleet, sets(&[]), claims(&[]));
    assert_eq!(sample.nodes[0].name, format!("a[31m{}", "x".repeat(248)));
    assert_eq!(observation.issues[0].object, format!("node/{}", sample.nodes[0].name));
}

#[test]
fn what_go_writes_as_null_is_nothing() {
    let bare = json!({ "metadata": { "name": "a", "labels": null }, "spec": null,
        "status": { "conditions": null, "allocatable": null, "nodeInfo": null } });
    let mut issues = vec![];
    assert!(!node(serde_json::from_value(bare).expect("a node"), &mut issues).ready);
    let bare = json!({ "metadata": { "name": "a" }, "spec": { "template": { "spec": { "containers": null } }, "ordinals": null,
        "volumeClaimTemplates": null }, "status": null });
    set(serde_json::from_value(bare).expect("a set"), &mut issues);
    claim(
        serde_json::from_value(json!({ "metadata": {}, "spec": null, "status": { "capacity": null } }))
            .expect("a claim"),
        &mut issues,
    );
}
