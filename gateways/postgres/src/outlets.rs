//! How far what leaves the hub has come.

use std::time::Duration;

use async_trait::async_trait;
use hub_projections::FeedError;
use hub_projections::outlet::{Claim, DeadLetter, OutletStatus, OutletStore, Step, Tally, Turn};
use hub_projections::proof::Issued;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::proof::{WITNESSED, failed, issued};

/// The columns of a dead letter, in the order of [`dead_letter`].
const DEAD_LETTER: &str = "position, tenant, event_id, event_type, error, attempts, since";

/// The outlets' storage on `PostgreSQL`; the pool is of the writer role. All time is the database's.
#[derive(Clone, Debug)]
pub struct PgOutlets {
    pool: PgPool,
}

impl PgOutlets {
    /// Over a pool.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl OutletStore for PgOutlets {
    async fn take(&self, claim: &Claim) -> Result<Option<Turn>, FeedError> {
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        sqlx::query(
            "insert into outlet.outlets (name, tenant, position, said_at, holder, token, expires_at) \
             values ($1, $2, $3, $4, $5, 0, now()) on conflict do nothing",
        )
        .bind(&claim.name)
        .bind(claim.tenant)
        .bind(claim.start.after as i64)
        .bind(claim.start.said_at as i64)
        .bind(&claim.holder)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        let taken = sqlx::query(
            "update outlet.outlets set holder = $2, expires_at = now() + $3 * interval '1 millisecond', \
                 token = case when token = $4 then token else token + 1 end \
             where name = $1 and (expires_at <= now() or token = $4) \
             returning token, position, entries, tally, said_at, retried_at",
        )
        .bind(&claim.name)
        .bind(&claim.holder)
        .bind(claim.ttl.as_millis() as f64)
        .bind(claim.token.map(|token| token as i64))
        .fetch_optional(&mut *transaction)
        .await
        .map_err(failed)?;
        let Some(row) = taken else { return Ok(None) };
        let number = |at: usize| row.try_get::<i64, _>(at).map(|number| number as u64).map_err(failed);
        let tally: Option<Json<Tally>> = row.try_get(3).map_err(failed)?;
        let mut turn = Turn {
            token: number(0)?,
            position: number(1)?,
            entries: number(2)?,
            tally: tally.map(|Json(tally)| tally),
        };
        if number(4)? < claim.start.said_at {
            (turn.position, turn.tally) = (claim.start.after, None);
            let again = "with set_anew as (update outlet.outlets set position = $2, said_at = $3, tally = null where name = $1) \
                 delete from outlet.dead_letters where outlet = $1 and position > $2";
            sqlx::query(again)
                .bind(&claim.name)
                .bind(claim.start.after as i64)
                .bind(claim.start.said_at as i64)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        if number(5)? < claim.retry {
            let marked = "with noted as (update outlet.outlets set retried_at = $2 where name = $1) \
                 update outlet.dead_letters set due = true where outlet = $1";
            sqlx::query(marked)
                .bind(&claim.name)
                .bind(claim.retry as i64)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(Some(turn))
    }

    async fn keep(&self, name: &str, token: u64, ttl: Duration) -> Result<bool, FeedError> {
        let kept = sqlx::query(
            "update outlet.outlets set expires_at = now() + $3 * interval '1 millisecond' where name = $1 and token = $2",
        )
        .bind(name)
        .bind(token as i64)
        .bind(ttl.as_millis() as f64)
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        Ok(kept.rows_affected() == 1)
    }

    async fn release(&self, name: &str, token: u64) -> Result<(), FeedError> {
        sqlx::query("update outlet.outlets set expires_at = now() where name = $1 and token = $2")
            .bind(name)
            .bind(token as i64)
            .execute(&self.pool)
            .await
            .map_err(failed)?;
        Ok(())
    }

    async fn advance(&self, name: &str, token: u64, step: &Step) -> Result<Option<i64>, FeedError> {
        let sql = "with moved as (update outlet.outlets set position = $4, entries = $5, tally = $6, delivered = delivered + $7, \
                 delivered_at = case when $7 > 0 then now() else delivered_at end, recorded_at = coalesce($8, recorded_at), \
                 failures = case when $7 > 0 then 0 else failures end \
               where name = $1 and token = $2 and position = $3 returning name), \
             dead as (insert into outlet.dead_letters as d (outlet, position, tenant, event_id, event_type, error, attempts) \
               select m.name, n.* from moved m, \
                 unnest($9::bigint[], $10::uuid[], $11::uuid[], $12::text[], $13::text[], $14::integer[]) n \
               on conflict (outlet, position) do update set error = excluded.error, attempts = d.attempts + 1, due = false) \
             select (extract(epoch from clock_timestamp()) * 1000000)::bigint from moved";
        let dead = &step.dead;
        let now = sqlx::query_scalar(sql)
            .bind(name)
            .bind(token as i64)
            .bind(step.from as i64)
            .bind(step.to as i64)
            .bind(step.entries as i64)
            .bind(Json(&step.tally))
            .bind(step.delivered as i64)
            .bind(step.recorded_at)
            .bind(dead.iter().map(|one| one.position as i64).collect::<Vec<_>>())
            .bind(dead.iter().map(|one| one.tenant).collect::<Vec<_>>())
            .bind(dead.iter().map(|one| one.event_id).collect::<Vec<_>>())
            .bind(dead.iter().map(|one| one.event_type.as_str()).collect::<Vec<_>>())
            .bind(dead.iter().map(|one| one.error.as_str()).collect::<Vec<_>>())
            .bind(dead.iter().map(|one| one.attempts as i32).collect::<Vec<_>>());
        now.fetch_optional(&self.pool).await.map_err(failed)
    }

    async fn fail(&self, name: &str, token: u64, error: &str) -> Result<Option<i64>, FeedError> {
        let sql = "update outlet.outlets set failures = failures + 1, error = $3, failed_at = now() \
             where name = $1 and token = $2 returning (extract(epoch from clock_timestamp()) * 1000000)::bigint";
        let now = sqlx::query_scalar(sql).bind(name).bind(token as i64).bind(error);
        now.fetch_optional(&self.pool).await.map_err(failed)
    }

    async fn due(&self, name: &str, limit: u32) -> Result<Vec<DeadLetter>, FeedError> {
        let sql = format!(
            "select {DEAD_LETTER} from outlet.dead_letters where outlet = $1 and due order by position limit $2"
        );
        let rows = sqlx::query(&sql).bind(name).bind(i64::from(limit)).fetch_all(&self.pool).await;
        rows.map_err(failed)?.iter().map(dead_letter).collect()
    }

    async fn settle(
        &self,
        name: &str,
        token: u64,
        position: u64,
        refused: Option<&str>,
    ) -> Result<bool, FeedError> {
        let sql = "with mine as (select name from outlet.outlets where name = $1 and token = $2 for update), \
               gone as (delete from outlet.dead_letters d using mine m where d.outlet = m.name and d.position = $3 and $4::text is null), \
               again as (update outlet.dead_letters d set error = $4, attempts = attempts + 1, due = false from mine m \
                 where d.outlet = m.name and d.position = $3 and $4::text is not null) \
             select count(*) from mine";
        let mine = sqlx::query_scalar::<_, i64>(sql)
            .bind(name)
            .bind(token as i64)
            .bind(position as i64)
            .bind(refused)
            .fetch_one(&self.pool);
        Ok(mine.await.map_err(failed)? == 1)
    }

    async fn dead(&self, name: &str) -> Result<u64, FeedError> {
        let asked =
            sqlx::query_scalar::<_, i64>("select count(*) from outlet.dead_letters where outlet = $1");
        Ok(asked.bind(name).fetch_one(&self.pool).await.map_err(failed)? as u64)
    }

    async fn newest_checkpoint(&self, tenant: Uuid) -> Result<Option<Issued>, FeedError> {
        let sql = format!(
            "select {WITNESSED} from ledger.checkpoints c where c.tenant = $1 order by c.entry desc limit 1"
        );
        let row = sqlx::query(&sql).bind(tenant).fetch_optional(&self.pool).await.map_err(failed)?;
        row.as_ref().map(issued).transpose()
    }

    async fn checkpoints_from(&self, entry: u64, limit: u32) -> Result<Vec<Issued>, FeedError> {
        let sql = format!(
            "select {WITNESSED} from ledger.checkpoints c where c.entry >= $1 order by c.entry limit $2"
        );
        let rows = sqlx::query(&sql).bind(entry as i64).bind(i64::from(limit)).fetch_all(&self.pool).await;
        rows.map_err(failed)?.iter().map(issued).collect()
    }

    async fn statuses(&self, names: &[String]) -> Result<Vec<OutletStatus>, FeedError> {
        let sql = "select o.name, o.position, \
               case when o.tenant is null then (select h.position from ledger.head h) - o.position \
                 else coalesce((select h.size from ledger.tenant_heads h where h.tenant = o.tenant), 0) - s.sequence end, \
               coalesce((extract(epoch from clock_timestamp()) * 1000000)::bigint - case when o.tenant is null \
                 then (select e.recorded_at from ledger.events e where e.position = o.position + 1) \
                 else (select e.recorded_at from ledger.events e where e.tenant = o.tenant and e.sequence = s.sequence) end, 0), \
               o.delivered, o.failures, o.error, o.failed_at, o.delivered_at, \
               (select count(*) from outlet.dead_letters d where d.outlet = o.name) \
             from unnest($1::text[]) n (name) join outlet.outlets o on o.name = n.name \
             cross join lateral (select ledger.sequence_after(o.tenant, o.position) as sequence offset 0) s";
        let rows = sqlx::query(sql).bind(names).fetch_all(&self.pool).await.map_err(failed)?;
        rows.iter().map(|row| status(row).map_err(failed)).collect()
    }

    async fn dead_letters(
        &self,
        tenant: Uuid,
        name: &str,
        after: u64,
        limit: u32,
    ) -> Result<Vec<DeadLetter>, FeedError> {
        let sql = format!(
            "select {DEAD_LETTER} from outlet.dead_letters where outlet = $1 and position > $2 and tenant = $3 \
             order by position limit $4"
        );
        let asked = sqlx::query(&sql).bind(name).bind(after as i64).bind(tenant).bind(i64::from(limit));
        asked.fetch_all(&self.pool).await.map_err(failed)?.iter().map(dead_letter).collect()
    }
}

fn status(row: &PgRow) -> Result<OutletStatus, sqlx::Error> {
    // An old cursor beside a new head would be no lag below zero.
    let number = |at: usize| row.try_get::<i64, _>(at).map(|number| number.max(0));
    let error: Option<String> = row.try_get(6)?;
    Ok(OutletStatus {
        name: row.try_get(0)?,
        position: number(1)? as u64,
        lag_events: number(2)? as u64,
        lag_micros: number(3)?,
        delivered: number(4)? as u64,
        failures: number(5)? as u64,
        error: error.zip(row.try_get(7)?),
        delivered_at: row.try_get(8)?,
        dead_letters: number(9)? as u64,
    })
}

fn dead_letter(row: &PgRow) -> Result<DeadLetter, FeedError> {
    let read = || {
        Ok(DeadLetter {
            position: row.try_get::<i64, _>(0)? as u64,
            tenant: row.try_get(1)?,
            event_id: row.try_get(2)?,
            event_type: row.try_get(3)?,
            error: row.try_get(4)?,
            attempts: row.try_get::<i32, _>(5)? as u32,
            since: row.try_get(6)?,
        })
    };
    read().map_err(failed)
}
