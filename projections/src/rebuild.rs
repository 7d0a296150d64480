//! Builds tables anew beside the live ones, catches up, and switches. Readers and the live projections go on.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::try_join_all;
use sqlx::{PgConnection, PgPool};
use tokio::time::{Instant, sleep};

use crate::engine::EngineError;
use crate::engine::cursor::{BEGIN, Cursor};
use crate::engine::table::Table;
use crate::engine::tail::{Batch, Tail};
use crate::event::{Event, Poison};
use crate::feed::EventFeed;
use crate::projection::{Kind, Projection, Visitor, each};

/// How far a rebuild is.
#[derive(Clone, Debug, PartialEq)]
pub struct RebuildProgress {
    /// The newest event that all the new tables have seen.
    pub position: u64,
    /// The newest event of the log, where the log can tell.
    pub head: Option<u64>,
    /// Events a second, since the start.
    pub rate: f64,
}

/// A table that was built anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// The projection.
    pub name: &'static str,
    /// The newest event in its table at the switch.
    pub position: u64,
}

/// Why a table was not built anew. The live one stands as it stood.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// There is no such projection.
    #[error("there is no projection `{0}`")]
    Unknown(String),
    /// Somebody else is building it.
    #[error("projection `{0}` is being rebuilt already")]
    Running(&'static str),
    /// An event cannot be read.
    #[error("projection `{name}` cannot be rebuilt: {poison}")]
    Poison {
        /// The projection.
        name: &'static str,
        /// The event.
        poison: Poison,
    },
    /// The log or the database failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<sqlx::Error> for RebuildError {
    fn from(cause: sqlx::Error) -> Self {
        Self::Engine(cause.into())
    }
}

impl From<crate::feed::FeedError> for RebuildError {
    fn from(cause: crate::feed::FeedError) -> Self {
        Self::Engine(cause.into())
    }
}

/// How often a switch is tried while readers hold the table.
const SWITCHES: u32 = 200;

/// Rebuilds the tables of some projections, or of all when none is named; the log is read once for all of them.
///
/// Safe at any time: a rebuild that dies leaves a `__next` table behind that the next one drops. Needs a pool of the
/// projector role with two connections a projection.
pub async fn rebuild(
    pool: &PgPool,
    feed: Arc<dyn EventFeed>,
    wanted: &[&str],
    report: &(dyn Fn(&RebuildProgress) + Send + Sync),
) -> Result<Vec<Rebuilt>, RebuildError> {
    let known = crate::projection::names();
    if let Some(name) = wanted.iter().find(|name| !known.contains(name)) {
        return Err(RebuildError::Unknown((*name).to_owned()));
    }
    let openings = each(&mut Open { pool, wanted });
    let mut builds = try_join_all(openings.into_iter().flatten()).await?;
    let tail = Tail::new(Arc::clone(&feed));
    let started = Instant::now();
    let mut position = 0;
    // Rows that are only added are indexed at the end of the log, and then once more there is something to catch up.
    for indexed in [false, true] {
        loop {
            let batch = tail.after(position).await?;
            let Some(last) = batch.last() else { break };
            let next = last.recorded.position;
            // The next batch is read while this one is written.
            let (applied, _) =
                tokio::join!(try_join_all(builds.iter_mut().map(|build| build.apply(&batch))), async {
                    tail.after(next).await.ok()
                });
            applied?;
            position = next;
            let rate = position as f64 / started.elapsed().as_secs_f64().max(1e-3);
            report(&RebuildProgress { position, head: tail.head().await?, rate });
        }
        if !indexed {
            try_join_all(builds.iter_mut().map(|build| build.index())).await?;
        }
    }
    let mut rebuilt = Vec::new();
    for build in &mut builds {
        rebuilt.push(build.finish(&tail).await?);
    }
    Ok(rebuilt)
}

/// One table in the making.
#[async_trait]
trait Build: Send {
    async fn apply(&mut self, batch: &Batch) -> Result<(), RebuildError>;
    async fn index(&mut self) -> Result<(), RebuildError>;
    async fn finish(&mut self, tail: &Tail) -> Result<Rebuilt, RebuildError>;
}

struct Builder<P: Projection> {
    pool: PgPool,
    next: String,
    table: Table<P>,
    position: u64,
    /// A connection of its own that holds the advisory lock: both end together, however this process ends.
    _lock: PgConnection,
}

struct Open<'a> {
    pool: &'a PgPool,
    wanted: &'a [&'a str],
}

type Opening = std::pin::Pin<Box<dyn Future<Output = Result<Box<dyn Build>, RebuildError>> + Send>>;

impl Visitor for Open<'_> {
    type Output = Option<Opening>;

    fn visit<P: Projection>(&mut self) -> Option<Opening> {
        let pool = self.pool.clone();
        (self.wanted.is_empty() || self.wanted.contains(&P::NAME)).then(|| -> Opening {
            Box::pin(async move { Ok(Box::new(Builder::<P>::open(pool).await?) as Box<dyn Build>) })
        })
    }
}

impl<P: Projection> Builder<P> {
    async fn open(pool: PgPool) -> Result<Self, RebuildError> {
        Cursor::load::<P>(&pool).await?;
        let mut lock = pool.acquire().await?.detach();
        let locked: bool = sqlx::query_scalar(
            "select pg_try_advisory_lock(hashtextextended('clustermaster.rebuild.' || $1, 0))",
        )
        .bind(P::NAME)
        .fetch_one(&mut lock)
        .await?;
        if !locked {
            return Err(RebuildError::Running(P::NAME));
        }
        call(&pool, "select read.clone_table($1)", P::NAME).await?;
        if P::KIND != Kind::Append {
            call(&pool, "select read.clone_indexes($1)", P::NAME).await?;
        }
        let next = format!("{}__next", P::NAME);
        let table = Table::open(&pool, &next).await?;
        Ok(Self { pool, next, table, position: 0, _lock: lock })
    }

    /// Folds and writes events in a transaction of their own.
    async fn write(&mut self, events: &[Event]) -> Result<(), RebuildError> {
        let Some(last) = events.last() else { return Ok(()) };
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let (changes, poison) = self.table.fold(&mut transaction, events).await?;
        refuse::<P>(poison)?;
        self.table.write(&mut transaction, &changes).await?;
        transaction.commit().await?;
        self.table.keep(changes);
        self.position = last.recorded.position;
        Ok(())
    }

    /// Puts the new table in the place of the old one; `None` when there is more to catch up first.
    async fn switch(&mut self, tail: &Tail) -> Result<Option<u64>, RebuildError> {
        let mut transaction = self.pool.begin_with("begin; set local lock_timeout = '300ms'").await?;
        // From here on the live projection waits.
        let live = Cursor::hold(&mut transaction, P::NAME).await?;
        let mut position = self.position;
        if position < live.position {
            let batch = tail.after(position).await?;
            position = batch.last().map_or(position, |last| last.recorded.position);
            if position < live.position {
                transaction.rollback().await?;
                self.apply(&batch).await?;
                return Ok(None);
            }
            let (changes, poison) = self.table.fold(&mut transaction, &batch).await?;
            refuse::<P>(poison)?;
            self.table.write(&mut transaction, &changes).await?;
        }
        sqlx::query("select read.switch_table($1)").bind(P::NAME).execute(&mut *transaction).await?;
        sqlx::query(
            "update read.cursors set version = $2, position = $3, generation = generation + 1, \
               moved_at = clock_timestamp(), stopped_at = null, stopped_by = null, error = null where name = $1",
        )
        .bind(P::NAME)
        .bind(P::VERSION as i32)
        .bind(position as i64)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Some(position))
    }
}

fn refuse<P: Projection>(poison: Option<Poison>) -> Result<(), RebuildError> {
    poison.map_or(Ok(()), |poison| Err(RebuildError::Poison { name: P::NAME, poison }))
}

async fn call(pool: &PgPool, sql: &'static str, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).bind(name).execute(pool).await.map(|_| ())
}

#[async_trait]
impl<P: Projection> Build for Builder<P> {
    async fn apply(&mut self, batch: &Batch) -> Result<(), RebuildError> {
        let new = batch.partition_point(|event| event.recorded.position <= self.position);
        let events = &batch[new..];
        match self.write(events).await {
            Err(RebuildError::Engine(cause)) if cause.is_about_the_rows() => {
                // One of them: alone, each shows whether it is the one.
                for event in events {
                    self.write(std::slice::from_ref(event)).await.map_err(|error| match error {
                        RebuildError::Engine(cause) if cause.is_about_the_rows() => {
                            RebuildError::Poison { name: P::NAME, poison: event.poison(cause.to_string()) }
                        }
                        error => error,
                    })?;
                }
                Ok(())
            }
            done => done,
        }
    }

    async fn index(&mut self) -> Result<(), RebuildError> {
        if P::KIND == Kind::Append {
            call(&self.pool, "select read.clone_indexes($1)", P::NAME).await?;
        }
        sqlx::query(&format!("analyze read.{}", self.next)).execute(&self.pool).await?;
        Ok(())
    }

    async fn finish(&mut self, tail: &Tail) -> Result<Rebuilt, RebuildError> {
        let mut patience = SWITCHES;
        loop {
            match self.switch(tail).await {
                Ok(Some(position)) => return Ok(Rebuilt { name: P::NAME, position }),
                Ok(None) => {}
                Err(RebuildError::Engine(cause)) if cause.is_about_a_lock() && patience > 0 => {
                    patience -= 1;
                    sleep(Duration::from_millis(50)).await;
                }
                Err(cause) => return Err(cause),
            }
        }
    }
}
