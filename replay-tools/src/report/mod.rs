//! `report`: the complete population of entries of a period, for an auditor to draw a sample from, with a proof of each.

pub mod chain;
mod chart;
mod csv;
pub mod entry;
pub mod forest;
mod html;
mod json;
mod make;
pub mod period;
pub mod summary;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::{Args, ValueEnum};
use uuid::Uuid;

use self::chain::Chain;
use self::entry::Kind;
use self::period::Period;
use self::summary::Summary;
use crate::cli::{ALTERED, CLEAN};
use crate::history::History;
use crate::source::Database;

/// What `report` can be told.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// What it is about.
    kind: Kind,
    /// An exported file; without it the database is read.
    file: Option<PathBuf>,
    /// `FROM/TO`: dates (UTC, both included) or RFC 3339 times (the second one is not included).
    #[arg(long, value_name = "FROM/TO")]
    period: Period,
    /// Whose ledger, by the tenant's name.
    #[arg(long, default_value = "default")]
    tenant: String,
    /// How it is written; without it as the name of the file says (`.csv`, `.html`), else JSON.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Add the leaves of all other events of the period, so that nobody needs to believe that no entry was left out (JSON only).
    #[arg(long)]
    complete: bool,
    /// Where to; without it to standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where the ledger is.
    #[command(flatten)]
    database: Database,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One line an entry, its proof in the last column; counts and range beside it in `FILE.summary.json`.
    Csv,
    /// `clustermaster-report/1` (FORMAT.md).
    Json,
    /// One page that needs nothing else, for a screen and for paper.
    Html,
}

impl ReportArgs {
    fn format(&self) -> Format {
        let named = || {
            let end = self.out.as_deref()?.extension()?.to_str()?;
            Format::from_str(end, true).ok()
        };
        self.format.or_else(named).unwrap_or(Format::Json)
    }
}

/// An event is not what was signed: there is no report of an altered ledger.
#[derive(Debug, thiserror::Error)]
#[error("position {0} does not stand under its checkpoint; `clustermaster-audit verify` names where")]
struct Altered(u64);

/// Writes a report, whatever its format.
trait Sink {
    /// Before the entries.
    fn begin(&mut self, summary: &Summary) -> anyhow::Result<()>;
    /// One entry; the proof's JSON, where there is one.
    fn entry(&mut self, entry: &entry::Entry, proof: Option<&str>) -> anyhow::Result<()>;
    /// After the entries: the leaf, base64, of an event of the range that the report is not about.
    fn left_out(&mut self, _leaf: &str) -> anyhow::Result<()> {
        Ok(())
    }
    /// After everything.
    fn end(&mut self) -> anyhow::Result<()>;
}

/// Runs `report`.
pub async fn command(args: &ReportArgs) -> anyhow::Result<u8> {
    ensure!(!args.complete || args.format() == Format::Json, "--complete goes with --format json only");
    let mut history = History::open(args.file.as_deref(), &args.database).await?;
    let tenant = match history.tenant(&args.tenant).await {
        Ok(tenant) => tenant,
        Err(cause) => {
            history.close().await?;
            return Err(cause);
        }
    };
    match write(args, history, tenant).await {
        Ok(summary) => {
            eprintln!("{}", summary.words());
            Ok(CLEAN)
        }
        Err(cause) if cause.is::<Altered>() => {
            eprintln!("THE LEDGER WAS ALTERED: {cause}");
            Ok(ALTERED)
        }
        Err(cause) => Err(cause),
    }
}

async fn write(args: &ReportArgs, history: History, tenant: Uuid) -> anyhow::Result<Summary> {
    let mut chain = Chain::open(history, tenant).await?;
    let written = match &args.out {
        None => to(args, &mut chain, std::io::stdout()).await,
        Some(path) => to_file(args, &mut chain, path).await,
    };
    chain.close().await?;
    written
}

/// Written beside and renamed: a file of this name is always a whole one.
async fn to_file(args: &ReportArgs, chain: &mut Chain, path: &Path) -> anyhow::Result<Summary> {
    let beside = named(path, ".part");
    let out = File::create(&beside).with_context(|| format!("{} cannot be written", beside.display()))?;
    let made = match to(args, chain, out.try_clone()?).await {
        Ok(summary) => out.sync_all().map(|()| summary).map_err(Into::into),
        Err(cause) => Err(cause),
    };
    let summary = made.inspect_err(|_| {
        std::fs::remove_file(&beside).ok();
    })?;
    if args.format() == Format::Csv {
        std::fs::write(named(path, ".summary.json"), serde_json::to_vec_pretty(&summary)?)?;
    }
    std::fs::rename(&beside, path)?;
    Ok(summary)
}

fn named(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

async fn to(args: &ReportArgs, chain: &mut Chain, out: impl Write + Send) -> anyhow::Result<Summary> {
    let out = BufWriter::with_capacity(1 << 16, out);
    let wanted = make::Wanted { kind: args.kind, period: args.period, complete: args.complete };
    match args.format() {
        Format::Csv => make::report(wanted, chain, csv::Csv::new(out)).await,
        Format::Json => make::report(wanted, chain, json::Json::new(out)).await,
        Format::Html => make::report(wanted, chain, html::Html::new(out)).await,
    }
}
