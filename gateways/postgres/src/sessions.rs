//! Sign-ins and their refresh tokens.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hub_commands::ports::{Rotation, Session, SessionStore, Unavailable};
use hub_domain::kernel::{TenantId, TypedId as _, UserId};
use sqlx::PgPool;
use uuid::Uuid;

use crate::failure::unavailable;

const WHAT: &str = "session store";

/// The sessions on `PostgreSQL`; the pool is of the writer role.
///
/// Rotation is strict (RFC 9700, section 4.14.2): a refresh token serves once, and there is no grace period. A client
/// whose answer was lost and that asks again with the same token therefore has to sign in anew: it cannot be told from
/// a thief.
#[derive(Clone, Debug)]
pub struct PgSessions {
    pool: PgPool,
}

impl PgSessions {
    /// Over a pool.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

/// A token's row beside its session's: session, tenant, user, end, whether it lives, whether the token was used.
type Presented = (Uuid, Uuid, Uuid, DateTime<Utc>, bool, bool);

#[async_trait]
impl SessionStore for PgSessions {
    async fn open(&self, session: &Session, refresh_hash: &[u8; 32]) -> Result<(), Unavailable> {
        // The user's own sessions that ended long ago go with it, so that the table does not grow for ever.
        let open = "with old as ( \
                delete from vault.sessions \
                where tenant = $2 and user_id = $3 and expires_at < now() - interval '1 day' \
            ), opened as ( \
                insert into vault.sessions (id, tenant, user_id, expires_at) values ($1, $2, $3, $4) returning id \
            ) insert into vault.refresh_tokens (hash, session_id) select $5, id from opened";
        sqlx::query(open)
            .bind(session.id)
            .bind(session.tenant.uuid())
            .bind(session.user.uuid())
            .bind(session.expires_at)
            .bind(refresh_hash.as_slice())
            .execute(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        Ok(())
    }

    async fn alive(&self, tenant: TenantId, id: Uuid) -> Result<bool, Unavailable> {
        let select = "select exists (select 1 from vault.sessions \
            where id = $1 and tenant = $2 and ended_at is null and expires_at > now())";
        sqlx::query_scalar(select)
            .bind(id)
            .bind(tenant.uuid())
            .fetch_one(&self.pool)
            .await
            .map_err(unavailable(WHAT))
    }

    async fn rotate(&self, presented: &[u8; 32], next: &[u8; 32]) -> Result<Rotation, Unavailable> {
        let mut transaction = self.pool.begin().await.map_err(unavailable(WHAT))?;
        // Both rows are locked: of two that present the same token, the second one sees what the first one did.
        let select = "select s.id, s.tenant, s.user_id, s.expires_at, \
                s.ended_at is null and s.expires_at > now(), t.used_at is not null \
            from vault.refresh_tokens t join vault.sessions s on s.id = t.session_id \
            where t.hash = $1 for update";
        let row: Option<Presented> = sqlx::query_as(select)
            .bind(presented.as_slice())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(unavailable(WHAT))?;
        let Some((id, tenant, user, expires_at, true, replaced)) = row else {
            return Ok(Rotation::Unknown);
        };
        let session =
            Session { id, user: UserId::from_uuid(user), tenant: TenantId::from_uuid(tenant), expires_at };
        let rotation = if replaced {
            sqlx::query("update vault.sessions set ended_at = now() where id = $1")
                .bind(id)
                .execute(&mut *transaction)
                .await
                .map_err(unavailable(WHAT))?;
            Rotation::Reused(session)
        } else {
            let replace = "with used as (update vault.refresh_tokens set used_at = now() where hash = $1) \
                insert into vault.refresh_tokens (hash, session_id) values ($2, $3)";
            sqlx::query(replace)
                .bind(presented.as_slice())
                .bind(next.as_slice())
                .bind(id)
                .execute(&mut *transaction)
                .await
                .map_err(unavailable(WHAT))?;
            Rotation::Rotated(session)
        };
        transaction.commit().await.map_err(unavailable(WHAT))?;
        Ok(rotation)
    }

    async fn end(&self, tenant: TenantId, id: Uuid) -> Result<(), Unavailable> {
        sqlx::query(
            "update vault.sessions set ended_at = now() where id = $1 and tenant = $2 and ended_at is null",
        )
        .bind(id)
        .bind(tenant.uuid())
        .execute(&self.pool)
        .await
        .map_err(unavailable(WHAT))?;
        Ok(())
    }

    async fn end_all(&self, tenant: TenantId, user: UserId) -> Result<(), Unavailable> {
        let end = "update vault.sessions set ended_at = now() \
            where tenant = $1 and user_id = $2 and ended_at is null";
        sqlx::query(end)
            .bind(tenant.uuid())
            .bind(user.uuid())
            .execute(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        Ok(())
    }
}
