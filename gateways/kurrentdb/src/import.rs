//! Reading another application's streams, so that its events can be brought under the chain of a tenant.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use hub_commands::ports::Unavailable;
use kurrentdb::RecordedEvent;
use uuid::Uuid;

use crate::connection::{Address, Connection};

/// What is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// One stream.
    Stream(String),
    /// Every stream of a category, in the order in which the cluster took their events: what stands before the first `-` of
    /// their names. The cluster's `$by_category` projection must run.
    Category(String),
}

impl Selection {
    /// The stream that holds it.
    pub fn source(&self) -> String {
        match self {
            Self::Stream(name) => name.clone(),
            Self::Category(name) => format!("$ce-{name}"),
        }
    }
}

/// An event of somebody else's, as the cluster holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignEvent {
    /// Its stream.
    pub stream: String,
    /// Its revision there.
    pub revision: u64,
    /// Its id.
    pub id: Uuid,
    /// Its type.
    pub event_type: String,
    /// When the cluster took it.
    pub created_at: DateTime<Utc>,
    /// Whether it says of itself that its data is JSON.
    pub is_json: bool,
    /// Its data, byte for byte.
    pub data: Bytes,
    /// Its metadata, byte for byte.
    pub metadata: Bytes,
}

/// Reads a selection, page by page.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    next: u64,
}

impl Reader {
    /// At the beginning.
    pub fn new(address: &Address, selection: &Selection) -> Self {
        Self { connection: Connection::new(address, &selection.source()), next: 0 }
    }

    /// How many events there are; some of them may be deleted by now.
    pub async fn count(&self) -> Result<u64, Unavailable> {
        self.connection.entries().await
    }

    /// The next events, at most `most` and no more than a few MiB; empty at the end. Links to events that are gone are passed
    /// over.
    pub async fn page(&mut self, most: usize) -> Result<Vec<ForeignEvent>, Unavailable> {
        loop {
            let page = self.connection.page_of_links(self.next, most).await?;
            let Some(last) = page.last() else { return Ok(Vec::new()) };
            self.next = last.get_original_event().revision + 1;
            let events: Vec<_> = page.into_iter().filter_map(|found| found.event).map(foreign).collect();
            if !events.is_empty() {
                return Ok(events);
            }
        }
    }
}

fn foreign(event: RecordedEvent) -> ForeignEvent {
    // The client rounds to seconds what the server tells in steps of 100 ns.
    let ticks = event.metadata.get("created").and_then(|ticks| ticks.parse::<i64>().ok());
    let exact = ticks.and_then(|ticks| DateTime::from_timestamp_micros(ticks / 10));
    ForeignEvent {
        stream: event.stream_id().to_owned(),
        revision: event.revision,
        id: event.id,
        created_at: exact.unwrap_or(event.created),
        is_json: event.is_json,
        event_type: event.event_type,
        data: event.data,
        metadata: event.custom_metadata,
    }
}
