//! Trying connections: against nobody, and against a real API server.

use hub_kit::kubernetes::{ControlPlane, available};
use hub_kit::{Answer, Client, until};
use serde_json::{Value, json};

use super::{Running, SOON, cluster, imported, kubeconfig, problem, text};

async fn tried(client: &Client, body: &Value) -> Answer {
    client.post("clusters/test", body).await.unwrap().expect(200)
}

/// The failed check and its code; everything behind it is skipped, or it is none.
#[track_caller]
fn failed(answer: &Answer) -> (String, String) {
    let checks = answer.body["checks"].as_array().unwrap();
    let names: Vec<_> = checks.iter().map(|check| text(&check["name"])).collect();
    assert_eq!(
        names,
        ["kubeconfig", "address", "reach", "tls", "sign-in", "version", "permissions", "identity"]
    );
    assert_eq!(answer.body["connected"], false, "{}", answer.text);
    let at = checks.iter().position(|check| check["outcome"] == "failed").unwrap();
    assert!(checks[at + 1..].iter().all(|check| check["outcome"] == "skipped"), "{}", answer.text);
    (names[at].clone(), text(&checks[at]["code"]))
}

fn is(name: &str, code: &str) -> (String, String) {
    (name.to_owned(), code.to_owned())
}

#[tokio::test]
async fn a_trial_tells_how_far_it_came_and_leaves_nothing() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let id = imported(&admin, "known").await;
    let before = admin.get("audit-logs?limit=1").await.unwrap();

    let closed = tried(&admin, &json!({ "kubeconfig": kubeconfig() })).await;
    assert_eq!(failed(&closed), is("reach", "connection-refused"));
    assert_eq!(closed.body["k8s_version"], Value::Null);
    let again = tried(&admin, &json!({ "kubeconfig": kubeconfig(), "cluster_id": id })).await;
    assert_eq!(failed(&again), is("reach", "connection-refused"));
    let nonsense = tried(&admin, &json!({ "kubeconfig": super::TOKEN })).await;
    assert_eq!(failed(&nonsense), is("kubeconfig", "kubeconfig-invalid"));
    let other = tried(&admin, &json!({ "kubeconfig": kubeconfig(), "context": "none" })).await;
    assert_eq!(failed(&other), is("kubeconfig", "kubeconfig-invalid"));
    let metadata = kubeconfig().replace("127.0.0.1:1", "169.254.169.254");
    let metadata = tried(&admin, &json!({ "kubeconfig": metadata })).await;
    assert_eq!(failed(&metadata), is("address", "address-refused"));
    let nowhere = kubeconfig().replace("127.0.0.1:1", "nowhere.invalid");
    assert_eq!(
        failed(&tried(&admin, &json!({ "kubeconfig": nowhere })).await),
        is("address", "name-not-resolved")
    );
    for answer in [&closed, &nonsense, &other, &metadata] {
        assert!(!answer.text.contains(super::TOKEN), "{}", answer.text);
    }

    for (body, pointer) in [
        (json!({ "kubeconfig": "x".repeat((1 << 20) + 1) }), "/kubeconfig"),
        (json!({ "kubeconfig": "x", "context": "" }), "/context"),
        (json!({ "kubeconfig": "x", "cluster_id": "cluster_00000000000000000000000000" }), "/cluster_id"),
        (json!({}), "/kubeconfig"),
    ] {
        let answer = admin.post("clusters/test", &body).await.unwrap();
        problem(&answer, 422, "invalid-body");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{}", answer.text);
    }
    let stranger = running.other_tenant().await;
    let foreign =
        stranger.post("clusters/test", &json!({ "kubeconfig": "x", "cluster_id": id })).await.unwrap();
    problem(&foreign, 422, "invalid-body");

    let after = admin.get("audit-logs?limit=1").await.unwrap();
    assert_eq!(before.body, after.body, "a trial was recorded");
    let (_, viewer) = running.user(&admin, "viewer@example.org", "viewer").await;
    let denied = viewer.post("clusters/test", &json!({ "kubeconfig": kubeconfig() })).await.unwrap();
    problem(&denied, 403, "forbidden");
    assert!(!running.hub.log().contains(super::TOKEN));
}

#[tokio::test]
async fn a_real_cluster_is_tried_before_and_after_its_import() {
    if !available() {
        return;
    }
    let plane = ControlPlane::start().await.unwrap();
    plane.add_node("worker-1", true).await.unwrap();
    let running = Running::start().await;
    let admin = running.admin().await;
    let config = plane.kubeconfig();

    let first = tried(&admin, &json!({ "kubeconfig": config })).await;
    assert_eq!(first.body["connected"], true, "{}", first.text);
    assert!(first.body["checks"].as_array().unwrap().iter().all(|check| check["outcome"] == "passed"));
    assert_eq!(first.body["nodes"], json!({ "total": 1, "ready": 1 }));
    assert_eq!(text(&first.body["uid"]).len(), 36);

    let mut other: Value = serde_json::from_str(&config).unwrap();
    other["users"][0]["user"]["token"] = json!("withdrawn");
    let unsigned = tried(&admin, &json!({ "kubeconfig": other.to_string() })).await;
    assert_eq!(failed(&unsigned), is("sign-in", "unauthorized"));
    let mut other: Value = serde_json::from_str(&config).unwrap();
    other["clusters"][0]["cluster"].as_object_mut().unwrap().remove("certificate-authority-data");
    let untrusted = tried(&admin, &json!({ "kubeconfig": other.to_string() })).await;
    assert_eq!(failed(&untrusted).0, "tls");
    let limited = tried(&admin, &json!({ "kubeconfig": plane.limited_kubeconfig() })).await;
    assert_eq!(failed(&limited), is("permissions", "permission-missing"));

    let mut body = cluster("real");
    body["credentials"]["kubeconfig"] = json!(config);
    let id = text(&admin.post("clusters", &body).await.unwrap().expect(202).body["id"]);
    let active = || async {
        let answer = admin.get(&format!("clusters/{id}")).await.unwrap().expect(200);
        (answer.body["status"] == "active").then_some(answer)
    };
    let managed = until(SOON, active).await.expect("it is managed");
    assert_eq!(managed.body["uid"], first.body["uid"]);
    let twice = tried(&admin, &json!({ "kubeconfig": config })).await;
    assert_eq!(failed(&twice), is("identity", "already-managed"));
    assert!(text(&twice.body["checks"][7]["message"]).contains(&id), "{}", twice.text);
    assert_eq!(twice.body["uid"], first.body["uid"]);
    let renewed = json!({ "kubeconfig": plane.certificate_kubeconfig(), "cluster_id": id });
    assert_eq!(tried(&admin, &renewed).await.body["connected"], true);
    // Another tenant knows nothing of it.
    let stranger = running.other_tenant().await;
    assert_eq!(tried(&stranger, &json!({ "kubeconfig": config })).await.body["connected"], true);

    admin.delete(&format!("clusters/{id}")).await.unwrap().expect(202);
    let gone = || async {
        let answer = admin.get(&format!("clusters/{id}")).await.unwrap().expect(200);
        (answer.body["status"] == "decommissioned").then_some(())
    };
    until(SOON, gone).await.expect("it is let go");
    assert_eq!(tried(&admin, &json!({ "kubeconfig": config })).await.body["connected"], true);
    problem(&admin.post("clusters/test", &renewed).await.unwrap(), 422, "invalid-body");
}
