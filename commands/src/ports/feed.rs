//! What a flow needs of the log: to read on from a position, and to be woken.

use std::time::Duration;

use async_trait::async_trait;
use hub_domain::ledger::Recorded;

use super::Unavailable;

/// Tails the log. A reader that has seen position N has seen everything up to N.
#[async_trait]
pub trait ClusterFeed: Send + Sync + 'static {
    /// The events after a position, in order, at most `limit`, of all tenants; empty at the end of the log.
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, Unavailable>;

    /// Returns when there may be an event after `after`, or when `within` has passed.
    async fn wait(&self, after: u64, within: Duration);
}
