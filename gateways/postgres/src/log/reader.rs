//! Reading the log: rows into [`Recorded`], in order.

use hub_commands::ports::{LogError, Unavailable};
use hub_domain::kernel::{TenantId, TypedId};
use hub_domain::ledger::{Hash, Recorded};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, PgPool, Row};
use uuid::Uuid;

/// The columns that [`decode_row`] expects, in its order.
pub const LEDGER_COLUMNS: &str = "position, tenant, sequence, stream, revision, event_id, command_id, recorded_at, \
     event_type, schema_version, actor, metadata, payload, leaf_hash";

/// Reads one row that was selected as [`LEDGER_COLUMNS`].
pub fn decode_row(row: &PgRow) -> Result<Recorded, sqlx::Error> {
    let hash: &[u8] = row.try_get_unchecked(13)?;
    let leaf_hash: [u8; 32] =
        hash.try_into().map_err(|_| sqlx::Error::Decode("leaf_hash is not 32 bytes long".into()))?;
    Ok(Recorded {
        position: row.try_get_unchecked::<i64, _>(0)? as u64,
        tenant: row.try_get_unchecked(1)?,
        sequence: row.try_get_unchecked::<i64, _>(2)? as u64,
        stream: row.try_get_unchecked(3)?,
        revision: row.try_get_unchecked::<i64, _>(4)? as u64,
        event_id: row.try_get_unchecked(5)?,
        command_id: row.try_get_unchecked(6)?,
        recorded_at: row.try_get_unchecked(7)?,
        event_type: row.try_get_unchecked(8)?,
        schema_version: row.try_get_unchecked::<i16, _>(9)? as u16,
        actor: row.try_get_unchecked(10)?,
        metadata: row.try_get_unchecked(11)?,
        payload: row.try_get_unchecked(12)?,
        leaf_hash: Hash(leaf_hash),
    })
}

/// The events after a position, at most `limit`, in order.
pub async fn read_after(
    executor: impl PgExecutor<'_>,
    after: u64,
    limit: usize,
) -> Result<Vec<Recorded>, sqlx::Error> {
    // The upper bound is what lets the planner read a range of the primary key, whatever it knows of the table.
    let sql = const_format_columns("where position > $1 and position <= $2 order by position");
    let (from, to) = (after as i64, after.saturating_add(limit as u64) as i64);
    let rows = sqlx::query(&sql).bind(from).bind(to).fetch_all(executor).await?;
    rows.iter().map(decode_row).collect()
}

/// One tenant's events after a position, at most `limit`, in order.
pub(super) async fn read_of(
    pool: &PgPool,
    tenant: Uuid,
    after: u64,
    limit: usize,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let first: i64 = sqlx::query_scalar("select ledger.sequence_after($1, $2)")
        .bind(tenant)
        .bind(after as i64)
        .fetch_one(pool)
        .await?;
    let sql =
        const_format_columns("where tenant = $1 and sequence >= $2 and sequence < $3 order by sequence");
    let end = first.saturating_add(limit as i64);
    let rows = sqlx::query(&sql).bind(tenant).bind(first).bind(end).fetch_all(pool).await?;
    rows.iter().map(decode_row).collect()
}

fn const_format_columns(rest: &str) -> String {
    format!("select {LEDGER_COLUMNS} from ledger.events {rest}")
}

pub(crate) async fn read_stream(
    pool: &PgPool,
    tenant: TenantId,
    stream: &str,
    from: u64,
) -> Result<Vec<Recorded>, LogError> {
    let sql = const_format_columns("where tenant = $1 and stream = $2 and revision >= $3 order by revision");
    let rows = sqlx::query(&sql).bind(tenant.uuid()).bind(stream).bind(from as i64).fetch_all(pool).await;
    let rows = rows.map_err(unavailable)?;
    rows.iter().map(decode_row).collect::<Result<_, _>>().map_err(unavailable)
}

pub(super) async fn head(pool: &PgPool) -> Result<u64, LogError> {
    let position: i64 =
        sqlx::query_scalar("select position from ledger.head").fetch_one(pool).await.map_err(unavailable)?;
    Ok(position as u64)
}

fn unavailable(cause: sqlx::Error) -> LogError {
    Unavailable::new("ledger", cause).into()
}
