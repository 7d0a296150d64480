//! Exports to a file: events a second out of a stored ledger, beside the bare writing of the same lines, and how far behind an
//! export is at a steady pace.

use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use clap::Args;
use hub_commands::ports::{EventLog, Expected};
use hub_domain::export::{Filter, Format, Transport};
use hub_domain::kernel::{ExportId, TenantId, TypedId};
use hub_kit::postgres::OwnServer;
use hub_kit::{SystemClock, ids, log_suite};
use hub_postgres::log::PgFeed;
use hub_postgres::{PgLog, PgOutlets, PoolSizes, Pools, WriterSettings};
use hub_projections::models::AuditLog;
use hub_projections::outlet::{Export, Notice, Outlet, Pump, PumpSettings, Start, Undelivered};
use hub_siem::SiemOutlet;
use hub_siem::transport::{Secrets, Settings as SiemSettings};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::ledger::fill;
use crate::machine::{Run, busy};

#[derive(Debug, Args)]
pub struct Settings {
    /// Events in the ledger.
    #[arg(long, default_value_t = 200_000)]
    events: usize,
    /// Bytes of each payload.
    #[arg(long, default_value_t = 300)]
    bytes: usize,
    /// Events a second of the steady pace.
    #[arg(long, default_value_t = 500)]
    pace: u32,
    /// Seconds of the steady pace.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
}

const FORMATS: [(Format, &str); 5] = [
    (Format::Ocsf, "OCSF"),
    (Format::Ecs, "ECS"),
    (Format::Cef, "CEF"),
    (Format::Leef, "LEEF"),
    (Format::Json, "JSON"),
];

/// An outlet that notes when items were delivered, and how old they were then.
struct Watched {
    inner: SiemOutlet,
    delivered: watch::Sender<usize>,
    ages: Mutex<Vec<Duration>>,
}

#[async_trait]
impl Outlet<AuditLog> for Watched {
    async fn deliver(&self, items: &[AuditLog], notices: &[Notice]) -> Result<(), Undelivered> {
        self.inner.deliver(items, notices).await?;
        let now = hub_commands::ports::Clock::now(&SystemClock);
        let ages = items.iter().map(|item| (now - item.recorded_at).to_std().unwrap_or_default());
        self.ages.lock().expect("nobody panics").extend(ages);
        self.delivered.send_modify(|count| *count += items.len());
        Ok(())
    }
}

fn outlet(tenant: TenantId, export: ExportId, format: Format, folder: &Path) -> anyhow::Result<Watched> {
    let settings = SiemSettings {
        export_dir: Some(folder.to_owned()),
        ..SiemSettings::new(tenant, export, Arc::new(SystemClock))
    };
    let file = Transport::File { name: "events.log".into(), max_bytes: 1 << 40, keep: 0 };
    let inner = hub_siem::open(format, &file, &Secrets::default(), &settings)?;
    Ok(Watched { inner, delivered: watch::Sender::new(0), ages: Mutex::default() })
}

/// Drives one export over what is there until it has delivered so many events.
async fn pumped(
    pools: &Pools,
    tenant: TenantId,
    format: Format,
    folder: &Path,
    work: impl AsyncFnOnce(watch::Receiver<usize>, watch::Sender<u64>) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Duration>> {
    let export = ExportId::from_uuid(ids::uuid());
    let watched = Arc::new(outlet(tenant, export, format, folder)?);
    let committed = watch::Sender::new(0);
    let feed = Arc::new(PgFeed::new(pools.writer.clone(), committed.subscribe()));
    let export = Export {
        name: export.to_string(),
        tenant: tenant.uuid(),
        filter: Filter::default(),
        start: Start::default(),
        retry: 0,
    };
    let store = Arc::new(PgOutlets::new(pools.writer.clone()));
    let pump = Pump::of_export(store, feed, export, watched.clone(), PumpSettings::default());
    let stop = CancellationToken::new();
    let pumping = tokio::spawn(pump.run(stop.clone()));
    work(watched.delivered.subscribe(), committed).await?;
    stop.cancel();
    pumping.await?;
    let ages = std::mem::take(&mut *watched.ages.lock().expect("nobody panics"));
    Ok(ages)
}

/// Measures both.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let server = OwnServer::start().await?;
    hub_postgres::migrate(&server.url()).await?;
    let tenant = TenantId::from_uuid(ids::uuid());
    fill(&server.url(), tenant, settings.events, settings.bytes).await?;
    let pools = Pools::connect(&server.url(), PoolSizes::default())?;
    println!("{} events of {} bytes, out of the ledger into a file", settings.events, settings.bytes);
    for (format, name) in FORMATS {
        let folder = tempfile::tempdir()?;
        let (started, cpu) = (Instant::now(), busy());
        pumped(&pools, tenant, format, folder.path(), async |mut delivered, _| {
            delivered.wait_for(|count| *count >= settings.events).await?;
            Ok(())
        })
        .await?;
        let (took, cpu) = (started.elapsed(), busy().saturating_sub(cpu));
        let rate = settings.events as f64 / took.as_secs_f64();
        let bare = bare(&folder.path().join(tenant.to_string()).join("events.log"))?;
        println!(
            "  {name:<5} {rate:>9.0} events/s   cpu {:>5.1} µs each   {:.0} % of bare writing ({bare:.0} lines/s)",
            cpu.as_secs_f64() * 1e6 / settings.events as f64,
            100.0 * rate / bare
        );
    }
    steady(&server.url(), &pools, settings).await?;
    pools.close().await;
    Ok(())
}

/// The ceiling: the same lines, written and synced in the same portions by nobody who thinks. Lines a second.
fn bare(written: &Path) -> anyhow::Result<f64> {
    let text = std::fs::read(written)?;
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let mut file = std::fs::File::create(written.with_extension("bare"))?;
    let started = Instant::now();
    for portion in lines.chunks(PumpSettings::default().batch) {
        file.write_all(&portion.concat())?;
        file.sync_data()?;
    }
    Ok(lines.len() as f64 / started.elapsed().as_secs_f64())
}

/// One event after the other, at an even pace: how old each is when it is on the disk.
async fn steady(url: &str, pools: &Pools, settings: &Settings) -> anyhow::Result<()> {
    let tenant = TenantId::from_uuid(ids::uuid());
    let options = hub_postgres::pools::options(url)?;
    let clock = Arc::new(SystemClock);
    let (log, writer) = PgLog::start(options, pools.writer.clone(), clock, WriterSettings::default());
    let total = (settings.pace * settings.seconds) as usize;
    let folder = tempfile::tempdir()?;
    let (started, cpu) = (Instant::now(), busy());
    let ages = pumped(pools, tenant, Format::Ocsf, folder.path(), async |mut delivered, committed| {
        let mut beat = tokio::time::interval(Duration::from_secs(1) / settings.pace);
        for nth in 0..total {
            beat.tick().await;
            let append = log_suite::append(tenant, &format!("meter_{:026}", nth % 1000), Expected::Any, 1);
            let receipt = log.append(append).await?;
            committed.send_replace(receipt.position);
        }
        delivered.wait_for(|count| *count >= total).await?;
        Ok(())
    })
    .await?;
    let run = Run::of(ages, started.elapsed(), busy().saturating_sub(cpu));
    println!("from the commit until it is on the disk, at {} events/s\n  {run}", settings.pace);
    drop(log);
    writer.await?;
    Ok(())
}
