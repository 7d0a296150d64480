//! The hub is killed at random moments while 64 clients change clusters. Nothing that it acknowledged is lost or doubled.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hub_kit::{Client, Hub, HubOptions, until};
use hub_postgres::log::PgFeed;
use hub_postgres::{PoolSizes, Pools};
use hub_projections::{Event, ProjectionRunner, ReadModels, oracle};
use hub_replay::source::Database;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::append::proven;

const CLIENTS: usize = 64;
const ROUNDS: usize = 30;

/// What a client was told: its change stands here.
#[derive(Clone, Debug)]
struct Acknowledged {
    cluster: String,
    value: String,
    position: u64,
    revision: u64,
}

/// A cluster of nobody: the discard port, where nothing answers.
fn nowhere(nth: usize) -> Value {
    let kubeconfig = json!({
        "current-context": "c",
        "clusters": [{ "name": "c", "cluster": { "server": "https://127.0.0.1:9" } }],
        "users": [{ "name": "u", "user": { "token": format!("crash-{nth}") } }],
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }],
    });
    json!({ "name": format!("crash-{nth}"), "provider": "on_premises", "region": "lab",
        "credentials": { "kubeconfig": kubeconfig.to_string() } })
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
        let revision = answer.header("etag").trim_matches('"').parse().expect("a revision");
        told.push(Acknowledged { cluster: cluster.clone(), value, position: answer.position(), revision });
        count.fetch_add(1, Ordering::Relaxed);
    }
    told
}

/// A hub on its built-in database that limits nobody and observes nothing by itself, and its administrator.
async fn hub() -> (Hub, Client) {
    let env =
        [("CLUSTERMASTER_RATE_LIMIT_PER_MINUTE", "10000000"), ("CLUSTERMASTER_OBSERVE_SECONDS", "3600")];
    let env = env.map(|(name, value)| (name.into(), value.into())).to_vec();
    let hub = Hub::start(HubOptions { env, ..HubOptions::default() }).await.expect("a hub");
    let admin = hub.admin().await.expect("the administrator signs in");
    (hub, admin)
}

#[tokio::test]
async fn the_hub_killed_at_random_moments_keeps_every_promise() {
    let (mut hub, admin) = hub().await;
    let mut clusters = Vec::new();
    for nth in 0..CLIENTS {
        let made = admin.post("clusters", &nowhere(nth)).await.expect("an answer").expect(202);
        clusters.push(made.body["id"].as_str().expect("an id").to_owned());
    }
    let mut told = Vec::new();
    for round in 0..ROUNDS {
        let client = admin.at(hub.base());
        let count = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = clusters
            .iter()
            .map(|cluster| tokio::spawn(change(client.clone(), cluster.clone(), round, count.clone())))
            .collect();
        // The moment is random in what has been done by then: from the very first answers to many batches.
        let moment = rand::random_range(1..400);
        let reached = until(Duration::from_secs(30), || async {
            (count.load(Ordering::Relaxed) >= moment).then_some(())
        });
        reached.await.expect("the hub answers");
        hub.kill9().await;
        for task in futures::future::join_all(tasks).await {
            told.extend(task.expect("no panic"));
        }
        hub.start_again().await.expect("the hub comes back");
    }
    seen(&admin.at(hub.base()), &told).await;
    assert!(hub.terminate().await.expect("it stops").success());

    kept(&hub, &told).await;
}

/// One change after another under keys of its own, each asked for until it is acknowledged.
async fn insist(client: Client, cluster: String, count: Arc<AtomicUsize>) -> Vec<Acknowledged> {
    let mut told = Vec::new();
    for nth in 0..60 {
        let (value, key) = (format!("v{nth}"), format!("insist-{nth}-{cluster}"));
        let body = json!({ "labels": { "value": value } });
        let acknowledged = until(Duration::from_mins(1), || async {
            let request = client.request(reqwest::Method::PUT, &format!("clusters/{cluster}"));
            let answer = client.send(request.header("Idempotency-Key", &key).json(&body)).await.ok()?;
            let (status, text) = (answer.status.as_u16(), &answer.text);
            assert!(status == 200 || status >= 500, "{status} {text}");
            let revision = answer.header("etag").trim_matches('"').parse().ok()?;
            (status == 200).then(|| (answer.position(), revision))
        });
        let (position, revision) = acknowledged.await.expect("the hub finds its database again");
        told.push(Acknowledged { cluster: cluster.clone(), value, position, revision });
        count.fetch_add(1, Ordering::Relaxed);
    }
    told
}

#[tokio::test]
async fn the_built_in_database_killed_under_its_hub_comes_back_and_keeps_every_promise() {
    let (mut hub, admin) = hub().await;
    let count = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for nth in 0..16 {
        let made = admin.post("clusters", &nowhere(nth)).await.expect("an answer").expect(202);
        let cluster = made.body["id"].as_str().expect("an id").to_owned();
        tasks.push(tokio::spawn(insist(admin.clone(), cluster, count.clone())));
    }
    for kill in 1..=3 {
        let reached = until(Duration::from_mins(1), || async {
            (count.load(Ordering::Relaxed) >= kill * 200).then_some(())
        });
        reached.await.expect("the hub answers");
        hub.kill9_database().expect("the database runs");
    }
    let mut told = Vec::new();
    for task in futures::future::join_all(tasks).await {
        told.extend(task.expect("no panic"));
    }
    let metrics = hub.anonymous().get("/metrics").await.expect("an answer").expect(200).text;
    assert!(metrics.contains("clustermaster_builtin_database_restarts_total 3"), "{metrics}");
    seen(&admin, &told).await;
    assert!(hub.terminate().await.expect("it stops").success());
    kept(&hub, &told).await;
}

/// Waits until the tables have seen what was acknowledged.
async fn seen(admin: &Client, told: &[Acknowledged]) {
    let highest = told.iter().map(|told| told.position).max().expect("something was acknowledged");
    let answer = admin.get(&format!("fleet?min_position={highest}")).await.expect("an answer").expect(200);
    let position = answer.position();
    assert!(position >= highest, "the hub has forgotten positions: {position} after {highest}");
}

/// The hub's database at rest: what was acknowledged stands there once, in place and proven, and the tables are the refold.
async fn kept(hub: &Hub, told: &[Acknowledged]) {
    let database = Database { data_dir: hub.data_dir(), database_url: None };
    let events = proven(&database).await;
    let mut values: HashMap<(String, String), usize> = HashMap::new();
    for event in events.iter().filter(|event| event.event_type == "cluster.changed.v1") {
        let body: Value = serde_json::from_slice(&event.payload).expect("JSON");
        let value = body["labels"]["to"]["value"].as_str().expect("a value").to_owned();
        *values.entry((event.stream.clone(), value)).or_default() += 1;
    }
    for told in told {
        let event = &events[(told.position - 1) as usize];
        assert_eq!((&event.stream, event.revision), (&told.cluster, told.revision), "{told:?}");
        assert_eq!(values.get(&(told.cluster.clone(), told.value.clone())), Some(&1), "{told:?}");
    }
    let (url, builtin) = hub_postgres::builtin::borrow(&hub.data_dir()).await.expect("the database");
    let pools = Pools::connect(&url, PoolSizes::default()).expect("pools");
    caught_up(&pools, events.len() as u64).await;
    let events: Vec<Event> = events.into_iter().map(Event::new).collect();
    let differences = oracle::differences(&pools.projector, &events).await.expect("the tables can be read");
    assert!(differences.is_empty(), "the read models are not the refold: {differences:?}");
    pools.close().await;
    builtin.expect("a resting database was started").stop().await.expect("it stops");
}

/// Takes the tables from where the hub left them to the end of the log: it may have looked at a cluster after the last answer.
async fn caught_up(pools: &Pools, head: u64) {
    let (_committed, seen) = watch::channel(0);
    let runner =
        ProjectionRunner::new(pools.projector.clone(), Arc::new(PgFeed::new(pools.projector.clone(), seen)));
    let read = ReadModels::new(pools.reader.clone(), runner.progress());
    let cancel = CancellationToken::new();
    let running = tokio::spawn(runner.run(cancel.clone()));
    read.wait_for(head, Duration::from_secs(30)).await.expect("the tables go on where they stood");
    cancel.cancel();
    running.await.expect("no panic");
}
