//! Splunk's HTTP Event Collector: the stand-in, and the real one where `SPLUNK_HEC_URL` and `SPLUNK_HEC_TOKEN` are set.

use std::time::Duration;

use hub_kit::siem::{Authority, FakeHec, Order, TlsFront};
use hub_siem::transport::{Message, Settings, Transport};
use serde_json::{Value, json};

use super::{away, event, events, impatient, line, poison, secrets, settings, way};

fn hec(fake: &FakeHec, acknowledge: bool, settings: &Settings) -> Box<dyn Transport> {
    let config =
        json!({ "kind": "splunk_hec", "url": fake.url(), "index": "audit", "acknowledge": acknowledge });
    way(&config, &secrets(&json!({ "token": fake.token() })), settings)
}

fn numbers(fake: &FakeHec) -> Vec<u64> {
    fake.events().iter().filter_map(|event| event["event"]["n"].as_u64()).collect()
}

/// An event that the collector refuses: it is blank.
fn blank() -> Message {
    Message { body: Vec::new(), ..line(0) }
}

#[tokio::test]
async fn siem_hec_takes_events_in_order_and_once() {
    for acknowledge in [false, true] {
        let fake = FakeHec::start(acknowledge).await.unwrap();
        let settings = Settings { max_batch_bytes: 10_000, ..settings() };
        let way = hec(&fake, acknowledge, &settings);
        way.send(&events(100)).await.unwrap();
        way.send(&[line(100)]).await.unwrap();
        way.send(&[]).await.unwrap();
        let taken = fake.events();
        assert_eq!(numbers(&fake), (0..100).collect::<Vec<u64>>());
        assert!((2..50).contains(&fake.requests()), "{} requests", fake.requests());
        let first = &taken[0];
        assert_eq!((&first["host"], &first["source"]), (&json!("hub.example"), &json!("clustermaster")));
        assert_eq!((&first["index"], &first["sourcetype"]), (&json!("audit"), &json!("_json")));
        assert_eq!(first["event"], json!({ "n": 0, "text": "Gr\u{fc}\u{df}e\n" }));
        assert_eq!(
            (&taken[100]["event"], &taken[100]["sourcetype"]),
            (&json!("CEF:0|ClusterMaster|Hub|0.1|x|line 100|3|"), &json!("cef"))
        );
    }
    if let (Ok(url), Ok(token)) = (std::env::var("SPLUNK_HEC_URL"), std::env::var("SPLUNK_HEC_TOKEN")) {
        let acknowledge = std::env::var("SPLUNK_HEC_ACKNOWLEDGES").is_ok();
        let config = json!({ "kind": "splunk_hec", "url": url, "acknowledge": acknowledge });
        let way = way(&config, &secrets(&json!({ "token": token })), &settings());
        way.send(&events(100)).await.unwrap();
        assert_eq!(poison(way.send(&[event(0), blank(), event(2)]).await), 1);
    }
}

#[tokio::test]
async fn siem_hec_is_left_alone_as_long_as_it_asks_for() {
    let fake = FakeHec::start(false).await.unwrap();
    let way = hec(&fake, false, &settings());
    let sent = events(3);
    let busy = json!({ "text": "Server is busy", "code": 9 });
    fake.order([
        Order::refuse_for(429, "7"),
        Order::Refuse { status: 503, body: busy, retry_after: Some("90000") },
        Order::refuse_for(503, "Fri, 31 Dec 2100 23:59:59 GMT"),
        Order::refuse(500),
    ]);
    assert_eq!(away(way.send(&sent).await).1, Some(Duration::from_secs(7)));
    let (delivered, after, message) = away(way.send(&sent).await);
    assert_eq!((delivered, after), (0, Some(Duration::from_hours(1))), "nobody is left alone forever");
    assert!(message.contains("busy"), "{message}");
    assert_eq!(away(way.send(&sent).await).1, Some(Duration::from_hours(1)));
    assert_eq!(away(way.send(&sent).await).1, None);
    way.send(&sent).await.unwrap();
    assert_eq!(numbers(&fake), [0, 1, 2]);
}

#[tokio::test]
async fn siem_hec_finds_the_event_that_is_refused() {
    let fake = FakeHec::start(true).await.unwrap();
    let way = hec(&fake, true, &settings());
    let mut sent = events(40);
    sent[23] = blank();
    assert_eq!(poison(way.send(&sent).await), 23);
    assert_eq!(numbers(&fake), (0..23).collect::<Vec<_>>());
    way.send(&sent[24..]).await.unwrap();
    assert_eq!(numbers(&fake), (0..40).filter(|n| *n != 23).collect::<Vec<_>>());
    // A collector that names the wrong event, or none, and one for which a request is too large.
    let wrong = |number: Value| {
        let mut body = json!({ "text": "Invalid data format", "code": 6 });
        body["invalid-event-number"] = number;
        Order::Refuse { status: 400, body, retry_after: None }
    };
    for order in [wrong(json!(7)), wrong(json!(400)), wrong(Value::Null), Order::refuse(413)] {
        let before = fake.events().len();
        fake.order([order]);
        way.send(&events(10)).await.unwrap();
        assert_eq!(numbers(&fake)[before..], (0..10).collect::<Vec<u64>>()[..]);
    }
    // What its format makes no JSON of does not even leave.
    let broken = Message { body: b"{\"n\":".to_vec(), ..event(1) };
    assert_eq!(poison(way.send(&[event(0), broken]).await), 1);
}

#[tokio::test]
async fn siem_hec_has_not_taken_what_its_indexers_do_not_acknowledge() {
    for order in [Order::Lose, Order::ForgetAck] {
        let lost = matches!(order, Order::Lose);
        let fake = FakeHec::start(true).await.unwrap();
        let settings = Settings { max_batch_bytes: 2_000, ..impatient() };
        let way = hec(&fake, true, &settings);
        let sent = events(12);
        let all: Vec<u64> = (0..12).collect();
        // The second request is the one.
        fake.order([Order::Delay(Duration::from_millis(1)), order]);
        let (delivered, _, message) = away(way.send(&sent).await);
        assert!((1..12).contains(&delivered) && message.contains("acknowledged"), "{delivered} {message}");
        way.send(&sent[delivered..]).await.unwrap();
        let mut taken = numbers(&fake);
        if !lost {
            assert!(taken.len() > 12, "taken twice rather than not at all");
        }
        taken.sort_unstable();
        taken.dedup();
        assert_eq!(taken, all);
    }
}

#[tokio::test]
async fn siem_hec_that_takes_and_times_out_gets_it_again() {
    let fake = FakeHec::start(false).await.unwrap();
    let way = hec(&fake, false, &impatient());
    fake.order([Order::TakeAndHang, Order::Delay(Duration::from_millis(100))]);
    let (delivered, _, message) = away(way.send(&events(2)).await);
    assert!(delivered == 0 && message.contains("in time"), "{message}");
    way.send(&events(2)).await.unwrap();
    assert_eq!(numbers(&fake), [0, 1, 0, 1]);
}

#[tokio::test]
async fn siem_hec_says_what_is_wrong_with_a_token() {
    let (plain, acknowledging) = (FakeHec::start(false).await.unwrap(), FakeHec::start(true).await.unwrap());
    let config = json!({ "kind": "splunk_hec", "url": plain.url() });
    let wrong = way(&config, &secrets(&json!({ "token": "hidden" })), &settings());
    let (_, _, message) = away(wrong.send(&events(1)).await);
    assert!(message.contains("not valid") && !message.contains("hidden"), "{message}");
    let (_, _, message) = away(hec(&plain, true, &settings()).send(&events(1)).await);
    assert!(message.contains("no indexer acknowledgement"), "{message}");
    let (_, _, message) = away(hec(&acknowledging, false, &settings()).send(&events(1)).await);
    assert!(message.contains("wants indexer acknowledgement"), "{message}");
    let index = json!({ "text": "Incorrect index", "code": 7, "invalid-event-number": 0 });
    plain.order([Order::Refuse { status: 400, body: index, retry_after: None }]);
    let (_, _, message) = away(hec(&plain, false, &settings()).send(&events(1)).await);
    assert!(message.contains("index"), "a wrong index is not the event's fault: {message}");
}

#[tokio::test]
async fn siem_https_trusts_who_the_export_names_and_goes_nowhere_else() {
    let fake = FakeHec::start(false).await.unwrap();
    let authority = Authority::new().unwrap();
    let front = TlsFront::start(&authority, "splunk.example", &fake.url()).await.unwrap();
    let secrets = secrets(&json!({ "token": fake.token() }));
    let strict = Settings { allow_plaintext: false, ..settings() };
    let over = |url: &str, ca: Option<String>, name: Option<&str>| {
        let tls = json!({ "ca": ca, "server_name": name });
        way(&json!({ "kind": "splunk_hec", "url": url, "tls": tls }), &secrets, &strict)
    };
    let ca = Some(authority.pem());
    over(&front.url(), ca.clone(), Some("splunk.example")).send(&events(2)).await.unwrap();
    assert_eq!(numbers(&fake), [0, 1]);
    let stranger = Some(Authority::new().unwrap().pem());
    for untrusted in [
        over(&front.url(), ca.clone(), None),
        over(&front.url(), ca.clone(), Some("another.example")),
        over(&front.url(), stranger, Some("splunk.example")),
        over(&front.url(), None, Some("splunk.example")),
    ] {
        let (_, _, message) = away(untrusted.send(&events(1)).await);
        assert!(message.contains("certificate"), "{message}");
    }
    // A name that leads to this machine, where that is forbidden.
    let port = front.url().rsplit_once(':').unwrap().1.to_owned();
    let forbidding = Settings { allow_loopback: false, ..strict.clone() };
    let tls = json!({ "ca": ca, "server_name": "splunk.example" });
    let config = json!({ "kind": "splunk_hec", "url": format!("https://siem.localhost:{port}"), "tls": tls });
    let config: hub_domain::export::Transport = serde_json::from_value(config).unwrap();
    assert!(hub_siem::transport::check(&config, &secrets, &forbidding).is_err());
    assert_eq!(numbers(&fake), [0, 1], "nobody else got through");
    // Another place that the other side names is not gone to.
    fake.order([Order::refuse(307)]);
    let (_, _, message) = away(over(&front.url(), ca, Some("splunk.example")).send(&events(1)).await);
    assert!(message.contains("307"), "{message}");
}
