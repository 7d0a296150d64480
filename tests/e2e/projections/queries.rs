//! Pages, filters, counts, the fleet, samples.

use std::sync::Arc;

use chrono::DateTime;
use hub_domain::cluster::{Cluster, ClusterCommand, Provider, Spec};
use hub_domain::kernel::{Labels, Region, TypedId};
use hub_projections::query::{AuditQuery, ClusterQuery, UserQuery};
use hub_projections::{Page, QueryError};

use super::world::{LONG, Process, World, account, cluster, credentials, failure, seen, spec, tenant, user};

fn page(limit: u32, sort: &str, cursor: Option<String>) -> Page {
    Page { limit, cursor, sort: Some(sort.to_owned()) }
}

/// What the active clusters run.
const VERSIONS: [&str; 4] = ["v1.29.3", "v1.29.3-eks-5e0fdde", "v1.30.0", "v1.31.2+k3s1"];

/// 23 clusters: 8 on GCP in `eu`, of which 4 are active with 3 nodes, and one of those is unreachable.
async fn fleet(world: &World) -> Process {
    for number in 0..23_u128 {
        let gcp = number % 3 == 0;
        let spec = Spec {
            provider: if gcp { Provider::Gcp } else { Provider::Aws },
            region: Region::new(if gcp { "eu" } else { "us" }).unwrap(),
            labels: Labels::new([("tier".to_owned(), (number % 2).to_string())].into()).unwrap(),
            ..spec(&format!("cluster-{number:02}"))
        };
        world.import(tenant(1), number, spec).await;
        if number % 6 == 0 {
            let mut seen = seen(3, &[]);
            seen.facts.version = VERSIONS[(number / 6) as usize].into();
            world.observe(tenant(1), number, seen).await.unwrap();
        }
    }
    let unreachable = ClusterCommand::ObserveFailure(credentials(), failure());
    world.decide::<Cluster>(tenant(1), &cluster(6).to_string(), unreachable).await.unwrap();
    let process = world.process();
    process.read.wait_for(world.head().await, LONG).await.unwrap();
    process
}

#[tokio::test]
async fn pages_hold_every_cluster_once_in_order() {
    let world = World::fresh().await;
    let process = fleet(&world).await;
    for sort in
        ["name", "-name", "status", "-updated_at", "region", "-nodes", "k8s_version", "health", "created_at"]
    {
        let (mut names, mut cursor) = (Vec::new(), None);
        loop {
            let query = ClusterQuery::default();
            let listed =
                process.read.clusters(tenant(1), &query, &page(4, sort, cursor), None).await.unwrap();
            assert_eq!((listed.total, listed.exact), (23, true), "{sort}");
            names.extend(listed.rows.into_iter().map(|row| row.name));
            cursor = listed.next;
            if cursor.is_none() {
                break;
            }
        }
        let whole = page(500, sort, None);
        let all = process.read.clusters(tenant(1), &ClusterQuery::default(), &whole, None).await.unwrap();
        assert_eq!(names, all.rows.into_iter().map(|row| row.name).collect::<Vec<_>>(), "{sort}");
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 23, "{sort}");
    }
}

#[tokio::test]
async fn filters_narrow_and_count() {
    let world = World::fresh().await;
    let process = fleet(&world).await;
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let none = ClusterQuery::default;
    let cases = [
        (ClusterQuery { provider: texts(&["gcp"]), ..none() }, 8),
        (ClusterQuery { provider: texts(&["gcp", "aws"]), ..none() }, 23),
        (ClusterQuery { region: texts(&["eu"]), status: texts(&["active"]), ..none() }, 4),
        (ClusterQuery { health: texts(&["unreachable"]), ..none() }, 1),
        (ClusterQuery { health: texts(&["unknown"]), ..none() }, 19),
        (ClusterQuery { k8s_version: texts(&["1.29"]), ..none() }, 2),
        (ClusterQuery { k8s_version: texts(&["v1.29.3"]), ..none() }, 1),
        (ClusterQuery { k8s_version: texts(&["1.29.3-eks-5e0fdde", "v1.30"]), ..none() }, 2),
        (ClusterQuery { k8s_version: texts(&["1.2", "1.29.30"]), ..none() }, 0),
        (ClusterQuery { label: texts(&["tier=1"]), ..none() }, 11),
        (ClusterQuery { label: texts(&["tier"]), ..none() }, 23),
        (ClusterQuery { label: texts(&["tier=1", "tier=0"]), ..none() }, 0),
        (ClusterQuery { name: Some("cluster-07".into()), ..none() }, 1),
        (ClusterQuery { q: Some("ER-1".into()), ..none() }, 10),
        (ClusterQuery { q: Some("one.example".into()), ..none() }, 23),
        (ClusterQuery { q: Some("nul\0byte".into()), ..none() }, 0),
        (ClusterQuery { status: texts(&["decommissioned"]), ..none() }, 0),
    ];
    for (query, expected) in cases {
        let listed = process.read.clusters(tenant(1), &query, &Page::default(), None).await.unwrap();
        assert_eq!((listed.rows.len(), listed.total), (expected, expected as u64), "{query:?}");
    }
}

#[tokio::test]
async fn cursors_of_other_lists_and_altered_ones_are_refused() {
    let world = World::fresh().await;
    let process = fleet(&world).await;
    let query = ClusterQuery::default();
    let first = process.read.clusters(tenant(1), &query, &page(5, "name", None), None).await.unwrap();
    let cursor = first.next.unwrap();
    let mut altered = cursor.clone().into_bytes();
    altered[9] ^= 1;
    let gcp = ClusterQuery { provider: vec!["gcp".into()], ..ClusterQuery::default() };
    let cases = [
        (&query, page(5, "-name", Some(cursor.clone()))),
        (&gcp, page(5, "name", Some(cursor.clone()))),
        (&query, page(5, "name", Some(String::from_utf8(altered).unwrap()))),
        (&query, page(5, "name", Some(String::new()))),
    ];
    for (query, page) in cases {
        let refused = process.read.clusters(tenant(1), query, &page, None).await;
        assert!(matches!(refused, Err(QueryError::InvalidCursor)), "{page:?}: {refused:?}");
    }
    let next = process.read.clusters(tenant(1), &query, &page(5, "name", Some(cursor)), None).await.unwrap();
    assert_eq!(next.rows[0].name, "cluster-05");
}

#[tokio::test]
async fn the_fleet_counts_and_is_rendered_once() {
    let world = World::fresh().await;
    let process = fleet(&world).await;
    let read = &process.read;

    let view = read.fleet(tenant(1), None).await.unwrap();

    assert_eq!(view.clusters.total, 23);
    assert_eq!(view.clusters.by_status, [("active".into(), 4), ("importing".into(), 19)].into());
    assert_eq!(
        view.clusters.by_health,
        [("healthy".into(), 3), ("unknown".into(), 19), ("unreachable".into(), 1)].into()
    );
    assert_eq!(view.clusters.by_provider, [("aws".into(), 15), ("gcp".into(), 8)].into());
    assert_eq!(view.clusters.by_version, VERSIONS.map(|version| (version.to_owned(), 1)).into());
    assert_eq!((view.nodes.total, view.nodes.ready), (12, 12));
    assert_eq!((view.attention_total, view.attention.len()), (1, 1));
    assert_eq!(view.attention[0].id, cluster(6).to_string());
    assert_eq!(view.recent[0].event_type, "cluster.health_changed.v2");
    assert_eq!(view.recent[0].cluster_name, "cluster-06");
    assert_eq!(view.recent.len(), 10);
    assert!(
        Arc::ptr_eq(&view, &read.fleet(tenant(1), None).await.unwrap()),
        "the same position, the same answer"
    );

    let position = world.import(tenant(2), 1, spec("elsewhere")).await;
    read.wait_for(position, LONG).await.unwrap();
    let later = read.fleet(tenant(1), None).await.unwrap();
    assert!(later.position >= position, "it has seen the other tenant's event");
    assert_eq!((&later.clusters, &later.recent), (&view.clusters, &view.recent));

    let position = world.observe(tenant(1), 6, seen(3, &[])).await.unwrap();
    read.wait_for(position, LONG).await.unwrap();
    assert_eq!(read.fleet(tenant(1), None).await.unwrap().attention_total, 0);
}

#[tokio::test]
async fn the_audit_log_is_searched_and_counted() {
    let world = World::fresh().await;
    let process = fleet(&world).await;
    world.import(tenant(2), 1, spec("elsewhere")).await;
    process.read.wait_for(world.head().await, LONG).await.unwrap();
    let read = &process.read;
    let all = read.events_after(tenant(1), 0, 500).await.unwrap();
    assert_eq!(all.len(), 28);

    let count = |query: AuditQuery| async move {
        read.audit_logs(tenant(1), &query, &Page::default(), None).await.unwrap().total
    };
    let none = AuditQuery::default;
    assert_eq!(count(none()).await, 28);
    assert_eq!(count(AuditQuery { from: Some(all[20].recorded_at), ..none() }).await, {
        all.iter().filter(|row| row.recorded_at >= all[20].recorded_at).count() as u64
    });
    let span = AuditQuery { from: Some(all[3].recorded_at), to: Some(all[9].recorded_at), ..none() };
    let inside =
        all.iter().filter(|row| (all[3].recorded_at..all[9].recorded_at).contains(&row.recorded_at)).count();
    assert_eq!(count(span).await, inside as u64);
    assert_eq!(count(AuditQuery { from: DateTime::from_timestamp(4_000_000_000, 0), ..none() }).await, 0);
    assert_eq!(count(AuditQuery { event_type: vec!["cluster.imported.v1".into()], ..none() }).await, 4);
    assert_eq!(count(AuditQuery { target: vec![cluster(6).to_string()], ..none() }).await, 3);
    assert_eq!(count(AuditQuery { target: vec!["cluster".into()], ..none() }).await, 28);
    assert_eq!(count(AuditQuery { actor: vec!["user_nobody".into()], ..none() }).await, 0);
    assert_eq!(count(AuditQuery { outcome: vec!["refused".into()], ..none() }).await, 0);

    let newest =
        read.audit_logs(tenant(1), &none(), &Page { limit: 3, ..Page::default() }, None).await.unwrap();
    assert_eq!(newest.rows, all.iter().rev().take(3).cloned().collect::<Vec<_>>());
    let next = Page { limit: 3, cursor: newest.next, sort: None };
    let next = read.audit_logs(tenant(1), &none(), &next, None).await.unwrap();
    assert_eq!(next.rows, all.iter().rev().skip(3).take(3).cloned().collect::<Vec<_>>());
    let last = all.last().unwrap();
    assert_eq!(read.audit_log(tenant(1), last.id).await.unwrap().as_ref(), Some(last));
    assert_eq!(
        read.events_after(tenant(1), last.position - 1, 10).await.unwrap(),
        std::slice::from_ref(last)
    );
}

#[tokio::test]
async fn users_are_listed_and_stay_sealed() {
    let world = World::fresh().await;
    let process = world.process();
    for number in 1..=3 {
        let command = hub_domain::user::UserCommand::Register(account());
        world.decide::<hub_domain::user::User>(tenant(1), &user(number).to_string(), command).await.unwrap();
    }
    let delete = hub_domain::user::UserCommand::Delete { id: user(3) };
    let position =
        world.decide::<hub_domain::user::User>(tenant(1), &user(3).to_string(), delete).await.unwrap();
    process.read.wait_for(position, LONG).await.unwrap();
    let read = &process.read;

    let listed = read.users(tenant(1), &UserQuery::default(), &Page::default(), None).await.unwrap();
    assert_eq!(
        listed.rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>(),
        [user(1).to_string(), user(2).to_string()]
    );
    assert_eq!(listed.rows[0].profile.as_ref().map(|profile| profile.email.as_str()), Some("c2VhbGVk"));
    assert!(!serde_json::to_string(&listed.rows).unwrap().contains("c2VhbGVk"));
    let role = |role: &str| UserQuery { role: vec![role.into()], ..UserQuery::default() };
    assert_eq!(read.users(tenant(1), &role("viewer"), &Page::default(), None).await.unwrap().total, 2);
    assert_eq!(read.users(tenant(1), &role("admin"), &Page::default(), None).await.unwrap().total, 0);
    let gone = read.user(tenant(1), user(3), None).await.unwrap().unwrap();
    assert_eq!((gone.status.as_str(), gone.profile), ("deleted", None));
    for sort in ["created_at", "-updated_at", "status", "-last_signed_in_at"] {
        let first = read.users(tenant(1), &UserQuery::default(), &page(1, sort, None), None).await.unwrap();
        let second =
            read.users(tenant(1), &UserQuery::default(), &page(1, sort, first.next), None).await.unwrap();
        assert_ne!(first.rows[0].id, second.rows[0].id, "{sort}");
        assert_eq!(second.next, None, "{sort}");
    }
}

#[tokio::test]
async fn a_sample_is_found() {
    let world = World::fresh().await;
    let process = world.process();
    sqlx::query("insert into read.observations values ($1, $2, now(), now(), '{\"nodes\": []}')")
        .bind(tenant(1).uuid())
        .bind(cluster(1).to_string())
        .execute(&world.pools.writer)
        .await
        .unwrap();
    let sample = process.read.sample(tenant(1), cluster(1)).await.unwrap().unwrap();
    assert_eq!(sample.answered_at, Some(sample.last_checked));
    assert_eq!(sample.sample, Some(serde_json::json!({ "nodes": [] })));
    assert_eq!(process.read.sample(tenant(1), cluster(2)).await.unwrap(), None);
}
