//! The copy of a log that is kept elsewhere: read, indexed and proven where the hub's tables are.

use std::collections::HashMap;

use async_trait::async_trait;
use hub_domain::kernel::TenantId;
use hub_domain::ledger::{Hash, Recorded};
use uuid::Uuid;

use super::{AppendError, IdempotencyKey, LogError, Receipt, Unavailable};

/// A log's copy in the hub's own database. It only ever grows, in the log's order, by what continues it.
#[async_trait]
pub trait LedgerCopy: Send + Sync + 'static {
    /// Makes the database a copy of this log, if it is one already or empty. `log` names it: `"kurrentdb stream …"`.
    async fn adopt(&self, log: &str) -> Result<(), CopyError>;

    /// Where the copy ends.
    async fn cursor(&self) -> Result<CopyCursor, Unavailable>;

    /// Where the copy and every tenant's chain in it end, at one moment.
    async fn heads(&self) -> Result<(CopyCursor, HashMap<Uuid, ChainHead>), Unavailable>;

    /// Adds entries, in order, all or none, and answers where the copy ends then. What it holds already is skipped.
    /// An entry that does not continue what stands before it is [`CopyError::Altered`].
    async fn copy(&self, entries: &[Entry]) -> Result<CopyCursor, CopyError>;

    /// The newest revision of each stream, in the order asked; `None` where it has no event.
    async fn revisions(&self, streams: &[(TenantId, &str)]) -> Result<Vec<Option<u64>>, Unavailable>;

    /// What is remembered under these keys.
    async fn receipts(&self, keys: &[(TenantId, &str)]) -> Result<Vec<Remembered>, Unavailable>;

    /// The events of a stream from a revision on, in order.
    async fn read_stream(&self, tenant: TenantId, stream: &str, from: u64)
    -> Result<Vec<Recorded>, LogError>;
}

/// One entry of a log that is kept elsewhere: an event, or only a receipt of a command that had nothing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in that log: gapless, from 0.
    pub number: u64,
    /// The event.
    pub event: Option<Recorded>,
    /// What the command's last entry says of its key.
    pub receipt: Option<Remembered>,
}

/// A receipt under its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// In whose ledger.
    pub tenant: Uuid,
    /// The key, and what was asked under it.
    pub key: IdempotencyKey,
    /// The first receipt.
    pub receipt: Receipt,
}

impl Remembered {
    /// The answer to a repeat; an error when the key was used for another request.
    pub fn answer(&self, key: &IdempotencyKey) -> Result<Receipt, AppendError> {
        if self.key.fingerprint == key.fingerprint {
            Ok(Receipt { repeated: true, ..self.receipt.clone() })
        } else {
            Err(AppendError::KeyReused)
        }
    }
}

/// Where a copy ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopyCursor {
    /// The number of the next entry.
    pub next: u64,
    /// The position of the newest event; 0 while there is none.
    pub position: u64,
    /// When that was recorded, in microseconds since 1970.
    pub recorded_at: i64,
    /// Its leaf hash.
    pub last: Option<Hash>,
}

/// Where a tenant's chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// Its events.
    pub size: u64,
    /// The leaf hash of the last one.
    pub last: Hash,
}

impl ChainHead {
    /// The chain of a tenant without events.
    pub const EMPTY: Self = Self { size: 0, last: Hash::ZERO };

    /// The chain behind an event that continues it; otherwise what is wrong with that event.
    pub fn after(self, event: &Recorded, buffer: &mut Vec<u8>) -> Result<Self, String> {
        if event.sequence != self.size {
            return Err(format!("its sequence is {}, {} belongs there", event.sequence, self.size));
        }
        match event.recompute(self.last, buffer) {
            Ok(hash) if hash == event.leaf_hash => Ok(Self { size: self.size + 1, last: hash }),
            Ok(hash) => Err(format!("its leaf hash is {}, its content has {hash}", event.leaf_hash)),
            Err(cause) => Err(cause.to_string()),
        }
    }
}

/// Why nothing was copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The database cannot be a copy of that log.
    #[error("{0}")]
    Foreign(String),
    /// The log is not what was written: what it holds does not continue the copy.
    #[error("the log was altered at its entry {number}: {what}")]
    Altered {
        /// The entry's number in the log.
        number: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The database or the log could not be reached.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}
