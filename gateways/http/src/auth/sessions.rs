//! Whether a session still lives, asked of the store at most once in two seconds.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hub_commands::accounts::Accounts;
use hub_commands::ports::Unavailable;
use hub_domain::kernel::TenantId;
use moka::future::Cache;
use uuid::Uuid;

/// For how long an answer of the store holds: this long at most does an ended session still work, and only on
/// a hub process other than the one that ended it.
const HOLDS: Duration = Duration::from_secs(2);
const MOST: u64 = 50_000;

/// Who knows whether a session lives.
#[async_trait]
pub trait Living: Send + Sync + 'static {
    /// Whether it lives.
    async fn alive(&self, tenant: TenantId, session: Uuid) -> Result<bool, Unavailable>;
}

#[async_trait]
impl Living for Accounts {
    async fn alive(&self, tenant: TenantId, session: Uuid) -> Result<bool, Unavailable> {
        Accounts::alive(self, tenant, session).await
    }
}

/// A short memory in front of the store of sessions.
#[derive(Clone)]
pub struct Sessions {
    store: Arc<dyn Living>,
    known: Cache<(TenantId, Uuid), bool>,
}

impl Sessions {
    /// In front of a store.
    pub fn new(store: Arc<dyn Living>) -> Self {
        Self { store, known: Cache::builder().max_capacity(MOST).time_to_live(HOLDS).build() }
    }

    /// Whether the session lives. Callers that ask at once share one question to the store.
    pub async fn alive(&self, tenant: TenantId, session: Uuid) -> Result<bool, Arc<Unavailable>> {
        self.known.try_get_with((tenant, session), self.store.alive(tenant, session)).await
    }

    /// Forgets what is known of a session, because it was just ended.
    pub async fn forget(&self, tenant: TenantId, session: Uuid) {
        self.known.invalidate(&(tenant, session)).await;
    }

    /// Forgets all, because the sessions of some user may just have been ended.
    pub fn forget_all(&self) {
        self.known.invalidate_all();
    }
}
