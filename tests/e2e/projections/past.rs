//! `as_of`: the past is a query, and equal to a refold up to that moment.

use chrono::{DateTime, Duration as Span, Utc};
use hub_projections::models::Clusters;
use hub_projections::query::ClusterQuery;
use hub_projections::{AsOf, ClusterRow, Event, Page, QueryError, oracle};

use super::world::{LONG, Process, World, cluster, spec, tenant};

/// Every cluster of tenant 1 as a refold up to a position has it, by id.
fn expected(events: &[Event], position: u64) -> Vec<ClusterRow> {
    let until = events.partition_point(|event| event.recorded.position <= position);
    let rows = oracle::refold::<Clusters>(&events[..until]).unwrap();
    let present = rows.into_iter().filter(|row| row.valid_to.is_none());
    let mut rows: Vec<ClusterRow> =
        present.filter(|row| tenant_of(row.row.tenant)).map(ClusterRow::from).collect();
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    rows
}

fn tenant_of(uuid: uuid::Uuid) -> bool {
    use hub_domain::kernel::TypedId;
    uuid == tenant(1).uuid()
}

async fn actual(process: &Process, as_of: AsOf) -> Vec<ClusterRow> {
    let every = ["importing", "import_failed", "active", "updating", "decommissioning", "decommissioned"];
    let query = ClusterQuery { status: every.map(String::from).to_vec(), ..ClusterQuery::default() };
    let page = Page { limit: 500, ..Page::default() };
    let mut rows = process.read.clusters(tenant(1), &query, &page, Some(as_of)).await.unwrap().rows;
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    rows
}

#[tokio::test]
async fn every_moment_is_that_of_a_refold() {
    let world = World::fresh().await;
    let process = world.process();
    for number in 0..200 {
        world.step(number).await;
    }
    let head = world.head().await;
    process.read.wait_for(head, LONG).await.unwrap();
    let events = world.events().await;

    for position in 0..=head {
        let wanted = expected(&events, position);
        assert_eq!(actual(&process, AsOf::Position(position)).await, wanted, "at {position}");
        let fleet = process.read.fleet(tenant(1), Some(AsOf::Position(position))).await.unwrap();
        let alive: Vec<_> = wanted.iter().filter(|row| row.status != "decommissioned").collect();
        assert_eq!(fleet.clusters.total, alive.len() as u64, "at {position}");
        assert_eq!(fleet.nodes.total, alive.iter().map(|row| row.nodes.total).sum::<u64>(), "at {position}");
        let degraded = alive.iter().filter(|row| row.health == "degraded").count() as u64;
        assert_eq!(fleet.clusters.by_health.get("degraded").copied().unwrap_or(0), degraded, "at {position}");
        assert!(fleet.recent.iter().all(|change| change.position <= position), "at {position}");
        assert_eq!(fleet.position, position);
    }
    for event in events.iter().step_by(7) {
        let time = DateTime::<Utc>::from_timestamp_micros(event.recorded.recorded_at).unwrap();
        // Several events may bear one time: the moment is after the last of them.
        let last = events.partition_point(|other| other.recorded.recorded_at <= event.recorded.recorded_at);
        assert_eq!(actual(&process, AsOf::Time(time)).await, expected(&events, last as u64), "at {time}");
        let one = process.read.cluster(tenant(1), cluster(0), Some(AsOf::Time(time))).await.unwrap();
        let wanted = expected(&events, last as u64);
        assert_eq!(one, wanted.into_iter().find(|row| row.id == cluster(0).to_string()));
    }
}

#[tokio::test]
async fn the_future_is_refused_and_what_was_just_written_is_waited_for() {
    let world = World::fresh().await;
    let process = world.process();
    let position = world.import(tenant(1), 1, spec("one")).await;

    let found = process.read.cluster(tenant(1), cluster(1), Some(AsOf::Position(position))).await.unwrap();
    assert_eq!(found.unwrap().position, position);
    let future = process.read.cluster(tenant(1), cluster(1), Some(AsOf::Position(position + 1))).await;
    assert!(matches!(future, Err(QueryError::FutureAsOf)), "{future:?}");
    let recorded = world.events().await.pop().unwrap().recorded.recorded_at;
    let tomorrow = DateTime::from_timestamp_micros(recorded).unwrap() + Span::days(1);
    let future = process.read.fleet(tenant(1), Some(AsOf::Time(tomorrow))).await;
    assert!(matches!(future, Err(QueryError::FutureAsOf)), "{future:?}");
    let before = DateTime::from_timestamp_micros(recorded - 1).unwrap();
    assert_eq!(process.read.cluster(tenant(1), cluster(1), Some(AsOf::Time(before))).await.unwrap(), None);
}
