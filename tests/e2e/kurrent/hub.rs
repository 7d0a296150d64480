//! The hub's binary on a log that is elsewhere: everything that reads the ledger works on the copy.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use hub_kit::hub::program;
use hub_kit::{Client, Hub, HubOptions};
use serde_json::{Value, json};
use tokio::process::Command;

use super::*;

pub fn options(url: &str, stream: &str, database: &Database) -> HubOptions {
    let env = [
        ("CLUSTERMASTER_LOG", url),
        ("CLUSTERMASTER_LOG_STREAM", stream),
        ("CLUSTERMASTER_CHECKPOINT_SECONDS", "1"),
        ("CLUSTERMASTER_OBSERVE_SECONDS", "3600"),
        ("CLUSTERMASTER_RATE_LIMIT_PER_MINUTE", "10000000"),
    ];
    let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    HubOptions { database_url: Some(database.url().to_owned()), env }
}

/// A cluster of nobody: the discard port, where nothing answers.
fn nowhere(name: &str) -> Value {
    let kubeconfig = json!({
        "current-context": "c",
        "clusters": [{ "name": "c", "cluster": { "server": "https://127.0.0.1:9" } }],
        "users": [{ "name": "u", "user": { "token": format!("kit-{name}") } }],
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }],
    });
    json!({ "name": name, "provider": "on_premises", "region": "lab",
        "credentials": { "kubeconfig": kubeconfig.to_string() } })
}

/// Runs a program of the workspace beside the hub; answers with its exit code and what it said.
pub async fn beside(name: &str, hub: &Hub, arguments: &[&str], env: &[(&str, &str)]) -> (i32, String) {
    let output = Command::new(program(name))
        .args(arguments)
        .env("CLUSTERMASTER_DATA_DIR", hub.data_dir())
        .envs(env.iter().copied())
        .output()
        .await
        .expect("the program runs");
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
}

/// What a client was told: its change stands here.
struct Acknowledged {
    cluster: String,
    value: String,
    position: u64,
}

/// Changes one cluster again and again until the hub goes away.
async fn change(client: Client, cluster: String, round: usize, count: Arc<AtomicUsize>) -> Vec<Acknowledged> {
    let mut told = Vec::new();
    for nth in 0.. {
        let value = format!("r{round}-{nth}");
        let body = json!({ "labels": { "value": value } });
        let Ok(answer) = client.put(&format!("clusters/{cluster}"), &body).await else { break };
        if answer.status.as_u16() != 200 {
            // A hub on its way down may say so; it has promised nothing then.
            assert!(answer.status.as_u16() >= 500, "{}", answer.text);
            break;
        }
        told.push(Acknowledged { cluster: cluster.clone(), value, position: answer.position() });
        count.fetch_add(1, Ordering::Relaxed);
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_proves_a_ledger_that_kurrentdb_holds() {
    let (kurrent, database) = (Kurrent::any().await.expect("a server"), Database::fresh().await);
    let (url, stream) = (kurrent.url(), fresh_stream());
    let mut hub = Hub::start(options(&url, &stream, &database)).await.expect("a hub");
    let admin = hub.admin().await.expect("the administrator signs in");

    // A plan and a refusal leave the log as it is; a command is read back at once.
    let log = Connection::new(&url.parse().expect("an address"), &stream);
    let before = log.entries().await.expect("the log");
    assert!(before > 0, "the first administrator stands in the log");
    let plan = admin.post("clusters?dry_run=true", &nowhere("one")).await.expect("an answer").expect(200);
    assert_eq!(plan.body["events"][0]["type"], "cluster.import_requested.v1");
    admin.post("clusters", &json!({ "name": "Not a name" })).await.expect("an answer").expect(422);
    assert_eq!(log.entries().await.expect("the log"), before);
    let made = admin.post("clusters", &nowhere("one")).await.expect("an answer").expect(202);
    assert!(log.entries().await.expect("the log") > before);
    let id = made.body["id"].as_str().expect("an id").to_owned();
    let read =
        admin.get(&format!("clusters/{id}?min_position={}", made.position())).await.expect("an answer");
    assert_eq!(read.expect(200).body["name"], "one");

    // Proofs and the audit tool work on the copy.
    let covered = until(PATIENCE, || async {
        let head = admin.get("ledger/head").await.ok()?;
        (head.body["uncovered"] == 0 && !head.body["checkpoint"].is_null()).then_some(head.body)
    });
    let key = covered.await.expect("a checkpoint")["verifier_key"].as_str().expect("a key").to_owned();
    let entries = admin.get("audit-logs?limit=100").await.expect("an answer").expect(200);
    assert!(!entries.text.contains("kit-"), "no credential in an event");
    let entry = entries.body.as_array().expect("entries").last().expect("an entry")["id"].clone();
    let path = format!("audit-logs/{}/proof", entry.as_str().expect("an id"));
    let proof = admin.get(&path).await.expect("an answer").expect(200);
    hub_replay::check::check(proof.text.as_bytes(), &[key.parse().expect("a key")]).expect("a proof");
    let at = [("CLUSTERMASTER_DATABASE_URL", database.url())];
    let (code, said) = beside("clustermaster-audit", &hub, &["verify"], &at).await;
    assert_eq!(code, 0, "{said}");
    let metrics = hub.anonymous().get("/metrics").await.expect("an answer").expect(200).text;
    assert!(metrics.contains("clustermaster_ledger_copy_stopped 0"), "{metrics}");

    // Commands beside the hub go the same way, and so does the hub that starts again.
    let where_ = [
        ("CLUSTERMASTER_DATABASE_URL", database.url()),
        ("CLUSTERMASTER_LOG", &url),
        ("CLUSTERMASTER_LOG_STREAM", &stream),
    ];
    let (code, said) = beside("clustermaster", &hub, &["tenant", "create", "second"], &where_).await;
    assert_eq!(code, 0, "{said}");
    let (_, said) = beside("clustermaster", &hub, &["doctor"], &where_).await;
    assert!(said.contains("ok       log: KurrentDB answers"), "{said}");
    assert!(hub.terminate().await.expect("it stops").success(), "{}", hub.log());
    hub.start_again().await.expect("the hub comes back");
    let again = admin.at(hub.base()).get(&format!("clusters/{id}")).await.expect("an answer").expect(200);
    assert_eq!(again.body["name"], "one");
    assert!(hub.terminate().await.expect("it stops").success());

    // The database is bound to its log from then on.
    let (code, said) = beside("clustermaster", &hub, &["tenant", "create", "third"], &at).await;
    assert!(code != 0 && said.contains("start with --log"), "{said}");
    let elsewhere = fresh_stream();
    let other = [where_[0], where_[1], ("CLUSTERMASTER_LOG_STREAM", elsewhere.as_str())];
    let (code, said) = beside("clustermaster", &hub, &["tenant", "create", "third"], &other).await;
    assert!(code != 0 && said.contains("is a copy of the KurrentDB stream"), "{said}");
    let wrong = [where_[0], ("CLUSTERMASTER_LOG", "kurrentdb://me:secret@")];
    let (code, said) = beside("clustermaster", &hub, &["tenant", "create", "third"], &wrong).await;
    assert!(code != 0 && said.contains("malformed") && !said.contains("secret"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_killed_in_the_middle_of_appends_keeps_every_promise() {
    let (kurrent, database) = (Kurrent::any().await.expect("a server"), Database::fresh().await);
    let (url, stream) = (kurrent.url(), fresh_stream());
    let mut hub = Hub::start(options(&url, &stream, &database)).await.expect("a hub");
    let admin = hub.admin().await.expect("the administrator signs in");
    let mut clusters = Vec::new();
    for nth in 0..12 {
        let made =
            admin.post("clusters", &nowhere(&format!("killed-{nth}"))).await.expect("an answer").expect(202);
        clusters.push(made.body["id"].as_str().expect("an id").to_owned());
    }
    let mut told = Vec::new();
    for round in 0..6 {
        let (client, count) = (admin.at(hub.base()), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = clusters
            .iter()
            .map(|cluster| tokio::spawn(change(client.clone(), cluster.clone(), round, count.clone())))
            .collect();
        // The moment is random in what has been done by then.
        let moment = rand::random_range(1..120);
        let reached = until(PATIENCE, || async { (count.load(Ordering::Relaxed) >= moment).then_some(()) });
        reached.await.expect("the hub answers");
        hub.kill9().await;
        for task in futures::future::join_all(tasks).await {
            told.extend(task.expect("no panic"));
        }
        hub.start_again().await.expect("the hub comes back");
    }
    let highest = told.iter().map(|told| told.position).max().expect("something was acknowledged");
    let path = format!("fleet?min_position={highest}");
    admin.at(hub.base()).get(&path).await.expect("an answer").expect(200);
    assert!(hub.terminate().await.expect("it stops").success(), "{}", hub.log());

    let at = [("CLUSTERMASTER_DATABASE_URL", database.url())];
    let (code, said) = beside("clustermaster-audit", &hub, &["verify"], &at).await;
    assert_eq!(code, 0, "{said}");
    // What was promised stands once, where it was said to, in the copy; and the copy is the log.
    let opened = Opened::open(&url, &stream, &database).await.expect("the log");
    let copied = hub_postgres::log::read_after(&opened.pools.writer, 0, 1_000_000).await.expect("the copy");
    let logged = hub_projections::EventFeed::read(&opened.feed, 0, 1_000_000).await.expect("the log");
    assert_eq!(copied, logged);
    let ids: HashSet<_> = logged.iter().map(|event| event.event_id).collect();
    assert_eq!(ids.len(), logged.len());
    let mut values: HashMap<(String, String), usize> = HashMap::new();
    for event in logged.iter().filter(|event| event.event_type == "cluster.changed.v1") {
        let body: Value = serde_json::from_slice(&event.payload).expect("JSON");
        let value = body["labels"]["to"]["value"].as_str().expect("a value").to_owned();
        *values.entry((event.stream.clone(), value)).or_default() += 1;
    }
    for Acknowledged { cluster, value, position } in told {
        assert_eq!(logged[(position - 1) as usize].stream, cluster);
        assert_eq!(values.get(&(cluster, value)), Some(&1), "at {position}");
    }
    opened.close().await;
}
