//! Passwords, as argon2id hashes under blinded logins.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error as HashError, PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use hub_commands::ports::{Credential, CredentialStore, Unavailable};
use hub_domain::kernel::{TenantId, TypedId as _, UserId};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgPool;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::claims::TENANT_NAME;
use crate::failure::{damaged, unavailable};

const WHAT: &str = "credential store";
/// KiB of memory a hash takes (OWASP Password Storage Cheat Sheet: m=19456, t=2, p=1).
const MEMORY_KIB: u32 = 19_456;
/// Passes over that memory.
const PASSES: u32 = 2;
/// Hashes that are worked on at once: together they take at most 38 MiB.
const AT_ONCE: usize = 2;
/// The hash of nothing that anybody knows: it is checked when there is no user, so that both cases take as long.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlzIQ$2m4XqQ8rVh0pLw7YzKcT1uSgNfEoJxDaRiBvHyMlWtU";

/// The passwords on `PostgreSQL`; the pool is of the writer role.
#[derive(Clone, Debug)]
pub struct PgCredentials {
    pool: PgPool,
    turns: Arc<Semaphore>,
}

impl PgCredentials {
    /// Over a pool.
    pub fn new(pool: PgPool) -> Self {
        Self { pool, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Does work on a thread of its own. The turn goes with the work: a caller who gives up does not free memory that
    /// is still in use.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let turn = self.turns.clone().acquire_owned().await.map_err(|cause| Unavailable::new(WHAT, cause))?;
        let worked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        let answer = worked.await.map_err(|cause| Unavailable::new(WHAT, cause))?;
        answer.map_err(|cause| Unavailable::new(WHAT, cause))
    }
}

fn argon2id() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("the parameters are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Whether the password is the hash's. The hash says which parameters it was made with.
fn check(password: &SecretString, hash: &str) -> Result<bool, HashError> {
    let hash = PasswordHash::new(hash).map_err(HashError::from)?;
    match argon2id().verify_password(password.expose_secret().as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(HashError::PasswordInvalid) => Ok(false),
        Err(cause) => Err(cause),
    }
}

#[async_trait]
impl CredentialStore for PgCredentials {
    async fn tenant(&self, name: &str) -> Result<Option<TenantId>, Unavailable> {
        let select = "select owner from vault.claims where tenant = $1 and kind = $2 and value = $3";
        let owner: Option<String> = sqlx::query_scalar(select)
            .bind(Uuid::nil())
            .bind(TENANT_NAME)
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        owner
            .map(|owner| owner.parse().map_err(|_| damaged(WHAT, "a tenant's name belongs to a tenant")))
            .transpose()
    }

    async fn find(&self, tenant: TenantId, login: &[u8; 32]) -> Result<Option<Credential>, Unavailable> {
        let select = "select user_id, password_hash from vault.credentials where tenant = $1 and login = $2";
        let row: Option<(Uuid, String)> = sqlx::query_as(select)
            .bind(tenant.uuid())
            .bind(login.as_slice())
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        Ok(row.map(|(user, password_hash)| Credential {
            user: UserId::from_uuid(user),
            tenant,
            password_hash,
        }))
    }

    async fn put(&self, credential: &Credential, login: &[u8; 32]) -> Result<bool, Unavailable> {
        let upsert = "insert into vault.credentials (tenant, user_id, login, password_hash) values ($1, $2, $3, $4) \
            on conflict (tenant, user_id) do update \
            set login = excluded.login, password_hash = excluded.password_hash, changed_at = now()";
        let done = sqlx::query(upsert)
            .bind(credential.tenant.uuid())
            .bind(credential.user.uuid())
            .bind(login.as_slice())
            .bind(&credential.password_hash)
            .execute(&self.pool)
            .await;
        match done {
            Ok(_) => Ok(true),
            Err(sqlx::Error::Database(error)) if error.constraint() == Some("credentials_login_key") => {
                Ok(false)
            }
            Err(cause) => Err(unavailable(WHAT)(cause)),
        }
    }

    async fn forget(&self, tenant: TenantId, user: UserId) -> Result<(), Unavailable> {
        sqlx::query("delete from vault.credentials where tenant = $1 and user_id = $2")
            .bind(tenant.uuid())
            .bind(user.uuid())
            .execute(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        Ok(())
    }

    async fn hash(&self, password: SecretString) -> Result<String, Unavailable> {
        self.work(move || {
            let hash = argon2id().hash_password(password.expose_secret().as_bytes())?;
            Ok(hash.to_string())
        })
        .await
    }

    async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool, Unavailable> {
        self.work(move || {
            let right = check(&password, hash.as_deref().unwrap_or(NOBODY))?;
            Ok(right && hash.is_some())
        })
        .await
    }
}

#[cfg(test)]
mod tests;
