//! Commands: imports, changes, repeats, plans, preconditions.

use futures::future::join_all;
use hub_kit::until;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Running, SOON, cluster, imported, problem, settled, text};

#[tokio::test]
async fn a_cluster_comes_changes_and_goes() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let imported = admin.post("clusters", &cluster("prod")).await.unwrap().expect(202);
    let id = text(&imported.body["id"]);
    let path = format!("clusters/{id}");
    assert_eq!(imported.body["status"], "importing");
    assert_eq!(imported.header("location"), format!("/api/v1/{path}"));
    assert_eq!(imported.header("etag"), "\"0\"");
    let position = imported.position();
    assert!(position > 0);

    // The command's own position is enough to read it back at once.
    let read = admin.get(&format!("{path}?min_position={position}")).await.unwrap().expect(200);
    assert_eq!((&read.body["name"], &read.body["labels"]["env"]), (&json!("prod"), &json!("test")));
    assert!(read.position() >= position);
    let failed = settled(&admin, &id).await;
    assert_eq!(failed.body["failure"]["code"], "connection-refused", "{}", failed.text);
    let health = admin.get(&format!("{path}/health")).await.unwrap().expect(200);
    assert_eq!((text(&health.body["cluster_id"]), &health.body["status"]), (id.clone(), &json!("unknown")));
    assert!(health.body["issues"].is_array());
    for part in ["nodes", "workloads"] {
        assert_eq!(admin.get(&format!("{path}/{part}")).await.unwrap().expect(200).body, json!([]));
    }

    let change = json!({ "name": "prod-1", "region": "lab-2", "labels": { "env": "prod", "team": "a" } });
    let changed = admin.put(&path, &change).await.unwrap().expect(200);
    assert_eq!((&changed.body["name"], &changed.body["region"]), (&json!("prod-1"), &json!("lab-2")));
    let same = admin.put(&path, &change).await.unwrap().expect(200);
    assert_eq!(same.header("etag"), changed.header("etag"), "a change that changes nothing is no event");

    let gone = admin.delete(&path).await.unwrap().expect(202);
    assert_eq!(gone.body["status"], "decommissioning");
    let ended = || async {
        let answer = admin.get(&path).await.unwrap();
        (answer.body["status"] == "decommissioned").then_some(())
    };
    until(SOON, ended).await.expect("the cluster is decommissioned");
    problem(&admin.put(&path, &change).await.unwrap(), 409, "cluster-gone");
    admin.delete(&path).await.unwrap().expect(202);
    assert_eq!(admin.get("clusters").await.unwrap().expect(200).body, json!([]));

    let history = admin.get(&format!("{path}/history")).await.unwrap().expect(200).body;
    let events: Vec<_> =
        history.as_array().unwrap().iter().rev().map(|entry| text(&entry["event_type"])).collect();
    let wanted = [
        "cluster.import_requested.v1",
        "cluster.import_failed.v1",
        "cluster.changed.v1",
        "cluster.decommission_requested.v1",
        "cluster.decommissioned.v1",
    ];
    assert_eq!(events, wanted);
    let me = text(&admin.session["user"]["id"]);
    assert_eq!(text(&history[1]["actor"]), me);
    // The name is free again.
    admin.post("clusters", &cluster("prod-1")).await.unwrap().expect(202);
}

#[tokio::test]
async fn a_repeat_under_the_same_key_does_nothing_twice() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let send = |method: Method, path: &'static str, body: String, key: &'static str| {
        let request = admin
            .request(method, path)
            .header("content-type", "application/json")
            .header("Idempotency-Key", key);
        admin.send(request.body(body))
    };
    let body = cluster("once").to_string();
    let all = join_all((0..8).map(|_| send(Method::POST, "clusters", body.clone(), "first"))).await;
    let all: Vec<_> = all.into_iter().map(|answer| answer.unwrap().expect(202)).collect();
    let ids: std::collections::BTreeSet<_> = all.iter().map(|answer| text(&answer.body["id"])).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert_eq!(all.iter().filter(|answer| answer.header("idempotent-replayed").is_empty()).count(), 1);
    let positions: std::collections::BTreeSet<_> = all.iter().map(hub_kit::Answer::position).collect();
    assert_eq!(positions.len(), 1, "{positions:?}");

    // The same request, formatted anew, is the same request; another one is a mistake.
    let pretty = serde_json::to_string_pretty(&cluster("once")).unwrap();
    let again = send(Method::POST, "clusters", pretty, "first").await.unwrap().expect(202);
    assert_eq!((again.header("idempotent-replayed"), again.position()), ("true", all[0].position()));
    problem(
        &send(Method::POST, "clusters", cluster("twice").to_string(), "first").await.unwrap(),
        422,
        "idempotency-key-reused",
    );
    problem(&send(Method::POST, "clusters", body, "second").await.unwrap(), 409, "name-taken");

    let user =
        json!({ "email": "once@example.org", "display_name": "Once", "roles": ["viewer"] }).to_string();
    let made = send(Method::POST, "users", user.clone(), "user").await.unwrap().expect(201);
    let repeated = send(Method::POST, "users", user, "user").await.unwrap().expect(201);
    assert_eq!(made.body["id"], repeated.body["id"]);
    assert!(made.body["one_time_password"].is_string() && repeated.body.get("one_time_password").is_none());
}

#[tokio::test]
async fn a_plan_is_the_events_and_leaves_nothing_behind() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let id = imported(&admin, "real").await;
    let (user, _) = running.user(&admin, "real@example.org", "viewer").await;
    // The user's sign-in is the last thing that happens before the plans.
    let newest = || async {
        let body = admin.get("audit-logs?limit=1").await.unwrap().body;
        (body[0]["actor"] == json!(user)).then_some(body)
    };
    let before = until(SOON, newest).await.expect("the sign-in is seen");

    let new_user = json!({ "email": "plan@example.org", "display_name": "P", "roles": ["admin"] });
    let plans = [
        (Method::POST, "clusters".to_owned(), Some(cluster("plan")), "cluster.import_requested.v1"),
        (Method::PUT, format!("clusters/{id}"), Some(json!({ "region": "elsewhere" })), "cluster.changed.v1"),
        (Method::DELETE, format!("clusters/{id}"), None, "cluster.decommission_requested.v1"),
        (Method::POST, "users".to_owned(), Some(new_user), "user.registered.v1"),
        (Method::PUT, format!("users/{user}"), Some(json!({ "enabled": false })), "user.disabled.v1"),
        (Method::DELETE, format!("users/{user}"), None, "user.deleted.v1"),
    ];
    for (method, path, body, event) in plans {
        let mut request = admin.request(method.clone(), &format!("{path}?dry_run=true"));
        if let Some(body) = &body {
            request = request.json(body);
        }
        let plan = admin.send(request).await.unwrap().expect(200);
        assert_eq!(plan.body["dry_run"], true);
        let events = plan.body["events"].as_array().unwrap();
        assert_eq!((events.len(), &events[0]["type"]), (1, &json!(event)), "{}", plan.text);
        assert_eq!(events[0]["schema_version"], 1);
        assert!(events[0]["payload"].is_object() && events[0]["stream"].is_string());
        assert!(!plan.text.contains(super::TOKEN) && !plan.text.contains("plan@example.org"));
    }
    let nothing = admin.send(
        admin.request(Method::PUT, &format!("clusters/{id}?dry_run=true")).json(&json!({ "name": "real" })),
    );
    assert_eq!(nothing.await.unwrap().expect(200).body["events"], json!([]));
    let refused = admin.send(admin.request(Method::POST, "clusters?dry_run=true").json(&cluster("real")));
    problem(&refused.await.unwrap(), 409, "name-taken");

    assert_eq!(before, admin.get("audit-logs?limit=1").await.unwrap().body, "a plan was recorded");
    // Nothing is reserved either: what was planned can be done.
    admin.post("clusters", &cluster("plan")).await.unwrap().expect(202);
    let new_user = json!({ "email": "plan@example.org", "display_name": "P", "roles": ["admin"] });
    admin.post("users", &new_user).await.unwrap().expect(201);
}

#[tokio::test]
async fn only_who_has_seen_the_newest_revision_may_change_it() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let id = imported(&admin, "guarded").await;
    let path = format!("clusters/{id}");
    let tag = admin.get(&path).await.unwrap().header("etag").to_owned();
    let change = |tag: &str, region: &str| {
        let request =
            admin.request(Method::PUT, &path).header("If-Match", tag).json(&json!({ "region": region }));
        admin.send(request)
    };
    // Of sixteen who saw the same revision, one wins.
    let all = join_all((0..16).map(|n| {
        let region = format!("r{n}");
        let change = &change;
        let tag = &tag;
        async move { change(tag, &region).await.unwrap() }
    }))
    .await;
    let won: Vec<_> = all.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(won.len(), 1);
    for lost in all.iter().filter(|answer| answer.status != 200) {
        problem(lost, 412, "precondition-failed");
    }
    let next = won[0].header("etag").to_owned();
    assert_ne!(next, tag);
    change(&next, "after").await.unwrap().expect(200);
    change("*", "any").await.unwrap().expect(200);
    let stale = admin.send(admin.request(Method::DELETE, &path).header("If-Match", &tag)).await.unwrap();
    problem(&stale, 412, "precondition-failed");
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_name() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let with = |member: &str, value: Value| {
        let mut body = cluster("refused");
        body[member] = value;
        body
    };
    for (body, code, pointer) in [
        (with("name", json!("Not A Label")), "invalid-body", "/name"),
        (with("name", json!("a".repeat(64))), "invalid-body", "/name"),
        (with("provider", json!("ibm")), "invalid-body", "/provider"),
        (with("region", json!("")), "invalid-body", "/region"),
        (with("labels", json!({ "bad key!": "x" })), "invalid-body", "/labels"),
        (with("k8s_version", json!("latest")), "invalid-body", "/k8s_version"),
        (with("credentials", json!({})), "invalid-body", "/credentials/kubeconfig"),
        (
            with("credentials", json!({ "kubeconfig": "{}", "access_key": "a" })),
            "invalid-body",
            "/credentials",
        ),
        (
            with("credentials", json!({ "kubeconfig": "- not a kubeconfig" })),
            "invalid-body",
            "/credentials/kubeconfig",
        ),
        (
            with("credentials", json!({ "kubeconfig": super::kubeconfig(), "context": "none" })),
            "invalid-body",
            "/credentials/kubeconfig",
        ),
        (
            with("credentials", json!({ "access_key": "AK", "secret_key": "SK" })),
            "provisioning-unavailable",
            "/credentials",
        ),
    ] {
        let answer = admin.post("clusters", &body).await.unwrap();
        problem(&answer, 422, code);
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{}", answer.text);
    }
    let user = |email: &str, name: &str, roles: Value, password: &str| json!({ "email": email, "display_name": name, "roles": roles, "password": password });
    let good = "long-enough-for-this";
    for (body, code, pointer) in [
        (user("nobody", "N", json!(["viewer"]), good), "invalid-body", "/email"),
        (user("a@b.example", " ", json!(["viewer"]), good), "invalid-body", "/display_name"),
        (user("a@b.example", "N", json!([]), good), "user-without-roles", "/roles"),
        (user("a@b.example", "N", json!(["root"]), good), "invalid-body", "/roles/0"),
        (user("a@b.example", "N", json!(["viewer"]), "short"), "invalid-body", "/password"),
    ] {
        let answer = admin.post("users", &body).await.unwrap();
        problem(&answer, 422, code);
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{}", answer.text);
    }
    let taken = user("ADMIN@clustermaster.local", "N", json!(["viewer"]), good);
    problem(&admin.post("users", &taken).await.unwrap(), 409, "name-taken");
}
