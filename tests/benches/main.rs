//! `make bench`: whole runs, beside a peer, on one machine, in one go. Figures go to RESULTS.md by hand.

mod append;
mod bus;
mod export;
mod hub;
mod ledger;
mod machine;
mod peer_cqrs;
mod peer_uma;
mod proof;
mod wire;

use clap::{Parser, Subcommand};

/// As in the hub.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Debug, Parser)]
#[command(name = "bench", about = "Measures the hub beside its peers")]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// One event a command to 10,000 streams, durable, beside cqrs-es and `UmaDB`.
    Append(append::Settings),
    /// Reading and proving a ledger, from the database and from a file.
    Ledger(ledger::Settings),
    /// What signing costs, and how long a proof takes out of a large ledger.
    Proof(proof::Settings),
    /// Events from a stored ledger to the bus, beside what the broker takes from a bare producer.
    Bus(bus::Settings),
    /// Exports to a file: events a second of each format, and how far behind at a steady pace.
    Export(export::Settings),
    /// The whole hub: start, memory, commands through HTTP, lag, the dashboard, a rebuild.
    Hub(hub::Settings),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    println!("{}\n", machine::describe());
    match Cli::parse().what {
        What::Append(settings) => append::run(&settings).await,
        What::Ledger(settings) => ledger::run(&settings).await,
        What::Proof(settings) => proof::run(&settings).await,
        What::Bus(settings) => bus::run(&settings).await,
        What::Export(settings) => export::run(&settings).await,
        What::Hub(settings) => hub::run(&settings).await,
    }
}
