//! Looks at a real API server: healthy, sick, killed, back again, credentials of every kind, good and withdrawn.
//!
//! What it cannot cover with an API server of 1.20: `spec.ordinals` (1.26), an API server that only speaks TLS 1.3.

use std::time::Duration;

use futures::StreamExt as _;
use hub_commands::ports::{ClusterGateway as _, ClusterProbe, Sample};
use hub_domain::cluster::{Failure, NodeCount, Observation};
use hub_kit::kubernetes::{ControlPlane, available};
use hub_kit::until;
use hub_kubernetes::KubeGateway;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

/// The way of a kubeconfig from the user to the network.
fn probe(kubeconfig: &str) -> Box<dyn ClusterProbe> {
    let gateway = KubeGateway::default();
    let examined = gateway.examine(&SecretString::from(kubeconfig), None).expect("it is accepted");
    assert!(examined.endpoint.starts_with("https://127.0.0.1:"), "{}", examined.endpoint);
    gateway.probe(examined.kubeconfig).expect("a probe")
}

async fn seen(probe: &dyn ClusterProbe) -> (Observation, Sample) {
    probe.look().await.expect("it answers")
}

async fn refused(probe: &dyn ClusterProbe) -> Failure {
    probe.look().await.expect_err("it does not answer")
}

fn issues(observation: &Observation) -> Vec<(&str, &str)> {
    observation.issues.iter().map(|issue| (issue.code.as_str(), issue.object.as_str())).collect()
}

async fn made(plane: &ControlPlane, path: &str, object: &Value) -> Value {
    let (status, answer) = plane.api(Method::POST, path, Some(object)).await.expect("an answer");
    assert_eq!(status, 201, "{path}: {answer}");
    answer
}

/// Lets a subject do what the rules say.
async fn allow(plane: &ControlPlane, name: &str, subject: &Value, rules: &Value) {
    let api = "/apis/rbac.authorization.k8s.io/v1";
    let role = json!({ "metadata": { "name": name }, "rules": rules });
    made(plane, &format!("{api}/clusterroles"), &role).await;
    let role = json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name });
    let binding = json!({ "metadata": { "name": name }, "roleRef": role, "subjects": [subject] });
    made(plane, &format!("{api}/clusterrolebindings"), &binding).await;
}

fn read(group: &str, resources: &[&str]) -> Value {
    json!({ "apiGroups": [group], "resources": resources, "verbs": ["get", "list"] })
}

#[tokio::test]
async fn kubernetes_look_sees_what_is_there_and_what_is_wrong() {
    if !available() {
        return;
    }
    let mut plane = ControlPlane::start().await.expect("a control plane");
    let probe = probe(&plane.kubeconfig());
    let (empty, sample) = seen(&*probe).await;
    let (_, version) = plane.api(Method::GET, "/version", None).await.expect("an answer");
    assert_eq!(
        (&json!(empty.facts.version), empty.facts.nodes),
        (&version["gitVersion"], NodeCount::default())
    );
    assert_eq!((empty.facts.uid.len(), &sample), (36, &Sample::default()));

    plane.add_node("worker-1", true).await.expect("a node");
    plane.add_node("worker-2", false).await.expect("a node");
    let labels = json!({ "app": "db" });
    let set = json!({
        "metadata": { "name": "db" },
        "spec": { "serviceName": "db", "replicas": 3, "selector": { "matchLabels": labels },
            "volumeClaimTemplates": [{ "metadata": { "name": "data" },
                "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } } }],
            "template": { "metadata": { "labels": labels },
                "spec": { "containers": [{ "name": "main", "image": "registry.example/db:1" }] } } } });
    made(&plane, "/apis/apps/v1/namespaces/default/statefulsets", &set).await;
    plane.set_statefulset_ready("default", "db", 3, 2).await.expect("a status");
    plane.add_claim("default", "data-db-0", "Bound").await.expect("a claim");
    plane.add_claim("default", "data-db-2", "Pending").await.expect("a claim");
    plane.add_claim("default", "old", "Lost").await.expect("a claim");

    let (sick, sample) = seen(&*probe).await;
    assert_eq!(sick.facts.uid, empty.facts.uid);
    assert_eq!(sick.facts.nodes, NodeCount { total: 2, ready: 1 });
    let wanted = [
        ("node-not-ready", "node/worker-2"),
        ("statefulset-not-ready", "statefulset/default/db"),
        ("volume-lost", "pvc/default/old"),
        ("volume-pending", "pvc/default/data-db-2"),
    ];
    assert_eq!(issues(&sick), wanted);
    assert_eq!(sick.issues[1].message, "2 of 3 replicas are ready");
    let (node, workload) = (&sample.nodes[0], &sample.workloads[0]);
    assert_eq!(
        (node.name.as_str(), node.cpu.as_str(), node.kubelet_version.as_str()),
        ("worker-1", "2", "v1.20.2")
    );
    assert_eq!(
        (workload.replicas, workload.images.as_slice()),
        (3, &["registry.example/db:1".to_owned()][..])
    );
    let volumes: Vec<_> =
        sample.volumes.iter().map(|one| (one.name.as_str(), one.workload.as_deref())).collect();
    assert_eq!(volumes, [("data-db-0", Some("db")), ("data-db-2", Some("db")), ("old", None)]);

    plane.set_node_ready("worker-2", true).await.expect("a status");
    plane.set_statefulset_ready("default", "db", 3, 3).await.expect("a status");
    assert_eq!(issues(&seen(&*probe).await.0), [("volume-lost", "pvc/default/old")]);

    // The same probe over the API server's death and return: nothing of the old connection is left in the way.
    plane.kill_apiserver().await;
    assert_eq!(refused(&*probe).await.code, "connection-refused");
    plane.start_apiserver().await.expect("it comes back");
    assert_eq!(seen(&*probe).await.0.facts.uid, empty.facts.uid);

    let certified = self::probe(&plane.certificate_kubeconfig());
    assert_eq!(seen(&*certified).await.0.facts.uid, empty.facts.uid, "a client certificate serves as well");

    let before = plane.kubeconfig();
    plane.revoke_tokens().await.expect("new tokens");
    let withdrawn = refused(&*probe).await;
    assert_eq!(withdrawn.code, "unauthorized");
    let token =
        serde_json::from_str::<Value>(&before).expect("JSON")["users"][0]["user"]["token"].to_string();
    assert!(!withdrawn.message.contains(token.trim_matches('"')));
    seen(&*self::probe(&plane.kubeconfig())).await;
}

#[tokio::test]
async fn kubernetes_rbac_decides_what_is_seen() {
    if !available() {
        return;
    }
    let plane = ControlPlane::start().await.expect("a control plane");
    let probe = probe(&plane.limited_kubeconfig());
    let nothing = refused(&*probe).await;
    assert_eq!(nothing.code, "permission-missing");
    assert!(nothing.message.contains("kube-system"), "{}", nothing.message);

    plane.add_node("worker-1", true).await.expect("a node");
    let user = json!({ "kind": "User", "name": "limited", "apiGroup": "rbac.authorization.k8s.io" });
    allow(&plane, "some", &user, &json!([read("", &["namespaces", "nodes"])])).await;
    let look = || async { probe.look().await.ok() };
    let (some, sample) = until(Duration::from_secs(20), look).await.expect("the rules come into force");
    assert_eq!((some.facts.nodes.ready, sample.nodes.len()), (1, 1));
    assert_eq!(
        issues(&some),
        [("permission-missing", "persistentvolumeclaims"), ("permission-missing", "statefulsets")]
    );

    // What the hub tells people to do instead of an exec plugin: a service account and its token.
    let accounts = "/api/v1/namespaces/default/serviceaccounts";
    made(&plane, accounts, &json!({ "metadata": { "name": "hub" } })).await;
    let asked = made(&plane, &format!("{accounts}/hub/token"), &json!({ "spec": {} })).await;
    let account = json!({ "kind": "ServiceAccount", "name": "hub", "namespace": "default" });
    let all = json!([
        read("", &["namespaces", "nodes", "persistentvolumeclaims"]),
        read("apps", &["statefulsets"]),
    ]);
    allow(&plane, "all", &account, &all).await;
    let mut config: Value = serde_json::from_str(&plane.kubeconfig()).expect("JSON");
    config["users"][0]["user"]["token"] = asked["status"]["token"].clone();
    let account = self::probe(&config.to_string());
    let look = || async { account.look().await.ok().filter(|(seen, _)| seen.issues.is_empty()) };
    until(Duration::from_secs(20), look).await.expect("a service account sees everything");

    // Withdrawn while the connection is open. The API server may remember a token for 10 s.
    let (status, _) = plane.api(Method::DELETE, &format!("{accounts}/hub"), None).await.expect("an answer");
    assert_eq!(status, 200);
    let look = || async { account.look().await.err() };
    let withdrawn = until(Duration::from_secs(40), look).await.expect("the account is gone");
    assert_eq!(withdrawn.code, "unauthorized");
}

#[tokio::test]
async fn kubernetes_lists_longer_than_a_page_are_read_to_the_end() {
    if !available() {
        return;
    }
    let plane = ControlPlane::start().await.expect("a control plane");
    let nodes = (0..1_050).map(|nth| json!({ "metadata": { "name": format!("n{nth:05}") } }));
    let plane = &plane;
    futures::stream::iter(nodes)
        .for_each_concurrent(16, |node| async move {
            made(plane, "/api/v1/nodes", &node).await;
        })
        .await;
    let (observation, sample) = seen(&*probe(&plane.kubeconfig())).await;
    assert_eq!((observation.facts.nodes.total, sample.nodes.len()), (1_050, 1_050));
    assert!(sample.nodes.is_sorted_by(|one, other| one.name < other.name), "each once");
    assert_eq!(observation.issues.len(), 101);
    assert_eq!(issues(&observation)[..2], [("more-issues", "cluster"), ("node-not-ready", "node/n00000")]);
}
