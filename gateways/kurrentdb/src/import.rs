//! Reading another application's streams, so that its events can be brought under the chain of a tenant.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::Stream;
use hub_commands::ports::Unavailable;
use kurrentdb::{Error, ReadStreamOptions, RecordedEvent, StreamPosition};
use uuid::Uuid;

use crate::connection::{Connection, Failed};

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
    /// Where it stands in what is read, from 0: where to go on after it.
    pub number: u64,
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

/// How many events there are; what is deleted by now may be among them.
pub async fn count(connection: &Connection, selection: &Selection) -> Result<u64, Unavailable> {
    let options = ReadStreamOptions::default().position(StreamPosition::End).max_count(1);
    let last = first(connection, selection, &options).await?;
    Ok(last.map_or(0, |event| event.revision + 1))
}

async fn first(
    connection: &Connection,
    selection: &Selection,
    options: &ReadStreamOptions,
) -> Result<Option<RecordedEvent>, Unavailable> {
    let read = async {
        let mut events = match connection.client()?.read_stream(selection.source(), options).await {
            Err(Error::ResourceNotFound) => return Ok(None),
            opened => opened?,
        };
        match events.next().await {
            Err(Error::ResourceNotFound) => Ok(None),
            next => Ok(next?.and_then(|next| next.link.or(next.event))),
        }
    };
    read.await.map_err(Failed::into_unavailable)
}

/// Reads from a number on, to what is the end by then. Links to events that are gone are passed over.
pub fn read(
    connection: &Connection,
    selection: &Selection,
    from: u64,
) -> impl Stream<Item = Result<ForeignEvent, Unavailable>> {
    let source = selection.source();
    let options = ReadStreamOptions::default().position(StreamPosition::Position(from)).resolve_link_tos();
    futures::stream::try_unfold(None, move |reading| {
        let (source, options) = (source.clone(), options.clone());
        let next = async move {
            let mut reading = match reading {
                Some(reading) => reading,
                None => match connection.client()?.read_stream(source, &options).await {
                    Err(Error::ResourceNotFound) => return Ok(None),
                    opened => opened?,
                },
            };
            loop {
                let next = match reading.next().await {
                    Ok(Some(next)) => next,
                    Ok(None) | Err(Error::ResourceNotFound) => return Ok(None),
                    Err(cause) => return Err(Failed::from(cause)),
                };
                let number = next.get_original_event().revision;
                if let Some(event) = next.event {
                    return Ok(Some((foreign(number, event), Some(reading))));
                }
            }
        };
        async move { next.await.map_err(Failed::into_unavailable) }
    })
}

fn foreign(number: u64, event: RecordedEvent) -> ForeignEvent {
    // The client rounds to seconds what the server tells in steps of 100 ns.
    let ticks = event.metadata.get("created").and_then(|ticks| ticks.parse::<i64>().ok());
    let exact = ticks.and_then(|ticks| DateTime::from_timestamp_micros(ticks / 10));
    ForeignEvent {
        number,
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
