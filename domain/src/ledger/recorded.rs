//! An event as the log holds it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::hash::{Hash, sha256};
use super::leaf::{Leaf, LeafError};

/// The largest payload or metadata of one event, in bytes.
pub const EVENT_LIMIT: usize = 1 << 20;

/// An event as the log holds it: the leaf's fields, the bytes behind its two hashes, and its own hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Gapless in the database, over all tenants, from 1. Not in the leaf: it belongs to the database.
    pub position: u64,
    /// In whose ledger.
    pub tenant: Uuid,
    /// Gapless within the tenant, from 0.
    pub sequence: u64,
    /// The stream's name: the aggregate's id.
    pub stream: String,
    /// Gapless within the stream, from 0.
    pub revision: u64,
    /// The event's id.
    pub event_id: Uuid,
    /// The id of the command that yielded it.
    pub command_id: Uuid,
    /// Microseconds since 1970, UTC; never decreases with position.
    pub recorded_at: i64,
    /// The event's wire name.
    pub event_type: String,
    /// The version of the payload's shape.
    pub schema_version: u16,
    /// A pseudonymous subject id.
    pub actor: String,
    /// UTF-8 JSON, as it was hashed.
    pub metadata: Vec<u8>,
    /// UTF-8 JSON, as it was hashed.
    pub payload: Vec<u8>,
    /// The leaf hash that was stored with it.
    pub leaf_hash: Hash,
}

/// What of an event is hashed apart from its leaf, and so may be hashed ahead of it, by another thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256 of the metadata.
    pub metadata: Hash,
    /// SHA-256 of the payload.
    pub payload: Hash,
}

impl Recorded {
    /// Hashes metadata and payload.
    pub fn digests(&self) -> Digests {
        Digests { metadata: sha256(&self.metadata), payload: sha256(&self.payload) }
    }

    /// The leaf, computed from the content, as it stands behind `previous`.
    pub fn leaf(&self, previous: Hash) -> Leaf<'_> {
        self.leaf_of(previous, &self.digests())
    }

    /// The same, from digests of this event.
    pub(super) fn leaf_of(&self, previous: Hash, digests: &Digests) -> Leaf<'_> {
        Leaf {
            tenant: self.tenant,
            sequence: self.sequence,
            previous,
            event_id: self.event_id,
            command_id: self.command_id,
            recorded_at: self.recorded_at,
            stream: &self.stream,
            revision: self.revision,
            event_type: &self.event_type,
            schema_version: self.schema_version,
            actor: &self.actor,
            metadata_hash: digests.metadata,
            payload_hash: digests.payload,
        }
    }

    /// The leaf hash that the content has behind `previous`. `buffer` is scratch space, kept by the caller for speed.
    pub fn recompute(&self, previous: Hash, buffer: &mut Vec<u8>) -> Result<Hash, LeafError> {
        self.leaf(previous).hash_with(buffer)
    }

    /// When it was recorded. What lies beyond the calendar (the years 262,000 before and after) is its first or last moment.
    pub fn recorded_at_utc(&self) -> DateTime<Utc> {
        let beyond = if self.recorded_at < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
        DateTime::from_timestamp_micros(self.recorded_at).unwrap_or(beyond)
    }
}
