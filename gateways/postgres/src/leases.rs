//! Turns between hub processes on one database.

use std::time::Duration;

use async_trait::async_trait;
use hub_commands::ports::{Lease, Leases, Unavailable};
use sqlx::PgPool;

use crate::failure::unavailable;

const WHAT: &str = "leases";

/// The leases on `PostgreSQL`; the pool is of the writer role. All time is the database's.
#[derive(Clone, Debug)]
pub struct PgLeases {
    pool: PgPool,
}

impl PgLeases {
    /// Over a pool.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl Leases for PgLeases {
    async fn acquire(&self, name: &str, holder: &str, ttl: Duration) -> Result<Option<Lease>, Unavailable> {
        let acquire = "insert into vault.leases as l (name, holder, token, expires_at) \
            values ($1, $2, 1, now() + $3 * interval '1 millisecond') \
            on conflict (name) do update set holder = excluded.holder, expires_at = excluded.expires_at, \
                token = case when l.holder = excluded.holder then l.token else l.token + 1 end \
            where l.holder = excluded.holder or l.expires_at <= now() \
            returning token";
        let token: Option<i64> = sqlx::query_scalar(acquire)
            .bind(name)
            .bind(holder)
            .bind(ttl.as_millis() as f64)
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        Ok(token.map(|token| Lease { name: name.to_owned(), holder: holder.to_owned(), token }))
    }

    async fn release(&self, lease: &Lease) -> Result<(), Unavailable> {
        let release = "update vault.leases set expires_at = now() \
            where name = $1 and holder = $2 and token = $3 and expires_at > now()";
        sqlx::query(release)
            .bind(&lease.name)
            .bind(&lease.holder)
            .bind(lease.token)
            .execute(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        Ok(())
    }
}
