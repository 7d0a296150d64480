//! `as_of`: the past is a query, and equal to a refold up to that moment.

use chrono::{DateTime, Duration as Span, Utc};
use hub_domain::user::{User, UserCommand};
use hub_projections::models::{AuditLogs, Clusters, Users};
use hub_projections::query::{AuditQuery, ClusterQuery, UserQuery};
use hub_projections::{AsOf, ClusterRow, Event, Page, QueryError, UserRow, oracle};

use super::world::{LONG, Process, World, account, cluster, spec, tenant, user};

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

/// Every user of tenant 1 as a refold up to a position has it, by id. Who is deleted by now has no name in the past either.
fn expected_users(events: &[Event], position: u64) -> Vec<UserRow> {
    let present = |events: &[Event]| {
        let rows = oracle::refold::<Users>(events).unwrap().into_iter();
        let rows = rows.filter(|row| row.valid_to.is_none() && tenant_of(row.row.tenant));
        rows.map(|row| UserRow::from(row.row)).collect::<Vec<_>>()
    };
    let until = events.partition_point(|event| event.recorded.position <= position);
    let gone: Vec<String> =
        present(events).into_iter().filter(|row| row.status == "deleted").map(|row| row.id).collect();
    let mut rows = present(&events[..until]);
    for row in rows.iter_mut().filter(|row| gone.contains(&row.id)) {
        row.profile = None;
    }
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    rows
}

async fn actual_users(process: &Process, as_of: AsOf) -> Vec<UserRow> {
    let every = ["active", "disabled", "deleted"].map(String::from).to_vec();
    let query = UserQuery { status: every, ..UserQuery::default() };
    let page = Page { limit: 500, ..Page::default() };
    let mut rows = process.read.users(tenant(1), &query, &page, Some(as_of)).await.unwrap().rows;
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    rows
}

#[tokio::test]
async fn users_and_the_audit_log_have_a_past_as_well() {
    let world = World::fresh().await;
    let process = world.process();
    for number in 0..180 {
        world.step(number).await;
    }
    // One who changes, and one who goes.
    let (changed, gone) = (user(50), user(51));
    for id in [changed, gone] {
        world.decide::<User>(tenant(1), &id.to_string(), UserCommand::Register(account())).await.unwrap();
    }
    let off = hub_domain::user::Changes { enabled: Some(false), ..Default::default() };
    let off = UserCommand::Change { id: changed, changes: off };
    world.decide::<User>(tenant(1), &changed.to_string(), off).await.unwrap();
    world.decide::<User>(tenant(1), &gone.to_string(), UserCommand::Delete { id: gone }).await.unwrap();
    let head = world.head().await;
    process.read.wait_for(head, LONG).await.unwrap();
    let events = world.events().await;
    let entries: Vec<_> = oracle::refold::<AuditLogs>(&events)
        .unwrap()
        .into_iter()
        .map(|stored| stored.row)
        .filter(|row| tenant_of(row.tenant))
        .collect();

    let page = Page { limit: 500, ..Page::default() };
    let steps: Vec<u64> = (0..=head).step_by(3).chain(head - 4..=head).collect();
    for position in steps {
        assert_eq!(
            actual_users(&process, AsOf::Position(position)).await,
            expected_users(&events, position),
            "at {position}"
        );
        let until = entries.partition_point(|entry| entry.position <= position);
        let mut wanted: Vec<u64> = entries[..until].iter().map(|entry| entry.position).collect();
        wanted.reverse();
        let as_of = Some(AsOf::Position(position));
        let listed = process.read.audit_logs(tenant(1), &AuditQuery::default(), &page, as_of).await.unwrap();
        assert_eq!(listed.rows.iter().map(|row| row.position).collect::<Vec<_>>(), wanted, "at {position}");
        assert_eq!((listed.total, listed.exact, listed.position), (until as u64, true, position));
        let target = AuditQuery { target: vec![cluster(0).to_string()], ..AuditQuery::default() };
        let listed = process.read.audit_logs(tenant(1), &target, &page, as_of).await.unwrap();
        let of_one = entries[..until].iter().filter(|entry| entry.target_id == cluster(0).to_string());
        assert_eq!(listed.total, of_one.count() as u64, "at {position}");
    }
    for event in events.iter().step_by(11) {
        let time = DateTime::<Utc>::from_timestamp_micros(event.recorded.recorded_at).unwrap();
        let last = events.partition_point(|other| other.recorded.recorded_at <= event.recorded.recorded_at);
        let wanted = expected_users(&events, last as u64);
        assert_eq!(actual_users(&process, AsOf::Time(time)).await, wanted, "at {time}");
        let one = process.read.user(tenant(1), changed, Some(AsOf::Time(time))).await.unwrap();
        assert_eq!(one, wanted.into_iter().find(|row| row.id == changed.to_string()), "at {time}");
        let listed = process
            .read
            .audit_logs(tenant(1), &AuditQuery::default(), &page, Some(AsOf::Time(time)))
            .await
            .unwrap();
        let until = entries.partition_point(|entry| entry.recorded_at <= time);
        assert_eq!(listed.total, until as u64, "at {time}");
    }
    let before = process.read.user(tenant(1), gone, Some(AsOf::Position(head - 1))).await.unwrap().unwrap();
    assert_eq!((before.status.as_str(), before.profile), ("active", None), "what was, without the name");
}

#[tokio::test]
async fn pages_of_the_past_fit_together() {
    let world = World::fresh().await;
    let process = world.process();
    for number in 0..60 {
        world.step(number).await;
    }
    let then = world.head().await;
    process.read.wait_for(then, LONG).await.unwrap();
    let as_of = Some(AsOf::Position(then));
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = Page { limit: 5, cursor, sort: None };
        let listed = process.read.audit_logs(tenant(1), &AuditQuery::default(), &page, as_of).await.unwrap();
        seen.extend(listed.rows.iter().map(|row| row.position));
        // The log goes on meanwhile.
        world.import(tenant(1), 1000 + seen.len() as u128, spec(&format!("later-{}", seen.len()))).await;
        let Some(next) = listed.next else { break };
        let elsewhere = Page { limit: 5, cursor: Some(next.clone()), sort: None };
        let refused = process.read.audit_logs(tenant(1), &AuditQuery::default(), &elsewhere, None).await;
        assert!(matches!(refused, Err(QueryError::InvalidCursor)), "the cursor of another moment");
        cursor = Some(next);
    }
    let mut sorted = seen.clone();
    sorted.sort_unstable_by(|one, other| other.cmp(one));
    sorted.dedup();
    assert_eq!((seen.len(), seen.iter().all(|position| *position <= then)), (sorted.len(), true));
    assert_eq!(seen, sorted);
}
