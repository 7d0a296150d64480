//! The event log: append with an expectation, read a stream.

use async_trait::async_trait;
use hub_domain::kernel::{Actor, TenantId};
use hub_domain::ledger::{EVENT_LIMIT, Leaf, Recorded};
use uuid::Uuid;

use super::Unavailable;

/// Bytes of the longest idempotency key, actor included.
const KEY_LIMIT: usize = 400;

/// The append-only, hash-chained log. Every implementation passes the conformance suite in `tests/kit`.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Appends the events of one command, all or none, durably before it answers.
    ///
    /// A repeat under a known [`IdempotencyKey`] appends nothing and answers with the first receipt
    /// (`repeated` is set), or with [`AppendError::KeyReused`] when the fingerprint differs.
    async fn append(&self, append: Append) -> Result<Receipt, AppendError>;

    /// The events of a stream from a revision on, in order. An unknown stream is an empty one.
    async fn read_stream(&self, tenant: TenantId, stream: &str, from: u64)
    -> Result<Vec<Recorded>, LogError>;

    /// The receipt of an earlier command under this key, if there was one.
    async fn find(&self, tenant: TenantId, key: &IdempotencyKey) -> Result<Option<Receipt>, AppendError>;

    /// The position of the newest event; 0 when the log is empty.
    async fn head(&self) -> Result<u64, LogError>;
}

/// What a writer expects of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It has no event yet.
    NoStream,
    /// Its newest event has this revision.
    Revision(u64),
    /// Anything: the events go to the end.
    Any,
}

/// The events of one command, on their way into the log.
#[derive(Clone, Debug)]
pub struct Append {
    /// In whose ledger.
    pub tenant: TenantId,
    /// Which stream: the aggregate's id.
    pub stream: String,
    /// What must be true of the stream.
    pub expected: Expected,
    /// The command's id (`UUIDv7`).
    pub command_id: Uuid,
    /// Who asked.
    pub actor: Actor,
    /// UTF-8 JSON, one for all the command's events.
    pub metadata: Vec<u8>,
    /// The events, in order; may be empty when only the key is to be remembered.
    pub events: Vec<Proposed>,
    /// Under which key a repeat is recognised.
    pub idempotency: Option<IdempotencyKey>,
}

impl Append {
    /// Holds the bounds of every log against it. An implementation calls this before anything is queued.
    pub fn check(&self) -> Result<(), AppendError> {
        let bounded = |bytes: &[u8]| match bytes.len() {
            size if size > EVENT_LIMIT => Err(AppendError::TooLarge { limit: EVENT_LIMIT, size }),
            _ => Ok(()),
        };
        let unfit = |what: String| Err(AppendError::Unfit(what));
        bounded(&self.metadata)?;
        if std::str::from_utf8(&self.metadata).is_err() {
            return unfit("the metadata is not UTF-8".into());
        }
        if self.stream.is_empty() {
            return unfit("the stream has no name".into());
        }
        for event in &self.events {
            bounded(&event.payload)?;
            if let Err(cause) = Leaf::length(&self.stream, event.event_type, self.actor.as_str()) {
                return unfit(cause.to_string());
            }
        }
        if self.idempotency.as_ref().is_some_and(|key| key.key.len() > KEY_LIMIT) {
            return unfit(format!("the idempotency key has more than {KEY_LIMIT} bytes"));
        }
        Ok(())
    }
}

/// One event, on its way into the log.
#[derive(Clone, Debug)]
pub struct Proposed {
    /// Its id (`UUIDv7`).
    pub event_id: Uuid,
    /// Its wire name.
    pub event_type: &'static str,
    /// Its schema version.
    pub schema_version: u16,
    /// UTF-8 JSON: the bytes that will be hashed.
    pub payload: Vec<u8>,
}

/// A caller's own name for a command, unique per tenant and actor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// The actor and the key as they were sent, joined; at most 400 bytes.
    pub key: String,
    /// SHA-256 over what was asked: the same key for another request is a mistake.
    pub fingerprint: [u8; 32],
}

/// The log's answer: where the command's events stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The stream.
    pub stream: String,
    /// The stream's revision after the command; `None` while the stream is empty.
    pub revision: Option<u64>,
    /// The log position at or before which the command's effect stands.
    pub position: u64,
    /// The ids of its events, in order; empty when nothing had to be done.
    pub event_ids: Vec<Uuid>,
    /// Whether this is the receipt of an earlier, identical command.
    pub repeated: bool,
}

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Somebody else wrote to the stream first, or the expectation was never true.
    #[error("stream `{stream}` is at revision {actual:?}, expected {expected:?}")]
    Conflict {
        /// The stream.
        stream: String,
        /// What was expected.
        expected: Expected,
        /// Its newest revision; `None` when it has no event.
        actual: Option<u64>,
    },
    /// The key was used for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The event breaks a bound of the log.
    #[error("an event may not exceed {limit} bytes, this one has {size}")]
    TooLarge {
        /// The bound, in bytes.
        limit: usize,
        /// The event's size, in bytes.
        size: usize,
    },
    /// A field does not fit into a leaf.
    #[error("the event does not fit into a leaf: {0}")]
    Unfit(String),
    /// The writer's channel is full. Nothing was appended; come back after `retry_after_ms`.
    #[error("the writer is overloaded")]
    Overloaded {
        /// Milliseconds to wait.
        retry_after_ms: u64,
    },
    /// The writer stops; nothing was appended.
    #[error("the writer is stopping")]
    Stopping,
    /// The storage could not be reached; nothing was appended.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The connection was lost at commit and the outcome could not be read back in time: the events stand in
    /// the ledger or they do not. A repeat under the same key tells.
    #[error("it is not known whether the events were appended: {0}")]
    Unknown(#[source] Unavailable),
}

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The storage could not be reached.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// What is stored cannot be what was written.
    #[error("the stored event at position {position} is damaged: {what}")]
    Damaged {
        /// Where.
        position: u64,
        /// What is wrong.
        what: String,
    },
}

#[cfg(test)]
mod tests;
