//! The peer: cqrs-es 0.5 on postgres-es 0.5, as its own documentation sets it up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgPoolOptions;

use crate::machine::{Run, busy};

/// Its table, from postgres-es' `db/init.sql`.
const TABLE: &str = "create table if not exists events (
    aggregate_type text not null, aggregate_id text not null, sequence bigint check (sequence >= 0) not null,
    event_type text not null, event_version text not null, payload json not null, metadata json not null,
    primary key (aggregate_type, aggregate_id, sequence))";

#[derive(Debug, Default, Serialize, Deserialize)]
struct Meter {
    readings: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Reading {
    note: String,
}

impl DomainEvent for Reading {
    fn event_type(&self) -> String {
        "meter.read".into()
    }
    fn event_version(&self) -> String {
        "1".into()
    }
}

impl Aggregate for Meter {
    const TYPE: &'static str = "meter";
    type Command = String;
    type Event = Reading;
    type Error = std::io::Error;
    type Services = ();

    async fn handle(&mut self, note: String, (): &(), sink: &EventSink<Self>) -> Result<(), std::io::Error> {
        sink.write(Reading { note }, self).await;
        Ok(())
    }

    fn apply(&mut self, _event: Reading) {
        self.readings += 1;
    }
}

/// One run: each client executes one command after the other, round its own streams.
pub async fn run(
    url: &str,
    clients: usize,
    seconds: Duration,
    streams: usize,
    bytes: usize,
    round: usize,
) -> anyhow::Result<Run> {
    let pool = PgPoolOptions::new().max_connections(clients.min(64) as u32).connect(url).await?;
    sqlx::query(TABLE).execute(&pool).await?;
    let cqrs = Arc::new(postgres_es::postgres_cqrs::<Meter>(pool.clone(), vec![], ()));
    let (started, cpu) = (Instant::now(), busy());
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let cqrs = cqrs.clone();
            tokio::spawn(async move {
                let own = (streams / clients).max(1);
                let (mut latencies, mut nth) = (Vec::new(), 0);
                while started.elapsed() < seconds {
                    let asked = Instant::now();
                    let stream = format!("{round}_{client}_{}", nth % own);
                    cqrs.execute(&stream, "x".repeat(bytes))
                        .await
                        .map_err(|cause| anyhow::anyhow!("{cause}"))?;
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
    pool.close().await;
    Ok(run)
}
