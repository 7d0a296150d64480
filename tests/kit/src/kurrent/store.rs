//! What the double keeps: streams of events, under the server's rules for expected revisions and repeated ids.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;
use uuid::Uuid;

/// The largest append, in bytes: the server's default.
pub(super) const MAX_APPEND_SIZE: usize = 1 << 20;

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its stream.
    pub stream: String,
    /// Its revision there.
    pub revision: u64,
    /// Where it stands among all events.
    pub position: u64,
    /// Its id.
    pub id: Uuid,
    /// Its type.
    pub event_type: String,
    /// What it says its data is.
    pub content_type: String,
    /// When it was taken, in steps of 100 ns since 1970.
    pub created: i64,
    /// Its data.
    pub data: Bytes,
    /// Its metadata.
    pub metadata: Bytes,
}

/// An event on its way in.
#[derive(Clone, Debug)]
pub(super) struct Proposed {
    pub id: Uuid,
    pub event_type: String,
    pub content_type: String,
    pub data: Bytes,
    pub metadata: Bytes,
}

/// What a writer expects of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Any,
    NoStream,
    Exists,
    Revision(u64),
}

/// Why nothing was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The stream's newest revision is another one.
    WrongVersion(Option<u64>),
    TooLarge,
}

#[derive(Debug)]
pub(super) struct Store {
    held: Mutex<Held>,
    /// Counts what was appended: wakes subscriptions.
    pub appended: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Held {
    streams: HashMap<String, Vec<Stored>>,
    position: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self { held: Mutex::default(), appended: watch::channel(0).0 }
    }
}

impl Store {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends, all or none. The same ids behind the same revision are taken once: the second time nothing is done, and the
    /// answer is the first one's. Answers with the newest revision and position of what was appended.
    pub fn append(
        &self,
        stream: &str,
        expected: Expected,
        events: Vec<Proposed>,
    ) -> Result<(u64, u64), Refused> {
        let size = |event: &Proposed| event.data.len() + event.metadata.len() + 2 * event.event_type.len();
        if events.iter().map(size).sum::<usize>() > MAX_APPEND_SIZE {
            return Err(Refused::TooLarge);
        }
        let mut held = self.held();
        let known = held.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let first = match expected {
            Expected::NoStream => Some(0),
            Expected::Revision(revision) => Some(revision as usize + 1),
            Expected::Any => events.first().and_then(|event| known.iter().position(|one| one.id == event.id)),
            Expected::Exists => None,
        };
        let there = first.and_then(|first| known.get(first..first + events.len()));
        let current = known.len().checked_sub(1).map(|revision| revision as u64);
        if let Some(last) = there.and_then(<[Stored]>::last)
            && there.is_some_and(|there| there.iter().zip(&events).all(|(one, other)| one.id == other.id))
        {
            return Ok((last.revision, last.position));
        }
        let fits = match expected {
            Expected::Any => true,
            Expected::NoStream => current.is_none(),
            Expected::Exists => current.is_some(),
            Expected::Revision(revision) => current == Some(revision),
        };
        if !fits {
            return Err(Refused::WrongVersion(current));
        }
        let answer = held.push(stream, events);
        drop(held);
        self.appended.send_modify(|count| *count += 1);
        Ok(answer)
    }

    /// What stands in a stream. `$ce-NAME` holds a link to each event of every stream `NAME-…`, as the server's projection
    /// by category does; here it is the events themselves.
    pub fn read(&self, stream: &str) -> Vec<Stored> {
        let held = self.held();
        let Some(category) = stream.strip_prefix("$ce-") else {
            return held.streams.get(stream).cloned().unwrap_or_default();
        };
        let within = |name: &str| name.split_once('-').is_some_and(|(before, _)| before == category);
        let mut events: Vec<Stored> = held
            .streams
            .iter()
            .filter(|(name, _)| within(name))
            .flat_map(|(_, events)| events.iter().cloned())
            .collect();
        events.sort_by_key(|event| event.position);
        events
    }

    /// Everything, in the order in which it came.
    pub fn all(&self) -> Vec<Stored> {
        let mut events: Vec<Stored> = self.held().streams.values().flatten().cloned().collect();
        events.sort_by_key(|event| event.position);
        events
    }

    pub fn append_unasked(&self, stream: &str, event_type: &str, data: &[u8], metadata: &[u8]) {
        let event = Proposed {
            id: crate::ids::uuid(),
            event_type: event_type.to_owned(),
            content_type: "application/json".into(),
            data: Bytes::copy_from_slice(data),
            metadata: Bytes::copy_from_slice(metadata),
        };
        self.held().push(stream, vec![event]);
        self.appended.send_modify(|count| *count += 1);
    }

    pub fn tamper(&self, stream: &str, revision: usize, how: impl FnOnce(&mut Stored)) {
        if let Some(event) = self.held().streams.get_mut(stream).and_then(|events| events.get_mut(revision)) {
            how(event);
        }
    }

    pub fn truncate(&self, stream: &str, revision: usize) {
        if let Some(events) = self.held().streams.get_mut(stream) {
            events.truncate(revision);
        }
    }
}

impl Held {
    fn push(&mut self, stream: &str, events: Vec<Proposed>) -> (u64, u64) {
        use hub_commands::ports::Clock as _;
        let created = crate::SystemClock.now().timestamp_micros() * 10;
        let stored = self.streams.entry(stream.to_owned()).or_default();
        for event in events {
            self.position += 1;
            stored.push(Stored {
                stream: stream.to_owned(),
                revision: stored.len() as u64,
                position: self.position,
                id: event.id,
                event_type: event.event_type,
                content_type: event.content_type,
                created,
                data: event.data,
                metadata: event.metadata,
            });
        }
        (stored.len().saturating_sub(1) as u64, self.position)
    }
}
