//! The writer's SQL. One statement appends a whole batch: one round trip, one commit, one fence.

use hub_commands::ports::{AppendError, IdempotencyKey, Receipt, Remembered, Unavailable};
use hub_domain::kernel::{TenantId, TypedId};
use hub_domain::ledger::Hash;
use sqlx::{Executor, PgConnection, Row};
use uuid::Uuid;

use super::plan::{Batch, LogHead, TenantHead};
use crate::failure::damaged;

/// Appends a batch where the head still stands at `$1` under epoch `$2`; otherwise does nothing and answers no row.
const APPEND: &str = "
with head as (
  update ledger.head set position = $3, recorded_at = $4 where one and position = $1 and epoch = $2 returning position
), heads as (
  insert into ledger.tenant_heads (tenant, size, last)
  select t.* from head, unnest($5::uuid[], $6::bigint[], $7::bytea[]) as t
  on conflict (tenant) do update set size = excluded.size, last = excluded.last
), receipts as (
  insert into ledger.receipts (tenant, key, fingerprint, stream, revision, position, event_ids, recorded_at)
  select r.tenant, r.key, r.fingerprint, r.stream, r.revision, r.position,
         ($20::uuid[])[r.first_id : r.last_id], $4
  from head, unnest($8::uuid[], $9::text[], $10::bytea[], $11::text[], $12::bigint[], $13::bigint[], $14::int[], $15::int[])
       as r (tenant, key, fingerprint, stream, revision, position, first_id, last_id)
), events as (
  insert into ledger.events (position, sequence, revision, recorded_at, tenant, event_id, command_id,
                             schema_version, stream, event_type, actor, leaf_hash, metadata, payload)
  select e.position, e.sequence, e.revision, $4, e.tenant, e.event_id, e.command_id, e.schema_version,
         e.stream, e.event_type, e.actor, e.leaf_hash, e.metadata, e.payload
  from head, unnest($16::bigint[], $17::bigint[], $18::bigint[], $19::uuid[], $20::uuid[], $21::uuid[], $22::smallint[],
                    $23::text[], $24::text[], $25::text[], $26::bytea[], $27::bytea[], $28::bytea[])
       as e (position, sequence, revision, tenant, event_id, command_id, schema_version,
             stream, event_type, actor, leaf_hash, metadata, payload)
)
select pg_notify('clustermaster_ledger', $3::text) from head";

/// The epoch of a head that belongs to a copy ([`crate::copy`]). Writers that come by count it up, and it stays below 0.
pub(crate) const COPIED: i64 = i64::MIN / 2;

/// Runs [`APPEND`]. `false` when the fence stood elsewhere: nothing was done.
pub(super) async fn append(
    connection: &mut PgConnection,
    from: &LogHead,
    batch: &Batch<'_>,
) -> Result<bool, sqlx::Error> {
    let rows = &batch.rows;
    let receipts = &batch.receipts;
    let row = sqlx::query(APPEND)
        .bind(from.position as i64)
        .bind(from.epoch)
        .bind(batch.position as i64)
        .bind(batch.recorded_at)
        .bind(&batch.heads.tenants)
        .bind(&batch.heads.sizes)
        .bind(&batch.heads.lasts)
        .bind(&receipts.tenants)
        .bind(&receipts.keys)
        .bind(&receipts.fingerprints)
        .bind(&receipts.streams)
        .bind(&receipts.revisions)
        .bind(&receipts.positions)
        .bind(&receipts.first_ids)
        .bind(&receipts.last_ids)
        .bind(&rows.positions)
        .bind(&rows.sequences)
        .bind(&rows.revisions)
        .bind(&rows.tenants)
        .bind(&rows.event_ids)
        .bind(&rows.command_ids)
        .bind(&rows.schema_versions)
        .bind(&rows.streams)
        .bind(&rows.event_types)
        .bind(&rows.actors)
        .bind(&rows.leaf_hashes)
        .bind(&rows.metadata)
        .bind(&rows.payloads)
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// Where the log ends now.
pub(super) async fn head(connection: &mut PgConnection, lock: bool) -> Result<LogHead, sqlx::Error> {
    let sql = if lock {
        "select position, epoch, recorded_at from ledger.head where one for update"
    } else {
        "select position, epoch, recorded_at from ledger.head where one"
    };
    read_head(connection, sql).await
}

/// Ends whatever a lost connection may still have under way: waits for its row lock, then moves the epoch on, so
/// that a statement of the old epoch can no longer find its fence.
pub(super) async fn fence(connection: &mut PgConnection) -> Result<LogHead, sqlx::Error> {
    read_head(
        connection,
        "update ledger.head set epoch = epoch + 1 where one returning position, epoch, recorded_at",
    )
    .await
}

async fn read_head(connection: &mut PgConnection, sql: &'static str) -> Result<LogHead, sqlx::Error> {
    let row = sqlx::query(sql).fetch_one(connection).await?;
    let epoch = row.try_get(1)?;
    if epoch < 0 {
        let copied = "this database is a copy of a log that is kept elsewhere: it is not written here";
        return Err(sqlx::Error::Protocol(copied.into()));
    }
    Ok(LogHead { position: row.try_get::<i64, _>(0)? as u64, epoch, recorded_at: row.try_get(2)? })
}

/// The event id that stands at a position.
pub(super) async fn event_at(
    connection: &mut PgConnection,
    position: u64,
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar("select event_id from ledger.events where position = $1")
        .bind(position as i64)
        .fetch_optional(connection)
        .await
}

/// The newest revision of each stream, in the order asked.
pub(crate) async fn stream_heads(
    connection: &mut PgConnection,
    streams: &[(Uuid, &str)],
) -> Result<Vec<Option<u64>>, sqlx::Error> {
    // A scalar subquery keeps the planner on the index whatever it believes of the table's size.
    const SQL: &str = "
        select (select e.revision from ledger.events e where e.tenant = s.tenant and e.stream = s.stream
                order by e.revision desc limit 1)
        from unnest($1::uuid[], $2::text[]) with ordinality as s (tenant, stream, nth) order by s.nth";
    let (tenants, names): (Vec<Uuid>, Vec<&str>) = streams.iter().copied().unzip();
    let found: Vec<Option<i64>> =
        sqlx::query_scalar(SQL).bind(tenants).bind(names).fetch_all(connection).await?;
    Ok(found.into_iter().map(|revision| revision.map(|revision| revision as u64)).collect())
}

/// Where the chains of these tenants end; a tenant without events is left out.
pub(super) async fn tenant_heads(
    connection: &mut PgConnection,
    tenants: &[Uuid],
) -> Result<Vec<(Uuid, TenantHead)>, sqlx::Error> {
    let rows = sqlx::query("select tenant, size, last from ledger.tenant_heads where tenant = any($1)")
        .bind(tenants)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let last: &[u8] = row.try_get(2)?;
            let last = last
                .try_into()
                .map_err(|_| sqlx::Error::Decode("a tenant's head is not 32 bytes long".into()))?;
            Ok((row.try_get(0)?, TenantHead { size: row.try_get::<i64, _>(1)? as u64, last: Hash(last) }))
        })
        .collect()
}

/// The streams that were written after a position, with their newest revision.
pub(super) async fn written_since(
    connection: &mut PgConnection,
    after: u64,
) -> Result<Vec<(Uuid, String, u64)>, sqlx::Error> {
    let rows = sqlx::query(
        "select tenant, stream, max(revision) from ledger.events where position > $1 group by 1, 2",
    )
    .bind(after as i64)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get::<i64, _>(2)? as u64))).collect()
}

/// A stored receipt, before it is known whether the asker may have it.
#[derive(Clone, Debug)]
pub(crate) struct StoredReceipt {
    pub tenant: Uuid,
    pub key: String,
    fingerprint: Vec<u8>,
    receipt: Receipt,
}

impl StoredReceipt {
    /// The receipt for a repeat; an error when the key was used for another request.
    pub fn answer(&self, key: &IdempotencyKey) -> Result<Receipt, AppendError> {
        if self.fingerprint == key.fingerprint {
            Ok(self.receipt.clone())
        } else {
            Err(AppendError::KeyReused)
        }
    }

    /// The same, as the port tells it.
    pub fn into_remembered(self) -> Result<Remembered, Unavailable> {
        let fingerprint = self.fingerprint.try_into();
        let fingerprint = fingerprint.map_err(|_| damaged("ledger", "a fingerprint is not 32 bytes long"))?;
        let key = IdempotencyKey { key: self.key, fingerprint };
        Ok(Remembered { tenant: self.tenant, key, receipt: self.receipt })
    }
}

/// The stored receipts under these keys.
pub(crate) async fn receipts(
    connection: &mut PgConnection,
    keys: &[(TenantId, &str)],
) -> Result<Vec<StoredReceipt>, sqlx::Error> {
    // The limit keeps the planner from reading the table first, whatever it believes of its size.
    const SQL: &str = "
        select r.tenant, r.key, r.fingerprint, r.stream, r.revision, r.position, r.event_ids
        from unnest($1::uuid[], $2::text[]) as k (tenant, key)
        cross join lateral (select * from ledger.receipts r where r.tenant = k.tenant and r.key = k.key limit 1) r";
    let (tenants, names): (Vec<Uuid>, Vec<&str>) =
        keys.iter().map(|(tenant, key)| (tenant.uuid(), *key)).unzip();
    let rows = sqlx::query(SQL).bind(tenants).bind(names).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(StoredReceipt {
                tenant: row.try_get(0)?,
                key: row.try_get(1)?,
                fingerprint: row.try_get(2)?,
                receipt: Receipt {
                    stream: row.try_get(3)?,
                    revision: row.try_get::<Option<i64>, _>(4)?.map(|revision| revision as u64),
                    position: row.try_get::<i64, _>(5)? as u64,
                    event_ids: row.try_get(6)?,
                    repeated: true,
                },
            })
        })
        .collect()
}

/// Opens a transaction, for a batch that takes turns with other processes.
pub(super) async fn begin(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.execute("begin").await.map(drop)
}

/// Commits it.
pub(super) async fn commit(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.execute("commit").await.map(drop)
}

/// Gives it up.
pub(super) async fn rollback(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    connection.execute("rollback").await.map(drop)
}
