//! `step`: history event by event, with the state that each one made and what it changed in it.

mod screen;
#[cfg(test)]
mod tests;
mod walk;

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Args;
use console::Term;

pub use self::walk::{Step, Walk};
use crate::cli::CLEAN;
use crate::history::History;
use crate::source::Database;

/// What `step` can be told.
#[derive(Debug, Args)]
pub struct StepArgs {
    /// An exported file; without it the database is read.
    file: Option<PathBuf>,
    /// Only this stream: `cluster_01j…`.
    #[arg(long, conflicts_with = "tenant")]
    stream: Option<String>,
    /// Only this tenant, by name.
    #[arg(long)]
    tenant: Option<String>,
    /// Begin at this position. What lies before it is folded and not shown.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    from: u64,
    /// Print everything, one JSON object a line, as it is done without a terminal.
    #[arg(long)]
    json: bool,
    /// Where the ledger is.
    #[command(flatten)]
    database: Database,
}

/// Runs `step`.
pub async fn command(args: &StepArgs) -> anyhow::Result<u8> {
    let mut history = History::open(args.file.as_deref(), &args.database).await?;
    let stepped = step(args, &mut history).await;
    history.close().await?;
    stepped?;
    Ok(CLEAN)
}

async fn step(args: &StepArgs, history: &mut History) -> anyhow::Result<()> {
    let tenant = match &args.tenant {
        Some(name) => Some(history.tenant(name).await?),
        None => None,
    };
    let mut walk = Walk::new(history, args.stream.clone(), tenant, args.from);
    if !args.json && std::io::stdout().is_terminal() && std::io::stdin().is_terminal() {
        return screen::show(&mut walk, &Term::stdout()).await;
    }
    let mut out = std::io::BufWriter::new(std::io::stdout());
    let mut shown = 0;
    while let Some(step) = walk.next().await? {
        writeln!(out, "{}", step.object())?;
        shown += 1;
    }
    out.flush()?;
    if shown == 0 {
        eprintln!("no event fits what was asked for");
    }
    Ok(())
}
