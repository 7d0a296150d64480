//! Another application's streams go under the chain of a tenant: byte for byte, once, whatever log the hub has.

use hub_domain::ledger::Recorded;
use hub_kit::{Hub, HubOptions};
use serde_json::Value;

use super::hub::{beside, options};
use super::*;

/// Two streams of a category and one of none: 5 events that can be imported and one that cannot.
fn application(kurrent: &KurrentDouble) {
    kurrent.append("orders-1", "OrderPlaced", br#"{ "total" : 1.50, "note":"\u00fc" }"#, b"");
    kurrent.append("orders-2", "OrderPlaced", br#"{"total":2}"#, br#"{ "by":"somebody" }"#);
    kurrent.append("orders-1", "OrderPaid", b"{}", b"");
    kurrent.append("settings", "Changed", br#"{"dark":true}"#, b"");
    kurrent.append("orders-2", "OrderPaid", b"[]", b"");
    kurrent.append("orders-2", "Picture", b"\xff\xd8", b"");
}

/// Imports, and answers with what the tool says: imported, known and refused events.
async fn import(hub: &Hub, arguments: &[&str], env: &[(&str, &str)]) -> (u64, u64, u64) {
    let arguments = [&["import", "--tenant", "default", "--json"], arguments].concat();
    let (code, said) = beside("clustermaster-audit", hub, &arguments, env).await;
    assert_eq!(code, 0, "{said}");
    let from = said.find('{').expect("JSON");
    let to = said.rfind('}').expect("JSON");
    let told: Value = serde_json::from_str(&said[from..=to]).expect("JSON");
    let number = |name: &str| told[name].as_u64().expect("a number");
    (number("imported"), number("known"), number("refused"))
}

async fn imported(pools: &Pools) -> Vec<Recorded> {
    let events = hub_postgres::log::read_after(&pools.writer, 0, 1_000_000).await.expect("the ledger");
    events.into_iter().filter(|event| event.stream.starts_with("imported-")).collect()
}

async fn all_comes_once(hub: &Hub, kurrent: &KurrentDouble, database: &Database, log: &[(&str, &str)]) {
    application(kurrent);
    let url = kurrent.url();
    let source =
        [("CLUSTERMASTER_IMPORT_KURRENTDB", url.as_str()), ("CLUSTERMASTER_DATABASE_URL", database.url())];
    let env = [&source, log].concat();
    let category = ["--category", "orders"];
    assert_eq!(import(hub, &["--category", "orders", "--dry-run"], &env).await, (4, 0, 1));
    assert_eq!(import(hub, &["--stream", "orders-1"], &env).await, (2, 0, 0));
    assert_eq!(import(hub, &category, &env).await, (2, 2, 1), "what came by itself does not come again");
    assert_eq!(import(hub, &category, &env).await, (0, 4, 1));
    assert_eq!(import(hub, &["--stream", "settings"], &env).await, (1, 0, 0));
    assert_eq!(import(hub, &["--stream", "nothing"], &env).await, (0, 0, 0));
    kurrent.append("orders-1", "OrderSent", b"{}", b"");
    assert_eq!(import(hub, &category, &env).await, (1, 4, 1), "it goes on where it ended");

    let pools = Pools::connect(database.url(), PoolSizes::default()).expect("pools");
    let there = until(PATIENCE, || async {
        let events = imported(&pools).await;
        (events.len() == 6).then_some(events)
    });
    let events = there.await.expect("six events");
    let first = events.iter().find(|event| event.stream == "imported-orders_1").expect("the first order");
    let stored = &kurrent.stream("orders-1")[0];
    assert_eq!(first.payload, stored.data);
    assert_eq!((first.revision, first.event_type.as_str()), (0, "imported.orders.order_placed.v1"));
    let metadata: Value = serde_json::from_slice(&first.metadata).expect("JSON");
    assert_eq!(metadata["imported"]["event_id"], stored.id.to_string());
    let at = metadata["imported"]["recorded_at"].as_str().expect("a time");
    let at: chrono::DateTime<chrono::Utc> = at.parse().expect("a time");
    assert_eq!(at.timestamp_micros(), stored.created / 10);
    let (code, said) = beside("clustermaster-audit", hub, &["verify"], &source).await;
    assert_eq!(code, 0, "{said}");
    pools.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_come_into_the_database_s_own_log() {
    let (kurrent, database) = (KurrentDouble::start().await.expect("the double"), Database::fresh().await);
    let options = HubOptions { database_url: Some(database.url().to_owned()), env: Vec::new() };
    let hub = Hub::start(options).await.expect("a hub");
    all_comes_once(&hub, &kurrent, &database, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_come_into_a_log_on_the_same_cluster() {
    let (kurrent, database) = (KurrentDouble::start().await.expect("the double"), Database::fresh().await);
    let (url, stream) = (kurrent.url(), fresh_stream());
    let mut hub = Hub::start(options(&url, &stream, &database)).await.expect("a hub");
    let log = [("CLUSTERMASTER_LOG", url.as_str()), ("CLUSTERMASTER_LOG_STREAM", stream.as_str())];
    all_comes_once(&hub, &kurrent, &database, &log).await;
    let source =
        [("CLUSTERMASTER_IMPORT_KURRENTDB", url.as_str()), ("CLUSTERMASTER_DATABASE_URL", database.url())];
    let arguments = ["import", "--tenant", "default", "--stream", "settings"];
    let (code, said) = beside("clustermaster-audit", &hub, &arguments, &source).await;
    assert!(code == 2 && said.contains("is a copy of the KurrentDB stream"), "{said}");
    let entries = kurrent.stream(&stream);
    assert!(entries.iter().any(|entry| entry.event_type == "imported.orders.order_sent.v1"));
    assert!(hub.terminate().await.expect("it stops").success());
}
