//! Proofs for those who ask: of an entry, of an earlier size, of a tile.

use std::sync::Arc;

use hub_domain::ledger::{
    Hash, KeyError, LeafError, Plan, Recorded, Span, TILE_HEIGHT, TILE_WIDTH, VerifierKey, origin,
};
use uuid::Uuid;

use super::hashes::{resolve, root_at};
use super::{Issued, ProofStore, SignerKey, Tree};
use crate::feed::FeedError;
use crate::query::{Listed, QueryError};

/// Up to where checkpoints are counted: there is one more every ten seconds, for ever.
const COUNTED: u32 = 10_000;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// No checkpoint covers it yet: one does within seconds.
    #[error("no checkpoint covers this yet")]
    NotYet,
    /// A size lies beyond the newest checkpoint, or the older lies behind the newer.
    #[error("the sizes must be in order, and at most the newest checkpoint's, {newest}")]
    Sizes {
        /// The newest checkpoint's size.
        newest: u64,
    },
    /// There is no such tile, or not as many hashes in it.
    #[error("there is no such tile")]
    NoTile,
    /// What is stored is no leaf.
    #[error("an event cannot be a leaf: {0}")]
    Leaf(#[from] LeafError),
    /// The hub's name leaves no room for a tenant's.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The page is none of this list's.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The storage failed.
    #[error(transparent)]
    Store(#[from] FeedError),
}

/// Where a tenant's ledger ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerHead {
    /// Leaves.
    pub size: u64,
    /// The hash of the last leaf; zeros in an empty ledger.
    pub last: Hash,
    /// The newest checkpoint.
    pub checkpoint: Option<Issued>,
}

/// What proves one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryProof {
    /// The event.
    pub event: Recorded,
    /// Its leaf's bytes.
    pub leaf: Vec<u8>,
    /// The inclusion proof.
    pub hashes: Vec<Hash>,
    /// Under which checkpoint.
    pub checkpoint: Issued,
}

/// What proves that a ledger only grew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consistency {
    /// The root at the older size.
    pub from_root: Hash,
    /// The root at the newer size.
    pub to_root: Hash,
    /// The consistency proof.
    pub hashes: Vec<Hash>,
}

/// Answers with proofs, one tenant a question.
#[derive(Clone)]
pub struct Proofs {
    store: Arc<dyn ProofStore>,
    hub: VerifierKey,
}

impl std::fmt::Debug for Proofs {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Proofs").field("hub", &self.hub).finish_non_exhaustive()
    }
}

impl Proofs {
    /// Over the storage, where the hub of this key signs.
    pub fn new(store: Arc<dyn ProofStore>, hub: VerifierKey) -> Self {
        Self { store, hub }
    }

    /// What a tenant's checkpoints are verified with.
    pub fn verifier(&self, tenant: Uuid) -> Result<VerifierKey, ProofError> {
        Ok(self.hub.named(&origin(self.hub.name(), tenant))?)
    }

    /// The keys that sign or have signed, the newest last.
    pub async fn keys(&self) -> Result<Vec<SignerKey>, ProofError> {
        Ok(self.store.signing_keys().await?)
    }

    /// Where a tenant's ledger ends.
    pub async fn head(&self, tenant: Uuid) -> Result<LedgerHead, ProofError> {
        let (size, last) = self.store.tenant_head(tenant).await?;
        Ok(LedgerHead { size, last, checkpoint: self.newest(tenant).await? })
    }

    /// A tenant's newest checkpoint.
    pub async fn newest(&self, tenant: Uuid) -> Result<Option<Issued>, ProofError> {
        Ok(self.store.checkpoints(tenant, None, 1).await?.pop())
    }

    /// A page of a tenant's checkpoints, the newest first. A cursor is the entry before which it begins.
    pub async fn list(
        &self,
        tenant: Uuid,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listed<Issued>, ProofError> {
        let before = match cursor {
            None => None,
            Some(cursor) => Some(entry_of(cursor).ok_or(QueryError::InvalidCursor)?),
        };
        let mut rows = self.store.checkpoints(tenant, before, limit + 1).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|last| last.entry.to_string());
        let total = self.store.count(tenant, COUNTED).await?;
        Ok(Listed { rows, total, exact: total < u64::from(COUNTED), next, position: 0 })
    }

    /// Proves the event of a sequence under the newest checkpoint.
    pub async fn entry(&self, tenant: Uuid, sequence: u64) -> Result<EntryProof, ProofError> {
        let checkpoint = self.newest(tenant).await?.filter(|newest| sequence < newest.size);
        let checkpoint = checkpoint.ok_or(ProofError::NotYet)?;
        let plan = Plan::inclusion(sequence, checkpoint.size);
        let found = self.store.event(tenant, sequence).await?;
        let (previous, event) = found.ok_or_else(|| FeedError("the event is not stored".into()))?;
        let leaf = event.leaf(previous).encode()?;
        let hashes = resolve(&*self.store, Tree::Tenant(tenant), &plan).await?;
        Ok(EntryProof { event, leaf, hashes, checkpoint })
    }

    /// Proves that a tenant's first `to` leaves begin with its first `from`.
    pub async fn consistency(&self, tenant: Uuid, from: u64, to: u64) -> Result<Consistency, ProofError> {
        let newest = self.newest(tenant).await?.map_or(0, |newest| newest.size);
        if from > to || to > newest {
            return Err(ProofError::Sizes { newest });
        }
        let (store, tree) = (&*self.store, Tree::Tenant(tenant));
        Ok(Consistency {
            from_root: root_at(store, tree, from).await?,
            to_root: root_at(store, tree, to).await?,
            hashes: resolve(store, tree, &Plan::consistency(from, to)).await?,
        })
    }

    /// The hashes of a tile, `width` of them.
    pub async fn tile(
        &self,
        tenant: Uuid,
        tile_level: u32,
        index: u64,
        width: u64,
    ) -> Result<Vec<Hash>, ProofError> {
        let from = self.covered(tenant, tile_level, index, width).await?;
        let span = Span { tile_level, from, to: from + width };
        let mut found = self.store.hashes(Tree::Tenant(tenant), &[span]).await?;
        found.remove(&span).filter(|hashes| hashes.len() as u64 == width).ok_or(ProofError::NoTile)
    }

    /// The leaves of a bundle, `width` of them.
    pub async fn entries(&self, tenant: Uuid, index: u64, width: u64) -> Result<Vec<Vec<u8>>, ProofError> {
        let from = self.covered(tenant, 0, index, width).await?;
        Ok(self.store.leaves(tenant, from, width as u32).await?)
    }

    /// Where a tile begins, if the newest checkpoint covers all of it.
    async fn covered(&self, tenant: Uuid, level: u32, index: u64, width: u64) -> Result<u64, ProofError> {
        let size = self.newest(tenant).await?.map_or(0, |newest| newest.size);
        let there = size.checked_shr(TILE_HEIGHT * level).unwrap_or(0);
        let from = index.checked_mul(TILE_WIDTH).ok_or(ProofError::NoTile)?;
        if width == 0 || width > TILE_WIDTH || from.saturating_add(width) > there {
            return Err(ProofError::NoTile);
        }
        Ok(from)
    }
}

fn entry_of(cursor: &str) -> Option<u64> {
    cursor.parse().ok().filter(|entry: &u64| i64::try_from(*entry).is_ok() && entry.to_string() == cursor)
}
