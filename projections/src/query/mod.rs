//! Answers from the read models: pages, single rows, the past, the fleet in one look.
//!
//! Every query runs as the reader role in a transaction that names its tenant first: row-level security holds
//! even where a `where` is forgotten.

mod audit;
mod clusters;
mod diff;
mod exports;
mod fleet;
mod heat;
mod list;
mod page;
mod past;
mod search;
mod users;

#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::{DateTime, Utc};
use hub_domain::kernel::{TenantId, TypedId};
use sqlx::{PgPool, PgTransaction};
use tokio::sync::watch;

pub use audit::{AuditQuery, AuditRow};
pub use clusters::{ClusterQuery, ClusterRow, ClusterSample, Nodes};
pub use diff::{ClusterDiff, DiffEvent, DiffKind, DiffQuery, FleetDiff, FleetMoment};
pub(crate) use exports::running;
pub use exports::{ExportQuery, ExportRow};
pub use fleet::{FleetCounts, FleetView, RecentChange};
pub use heat::{GroupBy, HeatCell, HeatGroup, HeatMap};
pub use page::{Listed, Page};
pub use search::{Found, FoundCluster, FoundEntry, SearchQuery};
pub use users::{UserQuery, UserRow};

use crate::engine::progress::{Progress, Status};

/// Of when an answer shall tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// When the log ended at this position.
    Position(u64),
    /// At this time: the newest event recorded then or before.
    Time(DateTime<Utc>),
}

/// The tables have not reached a position in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the read models stand at position {position}, not yet at {wanted}")]
pub struct Behind {
    /// Where they stand.
    pub position: u64,
    /// Where they should.
    pub wanted: u64,
}

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The cursor is none of this list's, or was altered.
    #[error("the cursor does not belong to this list")]
    InvalidCursor,
    /// The list cannot be sorted so.
    #[error("the list can be sorted by {}", .allowed.join(", "))]
    InvalidSort {
        /// What it can be sorted by; each also with `-` before it.
        allowed: &'static [&'static str],
    },
    /// A filter, or the limit, breaks its rule.
    #[error("`{parameter}` {rule}")]
    InvalidFilter {
        /// The parameter's name.
        parameter: &'static str,
        /// Its rule: "must be one of ...".
        rule: String,
    },
    /// The moment that was asked for has not come yet.
    #[error("the moment lies in the future")]
    FutureAsOf,
    /// The database did not answer, or not in time.
    #[error("the read models are unavailable: {0}")]
    Unavailable(#[from] sqlx::Error),
}

/// The read models of every tenant, one tenant a query.
#[derive(Debug)]
pub struct ReadModels {
    pool: PgPool,
    progress: Progress,
    fleets: fleet::Fleets,
}

impl ReadModels {
    /// Answers through a pool of the reader role; `progress` tells how far the tables are.
    pub fn new(reader: PgPool, progress: Progress) -> Self {
        Self { pool: reader, progress, fleets: fleet::Fleets::default() }
    }

    /// The position that every projection has seen.
    pub fn position(&self) -> u64 {
        self.progress.position()
    }

    /// Follows [`position`](Self::position).
    pub fn progress(&self) -> watch::Receiver<u64> {
        self.progress.watch()
    }

    /// How each projection is doing.
    pub fn statuses(&self) -> Vec<Status> {
        self.progress.statuses()
    }

    /// Waits until every projection has seen `position`, and says what they have seen.
    pub async fn wait_for(&self, position: u64, within: Duration) -> Result<u64, Behind> {
        let mut progress = self.progress.watch();
        match tokio::time::timeout(within, progress.wait_for(|seen| *seen >= position)).await {
            Ok(Ok(seen)) => Ok(*seen),
            _ => Err(Behind { position: self.position(), wanted: position }),
        }
    }

    /// A transaction in which nothing but the tenant's rows exists. Three round trips in all: this, the query, the end.
    async fn scoped(&self, tenant: TenantId) -> Result<PgTransaction<'static>, sqlx::Error> {
        // A UUID needs no quoting, and one text of four statements is one round trip.
        let begin = format!(
            "begin read only; set local clustermaster.tenant = '{}'; set local statement_timeout = '5s'",
            tenant.uuid()
        );
        self.pool.begin_with(begin).await
    }
}
