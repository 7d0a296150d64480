//! What leaves the hub, on a real PostgreSQL: nothing missing, order kept, repeats only behind a crash, one process at a time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod exports;

use std::sync::Arc;
use std::time::Duration;

use hub_domain::export::Filter;
use hub_domain::kernel::TypedId as _;
use hub_domain::ledger::{Algorithm, SigningKey, root};
use hub_kit::{Sink, until};
use hub_postgres::{PgOutlets, PgProofs};
use hub_projections::outlet::{
    DeadLetter, Export, Notice, OutletStatus, OutletStore, Pump, PumpSettings, Start,
};
use hub_projections::proof::{Notary, NotarySettings};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::projections::world::{LONG, World, tenant};

/// One process's pump.
pub struct Running {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub fn start<T: Send + Sync + 'static>(pump: Pump<T>) -> Self {
        let cancel = CancellationToken::new();
        Self { task: tokio::spawn(pump.run(cancel.clone())), cancel }
    }

    pub async fn end(self) {
        self.cancel.cancel();
        self.task.await.unwrap();
    }

    /// As a crash ends it: wherever it is, with the turn in its hand.
    pub fn crash(self) {
        self.task.abort();
    }
}

pub fn settings() -> PumpSettings {
    PumpSettings {
        batch: 64,
        turn: Duration::from_secs(1),
        first_pause: Duration::from_millis(10),
        longest_pause: Duration::from_millis(50),
        look: Duration::from_millis(50),
        ..PumpSettings::default()
    }
}

/// A log, its outlets' storage, and the other side.
struct House {
    world: World,
    store: Arc<PgOutlets>,
    sink: Arc<Sink>,
}

impl House {
    async fn open() -> Self {
        let world = World::fresh().await;
        let store = Arc::new(PgOutlets::new(world.pools.writer.clone()));
        Self { world, store, sink: Arc::default() }
    }

    /// Events of two tenants in turn; every fifth is no JSON for a cluster, and still an entry of the audit log.
    async fn append(&self, events: u64) {
        for nth in 0..events {
            let of = tenant(u128::from(nth % 3 == 2) + 1);
            self.world.raw(of, "cluster_1", "cluster.decommission_requested.v1", "{}").await;
        }
    }

    fn bus(&self) -> Running {
        let (store, feed) = (self.store.clone(), self.world.feed.clone());
        Running::start(Pump::new(store, feed, "kafka".into(), self.sink.clone(), settings()))
    }

    fn export(&self, export: Export) -> Running {
        let (store, feed) = (self.store.clone(), self.world.feed.clone());
        Running::start(Pump::of_export(store, feed, export, self.sink.clone(), settings()))
    }

    async fn status(&self, name: &str) -> OutletStatus {
        self.store.statuses(&[name.to_owned()]).await.unwrap().pop().unwrap()
    }

    async fn dead(&self) -> Vec<DeadLetter> {
        self.store.dead_letters(tenant(1).uuid(), EXPORT, 0, 100).await.unwrap()
    }

    /// Waits until an outlet has come to a position.
    async fn reached(&self, name: &str, position: u64) -> OutletStatus {
        let status = || async {
            let status = self.store.statuses(&[name.to_owned()]).await.unwrap().pop()?;
            (status.position >= position).then_some(status)
        };
        until(LONG, status).await.expect("the cursor moves")
    }
}

const EXPORT: &str = "export_1";

fn export() -> Export {
    Export {
        name: EXPORT.into(),
        tenant: tenant(1).uuid(),
        filter: Filter::default(),
        start: Start::default(),
        retry: 0,
    }
}

fn all(from: u64, to: u64) -> Vec<u64> {
    (from..=to).collect()
}

/// Positions of the tenant that the export is of.
fn own(from: u64, to: u64) -> Vec<u64> {
    (from..=to).filter(|position| position % 3 != 0).collect()
}

#[tokio::test]
async fn two_processes_do_not_both_deliver_and_one_takes_over() {
    let house = House::open().await;
    house.append(300).await;
    let (first, second) = (house.bus(), house.bus());
    house.sink.until(LONG, |taken| taken.len() >= 300).await;
    house.append(30).await;
    house.sink.until(LONG, |taken| taken.len() >= 330).await;
    assert_eq!(house.sink.taken(), all(1, 330), "each once, in order");
    let token = || async {
        let token = sqlx::query_scalar::<_, i64>("select token from outlet.outlets where name = 'kafka'");
        token.fetch_one(&house.world.pools.writer).await.unwrap()
    };
    assert_eq!(token().await, 1, "the turn has not changed hands");
    // Whichever has it dies; the one that does not have it gives nothing up by ending.
    first.crash();
    house.append(30).await;
    house.sink.until(LONG, |taken| taken.len() >= 360).await;
    second.crash();
    let third = house.bus();
    house.append(30).await;
    house.sink.until(LONG, |taken| taken.len() >= 390).await;
    third.end().await;
    assert_eq!(house.sink.taken(), all(1, 390));
    assert!(token().await >= 2);
    let status = house.status("kafka").await;
    assert_eq!((status.position, status.delivered, status.lag_events, status.lag_micros), (390, 390, 0, 0));
    assert!(status.delivered_at.is_some() && status.error.is_none(), "{status:?}");
}

#[tokio::test]
async fn a_crash_between_delivery_and_cursor_repeats_and_leaves_nothing_out() {
    let house = House::open().await;
    house.append(100).await;
    house.sink.falls_silent(1);
    let first = house.bus();
    house.sink.until(LONG, |taken| !taken.is_empty()).await;
    let delivered = house.sink.taken();
    first.crash();
    assert_eq!(house.status("kafka").await.position, 0, "it was delivered, and nobody knows");
    let second = house.bus();
    house.sink.until(LONG, |taken| taken.last() == Some(&100)).await;
    second.end().await;
    assert_eq!(house.sink.taken(), [delivered, all(1, 100)].concat());
}

#[tokio::test]
async fn who_is_away_is_waited_for_and_the_lag_tells() {
    let house = House::open().await;
    house.append(60).await;
    house.sink.away(true);
    let running = house.export(export());
    let failing = || async {
        let statuses = house.store.statuses(&[EXPORT.to_owned()]).await.unwrap();
        statuses.into_iter().find(|status| status.failures >= 3)
    };
    let status = until(LONG, failing).await.expect("it is tried again and again");
    assert_eq!((status.position, status.delivered, status.lag_events), (0, 0, 40));
    assert!(status.lag_micros > 0);
    assert_eq!(status.error.unwrap().0, "the other side is away");
    house.sink.away(false);
    house.sink.until(LONG, |taken| taken.len() == 40).await;
    let status = house.reached(EXPORT, 60).await;
    running.end().await;
    assert_eq!(house.sink.taken(), own(1, 60));
    assert_eq!((status.failures, status.delivered, status.lag_events), (0, 40, 0));
    assert!(status.error.is_some(), "the last failure stays to be seen");
}

#[tokio::test]
async fn dead_letters_are_kept_and_tried_again_once_each_time() {
    let house = House::open().await;
    house.append(60).await;
    house.sink.hates([1, 31, 59]);
    let running = house.export(export());
    house.reached(EXPORT, 60).await;
    running.end().await;
    let dead = house.dead().await;
    assert_eq!(dead.iter().map(|one| one.position).collect::<Vec<_>>(), [1, 31, 59]);
    let event = &house.world.events().await[30].recorded;
    assert_eq!((dead[1].event_id, &dead[1].event_type), (event.event_id, &event.event_type));
    assert_eq!((dead[1].attempts, dead[1].error.as_str()), (1, "the other side refuses it"));
    assert_eq!(house.status(EXPORT).await.dead_letters, 3);
    let elsewhere = house.store.dead_letters(tenant(2).uuid(), EXPORT, 0, 100).await.unwrap();
    assert!(elsewhere.is_empty(), "another tenant sees none of them");

    house.sink.hates([31]);
    for _ in 0..2 {
        let running = house.export(Export { retry: 61, ..export() });
        let settled = until(LONG, || async { (house.dead().await.len() == 1).then_some(()) });
        settled.await.expect("two of them go out");
        running.end().await;
    }
    let dead = house.dead().await;
    assert_eq!((dead[0].position, dead[0].attempts), (31, 2));
    assert_eq!(house.sink.taken().len(), 40 - 1, "each went out once");
}

#[tokio::test]
async fn a_replay_happens_once_also_across_processes() {
    let house = House::open().await;
    house.append(60).await;
    let running = house.export(Export { start: Start { after: 30, said_at: 2 }, ..export() });
    house.reached(EXPORT, 60).await;
    running.end().await;
    assert_eq!(house.sink.taken(), own(31, 60));
    let replayed = Export { start: Start { after: 45, said_at: 61 }, ..export() };
    let both = [house.export(replayed.clone()), house.export(replayed.clone())];
    house.sink.until(LONG, |taken| taken.len() >= 20 + 10).await;
    house.append(3).await;
    house.reached(EXPORT, 62).await;
    for running in both {
        running.end().await;
    }
    let running = house.export(replayed);
    house.append(3).await;
    house.reached(EXPORT, 65).await;
    running.end().await;
    assert_eq!(house.sink.taken(), [own(31, 60), own(46, 66)].concat());
}

#[tokio::test]
async fn a_tenants_events_are_found_behind_any_position() {
    let house = House::open().await;
    house.append(100).await;
    let events = house.world.events().await;
    for one in [tenant(1), tenant(2), tenant(3)] {
        for after in 0..=101 {
            let (found, to) = house.world.feed.read_of(one.uuid(), after, 7).await.unwrap();
            let expected: Vec<u64> = events
                .iter()
                .filter(|event| event.recorded.tenant == one.uuid() && event.recorded.position > after)
                .map(|event| event.recorded.position)
                .take(7)
                .collect();
            let found: Vec<u64> = found.iter().map(|event| event.position).collect();
            assert_eq!(found, expected);
            // All of the tenant's up to there are among them.
            let full = if found.len() == 7 { found[6] } else { after.max(100) };
            assert_eq!(to, full, "{after}");
        }
    }
}

#[tokio::test]
async fn checkpoints_and_manifests_go_along() {
    let house = House::open().await;
    house.append(90).await;
    let key = SigningKey::new("hub.example", Algorithm::Ed25519, &[8; 32]).unwrap();
    let proofs = Arc::new(PgProofs::new(house.world.pools.writer.clone()));
    let notary = Notary::open(proofs, key, NotarySettings::default()).await.unwrap();
    assert_eq!(notary.look(true).await.unwrap(), 2);
    let running = house.bus();
    let sent = until(LONG, || async { (house.sink.notices().len() >= 2).then_some(()) });
    sent.await.expect("each tenant's checkpoint is sent");
    house.append(3).await;
    notary.look(true).await.unwrap();
    let sent = until(LONG, || async { (house.sink.notices().len() >= 4).then_some(()) });
    sent.await.expect("also those that come later");
    running.end().await;
    let entries: Vec<u64> = house
        .sink
        .notices()
        .into_iter()
        .map(|notice| match notice {
            Notice::Checkpoint(one) => one.entry,
            Notice::Manifest(_) => panic!("the bus has no manifests"),
        })
        .collect();
    assert_eq!(entries, [0, 1, 2, 3]);

    let sink = Arc::new(Sink::default());
    let (store, feed) = (house.store.clone(), house.world.feed.clone());
    let soon = PumpSettings { manifest_every: Duration::ZERO, ..settings() };
    let pump = Running::start(Pump::of_export(store, feed, export(), sink.clone(), soon));
    let manifest = || async {
        sink.notices().into_iter().rev().find_map(|notice| match notice {
            Notice::Manifest(manifest) if manifest.to == 93 => Some(manifest),
            _ => None,
        })
    };
    let last = until(LONG, manifest).await.expect("what went out is told");
    pump.end().await;
    let leaves: Vec<_> = house
        .world
        .events()
        .await
        .iter()
        .filter(|event| event.recorded.tenant == last.tenant && event.recorded.position >= last.from)
        .map(|event| event.recorded.leaf_hash)
        .collect();
    assert_eq!((last.count, last.root), (leaves.len() as u64, root(&leaves)));
    let newest = last.checkpoint.unwrap();
    assert_eq!((newest.tenant, newest.size), (tenant(1).uuid(), 62));
}
