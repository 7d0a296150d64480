//! Proving: what signing costs the writer, and how long a proof takes out of a large ledger.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use hub_domain::kernel::{TenantId, TypedId};
use hub_domain::ledger::{Algorithm, SigningKey, VerifierKey};
use hub_kit::postgres::OwnServer;
use hub_kit::{Hub, HubOptions};
use hub_postgres::log::PgFeed;
use hub_postgres::{PoolSizes, Pools};
use hub_replay::check::check;
use rand::RngExt as _;
use sqlx::ConnectOptions as _;
use uuid::Uuid;

use crate::machine::{Run, busy, median};
use crate::{append, ledger};

#[derive(Debug, Args)]
pub struct Settings {
    /// Events in the ledger that proofs are taken from.
    #[arg(long, default_value_t = 5_000_000)]
    events: usize,
    /// Seconds a run.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Rounds of appending, with and without a notary in turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// Measures both.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    signing(settings).await?;
    proving(settings).await
}

fn key() -> SigningKey {
    SigningKey::new("bench.example", Algorithm::Ed25519, &[1; 32]).expect("a key")
}

async fn signing(settings: &Settings) -> anyhow::Result<()> {
    let server = OwnServer::start().await?;
    hub_postgres::migrate(&server.url()).await?;
    let (mut without, mut with) = (vec![], vec![]);
    let appending =
        append::Settings { seconds: settings.seconds, clients: vec![64], ..append::Settings::default() };
    for round in 0..settings.rounds {
        without.push(append::hub(&server.url(), 64, &appending, 2 * round, None).await?);
        with.push(append::hub(&server.url(), 64, &appending, 2 * round + 1, Some(key())).await?);
    }
    let (without, with) = (median(without), median(with));
    println!("appending, 64 clients, durable\n  nobody signs      {without}\n  a notary signs    {with}");
    println!("  signing costs {:.1} % of the events/s\n", 100.0 * (1.0 - with.rate() / without.rate()));
    Ok(())
}

/// Waits until the hub has read its ledger once, as each start does, and the machine is idle but for a tenth of a core.
async fn at_rest() {
    let mut before = busy();
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let now = busy();
        if now.saturating_sub(before) < Duration::from_millis(200) {
            return;
        }
        before = now;
    }
}

async fn proving(settings: &Settings) -> anyhow::Result<()> {
    let server = OwnServer::start().await?;
    let options = HubOptions {
        database_url: Some(server.url()),
        env: vec![("CLUSTERMASTER_RATE_LIMIT_PER_MINUTE".into(), "100000000".into())],
    };
    let mut hub = Hub::start(options).await?;
    hub.terminate().await?;
    let pools = Pools::connect(&server.url(), PoolSizes { projector: 12, ..PoolSizes::default() })?;
    let tenant: Uuid =
        sqlx::query_scalar("select tenant from ledger.tenant_heads limit 1").fetch_one(&pools.writer).await?;
    ledger::fill(&server.url(), TenantId::from_uuid(tenant), settings.events, 300).await?;
    let feed = Arc::new(PgFeed::new(pools.projector.clone(), tokio::sync::watch::channel(0).1));
    let started = Instant::now();
    hub_projections::rebuild::rebuild(&pools.projector, feed, &[], &|_| {}).await?;
    println!(
        "{} events; read models rebuilt at {:.0} events/s",
        settings.events,
        settings.events as f64 / started.elapsed().as_secs_f64()
    );

    // A ledger that has grown over months has been looked after; here that would fall into the measurement.
    let mut owner = hub_postgres::pools::options(&server.url())?.connect().await?;
    sqlx::query("vacuum (analyze) ledger.events, read.audit_logs").execute(&mut owner).await?;
    sqlx::query("checkpoint").execute(&mut owner).await?;

    // The hub signs as soon as it looks: that is the first checkpoint over all of it.
    let started = Instant::now();
    hub.start_again().await?;
    let admin = hub.admin().await?;
    let head = loop {
        let head = admin.get("ledger/head").await?.expect(200).body;
        if head["checkpoint"]["size"].as_u64().unwrap_or(0) > settings.events as u64 {
            break head;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    println!("  start, nodes and first checkpoint: {:.1} s", started.elapsed().as_secs_f64());
    at_rest().await;
    let key: VerifierKey = head["verifier_key"].as_str().unwrap_or_default().parse()?;

    let requests = (settings.seconds * 200.0) as usize;
    let positions: Vec<i64> =
        (0..requests).map(|_| rand::rng().random_range(1..=settings.events as i64)).collect();
    let ids: Vec<Uuid> = sqlx::query_scalar("select event_id from ledger.events where position = any($1)")
        .bind(&positions)
        .fetch_all(&pools.writer)
        .await?;
    for path in ids.iter().take(100).map(|id| format!("audit-logs/{id}/proof")) {
        check(admin.get(&path).await?.expect(200).text.as_bytes(), std::slice::from_ref(&key))?;
    }
    let (started, cpu) = (Instant::now(), busy());
    let asked = ids.iter().enumerate().map(|(nth, id)| {
        let (admin, due, path) = (
            admin.clone(),
            started + Duration::from_millis(nth as u64 * 5),
            format!("audit-logs/{id}/proof"),
        );
        tokio::spawn(async move {
            tokio::time::sleep_until(due.into()).await;
            let answer = admin.get(&path).await;
            answer.is_ok_and(|answer| answer.status == 200).then(|| due.elapsed())
        })
    });
    let answers = futures::future::join_all(asked.collect::<Vec<_>>()).await;
    let latencies: Vec<Duration> = answers.into_iter().filter_map(|answer| answer.ok().flatten()).collect();
    let proofs = Run::of(latencies, started.elapsed(), busy().saturating_sub(cpu));
    println!("inclusion proofs through HTTP at 200/s, of random entries\n  {proofs}");
    hub.terminate().await?;
    pools.close().await;
    Ok(())
}
