//! When to look at which cluster next. Pure: time is what the caller says it is, measured from any fixed instant.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use hub_domain::kernel::{ClusterId, TenantId, TypedId};

/// Which cluster.
pub type Key = (TenantId, ClusterId);

/// The pauses between looks. Each is stretched or shrunk by up to a tenth, so that clusters drift apart.
#[derive(Clone, Copy, Debug)]
pub struct Cadence {
    pub interval: Duration,
    pub first_pause: Duration,
    pub longest_pause: Duration,
    pub spread: Duration,
}

impl Cadence {
    /// The pause after an attempt that was the last of `failures` failures in a row.
    pub fn pause(&self, id: ClusterId, attempt: u64, failures: u32) -> Duration {
        let base = match failures.checked_sub(1) {
            None => self.interval,
            Some(doublings) => {
                let factor = 2_u32.checked_pow(doublings).unwrap_or(u32::MAX);
                self.first_pause.saturating_mul(factor).min(self.longest_pause)
            }
        };
        base.mul_f64(0.9 + 0.2 * chance(id, attempt))
    }

    /// The pause before the very first look.
    pub fn first(&self, id: ClusterId) -> Duration {
        self.spread.mul_f64(chance(id, 0))
    }
}

/// A number from 0 up to 1 that is the same for the same cluster and attempt (`SplitMix64`'s mixing function).
fn chance(id: ClusterId, attempt: u64) -> f64 {
    let (high, low) = id.uuid().as_u64_pair();
    let mut bits = (high ^ low).wrapping_add(attempt.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A cluster whose turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub key: Key,
    /// How long ago its turn had come.
    pub late: Duration,
    /// Whether its last look failed.
    pub failing: bool,
}

/// Who is due when. A cluster that was taken is not due again until it is said how its look went.
#[derive(Debug)]
pub struct Agenda {
    cadence: Cadence,
    entries: HashMap<Key, Entry>,
    /// Due times of clusters that answered last time, and of those that did not: two lanes, so that the dead
    /// ones, each of which costs a whole deadline, cannot fill the road.
    steady: BTreeSet<(Duration, Key)>,
    failing: BTreeSet<(Duration, Key)>,
}

#[derive(Debug)]
struct Entry {
    /// `None` while it was taken.
    due: Option<Duration>,
    attempt: u64,
    failures: u32,
    /// Whether something happened while it was taken that asks for another look at once.
    again: bool,
}

impl Agenda {
    pub fn new(cadence: Cadence) -> Self {
        Self { cadence, entries: HashMap::new(), steady: BTreeSet::new(), failing: BTreeSet::new() }
    }

    /// Takes a cluster in; its first look is due within the spread. One that is known stays as it is.
    pub fn insert(&mut self, key: Key, now: Duration) {
        if !self.entries.contains_key(&key) {
            let due = now + self.cadence.first(key.1);
            self.entries.insert(key, Entry { due: Some(due), attempt: 0, failures: 0, again: false });
            self.steady.insert((due, key));
        }
    }

    /// Makes a cluster due at once, without a past: it is to be looked at with other eyes.
    pub fn hasten(&mut self, key: Key, now: Duration) {
        self.insert(key, now);
        let Some(entry) = self.entries.get_mut(&key) else { return };
        if entry.due.is_none() {
            entry.again = true;
        } else {
            entry.failures = 0;
            self.place(key, now);
        }
    }

    /// Forgets a cluster.
    pub fn remove(&mut self, key: Key) {
        if let Some(Entry { due: Some(due), .. }) = self.entries.remove(&key) {
            self.steady.remove(&(due, key));
            self.failing.remove(&(due, key));
        }
    }

    /// Takes the cluster whose turn came first; those that fail only when there is room for them.
    pub fn take(&mut self, now: Duration, room_for_failing: bool) -> Option<Taken> {
        let (due, key) = self.next(room_for_failing).filter(|(due, _)| *due <= now)?;
        let failing = self.failing.remove(&(due, key));
        self.steady.remove(&(due, key));
        let entry = self.entries.get_mut(&key)?;
        entry.due = None;
        entry.attempt += 1;
        Some(Taken { key, late: now.saturating_sub(due), failing })
    }

    /// When somebody is due next.
    pub fn next_due(&self, room_for_failing: bool) -> Option<Duration> {
        self.next(room_for_failing).map(|(due, _)| due)
    }

    fn next(&self, room_for_failing: bool) -> Option<(Duration, Key)> {
        let failing = self.failing.first().filter(|_| room_for_failing);
        self.steady.first().into_iter().chain(failing).min().copied()
    }

    /// A taken cluster's look went well.
    pub fn answered(&mut self, key: Key, now: Duration) {
        self.finish(key, now, |_| 0);
    }

    /// A taken cluster's look failed.
    pub fn failed(&mut self, key: Key, now: Duration) {
        self.finish(key, now, |failures| failures.saturating_add(1));
    }

    fn finish(&mut self, key: Key, now: Duration, failures: impl FnOnce(u32) -> u32) {
        let Some(entry) = self.entries.get_mut(&key).filter(|entry| entry.due.is_none()) else { return };
        entry.failures = failures(entry.failures);
        let pause = if std::mem::take(&mut entry.again) {
            entry.failures = 0;
            Duration::ZERO
        } else {
            self.cadence.pause(key.1, entry.attempt, entry.failures)
        };
        self.place(key, now + pause);
    }

    fn place(&mut self, key: Key, due: Duration) {
        let Some(entry) = self.entries.get_mut(&key) else { return };
        if let Some(old) = entry.due.replace(due) {
            self.steady.remove(&(old, key));
            self.failing.remove(&(old, key));
        }
        let lane = if entry.failures == 0 { &mut self.steady } else { &mut self.failing };
        lane.insert((due, key));
    }
}

#[cfg(test)]
mod tests;
