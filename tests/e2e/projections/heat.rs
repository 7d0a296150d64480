//! The fleet as a grid: what the list of clusters says, in another order.

use hub_commands::ports::Clock as _;
use hub_domain::cluster::{Cluster, ClusterCommand, Provider};
use hub_domain::kernel::{Labels, TypedId as _};
use hub_kit::SystemClock;
use hub_projections::query::{ClusterQuery, GroupBy, HeatCell, HeatMap};
use hub_projections::{AsOf, ClusterRow, Page};

use super::world::{LONG, Process, World, cluster, credentials, failure, seen, spec, tenant};

fn label(key: &str) -> GroupBy {
    GroupBy::Label(key.into())
}

fn rank(health: &str, status: &str) -> usize {
    match (health, status) {
        ("unreachable", _) => 0,
        ("degraded", _) | (_, "import_failed") => 1,
        ("healthy", _) => 3,
        _ => 2,
    }
}

/// Every cell with its group, as the list of clusters has it.
fn expected(rows: &[ClusterRow], by: &GroupBy) -> Vec<(Option<String>, HeatCell)> {
    let key = |row: &ClusterRow| match by {
        GroupBy::Provider => Some(serde_json::to_value(row.provider).unwrap().as_str().unwrap().to_owned()),
        GroupBy::Region => Some(row.region.clone()),
        GroupBy::Label(key) => serde_json::to_value(&row.labels)
            .unwrap()
            .get(key)
            .map(|value| value.as_str().unwrap().to_owned()),
    };
    let counts = |wanted: &Option<String>| {
        let mut counts = [0_i64; 4];
        for row in rows.iter().filter(|row| key(row) == *wanted) {
            counts[rank(&row.health, &row.status)] += 1;
        }
        counts
    };
    let mut cells: Vec<_> = rows.iter().map(|row| (key(row), row)).collect();
    cells.sort_by_key(|(key, row)| {
        let counts = counts(key);
        let worst = counts.iter().position(|number| *number > 0);
        let many = [-counts[0], -counts[1], -counts[2]];
        let at = rank(&row.health, &row.status);
        (worst, many, key.is_none(), key.clone(), at, row.name.clone(), row.id.clone())
    });
    let cell = |row: &ClusterRow| HeatCell {
        id: row.id.clone(),
        name: row.name.clone(),
        health: row.health.clone(),
        status: row.status.clone(),
    };
    cells.into_iter().map(|(key, row)| (key, cell(row))).collect()
}

fn flat(map: HeatMap) -> Vec<(Option<String>, HeatCell)> {
    let groups = map.groups.into_iter();
    groups.flat_map(|group| group.cells.into_iter().map(move |cell| (group.key.clone(), cell))).collect()
}

async fn rows(process: &Process, as_of: Option<AsOf>) -> Vec<ClusterRow> {
    let page = Page { limit: 500, ..Page::default() };
    process.read.clusters(tenant(1), &ClusterQuery::default(), &page, as_of).await.unwrap().rows
}

#[tokio::test]
async fn the_grid_is_the_list_at_every_moment() {
    let world = World::fresh().await;
    let process = world.process();
    for number in 0..12 {
        let mut spec = spec(&format!("heat-{number}"));
        spec.provider = [Provider::Aws, Provider::Gcp, Provider::OnPremises][number as usize % 3];
        if number % 4 > 0 {
            let team = ("team".to_owned(), format!("t{}", number % 4));
            spec.labels = Labels::new([team].into()).unwrap();
        }
        world.import(tenant(1), 100 + number, spec).await;
        match number % 5 {
            0 => world.observe(tenant(1), 100 + number, seen(3, &[])).await,
            1 => world.observe(tenant(1), 100 + number, seen(3, &["node-not-ready"])).await,
            2 => {
                let command = ClusterCommand::ObserveFailure(credentials(), failure());
                world.decide::<Cluster>(tenant(1), &cluster(100 + number).to_string(), command).await
            }
            3 => {
                let (stream, command) =
                    (cluster(100 + number).to_string(), ClusterCommand::RequestDecommission);
                world.decide::<Cluster>(tenant(1), &stream, command).await
            }
            _ => None,
        };
    }
    for number in 0..120 {
        world.step(number).await;
    }
    let head = world.head().await;
    process.read.wait_for(head, LONG).await.unwrap();
    for by in [GroupBy::Provider, GroupBy::Region, label("team"), label("env"), label("nothing")] {
        let moments = (0..=head).step_by(7).chain([head]).map(|at| Some(AsOf::Position(at)));
        for as_of in moments.chain([None]) {
            let map = process.read.heat_map(tenant(1), &by, as_of).await.unwrap();
            let listed = rows(&process, as_of).await;
            assert_eq!((map.total, map.shown), (listed.len() as u64, listed.len() as u64));
            for group in &map.groups {
                assert_eq!(group.by_health.values().sum::<u64>(), group.cells.len() as u64);
                for (health, number) in &group.by_health {
                    let cells = group.cells.iter().filter(|cell| cell.health == *health).count() as u64;
                    assert_eq!(*number, cells, "{by:?} {as_of:?} {health}");
                }
            }
            if let Some(AsOf::Position(at)) = as_of {
                assert_eq!(map.position, at);
            }
            assert_eq!(flat(map), expected(&listed, &by), "{by:?} {as_of:?}");
        }
    }
    let nobody = process.read.heat_map(tenant(77), &GroupBy::Provider, None).await.unwrap();
    assert_eq!((nobody.total, nobody.shown, nobody.groups.len()), (0, 0, 0));
}

/// Rows that stand for clusters, two versions each.
async fn many(world: &World, number: i32, of: u128) {
    let sql = "insert into read.clusters (tenant, id, name, provider, region, status, health, nodes_total, nodes_ready, \
                 labels, issues, endpoint, revision, created_at, created_by, updated_at, updated_by, valid_from, valid_to) \
               select $1, 'cluster_' || n, 'c-' || lpad(n::text, 5, '0'), (array['aws', 'gcp', 'azure', 'on_premises'])[n % 4 + 1], \
                 'r' || n % 20, 'active', case when n % 50 = 0 then 'unreachable' when n % 10 = 0 then 'degraded' else 'healthy' end, \
                 3, 3, jsonb_build_object('team', 't' || n % 30), '[]', 'https://x:1', v, now(), 'user_x', now(), 'user_x', \
                 n * 2 + v, case when v = 0 then n * 2 + 1 end \
               from generate_series(0, $2 - 1) n, generate_series(0, 1) v";
    let done = sqlx::query(sql).bind(tenant(of).uuid()).bind(number).execute(&world.pools.projector).await;
    assert_eq!(done.unwrap().rows_affected(), number as u64 * 2);
}

#[tokio::test]
async fn a_thousand_cells_come_whole_and_of_more_than_five_thousand_the_worst() {
    let world = World::fresh().await;
    let process = world.process();
    let head = world.import(tenant(1), 1, spec("one")).await;
    process.read.wait_for(head, LONG).await.unwrap();
    many(&world, 1_000, 2).await;
    many(&world, 6_000, 3).await;
    for by in [GroupBy::Region, label("team")] {
        for as_of in [None, Some(AsOf::Time(SystemClock.now()))] {
            let map = process.read.heat_map(tenant(2), &by, as_of).await.unwrap();
            assert_eq!((map.total, map.shown), (1_000, 1_000));
        }
    }
    let map = process.read.heat_map(tenant(3), &GroupBy::Provider, None).await.unwrap();
    assert_eq!((map.total, map.shown), (6_000, 5_000));
    let healths: u64 = map.groups.iter().flat_map(|group| group.by_health.values()).sum();
    let cells: u64 = map.groups.iter().map(|group| group.cells.len() as u64).sum();
    assert_eq!(cells, 5_000);
    assert!(healths >= cells && map.groups[0].by_health.contains_key("unreachable"), "{healths}");
    assert!(
        map.groups.iter().all(|group| group.cells.is_sorted_by_key(|cell| rank(&cell.health, &cell.status)))
    );
}
