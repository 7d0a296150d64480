//! What the browser's tests stand on: a database, the hub's real binary, clusters, and the network between browser and hub.
//!
//! Says where everything is in one line of JSON, then obeys one JSON object a line on its standard input and answers each with one.
//! When the input ends, everything that was started ends.

mod fleet;
mod orders;
mod seed;

use std::io::{BufRead as _, Write as _};

use clap::Parser;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::orders::{Order, Testbed};

/// How the hub is to be started.
#[derive(Debug, Parser)]
#[command(name = "testbed", about = "A hub and its surroundings, for the tests in a browser")]
pub struct Options {
    /// Clusters to write into the ledger before the hub starts. They are made up, and the hub looks at none of them.
    #[arg(long, default_value_t = 0)]
    clusters: u32,
    /// Over how many days their history goes back.
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// Seconds between two looks at a cluster.
    #[arg(long, default_value_t = 1)]
    observe_seconds: u32,
    /// The path below which the hub serves.
    #[arg(long, default_value = "")]
    prefix: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let mut bed = Testbed::start(&Options::parse()).await?;
    say(&bed.addresses().await?)?;
    let (tell, mut told) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut lines = std::io::stdin().lock().lines().map_while(Result::ok);
        while lines.next().is_some_and(|line| tell.blocking_send(line).is_ok()) {}
    });
    while let Some(line) = told.recv().await {
        let done = match serde_json::from_str::<Order>(&line) {
            Ok(order) => bed.obey(order).await,
            Err(cause) => Err(cause.into()),
        };
        let answer = match done {
            Ok(answer) => json!({ "ok": answer }),
            Err(cause) => json!({ "failed": format!("{cause:#}") }),
        };
        say(&answer)?;
    }
    Ok(())
}

fn say(answer: &Value) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{answer}")?;
    out.flush()
}
