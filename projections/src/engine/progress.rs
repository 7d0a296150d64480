//! How far the tables are, as this process knows.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::telemetry;

/// How a projection is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its cursor has not been read yet.
    Starting,
    /// This process moves it.
    Leading,
    /// Another process moves it.
    Following,
    /// Its table is being built anew: the code has another version than the table.
    Rebuilding,
    /// It stands before an event that it cannot read.
    Stopped {
        /// What is wrong.
        error: String,
    },
}

/// One projection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its name.
    pub name: &'static str,
    /// The newest event that its table has seen.
    pub position: u64,
    /// How it is doing.
    pub standing: Standing,
}

/// How far all projections are. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Progress(Arc<Board>);

#[derive(Debug)]
struct Board {
    statuses: Mutex<Vec<Status>>,
    least: watch::Sender<u64>,
}

impl Progress {
    /// Of projections that have not been looked at yet.
    pub fn new(names: &[&'static str]) -> Self {
        let statuses =
            names.iter().map(|name| Status { name, position: 0, standing: Standing::Starting }).collect();
        Self(Arc::new(Board { statuses: Mutex::new(statuses), least: watch::Sender::new(0) }))
    }

    /// Of tables that nobody moves.
    pub fn fixed(position: u64) -> Self {
        let progress = Self::new(&[]);
        progress.0.least.send_replace(position);
        progress
    }

    /// The position that every running projection has seen. One that has stopped holds nobody up.
    pub fn position(&self) -> u64 {
        *self.0.least.borrow()
    }

    /// Follows [`position`](Self::position).
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.0.least.subscribe()
    }

    /// Every projection.
    pub fn statuses(&self) -> Vec<Status> {
        self.lock().clone()
    }

    /// Notes how a projection is doing.
    pub(crate) fn note(&self, name: &'static str, position: u64, standing: Standing) {
        let stopped = matches!(standing, Standing::Stopped { .. });
        let mut statuses = self.lock();
        if let Some(status) = statuses.iter_mut().find(|status| status.name == name) {
            (status.position, status.standing) = (position, standing);
        }
        let running = statuses.iter().filter(|status| !matches!(status.standing, Standing::Stopped { .. }));
        let least = running.map(|status| status.position).min();
        // Under the lock, so that two notes cannot overtake each other.
        self.0
            .least
            .send_if_modified(|known| least.is_some_and(|least| std::mem::replace(known, least) != least));
        drop(statuses);
        metrics::gauge!(telemetry::POSITION, "projection" => name).set(position as f64);
        metrics::gauge!(telemetry::STOPPED, "projection" => name).set(f64::from(u8::from(stopped)));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Status>> {
        self.0.statuses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
