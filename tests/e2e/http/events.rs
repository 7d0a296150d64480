//! The event stream: what it sends, where it goes on, when it ends.

use std::collections::VecDeque;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use hub_kit::Client;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Running, SOON, cluster, imported, problem, text};

/// One open stream, read event by event.
struct Stream {
    bytes: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    buffer: String,
    ready: VecDeque<Sent>,
}

#[derive(Debug)]
struct Sent {
    id: u64,
    event: String,
    data: Value,
}

impl Stream {
    async fn open(client: &Client, path: &str, last: Option<u64>) -> Self {
        let mut request = client.request(Method::GET, path);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(!response.headers().contains_key("content-encoding"));
        Self { bytes: response.bytes_stream().boxed(), buffer: String::new(), ready: VecDeque::new() }
    }

    /// The next event; `None` when the stream has ended.
    async fn next(&mut self) -> Option<Sent> {
        tokio::time::timeout(SOON, async {
            loop {
                if let Some(sent) = self.ready.pop_front() {
                    return Some(sent);
                }
                let chunk = self.bytes.next().await?.ok()?;
                self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
                while let Some((block, rest)) = self.buffer.split_once("\n\n") {
                    self.ready.extend(parse(block));
                    let rest = rest.to_owned();
                    self.buffer = rest;
                }
            }
        })
        .await
        .expect("the stream says something in time")
    }
}

fn parse(block: &str) -> Option<Sent> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    Some(Sent {
        id: field("id:")?.parse().unwrap(),
        event: field("event:")?.to_owned(),
        data: serde_json::from_str(field("data:")?).unwrap(),
    })
}

#[tokio::test]
async fn a_stream_follows_and_goes_on_where_it_was_left() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let start = admin.get("fleet").await.unwrap().position();
    let mut live = Stream::open(&admin, "events", None).await;
    let id = imported(&admin, "watched").await;
    let first = live.next().await.unwrap();
    assert_eq!((first.event.as_str(), &first.data["target_id"]), ("cluster.import_requested.v1", &json!(id)));
    assert_eq!(first.data["position"], first.id);
    let second = live.next().await.unwrap();
    assert_eq!(second.event, "cluster.import_failed.v1");
    drop(live);

    admin.put(&format!("clusters/{id}"), &json!({ "region": "x" })).await.unwrap().expect(200);
    let mut again = Stream::open(&admin, &format!("events?after={start}"), Some(first.id)).await;
    assert_eq!(again.next().await.unwrap().id, second.id, "Last-Event-ID counts before `after`");
    assert_eq!(again.next().await.unwrap().event, "cluster.changed.v1");

    // From the beginning: exactly the audit log, but for from where somebody acted, which no stream carries.
    let log = admin.get("audit-logs?limit=500&sort=recorded_at").await.unwrap().expect(200).body;
    let mut whole = Stream::open(&admin, "events?after=0", None).await;
    for entry in log.as_array().unwrap() {
        let mut entry = entry.clone();
        entry["origin"].take();
        assert_eq!(whole.next().await.unwrap().data, entry);
    }
}

#[tokio::test]
async fn who_may_not_read_the_audit_log_sees_clusters_only() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let (_, viewer) = running.user(&admin, "viewer@example.org", "viewer").await;
    let mut stream = Stream::open(&viewer, "events?after=0", None).await;
    admin.post("clusters", &cluster("seen")).await.unwrap().expect(202);
    let sent = stream.next().await.unwrap();
    assert_eq!(
        (sent.event.as_str(), text(&sent.data["target_type"])),
        ("cluster.import_requested.v1", "cluster".into())
    );
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_with_the_hub() {
    let mut running = Running::start().await;
    let (one, other) = (running.admin().await, running.admin().await);
    let mut ends = Stream::open(&one, "events", None).await;
    let mut stays = Stream::open(&other, "events", None).await;
    one.post("auth/logout", &Value::Null).await.unwrap().expect(204);
    while ends.next().await.is_some() {}
    while stays.next().await.unwrap().event != "user.signed_out.v1" {}
    // A hub that is told to stop does not wait for listeners.
    let stopped = tokio::time::timeout(Duration::from_secs(15), running.hub.terminate());
    assert!(stopped.await.expect("the hub stops in time").unwrap().success());
    assert!(stays.next().await.is_none());
}

#[tokio::test]
async fn nobody_takes_all_the_streams() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let mut held = vec![];
    for _ in 0..32 {
        held.push(Stream::open(&admin, "events", None).await);
    }
    let refused = admin.get("events").await.unwrap();
    problem(&refused, 429, "too-many-streams");
    assert!(!refused.header("retry-after").is_empty());
    let (_, viewer) = running.user(&admin, "viewer@example.org", "viewer").await;
    Stream::open(&viewer, "events", None).await;
    held.pop();
    let room = || async {
        let response = admin.request(Method::GET, "events").send().await.unwrap();
        (response.status() == 200).then_some(())
    };
    hub_kit::until(SOON, room).await.expect("a closed stream gives its room back");
}
