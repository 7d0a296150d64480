//! One table in the making: rows are only added, unindexed, up to the end of the log; then it is indexed, and changes
//! as the live one does, until it takes its place.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::try_join_all;
use sqlx::{PgConnection, PgPool};
use tokio::time::sleep;

use super::{RebuildError, Rebuilt};
use crate::engine::EngineError;
use crate::engine::changes::fold;
use crate::engine::cursor::{BEGIN, Cursor};
use crate::engine::table::{Shape, Table};
use crate::engine::tail::{Batch, Tail};
use crate::event::{Event, Poison};
use crate::projection::{Key, Projection, Stored};

/// How often a switch is tried while readers hold the table.
const SWITCHES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);
/// Rows that may wait in memory for their last change.
const MOST_OPEN: usize = 50_000;

/// Connections that make the indexes of one table.
const INDEX_PARTS: i32 = 2;

/// A table in the making, whatever its row.
#[async_trait]
pub trait Build: Send {
    /// Takes a batch in.
    async fn apply(&mut self, batch: &Batch, tail: &Tail) -> Result<(), RebuildError>;
    /// The end of the log is near: makes the indexes.
    async fn index(&mut self, tail: &Tail) -> Result<(), RebuildError>;
    /// Takes the live table's place.
    async fn finish(&mut self, tail: &Tail) -> Result<Rebuilt, RebuildError>;
}

pub struct Builder<P: Projection> {
    pool: PgPool,
    next: String,
    stage: Stage<P>,
    position: u64,
    /// A connection of its own that holds the advisory lock: both end together, however this process ends.
    lock: PgConnection,
}

enum Stage<P: Projection> {
    /// Rows that may still change wait here with the position of their last change; the others are in the table.
    Filling {
        shape: Shape,
        open: HashMap<Key, (u64, Stored<P::Row>)>,
    },
    Indexed(Table<P>),
}

impl<P: Projection> Builder<P> {
    pub async fn open(pool: PgPool) -> Result<Self, RebuildError> {
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
        let next = format!("{}__next", P::NAME);
        let stage = Stage::Filling { shape: Shape::of(&pool, &next).await?, open: HashMap::new() };
        Ok(Self { pool, next, stage, position: 0, lock })
    }

    /// Folds and writes events in a transaction of their own.
    async fn write(&mut self, events: &[Event]) -> Result<(), RebuildError> {
        let Some(last) = events.last() else { return Ok(()) };
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        match &mut self.stage {
            Stage::Filling { shape, open } => {
                let (changes, poison) =
                    fold::<P>(events, |key| open.get(key).map(|(_, stored)| stored.row.clone()));
                refuse::<P>(poison)?;
                let mut ended = Vec::with_capacity(changes.ended.len());
                for (key, position) in &changes.ended {
                    if let Some((_, version)) = open.get(key) {
                        ended.push(Stored { valid_to: Some(*position), ..version.clone() });
                    }
                }
                let rows: Vec<_> = ended.iter().chain(&changes.done).collect();
                shape.add(&mut transaction, &rows).await?;
                transaction.commit().await?;
                let mut newest = changes.newest;
                for event in events.iter().rev() {
                    // The newest event of a key comes first, and takes its row along.
                    if newest.is_empty() {
                        break;
                    }
                    if let Some((key, stored)) = P::key(event).and_then(|key| newest.remove_entry(&key)) {
                        open.insert(key, (event.recorded.position, stored));
                    }
                }
            }
            Stage::Indexed(table) => {
                let (changes, poison) = table.fold(&mut transaction, events).await?;
                refuse::<P>(poison)?;
                table.write(&mut transaction, &changes).await?;
                transaction.commit().await?;
                table.keep(changes);
            }
        }
        self.position = last.recorded.position;
        Ok(())
    }

    /// Writes the rows that waited. From here on the table can be searched and changed.
    async fn settle(&mut self, tail: &Tail) -> Result<(), RebuildError> {
        let Stage::Filling { shape, open } = &self.stage else { return Ok(()) };
        let mut transaction = self.pool.begin_with(BEGIN).await?;
        let rows: Vec<_> = open.values().map(|(_, stored)| stored).collect();
        match shape.add(&mut transaction, &rows).await.map_err(EngineError::from) {
            Ok(()) => transaction.commit().await?,
            Err(cause) if cause.is_about_the_rows() => {
                drop(transaction);
                refuse::<P>(self.blame(None, tail).await)?;
                return Err(cause.into());
            }
            Err(cause) => return Err(cause.into()),
        }
        let parts = 0..INDEX_PARTS;
        try_join_all(parts.map(|part| {
            let make = sqlx::query("select read.clone_indexes($1, $2, $3)").bind(P::NAME);
            make.bind(part).bind(INDEX_PARTS).execute(&self.pool)
        }))
        .await?;
        // A small sample is enough until autovacuum takes its own.
        let mut transaction = self.pool.begin_with("begin; set local default_statistics_target = 10").await?;
        sqlx::query(&shape.analyze).execute(&mut *transaction).await?;
        transaction.commit().await?;
        self.stage = Stage::Indexed(Table::open(&self.pool, &self.next).await?);
        Ok(())
    }

    /// Which event made a row that waited and that the database refuses: that of a key, or any.
    async fn blame(&self, key: Option<&Key>, tail: &Tail) -> Option<Poison> {
        let Stage::Filling { shape, open } = &self.stage else { return None };
        let mut waiting: Vec<_> = match key {
            Some(key) => open.get(key).into_iter().collect(),
            None => open.values().collect(),
        };
        waiting.sort_by_key(|(position, _)| *position);
        for (position, stored) in waiting {
            let mut transaction = self.pool.begin_with(BEGIN).await.ok()?;
            let refused = shape.add(&mut transaction, &[stored]).await.err().map(EngineError::from);
            transaction.rollback().await.ok()?;
            if let Some(cause) = refused.filter(EngineError::is_about_the_rows) {
                let batch = tail.after(position - 1).await.ok()?;
                return batch.first().map(|event| event.poison(cause.to_string()));
            }
        }
        None
    }

    /// Puts the new table in the place of the old one; `None` when there is more to catch up first.
    async fn switch(&mut self, tail: &Tail) -> Result<Option<u64>, RebuildError> {
        self.settle(tail).await?;
        let mut transaction = self.pool.begin_with("begin; set local lock_timeout = '300ms'").await?;
        // From here on the live projection waits.
        let live = Cursor::hold(&mut transaction, P::NAME).await?;
        let mut position = self.position;
        if position < live.position {
            let batch = tail.after(position).await?;
            position = batch.last().map_or(position, |last| last.recorded.position);
            let Stage::Indexed(table) = &mut self.stage else { return Ok(None) };
            if position < live.position {
                transaction.rollback().await?;
                self.apply(&batch, tail).await?;
                return Ok(None);
            }
            let (changes, poison) = table.fold(&mut transaction, &batch).await?;
            refuse::<P>(poison)?;
            table.write(&mut transaction, &changes).await?;
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
    async fn apply(&mut self, batch: &Batch, tail: &Tail) -> Result<(), RebuildError> {
        let new = batch.partition_point(|event| event.recorded.position <= self.position);
        let events = &batch[new..];
        match self.write(events).await {
            Err(RebuildError::Engine(cause)) if cause.is_about_the_rows() => {
                // One of them: alone, each shows whether it is the one.
                for event in events {
                    match self.write(std::slice::from_ref(event)).await {
                        Err(RebuildError::Engine(cause)) if cause.is_about_the_rows() => {
                            // It may be the row that this event ends, which an earlier one has made.
                            refuse::<P>(self.blame(P::key(event).as_ref(), tail).await)?;
                            refuse::<P>(Some(event.poison(cause.to_string())))?;
                        }
                        done => done?,
                    }
                }
            }
            done => done?,
        }
        match &self.stage {
            Stage::Filling { open, .. } if open.len() > MOST_OPEN => self.settle(tail).await,
            _ => Ok(()),
        }
    }

    async fn index(&mut self, tail: &Tail) -> Result<(), RebuildError> {
        self.settle(tail).await
    }

    async fn finish(&mut self, tail: &Tail) -> Result<Rebuilt, RebuildError> {
        let mut patience = SWITCHES;
        loop {
            match self.switch(tail).await {
                Ok(Some(position)) => {
                    // Let go of by name: the server takes a moment to notice that a connection has ended. One that has
                    // ended already holds nothing any more.
                    let _ = sqlx::query("select pg_advisory_unlock_all()").execute(&mut self.lock).await;
                    return Ok(Rebuilt { name: P::NAME, position });
                }
                Ok(None) => {}
                Err(RebuildError::Engine(cause)) if cause.is_about_a_lock() && patience > 0 => {
                    patience -= 1;
                    sleep(PAUSE).await;
                }
                Err(cause) => return Err(cause),
            }
        }
    }
}
