//! `rebuild`: a read model is built anew beside the live one, and takes its place.

use std::sync::Arc;

use hub_postgres::log::PgFeed;
use hub_postgres::{PoolSizes, Pools};
use hub_projections::rebuild::{names, rebuild};
use tokio::sync::watch;

use crate::cli::CLEAN;
use crate::progress;
use crate::source::Database;

/// Runs `rebuild`.
pub async fn command(projections: &[String], database: &Database) -> anyhow::Result<u8> {
    let known = names();
    for name in projections {
        anyhow::ensure!(known.contains(&name.as_str()), "there is no read model `{name}`; there are {}", known.join(", "));
    }
    let chosen = known.into_iter().filter(|name| projections.is_empty() || projections.iter().any(|one| one == name));
    let ledger = database.open().await?;
    let pools = Pools::connect(ledger.url(), PoolSizes::default())?;
    let feed = Arc::new(PgFeed::new(pools.projector.clone(), watch::channel(0).1));
    for name in chosen {
        let bar = progress::bar(name, 0);
        let done = rebuild(name, &pools.projector, feed.clone(), |position, head| {
            bar.set_length(head);
            bar.set_position(position);
        })
        .await;
        bar.finish_and_clear();
        eprintln!("{name}: rebuilt up to position {}", done?);
    }
    pools.close().await;
    ledger.close().await?;
    Ok(CLEAN)
}
