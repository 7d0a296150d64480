//! `clustermaster`: the hub.

use clap::Parser;
use clustermaster::cli::{Cli, Command};
use clustermaster::{doctor, rotation, serve, tenants, vault};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> anyhow::Result<()> {
    // Two TLS providers are linked, so rustls picks neither by itself.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve(config) => serve::run(&config).await,
            Command::Doctor(config) => doctor::run(&config).await,
            Command::Tenant(command) => tenants::run(command).await,
            Command::Vault(command) => vault::run(command).await,
            Command::SigningKey(command) => rotation::run(*command).await,
            Command::DatabaseUrl(config) => {
                println!("{}", clustermaster::store::running_url(&config)?);
                Ok(())
            }
            Command::Openapi => {
                print!("{}", hub_http::openapi_json());
                Ok(())
            }
        }
    })
}
