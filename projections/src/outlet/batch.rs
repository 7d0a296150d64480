//! What is read of the log at a time, made fit for an outlet.

use std::sync::Arc;

use chrono::DateTime;
use hub_domain::ledger::{Hash, Recorded};
use uuid::Uuid;

use super::store::DeadLetter;
use crate::feed::{EventFeed, FeedError};

/// What is made of an event: an item; nothing, where it is held back; or why it cannot be made.
pub type Make<T> = Arc<dyn Fn(Recorded) -> Result<Option<T>, String> + Send + Sync>;

/// Batches of more events than this are made on a thread that nobody waits for.
const FEW: usize = 64;

/// Which event an item was made of.
#[derive(Clone, Debug)]
pub struct Head {
    pub position: u64,
    pub tenant: Uuid,
    pub event_id: Uuid,
    pub event_type: String,
    pub recorded_at: i64,
    pub leaf_hash: Hash,
}

impl Head {
    fn of(event: &Recorded) -> Self {
        Self {
            position: event.position,
            tenant: event.tenant,
            event_id: event.event_id,
            event_type: event.event_type.clone(),
            recorded_at: event.recorded_at,
            leaf_hash: event.leaf_hash,
        }
    }

    /// It, set aside.
    pub fn dead(&self, error: impl Into<String>) -> DeadLetter {
        DeadLetter {
            position: self.position,
            tenant: self.tenant,
            event_id: self.event_id,
            event_type: self.event_type.clone(),
            error: error.into(),
            attempts: 1,
            since: DateTime::UNIX_EPOCH,
        }
    }
}

/// A piece of the log.
pub struct Batch<T> {
    /// Up to this position.
    pub to: u64,
    /// What goes out.
    pub items: Vec<T>,
    /// Which events these were, one for each.
    pub heads: Vec<Head>,
    /// What could not be made.
    pub spoilt: Vec<DeadLetter>,
    /// Events that were read.
    pub read: usize,
    /// Their bytes.
    pub bytes: usize,
}

impl<T: Send + 'static> Batch<T> {
    /// A place in the log, and nothing of it.
    pub fn nothing(at: u64) -> Self {
        Self { to: at, items: vec![], heads: vec![], spoilt: vec![], read: 0, bytes: 0 }
    }

    /// Reads on.
    pub async fn read(
        feed: Arc<dyn EventFeed>,
        tenant: Option<Uuid>,
        after: u64,
        limit: usize,
        make: Make<T>,
    ) -> Result<Self, FeedError> {
        let (events, to) = if let Some(tenant) = tenant {
            feed.read_of(tenant, after, limit).await?
        } else {
            let events = feed.read(after, limit).await?;
            let to = events.last().map_or(after, |event| event.position);
            (events, to)
        };
        if events.len() <= FEW {
            return Ok(Self::make(events, to, &make));
        }
        tokio::task::spawn_blocking(move || Self::make(events, to, &make))
            .await
            .map_err(|cause| FeedError(cause.into()))
    }

    fn make(events: Vec<Recorded>, to: u64, make: &Make<T>) -> Self {
        let mut batch = Self { read: events.len(), ..Self::nothing(to) };
        batch.items.reserve(events.len());
        batch.heads.reserve(events.len());
        for event in events {
            batch.bytes += event.payload.len() + event.metadata.len();
            let head = Head::of(&event);
            match make(event) {
                Ok(Some(item)) => {
                    batch.items.push(item);
                    batch.heads.push(head);
                }
                Ok(None) => {}
                Err(what) => batch.spoilt.push(head.dead(what)),
            }
        }
        batch
    }

    /// Where the cursor stands once the first `done` items are dealt with.
    pub fn position(&self, done: usize) -> u64 {
        self.heads.get(done).map_or(self.to, |next| next.position - 1)
    }

    /// What could not be made between two positions.
    pub fn spoilt(&self, after: u64, to: u64) -> impl Iterator<Item = &DeadLetter> {
        self.spoilt.iter().filter(move |dead| dead.position > after && dead.position <= to)
    }
}
