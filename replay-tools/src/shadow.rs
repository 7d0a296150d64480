//! `shadow`: the read models are held against a refold of the ledger; nothing is written.

use std::sync::Arc;

use clap::Args;
use hub_postgres::log::PgFeed;
use hub_postgres::{PoolSizes, Pools};
use hub_projections::shadow::{Difference, Drift, DriftKind, Pace, shadow};
use serde_json::json;
use tokio::sync::watch;

use crate::cli::{ALTERED, CLEAN};
use crate::source::Database;

/// What `shadow` can be told.
#[derive(Debug, Args)]
pub struct Shadow {
    /// Only this projection; may be given several times.
    #[arg(long)]
    projection: Vec<String>,
    /// Print one JSON object instead of words.
    #[arg(long)]
    json: bool,
    /// Where the ledger is.
    #[command(flatten)]
    database: Database,
}

/// Runs `shadow`.
pub async fn command(args: &Shadow) -> anyhow::Result<u8> {
    let ledger = args.database.open().await?;
    let pools = Pools::connect(ledger.url(), PoolSizes::default())?;
    // Nobody wakes this feed: the comparison reads up to where the tables stand.
    let feed = Arc::new(PgFeed::new(pools.projector.clone(), watch::channel(0).1));
    let wanted: Vec<&str> = args.projection.iter().map(String::as_str).collect();
    let found = shadow(&pools.projector, feed, &wanted, Pace::default()).await;
    pools.close().await;
    ledger.close().await?;
    let found = found?;
    if args.json {
        println!("{}", json!({ "drift": found.iter().map(Drift::total).sum::<u64>(), "projections": found }));
    } else {
        for drift in &found {
            println!("{}", words(drift));
        }
    }
    Ok(if found.iter().all(|drift| drift.total() == 0) { CLEAN } else { ALTERED })
}

/// What a comparison found, for people.
fn words(drift: &Drift) -> String {
    let Drift { projection, position, rows, missing, extra, differing, .. } = drift;
    if drift.total() == 0 {
        return format!("{projection}: {rows} rows at position {position} are what the ledger says");
    }
    let least = if drift.exact { "" } else { "at least " };
    let mut lines = vec![format!(
        "{projection}: DRIFT at position {position} ({rows} rows): {least}{missing} missing, {extra} too many, {differing} different"
    )];
    lines.extend(drift.differences.iter().map(|row| format!("  {}", line(row))));
    let more = drift.total().saturating_sub(drift.differences.len() as u64);
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
    lines.push(format!("  `clustermaster-audit rebuild {projection}` builds the table anew"));
    lines.join("\n")
}

fn line(row: &Difference) -> String {
    let kind = match row.kind {
        DriftKind::Missing => "missing  ",
        DriftKind::Extra => "too many ",
        DriftKind::Differing => "different",
    };
    let version = row.valid_from.map_or_else(String::new, |from| format!(" from position {from}"));
    let members: Vec<String> = row
        .members
        .iter()
        .map(|(name, member)| format!("{name} is {}, the ledger says {}", member.table, member.log))
        .collect();
    let members = if members.is_empty() { String::new() } else { format!(": {}", members.join("; ")) };
    format!("{kind} {}{version} (tenant {}){members}", row.id, row.tenant)
}
