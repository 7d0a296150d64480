//! `read.audit_logs`: one row an event, for people to read and to search.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use hub_domain::kernel::Sealed;
use hub_domain::user::{CommandRefused, UserEvent};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::describe::{self, Description};
use crate::event::{Body, Event, Poison, aggregate};
use crate::projection::{Key, Kind, Projection};

/// The projection of the audit log.
#[derive(Debug)]
pub struct AuditLogs;

/// One entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditLog {
    /// The tenant.
    #[serde(skip_serializing_if = "Uuid::is_nil")]
    pub tenant: Uuid,
    /// Where the event stands in the log.
    pub position: u64,
    /// Where it stands in the tenant's chain, from 0.
    pub sequence: u64,
    /// The event's id.
    pub id: Uuid,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who did it.
    pub actor: String,
    /// The command: `cluster.import`.
    pub action: String,
    /// What happened: `cluster.import_requested.v1`.
    pub event_type: String,
    /// To what kind of thing: `cluster`.
    pub target_type: String,
    /// To which: the stream.
    pub target_id: String,
    /// The stream's revision.
    pub revision: u64,
    /// `succeeded`, `failed` or `refused`.
    pub outcome: String,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// The trace of the request.
    pub trace_id: Option<String>,
    /// The event that caused the command.
    pub caused_by: Option<Uuid>,
    /// From where, sealed: [`AuditLog::subject`] names the key.
    pub origin_sealed: Option<Sealed>,
    /// The request, by the id that its answer bore.
    pub request_id: Option<String>,
    /// The change request that the actor named.
    pub change_request: Option<String>,
    /// One sentence.
    pub summary: String,
    /// What changed, as it was.
    pub before: Option<Value>,
    /// What changed, as it is.
    pub after: Option<Value>,
    /// The event's body.
    pub payload: Document,
    /// The leaf's hash, lowercase hex.
    pub leaf_hash: String,
    /// The cluster that the entry is about.
    pub cluster_id: Option<String>,
    /// The user that the entry is about.
    pub user_id: Option<String>,
}

impl AuditLog {
    /// Under whose key the origin is sealed: that of the user who acted, or of the user of whom the hub tells.
    pub fn subject(&self) -> &str {
        if aggregate(&self.actor) == "user" { &self.actor } else { &self.target_id }
    }
}

/// A JSON document that goes from the log to its table as it was written. Equal is what means the same.
#[derive(Clone, Debug, Serialize)]
pub struct Document(Box<RawValue>);

impl Document {
    /// As it stands there.
    pub fn raw(&self) -> &RawValue {
        &self.0
    }

    /// What it says.
    pub fn value(&self) -> Value {
        serde_json::from_str(self.0.get()).unwrap_or_default()
    }
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // By way of a value: a raw one cannot be read where a row is flattened into another.
        let value = Value::deserialize(deserializer)?;
        serde_json::value::to_raw_value(&value).map(Self).map_err(serde::de::Error::custom)
    }
}

impl Projection for AuditLogs {
    const NAME: &'static str = "audit_logs";
    const VERSION: u32 = 2;
    const KIND: Kind = Kind::Append;
    type Row = AuditLog;

    fn key(event: &Event) -> Option<Key> {
        Some(Key::of(event))
    }

    fn fold(_: Option<AuditLog>, event: &Event) -> Result<AuditLog, Poison> {
        let recorded = &event.recorded;
        let metadata = event.metadata()?;
        let payload =
            serde_json::from_slice(&recorded.payload).map_err(|cause| event.poison(cause.to_string()))?;
        // An event of a newer hub still belongs into the audit log, under its wire name.
        let Description { summary, before, after, outcome } =
            event.body().map_or_else(|_| describe::unknown(&recorded.event_type), describe::describe);
        // A refused attempt is about what was attempted, although it stands in the stream of whoever tried.
        let (kind, about) = match event.body() {
            Ok(Body::User(UserEvent::CommandRefused(CommandRefused { target: Some(target), .. }))) => {
                (aggregate(target), target)
            }
            _ => (event.aggregate(), &recorded.stream),
        };
        let target = |aggregate: &str| (kind == aggregate).then(|| about.clone());
        Ok(AuditLog {
            tenant: recorded.tenant,
            position: recorded.position,
            sequence: recorded.sequence,
            id: recorded.event_id,
            recorded_at: event.time()?,
            actor: recorded.actor.clone(),
            action: metadata.command.clone(),
            event_type: recorded.event_type.clone(),
            target_type: kind.to_owned(),
            target_id: about.clone(),
            revision: recorded.revision,
            outcome: outcome.into(),
            reason: metadata.reason.clone(),
            trace_id: metadata.trace_id.clone(),
            caused_by: metadata.caused_by,
            origin_sealed: metadata.origin.clone(),
            request_id: metadata.request_id.clone(),
            change_request: metadata.change_request.clone(),
            summary,
            before,
            after,
            payload: Document(payload),
            leaf_hash: HEXLOWER.encode(&recorded.leaf_hash.0),
            cluster_id: target("cluster"),
            user_id: target("user"),
        })
    }
}
