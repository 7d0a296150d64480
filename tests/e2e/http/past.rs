//! The past and the difference between two moments, over HTTP and with the audit tool.

use std::collections::BTreeSet;

use hub_kit::Client;
use hub_kit::hub::program;
use serde_json::{Value, json};

use super::{Running, imported, problem, text};

/// Runs the audit tool on the hub's database: its exit code, and what it printed.
async fn audit(running: &Running, arguments: &[&str]) -> (i32, String) {
    let done = tokio::process::Command::new(program("clustermaster-audit"))
        .args(arguments)
        .args(["--database-url", running.database.url()])
        .output()
        .await
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    (done.status.code().unwrap_or(-1), said)
}

#[tokio::test]
async fn users_and_their_doings_can_be_asked_as_they_were() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let (id, _) = running.user(&admin, "then@example.org", "viewer").await;
    let then = admin.get(&format!("users/{id}")).await.unwrap().expect(200);
    let at = then.body["position"].as_u64().unwrap();
    let roles = json!({ "roles": ["operator"], "email": "now@example.org" });
    let now = admin.put(&format!("users/{id}"), &roles).await.unwrap().expect(200).position();

    let current = admin.get(&format!("users/{id}?min_position={now}")).await.unwrap().expect(200);
    assert_eq!(
        (&current.body["roles"], &current.body["email"]),
        (&json!(["operator"]), &json!("now@example.org"))
    );
    let past = admin.get(&format!("users/{id}?as_of={at}")).await.unwrap().expect(200);
    assert_eq!((&past.body, past.header("etag")), (&then.body, then.header("etag")));
    assert_eq!(past.body["email"], "then@example.org");
    let listed = admin.get(&format!("users?as_of={at}&role=viewer")).await.unwrap().expect(200);
    assert_eq!((&listed.body, listed.header("total-count")), (&json!([then.body]), "1"));
    problem(&admin.get(&format!("users/{id}?as_of=1")).await.unwrap(), 404, "user-not-found");

    let log = admin.get(&format!("audit-logs?as_of={at}&limit=500")).await.unwrap().expect(200);
    let entries = log.body.as_array().unwrap();
    assert!(entries.iter().all(|entry| entry["position"].as_u64().unwrap() <= at));
    assert_eq!(
        (entries[0]["position"].as_u64(), log.header("total-count")),
        (Some(at), &*entries.len().to_string())
    );
    let time = text(&entries[0]["recorded_at"]);
    let by_time = admin.get(&format!("audit-logs?as_of={time}&limit=500")).await.unwrap().expect(200);
    assert_eq!(by_time.body, log.body);

    let gone = admin.delete(&format!("users/{id}")).await.unwrap().expect(200).position();
    let past = admin.get(&format!("users/{id}?as_of={at}&min_position={gone}")).await.unwrap().expect(200);
    assert_eq!(
        (&past.body["status"], &past.body["email"]),
        (&json!("active"), &json!(null)),
        "deleted is deleted"
    );
}

#[tokio::test]
async fn the_health_of_the_past_is_what_was_recorded() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let start = admin.get("fleet").await.unwrap().position();
    let id = imported(&admin, "sick").await;
    let path = format!("clusters/{id}/health");
    let now = admin.get(&path).await.unwrap().expect(200);
    assert_eq!(now.body["cluster_status"], "import_failed");
    assert!(now.body["last_checked"].is_string() && now.body["last_answered"].is_null());
    let history = admin.get(&format!("clusters/{id}/history?sort=recorded_at")).await.unwrap().expect(200);
    let asked = history.body[0]["position"].as_u64().unwrap();
    let time = text(&history.body[0]["recorded_at"]);
    for moment in [asked.to_string(), time] {
        let then = admin.get(&format!("{path}?as_of={moment}")).await.unwrap().expect(200);
        let wanted = json!({
            "cluster_id": id, "status": "unknown", "last_checked": null, "last_answered": null,
            "issues": [], "cluster_status": "importing"
        });
        assert_eq!((&then.body, then.header("etag")), (&wanted, "\"0\""), "{moment}");
    }
    // As it is, but as recorded: of the looks themselves the ledger tells nothing.
    let recorded = admin.get(&format!("{path}?as_of={}", now.position())).await.unwrap().expect(200);
    assert_eq!(
        (&recorded.body["status"], recorded.header("etag")),
        (&now.body["status"], now.header("etag"))
    );
    assert_eq!(recorded.body["last_checked"], json!(null));
    problem(&admin.get(&format!("{path}?as_of={start}")).await.unwrap(), 404, "cluster-not-found");
    problem(&admin.get(&format!("{path}?as_of=yesterday")).await.unwrap(), 400, "invalid-parameter");
    problem(&admin.get(&format!("{path}?as_of=999999")).await.unwrap(), 400, "invalid-parameter");
    problem(
        &admin.get(&format!("clusters/{id}/nodes?as_of={asked}")).await.unwrap(),
        400,
        "unknown-parameter",
    );
}

#[tokio::test]
async fn a_history_ends_at_the_moment_that_is_asked_for() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let start = admin.get("fleet").await.unwrap().position();
    let id = imported(&admin, "told").await;
    let then = admin.get(&format!("clusters/{id}")).await.unwrap().body["position"].as_u64().unwrap();
    let now =
        admin.put(&format!("clusters/{id}"), &json!({ "region": "x" })).await.unwrap().expect(200).position();
    let count = async |query: &str| {
        let answer = admin.get(&format!("clusters/{id}/history?{query}")).await.unwrap().expect(200);
        (answer.body.as_array().unwrap().len(), answer.header("total-count").to_owned())
    };
    assert_eq!(count(&format!("min_position={now}")).await, (3, "3".to_owned()));
    assert_eq!(count(&format!("as_of={then}")).await, (2, "2".to_owned()));
    assert_eq!(count(&format!("as_of={then}&limit=1")).await, (1, "2".to_owned()));
    let before = admin.get(&format!("clusters/{id}/history?as_of={start}")).await.unwrap();
    problem(&before, 404, "cluster-not-found");
}

/// The clusters of every page of a diff.
async fn clusters_of(client: &Client, first: &str) -> (Vec<Value>, Value) {
    let (mut path, mut clusters) = (first.to_owned(), vec![]);
    loop {
        let page = client.get(&path).await.unwrap().expect(200);
        clusters.extend(page.body["clusters"].as_array().unwrap().iter().cloned());
        let link = page.header("link").to_owned();
        let Some(next) = link.strip_prefix('<').and_then(|rest| rest.split_once(">; rel=\"next\"")) else {
            assert_eq!(page.header("total-count"), clusters.len().to_string());
            return (clusters, page.body);
        };
        next.0.clone_into(&mut path);
    }
}

#[tokio::test]
async fn the_hub_and_the_audit_tool_agree_on_what_differs() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let stays = imported(&admin, "changes").await;
    let goes = imported(&admin, "goes").await;
    let from = admin.get("ledger/head").await.unwrap().expect(200).position();
    let from = admin.get("clusters?limit=1").await.unwrap().position().max(from);
    admin
        .put(&format!("clusters/{stays}"), &json!({ "labels": { "team": "platform" } }))
        .await
        .unwrap()
        .expect(200);
    let comes = imported(&admin, "comes").await;
    admin.delete(&format!("clusters/{goes}")).await.unwrap().expect(202);
    let gone = hub_kit::until(super::SOON, || async {
        let answer = admin.get(&format!("clusters/{goes}")).await.ok()?;
        (answer.body["status"] == "decommissioned").then_some(answer.body["position"].as_u64()?)
    });
    let to = gone.await.expect("it goes");

    let (clusters, page) =
        clusters_of(&admin, &format!("fleet/diff?from={from}&to={to}&limit=1&min_position={to}")).await;
    let told: Vec<_> = clusters.iter().map(|row| (text(&row["id"]), text(&row["change"]))).collect();
    let expected = [(&stays, "changed"), (&comes, "came"), (&goes, "went")];
    assert_eq!(told, expected.map(|(id, change)| (id.clone(), change.to_owned())));
    assert_eq!(page["changes"], json!({ "came": 1, "went": 1, "changed": 1, "returned": 0, "passed": 0 }));
    assert_eq!(
        (&page["before"]["clusters"]["total"], &page["after"]["clusters"]["total"]),
        (&json!(2), &json!(2))
    );
    let labels = &clusters[0]["members"]["labels"];
    assert_eq!((&labels["from"], &labels["to"]), (&json!({ "env": "test" }), &json!({ "team": "platform" })));
    let entry = text(&clusters[0]["events"][0]["id"]);
    let entry = admin.get(&format!("audit-logs/{entry}")).await.unwrap().expect(200);
    assert_eq!(
        entry.body["position"], clusters[0]["events"][0]["position"],
        "an event is an entry of the audit log"
    );

    let (from, to) = (from.to_string(), to.to_string());
    let (code, said) =
        audit(&running, &["diff", "--from", &from, "--to", &to, "--tenant", "default", "--json"]).await;
    assert_eq!(code, 0, "{said}");
    let refolded: Value = serde_json::from_str(&said).unwrap();
    let shown = |row: &Value| {
        let positions: Vec<_> =
            row["events"].as_array().unwrap().iter().map(|event| event["position"].clone()).collect();
        json!([row["id"], row["name"], row["change"], row["members"], row["events_total"], positions])
    };
    let theirs: Vec<_> = refolded["clusters"].as_array().unwrap().iter().map(shown).collect();
    assert_eq!(clusters.iter().map(shown).collect::<Vec<_>>(), theirs);
    let (code, said) = audit(&running, &["diff", "--from", &from, "--to", &to]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("clusters: 2 before, 2 after; 1 came, 1 went, 1 changed"), "{said}");
    assert!(said.contains(r#"labels: {"env":"test"} -> {"team":"platform"}"#), "{said}");
    for wrong in [&["--from", &to, "--to", &from][..], &["--from", "99999"], &["--from", "x"]] {
        let (code, said) = audit(&running, &[&["diff"], wrong].concat()).await;
        assert_eq!(code, 2, "{said}");
    }
    for (query, parameter) in [
        (format!("from={to}&to={from}"), "to"),
        ("from=99999".to_owned(), "from"),
        ("to=99999".to_owned(), "to"),
        ("change=none".to_owned(), "change"),
        ("from=2999-01-01T00:00:00Z".to_owned(), "from"),
    ] {
        let answer = admin.get(&format!("fleet/diff?{query}")).await.unwrap();
        problem(&answer, 400, "invalid-parameter");
        assert_eq!(answer.body["errors"][0]["parameter"], parameter, "{}", answer.text);
    }
    let names: BTreeSet<_> =
        clusters_of(&admin, "fleet/diff").await.0.iter().map(|row| text(&row["name"])).collect();
    assert_eq!(names, ["changes", "comes", "goes"].map(String::from).into(), "since the beginning");
}

#[tokio::test]
async fn the_audit_tool_names_drift() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let id = imported(&admin, "drifts").await;
    let settled =
        admin.put(&format!("clusters/{id}"), &json!({ "region": "x" })).await.unwrap().expect(200).position();
    admin.get(&format!("clusters/{id}?min_position={settled}")).await.unwrap().expect(200);
    let (code, said) = audit(&running, &["shadow"]).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("are what the ledger says"), "{said}");

    let pools =
        hub_postgres::Pools::connect(running.database.url(), hub_postgres::PoolSizes::default()).unwrap();
    sqlx::query("update read.clusters set name = 'forged' where valid_to is null")
        .execute(&pools.projector)
        .await
        .unwrap();
    pools.close().await;

    let (code, said) = audit(&running, &["shadow", "--projection", "clusters"]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(&id) && said.contains(r#"name is "forged", the ledger says "drifts""#), "{said}");
    let (code, said) = audit(&running, &["shadow", "--json"]).await;
    let found: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (code, &found["drift"], &found["projections"][0]["differences"][0]["id"]),
        (1, &json!(1), &json!(id))
    );
    let (code, said) = audit(&running, &["rebuild", "clusters"]).await;
    assert_eq!(code, 0, "{said}");
    let (code, said) = audit(&running, &["shadow"]).await;
    assert_eq!(code, 0, "{said}");
    let (code, said) = audit(&running, &["shadow", "--projection", "nothing"]).await;
    assert_eq!((code, said.contains("there is no projection `nothing`")), (2, true), "{said}");
}
