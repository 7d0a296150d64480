//! Reading and proving: from the database and from a file, beside the machine's own SHA-256 rate over the same bytes.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use hub_commands::ports::{EventLog, Expected};
use hub_domain::kernel::{TenantId, TypedId};
use hub_domain::ledger::{Hash, sha256};
use hub_kit::postgres::OwnServer;
use hub_kit::{ids, log_suite};
use hub_postgres::{PgLog, PoolSizes, Pools, WriterSettings};
use hub_replay::evidence::Evidence;
use hub_replay::source::Database;
use hub_replay::{export, verify};

#[derive(Debug, Args)]
pub struct Settings {
    /// Events in the ledger.
    #[arg(long, default_value_t = 500_000)]
    events: usize,
    /// Bytes of each payload.
    #[arg(long, default_value_t = 300)]
    bytes: usize,
}

fn report(what: &str, events: usize, took: Duration) -> f64 {
    let rate = events as f64 / took.as_secs_f64();
    println!("  {what:<28} {rate:>10.0} events/s   {:.2} s", took.as_secs_f64());
    rate
}

/// Runs everything on one ledger.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let server = OwnServer::start().await?;
    hub_postgres::migrate(&server.url()).await?;
    println!("{} events of {} bytes", settings.events, settings.bytes);
    fill(&server.url(), TenantId::from_uuid(ids::uuid()), settings.events, settings.bytes).await?;
    let database = Database { data_dir: ".".into(), database_url: Some(server.url()) };

    let mut ledger = database.open().await?;
    let (started, mut after, mut events) = (Instant::now(), 0, 0);
    loop {
        let page = ledger.page(after).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
        events += page.len();
    }
    report("read from the start", events, started.elapsed());

    let started = Instant::now();
    let clean = verify::of_database(&mut ledger, &Evidence::default()).await?;
    anyhow::ensure!(clean.is_clean(), "the ledger is clean");
    report("verify from the database", events, started.elapsed());

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("ledger");
    let started = Instant::now();
    export::write(&mut ledger, File::create(&path)?).await?;
    report("export to a file", events, started.elapsed());

    let length = std::fs::metadata(&path)?.len();
    let started = Instant::now();
    let clean =
        verify::of_file(BufReader::with_capacity(1 << 20, File::open(&path)?), length, &Evidence::default())?;
    anyhow::ensure!(clean.is_clean(), "the file is clean");
    let file = report("verify from the file", events, started.elapsed());

    // The ceiling: every byte string that must be hashed, each once, and nothing else.
    let mut messages: Vec<Vec<u8>> = Vec::new();
    let (mut after, mut previous) = (0, Hash::ZERO);
    while messages.len() < 3 * events.min(100_000) {
        let page = ledger.page(after).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
        for event in page {
            messages.push(event.leaf(previous).encode()?);
            previous = event.leaf_hash;
            messages.extend([event.metadata, event.payload]);
        }
    }
    ledger.close().await?;
    let bytes: usize = messages.iter().map(Vec::len).sum();
    let started = Instant::now();
    let mut sum = 0_u8;
    for message in &messages {
        sum ^= sha256(message).0[0];
    }
    let took = started.elapsed();
    std::hint::black_box(sum);
    let ceiling = report("sha2 over the same bytes", messages.len() / 3, took);
    println!(
        "  that is {:.0} MiB/s; verify from the file reaches {:.0} %",
        bytes as f64 / took.as_secs_f64() / 1_048_576.0,
        100.0 * file / ceiling
    );
    Ok(())
}

/// Appends events to a tenant's ledger, as fast as it goes.
pub async fn fill(url: &str, tenant: TenantId, events: usize, bytes: usize) -> anyhow::Result<()> {
    let pools = Pools::connect(url, PoolSizes::default())?;
    let options = hub_postgres::pools::options(url)?;
    let (log, writer) = PgLog::start(
        options,
        pools.writer.clone(),
        Arc::new(hub_kit::SystemClock),
        WriterSettings::default(),
    );
    let mut left = events;
    let mut nth = 0;
    while left > 0 {
        let count = left.min(500);
        let mut append = log_suite::append(tenant, &format!("meter_{nth:026}"), Expected::Any, count);
        for event in &mut append.events {
            // Of no aggregate: read models other than the audit log pass over it.
            event.event_type = "meter.read.v1";
            event.payload = format!(r#"{{"note":"{}"}}"#, "x".repeat(bytes.saturating_sub(11))).into_bytes();
        }
        log.append(append).await?;
        left -= count;
        nth = (nth + 1) % 10_000;
    }
    drop(log);
    writer.await?;
    pools.close().await;
    Ok(())
}
