//! The vault: secrets and the keys of personal data, under envelope encryption (AES-256-GCM).
//!
//! Every secret has a data key of its own and every subject one key; all of them, and the root of the derived keys, are
//! wrapped by the key-encryption key ([`Kek`]), which never stands in the database.

pub(crate) mod envelope;
mod kek;
mod rewrap;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hub_commands::ports::{SealedSecret, Unavailable, Vault, VaultError};
use hub_domain::kernel::{Sealed, SecretRef, TenantId, TypedId as _};
use moka::sync::Cache;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use sqlx::PgPool;
use uuid::Uuid;

pub use kek::{Kek, KekError, KekSource, Keyring};
pub use rewrap::Rewrapped;

use crate::failure::unavailable;
use envelope::{Content, Key, Place, Unopened};

const WHAT: &str = "vault";
/// How long an unwrapped subject key is remembered: that long at most another process may still open what was erased.
const REMEMBERED: Duration = Duration::from_secs(2);
/// How many unwrapped subject keys are remembered.
const REMEMBERED_KEYS: u64 = 1024;
/// How long, and how many, for sealing only: nothing is ever opened with these.
const SEALING: Duration = Duration::from_mins(5);
const SEALING_KEYS: u64 = 16_384;
/// Bytes of a fingerprint.
const FINGERPRINT: usize = 16;

impl From<Unopened> for VaultError {
    fn from(_: Unopened) -> Self {
        Self::Sealed
    }
}

/// The vault on `PostgreSQL`; the pool is of the writer role.
pub struct PgVault {
    pool: PgPool,
    keys: Keyring,
    root: Key,
    fingerprints: Key,
    blinds: Key,
    subjects: Cache<(Uuid, String), Arc<Key>>,
    sealing: Cache<(Uuid, String), Arc<Key>>,
}

impl fmt::Debug for PgVault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PgVault").field("keys", &self.keys).finish_non_exhaustive()
    }
}

fn root_place() -> Place<'static> {
    Place { content: Content::RootKey, tenant: TenantId::from_uuid(Uuid::nil()), name: "" }
}

fn sealed(key: &Key, tenant: TenantId, subject: &str, plain: &str) -> Result<Sealed, VaultError> {
    let place = Place { content: Content::PersonalData, tenant, name: subject };
    let text = BASE64URL_NOPAD.encode(&envelope::seal(key, place, plain.as_bytes()));
    Ok(Sealed::new(text).map_err(|rule| Unavailable::new(WHAT, rule))?)
}

fn derived(root: &Key, purpose: &str) -> Key {
    root.expand(&[b"clustermaster.derived.", purpose.as_bytes()])
}

impl PgVault {
    /// Opens the vault of a database; its first opening makes the root of the derived keys.
    ///
    /// [`VaultError::Sealed`] when the database was begun under a key-encryption key that is not on the ring: a hub with
    /// the wrong key file stops here instead of writing what the others cannot read.
    pub async fn unlock(pool: PgPool, keys: impl Into<Keyring>) -> Result<Self, VaultError> {
        let keys = keys.into();
        let fresh = keys.wrap(root_place(), &Key::random());
        let insert =
            "insert into vault.root_key (kek_id, wrapped_key) values ($1, $2) on conflict do nothing";
        sqlx::query(insert)
            .bind(keys.current().id())
            .bind(fresh)
            .execute(&pool)
            .await
            .map_err(unavailable(WHAT))?;
        let (kek_id, wrapped): (String, Vec<u8>) =
            sqlx::query_as("select kek_id, wrapped_key from vault.root_key")
                .fetch_one(&pool)
                .await
                .map_err(unavailable(WHAT))?;
        let root = keys.unwrap(&kek_id, root_place(), &wrapped)?;
        Ok(Self {
            pool,
            keys,
            fingerprints: derived(&root, "fingerprint"),
            blinds: derived(&root, "blind"),
            root,
            subjects: Cache::builder().max_capacity(REMEMBERED_KEYS).time_to_live(REMEMBERED).build(),
            sealing: Cache::builder().max_capacity(SEALING_KEYS).time_to_live(SEALING).build(),
        })
    }

    /// Destroys a subject's key: what was sealed under it is unreadable from now on, here at once and in other
    /// processes after two seconds. What remains is a fence: the subject never gets a key again. Repeating is harmless.
    pub async fn erase(&self, tenant: TenantId, subject: &str) -> Result<(), VaultError> {
        let erase = "insert into vault.subject_keys as k (tenant, subject, destroyed_at) values ($1, $2, now()) \
            on conflict (tenant, subject) do update \
            set kek_id = null, wrapped_key = null, destroyed_at = excluded.destroyed_at where k.destroyed_at is null";
        let done = sqlx::query(erase).bind(tenant.uuid()).bind(subject).execute(&self.pool).await;
        let slot = (tenant.uuid(), subject.to_owned());
        self.subjects.invalidate(&slot);
        self.sealing.invalidate(&slot);
        done.map(|_| ()).map_err(|cause| unavailable(WHAT)(cause).into())
    }

    /// The subject's key; `None` when there never was one.
    async fn subject_key(&self, tenant: TenantId, subject: &str) -> Result<Option<Arc<Key>>, VaultError> {
        let slot = (tenant.uuid(), subject.to_owned());
        if let Some(key) = self.subjects.get(&slot) {
            return Ok(Some(key));
        }
        let select = "select kek_id, wrapped_key from vault.subject_keys where tenant = $1 and subject = $2";
        let row: Option<(Option<String>, Option<Vec<u8>>)> = sqlx::query_as(select)
            .bind(tenant.uuid())
            .bind(subject)
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        match row {
            None => Ok(None),
            Some((Some(kek_id), Some(wrapped))) => {
                let place = Place { content: Content::SubjectKey, tenant, name: subject };
                let key = Arc::new(self.keys.unwrap(&kek_id, place, &wrapped)?);
                self.subjects.insert(slot, key.clone());
                Ok(Some(key))
            }
            Some(_) => Err(VaultError::Erased),
        }
    }

    /// The subject's key, made if there is none.
    async fn subject_key_or_new(&self, tenant: TenantId, subject: &str) -> Result<Arc<Key>, VaultError> {
        if let Some(key) = self.subject_key(tenant, subject).await? {
            return Ok(key);
        }
        let place = Place { content: Content::SubjectKey, tenant, name: subject };
        let insert = "insert into vault.subject_keys (tenant, subject, kek_id, wrapped_key) values ($1, $2, $3, $4) \
            on conflict do nothing";
        sqlx::query(insert)
            .bind(tenant.uuid())
            .bind(subject)
            .bind(self.keys.current().id())
            .bind(self.keys.wrap(place, &Key::random()))
            .execute(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        // Read back: somebody else's key may have been first.
        self.subject_key(tenant, subject).await?.ok_or(VaultError::NotFound)
    }
}

#[async_trait]
impl Vault for PgVault {
    async fn put(
        &self,
        tenant: TenantId,
        purpose: &str,
        secret: SecretSlice<u8>,
    ) -> Result<SealedSecret, VaultError> {
        let mut random = [0; 16];
        envelope::fill(&mut random);
        let reference = SecretRef::new(format!("{purpose}/{}", HEXLOWER.encode(&random)))
            .map_err(|rule| Unavailable::new(WHAT, rule))?;
        let key = Key::random();
        let name = reference.as_str();
        let wrapped = self.keys.wrap(Place { content: Content::DataKey, tenant, name }, &key);
        let sealed =
            envelope::seal(&key, Place { content: Content::Secret, tenant, name }, secret.expose_secret());
        let insert = "insert into vault.secrets (tenant, reference, kek_id, wrapped_key, sealed) \
            values ($1, $2, $3, $4, $5)";
        sqlx::query(insert)
            .bind(tenant.uuid())
            .bind(name)
            .bind(self.keys.current().id())
            .bind(wrapped)
            .bind(sealed)
            .execute(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        let fingerprint = self.fingerprint(tenant, &secret);
        Ok(SealedSecret { reference, fingerprint })
    }

    fn fingerprint(&self, tenant: TenantId, secret: &SecretSlice<u8>) -> String {
        HEXLOWER.encode(&self.fingerprints.digest(tenant, secret.expose_secret())[..FINGERPRINT])
    }

    async fn get(&self, tenant: TenantId, reference: &SecretRef) -> Result<SecretSlice<u8>, VaultError> {
        let select =
            "select kek_id, wrapped_key, sealed from vault.secrets where tenant = $1 and reference = $2";
        let row: Option<(String, Vec<u8>, Vec<u8>)> = sqlx::query_as(select)
            .bind(tenant.uuid())
            .bind(reference.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        let (kek_id, wrapped, sealed) = row.ok_or(VaultError::NotFound)?;
        let name = reference.as_str();
        let key = self.keys.unwrap(&kek_id, Place { content: Content::DataKey, tenant, name }, &wrapped)?;
        Ok(envelope::open(&key, Place { content: Content::Secret, tenant, name }, &sealed)?)
    }

    async fn destroy(&self, tenant: TenantId, reference: &SecretRef) -> Result<(), VaultError> {
        sqlx::query("delete from vault.secrets where tenant = $1 and reference = $2")
            .bind(tenant.uuid())
            .bind(reference.as_str())
            .execute(&self.pool)
            .await
            .map_err(unavailable(WHAT))?;
        Ok(())
    }

    async fn seal(&self, tenant: TenantId, subject: &str, plain: &str) -> Result<Sealed, VaultError> {
        let key = self.subject_key_or_new(tenant, subject).await?;
        sealed(&key, tenant, subject, plain)
    }

    async fn seal_in_passing(
        &self,
        tenant: TenantId,
        subject: &str,
        plain: &str,
    ) -> Result<Sealed, VaultError> {
        let slot = (tenant.uuid(), subject.to_owned());
        if let Some(key) = self.sealing.get(&slot) {
            return sealed(&key, tenant, subject, plain);
        }
        let key = self.subject_key_or_new(tenant, subject).await?;
        self.sealing.insert(slot, key.clone());
        sealed(&key, tenant, subject, plain)
    }

    async fn open(
        &self,
        tenant: TenantId,
        subject: &str,
        sealed: &Sealed,
    ) -> Result<SecretString, VaultError> {
        let key = self.subject_key(tenant, subject).await?.ok_or(VaultError::NotFound)?;
        let boxed = BASE64URL_NOPAD.decode(sealed.as_str().as_bytes()).map_err(|_| VaultError::Sealed)?;
        let place = Place { content: Content::PersonalData, tenant, name: subject };
        let plain = envelope::open(&key, place, &boxed)?;
        let text = std::str::from_utf8(plain.expose_secret()).map_err(|_| VaultError::Sealed)?;
        Ok(SecretString::from(text))
    }

    fn blind(&self, tenant: TenantId, plain: &str) -> [u8; 32] {
        self.blinds.digest(tenant, plain.as_bytes())
    }

    fn derive(&self, purpose: &str) -> SecretSlice<u8> {
        // A name of its own, so that no purpose leads to the keys of fingerprints and blind digests.
        SecretSlice::from(derived(&self.root, &format!("purpose.{purpose}")).bytes().to_vec())
    }
}
