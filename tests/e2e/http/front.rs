//! The front door: the interface beside the API, with and without a path prefix.

use hub_kit::hub::ADMINISTRATOR;
use hub_kit::{Answer, Client};
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::{Running, cluster, problem, text};

const PAGES: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

async fn browse(client: &Client, path: &str) -> Answer {
    client.send(client.request(Method::GET, path).header("accept", PAGES)).await.unwrap()
}

/// The page of the interface, or what stands in for it where none was built: both are one.
#[track_caller]
fn page(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-cache");
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("script-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
    traced(answer);
    assert!(answer.header("ratelimit-limit").is_empty(), "no limit counts pages");
}

/// Whether an answer carries the ids under which the hub speaks of its request.
#[track_caller]
fn traced(answer: &Answer) {
    let ids: Vec<_> = answer.header("traceparent").split('-').collect();
    assert!(ids.len() == 4 && ids[1].len() == 32, "{ids:?}");
    assert!(!answer.header("x-request-id").is_empty());
}

#[tokio::test]
async fn pages_are_counted_and_traced_as_requests_are() {
    let running = Running::with(&[("CLUSTERMASTER_PATH_PREFIX", "/hub")]).await;
    let client = running.hub.anonymous();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request = client.request(Method::GET, "/hub/").header("x-request-id", "mine").header("accept", PAGES);
    let request = request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let first = client.send(request).await.unwrap();
    page(&first);
    assert!(first.header("traceparent").contains(trace) && first.header("x-request-id") == "mine");
    page(&browse(&client, "/hub/clusters/cluster_01jd8kz3f6e5t9m2v7q4x1r0ab").await);
    let known = client.request(Method::GET, "/hub/").header("if-none-match", first.header("etag"));
    traced(&client.send(known).await.unwrap().expect(304));
    traced(&client.send(client.request(Method::POST, "/hub/")).await.unwrap().expect(405));
    let metrics = client.get("/hub/metrics").await.unwrap().expect(200).text;
    let counted = |method: &str, status: &str| {
        let labels =
            [r#"route="/{site}""#.to_owned(), format!("method=\"{method}\""), format!("status=\"{status}\"")];
        let mut lines = metrics.lines().filter(|line| line.starts_with("clustermaster_http_requests_total{"));
        let line = lines.find(|line| labels.iter().all(|label| line.contains(label)));
        line.and_then(|line| line.rsplit(' ').next()).map(str::to_owned)
    };
    assert_eq!(counted("GET", "200").as_deref(), Some("2"), "{metrics}");
    assert_eq!(counted("GET", "304").as_deref(), Some("1"), "{metrics}");
    assert_eq!(counted("POST", "405").as_deref(), Some("1"), "{metrics}");
    assert!(!metrics.contains("cluster_01jd8kz3f6e5t9m2v7q4x1r0ab"), "no path is a label");
    // The page has the prefix in it, and is packed all the same.
    let packed = client.request(Method::GET, "/hub/").header("accept-encoding", "br");
    let packed = packed.send().await.unwrap();
    for (name, value) in [("content-encoding", "br"), ("vary", "Accept-Encoding")] {
        assert_eq!(packed.headers()[name], value);
    }
    assert!((packed.bytes().await.unwrap().len() as u64) < first.text.len() as u64);
}

#[tokio::test]
async fn the_interface_stands_beside_the_api() {
    let running = Running::start().await;
    let client = running.hub.anonymous();
    let first = browse(&client, "/").await;
    page(&first);
    // Whoever asks: `curl` and a browser see the same.
    page(&client.get("/").await.unwrap());
    page(&browse(&client, "/clusters/cluster_01jd8kz3f6e5t9m2v7q4x1r0ab?tab=nodes").await);
    let known = client.request(Method::GET, "/").header("if-none-match", first.header("etag"));
    assert_eq!(client.send(known).await.unwrap().status, 304);
    let head = client.send(client.request(Method::HEAD, "/")).await.unwrap().expect(200);
    assert_eq!(head.header("content-length"), first.text.len().to_string());
    let refused = client.send(client.request(Method::POST, "/")).await.unwrap().expect(405);
    assert_eq!(refused.header("allow"), "GET, HEAD");

    // What is the API's stays the API's, also for who asks for pages.
    for path in [
        "/api",
        "/api/v1/nothing",
        "/api/v2/clusters",
        "/assets/gone-C0ffee.js",
        "/favicon.nothing",
        "/.stamp",
    ] {
        problem(&browse(&client, path).await, 404, "route-not-found");
    }
    problem(&client.get("/nothing").await.unwrap(), 404, "route-not-found");
    problem(&browse(&client, "/api/v1/me").await, 401, "unauthenticated");
    assert_eq!(browse(&client, "/healthz").await.expect(200).body["status"], "ok");
    assert!(browse(&client, "/metrics").await.expect(200).header("content-type").starts_with("text/plain"));
    let document = browse(&client, "/openapi.json").await.expect(200);
    assert_eq!(document.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    assert_eq!(document.body["servers"], Value::Null);
    let opens = format!("open {}/", running.hub.base());
    assert!(running.hub.printed().lines().any(|line| line == opens), "{}", running.hub.printed());
}

#[tokio::test]
async fn all_of_it_can_lie_below_a_path() {
    let running = Running::with(&[("CLUSTERMASTER_PATH_PREFIX", "/fleet/hub")]).await;
    let base = running.hub.base();
    let opens = format!("open {base}/fleet/hub/");
    assert!(running.hub.printed().lines().any(|line| line == opens), "{}", running.hub.printed());
    let (below, password) = (format!("{base}/fleet/hub"), running.hub.password());
    let client = Client::sign_in(&below, ADMINISTRATOR, password.expose_secret()).await.unwrap();
    for path in ["/", "/clusters"] {
        page(&browse(&client, path).await);
    }
    let (one, two) = (client.post("clusters", &cluster("one")).await.unwrap(), cluster("two"));
    let location = one.expect(202).header("location").to_owned();
    client.post("clusters", &two).await.unwrap().expect(202);
    // Where an answer sends its client, there it is.
    let outside = client.at(base);
    assert!(location.starts_with("/fleet/hub/api/v1/clusters/cluster_"), "{location}");
    outside.get(&location).await.unwrap().expect(200);
    let listed = client.get("clusters?limit=1&sort=name").await.unwrap().expect(200);
    let link = listed.header("link").trim_start_matches('<').split('>').next().unwrap().to_owned();
    assert!(link.starts_with("/fleet/hub/api/v1/clusters?"), "{link}");
    assert_eq!(text(&outside.get(&link).await.unwrap().expect(200).body[0]["name"]), "two");
    let document = client.get("/openapi.json").await.unwrap().expect(200);
    assert_eq!(document.body["servers"][0]["url"], "/fleet/hub");

    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for path in ["/", "/fleet/hub"] {
        let answer = browser.get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), 308, "{path}");
        assert_eq!(answer.headers()["location"], "/fleet/hub/", "{path}");
        assert!(answer.headers().contains_key("traceparent"), "{path}");
    }
    // Outside there is nothing, except for who watches the process.
    for path in
        ["/api/v1/me", "/openapi.json", "/metrics", "/fleet", "/fleet/hubs", "/fleet/hub2/", "/clusters"]
    {
        problem(&browse(&outside, path).await, 404, "route-not-found");
    }
    problem(&outside.post("/", &Value::Null).await.unwrap(), 404, "route-not-found");
    for path in ["/healthz", "/readyz", "/fleet/hub/healthz", "/fleet/hub/readyz"] {
        assert_eq!(outside.get(path).await.unwrap().expect(200).body["status"], "ok", "{path}");
    }
}
