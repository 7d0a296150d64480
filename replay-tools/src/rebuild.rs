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
    let bar = progress::bar("rebuilding", ledger.head().await?);
    // Nobody wakes this feed: the rebuild reads to the end of the log and asks once more.
    let feed = Arc::new(PgFeed::new(pools.projector.clone(), watch::channel(0).1));
    let wanted: Vec<&str> = projections.iter().map(String::as_str).collect();
    let rebuilt = rebuild(&pools.projector, feed, &wanted, &|progress| {
        if let Some(head) = progress.head {
            bar.set_length(head);
        }
        bar.set_position(progress.position);
    })
    .await;
    bar.finish_and_clear();
    pools.close().await;
    ledger.close().await?;
    for table in rebuilt? {
        println!("{}: rebuilt up to position {}", table.name, table.position);
    }
    Ok(CLEAN)
}
