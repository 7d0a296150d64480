//! The latest sample of each cluster: rows that are replaced, never events.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hub_commands::ports::{ObservationStore, Sample, Unavailable};
use hub_domain::kernel::{ClusterId, TenantId, TypedId as _};
use sqlx::PgPool;
use sqlx::types::Json;

use crate::failure::unavailable;

const WHAT: &str = "observation store";

/// The observations on `PostgreSQL`; the pool is of the writer role.
#[derive(Clone, Debug)]
pub struct PgObservations {
    pool: PgPool,
}

impl PgObservations {
    /// Over a pool.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl ObservationStore for PgObservations {
    async fn put(
        &self,
        tenant: TenantId,
        cluster: ClusterId,
        at: DateTime<Utc>,
        sample: Option<&Sample>,
    ) -> Result<(), Unavailable> {
        // A look that comes in late, from a process that has lost its turn, does not replace a newer one.
        let upsert = "insert into read.observations as o (tenant, cluster_id, last_checked, answered_at, sample) \
            values ($1, $2, $3, case when $4::jsonb is not null then $3 end, $4) \
            on conflict (tenant, cluster_id) do update set last_checked = excluded.last_checked, \
                answered_at = coalesce(excluded.answered_at, o.answered_at), \
                sample = coalesce(excluded.sample, o.sample) \
            where o.last_checked <= excluded.last_checked";
        sqlx::query(upsert)
            .bind(tenant.uuid())
            .bind(cluster.to_string())
            .bind(at)
            .bind(sample.map(Json))
            .execute(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        Ok(())
    }

    async fn forget(&self, tenant: TenantId, cluster: ClusterId) -> Result<(), Unavailable> {
        sqlx::query("delete from read.observations where tenant = $1 and cluster_id = $2")
            .bind(tenant.uuid())
            .bind(cluster.to_string())
            .execute(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        Ok(())
    }
}
