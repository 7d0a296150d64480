//! The search in a long log: each way to an entry finds what a look through all of them finds.

use hub_domain::kernel::TypedId as _;
use hub_projections::AuditRow;
use hub_projections::query::{AuditQuery, SearchQuery};
use uuid::Uuid;

use super::world::{LONG, World, spec, tenant};

const ENTRIES: i64 = 50_000;

/// A log in which everything that can be looked for is rare, or as frequent as can be.
async fn long(world: &World, of: u128) {
    let sql = "insert into read.audit_logs (tenant, position, sequence, id, recorded_at, actor, action, event_type, target_type, \
                 target_id, revision, outcome, summary, payload, leaf_hash, request_id, change_request, caused_by) \
               select $1, n, n - 1, lpad(to_hex(n), 32, '0')::uuid, now(), \
                 case when n % 5000 = 0 then 'user_rare' else 'system:observer' end, \
                 'cluster.' || (array['observe', 'import', 'change'])[n % 3 + 1], \
                 'cluster.kind_' || n % 40 || '.v1', 'cluster', 'cluster_' || n % 1000, 0, 'succeeded', 'It is so.', '{}', \
                 repeat('0', 64), case when n % 2 = 0 then 'request-' || n / 10 end, \
                 case when n % 1000 = 1 then 'CHG-' || n / 10000 end, case when n % 7 = 0 then lpad(to_hex(n / 70), 32, '0')::uuid end \
               from generate_series(1000001, 1000000 + $2) n";
    let done = sqlx::query(sql).bind(tenant(of).uuid()).bind(ENTRIES).execute(&world.pools.projector).await;
    assert_eq!(done.unwrap().rows_affected(), ENTRIES as u64);
}

fn is_it(row: &AuditRow, q: &str) -> bool {
    let named =
        [Some(&row.target_id), Some(&row.actor), row.request_id.as_ref(), row.change_request.as_ref()];
    named.into_iter().flatten().any(|name| name == q)
        || row.action.starts_with(q)
        || row.event_type.starts_with(q)
        || row.id.to_string() == q
        || row.position.to_string() == q
}

#[tokio::test]
async fn a_search_finds_what_a_look_through_everything_finds() {
    let world = World::fresh().await;
    let process = world.process();
    let head = world.import(tenant(1), 1, spec("one")).await;
    process.read.wait_for(head, LONG).await.unwrap();
    long(&world, 2).await;
    let (mut all, mut after) = (vec![], 0);
    loop {
        let rows = process.read.events_after(tenant(2), after, 500).await.unwrap();
        let Some(last) = rows.last() else { break };
        after = last.position;
        all.extend(rows);
    }
    assert_eq!(all.len() as i64, ENTRIES);
    all.reverse();

    let event = all[77].id.to_string();
    for q in [
        "cluster_7",
        "user_rare",
        "system:observer",
        "request-100007",
        "CHG-104",
        "cluster.",
        "c",
        "cluster.import",
        "cluster.kind_1",
        "cluster.kind_17.v1",
        "1000123",
        &event,
        "cluster.nothing",
        "d",
        "7",
        "zzz",
        "\u{10ffff}",
        "a\0b",
    ] {
        let query = SearchQuery { q: q.into(), limit: 10, entries: true };
        let found = process.read.search(tenant(2), &query).await.unwrap().entries;
        let found: Vec<Uuid> = found.iter().map(|entry| entry.id).collect();
        let wanted: Vec<Uuid> = all.iter().filter(|row| is_it(row, q)).take(10).map(|row| row.id).collect();
        assert_eq!(found, wanted, "{q}");
        assert!(
            process
                .read
                .search(tenant(1), &query)
                .await
                .unwrap()
                .entries
                .iter()
                .all(|one| one.position <= head)
        );
    }
    // The filters of the audit log find the same.
    let page = hub_projections::Page::default();
    let request = AuditQuery {
        request_id: vec!["request-100007".into(), "request-100009".into()],
        ..AuditQuery::default()
    };
    let listed = process.read.audit_logs(tenant(2), &request, &page, None).await.unwrap();
    let wanted = |row: &&AuditRow| row.request_id.as_ref().is_some_and(|id| request.request_id.contains(id));
    assert_eq!(listed.total as usize, all.iter().filter(wanted).count());
    assert!(listed.total == 10 && listed.rows.iter().all(|row| wanted(&row)));
    let cause = Uuid::from_u128(14_300);
    let effects = AuditQuery { caused_by: vec![cause, Uuid::from_u128(1)], ..AuditQuery::default() };
    let listed = process.read.audit_logs(tenant(2), &effects, &page, None).await.unwrap();
    assert_eq!(listed.total as usize, all.iter().filter(|row| row.caused_by == Some(cause)).count());
    assert!(listed.total > 0 && listed.rows.iter().all(|row| row.caused_by == Some(cause)));
}
