//! The command line of `clustermaster-audit`, and its exit codes.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::evidence::EvidenceArgs;
use crate::source::Database;
use crate::witness::WitnessArgs;
use crate::{check, export, import, replay, report, step, verify, what_if, witness};

/// All is well.
pub const CLEAN: u8 = 0;
/// The ledger was altered.
pub const ALTERED: u8 = 1;
/// The tool could not do its work: wrong arguments, nothing to read, no database. (2 is also clap's own.)
pub const TROUBLE: u8 = 2;

/// Proves, exports and replays a `ClusterMaster` ledger.
///
/// Exit codes: 0 all is well, 1 the ledger was altered, 2 the work could not be done.
#[derive(Debug, Parser)]
#[command(name = "clustermaster-audit", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prove the whole ledger, from the database or from an exported file; name every bad row.
    Verify {
        /// An exported file; without it the database is read.
        file: Option<PathBuf>,
        /// What was kept elsewhere.
        #[command(flatten)]
        evidence: EvidenceArgs,
        /// Print one JSON object instead of words.
        #[arg(long)]
        json: bool,
        /// Where the ledger is.
        #[command(flatten)]
        database: Database,
    },
    /// Check the proof of an audit log entry (`GET audit-logs/{id}/proof`), and say what it proves.
    Check {
        /// The proof; `-` is standard input.
        proof: PathBuf,
        /// The verifier key of the hub or the tenant, or a file that holds it. It must not come from the proof itself.
        #[arg(long, value_name = "KEY|FILE")]
        key: String,
        /// Print one JSON object instead of words.
        #[arg(long)]
        json: bool,
    },
    /// Be a witness of other people's logs: cosign checkpoints that continue what was cosigned before.
    Witness(WitnessArgs),
    /// Print each tenant's head (size, last leaf hash, tree root) as JSON: to be kept elsewhere.
    Head {
        /// Where the ledger is.
        #[command(flatten)]
        database: Database,
    },
    /// Write leaves, metadata and payloads to a file that needs no server to be verified (FORMAT.md).
    Export {
        /// The file to write; `-` is standard output.
        file: PathBuf,
        /// Where the ledger is.
        #[command(flatten)]
        database: Database,
    },
    /// Print history, event by event.
    Replay(replay::Replay),
    /// Walk through history event by event, with the state that each one made and what it changed.
    Step(step::StepArgs),
    /// Tell history again without one event, and say what would differ. Nothing is changed.
    WhatIf(what_if::WhatIf),
    /// The complete population of entries of a period, for an auditor's sample, with a proof of each.
    Report(report::ReportArgs),
    /// Bring the events of another store under the chain of a tenant; what is there already is not brought twice.
    Import(import::ImportArgs),
    /// Build a read model anew beside the live one, and switch.
    Rebuild {
        /// Which; all of them when none is named.
        projection: Vec<String>,
        /// Where the ledger is.
        #[command(flatten)]
        database: Database,
    },
}

/// Runs a command and answers the exit code.
pub async fn run(cli: Cli) -> u8 {
    let outcome = match cli.command {
        Command::Verify { file, evidence, json, database } => {
            verify::command(file, &evidence, json, &database).await
        }
        Command::Witness(args) => witness::command(&args).await,
        Command::Check { proof, key, json } => check::command(&proof, &key, json),
        Command::Head { database } => verify::print_heads(&database).await,
        Command::Export { file, database } => export::command(&file, &database).await,
        Command::Replay(replay) => replay::command(&replay).await,
        Command::Step(args) => step::command(&args).await,
        Command::WhatIf(args) => what_if::command(&args).await,
        Command::Report(args) => report::command(&args).await,
        Command::Import(args) => import::command(&args).await,
        Command::Rebuild { projection, database } => crate::rebuild::command(&projection, &database).await,
    };
    outcome.unwrap_or_else(|cause| {
        eprintln!("error: {cause:#}");
        TROUBLE
    })
}
