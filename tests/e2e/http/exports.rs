//! Exports through the API: what they promise, what they refuse, and that no secret comes out.

use hub_kit::{Client, until};
use serde_json::{Value, json};

use super::{Running, SOON, imported, problem, text};

/// A secret that must never come out again.
const TOKEN: &str = "collector-token-that-nobody-may-see";

/// What creates an export of this name.
pub fn export(name: &str) -> Value {
    json!({
        "name": name, "format": "json",
        "transport": { "kind": "file", "name": "audit.log", "max_bytes": 1_048_576, "keep": 3 },
        "filter": { "actions": ["cluster.*"] }, "starts_at": "beginning"
    })
}

fn collector(name: &str) -> Value {
    json!({
        "name": name, "format": "ocsf",
        "transport": { "kind": "splunk_hec", "url": "https://127.0.0.1:1", "acknowledge": true },
        "credentials": { "token": TOKEN }
    })
}

async fn created(client: &Client, body: &Value) -> String {
    let answer = client.post("exports", body).await.unwrap().expect(201);
    let id = text(&answer.body["id"]);
    assert_eq!(answer.header("location"), format!("/api/v1/exports/{id}"));
    assert_eq!((answer.header("etag"), &answer.body["status"]), ("\"0\"", &json!("active")));
    id
}

/// The present state, as fresh as the answer that is handed in.
async fn fresh(client: &Client, id: &str, after: &hub_kit::Answer) -> hub_kit::Answer {
    let position = after.header("ledger-position");
    client.get(&format!("exports/{id}?min_position={position}")).await.unwrap().expect(200)
}

#[tokio::test]
async fn an_export_lives_from_its_creation_to_its_end() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let id = created(&admin, &export("siem")).await;
    let path = format!("exports/{id}");
    let paused = admin.post(&format!("{path}/pause"), &Value::Null).await.unwrap().expect(200);
    let shown = fresh(&admin, &id, &paused).await;
    assert_eq!((&shown.body["status"], shown.header("etag")), (&json!("paused"), "\"1\""));
    assert_eq!(shown.body["transport"], export("siem")["transport"]);
    assert_eq!(
        (&shown.body["filter"]["actions"], &shown.body["starts_at"]),
        (&json!(["cluster.*"]), &json!(1))
    );

    // Once more changes nothing; another revision than the one that was seen is refused.
    let again = admin.post(&format!("{path}/pause"), &Value::Null).await.unwrap().expect(200);
    assert_eq!(again.header("etag"), "\"1\"");
    let resume = |revision: &'static str| {
        let request = admin.request(reqwest::Method::POST, &format!("{path}/resume"));
        admin.send(request.header("if-match", revision))
    };
    problem(&resume("\"0\"").await.unwrap(), 412, "precondition-failed");
    resume("\"1\"").await.unwrap().expect(200);

    let dry =
        admin.post(&format!("{path}/replay?dry_run=true"), &json!({ "from": 1 })).await.unwrap().expect(200);
    assert_eq!(dry.body["events"][0]["type"], "export.replayed.v1");
    assert_eq!(dry.body["events"][0]["payload"], json!({ "from": 1 }));
    for (from, code) in [(0, "invalid-body"), (1_000_000, "invalid-body")] {
        let refused = admin.post(&format!("{path}/replay"), &json!({ "from": from })).await.unwrap();
        problem(&refused, 422, code);
        assert_eq!(refused.body["errors"][0]["pointer"], "/from");
    }
    let replayed = admin.post(&format!("{path}/replay"), &json!({ "from": 2 })).await.unwrap().expect(200);
    let retried = admin.post(&format!("{path}/dead-letters/retry"), &Value::Null).await.unwrap().expect(200);
    let shown = fresh(&admin, &id, &retried).await;
    assert_eq!((&shown.body["starts_at"], &shown.body["status"]), (&json!(2), &json!("active")));
    let letters = admin.get(&format!("{path}/dead-letters")).await.unwrap().expect(200);
    assert_eq!((&letters.body, letters.header("total-count")), (&json!([]), "0"));

    // As it was before, and what people read of it.
    let before: u64 = replayed.header("ledger-position").parse::<u64>().unwrap() - 1;
    let was = admin.get(&format!("{path}?as_of={before}")).await.unwrap().expect(200);
    assert_eq!((&was.body["starts_at"], &was.body["cursor"]), (&json!(1), &Value::Null));
    let log = admin.get(&format!("audit-logs?target={id}&sort=recorded_at")).await.unwrap().expect(200);
    let told: Vec<_> = log.body.as_array().unwrap().iter().map(|entry| text(&entry["summary"])).collect();
    assert_eq!(
        told,
        [
            "export `siem` was created: json by file",
            "the export was paused",
            "`export.resume` was refused: precondition-failed",
            "the export goes on",
            "the export is replayed from position 2 on",
            "what the export had set aside is tried again",
        ]
    );

    let gone = admin.delete(&path).await.unwrap().expect(200);
    assert_eq!(fresh(&admin, &id, &gone).await.body["status"], "deleted");
    admin.delete(&path).await.unwrap().expect(200);
    problem(&admin.post(&format!("{path}/pause"), &Value::Null).await.unwrap(), 409, "export-gone");
    problem(&admin.post(&format!("{path}/test"), &Value::Null).await.unwrap(), 409, "export-gone");
    assert_eq!(admin.get("exports").await.unwrap().expect(200).body, json!([]));
    let listed = admin.get("exports?status=deleted").await.unwrap().expect(200);
    assert_eq!(listed.body[0]["id"], json!(id));
    created(&admin, &export("siem")).await;
}

#[tokio::test]
async fn names_keys_and_plans_hold_for_exports_too() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let plan = admin.post("exports?dry_run=true", &collector("siem")).await.unwrap().expect(200);
    assert_eq!(plan.body["events"][0]["type"], "export.created.v1");
    assert!(!plan.text.contains(TOKEN), "{}", plan.text);
    let keyed = |body: Value| {
        let request = admin.request(reqwest::Method::POST, "exports").header("idempotency-key", "one");
        admin.send(request.json(&body))
    };
    let first = keyed(collector("siem")).await.unwrap().expect(201);
    let again = keyed(collector("siem")).await.unwrap().expect(201);
    assert_eq!((&first.body["id"], again.header("idempotent-replayed")), (&again.body["id"], "true"));
    problem(&keyed(collector("other")).await.unwrap(), 422, "idempotency-key-reused");
    let taken = admin.post("exports", &export("siem")).await.unwrap();
    problem(&taken, 409, "name-taken");
    assert_eq!(taken.body["errors"][0]["pointer"], "/name");

    for name in ["b", "c", "a"] {
        created(&admin, &export(name)).await;
    }
    let newest = admin.post("exports", &export("d")).await.unwrap().expect(201);
    let list = format!("exports?limit=2&sort=-name&min_position={}", newest.header("ledger-position"));
    let page = admin.get(&list).await.unwrap().expect(200);
    let names: Vec<_> = page.body.as_array().unwrap().iter().map(|one| text(&one["name"])).collect();
    assert_eq!((names, page.header("total-count")), (vec!["siem".to_owned(), "d".to_owned()], "5"));
    let next = page.header("link").split_once('<').unwrap().1.split_once('>').unwrap().0.to_owned();
    assert_eq!(admin.get(&next).await.unwrap().expect(200).body[0]["name"], "c");
    assert_eq!(admin.get("exports?name=a").await.unwrap().expect(200).body[0]["name"], "a");
}

#[tokio::test]
async fn what_is_wrong_is_named_and_no_secret_comes_out() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let with = |change: fn(&mut Value)| {
        let mut body = collector("siem");
        change(&mut body);
        body
    };
    for (body, pointer) in [
        (with(|body| body["name"] = json!("No Name")), "/name"),
        (with(|body| body["format"] = json!("xml")), "/format"),
        (with(|body| body["transport"]["kind"] = json!("pigeon")), "/transport/kind"),
        (with(|body| body["transport"]["surprise"] = json!(1)), "/transport/surprise"),
        (with(|body| body["transport"]["url"] = json!("http://splunk.example")), "/transport/url"),
        (
            with(|body| body["transport"]["url"] = json!(format!("https://u:{TOKEN}@splunk.example"))),
            "/transport/url",
        ),
        (with(|body| body["transport"]["index"] = json!("_internal")), "/transport/index"),
        (with(|body| body["transport"]["tls"] = json!({ "ca": TOKEN })), "/transport/tls/ca"),
        (with(|body| body["filter"] = json!({ "actions": ["everything"] })), "/filter/actions"),
        (with(|body| body["filter"] = json!({ "outcomes": ["maybe"] })), "/filter/outcomes"),
        (with(|body| body["starts_at"] = json!("tomorrow")), "/starts_at"),
        (with(|body| body["starts_at"] = json!(-1)), "/starts_at"),
        (with(|body| body["starts_at"] = json!(0)), "/starts_at"),
        (with(|body| body["starts_at"] = json!(1_000_000)), "/starts_at"),
        (with(|body| body["credentials"] = json!({})), "/credentials"),
        (with(|body| body["credentials"] = json!({ "password": TOKEN })), "/credentials"),
        (with(|body| body["credentials"]["token"] = json!(TOKEN.repeat(200))), "/credentials/token"),
        (with(|body| body["credentials"]["pin"] = json!(TOKEN)), "/credentials/pin"),
    ] {
        let refused = admin.post("exports", &body).await.unwrap();
        problem(&refused, 422, "invalid-body");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.text);
        assert!(!refused.text.contains(TOKEN), "{}", refused.text);
    }
    assert_eq!(admin.get("exports").await.unwrap().expect(200).body, json!([]));

    let id = created(&admin, &collector("siem")).await;
    let shown = admin.get(&format!("exports/{id}")).await.unwrap();
    let tested = admin.post(&format!("exports/{id}/test"), &Value::Null).await.unwrap().expect(200);
    assert_eq!(tested.body["delivered"], false, "nobody listens there");
    let everything = [
        shown.text,
        tested.text,
        admin.get("exports").await.unwrap().text,
        admin.get("audit-logs?limit=500").await.unwrap().text,
        admin.get("/metrics").await.unwrap().text,
        running.hub.log(),
    ]
    .join("\n");
    assert!(!everything.contains(TOKEN));
}

#[tokio::test]
async fn what_cannot_be_reached_shows_its_error_and_its_lag() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let id = created(&admin, &{
        let mut body = collector("siem");
        body["starts_at"] = json!("beginning");
        body
    })
    .await;
    let failing = || async {
        let shown = admin.get(&format!("exports/{id}")).await.unwrap().expect(200).body;
        shown["last_error"]["message"].is_string().then_some(shown)
    };
    let shown = until(SOON, failing).await.expect("the hub tries it");
    assert!(shown["lag_events"].as_u64().unwrap() > 0 && shown["lag_seconds"].as_f64().unwrap() > 0.0);
    assert_eq!((&shown["cursor"], &shown["delivered"]), (&json!(0), &json!(0)));
    assert_eq!((&shown["dead_letters"], &shown["last_delivered_at"]), (&json!(0), &Value::Null));
    let metrics = admin.get("/metrics").await.unwrap().text;
    let away = format!("clustermaster_outlet_away{{outlet=\"{id}\"}} 1");
    assert!(metrics.contains(&away), "{metrics}");
}

#[tokio::test]
async fn operators_look_and_do_not_touch() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let id = created(&admin, &export("siem")).await;
    let (_, operator) = running.user(&admin, "operator@example.org", "operator").await;
    let (_, viewer) = running.user(&admin, "viewer@example.org", "viewer").await;
    for path in [format!("exports/{id}"), "exports".into(), format!("exports/{id}/dead-letters")] {
        operator.get(&path).await.unwrap().expect(200);
        problem(&viewer.get(&path).await.unwrap(), 403, "forbidden");
    }
    for client in [&operator, &viewer] {
        for verb in ["pause", "resume", "test", "dead-letters/retry"] {
            let answer = client.post(&format!("exports/{id}/{verb}"), &Value::Null).await.unwrap();
            problem(&answer, 403, "forbidden");
        }
        let replay = client.post(&format!("exports/{id}/replay"), &json!({ "from": 1 })).await.unwrap();
        problem(&replay, 403, "forbidden");
        problem(&client.post("exports", &export("mine")).await.unwrap(), 403, "forbidden");
        problem(&client.delete(&format!("exports/{id}")).await.unwrap(), 403, "forbidden");
    }
    // Another tenant's administrator finds nothing, and may use the same name.
    let stranger = running.other_tenant().await;
    assert_eq!(stranger.get("exports").await.unwrap().expect(200).body, json!([]));
    problem(&stranger.get(&format!("exports/{id}")).await.unwrap(), 404, "export-not-found");
    problem(&stranger.delete(&format!("exports/{id}")).await.unwrap(), 404, "export-not-found");
    created(&stranger, &export("siem")).await;
}

/// What an export has written so far, line by line.
fn written(running: &Running, name: &str) -> Vec<Value> {
    let folders = std::fs::read_dir(running.hub.data_dir().join("exports")).unwrap();
    let files = folders.map(|folder| folder.unwrap().path().join(name)).filter(|file| file.exists());
    let lines = files.map(|file| std::fs::read_to_string(file).unwrap());
    lines
        .flat_map(|text| text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<_>>())
        .collect()
}

#[tokio::test]
async fn every_entry_reaches_a_file_once_and_in_order() {
    let mut running = Running::with(&[("CLUSTERMASTER_CHECKPOINT_SECONDS", "1")]).await;
    let admin = running.admin().await;
    let file = json!({ "kind": "file", "name": "events.jsonl", "max_bytes": 1 << 20, "keep": 0 });
    let new = json!({ "name": "file", "format": "json", "starts_at": 1, "transport": file });
    let created = admin.post("exports", &new).await.unwrap().expect(201);
    let id = text(&created.body["id"]);
    let tested = admin.post(&format!("exports/{id}/test"), &Value::Null).await.unwrap().expect(200);
    assert_eq!(tested.body["delivered"], true, "{}", tested.text);
    imported(&admin, "exported").await;
    running.hub.kill9().await;
    running.hub.start_again().await.unwrap();
    let admin = running.admin().await;

    let entries = admin.get("audit-logs?limit=500&sort=recorded_at").await.unwrap().expect(200).body;
    let wanted: Vec<_> = entries.as_array().unwrap().iter().map(|entry| text(&entry["id"])).collect();
    let of_the_log = |lines: &[Value]| -> Vec<String> {
        let of_log =
            lines.iter().filter(|line| line["position"].as_u64().is_some_and(|position| position > 0));
        of_log.map(|line| text(&line["id"])).collect()
    };
    let all = || async {
        let lines = written(&running, "events.jsonl");
        let vouched = lines.iter().any(|line| line["event_type"] == "ledger.checkpoint");
        let ids = of_the_log(&lines);
        (vouched && wanted.iter().all(|id| ids.contains(id))).then_some(ids)
    };
    let mut ids = until(SOON, all).await.expect("every entry is written, and a checkpoint");
    // A hub that was killed may write again what it had written last; never in another order.
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(id.clone()));
    assert_eq!(ids[..wanted.len()], wanted);
    let lines = written(&running, "events.jsonl");
    assert!(lines.iter().any(|line| line["event_type"] == "export.tested.v1"));
}

#[tokio::test]
async fn what_this_hub_does_not_allow_is_refused_at_creation() {
    let strict = Running::with(&[("CLUSTERMASTER_EXPORTS_FORBID_LOOPBACK", "true")]).await;
    let admin = strict.admin().await;
    let before = admin.get("audit-logs?limit=1").await.unwrap();
    let with = |transport: Value, credentials: Value| json!({ "name": "siem", "format": "json", "transport": transport, "credentials": credentials });
    let syslog = |address: &str, tls: Value| json!({ "kind": "syslog", "address": address, "tls": tls });
    let hec = |url: &str| json!({ "kind": "splunk_hec", "url": url, "acknowledge": false });
    let hook = json!({ "kind": "webhook", "url": "https://hook.example" });
    let (none, token) = (json!({}), json!({ "token": TOKEN }));
    for (body, pointer) in [
        (with(syslog("siem.example:6514", Value::Null), none.clone()), "/transport/tls"),
        (with(syslog("127.0.0.1:6514", json!({})), none.clone()), "/transport/address"),
        (with(syslog("169.254.169.254:6514", json!({})), none.clone()), "/transport/address"),
        (with(syslog("siem.example:6514", json!({ "ca": TOKEN })), none.clone()), "/transport/tls/ca"),
        (with(hec("https://localhost:8088"), token.clone()), "/transport/url"),
        (with(hec("http://splunk.example:8088"), token.clone()), "/transport/url"),
        (with(hook, json!({ "signing_key": TOKEN })), "/credentials/signing_key"),
        (
            with(json!({ "kind": "kafka", "brokers": "a.example:9092", "topic": "t" }), none.clone()),
            "/transport/tls",
        ),
    ] {
        for path in ["exports?dry_run=true", "exports"] {
            let refused = admin.post(path, &body).await.unwrap();
            problem(&refused, 422, "invalid-body");
            assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.text);
            assert!(!refused.text.contains(TOKEN), "{}", refused.text);
        }
    }
    assert_eq!(admin.get("exports").await.unwrap().body, json!([]));
    assert_eq!(admin.get("audit-logs?limit=1").await.unwrap().body, before.body, "nothing was recorded");
    // The name was never taken, and what is allowed goes through.
    created(&admin, &with(syslog("siem.example:6514", json!({})), Value::Null)).await;

    let lax = Running::with(&[("CLUSTERMASTER_EXPORTS_ALLOW_PLAINTEXT", "true")]).await;
    created(&lax.admin().await, &with(syslog("127.0.0.1:6514", Value::Null), Value::Null)).await;
}
