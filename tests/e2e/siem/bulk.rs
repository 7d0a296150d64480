//! The bulk interface: the stand-in, and Elasticsearch or `OpenSearch` where `ELASTICSEARCH_URL` (and `ELASTICSEARCH_API_KEY`) is set.

use std::time::Duration;

use hub_kit::ids;
use hub_kit::siem::{FakeBulk, Order};
use hub_siem::transport::{Message, Settings, Transport};
use serde_json::{Value, json};

use super::{away, event, events, impatient, line, poison, secrets, settings, way};

const INDEX: &str = "logs-clustermaster.audit-default";

fn bulk(fake: &FakeBulk, settings: &Settings) -> Box<dyn Transport> {
    let config = json!({ "kind": "elasticsearch", "url": fake.url(), "index": INDEX });
    way(&config, &secrets(&json!({ "token": fake.key() })), settings)
}

fn ids(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|message| message.id.clone()).collect()
}

fn created(fake: &FakeBulk) -> Vec<String> {
    fake.documents().into_iter().map(|(id, _)| id).collect()
}

/// An event whose time is none.
fn timeless() -> Message {
    Message { body: b"{\"@timestamp\":\"nonsense\"}".to_vec(), ..event(0) }
}

/// What holds for both: each event once, under its id; a repeat changes nothing; a document that is refused is found.
async fn creates_once(way: &dyn Transport) -> Vec<String> {
    let mut sent = events(50);
    sent.push(line(50));
    way.send(&sent).await.unwrap();
    way.send(&sent).await.unwrap();
    way.send(&sent[20..]).await.unwrap();
    let mut with_poison = events(5);
    with_poison[3] = timeless();
    assert_eq!(poison(way.send(&with_poison).await), 3);
    way.send(&with_poison[4..]).await.unwrap();
    let mut wanted = ids(&sent);
    wanted.extend(ids(&with_poison).into_iter().enumerate().filter(|(nth, _)| *nth != 3).map(|(_, id)| id));
    wanted
}

#[tokio::test]
async fn siem_bulk_creates_each_event_once() {
    let fake = FakeBulk::start(INDEX).await.unwrap();
    let settings = Settings { max_batch_bytes: 8_000, ..settings() };
    let wanted = creates_once(&*bulk(&fake, &settings)).await;
    assert_eq!(created(&fake), wanted);
    assert_eq!(fake.conflicts(), 51 + 31 + 1);
    let documents = fake.documents();
    assert_eq!(documents[7].1["n"], 7);
    assert_eq!(documents[50].1["event"]["action"], "cluster.import_requested.v1");
    assert!(documents[50].1["message"].as_str().unwrap().starts_with("CEF:0|"));

    let Ok(url) = std::env::var("ELASTICSEARCH_URL") else { return };
    let index = format!("clustermaster-test-{}", ids::uuid().simple());
    let key = std::env::var("ELASTICSEARCH_API_KEY").ok();
    let config = json!({ "kind": "elasticsearch", "url": url, "index": index });
    let document = key.as_ref().map_or(json!({}), |key| json!({ "token": key }));
    let mut wanted = creates_once(&*way(&config, &secrets(&document), &settings)).await;
    let http = reqwest::Client::new();
    let ask = |method: reqwest::Method, path: String| {
        let request = http.request(method, format!("{url}/{index}{path}"));
        key.iter().fold(request, |request, key| request.header("Authorization", format!("ApiKey {key}")))
    };
    ask(reqwest::Method::POST, "/_refresh".into()).send().await.unwrap();
    let found: Value =
        ask(reqwest::Method::GET, "/_search?size=1000".into()).send().await.unwrap().json().await.unwrap();
    let hits = found["hits"]["hits"].as_array().unwrap().iter();
    let mut found: Vec<String> = hits.map(|hit| hit["_id"].as_str().unwrap().to_owned()).collect();
    ask(reqwest::Method::DELETE, String::new()).send().await.unwrap();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn siem_bulk_goes_on_behind_what_failed_for_a_while() {
    let fake = FakeBulk::start(INDEX).await.unwrap();
    let way = bulk(&fake, &settings());
    let sent = events(10);
    let busy = Order::FailItem { nth: 4, status: 429, kind: "es_rejected_execution_exception" };
    fake.order([busy, Order::refuse_for(429, "11"), Order::refuse(413)]);
    let (delivered, after, message) = away(way.send(&sent).await);
    assert_eq!((delivered, after), (4, None));
    assert!(message.contains("429"), "{message}");
    assert_eq!(created(&fake).len(), 9, "those behind it are there already");
    assert_eq!(away(way.send(&sent[4..]).await).1, Some(Duration::from_secs(11)));
    way.send(&sent[4..]).await.unwrap();
    let mut found = created(&fake);
    found.sort();
    let mut wanted = ids(&sent);
    wanted.sort();
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn siem_bulk_that_takes_and_times_out_has_nothing_twice() {
    let fake = FakeBulk::start(INDEX).await.unwrap();
    let way = bulk(&fake, &impatient());
    let sent = events(5);
    fake.order([Order::TakeAndHang]);
    assert_eq!(away(way.send(&sent).await).0, 0);
    way.send(&sent).await.unwrap();
    assert_eq!((created(&fake), fake.conflicts()), (ids(&sent), 5));
}

#[tokio::test]
async fn siem_bulk_does_not_blame_an_event_for_what_is_wrong_elsewhere() {
    let fake = FakeBulk::start(INDEX).await.unwrap();
    let config = json!({ "kind": "elasticsearch", "url": fake.url(), "index": INDEX });
    let wrong = way(&config, &secrets(&json!({ "username": "hub", "password": "hidden" })), &settings());
    let (_, _, message) = away(wrong.send(&events(1)).await);
    assert!(message.contains("credentials") && !message.contains("hidden"), "{message}");
    let config = json!({ "kind": "elasticsearch", "url": fake.url(), "index": "another" });
    let nowhere = way(&config, &secrets(&json!({ "token": fake.key() })), &settings());
    let (_, _, message) = away(nowhere.send(&events(1)).await);
    assert!(message.contains("index_not_found_exception"), "{message}");
    fake.order([Order::Refuse { status: 200, body: json!({ "items": [] }), retry_after: None }]);
    assert_eq!(
        away(bulk(&fake, &settings()).send(&events(1)).await).0,
        0,
        "an answer about nothing is no answer"
    );
}
