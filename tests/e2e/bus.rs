//! The event bus: a hub, a broker that speaks Kafka's protocol, and a reader that trusts neither.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hostile;

use std::time::Duration;

use hub_domain::ledger::VerifierKey;
use hub_kafka::{
    Bookmark, Bus, BusSettings, CheckpointVerdict, Connection, Read, Reader, ReaderSettings, Security, Tls,
    Verdict,
};
use hub_kit::kafka::{available, own_available};
use hub_kit::{Broker, Client, until};
use hub_projections::outlet::{Fault, Outlet as _};
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;

use crate::http::{Running, SOON, imported, text};
use crate::projections::world::{World, tenant};

/// How long what the bus does by itself may take: a hub that comes back waits for its own turn to end.
const LONG: Duration = Duration::from_mins(1);

fn connection(broker: &Broker) -> Connection {
    Connection { brokers: broker.address().to_owned(), security: Security::default() }
}

async fn hub(broker: &Broker, topic: &str) -> Running {
    Running::with(&[
        ("CLUSTERMASTER_KAFKA_BROKERS", broker.address()),
        ("CLUSTERMASTER_KAFKA_TOPIC", topic),
        ("CLUSTERMASTER_CHECKPOINT_SECONDS", "1"),
        ("CLUSTERMASTER_LEDGER_NAME", "hub.example/bus"),
    ])
    .await
}

/// Events in the ledger of a hub.
async fn recorded(running: &Running) -> u64 {
    let mut owner = hub_postgres::pools::options(running.database.url()).unwrap().connect().await.unwrap();
    let count: i64 =
        sqlx::query_scalar("select count(*) from ledger.events").fetch_one(&mut owner).await.unwrap();
    count as u64
}

/// What a reader found.
struct Found {
    events: Vec<(String, u64, String)>,
    fitting: usize,
    reader: Reader,
}

/// Reads until as many events have come, and a checkpoint over the newest of them where there is a key. Everything must be sound.
async fn read_all(settings: &ReaderSettings, events: u64) -> Found {
    // Whoever comes before the hub finds no topic.
    let open = || async { Reader::open(settings, Bookmark::default()).await.ok() };
    let mut reader = until(SOON, open).await.expect("the topics are there");
    let (mut found, mut fitting) = (vec![], 0);
    while (found.len() as u64) < events || (settings.key.is_some() && fitting == 0) {
        match next(&mut reader).await {
            Some(Read::Event { recorded, verdict: Verdict::Sound, .. }) => {
                found.push((recorded.stream, recorded.revision, recorded.event_id.to_string()));
            }
            Some(Read::Checkpoint { verdict: CheckpointVerdict::Fits, .. }) => fitting += 1,
            other => panic!("behind {} of {events} events: {other:?}", found.len()),
        }
    }
    // In each stream revision follows on revision.
    let mut streams = std::collections::HashMap::new();
    for (stream, revision, _) in &found {
        let next = streams.entry(stream.clone()).or_insert(0);
        assert_eq!(revision, next, "{stream}");
        *next += 1;
    }
    Found { events: found, fitting, reader }
}

/// What comes next, once the hub has sent it.
async fn next(reader: &mut Reader) -> Option<Read> {
    let started = std::time::Instant::now();
    loop {
        let read = reader.next(Duration::from_secs(1)).await.unwrap();
        if read.is_some() || started.elapsed() > LONG {
            return read;
        }
    }
}

async fn change(client: &Client, id: &str, times: std::ops::Range<usize>) {
    for nth in times {
        let labels = json!({ "labels": { "nth": nth.to_string() } });
        client.put(&format!("clusters/{id}"), &labels).await.unwrap().expect(200);
    }
}

#[tokio::test]
async fn every_event_comes_and_proves_itself() {
    if !available() {
        return;
    }
    let broker = Broker::start().await.unwrap();
    let topic = broker.topic();
    let running = hub(&broker, &topic).await;
    let admin = running.admin().await;
    let id = imported(&admin, "on-the-bus").await;
    change(&admin, &id, 0..20).await;
    running.other_tenant().await;
    let head = admin.get("ledger/head").await.unwrap().expect(200).body;
    let mut settings = ReaderSettings::new(connection(&broker), topic.clone());
    settings.key = Some(text(&head["verifier_key"]).parse::<VerifierKey>().unwrap());
    let events = recorded(&running).await;
    let found = read_all(&settings, events).await;
    assert!(found.fitting > 0 && found.events.len() as u64 == events);

    // A client that nobody here has written sees the same events, each a CloudEvent.
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = tokio::process::Command::new(root.join("scripts/with-confluent-kafka"))
        .arg(root.join("gateways/kafka/examples/read.py"))
        .args([broker.address(), &topic])
        .output()
        .await
        .unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let lines: Vec<Value> = String::from_utf8(read.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ids = |ids: Vec<String>| ids.into_iter().collect::<std::collections::BTreeSet<_>>();
    assert_eq!(
        ids(lines.iter().map(|line| text(&line["ce_id"])).collect()),
        ids(found.events.into_iter().map(|(_, _, id)| id).collect())
    );
    for line in &lines {
        for (name, start) in
            [("ce_source", "urn:uuid:"), ("content-type", "application/json"), ("ce_specversion", "1.0")]
        {
            assert!(text(&line[name]).starts_with(start), "{line}");
        }
        assert!(line["data"].is_object() && line["ce_traceparent"].is_null(), "{line}");
    }
    assert!(!running.hub.log().contains("ERROR"), "{}", running.hub.log());
}

#[tokio::test]
async fn a_broker_that_is_killed_holds_up_nobody_and_misses_nothing() {
    if !own_available() {
        return;
    }
    let mut broker = Broker::own(false).await.unwrap();
    let topic = broker.topic();
    let running = hub(&broker, &topic).await;
    let admin = running.admin().await;
    let id = imported(&admin, "killed").await;
    let settings = ReaderSettings::new(connection(&broker), topic.clone());
    drop(read_all(&settings, recorded(&running).await).await);
    for round in 0..3 {
        let from = round * 20;
        tokio::join!(change(&admin, &id, from..from + 10), broker.kill9());
        // Commands go on while it is away.
        change(&admin, &id, from + 10..from + 20).await;
        broker.start_again().await.unwrap();
    }
    let found = read_all(&settings, recorded(&running).await).await;
    println!("{} events, {} repeats", found.events.len(), found.reader.repeats());
}

#[tokio::test]
async fn a_hub_that_is_killed_goes_on_where_it_was() {
    if !available() {
        return;
    }
    let broker = Broker::start().await.unwrap();
    let topic = broker.topic();
    let mut running = hub(&broker, &topic).await;
    let id = imported(&running.admin().await, "killed").await;
    for round in 0..2 {
        let admin = running.admin().await;
        change(&admin, &id, round * 15..round * 15 + 15).await;
        running.hub.kill9().await;
        running.hub.start_again().await.unwrap();
    }
    let admin = running.admin().await;
    let settings = ReaderSettings::new(connection(&broker), topic);
    let mut found = read_all(&settings, recorded(&running).await).await;
    // What comes later comes behind a bookmark.
    let mark = found.reader.bookmark();
    change(&admin, &id, 30..35).await;
    let mut reader = Reader::open(&settings, serde_json::from_value(json!(mark)).unwrap()).await.unwrap();
    for _ in 0..5 {
        let next = next(&mut reader).await;
        assert!(matches!(next, Some(Read::Event { verdict: Verdict::Sound, .. })), "{next:?}");
    }
    assert!(next(&mut found.reader).await.is_some(), "and the first reader reads on");
}

#[tokio::test]
async fn the_lag_is_a_metric_while_the_broker_is_away() {
    let running = Running::with(&[("CLUSTERMASTER_KAFKA_BROKERS", "127.0.0.1:1")]).await;
    let admin = running.admin().await;
    imported(&admin, "behind").await;
    let away = || async {
        let metrics =
            reqwest::get(format!("{}/metrics", running.hub.base())).await.unwrap().text().await.unwrap();
        let value = |name: &str| {
            let line = format!("{name}{{outlet=\"kafka\"}} ");
            metrics.lines().find_map(|found| found.strip_prefix(&line)?.parse::<f64>().ok())
        };
        let away = value("clustermaster_outlet_away")? > 0.0;
        (away && value("clustermaster_outlet_lag_seconds")? > 0.0).then_some(())
    };
    until(LONG, away).await.expect("the lag is told");
}

#[tokio::test]
async fn tls_is_spoken_and_strangers_are_not_trusted() {
    if !own_available() {
        return;
    }
    let broker = Broker::own(true).await.unwrap();
    let world = World::fresh().await;
    for nth in 0..50 {
        world.raw(tenant(1), "cluster_1", "cluster.changed.v1", &format!("{{\"nth\":{nth}}}")).await;
    }
    let events = world.events().await;
    let bus = |security: Security| {
        let connection = Connection { security, ..connection(&broker) };
        let mut settings = BusSettings::new(connection, "over.tls".to_owned());
        settings.patience = Duration::from_secs(5);
        settings
    };
    let trusted = Security { tls: Some(Tls { ca_file: Some(broker.ca_file()), identity: None }), sasl: None };
    Bus::open(bus(trusted.clone())).unwrap().deliver(&events, &[]).await.unwrap();
    let connection = Connection { security: trusted, ..connection(&broker) };
    read_all(&ReaderSettings::new(connection, "over.tls".to_owned()), 50).await;

    let stranger = Security { tls: Some(Tls::default()), sasl: None };
    let refused = Bus::open(bus(stranger)).unwrap().deliver(&events, &[]).await.unwrap_err();
    assert!(
        matches!(refused.fault, Fault::Away { .. }) && refused.message.contains("certificate"),
        "{refused}"
    );
    let missing = Tls { ca_file: Some("/nowhere/ca.pem".into()), identity: None };
    let refused = Bus::open(bus(Security { tls: Some(missing), sasl: None })).unwrap_err();
    assert!(refused.to_string().contains("/nowhere/ca.pem"), "{refused}");
}
