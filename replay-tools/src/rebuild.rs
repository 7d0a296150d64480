//! `rebuild`: read models are built anew beside the live ones, and take their place.

use std::sync::Arc;

use hub_postgres::log::PgFeed;
use hub_postgres::{PoolSizes, Pools};
use hub_projections::rebuild::rebuild;
use tokio::sync::watch;

use crate::cli::CLEAN;
use crate::progress;
use crate::source::Database;

/// Runs `rebuild`.
pub async fn command(projections: &[String], database: &Database) -> anyhow::Result<u8> {
    let mut ledger = database.open().await?;
    let sizes = PoolSizes { projector: 12, ..PoolSizes::default() };
    let pools = Pools::connect(ledger.url(), sizes)?;
    let meter = progress::Meter::new("rebuilding", ledger.head().await?);
    // Nobody wakes this feed: the rebuild reads to the end of the log and asks once more.
    let feed = Arc::new(PgFeed::new(pools.projector.clone(), watch::channel(0).1));
    let wanted: Vec<&str> = projections.iter().map(String::as_str).collect();
    let rebuilt = rebuild(&pools.projector, feed, &wanted, &|progress| {
        meter.at(progress.position, progress.head);
    })
    .await;
    meter.finish();
    pools.close().await;
    ledger.close().await?;
    for table in rebuilt? {
        println!("{}: rebuilt up to position {}", table.name, table.position);
    }
    Ok(CLEAN)
}
