//! Work that takes time: what the hub does by itself, resumable at any point.

mod jobs;
mod judge;
mod observer;
mod registry;
mod schedule;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::dispatcher::Dispatcher;
use crate::ports::{ClusterFeed, Ports};

/// How the fleet is observed.
#[derive(Clone, Debug)]
pub struct FleetSettings {
    /// Between two looks at a cluster that answers.
    pub interval: Duration,
    /// How long one look may take.
    pub deadline: Duration,
    /// How many looks may be under way at once. Clusters that do not answer get at most half of them.
    pub concurrency: usize,
    /// Between a first failure and the next look; doubles with each further failure.
    pub first_pause: Duration,
    /// Between two looks at a cluster that has not answered for long.
    pub longest_pause: Duration,
    /// Over how much time the first looks are spread after a start.
    pub spread: Duration,
    /// How long the turn to observe lasts without being renewed.
    pub turn: Duration,
}

impl Default for FleetSettings {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(30),
            deadline: Duration::from_secs(10),
            concurrency: 64,
            first_pause: Duration::from_secs(5),
            longest_pause: Duration::from_mins(2),
            spread: Duration::from_secs(10),
            turn: Duration::from_secs(15),
        }
    }
}

/// The observer of the whole fleet: looks at each cluster in its turn, records what changed, and destroys the
/// credentials of those that leave. Of several hub processes one observes at a time.
pub struct Fleet {
    surroundings: Arc<Surroundings>,
}

/// What the observer and its jobs share.
struct Surroundings {
    ports: Ports,
    dispatcher: Arc<Dispatcher>,
    feed: Arc<dyn ClusterFeed>,
    settings: FleetSettings,
}

impl Fleet {
    /// An observer over the ports, which learns of clusters from the feed.
    pub fn new(
        ports: &Ports,
        dispatcher: Arc<Dispatcher>,
        feed: Arc<dyn ClusterFeed>,
        settings: FleetSettings,
    ) -> Self {
        let ports = ports.clone();
        Self { surroundings: Arc::new(Surroundings { ports, dispatcher, feed, settings }) }
    }

    /// Observes until it is told to stop. Nothing that fails outside ends it.
    pub async fn run(self, stop: CancellationToken) {
        observer::run(self.surroundings, stop).await;
    }
}
