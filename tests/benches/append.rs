//! Appending: one event of about 300 bytes a command, an expected revision each, durable commits, one `PostgreSQL`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use hub_commands::access::Permission;
use hub_commands::{Caller, Dispatcher, Options};
use hub_domain::kernel::{Ctx, Decider, TenantId, TypedId};
use hub_domain::ledger::SigningKey;
use hub_domain::{events, refusals};
use hub_kit::postgres::OwnServer;
use hub_postgres::{PgLog, PgProofs, PoolSizes, Pools, WriterSettings};
use hub_projections::proof::{Notary, NotarySettings};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::machine::{Run, busy, median};
use crate::peer_cqrs;
use crate::peer_uma::Uma;

#[derive(Debug, Args)]
pub struct Settings {
    /// Seconds a run.
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Rounds; the median of each is reported.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Clients, one table each.
    #[arg(long, value_delimiter = ',', default_value = "1,16,64")]
    pub clients: Vec<usize>,
    /// Streams.
    #[arg(long, default_value_t = 10_000)]
    pub streams: usize,
    /// Bytes of the note in each event.
    #[arg(long, default_value_t = 280)]
    pub bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seconds: 5.0, rounds: 3, clients: vec![1, 16, 64], streams: 10_000, bytes: 280 }
    }
}

/// What is metered: a decider as every other.
struct Meter;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Read {
    note: String,
}

events! {
    pub enum MeterEvent {
        Read(Read) = "meter.read.v1",
    }
}

refusals! {
    pub enum MeterRefusal {
        Never = "meter-never", Conflict, "never";
    }
}

impl Decider for Meter {
    const STREAM: &'static str = "meter";
    type State = u64;
    type Command = String;
    type Event = MeterEvent;
    type Refusal = MeterRefusal;

    fn initial() -> u64 {
        0
    }
    fn decide(_: &u64, note: String, _: &Ctx) -> Result<Vec<MeterEvent>, MeterRefusal> {
        Ok(vec![MeterEvent::Read(Read { note })])
    }
    fn evolve(state: u64, _: &MeterEvent) -> u64 {
        state + 1
    }
}

/// Runs every peer in turn, round after round.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let server = OwnServer::start().await?;
    hub_postgres::migrate(&server.url()).await?;
    let uma = Uma::start().await;
    let seconds = Duration::from_secs_f64(settings.seconds);
    for &clients in &settings.clients {
        let (mut ours, mut cqrs, mut umas) = (vec![], vec![], vec![]);
        for round in 0..settings.rounds {
            let tag = round * 1000 + clients;
            ours.push(hub(&server.url(), clients, settings, tag, None).await?);
            cqrs.push(
                peer_cqrs::run(&server.url(), clients, seconds, settings.streams, settings.bytes, tag)
                    .await?,
            );
            if let Some(uma) = &uma {
                umas.push(uma.run(clients, seconds, settings.streams, settings.bytes, tag).await?);
            }
        }
        let (ours, cqrs) = (median(ours), median(cqrs));
        println!("{clients} clients");
        println!("  hub      {ours}");
        println!(
            "  cqrs-es  {cqrs}   hub is {:.1}x, with 1/{:.1} of the cpu",
            ours.rate() / cqrs.rate(),
            cqrs.cpu_each() / ours.cpu_each()
        );
        if !umas.is_empty() {
            let uma = median(umas);
            println!(
                "  UmaDB    {uma}   hub is {:.1}x, with 1/{:.1} of the cpu",
                ours.rate() / uma.rate(),
                uma.cpu_each() / ours.cpu_each()
            );
        }
        println!();
    }
    Ok(())
}

/// One run of the hub's own writer, beside a notary where there is a key.
pub async fn hub(
    url: &str,
    clients: usize,
    settings: &Settings,
    round: usize,
    key: Option<SigningKey>,
) -> anyhow::Result<Run> {
    let seconds = Duration::from_secs_f64(settings.seconds);
    let pools = Pools::connect(url, PoolSizes::default())?;
    let clock = Arc::new(hub_kit::SystemClock);
    let options = hub_postgres::pools::options(url)?;
    let (log, writer) = PgLog::start(options, pools.writer.clone(), clock.clone(), WriterSettings::default());
    let stop = CancellationToken::new();
    let signing = match key {
        None => None,
        Some(key) => {
            let store = Arc::new(PgProofs::new(pools.writer.clone()).with_recent(log.recent()));
            let notary = Notary::open(store, key, NotarySettings::default()).await?;
            // What nobody has signed in the run before is no part of this one.
            notary.look(true).await?;
            Some(tokio::spawn(notary.run(stop.clone())))
        }
    };
    let dispatcher = Arc::new(Dispatcher::new(Arc::new(log), clock, Arc::new(hub_kit::SystemIds)));
    let tenant = TenantId::from_uuid(hub_kit::ids::uuid());
    let (started, cpu) = (Instant::now(), busy());
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let (dispatcher, own, bytes) =
                (dispatcher.clone(), (settings.streams / clients).max(1), settings.bytes);
            tokio::spawn(async move {
                let (caller, options) = (Caller::system("bench", tenant), Options::default());
                let (mut latencies, mut nth) = (Vec::new(), 0);
                while started.elapsed() < seconds {
                    let asked = Instant::now();
                    let stream = format!("meter_{round}_{client}_{}", nth % own);
                    let permission = Permission::ObserveClusters;
                    dispatcher
                        .execute::<Meter>(
                            &caller,
                            permission,
                            "meter.read",
                            &stream,
                            "x".repeat(bytes),
                            &options,
                        )
                        .await?;
                    latencies.push(asked.elapsed());
                    nth += 1;
                }
                Ok::<_, anyhow::Error>(latencies)
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    let run = Run::of(latencies, started.elapsed(), busy().saturating_sub(cpu));
    drop(dispatcher);
    writer.await?;
    stop.cancel();
    if let Some(signing) = signing {
        signing.await?;
    }
    pools.close().await;
    Ok(run)
}
