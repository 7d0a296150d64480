//! Finding one's way: the grid of the fleet, effects and requests in the audit log, the search.

use hub_kit::{Answer, Client};
use serde_json::{Value, json};

use super::{Running, cluster, imported, problem, settled, text};

async fn got(client: &Client, path: &str) -> Answer {
    client.get(path).await.unwrap().expect(200)
}

#[tokio::test]
async fn the_fleet_as_a_grid() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let before = admin.get("fleet").await.unwrap().position();
    let id = imported(&admin, "cold").await;
    let mut body = cluster("bare");
    body["labels"] = json!({});
    body["provider"] = json!("aws");
    let bare = admin.post("clusters", &body).await.unwrap().expect(202);
    settled(&admin, &text(&bare.body["id"])).await;

    let map = got(&admin, "fleet/heatmap?group_by=label:env").await;
    assert!(map.position() > bare.position() && map.body["position"] == map.position(), "{}", map.text);
    assert_eq!((&map.body["total"], &map.body["shown"]), (&json!(2), &json!(2)));
    let groups = map.body["groups"].as_array().unwrap();
    let keys: Vec<_> = groups.iter().map(|group| group["key"].clone()).collect();
    assert_eq!(keys, [json!("test"), Value::Null], "of two that are as bad, whoever has no key comes last");
    let row = got(&admin, &format!("clusters/{id}")).await.body;
    let cell = json!({ "id": id, "name": "cold", "health": row["health"], "status": "import_failed" });
    assert_eq!(groups[0]["cells"], json!([cell]));
    assert_eq!(groups[0]["by_health"], json!({ text(&row["health"]): 1 }));
    let usual = got(&admin, "fleet/heatmap").await.body;
    let keys: Vec<_> = usual["groups"].as_array().unwrap().iter().map(|group| text(&group["key"])).collect();
    assert_eq!(keys, ["aws", "on_premises"]);
    let past = got(&admin, &format!("fleet/heatmap?group_by=region&as_of={before}")).await.body;
    assert_eq!(past, json!({ "position": before, "total": 0, "shown": 0, "groups": [] }));

    let (_, viewer) = running.user(&admin, "viewer@example.org", "viewer").await;
    got(&viewer, "fleet/heatmap").await;
    let stranger = running.other_tenant().await;
    assert_eq!(got(&stranger, "fleet/heatmap").await.body["total"], 0);
    for group_by in ["", "label:", "uid", "label:a%00b"] {
        problem(
            &admin.get(&format!("fleet/heatmap?group_by={group_by}")).await.unwrap(),
            400,
            "invalid-parameter",
        );
    }
}

fn ids(answer: &Value) -> Vec<String> {
    answer.as_array().unwrap().iter().map(|row| text(&row["id"])).collect()
}

#[tokio::test]
async fn effects_and_requests_are_found_in_the_audit_log() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let request = admin.request(reqwest::Method::POST, "clusters").json(&cluster("asked"));
    let asked = request.header("x-request-id", "deploy-7").header("change-request", "CHG-7");
    let asked = admin.send(asked).await.unwrap().expect(202);
    let id = text(&asked.body["id"]);
    settled(&admin, &id).await;
    imported(&admin, "another").await;

    let done = got(&admin, "audit-logs?request_id=deploy-7").await;
    assert_eq!((done.header("total-count"), &done.body[0]["target_id"]), ("1", &json!(id)));
    let cause = text(&done.body[0]["id"]);
    let effects = got(&admin, &format!("audit-logs?caused_by={cause}")).await;
    assert_eq!((effects.header("total-count"), &effects.body[0]["caused_by"]), ("1", &json!(cause)));
    assert_eq!(effects.body[0]["event_type"], "cluster.import_failed.v1");
    let both = format!("audit-logs?caused_by={cause},{}&target={id}", text(&effects.body[0]["id"]));
    assert_eq!(ids(&got(&admin, &both).await.body), ids(&effects.body));
    let none = format!("audit-logs?caused_by={}", text(&effects.body[0]["id"]));
    assert_eq!(got(&admin, &none).await.body, json!([]));
    assert_eq!(got(&admin, "audit-logs?request_id=deploy-8").await.body, json!([]));
    // Another page of the same, and the same as it stood.
    assert_eq!(
        got(&admin, &format!("audit-logs?caused_by={cause}&as_of={}", asked.position())).await.body,
        json!([])
    );
    let stranger = running.other_tenant().await;
    assert_eq!(got(&stranger, &format!("audit-logs?caused_by={cause}")).await.body, json!([]));
    assert_eq!(got(&stranger, "audit-logs?request_id=deploy-7").await.body, json!([]));

    // The search finds it by each of its names.
    let entry = got(&admin, &format!("audit-logs/{cause}")).await.body;
    for q in [cause.as_str(), "deploy-7", "CHG-7", &entry["position"].to_string()] {
        let found = got(&admin, &format!("search?q={q}")).await.body;
        assert_eq!(ids(&found["entries"]), [cause.as_str()], "{q}");
        let mut short = json!({});
        for member in ["id", "position", "recorded_at", "event_type", "target_id", "summary"] {
            short[member] = entry[member].clone();
        }
        assert_eq!(found["entries"][0], short, "{q}");
        let nothing = got(&stranger, &format!("search?q={q}")).await.body;
        assert!(!ids(&nothing["entries"]).contains(&cause), "{q}: {nothing}");
    }
}

#[tokio::test]
async fn the_search_finds_clusters_and_tells_the_log_to_those_who_may_read_it() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let gone = imported(&admin, "search").await;
    admin.delete(&format!("clusters/{gone}")).await.unwrap().expect(202);
    let alive = imported(&admin, "research").await;
    let mut end = 0;
    for name in ["search-b", "search-a"] {
        end = admin.post("clusters", &cluster(name)).await.unwrap().expect(202).position();
    }
    let names = |answer: &Answer| -> Vec<String> {
        answer.body["clusters"].as_array().unwrap().iter().map(|row| text(&row["name"])).collect()
    };
    let is_gone = || async {
        let row = admin.get(&format!("clusters/{gone}")).await.unwrap().expect(200).body;
        (row["status"] == "decommissioned").then_some(())
    };
    hub_kit::until(super::SOON, is_gone).await.expect("it is let go");
    let found = got(&admin, &format!("search?q=%20SEARCH&min_position={end}")).await;
    assert!(found.position() >= end);
    assert_eq!(names(&found), ["research", "search-a", "search-b", "search"], "the managed ones first");
    assert_eq!(names(&got(&admin, "search?q=search").await)[0], "search", "but for the one of that name");
    let row = got(&admin, &format!("clusters/{alive}")).await.body;
    let by_id = got(&admin, &format!("search?q={alive}")).await.body;
    let mut short = json!({});
    for member in ["id", "name", "provider", "region", "health", "status"] {
        short[member] = row[member].clone();
    }
    assert_eq!(by_id["clusters"], json!([short]));
    assert!(ids(&by_id["entries"]).len() >= 2, "what happened to it");
    assert_eq!(names(&got(&admin, "search?q=127.0.0.1&limit=2").await).len(), 2);
    assert_eq!(names(&got(&admin, "search?q=LAB").await).len(), 4);
    for q in ["%25", "_____", "'", "%00", "no%20such"] {
        assert_eq!(
            got(&admin, &format!("search?q={q}")).await.body,
            json!({ "clusters": [], "entries": [] }),
            "{q}"
        );
    }

    let (user, viewer) = running.user(&admin, "viewer@example.org", "viewer").await;
    let seen = got(&viewer, "search?q=search").await;
    assert_eq!(names(&seen), names(&got(&admin, "search?q=search").await));
    assert_eq!(got(&viewer, "search?q=cluster.import").await.body["entries"], json!([]));
    assert_eq!(got(&viewer, &format!("search?q={user}")).await.body["entries"], json!([]));
    let signed_in = || async {
        let found = admin.get(&format!("search?q={user}")).await.unwrap().expect(200).body;
        (ids(&found["entries"]).len() >= 2).then_some(())
    };
    hub_kit::until(super::SOON, signed_in).await.expect("what was done to the user, and by them");
    let begun = got(&admin, "search?q=cluster.import&limit=3").await.body;
    let kinds: Vec<_> =
        begun["entries"].as_array().unwrap().iter().map(|row| text(&row["event_type"])).collect();
    assert!(kinds.len() == 3 && kinds.iter().all(|kind| kind.starts_with("cluster.import")), "{kinds:?}");
    let stranger = running.other_tenant().await;
    assert_eq!(
        got(&stranger, &format!("search?q={alive}")).await.body,
        json!({ "clusters": [], "entries": [] })
    );
    problem(&admin.get("search?q=").await.unwrap(), 400, "invalid-parameter");
    problem(&admin.get("search").await.unwrap(), 400, "invalid-parameter");
    problem(&admin.get("search?q=x&limit=51").await.unwrap(), 400, "invalid-parameter");
    problem(&admin.get(&format!("search?q={}", "x".repeat(257))).await.unwrap(), 400, "invalid-parameter");
}
