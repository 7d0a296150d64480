//! From objects as the API server writes them.

use serde_json::{Value, json};

use super::{bounded, count, issue, nodes, serves, volumes, workloads};

fn objects<T: serde::de::DeserializeOwned>(values: Vec<Value>) -> Vec<T> {
    values.into_iter().map(|value| serde_json::from_value(value).expect("an object")).collect()
}

fn codes(issues: &[hub_domain::cluster::Issue]) -> Vec<(&str, &str)> {
    issues.iter().map(|issue| (issue.code.as_str(), issue.object.as_str())).collect()
}

#[test]
fn nodes_tell_readiness_pressure_and_roles() {
    let mut issues = vec![];
    let samples = nodes(
        &objects(vec![
            json!({ "metadata": { "name": "b", "labels": { "node-role.kubernetes.io/worker": "" } }, "status": {
                "conditions": [{ "type": "Ready", "status": "Unknown" }] } }),
            json!({ "metadata": { "name": "a" }, "spec": { "unschedulable": true }, "status": {
                "allocatable": { "cpu": "3920m", "memory": "16Gi" },
                "conditions": [{ "type": "Ready", "status": "True" }, { "type": "DiskPressure", "status": "True" }] } }),
        ]),
        &mut issues,
    );
    assert_eq!(samples.iter().map(|node| node.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(samples[0].ready && !samples[0].schedulable && samples[0].cpu == "3920m");
    assert_eq!(samples[1].roles, ["worker"]);
    assert_eq!((count(&samples).total, count(&samples).ready), (2, 1));
    assert_eq!(codes(&bounded(issues)), [("node-not-ready", "node/b"), ("node-pressure", "node/a/Disk")]);
}

#[test]
fn statefulsets_and_their_claims_belong_together() {
    let mut issues = vec![];
    let pod = json!({ "containers": [{ "name": "c", "image": "db:1" }] });
    let set = |name: &str, replicas: Value, ready: u32| {
        json!({ "metadata": { "namespace": "db", "name": name },
            "spec": { "replicas": replicas, "serviceName": name, "selector": {}, "template": { "spec": pod } },
            "status": { "replicas": 3, "readyReplicas": ready } })
    };
    let sets = workloads(&objects(vec![set("pg", json!(3), 2), set("idle", json!(0), 0), set("one", Value::Null, 1)]), &mut issues);
    assert_eq!(sets.iter().map(|set| (set.name.as_str(), set.replicas)).collect::<Vec<_>>(), [("idle", 0), ("one", 1), ("pg", 3)]);
    let claim = |name: &str, phase: &str| json!({ "metadata": { "namespace": "db", "name": name }, "status": { "phase": phase } });
    let claims = volumes(&objects(vec![claim("data-pg-0", "Bound"), claim("data-pg-2", "Pending"), claim("loose", "Pending"), claim("gone", "Lost")]), &sets, &mut issues);
    assert_eq!(claims[0].workload.as_deref(), Some("pg"));
    assert_eq!(
        codes(&bounded(issues)),
        [("statefulset-not-ready", "statefulset/db/pg"), ("volume-lost", "pvc/db/gone"), ("volume-pending", "pvc/db/data-pg-2")]
    );
}

#[test]
fn claims_are_told_by_their_names() {
    assert!(serves("data-pg-0", "pg") && serves("data-my-pg-10", "my-pg"));
    assert!(!serves("data-pg-x", "pg") && !serves("pg-0", "pg") && !serves("data-pgx-0", "pg"));
}

#[test]
fn many_issues_are_bounded_and_stable() {
    let many = |count: usize| bounded((0..count).map(|nth| issue("x", format!("{nth:05}"), "m")).collect());
    assert_eq!(many(100).len(), 100);
    assert_eq!(many(101).len(), 101);
    assert_eq!(many(5000), many(6000), "the hundred-and-first and the thousandth make no difference");
}
