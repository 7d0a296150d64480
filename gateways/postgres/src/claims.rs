//! Names that only one thing may have at a time.

use async_trait::async_trait;
use hub_commands::ports::{Claims, Unavailable};
use hub_domain::kernel::{TenantId, TypedId as _};
use sqlx::PgPool;
use uuid::Uuid;

use crate::failure::unavailable;

const WHAT: &str = "claims";
/// The kind under which tenants' names are claimed, in the tenant with the nil id.
pub const TENANT_NAME: &str = "tenant-name";

/// The claims on `PostgreSQL`; the pool is of the writer role.
///
/// A name is claimed before the events that need it are appended. Should they never be (a crash in between), the
/// claim lapses after a minute, by when no append can be under way any more: it is seen from the ledger, where the owner
/// has no stream. Claiming again renews the minute.
#[derive(Clone, Debug)]
pub struct PgClaims {
    pool: PgPool,
}

impl PgClaims {
    /// Over a pool.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

/// In whose ledger the owner's stream lives.
fn ledger(tenant: TenantId, kind: &str, owner: &str) -> Uuid {
    match (kind, owner.parse::<TenantId>()) {
        (TENANT_NAME, Ok(owner)) => owner.uuid(),
        _ => tenant.uuid(),
    }
}

#[async_trait]
impl Claims for PgClaims {
    async fn claim(
        &self,
        tenant: TenantId,
        kind: &str,
        value: &str,
        owner: &str,
    ) -> Result<bool, Unavailable> {
        let claim = "insert into vault.claims as c (tenant, kind, value, owner, ledger) values ($1, $2, $3, $4, $5) \
            on conflict (tenant, kind, value) do update \
            set owner = excluded.owner, ledger = excluded.ledger, claimed_at = now() \
            where c.owner = excluded.owner \
               or (c.claimed_at < now() - interval '60 seconds' \
                   and not exists (select 1 from ledger.events e where e.tenant = c.ledger and e.stream = c.owner))";
        let done = sqlx::query(claim)
            .bind(tenant.uuid())
            .bind(kind)
            .bind(value)
            .bind(owner)
            .bind(ledger(tenant, kind, owner))
            .execute(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        Ok(done.rows_affected() == 1)
    }

    async fn holder(&self, tenant: TenantId, kind: &str, value: &str) -> Result<Option<String>, Unavailable> {
        let select = "select c.owner from vault.claims c where c.tenant = $1 and c.kind = $2 and c.value = $3 \
            and (c.claimed_at >= now() - interval '60 seconds' \
                 or exists (select 1 from ledger.events e where e.tenant = c.ledger and e.stream = c.owner))";
        sqlx::query_scalar(select)
            .bind(tenant.uuid())
            .bind(kind)
            .bind(value)
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable(WHAT))
    }

    async fn lapse(
        &self,
        tenant: TenantId,
        kind: &str,
        value: &str,
        owner: &str,
    ) -> Result<bool, Unavailable> {
        let lapse = "delete from vault.claims where tenant = $1 and kind = $2 and value = $3 and owner = $4 \
            and claimed_at < now() - interval '60 seconds'";
        let done = sqlx::query(lapse)
            .bind(tenant.uuid())
            .bind(kind)
            .bind(value)
            .bind(owner)
            .execute(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        Ok(done.rows_affected() == 1)
    }

    async fn release(
        &self,
        tenant: TenantId,
        kind: &str,
        value: &str,
        owner: &str,
    ) -> Result<(), Unavailable> {
        sqlx::query("delete from vault.claims where tenant = $1 and kind = $2 and value = $3 and owner = $4")
            .bind(tenant.uuid())
            .bind(kind)
            .bind(value)
            .bind(owner)
            .execute(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        Ok(())
    }
}
