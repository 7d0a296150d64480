//! The copy's SQL.

use hub_commands::ports::{ChainHead, CopyCursor, Entry};
use hub_domain::ledger::Hash;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgExecutor, Row};
use uuid::Uuid;

use crate::log::statements::COPIED;

/// Adds entries behind entry `$1`; otherwise does nothing and answers no row. Epochs belong to a log that is written here.
const COPY: &str = "
with copied as (
  update ledger.copied_log set next = $2 where one and next = $1 returning next
), head as (
  update ledger.head set position = $3, recorded_at = $4 from copied where one returning position
), heads as (
  insert into ledger.tenant_heads (tenant, size, last)
  select t.* from copied, unnest($5::uuid[], $6::bigint[], $7::bytea[]) as t
  on conflict (tenant) do update set size = excluded.size, last = excluded.last
), receipts as (
  insert into ledger.receipts (tenant, key, fingerprint, stream, revision, position, event_ids, recorded_at)
  select r.tenant, r.key, r.fingerprint, r.stream, r.revision, r.position, ($8::uuid[])[r.first_id : r.last_id], $4
  from copied, unnest($9::uuid[], $10::text[], $11::bytea[], $12::text[], $13::bigint[], $14::bigint[], $15::int[], $16::int[])
       as r (tenant, key, fingerprint, stream, revision, position, first_id, last_id)
  on conflict do nothing
), events as (
  insert into ledger.events (position, sequence, revision, recorded_at, tenant, event_id, command_id,
                             schema_version, stream, event_type, actor, leaf_hash, metadata, payload)
  select e.* from copied, unnest($17::bigint[], $18::bigint[], $19::bigint[], $20::bigint[], $21::uuid[], $22::uuid[],
                    $23::uuid[], $24::smallint[], $25::text[], $26::text[], $27::text[], $28::bytea[], $29::bytea[], $30::bytea[])
       as e (position, sequence, revision, recorded_at, tenant, event_id, command_id, schema_version,
             stream, event_type, actor, leaf_hash, metadata, payload)
)
select pg_notify('clustermaster_ledger', $3::text) from copied";

/// Runs [`COPY`]. `false` when the copy ended elsewhere.
pub(super) async fn copy(
    connection: &mut PgConnection,
    from: u64,
    to: &CopyCursor,
    chains: &[(Uuid, ChainHead)],
    entries: &[Entry],
) -> Result<bool, sqlx::Error> {
    let events: Vec<_> = entries.iter().filter_map(|entry| entry.event.as_ref()).collect();
    let receipts: Vec<_> = entries.iter().filter_map(|entry| entry.receipt.as_ref()).collect();
    let (mut ids, mut firsts, mut lasts) = (Vec::new(), Vec::new(), Vec::new());
    for remembered in &receipts {
        // PostgreSQL counts from 1; first > last is the empty slice.
        firsts.push(ids.len() as i32 + 1);
        ids.extend_from_slice(&remembered.receipt.event_ids);
        lasts.push(ids.len() as i32);
    }
    let row = sqlx::query(COPY)
        .bind(from as i64)
        .bind(to.next as i64)
        .bind(to.position as i64)
        .bind(to.recorded_at)
        .bind(chains.iter().map(|(tenant, _)| *tenant).collect::<Vec<_>>())
        .bind(chains.iter().map(|(_, head)| head.size as i64).collect::<Vec<_>>())
        .bind(chains.iter().map(|(_, head)| &head.last.0[..]).collect::<Vec<_>>())
        .bind(ids)
        .bind(receipts.iter().map(|kept| kept.tenant).collect::<Vec<_>>())
        .bind(receipts.iter().map(|kept| kept.key.key.as_str()).collect::<Vec<_>>())
        .bind(receipts.iter().map(|kept| &kept.key.fingerprint[..]).collect::<Vec<_>>())
        .bind(receipts.iter().map(|kept| kept.receipt.stream.as_str()).collect::<Vec<_>>())
        .bind(receipts.iter().map(|kept| kept.receipt.revision.map(|at| at as i64)).collect::<Vec<_>>())
        .bind(receipts.iter().map(|kept| kept.receipt.position as i64).collect::<Vec<_>>())
        .bind(firsts)
        .bind(lasts)
        .bind(events.iter().map(|event| event.position as i64).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.sequence as i64).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.revision as i64).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.recorded_at).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.tenant).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.event_id).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.command_id).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.schema_version as i16).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.stream.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.event_type.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.actor.as_str()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| &event.leaf_hash.0[..]).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.metadata.as_slice()).collect::<Vec<_>>())
        .bind(events.iter().map(|event| event.payload.as_slice()).collect::<Vec<_>>())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

/// Makes this database a copy of `log` where it is nothing else yet. From then on its head bears an epoch that no writer of
/// this database takes for its own, whatever it remembers.
pub(super) async fn adopt(connection: &mut PgConnection, log: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with adopted as (update ledger.head set epoch = $2 where one and position = 0 and epoch >= 0 returning one) \
         insert into ledger.copied_log (log, next, adopted_at) \
         select $1, 0, (extract(epoch from clock_timestamp()) * 1000000)::bigint from adopted on conflict do nothing",
    )
    .bind(log)
    .bind(COPIED)
    .execute(connection)
    .await
    .map(drop)
}

/// The log that this database is a copy of, and the newest position.
pub(super) async fn copied(executor: impl PgExecutor<'_>) -> Result<(Option<String>, u64), sqlx::Error> {
    let row =
        sqlx::query("select c.log, h.position from ledger.head h left join ledger.copied_log c on c.one");
    let row = row.fetch_one(executor).await?;
    Ok((row.try_get(0)?, row.try_get::<i64, _>(1)? as u64))
}

/// Where the copy ends.
pub(super) async fn cursor(connection: &mut PgConnection, lock: bool) -> Result<CopyCursor, sqlx::Error> {
    let sql = "select c.next, h.position, h.recorded_at, \
         (select e.leaf_hash from ledger.events e where e.position = h.position) \
         from ledger.head h join ledger.copied_log c on c.one where h.one";
    let row = if lock {
        sqlx::query(&format!("{sql} for update of c, h")).fetch_one(connection).await?
    } else {
        sqlx::query(sql).fetch_one(connection).await?
    };
    Ok(CopyCursor {
        next: row.try_get::<i64, _>(0)? as u64,
        position: row.try_get::<i64, _>(1)? as u64,
        recorded_at: row.try_get(2)?,
        last: row.try_get::<Option<&[u8]>, _>(3)?.map(hash).transpose()?,
    })
}

/// Where chains end: those of the tenants, or all of them.
pub(super) async fn chains(
    connection: &mut PgConnection,
    of: Option<&[Uuid]>,
) -> Result<Vec<(Uuid, ChainHead)>, sqlx::Error> {
    let rows = match of {
        Some(tenants) => {
            let sql = "select tenant, size, last from ledger.tenant_heads where tenant = any($1)";
            sqlx::query(sql).bind(tenants).fetch_all(connection).await?
        }
        None => {
            sqlx::query("select tenant, size, last from ledger.tenant_heads").fetch_all(connection).await?
        }
    };
    let head = |row: &PgRow| {
        let head = ChainHead { size: row.try_get::<i64, _>(1)? as u64, last: hash(row.try_get(2)?)? };
        Ok((row.try_get(0)?, head))
    };
    rows.iter().map(head).collect()
}

fn hash(bytes: &[u8]) -> Result<Hash, sqlx::Error> {
    bytes.try_into().map(Hash).map_err(|_| sqlx::Error::Decode("a stored hash is not 32 bytes long".into()))
}
