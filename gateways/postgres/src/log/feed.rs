//! Tailing the log: woken by this process's own commits and by NOTIFY from the others, with a poll behind both.

use std::time::Duration;

use async_trait::async_trait;
use hub_commands::ports::{ClusterFeed, Unavailable};
use hub_domain::ledger::Recorded;
use hub_projections::feed::{EventFeed, FeedError};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::reader::{self, read_after, read_of};

/// The feed of one process.
#[derive(Clone, Debug)]
pub struct PgFeed {
    pool: PgPool,
    committed: watch::Receiver<u64>,
}

impl PgFeed {
    /// A feed that reads through `pool` and is woken through `committed`.
    pub fn new(pool: PgPool, committed: watch::Receiver<u64>) -> Self {
        Self { pool, committed }
    }
}

#[async_trait]
impl EventFeed for PgFeed {
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, FeedError> {
        read_after(&self.pool, after, limit).await.map_err(|cause| FeedError(cause.into()))
    }

    async fn read_of(
        &self,
        tenant: Uuid,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<Recorded>, u64), FeedError> {
        // Before the events: what is committed up to it, they hold.
        let head = reader::head(&self.pool).await.map_err(|cause| FeedError(cause.into()))?;
        let events = read_of(&self.pool, tenant, after, limit).await;
        let events = events.map_err(|cause| FeedError(cause.into()))?;
        let last = events.last().map_or(after, |event| event.position);
        let to = if events.len() < limit { last.max(head) } else { last };
        Ok((events, to))
    }

    async fn wait(&self, after: u64, within: Duration) {
        let mut committed = self.committed.clone();
        // A timeout is an answer, too: the caller looks for itself.
        let _ = tokio::time::timeout(within, committed.wait_for(|position| *position > after)).await;
    }

    async fn head(&self) -> Result<Option<u64>, FeedError> {
        reader::head(&self.pool).await.map(Some).map_err(|cause| FeedError(cause.into()))
    }
}

#[async_trait]
impl ClusterFeed for PgFeed {
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, Unavailable> {
        read_after(&self.pool, after, limit).await.map_err(|cause| Unavailable::new("ledger", cause))
    }

    async fn wait(&self, after: u64, within: Duration) {
        EventFeed::wait(self, after, within).await;
    }
}

/// Forwards the positions that other processes announce, until cancelled. Loses nothing that the poll does not find.
pub async fn listen(pool: PgPool, committed: watch::Sender<u64>, cancel: CancellationToken) {
    const PAUSE: Duration = Duration::from_secs(1);
    while !cancel.is_cancelled() {
        let heard = cancel.run_until_cancelled(hear(&pool, &committed)).await;
        if let Some(Err(cause)) = heard {
            tracing::debug!(%cause, "the ledger's channel is away; polling meanwhile");
            cancel.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
        }
    }
}

async fn hear(pool: &PgPool, committed: &watch::Sender<u64>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen("clustermaster_ledger").await?;
    loop {
        let position = listener.recv().await?.payload().parse().unwrap_or(0);
        committed.send_if_modified(|known| {
            let news = position > *known;
            *known = position.max(*known);
            news
        });
    }
}
