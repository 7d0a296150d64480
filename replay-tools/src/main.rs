//! `clustermaster-audit`: proves, exports, replays and rebuilds, beside the hub and without its help.

use std::process::ExitCode;

use clap::Parser;
use hub_replay::cli::{Cli, run};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // Two TLS providers are linked, so rustls picks neither by itself.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => {
            eprintln!("error: {cause}");
            return ExitCode::from(hub_replay::cli::TROUBLE);
        }
    };
    ExitCode::from(runtime.block_on(run(cli)))
}
