//! What the tables must hold: a full refold of the log, apart from batches, caches and SQL. The tests' oracle.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::PgPool;

use crate::event::{Event, Poison};
use crate::projection::{Key, Kind, Projection, Stored, Visitor, each};

/// The rows that a projection's table holds after these events, in the order in which they began.
pub fn refold<P: Projection>(events: &[Event]) -> Result<Vec<Stored<P::Row>>, Poison> {
    let mut streams: BTreeMap<Key, Vec<&Event>> = BTreeMap::new();
    for event in events {
        if let Some(key) = P::key(event) {
            streams.entry(key).or_default().push(event);
        }
    }
    let mut rows: Vec<(u64, Stored<P::Row>)> = Vec::new();
    for events in streams.into_values() {
        let mut before = None;
        for (index, event) in events.iter().enumerate() {
            let position = event.recorded.position;
            let row = P::fold(before.take(), event)?;
            let next = events.get(index + 1).map(|event| event.recorded.position);
            let stored = Stored { row: row.clone(), valid_from: None, valid_to: None };
            match P::KIND {
                Kind::Append => rows.push((position, stored)),
                Kind::Current if next.is_none() => rows.push((position, stored)),
                Kind::Current => {}
                Kind::Versioned => {
                    rows.push((position, Stored { valid_from: Some(position), valid_to: next, ..stored }));
                }
            }
            before = (P::KIND != Kind::Append).then_some(row);
        }
    }
    rows.sort_by_key(|(position, _)| *position);
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// The rows that a projection's table does hold.
pub async fn stored<P: Projection>(pool: &PgPool) -> Result<Vec<Stored<P::Row>>, sqlx::Error> {
    let order = if P::KIND == Kind::Versioned { "valid_from" } else { "position" };
    let sql = format!("select to_json(t) from read.{} t order by {order}", P::NAME);
    let rows: Vec<sqlx::types::Json<_>> = sqlx::query_scalar(&sql).fetch_all(pool).await?;
    Ok(rows.into_iter().map(|sqlx::types::Json(row)| row).collect())
}

/// Where the tables differ from a refold of `events`, in words; empty when they are equal. `projector` is a pool of
/// the projector role, and the tables have seen all of the events.
pub async fn differences(projector: &PgPool, events: &[Event]) -> Result<Vec<String>, sqlx::Error> {
    let mut found = Vec::new();
    for (name, refold, rows) in each(&mut Erase) {
        let expected = match refold(events) {
            Ok(expected) => expected,
            Err(poison) => {
                found.push(format!("{name}: {poison}"));
                continue;
            }
        };
        let actual = rows(projector.clone()).await?;
        if expected.len() != actual.len() {
            found.push(format!("{name}: {} rows instead of {}", actual.len(), expected.len()));
        }
        let differing = expected.iter().zip(&actual).filter(|(expected, actual)| expected != actual);
        found.extend(
            differing.take(3).map(|(expected, actual)| format!("{name}: {actual} instead of {expected}")),
        );
    }
    Ok(found)
}

type Refold = fn(&[Event]) -> Result<Vec<Value>, Poison>;
type Rows = fn(PgPool) -> futures::future::BoxFuture<'static, Result<Vec<Value>, sqlx::Error>>;

/// Rows as JSON values, so that projections can be compared in one loop.
struct Erase;

impl Visitor for Erase {
    type Output = (&'static str, Refold, Rows);

    fn visit<P: Projection>(&mut self) -> Self::Output {
        fn values<R: serde::Serialize>(rows: &[R]) -> Vec<Value> {
            rows.iter()
                .map(|row| serde_json::to_value(row).expect("what JSON was read from is JSON"))
                .collect()
        }
        (
            P::NAME,
            |events| refold::<P>(events).map(|rows| values(&rows)),
            |pool| Box::pin(async move { stored::<P>(&pool).await.map(|rows| values(&rows)) }),
        )
    }
}
