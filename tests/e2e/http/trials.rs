//! Trying connections: against nobody, and against a real API server.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use hub_kit::kubernetes::{ControlPlane, available};
use hub_kit::{Answer, Client, until};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};

use super::{Running, SOON, cluster, imported, kubeconfig, problem, text};

const NAMES: [&str; 8] =
    ["kubeconfig", "address", "reach", "tls", "sign-in", "version", "permissions", "identity"];
const STREAM: &str = "text/event-stream";

async fn tried(client: &Client, body: &Value) -> Answer {
    client.post("clusters/test", body).await.unwrap().expect(200)
}

/// The failed check and its code; everything behind it is skipped, or it is none.
#[track_caller]
fn failed(answer: &Answer) -> (String, String) {
    let checks = answer.body["checks"].as_array().unwrap();
    let names: Vec<_> = checks.iter().map(|check| text(&check["name"])).collect();
    assert_eq!(names, NAMES);
    assert_eq!(answer.body["connected"], false, "{}", answer.text);
    let at = checks.iter().position(|check| check["outcome"] == "failed").unwrap();
    assert!(checks[at + 1..].iter().all(|check| check["outcome"] == "skipped"), "{}", answer.text);
    (names[at].clone(), text(&checks[at]["code"]))
}

fn is(name: &str, code: &str) -> (String, String) {
    (name.to_owned(), code.to_owned())
}

#[tokio::test]
async fn a_trial_tells_how_far_it_came_and_leaves_nothing() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let id = imported(&admin, "known").await;
    let before = admin.get("audit-logs?limit=1").await.unwrap();

    let closed = tried(&admin, &json!({ "kubeconfig": kubeconfig() })).await;
    assert_eq!(failed(&closed), is("reach", "connection-refused"));
    assert_eq!(closed.body["k8s_version"], Value::Null);
    let again = tried(&admin, &json!({ "kubeconfig": kubeconfig(), "cluster_id": id })).await;
    assert_eq!(failed(&again), is("reach", "connection-refused"));
    let nonsense = tried(&admin, &json!({ "kubeconfig": super::TOKEN })).await;
    assert_eq!(failed(&nonsense), is("kubeconfig", "kubeconfig-invalid"));
    let other = tried(&admin, &json!({ "kubeconfig": kubeconfig(), "context": "none" })).await;
    assert_eq!(failed(&other), is("kubeconfig", "kubeconfig-invalid"));
    let metadata = kubeconfig().replace("127.0.0.1:1", "169.254.169.254");
    let metadata = tried(&admin, &json!({ "kubeconfig": metadata })).await;
    assert_eq!(failed(&metadata), is("address", "address-refused"));
    let nowhere = kubeconfig().replace("127.0.0.1:1", "nowhere.invalid");
    assert_eq!(
        failed(&tried(&admin, &json!({ "kubeconfig": nowhere })).await),
        is("address", "name-not-resolved")
    );
    for answer in [&closed, &nonsense, &other, &metadata] {
        assert!(!answer.text.contains(super::TOKEN), "{}", answer.text);
    }

    for (body, pointer) in [
        (json!({ "kubeconfig": "x".repeat((1 << 20) + 1) }), "/kubeconfig"),
        (json!({ "kubeconfig": "x", "context": "" }), "/context"),
        (json!({ "kubeconfig": "x", "cluster_id": "cluster_00000000000000000000000000" }), "/cluster_id"),
        (json!({}), "/kubeconfig"),
    ] {
        let answer = admin.post("clusters/test", &body).await.unwrap();
        problem(&answer, 422, "invalid-body");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{}", answer.text);
    }
    let stranger = running.other_tenant().await;
    let foreign =
        stranger.post("clusters/test", &json!({ "kubeconfig": "x", "cluster_id": id })).await.unwrap();
    problem(&foreign, 422, "invalid-body");

    let after = admin.get("audit-logs?limit=1").await.unwrap();
    assert_eq!(before.body, after.body, "a trial was recorded");
    let (_, viewer) = running.user(&admin, "viewer@example.org", "viewer").await;
    let denied = viewer.post("clusters/test", &json!({ "kubeconfig": kubeconfig() })).await.unwrap();
    problem(&denied, 403, "forbidden");
    assert!(!running.hub.log().contains(super::TOKEN));
}

#[tokio::test]
async fn a_real_cluster_is_tried_before_and_after_its_import() {
    if !available() {
        return;
    }
    let plane = ControlPlane::start().await.unwrap();
    plane.add_node("worker-1", true).await.unwrap();
    let running = Running::start().await;
    let admin = running.admin().await;
    let config = plane.kubeconfig();

    let first = tried(&admin, &json!({ "kubeconfig": config })).await;
    assert_eq!(first.body["connected"], true, "{}", first.text);
    assert!(first.body["checks"].as_array().unwrap().iter().all(|check| check["outcome"] == "passed"));
    assert_eq!(first.body["nodes"], json!({ "total": 1, "ready": 1 }));
    assert_eq!(text(&first.body["uid"]).len(), 36);

    let mut other: Value = serde_json::from_str(&config).unwrap();
    other["users"][0]["user"]["token"] = json!("withdrawn");
    let unsigned = tried(&admin, &json!({ "kubeconfig": other.to_string() })).await;
    assert_eq!(failed(&unsigned), is("sign-in", "unauthorized"));
    let mut other: Value = serde_json::from_str(&config).unwrap();
    other["clusters"][0]["cluster"].as_object_mut().unwrap().remove("certificate-authority-data");
    let untrusted = tried(&admin, &json!({ "kubeconfig": other.to_string() })).await;
    assert_eq!(failed(&untrusted).0, "tls");
    let limited = tried(&admin, &json!({ "kubeconfig": plane.limited_kubeconfig() })).await;
    assert_eq!(failed(&limited), is("permissions", "permission-missing"));

    let mut body = cluster("real");
    body["credentials"]["kubeconfig"] = json!(config);
    let id = text(&admin.post("clusters", &body).await.unwrap().expect(202).body["id"]);
    let active = || async {
        let answer = admin.get(&format!("clusters/{id}")).await.unwrap().expect(200);
        (answer.body["status"] == "active").then_some(answer)
    };
    let managed = until(SOON, active).await.expect("it is managed");
    assert_eq!(managed.body["uid"], first.body["uid"]);
    let twice = tried(&admin, &json!({ "kubeconfig": config })).await;
    assert_eq!(failed(&twice), is("identity", "already-managed"));
    assert!(text(&twice.body["checks"][7]["message"]).contains(&id), "{}", twice.text);
    assert_eq!(twice.body["uid"], first.body["uid"]);
    let renewed = json!({ "kubeconfig": plane.certificate_kubeconfig(), "cluster_id": id });
    assert_eq!(tried(&admin, &renewed).await.body["connected"], true);
    // Another tenant knows nothing of it.
    let stranger = running.other_tenant().await;
    assert_eq!(tried(&stranger, &json!({ "kubeconfig": config })).await.body["connected"], true);

    admin.delete(&format!("clusters/{id}")).await.unwrap().expect(202);
    let gone = || async {
        let answer = admin.get(&format!("clusters/{id}")).await.unwrap().expect(200);
        (answer.body["status"] == "decommissioned").then_some(())
    };
    until(SOON, gone).await.expect("it is let go");
    assert_eq!(tried(&admin, &json!({ "kubeconfig": config })).await.body["connected"], true);
    problem(&admin.post("clusters/test", &renewed).await.unwrap(), 422, "invalid-body");
}

/// A trial that is told as it goes.
struct Told {
    bytes: BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    buffer: String,
}

impl Told {
    async fn open(client: &Client, body: &Value) -> Self {
        let request = client.request(Method::POST, "clusters/test").header("Accept", STREAM).json(body);
        let response = request.send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &STREAM.parse().unwrap())
        );
        Self { bytes: response.bytes_stream().boxed(), buffer: String::new() }
    }

    /// The next event and its data; `None` at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let field = |name| block.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim();
                let event = (field("event:").to_owned(), serde_json::from_str(field("data:")).unwrap());
                let rest = rest.to_owned();
                self.buffer = rest;
                return Some(event);
            }
            let chunk = tokio::time::timeout(SOON, self.bytes.next()).await.expect("the stream goes on")?;
            self.buffer.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    /// The plan, as it must be.
    async fn plan(&mut self) {
        let (event, plan) = self.next().await.unwrap();
        assert_eq!((event.as_str(), plan), ("plan", json!({ "checks": NAMES })));
    }

    /// The next event, which is a check.
    async fn check(&mut self) -> Value {
        let (event, check) = self.next().await.unwrap();
        assert_eq!(event, "check", "{check}");
        check
    }

    /// What is left of the checks, and the end with all of them.
    async fn rest(mut self, mut told: Vec<Value>) -> Value {
        while told.len() < NAMES.len() {
            told.push(self.check().await);
        }
        let (event, test) = self.next().await.unwrap();
        assert_eq!((event.as_str(), &test["checks"]), ("done", &json!(told)));
        assert_eq!(self.next().await, None, "nothing comes behind the end");
        test
    }
}

/// A connection of somebody who is silent once TLS begins.
async fn silent(listener: &TcpListener) -> TcpStream {
    let (mut connection, _) = listener.accept().await.unwrap();
    let mut hello = [0; 5];
    connection.read_exact(&mut hello).await.unwrap();
    assert_eq!(hello[0], 22, "TLS begins with a handshake");
    connection
}

#[tokio::test]
async fn checks_are_told_one_by_one_while_a_later_one_still_waits() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = kubeconfig().replace("127.0.0.1:1", &listener.local_addr().unwrap().to_string());
    let body = json!({ "kubeconfig": config });

    let (mut told, connection) = tokio::join!(Told::open(&admin, &body), silent(&listener));
    told.plan().await;
    let mut checks = vec![];
    for name in &NAMES[..3] {
        let check = told.check().await;
        assert_eq!((&check["name"], &check["outcome"]), (&json!(name), &json!("passed")));
        checks.push(check);
    }
    assert!(futures::poll!(std::pin::pin!(told.next())).is_pending(), "TLS has not been decided");
    // What is told is told before the end, which comes when the connection breaks.
    drop(connection);
    let test = told.rest(checks).await;
    assert_eq!((&test["connected"], &test["checks"][3]["outcome"]), (&json!(false), &json!("failed")));
    assert_eq!(test["checks"][3]["code"], "connection-lost");

    // When its client goes away, the trial is given up, and its connection with it.
    let (mut told, mut connection) = tokio::join!(Told::open(&admin, &body), silent(&listener));
    told.plan().await;
    drop(told);
    let closed = async { while connection.read(&mut [0; 1024]).await.is_ok_and(|size| size > 0) {} };
    tokio::time::timeout(Duration::from_secs(5), closed).await.expect("the hub hangs up at once");
    assert!(!running.hub.log().contains(super::TOKEN));
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_a_problem_before_any_event() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let streamed = async |client: &Client, body: &Value| {
        let request = client.request(Method::POST, "clusters/test").header("Accept", STREAM).json(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap().to_owned())
    };
    let refused = streamed(&admin, &json!({ "kubeconfig": "x", "context": "" })).await;
    assert_eq!(refused, (422, "application/problem+json".into()));
    let (_, viewer) = running.user(&admin, "viewer@example.org", "viewer").await;
    let refused = streamed(&viewer, &json!({ "kubeconfig": kubeconfig() })).await;
    assert_eq!(refused, (403, "application/problem+json".into()));
    // What cannot be read is a trial that fails, not a request that does.
    let mut told = Told::open(&admin, &json!({ "kubeconfig": "x" })).await;
    told.plan().await;
    assert_eq!(told.rest(vec![]).await["checks"][0]["code"], "kubeconfig-invalid");
    // Whoever does not ask for a stream by name has JSON.
    let request = admin.request(Method::POST, "clusters/test").header("Accept", "text/html, */*");
    let response = request.json(&json!({ "kubeconfig": "x" })).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn a_trial_of_a_real_cluster_is_told_as_it_is_answered() {
    if !available() {
        return;
    }
    let plane = ControlPlane::start().await.unwrap();
    let running = Running::start().await;
    let admin = running.admin().await;
    let mut withdrawn: Value = serde_json::from_str(&plane.kubeconfig()).unwrap();
    withdrawn["users"][0]["user"]["token"] = json!("withdrawn");
    let mut untrusted: Value = serde_json::from_str(&plane.kubeconfig()).unwrap();
    untrusted["clusters"][0]["cluster"].as_object_mut().unwrap().remove("certificate-authority-data");
    let configs =
        [plane.kubeconfig(), plane.limited_kubeconfig(), withdrawn.to_string(), untrusted.to_string()];
    for config in configs {
        let body = json!({ "kubeconfig": config });
        let mut told = Told::open(&admin, &body).await;
        told.plan().await;
        assert_eq!(told.rest(vec![]).await, tried(&admin, &body).await.body);
    }
}
