//! Who did it, from where, and why: also when it was refused.

use hub_kit::{Answer, Client, until};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use super::{Running, SOON, cluster, imported, problem, text};

/// The client's address as a forged header has it.
const FORGED: &str = "6.6.6.6";

/// Waits until the audit log has this many entries of a kind.
async fn entries(client: &Client, query: &str, count: usize) -> Vec<Value> {
    let path = format!("audit-logs?limit=500&{query}");
    let all = || async {
        let rows = client.get(&path).await.unwrap().expect(200).body.as_array().cloned().unwrap();
        (rows.len() >= count).then_some(rows)
    };
    let rows = until(SOON, all).await.expect("the audit log tells of it");
    assert_eq!(rows.len(), count, "{rows:?}");
    rows
}

/// An import with everything that a request can say of itself.
async fn import(client: &Client, name: &str, forwarded: &str) -> Answer {
    let request = client
        .request(Method::POST, "clusters")
        .header("User-Agent", "accountability/1")
        .header("X-Forwarded-For", forwarded)
        .header("X-Request-Id", "job-7.retry_2")
        .header("Change-Request", "CHG-123")
        .header("Reason", "for the tests, für Prüfer")
        .json(&cluster(name));
    client.send(request).await.unwrap().expect(202)
}

#[tokio::test]
async fn an_entry_tells_from_where_to_those_who_may_see_it() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let (_, operator) = running.user(&admin, "operator@example.org", "operator").await;
    let answer = import(&admin, "told", FORGED).await;
    assert_eq!(answer.header("x-request-id"), "job-7.retry_2");
    let id = text(&answer.body["id"]);

    let query = "event_type=cluster.import_requested.v1";
    let entry = entries(&admin, query, 1).await.remove(0);
    // Nobody is trusted here: what the client forged is not even looked at.
    assert_eq!(entry["origin"], json!({ "ip": "127.0.0.1", "user_agent": "accountability/1" }));
    assert_eq!(
        (&entry["request_id"], &entry["change_request"], &entry["reason"]),
        (&json!("job-7.retry_2"), &json!("CHG-123"), &json!("for the tests, für Prüfer"))
    );
    assert_eq!((&entry["before"], &entry["after"]["name"]), (&Value::Null, &json!("told")));
    let shown = admin.get(&format!("audit-logs/{}", text(&entry["id"]))).await.unwrap().expect(200);
    assert_eq!(shown.body, entry);
    assert_eq!(entries(&admin, "action=user.sign_in", 2).await[0]["origin"]["ip"], "127.0.0.1");

    let unopened = entries(&operator, query, 1).await.remove(0);
    assert_eq!((&unopened["origin"], &unopened["request_id"]), (&Value::Null, &json!("job-7.retry_2")));
    let history = admin.get(&format!("clusters/{id}/history")).await.unwrap().expect(200);
    assert!(
        !history.text.contains("accountability/1") && !history.text.contains("127.0.0.1\""),
        "{}",
        history.text
    );

    // The cluster does not answer: the failure names the event that asked.
    let failed = entries(&admin, "event_type=cluster.import_failed.v1", 1).await.remove(0);
    assert_eq!((&failed["outcome"], &failed["caused_by"]), (&json!("failed"), &entry["id"]));
    assert_eq!(failed["origin"], Value::Null, "the hub itself comes from nowhere");

    // The user's key is destroyed, as an erasure does: what was sealed under it is gone for everybody.
    let mut database = PgConnection::connect(running.database.url()).await.unwrap();
    let erase = "update vault.subject_keys set kek_id = null, wrapped_key = null, destroyed_at = now() where subject = $1";
    let erased = sqlx::query(erase).bind(text(&entry["actor"])).execute(&mut database).await.unwrap();
    assert_eq!(erased.rows_affected(), 1);
    let path = format!("audit-logs/{}", text(&entry["id"]));
    let gone = || async {
        let entry = admin.get(&path).await.unwrap().expect(200);
        entry.body["origin"].is_null().then_some(())
    };
    until(SOON, gone).await.expect("the origin goes with its key");
    import(&admin, "after", FORGED).await;
    assert!(entries(&admin, query, 2).await.iter().all(|entry| entry["origin"].is_null()));
}

#[tokio::test]
async fn a_trusted_proxy_is_believed_about_its_own_client() {
    let running = Running::with(&[("CLUSTERMASTER_TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8")]).await;
    let admin = running.admin().await;
    import(&admin, "proxied", &format!("{FORGED}, 203.0.113.9, 10.1.2.3")).await;
    let entry = entries(&admin, "event_type=cluster.import_requested.v1", 1).await.remove(0);
    assert_eq!(entry["origin"]["ip"], "203.0.113.9");
}

#[tokio::test]
async fn refused_attempts_stand_in_the_log() {
    let running = Running::start().await;
    let (admin, other) = (running.admin().await, running.other_tenant().await);
    let id = imported(&admin, "guarded").await;
    let (viewer_id, viewer) = running.user(&admin, "viewer@example.org", "viewer").await;

    let refused = viewer
        .request(Method::DELETE, &format!("clusters/{id}"))
        .header("Idempotency-Key", "once")
        .header("X-Request-Id", "attempt");
    for request in [refused.try_clone().unwrap(), refused] {
        problem(&viewer.send(request).await.unwrap(), 403, "forbidden");
    }
    problem(&viewer.post("clusters", &cluster("mine")).await.unwrap(), 403, "forbidden");
    // Malformed, or only planned: nothing was attempted.
    viewer.post("clusters", &json!({})).await.unwrap().expect(422);
    let plan = viewer.request(Method::DELETE, &format!("clusters/{id}?dry_run=true"));
    problem(&viewer.send(plan).await.unwrap(), 403, "forbidden");

    let refused = entries(&admin, &format!("outcome=refused&actor={viewer_id}"), 2).await;
    let about = entries(&admin, &format!("outcome=refused&target={id}"), 1).await.remove(0);
    assert_eq!(refused[1], about);
    assert_eq!(
        (&about["action"], &about["target_type"], &about["target_id"], &about["request_id"]),
        (&json!("cluster.decommission"), &json!("cluster"), &json!(id), &json!("attempt"))
    );
    assert_eq!(
        (&about["origin"]["ip"], &about["payload"]["code"]),
        (&json!("127.0.0.1"), &json!("forbidden"))
    );
    assert_eq!(refused[0]["action"], "cluster.import");
    let history = viewer.get(&format!("clusters/{id}/history")).await.unwrap().expect(200);
    assert!(!history.text.contains("command_refused"), "{}", history.text);

    // Another tenant's cluster is told of like one that never was, and its owner learns nothing.
    let never = "cluster_01h455vb4pex5vsknk084sn02q";
    for target in [id.as_str(), never] {
        problem(&other.delete(&format!("clusters/{target}")).await.unwrap(), 404, "cluster-not-found");
    }
    let told = entries(&other, "outcome=refused", 2).await;
    for (entry, target) in told.iter().rev().zip([id.as_str(), never]) {
        let payload = json!({
            "command": "cluster.decommission", "target": target, "code": "cluster-not-found", "kind": "not_found"
        });
        assert_eq!(
            (&entry["payload"], &entry["before"], &entry["after"]),
            (&payload, &Value::Null, &Value::Null)
        );
    }
    entries(&admin, "outcome=refused", 2).await;
}

#[tokio::test]
async fn a_flood_of_refusals_is_bounded_and_counted() {
    let mut running = Running::start().await;
    let admin = running.admin().await;
    let (viewer_id, viewer) = running.user(&admin, "viewer@example.org", "viewer").await;
    let attempts = (0..75).map(|_| viewer.delete("clusters/cluster_01h455vb4pex5vsknk084sn02q"));
    for answer in futures::future::join_all(attempts).await {
        problem(&answer.unwrap(), 403, "forbidden");
    }
    let mine = format!("actor={viewer_id}&outcome=refused");
    entries(&admin, &mine, 60).await;
    let metrics = running.hub.anonymous().get("/metrics").await.unwrap().text;
    for line in [
        "clustermaster_refusals_total{outcome=\"recorded\"} 60",
        "clustermaster_refusals_total{outcome=\"counted\"} 15",
    ] {
        assert!(metrics.contains(line), "{line}");
    }
    // The hub stops before the minute is over: what it has counted is recorded first.
    running.hub.terminate().await.unwrap();
    running.hub.start_again().await.unwrap();
    let admin = admin.at(running.hub.base());
    let counted = entries(&admin, &format!("{mine}&event_type=user.refusals_counted.v1"), 1).await;
    assert_eq!(counted[0]["payload"]["count"], 15);
}
