//! What lies beside the ledger, in memory.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use hub_domain::kernel::{Sealed, SecretRef, TenantId, TypedId, UserId};
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::ports::{
    Claims, Credential, CredentialStore, Lease, Leases, Rotation, SealedSecret, Session, SessionStore,
    Unavailable, Vault, VaultError,
};

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    Sha256::digest(parts.join(&0)).into()
}

#[derive(Default)]
pub struct MemoryVault {
    pub secrets: Mutex<BTreeMap<String, Vec<u8>>>,
    pub erased: Mutex<HashSet<String>>,
    pub away: Mutex<bool>,
    count: AtomicU64,
}

impl MemoryVault {
    fn here(&self) -> Result<(), VaultError> {
        if *self.away.lock().unwrap() { Err(super::unavailable().into()) } else { Ok(()) }
    }
}

#[async_trait]
impl Vault for MemoryVault {
    async fn put(
        &self,
        tenant: TenantId,
        purpose: &str,
        secret: SecretSlice<u8>,
    ) -> Result<SealedSecret, VaultError> {
        self.here()?;
        let reference = format!("{purpose}/{}", self.count.fetch_add(1, Ordering::SeqCst));
        let fingerprint = self.fingerprint(tenant, &secret);
        self.secrets.lock().unwrap().insert(reference.clone(), secret.expose_secret().to_vec());
        Ok(SealedSecret { reference: SecretRef::new(reference).unwrap(), fingerprint })
    }

    fn fingerprint(&self, tenant: TenantId, secret: &SecretSlice<u8>) -> String {
        HEXLOWER.encode(&digest(&[tenant.uuid().as_bytes(), secret.expose_secret()])[..16])
    }

    async fn get(&self, _: TenantId, reference: &SecretRef) -> Result<SecretSlice<u8>, VaultError> {
        self.here()?;
        let secrets = self.secrets.lock().unwrap();
        secrets.get(reference.as_str()).map(|secret| secret.clone().into()).ok_or(VaultError::NotFound)
    }

    async fn destroy(&self, _: TenantId, reference: &SecretRef) -> Result<(), VaultError> {
        self.here()?;
        self.secrets.lock().unwrap().remove(reference.as_str());
        Ok(())
    }

    async fn seal(&self, _: TenantId, subject: &str, plain: &str) -> Result<Sealed, VaultError> {
        self.here()?;
        // As with a real cipher, the same text never looks the same twice.
        let nonce = self.count.fetch_add(1, Ordering::SeqCst);
        Ok(Sealed::new(HEXLOWER.encode(format!("{nonce}|{subject}|{plain}").as_bytes())).unwrap())
    }

    async fn open(&self, _: TenantId, subject: &str, sealed: &Sealed) -> Result<SecretString, VaultError> {
        self.here()?;
        if self.erased.lock().unwrap().contains(subject) {
            return Err(VaultError::Erased);
        }
        let text = HEXLOWER.decode(sealed.as_str().as_bytes()).map_err(|_| VaultError::Sealed)?;
        let text = String::from_utf8(text).map_err(|_| VaultError::Sealed)?;
        match *text.splitn(3, '|').collect::<Vec<_>>() {
            [_, owner, plain] if owner == subject => Ok(plain.into()),
            _ => Err(VaultError::Sealed),
        }
    }

    fn blind(&self, tenant: TenantId, plain: &str) -> [u8; 32] {
        digest(&[tenant.uuid().as_bytes(), plain.as_bytes()])
    }

    fn derive(&self, purpose: &str) -> SecretSlice<u8> {
        digest(&[purpose.as_bytes()]).to_vec().into()
    }
}

pub struct MemoryCredentials {
    claims: Arc<MemoryClaims>,
    pub rows: Mutex<HashMap<(TenantId, [u8; 32]), Credential>>,
    pub verified: AtomicU64,
}

impl MemoryCredentials {
    pub fn new(claims: Arc<MemoryClaims>) -> Self {
        Self { claims, rows: Mutex::default(), verified: AtomicU64::new(0) }
    }
}

#[async_trait]
impl CredentialStore for MemoryCredentials {
    async fn tenant(&self, name: &str) -> Result<Option<TenantId>, Unavailable> {
        let holder = self.claims.holder(TenantId::from_uuid(Uuid::nil()), "tenant-name", name).await?;
        Ok(holder.map(|owner| owner.parse().unwrap()))
    }

    async fn find(&self, tenant: TenantId, login: &[u8; 32]) -> Result<Option<Credential>, Unavailable> {
        Ok(self.rows.lock().unwrap().get(&(tenant, *login)).cloned())
    }

    async fn put(&self, credential: &Credential, login: &[u8; 32]) -> Result<bool, Unavailable> {
        let mut rows = self.rows.lock().unwrap();
        if rows.get(&(credential.tenant, *login)).is_some_and(|row| row.user != credential.user) {
            return Ok(false);
        }
        rows.retain(|_, row| row.tenant != credential.tenant || row.user != credential.user);
        rows.insert((credential.tenant, *login), credential.clone());
        Ok(true)
    }

    async fn forget(&self, tenant: TenantId, user: UserId) -> Result<(), Unavailable> {
        self.rows.lock().unwrap().retain(|_, row| row.tenant != tenant || row.user != user);
        Ok(())
    }

    async fn hash(&self, password: SecretString) -> Result<String, Unavailable> {
        Ok(format!("hash of {}", password.expose_secret()))
    }

    async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool, Unavailable> {
        self.verified.fetch_add(1, Ordering::SeqCst);
        Ok(hash == Some(self.hash(password).await?))
    }
}

/// A session and its refresh tokens, as hashes.
pub struct SessionRow {
    session: Session,
    browser: bool,
    newest: [u8; 32],
    spent: HashSet<[u8; 32]>,
    /// What the newest one was given for.
    exchanged: Option<[u8; 32]>,
}

#[derive(Default)]
pub struct MemorySessions {
    pub rows: Mutex<HashMap<Uuid, SessionRow>>,
    /// Whether a minute has passed since every exchange.
    pub aged: Mutex<bool>,
}

impl MemorySessions {
    pub fn count(&self) -> usize {
        self.rows.lock().unwrap().len()
    }

    fn keep(&self, session: &Session, newest: [u8; 32], browser: bool) {
        let row =
            SessionRow { session: session.clone(), browser, newest, spent: HashSet::new(), exchanged: None };
        self.rows.lock().unwrap().insert(session.id, row);
    }

    fn replace(&self, presented: &[u8; 32], next: &[u8; 32], browser: bool) -> Rotation {
        let mut rows = self.rows.lock().unwrap();
        let known = rows.values_mut().find(|row| row.newest == *presented || row.spent.contains(presented));
        let Some(row) = known else { return Rotation::Unknown };
        let session = row.session.clone();
        let young = !*self.aged.lock().unwrap();
        let rotation = if row.newest == *presented {
            Rotation::Rotated(session)
        } else if young && browser && row.browser && row.exchanged == Some(*presented) {
            Rotation::Repeated(session)
        } else {
            rows.remove(&session.id);
            return Rotation::Reused(session);
        };
        row.spent.insert(row.newest);
        row.exchanged = (browser && row.browser).then_some(*presented);
        row.newest = *next;
        rotation
    }
}

#[async_trait]
impl SessionStore for MemorySessions {
    async fn open(&self, session: &Session, refresh_hash: &[u8; 32]) -> Result<(), Unavailable> {
        self.keep(session, *refresh_hash, false);
        Ok(())
    }

    async fn open_in_browser(&self, session: &Session, refresh_hash: &[u8; 32]) -> Result<(), Unavailable> {
        self.keep(session, *refresh_hash, true);
        Ok(())
    }

    async fn alive(&self, tenant: TenantId, id: Uuid) -> Result<bool, Unavailable> {
        Ok(self.rows.lock().unwrap().get(&id).is_some_and(|row| row.session.tenant == tenant))
    }

    async fn rotate(&self, presented: &[u8; 32], next: &[u8; 32]) -> Result<Rotation, Unavailable> {
        Ok(self.replace(presented, next, false))
    }

    async fn rotate_in_browser(
        &self,
        presented: &[u8; 32],
        next: &[u8; 32],
    ) -> Result<Rotation, Unavailable> {
        Ok(self.replace(presented, next, true))
    }

    async fn end(&self, _: TenantId, id: Uuid) -> Result<(), Unavailable> {
        self.rows.lock().unwrap().remove(&id);
        Ok(())
    }

    async fn end_all(&self, tenant: TenantId, user: UserId) -> Result<(), Unavailable> {
        let mut rows = self.rows.lock().unwrap();
        rows.retain(|_, row| row.session.tenant != tenant || row.session.user != user);
        Ok(())
    }
}

#[derive(Default)]
pub struct MemoryClaims {
    pub rows: Mutex<BTreeMap<(TenantId, String, String), String>>,
    /// Whether a minute has passed since every claim.
    pub aged: Mutex<bool>,
}

impl MemoryClaims {
    /// The claimed names of a kind, with their owners.
    pub fn of(&self, kind: &str) -> Vec<(String, String)> {
        let rows = self.rows.lock().unwrap();
        let of_kind = rows.iter().filter(|((_, known, _), _)| known == kind);
        of_kind.map(|((_, _, name), owner)| (name.clone(), owner.clone())).collect()
    }
}

#[async_trait]
impl Claims for MemoryClaims {
    async fn claim(
        &self,
        tenant: TenantId,
        kind: &str,
        value: &str,
        owner: &str,
    ) -> Result<bool, Unavailable> {
        let mut rows = self.rows.lock().unwrap();
        Ok(rows.entry((tenant, kind.into(), value.into())).or_insert_with(|| owner.into()) == owner)
    }

    async fn holder(&self, tenant: TenantId, kind: &str, value: &str) -> Result<Option<String>, Unavailable> {
        Ok(self.rows.lock().unwrap().get(&(tenant, kind.into(), value.into())).cloned())
    }

    async fn lapse(
        &self,
        tenant: TenantId,
        kind: &str,
        value: &str,
        owner: &str,
    ) -> Result<bool, Unavailable> {
        let known = self.holder(tenant, kind, value).await?;
        if known.as_deref() != Some(owner) || !*self.aged.lock().unwrap() {
            return Ok(false);
        }
        self.release(tenant, kind, value, owner).await.map(|()| true)
    }

    async fn release(
        &self,
        tenant: TenantId,
        kind: &str,
        value: &str,
        owner: &str,
    ) -> Result<(), Unavailable> {
        let mut rows = self.rows.lock().unwrap();
        let key = (tenant, kind.into(), value.into());
        if rows.get(&key).is_some_and(|known| known == owner) {
            rows.remove(&key);
        }
        Ok(())
    }
}

/// Turns that never run out by themselves: a test takes them away.
#[derive(Default)]
pub struct MemoryLeases {
    rows: Mutex<HashMap<String, Lease>>,
    tokens: AtomicU64,
}

impl MemoryLeases {
    /// Gives a turn to somebody else.
    pub fn steal(&self, name: &str, holder: &str) -> Lease {
        let token = self.tokens.fetch_add(1, Ordering::SeqCst) as i64;
        let lease = Lease { name: name.into(), holder: holder.into(), token };
        self.rows.lock().unwrap().insert(name.into(), lease.clone());
        lease
    }

    pub fn holder(&self, name: &str) -> Option<String> {
        self.rows.lock().unwrap().get(name).map(|lease| lease.holder.clone())
    }
}

#[async_trait]
impl Leases for MemoryLeases {
    async fn acquire(&self, name: &str, holder: &str, _: Duration) -> Result<Option<Lease>, Unavailable> {
        let held = self.rows.lock().unwrap().get(name).cloned();
        Ok(match held {
            None => Some(self.steal(name, holder)),
            held => held.filter(|lease| lease.holder == holder),
        })
    }

    async fn release(&self, lease: &Lease) -> Result<(), Unavailable> {
        self.rows.lock().unwrap().retain(|_, held| held != lease);
        Ok(())
    }
}
