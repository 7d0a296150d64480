//! Folded streams in memory. A hint, never the truth: the log decides.

use std::any::Any;
use std::sync::Arc;

use hub_domain::Decider;
use hub_domain::kernel::TenantId;
use moka::Equivalent;
use moka::sync::Cache;
use uuid::Uuid;

/// A stream folded up to its tip.
pub struct Snapshot<D: Decider> {
    pub state: D::State,
    pub tip: Tip,
}

/// The newest event of a stream, as far as it was folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    pub revision: u64,
    pub position: u64,
    pub event_id: Uuid,
    /// The largest payload seen in the stream, in bytes: what a state may weigh is guessed from it.
    pub largest: u32,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    tenant: TenantId,
    stream: Box<str>,
}

/// A [`Key`] that need not own its stream name. Hashes as [`Key`] does: field by field.
#[derive(Hash)]
struct KeyRef<'a> {
    tenant: TenantId,
    stream: &'a str,
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.tenant == key.tenant && *self.stream == *key.stream
    }
}

#[derive(Clone)]
struct Slot {
    bytes: u32,
    snapshot: Arc<dyn Any + Send + Sync>,
}

/// Snapshots by tenant and stream, bounded by their estimated weight.
pub struct StreamCache {
    slots: Cache<Key, Slot>,
}

/// Key, slot and what the cache itself keeps for an entry, in bytes.
const OVERHEAD: u32 = 512;

impl StreamCache {
    /// A cache that holds about `bytes` bytes; 0 turns it off.
    pub fn new(bytes: u64) -> Self {
        let slots = Cache::builder().max_capacity(bytes).weigher(|_, slot: &Slot| slot.bytes).build();
        Self { slots }
    }

    pub fn get<D: Decider>(&self, tenant: TenantId, stream: &str) -> Option<Arc<Snapshot<D>>> {
        self.slots.get(&KeyRef { tenant, stream })?.snapshot.downcast().ok()
    }

    pub fn put<D: Decider>(&self, tenant: TenantId, stream: &str, snapshot: Arc<Snapshot<D>>) {
        // A state in memory takes about twice the room of the JSON that made it.
        let bytes = OVERHEAD.saturating_add(snapshot.tip.largest.saturating_mul(2));
        self.slots.insert(Key { tenant, stream: stream.into() }, Slot { bytes, snapshot });
    }
}
