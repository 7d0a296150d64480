//! What differs between two moments: the read models say what a refold of the log says.

use std::collections::BTreeMap;

use hub_domain::cluster::{Cluster, ClusterCommand};
use hub_domain::kernel::TypedId;
use hub_projections::query::{ClusterDiff, DiffKind, DiffQuery, FleetDiff};
use hub_projections::{AsOf, Page, QueryError};
use hub_replay::diff::{Comparing, Comparison};
use hub_replay::replay;
use serde_json::json;

use super::world::{LONG, Process, World, cluster, seen, spec, tenant};

/// The same by folding the log anew.
async fn refolded(world: &World, from: u64, to: u64) -> Comparison {
    let moment = replay::AsOf::Position;
    let mut comparing = Comparing::new(moment(from), Some(moment(to)), Some(tenant(1).uuid()));
    for event in world.events().await {
        if !comparing.take(event.recorded).unwrap() {
            break;
        }
    }
    comparing.finish().unwrap()
}

/// Every page of it.
async fn whole(process: &Process, from: u64, to: Option<u64>, limit: u32) -> (FleetDiff, Vec<ClusterDiff>) {
    let query = DiffQuery { from: AsOf::Position(from), to: to.map(AsOf::Position), change: vec![] };
    let (mut rows, mut cursor) = (Vec::new(), None);
    loop {
        let page = Page { limit, cursor, sort: None };
        let mut diff = process.read.fleet_diff(tenant(1), &query, &page).await.unwrap();
        rows.append(&mut diff.clusters.rows);
        cursor = diff.clusters.next.take();
        if cursor.is_none() {
            assert_eq!(diff.clusters.total, rows.len() as u64);
            return (diff, rows);
        }
    }
}

#[tokio::test]
async fn any_two_moments_differ_as_a_refold_says() {
    let world = World::fresh().await;
    let process = world.process();
    for number in 0..220 {
        world.step(number).await;
    }
    let head = world.head().await;
    process.read.wait_for(head, LONG).await.unwrap();

    let mut kinds: BTreeMap<DiffKind, u64> = BTreeMap::new();
    for from in (0..=head).step_by(9) {
        for to in (from..=head).step_by(13) {
            let (diff, rows) = whole(&process, from, Some(to), 3).await;
            let expected = refolded(&world, from, to).await;
            assert_eq!((diff.before.position, diff.after.position), (from, to));
            assert_eq!(diff.before.clusters.total, expected.from.clusters, "{from} to {to}");
            assert_eq!(diff.after.clusters.total, expected.to.clusters, "{from} to {to}");
            let counted = expected.clusters.iter().fold(BTreeMap::new(), |mut counts, row| {
                *counts.entry(row.change).or_insert(0) += 1;
                counts
            });
            assert_eq!(diff.changes, counted, "{from} to {to}");
            for (kind, count) in counted {
                *kinds.entry(kind).or_default() += count;
            }
            let ours: Vec<_> = rows
                .iter()
                .map(|row| {
                    let events =
                        row.events.iter().map(|event| (event.id, event.position)).collect::<Vec<_>>();
                    (
                        row.id.clone(),
                        row.name.clone(),
                        row.change,
                        row.members.clone(),
                        events,
                        row.events_total,
                    )
                })
                .collect();
            let theirs: Vec<_> = expected
                .clusters
                .into_iter()
                .map(|row| {
                    let events =
                        row.events.iter().map(|event| (event.id, event.position)).collect::<Vec<_>>();
                    (row.id, row.name.unwrap(), row.change, row.members, events, row.events_total)
                })
                .collect();
            assert_eq!(ours, theirs, "{from} to {to}");
        }
    }
    for kind in [DiffKind::Came, DiffKind::Changed] {
        assert!(kinds[&kind] > 0, "the history has no cluster that {kind:?}");
    }
}

#[tokio::test]
async fn each_kind_of_difference_is_told() {
    let world = World::fresh().await;
    let process = world.process();
    let decide = |number: u128, command: ClusterCommand| {
        let world = &world;
        async move { world.decide::<Cluster>(tenant(1), &cluster(number).to_string(), command).await.unwrap() }
    };
    for (number, name) in [(1, "goes"), (2, "changes"), (3, "returns"), (4, "stays")] {
        world.import(tenant(1), number, spec(name)).await;
        world.observe(tenant(1), number, seen(3, &[])).await.unwrap();
    }
    let from = world.head().await;
    decide(1, ClusterCommand::RequestDecommission).await;
    decide(1, ClusterCommand::ConfirmDecommission).await;
    let changed = world.observe(tenant(1), 2, seen(3, &["node-not-ready"])).await.unwrap();
    world.observe(tenant(1), 3, seen(3, &["node-not-ready"])).await.unwrap();
    world.observe(tenant(1), 3, seen(3, &[])).await.unwrap();
    world.import(tenant(1), 5, spec("comes")).await;
    world.import(tenant(1), 6, spec("passes")).await;
    decide(6, ClusterCommand::RequestDecommission).await;
    decide(6, ClusterCommand::ConfirmDecommission).await;
    world.import(tenant(2), 7, spec("elsewhere")).await;
    let head = world.head().await;
    process.read.wait_for(head, LONG).await.unwrap();

    let (diff, rows) = whole(&process, from, None, 50).await;

    let kinds: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.change, row.events_total)).collect();
    assert_eq!(
        kinds,
        [
            ("changes", DiffKind::Changed, 1),
            ("comes", DiffKind::Came, 1),
            ("goes", DiffKind::Went, 2),
            ("passes", DiffKind::Passed, 3),
            ("returns", DiffKind::Returned, 2),
        ]
    );
    assert_eq!((diff.before.clusters.total, diff.after.clusters.total), (4, 4));
    let health = &rows[0].members["health"];
    assert_eq!((&health.from, &health.to), (&json!("healthy"), &json!("degraded")));
    assert_eq!(rows[0].members.keys().collect::<Vec<_>>(), ["health", "issues"]);
    assert_eq!((rows[0].events.len(), rows[0].events[0].position), (1, changed));
    assert!(rows[4].members.is_empty(), "{:?}", rows[4].members);
    assert_eq!((&rows[1].members["name"].from, &rows[1].members["name"].to), (&json!(null), &json!("comes")));

    let only = DiffQuery { from: AsOf::Position(from), to: None, change: vec!["went".into(), "came".into()] };
    let some = process.read.fleet_diff(tenant(1), &only, &Page::default()).await.unwrap();
    assert_eq!((some.clusters.total, some.changes.values().sum::<u64>()), (2, 5), "counts know no filter");
    let wrong = [
        (AsOf::Position(from + 1), Some(AsOf::Position(from)), "to"),
        (AsOf::Position(head + 1), None, "from"),
        (AsOf::Position(0), Some(AsOf::Position(head + 1)), "to"),
    ];
    for (from, to, named) in wrong {
        let query = DiffQuery { from, to, change: vec![] };
        let refused = process.read.fleet_diff(tenant(1), &query, &Page::default()).await;
        let Err(QueryError::InvalidFilter { parameter, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(parameter, named);
    }
}
