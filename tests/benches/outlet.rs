//! What leaves the hub: how fast a stored ledger goes out, and how late an event does.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use clap::Args;
use hub_commands::ports::{Clock as _, EventLog as _, Expected};
use hub_domain::export::Filter;
use hub_domain::kernel::{TenantId, TypedId as _};
use hub_kit::postgres::OwnServer;
use hub_kit::{SystemClock, ids, log_suite, until};
use hub_postgres::log::PgFeed;
use hub_postgres::{PgLog, PgOutlets, PoolSizes, Pools, WriterSettings};
use hub_projections::Event;
use hub_projections::models::AuditLog;
use hub_projections::outlet::{
    Export, Fault, Notice, Outlet, OutletStore as _, Pump, PumpSettings, Start, Undelivered,
};
use tokio_util::sync::CancellationToken;

use crate::ledger::fill;

const PATIENCE: Duration = Duration::from_mins(30);

#[derive(Debug, Args)]
pub struct Settings {
    /// Events in the ledger.
    #[arg(long, default_value_t = 500_000)]
    events: usize,
    /// Bytes of each payload.
    #[arg(long, default_value_t = 300)]
    bytes: usize,
    /// Seconds of events that come in while the lag is looked at.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Such events a second.
    #[arg(long, default_value_t = 500)]
    rate: u32,
}

/// JSON lines in a file, on disk before each answer; remembers how late each came.
struct Lines {
    file: Mutex<BufWriter<File>>,
    late: Mutex<Vec<Duration>>,
}

impl Lines {
    fn create(path: &Path) -> std::io::Result<Self> {
        Ok(Self {
            file: Mutex::new(BufWriter::with_capacity(1 << 20, File::create(path)?)),
            late: Mutex::default(),
        })
    }

    fn write(&self, items: &[AuditLog]) -> std::io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for item in items {
            serde_json::to_writer(&mut *file, item)?;
            file.write_all(b"\n")?;
        }
        file.flush()?;
        file.get_ref().sync_data()
    }
}

#[async_trait]
impl Outlet<AuditLog> for Lines {
    async fn deliver(&self, items: &[AuditLog], _: &[Notice]) -> Result<(), Undelivered> {
        let written = tokio::task::block_in_place(|| self.write(items));
        written.map_err(|cause| Undelivered {
            delivered: 0,
            fault: Fault::Away { after: None },
            message: cause.to_string(),
        })?;
        let now = SystemClock.now();
        let late = items.iter().map(|item| (now - item.recorded_at).to_std().unwrap_or_default());
        self.late.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(late);
        Ok(())
    }
}

/// Counts, and keeps nothing.
#[derive(Default)]
struct Nothing(AtomicU64);

#[async_trait]
impl Outlet<Event> for Nothing {
    async fn deliver(&self, items: &[Event], _: &[Notice]) -> Result<(), Undelivered> {
        self.0.fetch_add(items.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// Measures both rates, and the lag.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let server = OwnServer::start().await?;
    hub_postgres::migrate(&server.url()).await?;
    let tenant = TenantId::from_uuid(ids::uuid());
    println!("{} events of {} bytes", settings.events, settings.bytes);
    fill(&server.url(), tenant, settings.events, settings.bytes).await?;
    let pools = Pools::connect(&server.url(), PoolSizes::default())?;
    let (log, writer) = PgLog::start(
        hub_postgres::pools::options(&server.url())?,
        pools.writer.clone(),
        Arc::new(SystemClock),
        WriterSettings::default(),
    );
    let feed = Arc::new(PgFeed::new(pools.writer.clone(), log.committed().subscribe()));
    let store = Arc::new(PgOutlets::new(pools.writer.clone()));
    let folder = tempfile::tempdir()?;
    let lines = Arc::new(Lines::create(&folder.path().join("lines"))?);
    let export = Export {
        name: "export".into(),
        tenant: tenant.uuid(),
        filter: Filter::default(),
        start: Start::default(),
        retry: 0,
    };
    let cancel = CancellationToken::new();
    let reached = |name: &'static str, position: u64| {
        let store = store.clone();
        until(PATIENCE, move || {
            let store = store.clone();
            async move {
                let status = store.statuses(&[name.to_owned()]).await.ok()?.pop()?;
                (status.position >= position).then_some(())
            }
        })
    };

    let started = Instant::now();
    let pump = Pump::of_export(store.clone(), feed.clone(), export, lines.clone(), PumpSettings::default());
    let exporting = tokio::spawn(pump.run(cancel.clone()));
    reached("export", settings.events as u64).await;
    report("export into a file", settings.events, started.elapsed());

    let started = Instant::now();
    let (all, settings_of) = (Arc::new(Nothing::default()), PumpSettings::default());
    let pump = Pump::new(store.clone(), feed, "bus".into(), all, settings_of);
    let bus = tokio::spawn(pump.run(cancel.clone()));
    reached("bus", settings.events as u64).await;
    report("bus into nothing", settings.events, started.elapsed());

    lines.late.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / settings.rate);
    let mut position = 0;
    for nth in 0..settings.rate * settings.seconds {
        ticks.tick().await;
        let append = log_suite::append(tenant, &format!("meter_{:026}", nth % 1000), Expected::Any, 1);
        position = log.append(append).await?.position;
    }
    reached("export", position).await;
    let mut late = std::mem::take(&mut *lines.late.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    late.sort_unstable();
    let at = |share: usize| late[(late.len() * share / 100).min(late.len() - 1)].as_secs_f64() * 1000.0;
    println!("  lag of {} events: p50 {:.0} ms, p99 {:.0} ms", late.len(), at(50), at(99));
    cancel.cancel();
    exporting.await?;
    bus.await?;
    drop(log);
    writer.await?;
    Ok(())
}

fn report(what: &str, events: usize, took: Duration) {
    let rate = events as f64 / took.as_secs_f64();
    println!("  {what:<28} {rate:>10.0} events/s   {:.2} s", took.as_secs_f64());
}
