//! The hub checks itself: every so often one of the hub processes holds each table against a refold of the log.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::feed::EventFeed;
use crate::projection::names;
use crate::shadow::{Drift, Pace, ShadowError, shadow};
use crate::telemetry;

/// How often a hub looks whether a check is due.
const LOOK: Duration = Duration::from_mins(1);
/// A table that differed is looked at again sooner: somebody has rebuilt it, hopefully.
const AFTER_DRIFT: Duration = Duration::from_hours(1);
/// Keys that a log line names.
const NAMED: usize = 5;

/// When, and how gently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// From one check of a table to the next.
    pub every: Duration,
    /// How long a hub that has just started leaves it alone.
    pub first: Duration,
    /// How gently.
    pub pace: Pace,
}

impl Schedule {
    /// A check every so often: not while the hub starts, and at a quarter of one processor.
    pub fn every(every: Duration) -> Self {
        Self { every, first: Duration::from_mins(5), pace: Pace { rest: 3 } }
    }
}

/// Checks until cancelled. Needs a pool of the projector role with three connections to spare.
pub async fn run(pool: PgPool, feed: Arc<dyn EventFeed>, schedule: Schedule, cancel: CancellationToken) {
    let mut pause = schedule.first;
    while cancel.run_until_cancelled(sleep(pause)).await.is_some() {
        pause = LOOK.min(schedule.every);
        match cancel.run_until_cancelled(look(&pool, &feed, schedule)).await {
            Some(Err(cause)) => {
                tracing::warn!(%cause, "the read models could not be checked; it is tried again");
            }
            Some(Ok(())) => {}
            None => return,
        }
    }
}

/// Checks what is due, unless another hub does so already, and shows what is known of all.
async fn look(pool: &PgPool, feed: &Arc<dyn EventFeed>, schedule: Schedule) -> Result<(), ShadowError> {
    if !due(pool, schedule).await?.is_empty() {
        // A connection of its own, which holds the turn: both end together, however this ends.
        let mut turn = pool.acquire().await?.detach();
        let mine: bool = sqlx::query_scalar(
            "select pg_try_advisory_lock(hashtextextended('clustermaster.self_check', 0))",
        )
        .fetch_one(&mut turn)
        .await?;
        if mine {
            for name in due(pool, schedule).await? {
                match shadow(pool, Arc::clone(feed), &[name], schedule.pace).await {
                    Ok(found) => {
                        for drift in &found {
                            record(pool, drift).await?;
                            tell(drift);
                        }
                    }
                    // It is on its way to being another table: next time.
                    Err(ShadowError::Rebuilding(_) | ShadowError::Version { .. }) => {}
                    Err(cause) => return Err(cause),
                }
            }
        }
        sqlx::Connection::close(turn).await?;
    }
    show(pool).await
}

/// The projections whose table has not been checked for long enough.
async fn due(pool: &PgPool, schedule: Schedule) -> Result<Vec<&'static str>, sqlx::Error> {
    let fresh: Vec<String> = sqlx::query_scalar(
        "select name from read.self_checks where checked_at > clock_timestamp() \
           - case when drift = 0 then $1 else $2 end * interval '1 millisecond'",
    )
    .bind(schedule.every.as_millis() as f64)
    .bind(schedule.every.min(AFTER_DRIFT).as_millis() as f64)
    .fetch_all(pool)
    .await?;
    Ok(names().into_iter().filter(|name| !fresh.iter().any(|known| known == name)).collect())
}

async fn record(pool: &PgPool, drift: &Drift) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into read.self_checks as c (name, checked_at, position, drift, agreed_at) \
         values ($1, clock_timestamp(), $2, $3, case when $3 = 0 then clock_timestamp() end) \
         on conflict (name) do update set checked_at = excluded.checked_at, position = excluded.position, \
           drift = excluded.drift, agreed_at = coalesce(excluded.agreed_at, c.agreed_at)",
    )
    .bind(drift.projection)
    .bind(drift.position as i64)
    .bind(drift.total() as i64)
    .execute(pool)
    .await?;
    Ok(())
}

fn tell(drift: &Drift) {
    let Drift { projection, position, rows, missing, extra, differing, .. } = drift;
    if drift.total() == 0 {
        tracing::info!(projection, position, rows, "the table holds what the log says");
        return;
    }
    // Keys and names of members only: what stands in them belongs into no log line.
    let named: Vec<String> = drift
        .differences
        .iter()
        .take(NAMED)
        .map(|row| {
            let version = row.valid_from.map_or_else(String::new, |from| format!("@{from}"));
            let members: Vec<&str> = row.members.keys().map(String::as_str).collect();
            format!("{:?} {}/{}{version} {}", row.kind, row.tenant, row.id, members.join(","))
        })
        .map(|text| text.trim_end().to_owned())
        .collect();
    let first = named.join("; ");
    tracing::error!(
        projection,
        position,
        rows,
        missing,
        extra,
        differing,
        first,
        "the table does not hold what the log says: rebuild it"
    );
}

/// What all hubs know, as metrics of this one.
async fn show(pool: &PgPool) -> Result<(), ShadowError> {
    let known: Vec<(String, i64, Option<f64>)> =
        sqlx::query_as("select name, drift, extract(epoch from agreed_at)::float8 from read.self_checks")
            .fetch_all(pool)
            .await?;
    for (name, drift, agreed) in known {
        let Some(name) = names().into_iter().find(|known| *known == name) else { continue };
        metrics::gauge!(telemetry::DRIFT_ROWS, "projection" => name).set(drift as f64);
        if let Some(agreed) = agreed {
            metrics::gauge!(telemetry::AGREED_SECONDS, "projection" => name).set(agreed);
        }
    }
    Ok(())
}
