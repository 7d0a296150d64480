//! The other side of an outlet, in memory: it can be away, refuse for ever, and take without saying so.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hub_projections::Event;
use hub_projections::models::AuditLog;
use hub_projections::outlet::{Fault, Notice, Outlet, Undelivered};

use crate::until;

/// What an item is known by: its ledger position.
pub trait Positioned: Send + Sync + 'static {
    /// Where its event stands in the log.
    fn position(&self) -> u64;
}

impl Positioned for Event {
    fn position(&self) -> u64 {
        self.recorded.position
    }
}

impl Positioned for AuditLog {
    fn position(&self) -> u64 {
        self.position
    }
}

/// Takes whatever comes, unless it is told otherwise.
#[derive(Debug, Default)]
pub struct Sink(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    taken: Vec<u64>,
    notices: Vec<Notice>,
    away: bool,
    hated: BTreeSet<u64>,
    /// Deliveries that are taken, and of which the answer never comes.
    silent: usize,
    failures: usize,
}

impl Sink {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The positions that it took, in the order in which they came.
    pub fn taken(&self) -> Vec<u64> {
        self.held().taken.clone()
    }

    /// The notices that it took.
    pub fn notices(&self) -> Vec<Notice> {
        self.held().notices.clone()
    }

    /// From here on it takes nothing, or everything again.
    pub fn away(&self, away: bool) {
        self.held().away = away;
    }

    /// From here on it refuses these for ever, and only these.
    pub fn hates(&self, positions: impl IntoIterator<Item = u64>) {
        self.held().hated = positions.into_iter().collect();
    }

    /// It takes so many deliveries without ever saying so.
    pub fn falls_silent(&self, deliveries: usize) {
        self.held().silent = deliveries;
    }

    /// Deliveries that it turned away.
    pub fn failures(&self) -> usize {
        self.held().failures
    }

    /// Waits until something holds of what it took.
    pub async fn until(&self, within: Duration, holds: impl Fn(&[u64]) -> bool) {
        let met = until(within, || async { holds(&self.held().taken).then_some(()) }).await;
        assert!(met.is_some(), "taken: {:?}", self.taken());
    }
}

#[async_trait]
impl<T: Positioned> Outlet<T> for Sink {
    async fn deliver(&self, items: &[T], notices: &[Notice]) -> Result<(), Undelivered> {
        let silent = {
            let mut held = self.held();
            if held.away {
                held.failures += 1;
                let message = "the other side is away".to_owned();
                return Err(Undelivered { delivered: 0, fault: Fault::Away { after: None }, message });
            }
            let positions = items.iter().map(Positioned::position);
            let good: Vec<u64> = positions.take_while(|position| !held.hated.contains(position)).collect();
            held.taken.extend(&good);
            if good.len() < items.len() {
                let message = "the other side refuses it".to_owned();
                return Err(Undelivered { delivered: good.len(), fault: Fault::Poison, message });
            }
            held.notices.extend_from_slice(notices);
            let silent = held.silent > 0;
            held.silent -= usize::from(silent);
            silent
        };
        if silent {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}
