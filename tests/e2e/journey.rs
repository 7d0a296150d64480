//! The main job, from end to end, on real parts: sign in, import a real cluster, watch it, change it, let it go, prove it.

use std::time::Duration;

use hub_kit::kubernetes::{ControlPlane, available};
use hub_kit::{Client, Hub, HubOptions, until};
use serde_json::{Value, json};
use tokio::process::Command;

const PATIENCE: Duration = Duration::from_mins(1);

/// Asks until the answer's member (a JSON Pointer) has a value.
async fn becomes(client: &Client, path: &str, member: &str, wanted: &str) -> Value {
    let found = until(PATIENCE, || async {
        let answer = client.get(path).await.ok()?;
        (answer.body.pointer(member).and_then(Value::as_str) == Some(wanted)).then_some(answer.body)
    });
    match found.await {
        Some(body) => body,
        None => panic!(
            "{path}: {member} does not become {wanted}: {}",
            client.get(path).await.expect("an answer").text
        ),
    }
}

async fn audit(hub: &Hub, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(hub_kit::hub::program("clustermaster-audit"))
        .args(arguments)
        .arg("--data-dir")
        .arg(hub.data_dir())
        .env_remove("CLUSTERMASTER_DATABASE_URL")
        .output()
        .await
        .expect("the audit tool runs");
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), text)
}

fn import(name: &str, kubeconfig: &str) -> Value {
    json!({ "name": name, "provider": "on_premises", "region": "lab", "labels": { "team": "data" },
        "credentials": { "kubeconfig": kubeconfig } })
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "one journey, told in one go")]
async fn kubernetes_cluster_from_import_to_decommission() {
    if !available() {
        return;
    }
    let mut plane = ControlPlane::start().await.expect("a control plane");
    plane.add_node("worker-1", true).await.expect("a node");
    plane.add_statefulset("default", "db", 2, 2).await.expect("a StatefulSet");
    plane.add_claim("default", "data-db-0", "Bound").await.expect("a claim");
    let options = HubOptions {
        env: vec![("CLUSTERMASTER_OBSERVE_SECONDS".into(), "1".into())],
        ..HubOptions::default()
    };
    let mut hub = Hub::start(options).await.expect("a hub");
    let admin = hub.admin().await.expect("the administrator signs in");

    // The plan is the events, and a plan touches nothing.
    let body = import("prod-1", &plane.kubeconfig());
    let plan = admin.post("clusters?dry_run=true", &body).await.expect("an answer").expect(200);
    assert_eq!(plan.body["events"][0]["type"], "cluster.import_requested.v1");
    assert_eq!(admin.get("clusters").await.expect("an answer").body, json!([]));

    let made = admin.post("clusters", &body).await.expect("an answer").expect(202);
    let id = made.body["id"].as_str().expect("an id").to_owned();
    assert_eq!(made.body["status"], "importing");
    let cluster = becomes(&admin, &format!("clusters/{id}"), "/status", "active").await;
    let (_, version) = plane.api(reqwest::Method::GET, "/version", None).await.expect("a version");
    assert_eq!((&cluster["health"], &cluster["k8s_version"]), (&json!("healthy"), &version["gitVersion"]));
    let health = admin.get(&format!("clusters/{id}/health")).await.expect("an answer").expect(200);
    assert_eq!(
        (&health.body["cluster_id"], &health.body["status"], &health.body["issues"]),
        (&json!(id), &json!("healthy"), &json!([]))
    );
    let nodes = becomes(&admin, &format!("clusters/{id}/nodes"), "/0/name", "worker-1").await;
    assert_eq!(nodes[0]["ready"], true);
    let workloads = admin.get(&format!("clusters/{id}/workloads")).await.expect("an answer").expect(200);
    assert_eq!((&workloads.body[0]["name"], &workloads.body[0]["ready_replicas"]), (&json!("db"), &json!(2)));
    let volume = json!({ "name": "data-db-0", "phase": "Bound", "capacity": "1Gi", "storage_class": null });
    assert_eq!(workloads.body[0]["volumes"], json!([volume]));
    let again = admin.post("clusters", &body).await.expect("an answer").expect(409);
    assert_eq!(again.body["errors"][0]["pointer"], "/name");

    // What happens to it is seen, and each change is an event.
    let healthy_at = admin.get("fleet").await.expect("an answer").position();
    plane.set_node_ready("worker-1", false).await.expect("a status");
    let sick = becomes(&admin, &format!("clusters/{id}"), "/health", "degraded").await;
    assert_eq!(sick["issues"][0]["code"], "node-not-ready");
    let past = admin.get(&format!("clusters/{id}?as_of={healthy_at}")).await.expect("an answer").expect(200);
    assert_eq!(past.body["health"], "healthy", "the past is as it was");
    plane.set_node_ready("worker-1", true).await.expect("a status");
    becomes(&admin, &format!("clusters/{id}"), "/health", "healthy").await;
    plane.kill_apiserver().await;
    let gone = becomes(&admin, &format!("clusters/{id}"), "/health", "unreachable").await;
    assert_eq!(gone["issues"][0]["code"], "connection-refused");
    plane.start_apiserver().await.expect("the API server comes back");
    becomes(&admin, &format!("clusters/{id}"), "/health", "healthy").await;
    plane.revoke_tokens().await.expect("new tokens");
    becomes(&admin, &format!("clusters/{id}"), "/issues/0/code", "unauthorized").await;

    // It is changed: first its credentials, then its labels, and nobody's change is lost.
    let credentials = json!({ "credentials": { "kubeconfig": plane.kubeconfig() } });
    admin.put(&format!("clusters/{id}"), &credentials).await.expect("an answer").expect(200);
    becomes(&admin, &format!("clusters/{id}"), "/health", "healthy").await;
    let labels = json!({ "labels": { "team": "platform" } });
    let request = admin.request(reqwest::Method::PUT, &format!("clusters/{id}")).json(&labels);
    let stale = admin.send(request.header("If-Match", "\"0\"")).await.expect("an answer").expect(412);
    assert_eq!(stale.body["code"], "precondition-failed");
    let changed = admin.put(&format!("clusters/{id}"), &labels).await.expect("an answer").expect(200);
    let read =
        admin.get(&format!("clusters/{id}?min_position={}", changed.position())).await.expect("an answer");
    assert_eq!(read.expect(200).body["labels"]["team"], "platform");
    let found =
        admin.get("clusters?label=team%3Dplatform&health=healthy").await.expect("an answer").expect(200);
    assert_eq!((found.body[0]["id"].as_str(), found.header("total-count")), (Some(id.as_str()), "1"));

    // A crash of the hub forgets nothing.
    hub.kill9().await;
    hub.start_again().await.expect("the hub comes back");
    let admin = hub.admin().await.expect("the administrator signs in");
    becomes(&admin, &format!("clusters/{id}"), "/health", "healthy").await;

    admin.delete(&format!("clusters/{id}")).await.expect("an answer").expect(202);
    becomes(&admin, &format!("clusters/{id}"), "/status", "decommissioned").await;
    admin.put(&format!("clusters/{id}"), &labels).await.expect("an answer").expect(409);

    // A refusal does not say where it stands.
    becomes(&admin, "audit-logs?limit=1", "/0/event_type", "user.command_refused.v1").await;
    let log = admin.get("audit-logs?limit=500").await.expect("an answer").expect(200);
    let actions: Vec<&str> = log
        .body
        .as_array()
        .expect("entries")
        .iter()
        .filter_map(|entry| entry["event_type"].as_str())
        .collect();
    for wanted in [
        "user.signed_in.v1",
        "cluster.import_requested.v1",
        "cluster.imported.v1",
        "cluster.health_changed.v2",
        "cluster.credentials_replaced.v1",
        "cluster.update_completed.v1",
        "cluster.changed.v1",
        "cluster.decommission_requested.v1",
        "cluster.decommissioned.v1",
    ] {
        assert!(actions.contains(&wanted), "{wanted} is missing in {actions:?}");
    }
    assert!(!hub.log().contains("kit-"), "no credential in a log line");
    assert!(!log.text.contains("kit-"), "no credential in an event");

    // Anyone can prove it: with the hub running, from a file, and with the hub at rest.
    let (code, said) = audit(&hub, &["verify"]).await;
    assert_eq!(code, 0, "{said}");
    let file = hub.data_dir().join("ledger.export");
    let (code, said) = audit(&hub, &["export", file.to_str().expect("a path")]).await;
    assert_eq!(code, 0, "{said}");
    let (code, said) = audit(&hub, &["verify", file.to_str().expect("a path")]).await;
    assert_eq!(code, 0, "{said}");
    let (code, said) = audit(&hub, &["rebuild"]).await;
    assert_eq!(code, 0, "{said}");
    assert_eq!(
        admin.get("audit-logs?limit=500").await.expect("an answer").expect(200).body,
        log.body,
        "rebuilt is the same"
    );
    assert!(hub.terminate().await.expect("it stops").success());
    let (code, said) = audit(&hub, &["replay", "--stream", &id]).await;
    assert_eq!((code, said.lines().count() > 8), (0, true), "{said}");

    let mut bytes = std::fs::read(&file).expect("the export");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).expect("a forgery");
    let (code, said) = audit(&hub, &["verify", file.to_str().expect("a path")]).await;
    assert_eq!((code, said.contains("ALTERED")), (1, true), "{said}");
}
