use axum::http::{StatusCode, header};
use hub_commands::{Outcome, Receipt};
use hub_domain::cluster::{Cluster, ClusterEvent, ClusterState, DecommissionRequested};
use hub_projections::Listed;
use serde_json::{Value, json};

use super::{LEDGER_POSITION, REPLAYED, TOTAL_COUNT, done, page};

async fn body(response: axum::response::Response) -> Value {
    serde_json::from_slice(&axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap()).unwrap()
}

fn outcome(dry_run: bool) -> Outcome<Cluster> {
    Outcome {
        receipt: Receipt {
            stream: "cluster_x".into(),
            revision: Some(3),
            position: 42,
            event_ids: vec![],
            repeated: !dry_run,
        },
        events: vec![ClusterEvent::DecommissionRequested(DecommissionRequested {})],
        state: ClusterState::Absent,
        dry_run,
    }
}

#[tokio::test]
async fn a_page_is_a_bare_array_and_says_where_to_go_on() {
    let uri = "/api/v1/clusters?min_position=9&limit=2&provider=aws&cursor=old".parse().unwrap();
    let listed =
        Listed { rows: vec![1, 2], total: 5, exact: true, next: Some("a+b/c=".into()), position: 42 };
    let response = page(&uri, &listed.map(|row| row * 10));
    let headers = response.headers();
    assert_eq!(headers[TOTAL_COUNT], "5");
    assert_eq!(headers[LEDGER_POSITION], "42");
    let next = "</api/v1/clusters?limit=2&provider=aws&cursor=a%2Bb%2Fc%3D>; rel=\"next\"";
    assert_eq!(headers[header::LINK], next);
    assert_eq!(body(response).await, json!([10, 20]));
}

#[tokio::test]
async fn the_last_page_has_no_next() {
    let listed = Listed { rows: Vec::<u8>::new(), total: 0, exact: true, next: None, position: 0 };
    let response = page(&"/api/v1/users".parse().unwrap(), &listed);
    assert!(!response.headers().contains_key(header::LINK));
    assert_eq!(body(response).await, json!([]));
}

#[tokio::test]
async fn a_command_answers_with_revision_and_position() {
    let response =
        done(StatusCode::ACCEPTED, &outcome(false), Some("/api/v1/clusters/x"), &json!({"id": "x"})).unwrap();
    assert_eq!(response.status(), StatusCode::ACCEPTED);
    let headers = response.headers();
    assert_eq!(headers[header::ETAG], "\"3\"");
    assert_eq!(headers[LEDGER_POSITION], "42");
    assert_eq!(headers[header::LOCATION], "/api/v1/clusters/x");
    assert_eq!(headers[REPLAYED], "true");
    assert_eq!(body(response).await, json!({"id": "x"}));
}

#[tokio::test]
async fn a_dry_run_answers_with_the_events() {
    let response = done(StatusCode::ACCEPTED, &outcome(true), Some("/x"), &json!({"id": "x"})).unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(!response.headers().contains_key(header::LOCATION));
    let event = json!({
        "type": "cluster.decommission_requested.v1", "schema_version": 1, "stream": "cluster_x", "payload": {}
    });
    assert_eq!(body(response).await, json!({"dry_run": true, "events": [event]}));
}
