//! The whole hub, as a user meets it: its start, its memory, commands through HTTP, the lag of its read models, the dashboard.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use hub_kit::postgres::OwnServer;
use hub_kit::{Client, Hub, HubOptions};
use hub_postgres::log::PgFeed;
use hub_postgres::{PoolSizes, Pools};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::machine::{Run, busy};
use crate::wire::Wire;

#[derive(Debug, Args)]
pub struct Settings {
    /// Clusters.
    #[arg(long, default_value_t = 1000)]
    clusters: usize,
    /// Seconds a run.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Clients of the throughput run.
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Commands a second in the lag run.
    #[arg(long, default_value_t = 2000)]
    commands: u64,
    /// Open connections in the dashboard run.
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// An empty database on a server of your choice, instead of one on a server of the run's own.
    #[arg(long)]
    database_url: Option<String>,
}

fn resident(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib: f64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or_default();
    kib / 1024.0
}

/// Runs everything on one hub.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let own = if settings.database_url.is_none() { Some(OwnServer::start().await?) } else { None };
    let url = own.as_ref().map(OwnServer::url).or(settings.database_url.clone()).unwrap_or_default();
    let options = HubOptions {
        database_url: Some(url.clone()),
        env: vec![
            ("CLUSTERMASTER_RATE_LIMIT_PER_MINUTE".into(), "100000000".into()),
            ("CLUSTERMASTER_OBSERVE_SECONDS".into(), "3600".into()),
        ],
    };
    let mut hub = Hub::start(options).await?;
    hub.terminate().await?;
    let started = Instant::now();
    hub.start_again().await?;
    println!("cold start with an existing database: {:.2} s", started.elapsed().as_secs_f64());
    println!("resident when idle: {:.0} MiB", resident(hub.pid()));
    let admin = hub.admin().await?;
    let clusters = Arc::new(import(&admin, settings.clusters).await?);

    let throughput =
        commands((hub.base(), &admin), &clusters, settings.clients, None, settings.seconds, false).await?;
    println!("commands through HTTP, {} clients\n  {throughput}", settings.clients);
    println!("resident under load: {:.0} MiB", resident(hub.pid()));
    let lag = commands(
        (hub.base(), &admin),
        &clusters,
        settings.clients,
        Some(settings.commands),
        settings.seconds,
        true,
    )
    .await?;
    println!("from a command's answer until a query shows it, at {} commands/s\n  {lag}", settings.commands);

    let held = hold(hub.base(), settings.connections).await?;
    let dashboard = fleet(&admin, settings.seconds).await;
    println!(
        "GET fleet over {} clusters at 200/s, {} connections open\n  {dashboard}",
        clusters.len(),
        held.len()
    );
    println!("resident then: {:.0} MiB", resident(hub.pid()));
    drop(held);
    hub.terminate().await?;
    rebuild(&url).await
}

async fn import(admin: &Client, count: usize) -> anyhow::Result<Vec<String>> {
    let started = Instant::now();
    let mut clusters = Vec::new();
    for batch in (0..count).collect::<Vec<_>>().chunks(32) {
        let requests = batch.iter().map(|nth| {
            let kubeconfig = json!({
                "current-context": "c",
                "clusters": [{ "name": "c", "cluster": { "server": "https://127.0.0.1:9" } }],
                "users": [{ "name": "u", "user": { "token": format!("bench-{nth}") } }],
                "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "u" } }],
            });
            let (provider, region) =
                (["aws", "gcp", "azure", "on_premises"][nth % 4], format!("region-{}", nth % 12));
            let body = json!({ "name": format!("bench-{nth}"), "provider": provider, "region": region,
                "credentials": { "kubeconfig": kubeconfig.to_string() } });
            async move { admin.post("clusters", &body).await }
        });
        for answer in futures::future::try_join_all(requests).await? {
            clusters.push(answer.expect(202).body["id"].as_str().unwrap_or_default().to_owned());
        }
    }
    println!("{count} clusters imported at {:.0}/s", count as f64 / started.elapsed().as_secs_f64());
    Ok(clusters)
}

/// Changes labels, each client round its own clusters; paced when a rate is given. With `seen`, the time is taken from the
/// answer until a query that waits for the command's position is answered, for one command in twenty.
async fn commands(
    (base, admin): (&str, &Client),
    clusters: &Arc<Vec<String>>,
    clients: usize,
    rate: Option<u64>,
    seconds: f64,
    seen: bool,
) -> anyhow::Result<Run> {
    let wires = futures::future::try_join_all((0..clients).map(|_| Wire::open(base, admin))).await?;
    let (started, cpu, sent) = (Instant::now(), busy(), Arc::new(AtomicUsize::new(0)));
    let tasks: Vec<_> = wires
        .into_iter()
        .enumerate()
        .map(|(client, mut wire)| {
            let (clusters, sent) = (clusters.clone(), sent.clone());
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                let own: Vec<&String> = clusters.iter().skip(client).step_by(clients).collect();
                let mut nth = 0;
                while started.elapsed().as_secs_f64() < seconds {
                    let turn = sent.fetch_add(1, Ordering::Relaxed);
                    if let Some(rate) = rate {
                        tokio::time::sleep_until(
                            (started + Duration::from_secs_f64(turn as f64 / rate as f64)).into(),
                        )
                        .await;
                    }
                    let labels: serde_json::Map<_, _> = (0..4)
                        .map(|label| {
                            (
                                format!("label-{label}"),
                                json!(format!("value-{client}-{nth}-{}", "x".repeat(20))),
                            )
                        })
                        .collect();
                    let asked = Instant::now();
                    let path = format!("clusters/{}", own[nth % own.len()]);
                    let position = wire.put(&path, json!({ "labels": labels }).to_string()).await?;
                    nth += 1;
                    if !seen {
                        latencies.push(asked.elapsed());
                    } else if nth % 20 == 0 {
                        let answered = Instant::now();
                        wire.get(&format!("{path}?min_position={position}")).await?;
                        latencies.push(answered.elapsed());
                    }
                }
                Ok::<_, anyhow::Error>(latencies)
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    let done = sent.load(Ordering::Relaxed);
    let run = Run::of(latencies, started.elapsed(), busy().saturating_sub(cpu));
    Ok(if seen { Run { count: done, ..run } } else { run })
}

/// Opens connections that each have had one answer and stay open.
async fn hold(base: &str, count: usize) -> anyhow::Result<Vec<TcpStream>> {
    let address = base.trim_start_matches("http://").to_owned();
    let mut held = Vec::with_capacity(count);
    for _ in 0..count.div_ceil(100) {
        let opened = (0..100).map(|_| async {
            let mut stream = TcpStream::connect(&address).await?;
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\n").await?;
            let mut answer = [0; 512];
            let length = stream.read(&mut answer).await?;
            anyhow::ensure!(answer[..length].starts_with(b"HTTP/1.1 200"), "the connection was not answered");
            Ok(stream)
        });
        match futures::future::try_join_all(opened).await {
            Ok(streams) => held.extend(streams),
            Err(cause) => {
                println!("connections end at {}: {cause}", held.len());
                break;
            }
        }
    }
    Ok(held)
}

/// Asks for the dashboard 200 times a second, whether or not the one before was answered.
async fn fleet(admin: &Client, seconds: f64) -> Run {
    let (started, cpu) = (Instant::now(), busy());
    let requests = (0..(seconds * 200.0) as u64).map(|nth| {
        let (admin, due) = (admin.clone(), started + Duration::from_millis(nth * 5));
        tokio::spawn(async move {
            tokio::time::sleep_until(due.into()).await;
            let answer = admin.get("fleet").await;
            answer.is_ok_and(|answer| answer.status == 200).then(|| due.elapsed())
        })
    });
    let answers = futures::future::join_all(requests.collect::<Vec<_>>()).await;
    let latencies: Vec<Duration> = answers.into_iter().filter_map(|answer| answer.ok().flatten()).collect();
    Run::of(latencies, started.elapsed(), busy().saturating_sub(cpu))
}

async fn rebuild(url: &str) -> anyhow::Result<()> {
    let pools = Pools::connect(url, PoolSizes { projector: 12, ..PoolSizes::default() })?;
    let feed = Arc::new(PgFeed::new(pools.projector.clone(), tokio::sync::watch::channel(0).1));
    let started = Instant::now();
    let rebuilt = hub_projections::rebuild::rebuild(&pools.projector, feed, &[], &|_| {}).await?;
    let position = rebuilt.iter().map(|table| table.position).max().unwrap_or(0);
    println!(
        "rebuild of {} read models: {:.0} events/s ({position} events)",
        rebuilt.len(),
        position as f64 / started.elapsed().as_secs_f64()
    );
    pools.close().await;
    Ok(())
}
