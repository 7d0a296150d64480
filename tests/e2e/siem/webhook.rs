//! Webhooks, to a receiver that verifies them.

use std::time::Duration;

use hub_kit::siem::{FakeWebhook, Order};
use hub_siem::transport::{Message, Settings, Transport};
use serde_json::{Value, json};

use super::{away, event, events, impatient, line, poison, secrets, settings, way};

fn hook(fake: &FakeWebhook, settings: &Settings) -> Box<dyn Transport> {
    let config = json!({ "kind": "webhook", "url": fake.url() });
    way(&config, &secrets(&json!({ "signing_key": fake.signing_key() })), settings)
}

fn messages(fake: &FakeWebhook) -> Vec<Value> {
    fake.taken().into_iter().flat_map(|(_, messages)| messages).collect()
}

fn numbers(fake: &FakeWebhook) -> Vec<u64> {
    messages(fake).iter().map(|message| message["n"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn siem_webhook_is_signed_and_in_order() {
    let fake = FakeWebhook::start().await.unwrap();
    let way = hook(&fake, &Settings { max_batch_bytes: 5_000, ..settings() });
    let mut sent = events(30);
    sent.push(line(30));
    way.send(&sent).await.unwrap();
    let taken = messages(&fake);
    assert_eq!(taken.len(), 31);
    assert_eq!(taken[7], json!({ "n": 7, "text": "Gr\u{fc}\u{df}e\n" }));
    assert_eq!(taken[30], json!("CEF:0|ClusterMaster|Hub|0.1|x|line 30|3|"));
    let mut ids: Vec<String> = fake.taken().into_iter().map(|(id, _)| id).collect();
    let count = ids.len();
    ids.dedup();
    assert!(count > 1 && ids.len() == count, "each request has an id of its own");
}

#[tokio::test]
async fn siem_webhook_with_another_key_is_not_believed() {
    let (fake, other) = (FakeWebhook::start().await.unwrap(), FakeWebhook::start().await.unwrap());
    let config = json!({ "kind": "webhook", "url": fake.url() });
    let way = way(&config, &secrets(&json!({ "signing_key": other.signing_key() })), &settings());
    let (delivered, _, message) = away(way.send(&events(1)).await);
    assert!(delivered == 0 && message.contains("401"), "{message}");
    assert!(fake.taken().is_empty());
}

#[tokio::test]
async fn siem_webhook_sets_aside_only_what_will_never_be_taken() {
    let fake = FakeWebhook::start().await.unwrap();
    let way = hook(&fake, &settings());
    let mut sent = events(16);
    sent[9] = Message { body: b"{\"poison\":true}".to_vec(), ..event(9) };
    assert_eq!(poison(way.send(&sent).await), 9);
    assert_eq!(numbers(&fake), (0..9).collect::<Vec<_>>());
    way.send(&sent[10..]).await.unwrap();
    let before = fake.taken().len();
    for status in [400, 403, 404, 410, 500, 301] {
        fake.order([Order::refuse(status)]);
        assert_eq!(away(way.send(&events(3)).await).0, 0, "{status}");
    }
    for status in [429, 503] {
        fake.order([Order::refuse_for(status, "30")]);
        assert_eq!(away(way.send(&events(3)).await).1, Some(Duration::from_secs(30)), "{status}");
    }
    assert_eq!(fake.taken().len(), before);
    fake.order([Order::refuse(413)]);
    way.send(&events(3)).await.unwrap();
    assert_eq!(fake.taken().len(), before + 2, "in two halves");
}

#[tokio::test]
async fn siem_webhook_that_takes_and_times_out_gets_it_again_under_the_same_id() {
    let fake = FakeWebhook::start().await.unwrap();
    let way = hook(&fake, &impatient());
    let sent = events(3);
    fake.order([Order::TakeAndHang]);
    assert_eq!(away(way.send(&sent).await).0, 0);
    way.send(&sent).await.unwrap();
    let taken = fake.taken();
    assert_eq!(taken.len(), 2);
    assert_eq!(taken[0], taken[1], "so that the receiver can tell");
}
