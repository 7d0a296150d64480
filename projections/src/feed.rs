//! What the read side needs of the log: to read on from a position, and to be woken.

use std::time::Duration;

use async_trait::async_trait;
use hub_domain::ledger::Recorded;
use uuid::Uuid;

/// Tails the log.
#[async_trait]
pub trait EventFeed: Send + Sync + 'static {
    /// The events after a position, in order, at most `limit`; empty at the end of the log.
    /// A reader that has seen position N has seen everything up to N.
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, FeedError>;

    /// The events of one tenant after a position, in order, at most `limit`; and the position up to which these are all, which is
    /// the one asked for at the end of the log. What is here reads everybody's; a log that can look for a tenant does better.
    async fn read_of(
        &self,
        tenant: Uuid,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<Recorded>, u64), FeedError> {
        let mut events = self.read(after, limit).await?;
        let to = events.last().map_or(after, |event| event.position);
        events.retain(|event| event.tenant == tenant);
        Ok((events, to))
    }

    /// Returns when there may be an event after `after`, or when `within` has passed.
    async fn wait(&self, after: u64, within: Duration);

    /// The position of the newest event, where the log can tell: for lag and progress, not for correctness.
    async fn head(&self) -> Result<Option<u64>, FeedError> {
        Ok(None)
    }
}

/// The log could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the log cannot be read: {0}")]
pub struct FeedError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
