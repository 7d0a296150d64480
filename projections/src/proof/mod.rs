//! Proofs: checkpoints that are signed over the ledger, and short proofs under them.

mod anchor;
mod hashes;
mod notary;
mod query;
mod witness;

use std::collections::BTreeMap;

use async_trait::async_trait;
use hub_domain::ledger::{Hash, Milestone, Recorded, Span};
use uuid::Uuid;

pub use anchor::{Anchor, AnchorError, Anchors};
pub use notary::{Notary, NotaryError, NotarySettings};
pub use query::{Consistency, EntryProof, LedgerHead, ProofError, Proofs};
pub use witness::{Witness, WitnessError, Witnesses};

use crate::feed::FeedError;

/// One of the Merkle trees of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tree {
    /// A tenant's: a leaf an event.
    Tenant(Uuid),
    /// That over all tenants' checkpoints: a leaf a checkpoint.
    Whole,
}

/// A checkpoint as it was signed and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Its index in the log over all checkpoints.
    pub entry: u64,
    /// Whose.
    pub tenant: Uuid,
    /// Leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The newest position of the whole database when it was taken.
    pub position: u64,
    /// When, in microseconds since 1970, UTC.
    pub issued_at: i64,
    /// The signed note; as it is read, with the lines of those who have cosigned it.
    pub note: String,
}

impl Issued {
    /// Its leaf in the log over all tenants.
    pub fn milestone(&self) -> Milestone {
        Milestone {
            tenant: self.tenant,
            size: self.size,
            root: self.root,
            position: self.position,
            issued_at: self.issued_at,
        }
    }
}

/// A key that signs or has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerKey {
    /// The hub's verifier key.
    pub verifier: String,
    /// What it and the key before it have signed ([`hub_domain::ledger::Rotation`]); none of the first.
    pub statement: Option<String>,
}

/// A checkpoint that a witness has not cosigned yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwitnessed {
    /// A tenant's newest.
    pub checkpoint: Issued,
    /// The size that the witness has cosigned last, as far as it is known here.
    pub last: u64,
}

/// A tenant whose ledger has grown since its newest checkpoint, or whose newest checkpoint is old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Whose ledger.
    pub tenant: Uuid,
    /// Its leaves now.
    pub size: u64,
    /// Its newest checkpoint.
    pub newest: Option<Issued>,
}

/// What stands, read at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// The database's time, in microseconds since 1970, UTC.
    pub now: i64,
    /// The newest position.
    pub position: u64,
    /// Checkpoints in the log over all tenants.
    pub entries: u64,
    /// The newest key, the hub's verifier key: who does not have it signs nothing more.
    pub signer: Option<String>,
    /// Where a checkpoint may be wanted.
    pub due: Vec<Due>,
}

/// What proofs need of the log's storage.
#[async_trait]
pub trait ProofStore: Send + Sync + 'static {
    /// Stored hashes of a tree; fewer than a span asks for where it ends beyond the tree.
    async fn hashes(&self, tree: Tree, spans: &[Span]) -> Result<BTreeMap<Span, Vec<Hash>>, FeedError>;

    /// Hashes of a span that are at hand without a look at the storage, if all of them are: for nodes over new leaves.
    fn at_hand(&self, _tree: Tree, _span: Span) -> Option<Vec<Hash>> {
        None
    }

    /// How many nodes of a level (above 0) are stored.
    async fn nodes(&self, tree: Tree, tile_level: u32) -> Result<u64, FeedError>;

    /// Stores nodes of a level, from an index on. Those that are there already stay.
    async fn keep_nodes(
        &self,
        tree: Tree,
        tile_level: u32,
        from: u64,
        hashes: &[Hash],
    ) -> Result<(), FeedError>;

    /// What stands. Tenants without news are left out until their newest checkpoint is older than `idle` microseconds.
    async fn outlook(&self, idle: i64) -> Result<Outlook, FeedError>;

    /// Keeps checkpoints, all or none; `false` when another process has kept one of these entries first.
    async fn issue(&self, checkpoints: &[Issued]) -> Result<bool, FeedError>;

    /// Keeps a checkpoint of the log over all tenants, unless there is one of its size.
    async fn issue_whole(&self, size: u64, root: Hash, at: i64, note: &str) -> Result<(), FeedError>;

    /// The newest checkpoint of the log over all tenants: its size and root.
    async fn newest_whole(&self) -> Result<Option<(u64, Hash)>, FeedError>;

    /// The tenants' newest checkpoints that a witness has not cosigned.
    async fn unwitnessed(&self, witness: &str) -> Result<Vec<Unwitnessed>, FeedError>;

    /// Keeps a witness's line under a checkpoint; an empty one of an anchor. `at` is in seconds since 1970.
    async fn cosign(&self, entry: u64, witness: &str, at: u64, line: &str) -> Result<(), FeedError>;

    /// Takes a key into use where there is none yet. Answers with the newest, whoever brought it.
    async fn adopt_key(&self, verifier: &str) -> Result<String, FeedError>;

    /// Lets a key take the place of the one that signs; `false` when that is another one than `from`. Done already is done.
    async fn rotate_key(&self, from: &str, to: &SignerKey) -> Result<bool, FeedError>;

    /// The keys that sign or have signed, the newest last.
    async fn signing_keys(&self) -> Result<Vec<SignerKey>, FeedError>;

    /// Every tenant that has a ledger.
    async fn tenants(&self) -> Result<Vec<Uuid>, FeedError>;

    /// A tenant's checkpoints, the newest first: those before an entry, at most `limit`.
    async fn checkpoints(
        &self,
        tenant: Uuid,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Issued>, FeedError>;

    /// How many checkpoints a tenant has; no more than `most` are counted.
    async fn count(&self, tenant: Uuid, most: u32) -> Result<u64, FeedError>;

    /// How many leaves a tenant's ledger has, and the hash of the last.
    async fn tenant_head(&self, tenant: Uuid) -> Result<(u64, Hash), FeedError>;

    /// A tenant's event of a sequence, and the leaf hash before it.
    async fn event(&self, tenant: Uuid, sequence: u64) -> Result<Option<(Hash, Recorded)>, FeedError>;

    /// A tenant's leaves by sequence, as bytes. Their metadata and payloads, which may be large, are not read.
    async fn leaves(&self, tenant: Uuid, from: u64, count: u32) -> Result<Vec<Vec<u8>>, FeedError>;
}
