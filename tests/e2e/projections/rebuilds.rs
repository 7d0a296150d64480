//! Tables built anew beside the live ones, while everybody goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hub_domain::kernel::TypedId as _;
use hub_domain::user::{User, UserCommand};
use hub_projections::query::ClusterQuery;
use hub_projections::rebuild::{RebuildError, RebuildProgress, rebuild};
use hub_projections::{Page, projection};
use tokio_util::sync::CancellationToken;

use super::world::{LONG, World, account, cluster, spec, tenant, user};

/// Tables and indexes of the schema.
async fn relations(world: &World) -> Vec<String> {
    sqlx::query_scalar(
        "select relname::text from pg_class where relnamespace = 'read'::regnamespace and relkind in ('r', 'i') order by 1",
    )
    .fetch_all(&world.pools.projector)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_rebuild_under_writes_and_reads_is_noticed_by_nobody() {
    let world = Arc::new(World::fresh().await);
    let process = Arc::new(world.process());
    // The one that stays: the steps end all of theirs sooner or later.
    world.import(tenant(1), 99, spec("stays")).await;
    for number in 0..100 {
        world.step(number).await;
    }
    process.read.wait_for(world.head().await, LONG).await.unwrap();
    let before = relations(&world).await;
    let stop = CancellationToken::new();
    let writing = tokio::spawn({
        let (world, stop) = (Arc::clone(&world), stop.clone());
        async move {
            let mut number = 100;
            while !stop.is_cancelled() {
                world.step(number).await;
                number += 1;
            }
        }
    });
    let reading = tokio::spawn({
        let (process, stop) = (Arc::clone(&process), stop.clone());
        async move {
            let (mut last, mut reads) = (0, 0);
            while !stop.is_cancelled() {
                let listed = process
                    .read
                    .clusters(tenant(1), &ClusterQuery::default(), &Page::default(), None)
                    .await
                    .unwrap();
                assert!(!listed.rows.is_empty(), "a reader saw an empty table");
                assert!(listed.position >= last, "a reader went back from {last} to {}", listed.position);
                last = listed.position;
                reads += 1;
            }
            reads
        }
    });

    for round in 1..=3 {
        let furthest = AtomicU64::new(0);
        let report = |progress: &RebuildProgress| {
            furthest.fetch_max(progress.position, Ordering::SeqCst);
        };
        let rebuilt = rebuild(&world.pools.projector, Arc::clone(&world.feed), &[], &report).await.unwrap();
        assert_eq!(rebuilt.iter().map(|table| table.name).collect::<Vec<_>>(), projection::names());
        assert!(furthest.into_inner() > 0, "progress was reported");
        for name in projection::names() {
            assert_eq!(world.cursor("generation", name).await, Some(round), "{name}");
        }
    }

    stop.cancel();
    writing.await.unwrap();
    assert!(reading.await.unwrap() > 0);
    process.read.wait_for(world.head().await, LONG).await.expect("the live projections go on");
    world.assert_equal_to_a_refold().await;
    assert_eq!(
        relations(&world).await,
        before,
        "every table and index has its old name, and nothing is left over"
    );
    assert!(
        process
            .read
            .cluster(tenant(2), cluster(0), None)
            .await
            .unwrap()
            .is_none_or(|row| row.id == cluster(0).to_string())
    );
}

#[tokio::test]
async fn a_rebuild_repairs_and_leaves_rows_behind_the_same_walls() {
    let world = World::fresh().await;
    let process = world.process();
    let position = world.import(tenant(1), 1, spec("one")).await;
    process.read.wait_for(position, LONG).await.unwrap();
    sqlx::query("update read.clusters set name = 'forged'").execute(&world.pools.projector).await.unwrap();
    // What a rebuild that died has left behind.
    sqlx::query("create table read.clusters__next (id text)").execute(&world.pools.projector).await.unwrap();

    rebuild(&world.pools.projector, Arc::clone(&world.feed), &["clusters"], &|_| ()).await.unwrap();

    world.assert_equal_to_a_refold().await;
    let own = process.read.cluster(tenant(1), cluster(1), None).await.unwrap();
    assert_eq!(own.unwrap().name, "one");
    let visible: i64 = sqlx::query_scalar("select count(*) from read.clusters")
        .fetch_one(&world.pools.reader)
        .await
        .unwrap();
    assert_eq!(visible, 0, "without a tenant there are no rows in the new table either");
}

#[tokio::test]
async fn two_rebuilds_of_one_table_do_not_meet() {
    let world = World::fresh().await;
    world.import(tenant(1), 1, spec("one")).await;
    // Somebody else's rebuild, as the database sees it.
    let mut other = world.pools.projector.acquire().await.unwrap();
    sqlx::query("select pg_advisory_lock(hashtextextended('clustermaster.rebuild.clusters', 0))")
        .execute(&mut *other)
        .await
        .unwrap();

    let refused = rebuild(&world.pools.projector, Arc::clone(&world.feed), &["clusters"], &|_| ()).await;
    assert!(matches!(refused, Err(RebuildError::Running("clusters"))), "{refused:?}");
    let unknown = rebuild(&world.pools.projector, Arc::clone(&world.feed), &["cluster"], &|_| ()).await;
    assert!(matches!(unknown, Err(RebuildError::Unknown(_))), "{unknown:?}");
    rebuild(&world.pools.projector, Arc::clone(&world.feed), &["users"], &|_| ())
        .await
        .expect("another table");
}

#[tokio::test]
async fn an_event_that_cannot_be_read_leaves_the_live_table_as_it_was() {
    let world = World::fresh().await;
    let good = world.import(tenant(1), 1, spec("one")).await;
    let process = world.process();
    process.read.wait_for(good, LONG).await.unwrap();
    let bad = world.raw(tenant(1), &cluster(1).to_string(), "cluster.changed.v1", r#"{"name": 5}"#).await;

    let refused = rebuild(&world.pools.projector, Arc::clone(&world.feed), &[], &|_| ()).await;

    let Err(RebuildError::Poison { name: "clusters", poison }) = refused else { panic!("{refused:?}") };
    assert_eq!(poison.position, bad);
    assert_eq!(world.cursor("generation", "clusters").await, Some(0));
    assert!(process.read.cluster(tenant(1), cluster(1), None).await.unwrap().is_some());
}

#[tokio::test]
async fn a_row_that_the_database_refuses_is_traced_to_its_event() {
    for ended in [false, true] {
        let world = World::fresh().await;
        let stream = cluster(1).to_string();
        world.import(tenant(1), 1, spec("one")).await;
        let nul = r#"{"failure":{"code":"c","message":"\u0000"}}"#;
        let bad = world.raw(tenant(1), &stream, "cluster.import_failed.v1", nul).await;
        if ended {
            world.raw(tenant(1), &stream, "cluster.decommission_requested.v1", "{}").await;
        }
        let refused = rebuild(&world.pools.projector, Arc::clone(&world.feed), &["clusters"], &|_| ()).await;
        let Err(RebuildError::Poison { poison, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(poison.position, bad, "{poison}");
    }
}

#[tokio::test]
async fn a_table_of_older_code_is_built_anew_at_the_start() {
    let world = World::fresh().await;
    let process = world.process();
    let position = world.import(tenant(1), 1, spec("one")).await;
    process.read.wait_for(position, LONG).await.unwrap();
    process.end().await;
    sqlx::raw_sql(
        "update read.cursors set version = 0; update read.clusters set region = 'as older code had it'",
    )
    .execute(&world.pools.projector)
    .await
    .unwrap();
    let position = world.import(tenant(1), 2, spec("two")).await;

    let processes = [world.process(), world.process()];

    for process in &processes {
        process.read.wait_for(position, LONG).await.unwrap();
    }
    world.assert_equal_to_a_refold().await;
    assert_eq!(world.cursor("version", "clusters").await, Some(1));
    assert_eq!(world.cursor("generation", "clusters").await, Some(1), "once, though two processes wanted to");
}

#[tokio::test]
async fn a_hub_of_the_release_before_goes_on_writing_users_until_they_are_built_anew() {
    let world = World::fresh().await;
    world.decide::<User>(tenant(1), &user(1).to_string(), UserCommand::Register(account())).await.unwrap();
    // As version 1 of the projection writes: it knows neither versions nor when they began.
    let old = "insert into read.users (tenant, id, status, roles, revision, created_at, created_by, updated_at, updated_by, position) \
               values ($1, $2, 'active', '{viewer}', 0, now(), 'old', now(), 'old', 1)";
    sqlx::query(old)
        .bind(tenant(1).uuid())
        .bind(user(1).to_string())
        .execute(&world.pools.projector)
        .await
        .unwrap();
    sqlx::query("insert into read.cursors (name, version, position) values ('users', 1, 1)")
        .execute(&world.pools.projector)
        .await
        .unwrap();
    let from: i64 = sqlx::query_scalar("select valid_from from read.users")
        .fetch_one(&world.pools.projector)
        .await
        .unwrap();
    assert_eq!(from, 1, "such a row is the present version");

    let process = world.process();

    let anew =
        hub_kit::until(LONG, || async { (world.cursor("version", "users").await == Some(2)).then_some(()) });
    anew.await.expect("the table is built anew");
    process.read.wait_for(world.head().await, LONG).await.unwrap();
    world.assert_equal_to_a_refold().await;
}
