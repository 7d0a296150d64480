//! Passwords, sessions and reserved names: rows beside the ledger, never in it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hub_domain::kernel::{TenantId, UserId};
use secrecy::SecretString;
use uuid::Uuid;

use super::Unavailable;

/// What is needed to check a password.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Whose.
    pub user: UserId,
    /// In which tenant.
    pub tenant: TenantId,
    /// PHC string (argon2id).
    pub password_hash: String,
}

/// Where passwords are kept, as argon2id hashes.
#[async_trait]
pub trait CredentialStore: Send + Sync + 'static {
    /// The tenant of this name.
    async fn tenant(&self, name: &str) -> Result<Option<TenantId>, Unavailable>;
    /// The credential under this blinded login.
    async fn find(&self, tenant: TenantId, login: &[u8; 32]) -> Result<Option<Credential>, Unavailable>;
    /// Sets login and password hash of a user; `false` when another user of the tenant has the login.
    async fn put(&self, credential: &Credential, login: &[u8; 32]) -> Result<bool, Unavailable>;
    /// Forgets a user's login and password.
    async fn forget(&self, tenant: TenantId, user: UserId) -> Result<(), Unavailable>;
    /// Hashes a password with argon2id (on a thread of its own: it takes tens of milliseconds).
    async fn hash(&self, password: SecretString) -> Result<String, Unavailable>;
    /// Checks a password against a hash, or burns the same time when there is none.
    async fn verify(&self, password: SecretString, hash: Option<String>) -> Result<bool, Unavailable>;
}

/// One sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id: a `UUIDv7`; not a secret.
    pub id: Uuid,
    /// Whose.
    pub user: UserId,
    /// In which tenant.
    pub tenant: TenantId,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
}

/// What came of presenting a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The token was the newest one and is now replaced.
    Rotated(Session),
    /// The token had been used before: the session is ended now (RFC 9700, section 4.14.2).
    Reused(Session),
    /// The token had been used, and nothing that it was exchanged for ever was: that is withdrawn and replaced.
    Repeated(Session),
    /// No living session knows the token.
    Unknown,
}

/// Where sessions are kept; refresh tokens only as SHA-256.
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Opens a session with its first refresh token.
    async fn open(&self, session: &Session, refresh_hash: &[u8; 32]) -> Result<(), Unavailable>;
    /// The same for a session that a browser holds.
    async fn open_in_browser(&self, session: &Session, refresh_hash: &[u8; 32]) -> Result<(), Unavailable>;
    /// Whether the session lives.
    async fn alive(&self, tenant: TenantId, id: Uuid) -> Result<bool, Unavailable>;
    /// Replaces a refresh token by the next one.
    async fn rotate(&self, presented: &[u8; 32], next: &[u8; 32]) -> Result<Rotation, Unavailable>;
    /// The same for a token that a browser shows. Where a browser holds the session, a token that it exchanged within a minute may
    /// be shown again while what it was last exchanged for was never used.
    async fn rotate_in_browser(&self, presented: &[u8; 32], next: &[u8; 32])
    -> Result<Rotation, Unavailable>;
    /// Ends one session.
    async fn end(&self, tenant: TenantId, id: Uuid) -> Result<(), Unavailable>;
    /// Ends all sessions of a user.
    async fn end_all(&self, tenant: TenantId, user: UserId) -> Result<(), Unavailable>;
}

/// Names that only one thing may have at a time.
#[async_trait]
pub trait Claims: Send + Sync + 'static {
    /// Reserves `value` of `kind` (`"cluster-name"`) for `owner`; `false` when another owner has it.
    /// A claim whose owner never came to be lapses after a minute.
    async fn claim(
        &self,
        tenant: TenantId,
        kind: &str,
        value: &str,
        owner: &str,
    ) -> Result<bool, Unavailable>;
    /// Who has it now. For plans, which may not claim; only [`Claims::claim`] decides.
    async fn holder(&self, tenant: TenantId, kind: &str, value: &str) -> Result<Option<String>, Unavailable>;
    /// Takes a claim from an owner who is known not to need it: what a crash has left. `false` when it is not this owner's,
    /// or younger than a minute: then what needs it may still be under way.
    async fn lapse(
        &self,
        tenant: TenantId,
        kind: &str,
        value: &str,
        owner: &str,
    ) -> Result<bool, Unavailable>;
    /// Gives up one of the owner's claims.
    async fn release(
        &self,
        tenant: TenantId,
        kind: &str,
        value: &str,
        owner: &str,
    ) -> Result<(), Unavailable>;
}
