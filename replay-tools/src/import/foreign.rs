//! What an import reads: events of another store.

use std::future::Future;

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// An event as another store holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignEvent {
    /// What kind of thing its stream is about: postgres-es' `aggregate_type`, a `KurrentDB` stream's category.
    pub kind: String,
    /// Which thing of that kind. Kind and id together name the stream.
    pub id: String,
    /// Its number in the stream as the source counts: grows along the stream, gaps are allowed.
    pub revision: u64,
    /// Its id, where the source knows one. It is kept in the metadata; the ledger's own id is derived from the place.
    pub event_id: Option<Uuid>,
    /// Its type, as the source names it.
    pub event_type: String,
    /// The version of its type; empty where the source knows none.
    pub version: String,
    /// When it was recorded there, where the source knows.
    pub recorded_at: Option<DateTime<Utc>>,
    /// Its body, as the source holds it. Only UTF-8 JSON can be imported.
    pub data: Vec<u8>,
    /// Its metadata, as the source holds it; empty for none. Only UTF-8 JSON can be imported.
    pub metadata: Vec<u8>,
}

impl ForeignEvent {
    /// Its stream: kind and id.
    pub fn stream(&self) -> (&str, &str) {
        (&self.kind, &self.id)
    }
}

/// A store of events that an import reads from its beginning to its end.
pub trait ForeignSource: Send {
    /// What the source is called in the ledger, and in the ids of what comes from it: `postgres-es/events`. Never its address,
    /// which may change between two runs and may hold a secret.
    fn name(&self) -> &str;

    /// How many events there are, where it can be told: for the progress bar.
    fn count(&mut self) -> impl Future<Output = anyhow::Result<Option<u64>>> + Send;

    /// The next events, in the order of each stream and each stream from its first event on; streams may take turns. A page
    /// holds a few hundred events and at most some MiB; an empty one is the end.
    fn page(&mut self) -> impl Future<Output = anyhow::Result<Vec<ForeignEvent>>> + Send;
}
