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
/// For programs rotation is strict (RFC 9700, section 4.14.2): a refresh token serves once, and there is no grace period. A
/// client whose answer was lost and that asks again with the same token therefore has to sign in anew: it cannot be told
/// from a thief. For browsers an answer may be lost (decision 0019): see [`SessionStore::rotate_in_browser`].
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

/// A session's row: id, tenant, user, end, whether it lives, whether a browser holds it.
type Held = (Uuid, Uuid, Uuid, DateTime<Utc>, bool, bool);
/// A token: whether it was used, and if so what it was exchanged for, while that is unused and the exchange is young.
type Presented = (bool, Option<Vec<u8>>);

impl PgSessions {
    async fn open_for(&self, session: &Session, hash: &[u8; 32], browser: bool) -> Result<(), Unavailable> {
        // The user's own sessions that ended long ago go with it, so that the table does not grow for ever.
        let open = "with old as ( \
                delete from vault.sessions \
                where tenant = $2 and user_id = $3 and expires_at < now() - interval '1 day' \
            ), opened as ( \
                insert into vault.sessions (id, tenant, user_id, expires_at, browser) values ($1, $2, $3, $4, $6) \
                returning id \
            ) insert into vault.refresh_tokens (hash, session_id) select $5, id from opened";
        sqlx::query(open)
            .bind(session.id)
            .bind(session.tenant.uuid())
            .bind(session.user.uuid())
            .bind(session.expires_at)
            .bind(hash.as_slice())
            .bind(browser)
            .execute(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        Ok(())
    }

    async fn rotate_for(
        &self,
        presented: &[u8; 32],
        next: &[u8; 32],
        browser: bool,
    ) -> Result<Rotation, Unavailable> {
        let mut transaction = self.pool.begin().await.map_err(unavailable(WHAT))?;
        // The session is locked before any of its tokens is read: of many who present one at once, each sees what those before did.
        let select = "select s.id, s.tenant, s.user_id, s.expires_at, \
                s.ended_at is null and s.expires_at > now(), s.browser \
            from vault.sessions s \
            where s.id = (select t.session_id from vault.refresh_tokens t where t.hash = $1) for update";
        let row: Option<Held> = sqlx::query_as(select)
            .bind(presented.as_slice())
            .fetch_optional(&mut *transaction)
            .await
            .map_err(unavailable(WHAT))?;
        let Some((id, tenant, user, expires_at, true, held_by_browser)) = row else {
            return Ok(Rotation::Unknown);
        };
        let session =
            Session { id, user: UserId::from_uuid(user), tenant: TenantId::from_uuid(tenant), expires_at };
        let select = "select t.used_at is not null, n.hash \
            from vault.refresh_tokens t left join vault.refresh_tokens n on n.hash = t.successor \
                and n.session_id = t.session_id and n.used_at is null \
                and t.used_at > clock_timestamp() - interval '60 seconds' \
            where t.hash = $1";
        let (spent, successor): Presented = sqlx::query_as(select)
            .bind(presented.as_slice())
            .fetch_one(&mut *transaction)
            .await
            .map_err(unavailable(WHAT))?;
        let lenient = browser && held_by_browser;
        let (statement, rotation) = match successor.filter(|_| lenient) {
            // A withdrawn one counts as used, and has no successor: whoever shows it ends the session.
            Some(_) => (WITHDRAW, Rotation::Repeated(session)),
            None if spent => {
                sqlx::query("update vault.sessions set ended_at = now() where id = $1")
                    .bind(id)
                    .execute(&mut *transaction)
                    .await
                    .map_err(unavailable(WHAT))?;
                transaction.commit().await.map_err(unavailable(WHAT))?;
                return Ok(Rotation::Reused(session));
            }
            None => (REPLACE, Rotation::Rotated(session)),
        };
        sqlx::query(statement)
            .bind(id)
            .bind(presented.as_slice())
            .bind(next.as_slice())
            .bind(lenient.then_some(next.as_slice()))
            .execute(&mut *transaction)
            .await
            .map_err(unavailable(WHAT))?;
        transaction.commit().await.map_err(unavailable(WHAT))?;
        Ok(rotation)
    }
}

// What becomes of a token ($2) of a session ($1), for which the next one ($3) is given; $4 is that one as well where the
// exchange may be repeated: what a program exchanged is never shown again by a browser.
const REPLACE: &str = "with used as ( \
        update vault.refresh_tokens set used_at = clock_timestamp(), successor = $4 where hash = $2 \
    ) insert into vault.refresh_tokens (hash, session_id) values ($3, $1)";
/// The time of the exchange stays: repeating does not prolong the time in which it may be repeated.
const WITHDRAW: &str = "with old as ( \
        update vault.refresh_tokens set used_at = clock_timestamp() \
        where hash = (select successor from vault.refresh_tokens where hash = $2) \
    ), used as ( \
        update vault.refresh_tokens set successor = $4 where hash = $2 \
    ) insert into vault.refresh_tokens (hash, session_id) values ($3, $1)";

#[async_trait]
impl SessionStore for PgSessions {
    async fn open(&self, session: &Session, refresh_hash: &[u8; 32]) -> Result<(), Unavailable> {
        self.open_for(session, refresh_hash, false).await
    }

    async fn open_in_browser(&self, session: &Session, refresh_hash: &[u8; 32]) -> Result<(), Unavailable> {
        self.open_for(session, refresh_hash, true).await
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
        self.rotate_for(presented, next, false).await
    }

    async fn rotate_in_browser(
        &self,
        presented: &[u8; 32],
        next: &[u8; 32],
    ) -> Result<Rotation, Unavailable> {
        self.rotate_for(presented, next, true).await
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
