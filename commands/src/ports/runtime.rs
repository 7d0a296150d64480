//! Time, identity and turn-taking: what a pure core must be given.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Unavailable;

/// The clock. Only the hub and the tests own a real one.
pub trait Clock: Send + Sync + 'static {
    /// Now, UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// Fresh ids and secrets.
pub trait Ids: Send + Sync + 'static {
    /// A fresh `UUIDv7`, not before any that it gave earlier.
    fn uuid(&self) -> Uuid;
    /// Fills a buffer from the operating system's secure generator.
    fn fill(&self, bytes: &mut [u8]);
}

/// A turn that one holder has until it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What the turn is for: `"observer"`.
    pub name: String,
    /// Who has it.
    pub holder: String,
    /// Grows with each change of holder: a late writer with an older token is refused.
    pub token: i64,
}

/// Turn-taking between hub processes on one database.
#[async_trait]
pub trait Leases: Send + Sync + 'static {
    /// Takes or renews the turn; `None` while somebody else has it. Time is the database's.
    async fn acquire(&self, name: &str, holder: &str, ttl: Duration) -> Result<Option<Lease>, Unavailable>;
    /// Gives the turn back.
    async fn release(&self, lease: &Lease) -> Result<(), Unavailable>;
}
