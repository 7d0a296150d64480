//! A table and its cursor, seen through one snapshot.

use sqlx::types::Json;
use sqlx::{PgPool, PgTransaction, Row as _};
use tokio::time::{Instant, sleep};

use super::sums::{Buckets, Line};
use super::{Pace, ShadowError};
use crate::projection::{Projection, Stored};

/// Rows fetched at a time.
const PAGE: usize = 1000;

pub struct Snapshot {
    transaction: PgTransaction<'static>,
    /// Where the table stands.
    pub position: u64,
    name: &'static str,
    pace: Pace,
    since: Instant,
}

impl Snapshot {
    pub async fn open<P: Projection>(pool: &PgPool, pace: Pace) -> Result<Self, ShadowError> {
        let mut transaction = pool
            .begin_with("begin isolation level repeatable read read only; set local enable_seqscan = on")
            .await?;
        let row = sqlx::query("select version, position from read.cursors where name = $1")
            .bind(P::NAME)
            .fetch_optional(&mut *transaction)
            .await?;
        let (found, position) = match row {
            Some(row) => (row.try_get::<i32, _>(0)? as u32, row.try_get::<i64, _>(1)? as u64),
            None => (P::VERSION, 0),
        };
        if found != P::VERSION {
            return Err(ShadowError::Version { name: P::NAME, found, own: P::VERSION });
        }
        let mut snapshot = Self { transaction, position, name: P::NAME, pace, since: Instant::now() };
        snapshot.breathe().await?;
        Ok(snapshot)
    }

    /// Between two pages: gives way to a rebuild, whose switch would wait for this snapshot, and rests.
    pub async fn breathe(&mut self) -> Result<(), ShadowError> {
        let rebuilding: bool = sqlx::query_scalar(
            "select exists (select 1 from pg_locks l, hashtextextended('clustermaster.rebuild.' || $1, 0) k \
              where l.locktype = 'advisory' and l.granted and l.objsubid = 1 \
              and l.database = (select d.oid from pg_database d where d.datname = current_database()) \
              and l.classid = ((k >> 32) & 4294967295)::oid and l.objid = (k & 4294967295)::oid)",
        )
        .bind(self.name)
        .fetch_one(&mut *self.transaction)
        .await?;
        if rebuilding {
            return Err(ShadowError::Rebuilding(self.name));
        }
        if self.pace.rest > 0 {
            sleep(self.since.elapsed() * self.pace.rest).await;
        }
        self.since = Instant::now();
        Ok(())
    }

    /// Reads the rows of some buckets, in whatever order.
    pub async fn scan<P: Projection>(
        &mut self,
        buckets: &Buckets,
        mut take: impl FnMut(Line),
    ) -> Result<(), ShadowError> {
        let declare =
            format!("declare shadow no scroll cursor for select to_json(t) from read.{} t", P::NAME);
        sqlx::query(&declare).execute(&mut *self.transaction).await?;
        let fetch = format!("fetch {PAGE} from shadow");
        loop {
            let rows: Vec<Json<serde_json::Value>> =
                sqlx::query_scalar(&fetch).fetch_all(&mut *self.transaction).await?;
            let last = rows.len() < PAGE;
            for Json(row) in rows {
                let line = line::<P>(row)?;
                if buckets.hold(line.bucket()) {
                    take(line);
                }
            }
            self.breathe().await?;
            if last {
                break;
            }
        }
        sqlx::query("close shadow").execute(&mut *self.transaction).await?;
        Ok(())
    }

    pub async fn close(self) -> Result<(), sqlx::Error> {
        self.transaction.rollback().await
    }
}

/// A row of the table, written as the projection's own. One that is none any more differs from whatever the log says.
fn line<P: Projection>(row: serde_json::Value) -> Result<Line, ShadowError> {
    match serde_json::from_value::<Stored<P::Row>>(row.clone()) {
        Ok(stored) => Line::of(&stored).map_err(|cause| ShadowError::Row(P::NAME, cause)),
        Err(_) => Ok(Line::raw(row)),
    }
}
