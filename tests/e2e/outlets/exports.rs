//! Exports that come and go: who runs them, in how many processes, and what becomes of a replay.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hub_domain::export::{Export, ExportCommand};
use hub_domain::kernel::{ExportId, TenantId, TypedId as _};
use hub_kit::{Sink, until};
use hub_postgres::{PgOutlets, PoolSizes, Pools};
use hub_projections::models::{AuditLog, ExportVersion, Exports};
use hub_projections::oracle;
use hub_projections::outlet::{ExportRunner, Outlet, OutletMaker, OutletStore as _, Unopened};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::settings;
use crate::projections::world::{LONG, Process, World, export, tenant};

/// The places that exports of this test lead to, by their names.
#[derive(Default)]
struct Places(Mutex<HashMap<String, Arc<Sink>>>);

impl Places {
    fn of(&self, name: &str) -> Arc<Sink> {
        Arc::clone(self.0.lock().unwrap().entry(name.to_owned()).or_default())
    }
}

#[async_trait]
impl OutletMaker for Places {
    async fn open(&self, export: &ExportVersion) -> Result<Arc<dyn Outlet<AuditLog>>, Unopened> {
        if export.name == "closed" {
            return Err(Unopened("there is no way out".into()));
        }
        Ok(self.of(&export.name))
    }
}

struct House {
    world: World,
    places: Arc<Places>,
    process: Process,
}

struct Runner {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Runner {
    async fn end(self) {
        self.cancel.cancel();
        self.task.await.unwrap();
    }
}

impl House {
    async fn open() -> Self {
        let world = World::fresh().await;
        let process = world.process();
        Self { world, places: Arc::default(), process }
    }

    /// Runs exports as another hub process would.
    fn runner(&self) -> Runner {
        let pools = Pools::connect(self.world.database.url(), PoolSizes::default()).unwrap();
        let store = Arc::new(PgOutlets::new(pools.writer));
        let runner = ExportRunner::new(
            pools.projector,
            store,
            self.world.feed.clone(),
            self.places.clone(),
            settings(),
        );
        let cancel = CancellationToken::new();
        Runner { task: tokio::spawn(runner.run(cancel.clone())), cancel }
    }

    async fn ask(&self, of: TenantId, number: u128, command: ExportCommand) -> u64 {
        let position = self.world.decide::<Export>(of, &id(number), command).await.unwrap();
        self.process.read.wait_for(position, LONG).await.unwrap();
        position
    }

    async fn create(&self, of: TenantId, number: u128, name: &str, starts_at: Option<u64>) -> u64 {
        self.ask(of, number, ExportCommand::Create(export(name, starts_at))).await
    }

    async fn append(&self, of: TenantId, events: usize) -> Vec<u64> {
        let mut positions = vec![];
        for _ in 0..events {
            positions.push(self.world.raw(of, "cluster_1", "cluster.decommission_requested.v1", "{}").await);
        }
        positions
    }
}

fn id(number: u128) -> String {
    ExportId::from_uuid(Uuid::from_u128(number)).to_string()
}

#[tokio::test]
async fn exports_run_as_they_are_asked_to() {
    let house = House::open().await;
    let (one, two) = (tenant(1), tenant(2));
    let runner = house.runner();
    let mut ours = house.append(one, 5).await;
    house.append(two, 5).await;
    house.create(one, 1, "whole", Some(1)).await;
    house.create(one, 2, "new", None).await;
    house.create(two, 3, "theirs", None).await;
    let before = ours.clone();
    ours.extend(house.append(one, 5).await);
    let theirs = house.append(two, 5).await;
    let (whole, new) = (house.places.of("whole"), house.places.of("new"));
    whole.until(LONG, |taken| taken.len() >= 10).await;
    new.until(LONG, |taken| taken.len() >= 5).await;
    house.places.of("theirs").until(LONG, |taken| taken.len() >= 5).await;
    assert_eq!((whole.taken(), new.taken()), (ours.clone(), ours[5..].to_vec()));
    assert_eq!(house.places.of("theirs").taken(), theirs, "nobody gets what is another tenant's");

    // One waits while the other goes on, and then catches up.
    house.ask(one, 1, ExportCommand::Pause).await;
    let store = PgOutlets::new(house.world.pools.writer.clone());
    let rests = || async {
        let sql = "select expires_at <= now() from outlet.outlets where name = $1";
        let rests = sqlx::query_scalar::<_, bool>(sql).bind(id(1)).fetch_one(&house.world.pools.writer);
        rests.await.unwrap().then_some(())
    };
    until(LONG, rests).await.expect("its pump ends");
    let more = house.append(one, 3).await;
    new.until(LONG, |taken| taken.len() >= 8).await;
    assert_eq!(whole.taken(), ours);
    let status = store.statuses(&[id(1)]).await.unwrap().pop().unwrap();
    assert!(status.lag_events >= 3, "{status:?}");
    house.ask(one, 1, ExportCommand::Resume).await;
    whole.until(LONG, |taken| taken.len() >= 13).await;
    ours.extend(more);
    assert_eq!(whole.taken(), ours);

    // A replay, and no second one by whoever starts later.
    house.ask(one, 1, ExportCommand::Replay { from: ours[2] }).await;
    whole.until(LONG, |taken| taken.len() >= 13 + 11).await;
    runner.end().await;
    let runner = house.runner();
    let more = house.append(one, 1).await;
    whole.until(LONG, |taken| taken.ends_with(&more)).await;
    assert_eq!(whole.taken(), [&ours[..], &ours[2..], &more].concat());

    house.ask(one, 1, ExportCommand::Delete).await;
    until(LONG, rests).await.expect("its pump ends");
    let more = house.append(one, 1).await;
    new.until(LONG, |taken| taken.ends_with(&more)).await;
    assert!(!whole.taken().contains(&more[0]) && !new.taken().contains(&before[0]));
    runner.end().await;
    house.process.read.wait_for(house.world.head().await, LONG).await.unwrap();
    // (The clusters of this log were never imported: their table stops before them.)
    let stored = oracle::stored::<Exports>(&house.world.pools.projector).await.unwrap();
    assert_eq!(stored, oracle::refold::<Exports>(&house.world.events().await).unwrap());
    assert_eq!(stored.len(), 7);
}

#[tokio::test]
async fn several_hubs_run_each_export_once() {
    let house = House::open().await;
    for number in 1..=3 {
        house.create(tenant(1), number, &format!("export-{number}"), Some(1)).await;
    }
    let mut runners = vec![house.runner(), house.runner()];
    let mut positions = vec![];
    for _ in 0..4 {
        positions.extend(house.append(tenant(1), 10).await);
        let wanted = positions.len();
        for number in 1..=3 {
            house.places.of(&format!("export-{number}")).until(LONG, |taken| taken.len() >= wanted).await;
        }
        // They come and go.
        runners.remove(0).end().await;
        runners.push(house.runner());
    }
    for runner in runners {
        runner.end().await;
    }
    for number in 1..=3 {
        assert_eq!(house.places.of(&format!("export-{number}")).taken(), positions);
    }
}

#[tokio::test]
async fn what_cannot_be_opened_says_so() {
    let house = House::open().await;
    house.create(tenant(1), 1, "closed", None).await;
    let runner = house.runner();
    house.append(tenant(1), 1).await;
    let store = PgOutlets::new(house.world.pools.writer.clone());
    let error = || async { store.statuses(&[id(1)]).await.unwrap().pop()?.error };
    assert_eq!(until(LONG, error).await.expect("it is seen").0, "there is no way out");
    runner.end().await;
    house.process.end().await;
}
