//! Tables held against a refold: what was altered by hand is found and named, and nothing else is.

use std::sync::Arc;
use std::time::Duration;

use hub_domain::kernel::TypedId;
use hub_kit::until;
use hub_projections::projection;
use hub_projections::rebuild::rebuild;
use hub_projections::self_check::{self, Schedule};
use hub_projections::shadow::{Drift, DriftKind, Pace, ShadowError, shadow};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::world::{LONG, Process, World, cluster, tenant};

async fn filled() -> (Arc<World>, Process) {
    let world = World::fresh().await;
    let process = world.process();
    for number in 0..150 {
        world.step(number).await;
    }
    process.read.wait_for(world.head().await, LONG).await.unwrap();
    (Arc::new(world), process)
}

async fn compared(world: &World, wanted: &[&str]) -> Vec<Drift> {
    shadow(&world.pools.projector, Arc::clone(&world.feed), wanted, Pace::default()).await.unwrap()
}

async fn run(world: &World, sql: &str) -> u64 {
    sqlx::query(sql).execute(&world.pools.projector).await.unwrap().rows_affected()
}

#[tokio::test]
async fn intact_tables_have_no_drift() {
    let (world, process) = filled().await;
    let found = compared(&world, &[]).await;
    assert_eq!(found.iter().map(|drift| drift.projection).collect::<Vec<_>>(), projection::names());
    for drift in found {
        assert_eq!((drift.total(), drift.exact, drift.position), (0, true, world.head().await), "{drift:?}");
        let rows: i64 = sqlx::query_scalar(&format!("select count(*) from read.{}", drift.projection))
            .fetch_one(&world.pools.projector)
            .await
            .unwrap();
        assert_eq!(drift.rows, rows as u64);
    }
    process.end().await;
}

#[tokio::test]
async fn what_was_altered_by_hand_is_named() {
    let (world, _process) = filled().await;
    let id = cluster(0).to_string();
    let altered = format!(
        "update read.clusters set region = 'forged', issues = '[]' where id = '{id}' and tenant = '{}' and valid_to is null",
        tenant(1).uuid()
    );
    assert_eq!(run(&world, &altered).await, 1);
    assert_eq!(run(&world, "delete from read.audit_logs where position in (7, 8)").await, 2);
    let added = "insert into read.users select tenant, 'user_forged', status, roles, email_sealed, display_name_sealed, revision, \
         created_at, created_by, updated_at, updated_by, last_signed_in_at, position, recorded_at, valid_from, valid_to \
         from read.users where valid_to is null limit 1";
    assert_eq!(run(&world, added).await, 1);

    let found = compared(&world, &[]).await;

    let counts: Vec<_> =
        found.iter().map(|drift| (drift.projection, drift.missing, drift.extra, drift.differing)).collect();
    assert_eq!(
        counts,
        [("clusters", 0, 0, 1), ("users", 0, 1, 0), ("exports", 0, 0, 0), ("audit_logs", 2, 0, 0)]
    );
    let row = &found[0].differences[0];
    assert_eq!(
        (row.kind, row.tenant, row.id.as_str()),
        (DriftKind::Differing, tenant(1).uuid(), id.as_str())
    );
    let region = &row.members["region"];
    assert_eq!((&region.table, &region.log), (&json!("forged"), &json!("us-west-2")));
    assert!(row.valid_from.is_some());
    let row = &found[1].differences[0];
    assert_eq!((row.kind, row.id.as_str()), (DriftKind::Extra, "user_forged"));
    let events = world.events().await;
    let gone: Vec<_> = found[3].differences.iter().map(|row| (row.kind, row.id.clone())).collect();
    for position in [7, 8] {
        assert!(gone.contains(&(DriftKind::Missing, events[position - 1].recorded.event_id.to_string())));
    }
    rebuild(&world.pools.projector, Arc::clone(&world.feed), &[], &|_| ()).await.unwrap();
    assert_eq!(compared(&world, &[]).await.iter().map(Drift::total).sum::<u64>(), 0);
}

#[tokio::test]
async fn a_table_that_is_lost_altogether_is_counted() {
    let (world, _process) = filled().await;
    let rows = run(&world, "delete from read.audit_logs").await;
    let found = compared(&world, &["audit_logs"]).await;
    assert_eq!((found.len(), found[0].missing, found[0].exact), (1, rows, true));
    assert_eq!(found[0].differences.len(), 20, "the first are named");
    // A row that is not even one of the projection's.
    run(&world, "update read.clusters set provider = 'nowhere' where valid_to is null").await;
    assert!(compared(&world, &["clusters"]).await[0].differing > 0);
}

#[tokio::test]
async fn nothing_is_reported_while_events_come_in() {
    let (world, process) = filled().await;
    let stop = CancellationToken::new();
    let writing = tokio::spawn({
        let (world, stop) = (Arc::clone(&world), stop.clone());
        async move {
            let mut number = 150;
            while !stop.is_cancelled() {
                world.step(number).await;
                number += 1;
            }
        }
    });
    let start = world.head().await;
    let mut last = 0;
    for _ in 0..15 {
        for drift in compared(&world, &[]).await {
            assert_eq!(drift.total(), 0, "{drift:?}");
            last = last.max(drift.position);
        }
    }
    stop.cancel();
    writing.await.unwrap();
    assert!(last > start, "events did come in");
    process.end().await;
}

#[tokio::test]
async fn a_comparison_gives_way_to_a_rebuild() {
    let (world, _process) = filled().await;
    let mut other = world.pools.projector.acquire().await.unwrap();
    sqlx::query("select pg_advisory_lock(hashtextextended('clustermaster.rebuild.clusters', 0))")
        .execute(&mut *other)
        .await
        .unwrap();
    let compare = async |name: &str| {
        shadow(&world.pools.projector, Arc::clone(&world.feed), &[name], Pace::default()).await
    };
    let refused = compare("clusters").await;
    assert!(matches!(refused, Err(ShadowError::Rebuilding("clusters"))), "{refused:?}");
    assert_eq!(compare("users").await.unwrap()[0].total(), 0, "another table");
    let unknown = compare("cluster").await;
    assert!(matches!(unknown, Err(ShadowError::Unknown(_))), "{unknown:?}");
    run(&world, "update read.cursors set version = 0 where name = 'users'").await;
    let older = compare("users").await;
    assert!(matches!(older, Err(ShadowError::Version { name: "users", found: 0, .. })), "{older:?}");
}

#[tokio::test]
async fn hubs_check_themselves_and_see_a_repair() {
    let (world, _process) = filled().await;
    run(&world, "update read.users set status = 'disabled' where valid_to is null").await;
    let stop = CancellationToken::new();
    let schedule =
        Schedule { every: Duration::from_millis(50), first: Duration::ZERO, pace: Pace { rest: 1 } };
    let hubs: Vec<_> = (0..2)
        .map(|_| {
            let (pool, feed) = (world.pools.projector.clone(), Arc::clone(&world.feed));
            tokio::spawn(self_check::run(pool, feed, schedule, stop.clone()))
        })
        .collect();
    let known = |what: &'static str| {
        let pool = world.pools.projector.clone();
        async move {
            let sql = format!("select count(*) from read.self_checks where {what}");
            let found: i64 = sqlx::query_scalar(&sql).fetch_one(&pool).await.unwrap();
            found
        }
    };
    let tables = projection::names().len() as i64;
    let checked = until(LONG, || async { (known("true").await == tables).then_some(()) });
    checked.await.expect("every table is checked");
    assert_eq!(known("name = 'users' and drift > 0 and agreed_at is null").await, 1);
    assert_eq!(known("name <> 'users' and drift = 0 and agreed_at is not null").await, tables - 1);

    rebuild(&world.pools.projector, Arc::clone(&world.feed), &["users"], &|_| ()).await.unwrap();
    let agreed = "drift = 0 and agreed_at is not null";
    let repaired = until(LONG, || async { (known(agreed).await == tables).then_some(()) });
    repaired.await.expect("the next check sees the repair");
    stop.cancel();
    for hub in hubs {
        hub.await.unwrap();
    }
}
