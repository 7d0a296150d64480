use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use hub_domain::ledger::root;
use proptest::prelude::*;
use tokio::task::JoinHandle;

use super::*;
use crate::outlet::testing::{Feed, Other, Store, Whim};
use crate::outlet::{Manifest, Notice};
use crate::testing::Log;

/// A log of two tenants, whose turns go by three.
fn log(events: usize) -> Log {
    let mut log = Log::default();
    for nth in 0..events {
        let (tenant, event_type) = (u128::from(nth % 3 == 2) + 1, "cluster.decommission_requested.v1");
        log.raw(tenant, "cluster_1", event_type, "{}");
    }
    log
}

fn settings() -> PumpSettings {
    PumpSettings {
        batch: 64,
        turn: Duration::from_millis(300),
        first_pause: Duration::from_millis(2),
        longest_pause: Duration::from_millis(4),
        look: Duration::ZERO,
        ..PumpSettings::default()
    }
}

/// The house around a pump.
struct World {
    store: Arc<Store>,
    feed: Arc<Feed>,
    other: Arc<Other>,
}

struct Running {
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn end(self) {
        self.cancel.cancel();
        self.task.await.unwrap();
    }

    /// As a crash ends it: in the middle of whatever it does, and with the turn in its hand.
    fn crash(self) {
        self.task.abort();
    }
}

impl World {
    fn of(events: usize) -> Self {
        Self { store: Arc::default(), feed: Feed::of(log(events).events), other: Arc::default() }
    }

    fn start<T: Send + Sync + 'static>(pump: Pump<T>) -> Running {
        let cancel = CancellationToken::new();
        Running { task: tokio::spawn(pump.run(cancel.clone())), cancel }
    }

    fn bus(&self) -> Running {
        let (store, feed, other) = (self.store.clone(), self.feed.clone(), self.other.clone());
        Self::start(Pump::new(store, feed, "kafka".into(), other, settings()))
    }

    fn export(&self, export: Export, settings: PumpSettings) -> Running {
        let (store, feed, other) = (self.store.clone(), self.feed.clone(), self.other.clone());
        Self::start(Pump::of_export(store, feed, export, other, settings))
    }

    fn position(&self, name: &str) -> u64 {
        self.store.row(name).map_or(0, |row| row.position)
    }

    /// Waits until the cursor stands somewhere.
    async fn moved(&self, name: &str, to: u64) {
        let looks = async {
            while self.position(name) < to {
                sleep(Duration::from_millis(1)).await;
            }
        };
        let moved = tokio::time::timeout(Duration::from_secs(20), looks).await;
        assert!(moved.is_ok(), "the cursor stands at {}", self.position(name));
    }
}

fn export() -> Export {
    Export {
        name: "export_1".into(),
        tenant: Uuid::from_u128(1),
        filter: Filter::default(),
        start: Start::default(),
        retry: 0,
    }
}

fn all(range: RangeInclusive<u64>) -> Vec<u64> {
    range.collect()
}

/// Of the tenant that the export is of.
fn own(range: RangeInclusive<u64>) -> Vec<u64> {
    range.filter(|position| position % 3 != 0).collect()
}

#[tokio::test]
async fn the_bus_gets_every_event_in_order_and_what_comes_later() {
    let world = World::of(500);
    let running = world.bus();
    world.other.until(|other| other.taken().len() == 500).await;
    world.feed.append(&log(510).events[500..]);
    world.other.until(|other| other.taken().len() == 510).await;
    running.end().await;
    assert_eq!(world.other.taken(), all(1..=510));
    assert_eq!(world.position("kafka"), 510);
    // Whoever comes next begins at once, and there.
    world.feed.append(&log(511).events[510..]);
    let running = world.bus();
    world.other.until(|other| other.taken().len() == 511).await;
    running.end().await;
    assert_eq!(world.other.taken(), all(1..=511));
}

#[tokio::test]
async fn who_is_away_is_waited_for_and_what_it_took_is_not_repeated() {
    let world = World::of(100);
    world.other.whims.lock().unwrap().extend([
        Whim::Away(0, 0),
        Whim::Away(10, 10),
        Whim::Away(0, 0),
        Whim::Away(5, 5),
        // It says more than it can have taken.
        Whim::Away(49, 1000),
    ]);
    let running = world.bus();
    world.other.until(|other| other.taken().len() == 100).await;
    running.end().await;
    assert_eq!(world.other.taken(), all(1..=100));
    let row = world.store.row("kafka").unwrap();
    assert_eq!((row.position, row.delivered, row.failures), (100, 100, 5));
    assert_eq!(row.error.as_deref(), Some("no"));
}

#[tokio::test]
async fn what_was_taken_and_not_said_comes_again() {
    let world = World::of(100);
    world.other.whims.lock().unwrap().extend([Whim::Away(30, 0), Whim::Away(64, 20)]);
    let running = world.bus();
    world.other.until(|other| other.taken().last() == Some(&100)).await;
    running.end().await;
    let taken = world.other.taken();
    assert_eq!(taken, [all(1..=30), all(1..=64), all(21..=100)].concat());
}

#[tokio::test]
async fn a_crash_before_the_cursor_repeats_and_leaves_nothing_out() {
    let world = World::of(200);
    *world.store.crashes.lock().unwrap() = 2;
    let running = world.bus();
    world.other.until(|other| other.taken().last() == Some(&200)).await;
    running.end().await;
    let taken = world.other.taken();
    assert_eq!(taken.iter().copied().collect::<BTreeSet<_>>().len(), 200);
    assert!(taken.len() > 200, "the crash has repeated some");
    let firsts: Vec<u64> = taken
        .iter()
        .scan(0, |most, at| Some((*at > *most).then(|| *most = *at).map(|()| *at)))
        .flatten()
        .collect();
    assert_eq!(firsts, all(1..=200), "each comes first in order");
}

#[tokio::test]
async fn poison_is_set_aside_and_tried_again_when_asked() {
    let world = World::of(120);
    world.other.hated.lock().unwrap().extend([1, 50, 119]);
    let running = world.export(export(), settings());
    world.other.until(|other| other.taken().last() == Some(&118)).await;
    running.end().await;
    let good = |position: &u64| ![1, 50, 119].contains(position);
    assert_eq!(world.other.taken(), own(1..=120).into_iter().filter(good).collect::<Vec<_>>());
    let row = world.store.row("export_1").unwrap();
    assert_eq!(row.dead.keys().copied().collect::<Vec<_>>(), [1, 50, 119]);
    assert_eq!((row.dead[&50].0.attempts, row.dead[&50].0.error.as_str()), (1, "no"));

    *world.other.hated.lock().unwrap() = vec![50];
    for _ in 0..2 {
        // Asked for once, it is done once.
        let running = world.export(Export { retry: 121, ..export() }, settings());
        world.other.until(|other| other.taken().ends_with(&[1, 119])).await;
        running.end().await;
    }
    let row = world.store.row("export_1").unwrap();
    assert_eq!(row.dead.keys().copied().collect::<Vec<_>>(), [50]);
    assert_eq!(row.dead[&50].0.attempts, 2);
}

#[tokio::test]
async fn what_cannot_be_made_is_set_aside_too() {
    let mut log = log(3);
    log.raw(1, "cluster_1", "cluster.imported.v1", "not JSON");
    log.raw(1, "cluster_1", "cluster.decommission_requested.v1", "{}");
    let world = World { feed: Feed::of(log.events), ..World::of(0) };
    let running = world.export(export(), settings());
    world.other.until(|other| other.taken() == [1, 2, 5]).await;
    running.end().await;
    let row = world.store.row("export_1").unwrap();
    assert_eq!(row.dead.keys().copied().collect::<Vec<_>>(), [4]);
    assert!(row.dead[&4].0.error.contains("cluster.imported.v1"), "{row:?}");
    assert_eq!(row.position, 5);
}

#[tokio::test]
async fn a_filter_that_passes_nothing_moves_the_cursor() {
    let world = World::of(1000);
    let filter = Filter { actions: ["user.*".to_owned()].into(), ..Filter::default() };
    let running = world.export(Export { filter, ..export() }, settings());
    world.moved("export_1", 1000).await;
    running.end().await;
    assert!(world.other.taken().is_empty());
    assert_eq!(world.store.row("export_1").unwrap().delivered, 0);
}

#[tokio::test]
async fn a_replay_sets_the_cursor_anew_once() {
    let world = World::of(30);
    let running = world.export(Export { start: Start { after: 20, said_at: 5 }, ..export() }, settings());
    world.other.until(|other| other.taken() == own(21..=30)).await;
    running.end().await;
    let replayed = Export { start: Start { after: 24, said_at: 31 }, ..export() };
    for _ in 0..2 {
        let running = world.export(replayed.clone(), settings());
        world.other.until(|other| other.taken() == [own(21..=30), own(25..=30)].concat()).await;
        running.end().await;
    }
    // One that has not heard of the replay yet takes nothing back.
    let running = world.export(Export { start: Start { after: 20, said_at: 5 }, ..export() }, settings());
    world.feed.append(&log(31).events[30..]);
    world.other.until(|other| other.taken() == [own(21..=30), own(25..=31)].concat()).await;
    running.end().await;
}

#[tokio::test]
async fn only_one_drives_and_the_next_takes_over() {
    let world = World::of(200);
    let first = world.bus();
    world.other.until(|other| other.taken().len() == 200).await;
    let second = world.bus();
    world.feed.append(&log(300).events[200..]);
    world.other.until(|other| other.taken().len() >= 300).await;
    assert_eq!(world.other.taken(), all(1..=300), "nothing goes out twice");
    first.crash();
    world.feed.append(&log(400).events[300..]);
    world.other.until(|other| other.taken().len() >= 400).await;
    second.end().await;
    assert_eq!(world.other.taken(), all(1..=400));
    assert_eq!(world.store.row("kafka").unwrap().token, 2);
}

#[tokio::test]
async fn the_bus_sends_each_checkpoint_behind_the_events_that_it_covers() {
    let world = World::of(100);
    for (tenant, position) in [(1, 10), (2, 20), (1, 100), (2, 150)] {
        world.store.checkpoint(tenant, position);
    }
    let entries = |notices: Vec<Notice>| -> Vec<u64> {
        let entry = |notice| match notice {
            Notice::Checkpoint(one) => one.entry,
            Notice::Manifest(_) => panic!("the bus has no manifests"),
        };
        notices.into_iter().map(entry).collect()
    };
    let running = world.bus();
    world.other.until(|other| other.notices().len() == 3).await;
    assert_eq!(entries(world.other.notices()), [0, 1, 2]);
    world.feed.append(&log(150).events[100..]);
    world.other.until(|other| other.notices().len() == 4).await;
    running.end().await;
    assert_eq!(entries(world.other.notices()), [0, 1, 2, 3]);
}

fn manifests(other: &Other) -> Vec<Manifest> {
    let manifest = |notice| match notice {
        Notice::Manifest(manifest) => Some(manifest),
        Notice::Checkpoint(_) => None,
    };
    other.notices().into_iter().filter_map(manifest).collect()
}

#[tokio::test]
async fn manifests_tell_what_went_out_across_restarts() {
    let world = World::of(100);
    world.store.checkpoint(2, 90);
    world.store.checkpoint(1, 100);
    world.other.hated.lock().unwrap().push(31);
    let events = log(400).events;
    let counting = PumpSettings { manifest_events: 150, ..settings() };
    let running = world.export(export(), counting.clone());
    world.other.until(|other| other.taken().last() == Some(&100)).await;
    running.end().await;
    assert!(manifests(&world.other).is_empty(), "66 are not enough");
    let Some(Notice::Checkpoint(newest)) = world.other.notices().first().cloned() else { panic!() };
    assert_eq!(
        (newest.entry, world.other.notices().len()),
        (1, 1),
        "an export gets its tenant's newest, once"
    );

    world.feed.append(&events[100..]);
    let running = world.export(export(), counting);
    world.other.until(|other| other.taken().last() == Some(&400)).await;
    running.end().await;
    // The rest goes out when time is up.
    let impatient = PumpSettings { manifest_every: Duration::ZERO, ..settings() };
    let running = world.export(export(), impatient);
    world.other.until(|other| manifests(other).last().is_some_and(|last| last.to == 400)).await;
    running.end().await;

    let (mut from, taken) = (1, world.other.taken());
    for manifest in manifests(&world.other) {
        assert_eq!((manifest.from, manifest.outlet.as_str()), (from, "export_1"));
        let within: Vec<_> = taken.iter().filter(|at| (manifest.from..=manifest.to).contains(*at)).collect();
        let leaves: Vec<_> = within.iter().map(|at| events[**at as usize - 1].leaf_hash).collect();
        assert_eq!((manifest.count, manifest.root), (leaves.len() as u64, root(&leaves)));
        assert_eq!(manifest.checkpoint.map(|one| one.entry), Some(1));
        from = manifest.to + 1;
    }
    assert_eq!(from, 401, "the spans cover the log");
}

#[test]
fn pauses_grow_and_stay_within_their_bounds() {
    let settings = PumpSettings::default();
    let pauses: Vec<Duration> = settings.pauses().take(40).collect();
    assert!(pauses[0] >= settings.first_pause / 2 && pauses[0] <= settings.first_pause);
    assert!(pauses.iter().all(|pause| *pause <= settings.longest_pause));
    assert!(pauses[20..].iter().all(|pause| *pause >= settings.longest_pause / 2));
}

fn whim() -> impl Strategy<Value = (u8, usize, usize)> {
    (0..3_u8, 0..80_usize, 0..80_usize)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_missing_whatever_the_other_side_does(whims in prop::collection::vec(whim(), 0..8), crashes in 0..4_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::of(300);
            *world.store.crashes.lock().unwrap() = crashes;
            world.other.whims.lock().unwrap().extend(whims.iter().map(|(kind, taken, said)| match kind {
                0 => Whim::Poison(*taken),
                // What it says is safe it has taken.
                _ => Whim::Away(*taken.max(said), *said),
            }));
            let running = world.export(export(), settings());
            world.moved("export_1", 300).await;
            running.end().await;
            let row = world.store.row("export_1").unwrap();
            let mut got: BTreeSet<u64> = world.other.taken().into_iter().collect();
            got.extend(row.dead.keys());
            assert_eq!(got.into_iter().collect::<Vec<_>>(), own(1..=300));
        });
    }
}
