//! Secrets and personal data: kept outside the ledger, or inside it only sealed.

use async_trait::async_trait;
use hub_domain::kernel::{Sealed, SecretRef, TenantId};
use secrecy::{SecretSlice, SecretString};

use super::Unavailable;

/// What the vault answers when it has taken a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret {
    /// The name under which it can be fetched.
    pub reference: SecretRef,
    /// A keyed fingerprint (HMAC-SHA-256, 128 bits, lowercase hex): equal secrets have equal fingerprints.
    pub fingerprint: String,
}

/// AES-256-GCM envelope encryption (a data key per secret or subject, wrapped by the key-encryption key).
#[async_trait]
pub trait Vault: Send + Sync + 'static {
    /// Takes a secret. `purpose` goes into the name: `"cluster-credentials"`.
    async fn put(
        &self,
        tenant: TenantId,
        purpose: &str,
        secret: SecretSlice<u8>,
    ) -> Result<SealedSecret, VaultError>;
    /// The fingerprint that [`Vault::put`] would answer for the secret, without keeping it. For plans.
    fn fingerprint(&self, tenant: TenantId, secret: &SecretSlice<u8>) -> String;
    /// Fetches a secret; the caller drops it (and thereby wipes it) as soon as it has served.
    async fn get(&self, tenant: TenantId, reference: &SecretRef) -> Result<SecretSlice<u8>, VaultError>;
    /// Destroys a secret. Destroying what is not there is done already.
    async fn destroy(&self, tenant: TenantId, reference: &SecretRef) -> Result<(), VaultError>;

    /// Seals personal data under its subject's key, which is made on first use.
    async fn seal(&self, tenant: TenantId, subject: &str, plain: &str) -> Result<Sealed, VaultError>;
    /// As [`Vault::seal`], for what is sealed with every command: the key may be remembered for minutes, also after another
    /// process destroyed it. What is sealed under a destroyed key can be opened by nobody.
    async fn seal_in_passing(
        &self,
        tenant: TenantId,
        subject: &str,
        plain: &str,
    ) -> Result<Sealed, VaultError> {
        self.seal(tenant, subject, plain).await
    }
    /// Opens sealed personal data; [`VaultError::Erased`] when the subject's key was destroyed.
    async fn open(
        &self,
        tenant: TenantId,
        subject: &str,
        sealed: &Sealed,
    ) -> Result<SecretString, VaultError>;
    /// A keyed digest of personal data for exact look-ups (HMAC-SHA-256), never stored in the ledger.
    fn blind(&self, tenant: TenantId, plain: &str) -> [u8; 32];
    /// A key of 32 bytes derived from the key-encryption key, for one purpose: `"access-token"`.
    fn derive(&self, purpose: &str) -> SecretSlice<u8>;
}

/// Why the vault did not answer.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no such secret.
    #[error("the vault holds no such secret")]
    NotFound,
    /// The subject's key was destroyed.
    #[error("the personal data was erased")]
    Erased,
    /// The key-encryption key does not open it, or it was altered.
    #[error("the stored secret cannot be opened with the present key-encryption key")]
    Sealed,
    /// The storage could not be reached.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// For callers to whom every failure of the vault is the same: it did not answer.
impl From<VaultError> for Unavailable {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Unavailable(cause) => cause,
            other => Self::new("vault", other),
        }
    }
}
