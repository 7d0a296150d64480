//! The bus: a stored ledger through the pump to a broker, beside what that broker takes from a bare producer; and the lag under load.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use clap::Args;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use hub_commands::ports::{EventLog, Expected};
use hub_domain::kernel::{TenantId, TypedId};
use hub_kafka::message::headers;
use hub_kafka::{Bus, BusSettings, Connection, Security};
use hub_kit::kafka::{INSTALL, available};
use hub_kit::postgres::OwnServer;
use hub_kit::{Broker, ids, log_suite};
use hub_postgres::log::PgFeed;
use hub_postgres::{PgLog, PgOutlets, PoolSizes, Pools, WriterSettings};
use hub_projections::outlet::{Notice, Outlet, Pump, PumpSettings, Undelivered};
use hub_projections::{Event, EventFeed};
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::ledger;
use crate::machine::{Run, busy};

#[derive(Debug, Args)]
pub struct Settings {
    /// Events in the ledger.
    #[arg(long, default_value_t = 200_000)]
    events: usize,
    /// Bytes of each payload.
    #[arg(long, default_value_t = 300)]
    bytes: usize,
    /// Events a second while the lag is measured.
    #[arg(long, default_value_t = 500)]
    rate: usize,
    /// Seconds of that.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
}

/// An outlet that says how far it has come, and when each event was acknowledged.
struct Watched {
    bus: Bus,
    position: watch::Sender<u64>,
    arrivals: std::sync::Mutex<Vec<(u64, Instant)>>,
}

#[async_trait]
impl Outlet<Event> for Watched {
    async fn deliver(&self, items: &[Event], notices: &[Notice]) -> Result<(), Undelivered> {
        self.bus.deliver(items, notices).await?;
        let now = Instant::now();
        let positions = items.iter().map(|event| (event.recorded.position, now));
        self.arrivals.lock().expect("nobody panics").extend(positions);
        if let Some(last) = items.last() {
            self.position.send_replace(last.recorded.position);
        }
        Ok(())
    }
}

/// Measures both.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    anyhow::ensure!(available(), "{INSTALL}");
    let broker = Broker::in_memory().await?;
    let server = OwnServer::start().await?;
    hub_postgres::migrate(&server.url()).await?;
    let tenant = TenantId::from_uuid(ids::uuid());
    ledger::fill(&server.url(), tenant, settings.events, settings.bytes).await?;
    println!("{} events of {} bytes", settings.events, settings.bytes);

    let pools = Pools::connect(&server.url(), PoolSizes::default())?;
    let clock = Arc::new(hub_kit::SystemClock);
    let options = hub_postgres::pools::options(&server.url())?;
    let (log, writer) = PgLog::start(options, pools.writer.clone(), clock, WriterSettings::default());
    let feed = Arc::new(PgFeed::new(pools.projector.clone(), log.committed().subscribe()));
    ceiling(settings, &broker, &*feed).await?;

    let connection = Connection { brokers: broker.address().to_owned(), security: Security::default() };
    let bus = Bus::open(BusSettings::new(connection, broker.topic()))?;
    let (position, mut reached) = watch::channel(0);
    let outlet = Arc::new(Watched { bus, position, arrivals: std::sync::Mutex::default() });
    let store = Arc::new(PgOutlets::new(pools.writer.clone()));
    let pump = Pump::new(store, feed, "bench".to_owned(), outlet.clone(), PumpSettings::default());
    let (stop, started, cpu) = (CancellationToken::new(), Instant::now(), busy());
    let pumping = tokio::spawn(pump.run(stop.clone()));
    reached.wait_for(|position| *position >= settings.events as u64).await?;
    let (took, cpu) = (started.elapsed(), busy().saturating_sub(cpu));
    println!(
        "  the pump       {:>8.0} events/s   cpu {:>5.1} µs each",
        settings.events as f64 / took.as_secs_f64(),
        cpu.as_secs_f64() * 1e6 / settings.events as f64
    );

    lag(settings, &log, &outlet, &mut reached).await?;
    stop.cancel();
    pumping.await?;
    drop(log);
    writer.await?;
    pools.close().await;
    Ok(())
}

/// The same messages, read before, through a bare idempotent producer.
async fn ceiling(settings: &Settings, broker: &Broker, feed: &dyn EventFeed) -> anyhow::Result<()> {
    let events = feed.read(0, 10_000.min(settings.events)).await?;
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", broker.address())
        .set("enable.idempotence", "true")
        .set("linger.ms", "5")
        .set("compression.type", "lz4")
        .create()?;
    let topic = broker.topic();
    let send = |nth: usize| {
        let event = &events[nth % events.len()];
        let record =
            FutureRecord::to(&topic).key(&event.stream).payload(&event.payload).headers(headers(event));
        producer.send(record, Duration::from_mins(1))
    };
    send(0).await.map_err(|(cause, _)| cause)?;
    let (started, cpu, mut flying) = (Instant::now(), busy(), FuturesUnordered::new());
    for nth in 0..settings.events {
        flying.push(send(nth));
        if flying.len() >= 10_000 {
            flying.next().await.transpose().map_err(|(cause, _)| cause)?;
        }
    }
    while flying.next().await.transpose().map_err(|(cause, _)| cause)?.is_some() {}
    let (took, cpu) = (started.elapsed(), busy().saturating_sub(cpu));
    println!(
        "  a bare producer {:>7.0} events/s   cpu {:>5.1} µs each",
        settings.events as f64 / took.as_secs_f64(),
        cpu.as_secs_f64() * 1e6 / settings.events as f64
    );
    Ok(())
}

/// Appends at a rate, and looks when each event was acknowledged by the broker.
async fn lag(
    settings: &Settings,
    log: &PgLog,
    outlet: &Watched,
    reached: &mut watch::Receiver<u64>,
) -> anyhow::Result<()> {
    let tenant = TenantId::from_uuid(ids::uuid());
    let count = (settings.rate as f64 * settings.seconds) as usize;
    let (started, cpu) = (Instant::now(), busy());
    let appended = (0..count).map(|nth| async move {
        let due = started + Duration::from_secs_f64(nth as f64 / settings.rate as f64);
        tokio::time::sleep_until(due.into()).await;
        let append = log_suite::append(tenant, &format!("meter_{:026}", nth % 1000), Expected::Any, 1);
        Ok::<_, anyhow::Error>((log.append(append).await?.position, due))
    });
    let appended = futures::future::try_join_all(appended).await?;
    let last = appended.iter().map(|(position, _)| *position).max().unwrap_or_default();
    reached.wait_for(|position| *position >= last).await?;
    let arrivals: std::collections::HashMap<u64, Instant> =
        outlet.arrivals.lock().expect("nobody panics").iter().copied().collect();
    let latencies =
        appended.iter().filter_map(|(position, due)| Some(arrivals.get(position)?.duration_since(*due)));
    let run = Run::of(latencies.collect(), started.elapsed(), busy().saturating_sub(cpu));
    println!("from a command's due time to the broker's acknowledgement, {}/s\n  {run}", settings.rate);
    Ok(())
}
