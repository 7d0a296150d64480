//! An event that cannot be read stops one projection, in the open, and nothing else.

use hub_kit::until;
use hub_projections::{ClusterQuery, Page, Standing};

use super::world::{LONG, Process, World, cluster, spec, tenant};

async fn stopped(process: &Process, name: &str) -> String {
    let error = until(LONG, || async {
        match process.standing(name) {
            Standing::Stopped { error } => Some(error),
            _ => None,
        }
    });
    error.await.expect("the projection stops")
}

#[tokio::test]
async fn a_malformed_body_stops_one_projection() {
    let world = World::fresh().await;
    let stream = cluster(1).to_string();
    let good = world.import(tenant(1), 1, spec("one")).await;
    let bad = world.raw(tenant(1), &stream, "cluster.changed.v1", r#"{"name": 5}"#).await;
    let later = world.import(tenant(1), 2, spec("two")).await;

    let process = world.process();
    let error = stopped(&process, "clusters").await;

    assert!(error.starts_with(&format!("event {bad} (`cluster.changed.v1` of `{stream}`)")), "{error}");
    assert_eq!(world.cursor("position", "clusters").await, Some(good as i64));
    assert_eq!(world.cursor("stopped_by", "clusters").await, Some(bad as i64));
    process.read.wait_for(later, LONG).await.expect("the others go on");
    assert_eq!(world.cursor("position", "audit_logs").await, Some(later as i64));
    assert_eq!(world.cursor("stopped_by", "audit_logs").await, None);
    // What the table has seen, it still answers; and it says how far that goes.
    let listed =
        process.read.clusters(tenant(1), &ClusterQuery::default(), &Page::default(), None).await.unwrap();
    assert_eq!((listed.rows.len(), listed.position), (1, good));
    process.end().await;

    let again = world.process();
    stopped(&again, "clusters").await;
    assert_eq!(
        world.cursor("position", "clusters").await,
        Some(good as i64),
        "a restart tries it, and skips nothing"
    );
}

#[tokio::test]
async fn rows_that_the_database_refuses_are_singled_out() {
    let world = World::fresh().await;
    for number in 0..40 {
        world.import(tenant(1), number, spec(&format!("cluster-{number}"))).await;
    }
    let stream = cluster(3).to_string();
    let facts = r#"{"facts":{"uid":"u","version":"v1","nodes":{"total":1,"ready":1}}}"#;
    let good = world.raw(tenant(1), &stream, "cluster.imported.v1", facts).await;
    // Valid JSON, a valid event, and a text that no column can hold.
    let nul = r#"{"from":"healthy","to":"degraded","issues":[{"code":"c","object":"o","message":"\u0000"}]}"#;
    let bad = world.raw(tenant(1), &stream, "cluster.health_changed.v1", nul).await;
    let later = world.import(tenant(1), 50, spec("later")).await;

    let process = world.process();
    stopped(&process, "clusters").await;
    stopped(&process, "audit_logs").await;

    for name in ["clusters", "audit_logs"] {
        assert_eq!(
            world.cursor("position", name).await,
            Some(good as i64),
            "{name} has all that comes before"
        );
        assert_eq!(world.cursor("stopped_by", name).await, Some(bad as i64), "{name}");
    }
    process.read.wait_for(later, LONG).await.expect("users go on");
}
