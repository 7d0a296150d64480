//! An event as the log holds it.
use super::Hash;
use chrono::{DateTime, Utc};
use uuid::Uuid;
/// An event as the log holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Recorded {
    pub position: u64,
    pub tenant: Uuid,
    pub sequence: u64,
    pub stream: String,
    pub revision: u64,
    pub event_id: Uuid,
    pub command_id: Uuid,
    pub recorded_at: i64,
    pub event_type: String,
    pub schema_version: u16,
    pub actor: String,
    pub metadata: Vec<u8>,
    pub payload: Vec<u8>,
    pub leaf_hash: Hash,
}
impl Recorded {
    /// When, UTC.
    pub fn recorded_at_utc(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.recorded_at).unwrap_or_default()
    }
}
