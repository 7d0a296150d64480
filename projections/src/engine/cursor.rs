//! How far a projection is: the row that whoever writes its table must move in the same transaction.

use sqlx::{PgConnection, PgPool, PgTransaction, Row};

use crate::projection::Projection;

/// A row of `read.cursors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The version of the code that built the table.
    pub version: u32,
    /// The newest event that the table has seen.
    pub position: u64,
    /// Which table it is: one more after each rebuild.
    pub generation: u64,
}

impl Cursor {
    /// Reads a projection's cursor, and makes it where there is none.
    pub async fn load<P: Projection>(pool: &PgPool) -> Result<Self, sqlx::Error> {
        if let Some(found) = Self::find(pool, P::NAME).await? {
            return Ok(found);
        }
        sqlx::query("insert into read.cursors (name, version) values ($1, $2) on conflict do nothing")
            .bind(P::NAME)
            .bind(P::VERSION as i32)
            .execute(pool)
            .await?;
        Self::find(pool, P::NAME).await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// Reads a cursor.
    pub async fn find(pool: &PgPool, name: &str) -> Result<Option<Self>, sqlx::Error> {
        let row = sqlx::query("select version, position, generation from read.cursors where name = $1")
            .bind(name)
            .fetch_optional(pool)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Reads a cursor and holds it until the transaction ends.
    pub async fn hold(connection: &mut PgConnection, name: &str) -> Result<Self, sqlx::Error> {
        let row =
            sqlx::query("select version, position, generation from read.cursors where name = $1 for update")
                .bind(name)
                .fetch_one(connection)
                .await?;
        read(&row)
    }

    /// Moves the cursor on, unless somebody else has moved it: then it answers `None`, and nothing may be written.
    /// Holds it until the transaction ends. Answers the database's time in microseconds since 1970.
    pub async fn move_on(
        self,
        transaction: &mut PgTransaction<'static>,
        name: &str,
        to: u64,
    ) -> Result<Option<i64>, sqlx::Error> {
        sqlx::query_scalar(
            "update read.cursors set position = $5, moved_at = clock_timestamp(), \
               stopped_at = null, stopped_by = null, error = null \
             where name = $1 and version = $2 and position = $3 and generation = $4 \
             returning (extract(epoch from moved_at) * 1000000)::bigint",
        )
        .bind(name)
        .bind(self.version as i32)
        .bind(self.position as i64)
        .bind(self.generation as i64)
        .bind(to as i64)
        .fetch_optional(&mut **transaction)
        .await
    }

    /// Notes that the projection stands before an event that it cannot read.
    pub async fn stop(self, pool: &PgPool, name: &str, by: u64, error: &str) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update read.cursors set stopped_at = clock_timestamp(), stopped_by = $4, error = $5 \
             where name = $1 and position = $2 and generation = $3",
        )
        .bind(name)
        .bind(self.position as i64)
        .bind(self.generation as i64)
        .bind(by as i64)
        .bind(error.replace('\0', "\u{fffd}"))
        .execute(pool)
        .await?;
        Ok(())
    }
}

fn read(row: &sqlx::postgres::PgRow) -> Result<Cursor, sqlx::Error> {
    Ok(Cursor {
        version: row.try_get::<i32, _>(0)? as u32,
        position: row.try_get::<i64, _>(1)? as u64,
        generation: row.try_get::<i64, _>(2)? as u64,
    })
}

/// The start of a transaction that writes a table. It need not reach the disk before it is answered: rows and cursor
/// are lost together or not at all, and what is lost is folded again. A process that hangs lets go of its locks.
pub const BEGIN: &str = "begin; set local synchronous_commit = off; set local lock_timeout = '2s'; \
     set local idle_in_transaction_session_timeout = '10s'";
