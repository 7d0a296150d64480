//! The hub's own entry, as the API shows it, with the tenant that the API leaves out.

use chrono::{DateTime, Utc};
use hub_projections::models::AuditLog;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::notice::{Body, Note};
use super::reading::Reading;
use super::{FormatError, rfc3339, to_json};

/// Member by member: what an entry may hold beyond these does not leave the hub by itself.
#[derive(Serialize)]
struct Entry<'a> {
    tenant: Uuid,
    id: Uuid,
    position: u64,
    sequence: u64,
    recorded_at: DateTime<Utc>,
    actor: &'a str,
    action: &'a str,
    event_type: &'a str,
    target_type: &'a str,
    target_id: &'a str,
    revision: u64,
    outcome: &'a str,
    reason: Option<&'a str>,
    trace_id: Option<&'a str>,
    caused_by: Option<Uuid>,
    request_id: Option<&'a str>,
    change_request: Option<&'a str>,
    summary: &'a str,
    before: Option<&'a Value>,
    after: Option<&'a Value>,
    payload: &'a RawValue,
    leaf_hash: &'a str,
}

#[derive(Serialize)]
struct Notice<'a> {
    tenant: Uuid,
    id: &'a str,
    recorded_at: String,
    event_type: &'static str,
    summary: &'a str,
    #[serde(flatten)]
    body: &'a Body<'a>,
}

pub fn entry(reading: &Reading<'_>) -> Result<Vec<u8>, FormatError> {
    let entry: &AuditLog = reading.entry;
    to_json(&Entry {
        tenant: entry.tenant,
        id: entry.id,
        position: entry.position,
        sequence: entry.sequence,
        recorded_at: entry.recorded_at,
        actor: &entry.actor,
        action: &entry.action,
        event_type: &entry.event_type,
        target_type: &entry.target_type,
        target_id: &entry.target_id,
        revision: entry.revision,
        outcome: &entry.outcome,
        reason: entry.reason.as_deref(),
        trace_id: entry.trace_id.as_deref(),
        caused_by: entry.caused_by,
        request_id: entry.request_id.as_deref(),
        change_request: entry.change_request.as_deref(),
        summary: &entry.summary,
        before: entry.before.as_ref(),
        after: entry.after.as_ref(),
        payload: &reading.payload,
        leaf_hash: &entry.leaf_hash,
    })
}

pub fn notice(note: &Note<'_>) -> Vec<u8> {
    let notice = Notice {
        tenant: note.tenant,
        id: &note.id,
        recorded_at: rfc3339(note.time),
        event_type: note.kind,
        summary: &note.message,
        body: &note.body,
    };
    to_json(&notice).expect("texts and numbers are JSON")
}
