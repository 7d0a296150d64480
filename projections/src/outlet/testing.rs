//! The outlets' storage, the log and the other side, in memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use hub_domain::ledger::{Hash, Recorded};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::{
    Claim, DeadLetter, Fault, Notice, Outlet, OutletStatus, OutletStore, Step, Tally, Turn, Undelivered,
};
use crate::event::Event;
use crate::feed::{EventFeed, FeedError};
use crate::models::AuditLog;
use crate::proof::Issued;

/// One outlet's row.
#[derive(Clone, Debug)]
pub struct Row {
    pub position: u64,
    pub said_at: u64,
    pub retried_at: u64,
    pub entries: u64,
    pub tally: Option<Tally>,
    pub delivered: u64,
    pub failures: u64,
    pub error: Option<String>,
    pub token: u64,
    pub expires: Instant,
    pub dead: BTreeMap<u64, (DeadLetter, bool)>,
}

#[derive(Default)]
pub struct Store {
    pub rows: Mutex<BTreeMap<String, Row>>,
    pub checkpoints: Mutex<Vec<Issued>>,
    /// Moves of the cursor that are lost, as by a crash before them.
    pub crashes: Mutex<usize>,
}

impl Store {
    pub fn row(&self, name: &str) -> Option<Row> {
        self.rows.lock().unwrap().get(name).cloned()
    }

    fn held<R>(&self, name: &str, token: u64, work: impl FnOnce(&mut Row) -> R) -> Option<R> {
        let mut rows: MutexGuard<'_, _> = self.rows.lock().unwrap();
        rows.get_mut(name).filter(|row| row.token == token).map(work)
    }

    pub fn checkpoint(&self, tenant: u128, position: u64) {
        let mut checkpoints = self.checkpoints.lock().unwrap();
        let entry = checkpoints.len() as u64;
        checkpoints.push(Issued {
            entry,
            tenant: Uuid::from_u128(tenant),
            size: position,
            root: Hash::ZERO,
            position,
            issued_at: 0,
            note: format!("note {entry}"),
        });
    }
}

#[async_trait]
impl OutletStore for Store {
    async fn take(&self, claim: &Claim) -> Result<Option<Turn>, FeedError> {
        let mut rows = self.rows.lock().unwrap();
        let row = rows.entry(claim.name.clone()).or_insert_with(|| Row {
            position: claim.start.after,
            said_at: claim.start.said_at,
            retried_at: 0,
            entries: 0,
            tally: None,
            delivered: 0,
            failures: 0,
            error: None,
            token: 0,
            expires: Instant::now(),
            dead: BTreeMap::new(),
        });
        let own = claim.token == Some(row.token);
        if !own && row.expires > Instant::now() {
            return Ok(None);
        }
        row.token += u64::from(!own);
        row.expires = Instant::now() + claim.ttl;
        if row.said_at < claim.start.said_at {
            (row.said_at, row.position, row.tally) = (claim.start.said_at, claim.start.after, None);
            row.dead.retain(|position, _| *position <= claim.start.after);
        }
        if row.retried_at < claim.retry {
            row.retried_at = claim.retry;
            row.dead.values_mut().for_each(|(_, due)| *due = true);
        }
        let Row { token, position, entries, tally, .. } = row.clone();
        Ok(Some(Turn { token, position, entries, tally }))
    }

    async fn keep(&self, name: &str, token: u64, ttl: Duration) -> Result<bool, FeedError> {
        Ok(self.held(name, token, |row| row.expires = Instant::now() + ttl).is_some())
    }

    async fn release(&self, name: &str, token: u64) -> Result<(), FeedError> {
        self.held(name, token, |row| row.expires = Instant::now());
        Ok(())
    }

    async fn advance(&self, name: &str, token: u64, step: &Step) -> Result<Option<i64>, FeedError> {
        let mut crashes = self.crashes.lock().unwrap();
        if *crashes > 0 {
            *crashes -= 1;
            return Err(FeedError("the process has crashed".into()));
        }
        let moved = self.held(name, token, |row| {
            if row.position != step.from {
                return false;
            }
            (row.position, row.entries, row.tally) = (step.to, step.entries, Some(step.tally.clone()));
            row.delivered += step.delivered;
            for dead in &step.dead {
                row.dead.insert(dead.position, (dead.clone(), false));
            }
            true
        });
        Ok((moved == Some(true)).then_some(0))
    }

    async fn fail(&self, name: &str, token: u64, error: &str) -> Result<Option<i64>, FeedError> {
        let failed = |row: &mut Row| {
            row.failures += 1;
            row.error = Some(error.to_owned());
        };
        Ok(self.held(name, token, failed).map(|()| 0))
    }

    async fn due(&self, name: &str, limit: u32) -> Result<Vec<DeadLetter>, FeedError> {
        let row = self.row(name).unwrap();
        Ok(row
            .dead
            .into_values()
            .filter(|(_, due)| *due)
            .map(|(dead, _)| dead)
            .take(limit as usize)
            .collect())
    }

    async fn settle(
        &self,
        name: &str,
        token: u64,
        position: u64,
        refused: Option<&str>,
    ) -> Result<bool, FeedError> {
        let settled = self.held(name, token, |row| {
            let gone = row.dead.remove(&position);
            if let (Some((mut dead, _)), Some(error)) = (gone, refused) {
                (dead.error, dead.attempts) = (error.to_owned(), dead.attempts + 1);
                row.dead.insert(position, (dead, false));
            }
        });
        Ok(settled.is_some())
    }

    async fn dead(&self, name: &str) -> Result<u64, FeedError> {
        Ok(self.row(name).unwrap().dead.len() as u64)
    }

    async fn newest_checkpoint(&self, tenant: Uuid) -> Result<Option<Issued>, FeedError> {
        let checkpoints = self.checkpoints.lock().unwrap();
        Ok(checkpoints.iter().rfind(|one| one.tenant == tenant).cloned())
    }

    async fn checkpoints_from(&self, entry: u64, limit: u32) -> Result<Vec<Issued>, FeedError> {
        let checkpoints = self.checkpoints.lock().unwrap();
        Ok(checkpoints.iter().filter(|one| one.entry >= entry).take(limit as usize).cloned().collect())
    }

    async fn statuses(&self, _: &[String]) -> Result<Vec<OutletStatus>, FeedError> {
        Ok(vec![])
    }

    async fn dead_letters(&self, _: Uuid, _: &str, _: u64, _: u32) -> Result<Vec<DeadLetter>, FeedError> {
        Ok(vec![])
    }
}

/// A log that grows.
pub struct Feed(watch::Sender<Vec<Recorded>>);

impl Feed {
    pub fn of(events: Vec<Recorded>) -> Arc<Self> {
        Arc::new(Self(watch::Sender::new(events)))
    }

    pub fn append(&self, events: &[Recorded]) {
        self.0.send_modify(|known| known.extend_from_slice(events));
    }
}

#[async_trait]
impl EventFeed for Feed {
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, FeedError> {
        Ok(self.0.borrow().iter().skip(after as usize).take(limit).cloned().collect())
    }

    async fn wait(&self, after: u64, within: Duration) {
        let mut grown = self.0.subscribe();
        let _ = timeout(within, grown.wait_for(|events| events.len() as u64 > after)).await;
    }
}

/// What an item is known by.
pub trait Known: Send + Sync + 'static {
    fn position(&self) -> u64;
}

impl Known for Event {
    fn position(&self) -> u64 {
        self.recorded.position
    }
}

impl Known for AuditLog {
    fn position(&self) -> u64 {
        self.position
    }
}

/// What the other side does about one delivery.
pub enum Whim {
    /// Takes so many, keeps them, and says that it took so many.
    Away(usize, usize),
    /// Takes as many, and refuses the next for ever.
    Poison(usize),
}

/// The other side.
#[derive(Default)]
pub struct Other {
    pub taken: Mutex<Vec<u64>>,
    pub notices: Mutex<Vec<Notice>>,
    /// What it does next, before it behaves.
    pub whims: Mutex<VecDeque<Whim>>,
    /// Positions that it never takes.
    pub hated: Mutex<Vec<u64>>,
    pub changed: watch::Sender<usize>,
}

impl Other {
    pub fn taken(&self) -> Vec<u64> {
        self.taken.lock().unwrap().clone()
    }

    pub fn notices(&self) -> Vec<Notice> {
        self.notices.lock().unwrap().clone()
    }

    /// Waits until something holds of it.
    pub async fn until(&self, holds: impl Fn(&Self) -> bool) {
        let mut changed = self.changed.subscribe();
        let met = timeout(Duration::from_secs(20), changed.wait_for(|_| holds(self))).await.is_ok();
        assert!(met, "taken: {:?}, notices: {:?}", self.taken(), self.notices());
    }
}

#[async_trait]
impl<T: Known> Outlet<T> for Other {
    async fn deliver(&self, items: &[T], notices: &[Notice]) -> Result<(), Undelivered> {
        let hated = self.hated.lock().unwrap().clone();
        let whim = self.whims.lock().unwrap().pop_front();
        let take = |count: usize| {
            let positions = items.iter().take(count).map(Known::position);
            self.taken.lock().unwrap().extend(positions);
        };
        let away = Fault::Away { after: None };
        let undelivered = |delivered, fault| Err(Undelivered { delivered, fault, message: "no".into() });
        let answer = match whim {
            Some(Whim::Away(taken, said)) => {
                take(taken);
                undelivered(said, away)
            }
            Some(Whim::Poison(taken)) => {
                take(taken);
                undelivered(taken, Fault::Poison)
            }
            None => {
                let bad = items.iter().position(|item| hated.contains(&item.position()));
                take(bad.unwrap_or(items.len()));
                if let Some(bad) = bad {
                    undelivered(bad, Fault::Poison)
                } else {
                    self.notices.lock().unwrap().extend_from_slice(notices);
                    Ok(())
                }
            }
        };
        self.changed.send_modify(|deliveries| *deliveries += 1);
        answer
    }
}
