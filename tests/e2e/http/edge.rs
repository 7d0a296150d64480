//! What every answer carries, and what the edge withstands.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Running, imported, problem};

#[tokio::test]
async fn every_answer_carries_what_browsers_traces_and_limits_need() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    for path in ["me", "clusters", "nothing", "/healthz"] {
        let answer =
            admin.send(admin.request(Method::GET, path).header("traceparent", &parent)).await.unwrap();
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(
            answer.header("traceparent").contains(trace)
                && !answer.header("traceparent").contains("00f067aa0ba902b7")
        );
        assert_eq!(answer.header("x-request-id").len(), 16);
        assert!(answer.header("strict-transport-security").is_empty(), "this hub does not speak TLS itself");
    }
    let (one, other) = (admin.get("me").await.unwrap(), admin.get("me").await.unwrap());
    assert_ne!(one.header("traceparent"), other.header("traceparent"));
    assert_eq!(one.header("ratelimit-limit"), "1000");
    let left = |answer: &hub_kit::Answer| answer.header("ratelimit-remaining").parse::<u32>().unwrap();
    assert!(left(&other) < 1000 && left(&other) <= left(&one) + 1);

    let text = admin
        .send(admin.request(Method::GET, "/openapi.json").header("accept-encoding", "gzip"))
        .await
        .unwrap();
    assert_eq!(text.header("content-encoding"), "gzip");
    let plain = admin.get("/openapi.json").await.unwrap();
    assert_eq!(plain.text, include_str!("../../../gateways/http/openapi.json"));
}

#[tokio::test]
async fn the_system_routes_tell_how_it_is() {
    let running = Running::start().await;
    let admin = running.admin().await;
    imported(&admin, "measured").await;
    let anonymous = running.hub.anonymous();
    assert_eq!(anonymous.get("/healthz").await.unwrap().expect(200).body["status"], "ok");
    let ready = anonymous.get("/readyz").await.unwrap().expect(200).body;
    assert!(
        ready["checks"].as_array().is_some_and(|checks| checks.iter().all(|check| check["ready"] == true)),
        "{ready}"
    );
    let metrics = anonymous.get("/metrics").await.unwrap().expect(200);
    assert!(metrics.header("content-type").starts_with("text/plain"));
    for line in [
        "# TYPE clustermaster_http_requests_total counter",
        "# HELP clustermaster_http_request_seconds ",
        "clustermaster_http_requests_total{route=\"/api/v1/clusters\",method=\"POST\",status=\"202\"} 1",
        "clustermaster_http_requests_total{route=\"/api/v1/clusters/{id}\",method=\"GET\",status=\"200\"}",
    ] {
        assert!(metrics.text.contains(line), "`{line}` is missing in\n{}", metrics.text);
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let running = Running::with(&[("CLUSTERMASTER_RATE_LIMIT_PER_MINUTE", "200")]).await;
    let admin = running.admin().await;
    let (_, viewer) = running.user(&admin, "viewer@example.org", "viewer").await;
    let mut refused = None;
    for _ in 0..260 {
        let answer = viewer.get("me").await.unwrap();
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("the limit is met");
    problem(&refused, 429, "rate-limited");
    assert_eq!((refused.header("ratelimit-limit"), refused.header("ratelimit-remaining")), ("200", "0"));
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    admin.get("me").await.unwrap().expect(200);
    running.hub.anonymous().get("/healthz").await.unwrap().expect(200);

    // Two attempts a minute for one account (1 %), twelve for one address (6 %).
    let wrong = |email: &str| json!({ "email": email, "password": "wrong" });
    let anonymous = running.hub.anonymous();
    for _ in 0..2 {
        problem(
            &anonymous.post("auth/login", &wrong("a@example.org")).await.unwrap(),
            401,
            "sign-in-refused",
        );
    }
    problem(&anonymous.post("auth/login", &wrong("a@example.org")).await.unwrap(), 429, "rate-limited");
    let mut codes = vec![];
    for n in 0..12 {
        let answer = anonymous.post("auth/login", &wrong(&format!("b{n}@example.org"))).await.unwrap();
        codes.push(answer.body["code"].as_str().unwrap_or_default().to_owned());
    }
    assert!(codes.contains(&"rate-limited".to_owned()), "{codes:?}");
}

#[tokio::test]
async fn what_was_accepted_is_finished_before_the_hub_stops() {
    let mut running = Running::start().await;
    let admin = running.admin().await;
    let commands = (0..24).map(|n| {
        let admin = admin.clone();
        tokio::spawn(async move { admin.post("clusters", &super::cluster(&format!("last-{n}"))).await })
    });
    let commands: Vec<_> = commands.collect();
    assert!(running.hub.terminate().await.unwrap().success());
    let mut accepted = vec![];
    for command in commands {
        match command.await.unwrap() {
            Ok(answer) if answer.status == 202 => accepted.push(super::text(&answer.body["id"])),
            Ok(answer) => problem(&answer, 503, "stopping"),
            Err(_) => {}
        }
    }
    running.hub.start_again().await.unwrap();
    let admin = running.admin().await;
    for id in &accepted {
        admin.get(&format!("clusters/{id}")).await.unwrap().expect(200);
    }
    let listed = admin.get("clusters?limit=500").await.unwrap().expect(200);
    let listed = listed.body.as_array().map_or(0, Vec::len);
    assert!(listed >= accepted.len(), "{listed} of {}", accepted.len());
}

#[tokio::test]
async fn two_hubs_on_one_database_are_one_hub() {
    let running = Running::start().await;
    let admin = running.admin().await;
    let keys = [("CLUSTERMASTER_KEY_FILE", "keys/kek"), ("CLUSTERMASTER_SIGNING_KEY_FILE", "keys/signing")];
    let file = |path: &str| running.hub.data_dir().join(path).display().to_string();
    let env = keys.map(|(name, path)| (name.to_owned(), file(path))).to_vec();
    let options = hub_kit::HubOptions { database_url: Some(running.database.url().to_owned()), env };
    let second = hub_kit::Hub::start(options).await.unwrap();
    // The token of one opens the other, and what one wrote the other reads at the same position.
    let there = second.anonymous().with_token(admin.session["access_token"].as_str().unwrap());
    let position = admin.post("clusters", &super::cluster("both")).await.unwrap().expect(202).position();
    let listed = there.get(&format!("clusters?min_position={position}")).await.unwrap().expect(200);
    assert_eq!(listed.body[0]["name"], "both");
    admin.post("auth/logout", &Value::Null).await.unwrap().expect(204);
    let ended = || async { (there.get("me").await.unwrap().status == 401).then_some(()) };
    hub_kit::until(super::SOON, ended).await.expect("the session ends everywhere");
}
