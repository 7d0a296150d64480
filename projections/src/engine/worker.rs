//! One projection at work in one process.
//!
//! Several hub processes may run: whoever moves a cursor first leads that projection, the others follow it and take
//! over when it stands still. No lease is needed. The cursor, moved in the transaction of the rows, lets only one of
//! any number of competitors through.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::EngineError;
use super::cursor::{BEGIN, Cursor};
use super::progress::{Progress, Standing};
use super::table::Table;
use super::tail::{MOST_EVENTS, Tail};
use crate::event::{Event, Poison};
use crate::projection::Projection;
use crate::rebuild::{RebuildError, rebuild};
use crate::telemetry;

/// Without an event for this long the worker looks for itself.
const IDLE: Duration = Duration::from_secs(1);
/// How often a follower looks at a cursor that should move.
const GLANCE: Duration = Duration::from_millis(50);
/// A cursor that should move and does not for this long has lost its leader.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often a stopped projection looks whether somebody else got past.
const STOPPED: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A projection at work.
pub struct Worker<P: Projection> {
    pool: PgPool,
    tail: Arc<Tail>,
    feed: Arc<dyn crate::feed::EventFeed>,
    progress: Progress,
    table: Table<P>,
    cursor: Cursor,
    /// Events in one transaction, at most: less while one of them is being singled out.
    most: usize,
    /// When the distance to the head was last asked for.
    measured: Instant,
    /// When the cursor was last looked at in an idle moment.
    checked: Instant,
}

/// What a worker does next.
enum Mode {
    Lead,
    Follow {
        since: Instant,
    },
    Stop(Poison),
    /// Read the cursor anew.
    Look,
}

/// What everything that a worker needs has in common.
#[derive(Clone)]
pub struct Setting {
    pub pool: PgPool,
    pub tail: Arc<Tail>,
    pub feed: Arc<dyn crate::feed::EventFeed>,
    pub progress: Progress,
}

/// Runs a projection until cancelled. Failures of the log and of the database are waited out.
pub async fn run<P: Projection>(setting: Setting, cancel: CancellationToken) {
    let mut pause = FIRST_PAUSE;
    loop {
        let started = Instant::now();
        let Some(ended) = cancel.run_until_cancelled(attempt::<P>(&setting)).await else { return };
        if let Err(cause) = ended {
            tracing::warn!(projection = P::NAME, %cause, "the projection waits");
        }
        // What has run for long was no repetition of the same failure.
        pause = if started.elapsed() > LONGEST_PAUSE { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        if cancel.run_until_cancelled(sleep(pause)).await.is_none() {
            return;
        }
    }
}

async fn attempt<P: Projection>(setting: &Setting) -> Result<(), EngineError> {
    let Setting { pool, tail, feed, progress } = setting.clone();
    let cursor = Cursor::load::<P>(&pool).await?;
    let table = Table::open(&pool, P::NAME).await?;
    let mut worker = Worker::<P> {
        pool,
        tail,
        feed,
        progress,
        table,
        cursor,
        most: MOST_EVENTS,
        measured: Instant::now(),
        checked: Instant::now(),
    };
    let mut mode = worker.begin();
    loop {
        mode = match mode {
            Mode::Lead => worker.lead().await?,
            Mode::Follow { since } => worker.follow(since).await?,
            Mode::Stop(poison) => worker.stand(poison).await?,
            Mode::Look => worker.look().await?,
        };
    }
}

impl<P: Projection> Worker<P> {
    fn begin(&self) -> Mode {
        self.note(Standing::Starting);
        if self.cursor.version == P::VERSION { Mode::Lead } else { Mode::Look }
    }

    fn note(&self, standing: Standing) {
        self.progress.note(P::NAME, self.cursor.position, standing);
    }

    /// Somebody else has moved the cursor, or the table: what is held in memory is out of date.
    async fn look(&mut self) -> Result<Mode, EngineError> {
        self.cursor = Cursor::load::<P>(&self.pool).await?;
        self.table.forget();
        if self.cursor.version < P::VERSION {
            return self.renew().await;
        }
        self.note(Standing::Following);
        Ok(Mode::Follow { since: Instant::now() })
    }

    /// The table was built by older code.
    async fn renew(&mut self) -> Result<Mode, EngineError> {
        self.note(Standing::Rebuilding);
        tracing::info!(
            projection = P::NAME,
            from = self.cursor.version,
            to = P::VERSION,
            "building the table anew"
        );
        match rebuild(&self.pool, Arc::clone(&self.feed), &[P::NAME], &|_| ()).await {
            Ok(_) => Ok(Mode::Look),
            Err(RebuildError::Running(_)) => {
                sleep(IDLE).await;
                Ok(Mode::Look)
            }
            Err(RebuildError::Poison { poison, .. }) => Ok(Mode::Stop(poison)),
            Err(RebuildError::Engine(cause)) => Err(cause),
            Err(RebuildError::Unknown(_)) => unreachable!("the name is a projection's own"),
        }
    }

    async fn lead(&mut self) -> Result<Mode, EngineError> {
        let batch = self.tail.after(self.cursor.position).await?;
        if batch.is_empty() {
            self.note(Standing::Leading);
            metrics::gauge!(telemetry::LAG_EVENTS, "projection" => P::NAME).set(0.0);
            metrics::gauge!(telemetry::LAG_SECONDS, "projection" => P::NAME).set(0.0);
            // A database that has crashed may have lost the last rows, and their cursor with them.
            if self.checked.elapsed() > IDLE {
                self.checked = Instant::now();
                if Cursor::load::<P>(&self.pool).await? != self.cursor {
                    return Ok(Mode::Look);
                }
            }
            self.tail.wait(self.cursor.position, IDLE).await;
            return Ok(Mode::Lead);
        }
        let events = &batch[..batch.len().min(self.most)];
        let started = Instant::now();
        match self.apply(events).await {
            Ok(Applied::Moved) => Ok(Mode::Look),
            Ok(Applied::Done(poison)) => {
                let seconds = started.elapsed().as_secs_f64();
                metrics::histogram!(telemetry::BATCH_SECONDS, "projection" => P::NAME).record(seconds);
                self.most = (self.most * 2).min(MOST_EVENTS);
                self.note(Standing::Leading);
                Ok(poison.map_or(Mode::Lead, Mode::Stop))
            }
            Err(cause) if cause.is_about_a_lock() => Ok(Mode::Look),
            Err(cause) if cause.is_about_the_rows() => match events {
                [event] => Ok(Mode::Stop(event.poison(cause.to_string()))),
                // One of them: halve until it stands alone.
                events => {
                    self.most = events.len() / 2;
                    Ok(Mode::Lead)
                }
            },
            Err(cause) => Err(cause),
        }
    }

    /// Folds and writes events, rows and cursor together.
    async fn apply(&mut self, events: &[Event]) -> Result<Applied, EngineError> {
        let mut connection = self.pool.acquire().await?;
        let (changes, poison) = self.table.fold(&mut connection, events).await?;
        drop(connection);
        let good = match &poison {
            None => events,
            Some(poison) => {
                &events[..events.partition_point(|event| event.recorded.position < poison.position)]
            }
        };
        let Some(last) = good.last() else { return Ok(Applied::Done(poison)) };
        let position = last.recorded.position;
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let Some(now) = self.cursor.move_on(&mut transaction, P::NAME, position).await? else {
            transaction.rollback().await?;
            return Ok(Applied::Moved);
        };
        self.table.write(&mut transaction, &changes).await?;
        transaction.commit().await?;
        self.table.keep(changes);
        self.cursor.position = position;
        self.measure(now - last.recorded.recorded_at).await?;
        Ok(Applied::Done(poison))
    }

    /// `age` is that of the newest event in the table, in microseconds.
    async fn measure(&mut self, age: i64) -> Result<(), EngineError> {
        metrics::gauge!(telemetry::LAG_SECONDS, "projection" => P::NAME).set(age.max(0) as f64 / 1e6);
        if self.measured.elapsed() > IDLE
            && let Some(head) = self.tail.head().await?
        {
            self.measured = Instant::now();
            let behind = head.saturating_sub(self.cursor.position);
            metrics::gauge!(telemetry::LAG_EVENTS, "projection" => P::NAME).set(behind as f64);
        }
        Ok(())
    }

    async fn follow(&mut self, since: Instant) -> Result<Mode, EngineError> {
        let found = Cursor::load::<P>(&self.pool).await?;
        if found.version < P::VERSION {
            return Ok(Mode::Look);
        }
        if found != self.cursor {
            self.cursor = found;
            self.note(Standing::Following);
            return Ok(Mode::Follow { since: Instant::now() });
        }
        if !self.tail.goes_on(self.cursor.position).await? {
            self.tail.wait(self.cursor.position, IDLE).await;
            return Ok(Mode::Follow { since: Instant::now() });
        }
        // A table that newer code has built is for newer code to write.
        if since.elapsed() > PATIENCE && self.cursor.version == P::VERSION {
            self.table.forget();
            return Ok(Mode::Lead);
        }
        sleep(GLANCE).await;
        Ok(Mode::Follow { since })
    }

    /// Says what is wrong, once, and stands until somebody gets past: newer code, a rebuild, another process.
    async fn stand(&mut self, poison: Poison) -> Result<Mode, EngineError> {
        let error = poison.to_string();
        tracing::error!(
            projection = P::NAME,
            position = poison.position,
            error,
            "the projection has stopped"
        );
        self.cursor.stop(&self.pool, P::NAME, poison.position, &error).await?;
        self.note(Standing::Stopped { error });
        loop {
            sleep(STOPPED).await;
            if Cursor::load::<P>(&self.pool).await? != self.cursor {
                return Ok(Mode::Look);
            }
        }
    }
}

/// What became of a batch.
enum Applied {
    /// Written, up to the event that cannot be read.
    Done(Option<Poison>),
    /// Somebody else has moved the cursor; nothing was written.
    Moved,
}
