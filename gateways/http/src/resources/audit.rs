//! Entries of the audit log.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use hub_commands::origin::OpenOrigin;
use hub_projections::AuditRow;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// One entry of the audit log: one event of the tenant's ledger.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditLog {
    /// The event's id.
    pub id: Uuid,
    /// Where it stands in the hub's log.
    pub position: u64,
    /// Where it stands in the tenant's chain, from 0.
    pub sequence: u64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who did it: a pseudonymous subject.
    #[schema(example = "user_01jd8kz3f6e5t9m2v7q4x1r0ab")]
    pub actor: String,
    /// The command.
    #[schema(example = "cluster.import")]
    pub action: String,
    /// What happened.
    #[schema(example = "cluster.import_requested.v1")]
    pub event_type: String,
    /// To what kind of thing.
    #[schema(example = "cluster")]
    pub target_type: String,
    /// To which.
    #[schema(example = "cluster_01jd8kz3f6e5t9m2v7q4x1r0ab")]
    pub target_id: String,
    /// The target's revision after it.
    pub revision: u64,
    /// `succeeded`, `failed` or `refused`.
    #[schema(example = "succeeded")]
    pub outcome: String,
    /// Why, in the actor's words.
    #[schema(required)]
    pub reason: Option<String>,
    /// The W3C trace id of the request.
    #[schema(required)]
    pub trace_id: Option<String>,
    /// The event that caused the command.
    #[schema(required)]
    pub caused_by: Option<Uuid>,
    /// From where, for those who may see it; null as well where the hub itself acted, and once it was erased.
    #[schema(required)]
    pub origin: Option<Origin>,
    /// The id of the request: the `X-Request-Id` of its answer.
    #[schema(required)]
    pub request_id: Option<String>,
    /// The change request that the actor named.
    #[schema(required)]
    pub change_request: Option<String>,
    /// One sentence.
    pub summary: String,
    /// What changed, as it was.
    #[schema(required)]
    pub before: Option<Value>,
    /// What changed, as it is.
    #[schema(required)]
    pub after: Option<Value>,
    /// The event's body. Personal data stands in it only sealed.
    #[schema(value_type = Object)]
    pub payload: Value,
    /// The hash of its leaf in the ledger, lowercase hex.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub leaf_hash: String,
}

/// From where somebody acted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Origin {
    /// The client's address.
    #[schema(value_type = String, example = "192.0.2.7")]
    pub ip: IpAddr,
    /// What the client called itself, at most 256 characters.
    #[schema(required)]
    pub user_agent: Option<String>,
}

impl From<OpenOrigin> for Origin {
    fn from(open: OpenOrigin) -> Self {
        Self { ip: open.ip, user_agent: open.user_agent }
    }
}

impl AuditLog {
    /// Whether it tells what happened to a cluster. What was only attempted is not among that.
    pub fn is_of_a_cluster(&self) -> bool {
        self.event_type.starts_with("cluster.")
    }
}

/// Without its origin, which stays sealed.
impl From<AuditRow> for AuditLog {
    fn from(row: AuditRow) -> Self {
        Self {
            id: row.id,
            position: row.position,
            sequence: row.sequence,
            recorded_at: row.recorded_at,
            actor: row.actor,
            action: row.action,
            event_type: row.event_type,
            target_type: row.target_type,
            target_id: row.target_id,
            revision: row.revision,
            outcome: row.outcome,
            reason: row.reason,
            trace_id: row.trace_id,
            caused_by: row.caused_by,
            origin: None,
            request_id: row.request_id,
            change_request: row.change_request,
            summary: row.summary,
            before: row.before,
            after: row.after,
            payload: row.payload.value(),
            leaf_hash: row.leaf_hash,
        }
    }
}
