//! Batches, caches, the shared reader: apart from any database.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hub_domain::ledger::Recorded;
use proptest::prelude::*;

use super::changes::{Changes, fold};
use super::progress::{Progress, Standing};
use super::recent::Recent;
use super::tail::Tail;
use crate::event::Event;
use crate::feed::{EventFeed, FeedError};
use crate::models::{AuditLogs, Clusters, Users};
use crate::oracle::refold;
use crate::projection::{Key, Kind, Projection, Stored};
use crate::testing::{Log, cluster_id, history};

/// What the SQL does, on a vector.
struct Shelf<P: Projection> {
    done: Vec<Stored<P::Row>>,
    open: HashMap<Key, Stored<P::Row>>,
}

impl<P: Projection> Shelf<P> {
    fn write(&mut self, changes: Changes<P::Row>) {
        for (key, position) in changes.ended {
            let mut version = self.open.remove(&key).expect("only what is there can end");
            version.valid_to = Some(position);
            self.done.push(version);
        }
        self.done.extend(changes.done);
        for (key, row) in changes.newest {
            let replaced = self.open.insert(key, row);
            assert!(replaced.is_none() || P::KIND == Kind::Current, "two versions of one row at once");
        }
    }
}

/// Folds a log in batches of the given sizes.
fn in_batches<P: Projection>(log: &Log, sizes: &[usize]) -> Vec<Stored<P::Row>> {
    let mut shelf = Shelf::<P> { done: vec![], open: HashMap::new() };
    let events = log.decoded();
    let mut rest = events.as_slice();
    let mut sizes = sizes.iter().copied().cycle();
    while !rest.is_empty() {
        let (batch, later) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
        let (changes, poison) = fold::<P>(batch, |key| shelf.open.get(key).map(|stored| stored.row.clone()));
        assert_eq!(poison, None);
        shelf.write(changes);
        rest = later;
    }
    shelf.done.into_iter().chain(shelf.open.into_values()).collect()
}

fn by_position<R>(mut rows: Vec<Stored<R>>, position: impl Fn(&Stored<R>) -> u64) -> Vec<Stored<R>> {
    rows.sort_by_key(position);
    rows
}

proptest! {
    /// However the log is cut into batches, the tables are those of a refold.
    #[test]
    fn batches_make_no_difference(
        numbers in prop::collection::vec((any::<u8>(), any::<u8>(), any::<u8>()), 1..120),
        sizes in prop::collection::vec(1_usize..9, 1..6),
    ) {
        let log = history(&numbers);
        let events = log.decoded();
        let rows = in_batches::<Clusters>(&log, &sizes);
        prop_assert_eq!(by_position(rows, |row| row.valid_from.unwrap()), refold::<Clusters>(&events).unwrap());
        let rows = in_batches::<Users>(&log, &sizes);
        prop_assert_eq!(by_position(rows, |row| row.row.position), refold::<Users>(&events).unwrap());
        let rows = in_batches::<AuditLogs>(&log, &sizes);
        prop_assert_eq!(rows, refold::<AuditLogs>(&events).unwrap());
    }

    /// A cache of any size answers what was put last, or nothing, and never grows beyond twice its room.
    #[test]
    fn the_cache_is_bounded_and_truthful(steps in prop::collection::vec((0_u8..20, any::<Option<u8>>()), 1..200), room in 1_usize..6) {
        let key = |number: u8| Key { tenant: uuid::Uuid::nil(), id: number.to_string() };
        let mut recent = Recent::new(room);
        let mut truth: HashMap<u8, u8> = HashMap::new();
        for (number, put) in steps {
            match put {
                Some(value) => {
                    recent.put(key(number), value);
                    truth.insert(number, value);
                    prop_assert_eq!(recent.get(&key(number)), Some(&value));
                }
                None => {
                    if let Some(found) = recent.get(&key(number)) {
                        prop_assert_eq!(Some(found), truth.get(&number));
                    }
                }
            }
            prop_assert!(recent.len() <= 2 * room);
        }
    }
}

#[test]
fn what_stands_before_a_poison_event_counts() {
    let mut log = history(&[(0, 0, 1), (0, 1, 1), (0, 2, 1)]);
    let good = log.events.len();
    assert!(good > 0);
    log.raw(1, &cluster_id(0), "cluster.changed.v1", r#"{"name": 5}"#);
    log.raw(1, &cluster_id(1), "cluster.decommission_requested.v1", "{}");

    let (changes, poison) = fold::<Clusters>(&log.decoded(), |_| None);

    assert_eq!(poison.unwrap().position, good as u64 + 1);
    assert_eq!(changes.rows().len(), good);
}

#[test]
fn a_stopped_projection_holds_nobody_up() {
    let progress = Progress::new(&["one", "two"]);
    assert_eq!(progress.position(), 0);
    progress.note("one", 5, Standing::Leading);
    assert_eq!(progress.position(), 0, "two has seen nothing yet");
    progress.note("two", 3, Standing::Following);
    assert_eq!(progress.position(), 3);
    progress.note("two", 3, Standing::Stopped { error: "poison".into() });
    assert_eq!(progress.position(), 5);
    progress.note("two", 4, Standing::Leading);
    assert_eq!(progress.position(), 4, "it is behind again, and says so");
}

/// A feed that counts how often it is read.
struct Counting {
    events: Vec<Recorded>,
    reads: AtomicUsize,
}

#[async_trait]
impl EventFeed for Counting {
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, FeedError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        Ok(self.events.iter().filter(|event| event.position > after).take(limit).cloned().collect())
    }

    async fn wait(&self, _: u64, _: Duration) {}
}

#[tokio::test]
async fn a_batch_is_read_once_for_all() {
    let log = history(&[(0, 0, 1), (0, 1, 1), (1, 2, 1)]);
    let last = log.events.len() as u64;
    let feed = Arc::new(Counting { events: log.events, reads: AtomicUsize::new(0) });
    let tail = Tail::new(Arc::clone(&feed) as Arc<dyn EventFeed>);

    let (one, two, three) = tokio::join!(tail.after(0), tail.after(0), tail.after(0));

    for batch in [one, two, three] {
        let positions: Vec<u64> =
            batch.unwrap().iter().map(|event: &Event| event.recorded.position).collect();
        assert_eq!(positions, (1..=last).collect::<Vec<_>>());
    }
    assert_eq!(feed.reads.load(Ordering::SeqCst), 1);
    assert!(tail.after(last).await.unwrap().is_empty());
    assert!(tail.goes_on(0).await.unwrap());
    assert!(!tail.goes_on(last).await.unwrap());
}
