//! Exports, as they are shown.

use chrono::{DateTime, Utc};
use hub_commands::Outcome;
use hub_domain::kernel::ExportId;
use hub_projections::ExportRow;
use hub_projections::outlet::{DeadLetter, OutletStatus};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ExportFilter, ExportFormat, ExportTransport};

/// An export. Its secrets are never shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Export {
    /// Its id.
    #[schema(pattern = "^export_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    pub id: String,
    /// Its name.
    #[schema(example = "siem")]
    pub name: String,
    /// `active`, `paused` or `deleted`.
    #[schema(example = "active")]
    pub status: String,
    /// What the other side reads.
    #[schema(value_type = ExportFormat)]
    pub format: hub_domain::export::Format,
    /// How it is reached.
    #[schema(value_type = ExportTransport)]
    pub transport: hub_domain::export::Transport,
    /// Which events go out.
    #[schema(value_type = ExportFilter)]
    pub filter: hub_domain::export::Filter,
    /// Tells whether the secrets of two exports are the same; `null` where there are none.
    #[schema(required)]
    pub credentials_fingerprint: Option<String>,
    /// The first ledger position that goes out, by the newest word on it: that of its creation, or of a replay.
    pub starts_at: u64,
    /// How it is doing; `null` of the past, which only tells what was asked for.
    #[serde(flatten)]
    pub delivery: Delivery,
    /// The revision, as in the `ETag`.
    pub revision: u64,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// By whom.
    #[schema(example = "user_01jd8kz3f6e5t9m2v7q4x1r0ab")]
    pub created_by: String,
    /// When it became as it stands here.
    pub updated_at: DateTime<Utc>,
    /// By whom.
    pub updated_by: String,
    /// The ledger position of the event that made it so.
    pub position: u64,
}

/// How an export is doing: each member is `null` of the past, and before a hub has taken it up.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Delivery {
    /// The ledger position up to which everything went out, was held back by the filter, or was set aside.
    #[schema(required)]
    pub cursor: Option<u64>,
    /// The tenant's events behind it, also those that the filter will hold back.
    #[schema(required)]
    pub lag_events: Option<u64>,
    /// The age of the first of them; 0 when there is none.
    #[schema(required)]
    pub lag_seconds: Option<f64>,
    /// Events that went out in all, repeats included.
    #[schema(required)]
    pub delivered: Option<u64>,
    /// When one last did.
    #[schema(required)]
    pub last_delivered_at: Option<DateTime<Utc>>,
    /// Failures since it last went well.
    #[schema(required)]
    pub failures: Option<u64>,
    /// The last failure, also when it goes well since.
    #[schema(required)]
    pub last_error: Option<ExportError>,
    /// Events that were set aside.
    #[schema(required)]
    pub dead_letters: Option<u64>,
}

/// What went wrong, and when.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportError {
    /// One sentence for people.
    pub message: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What a command on an export answers: the export as the command left it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportSummary {
    /// Its id.
    #[schema(value_type = String, pattern = "^export_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    pub id: ExportId,
    /// `active`, `paused` or `deleted`.
    #[schema(example = "active")]
    pub status: &'static str,
    /// Its name.
    #[schema(required)]
    pub name: Option<String>,
    /// What the other side reads.
    #[schema(required, value_type = Option<ExportFormat>)]
    pub format: Option<hub_domain::export::Format>,
    /// How it is reached.
    #[schema(required, value_type = Option<ExportTransport>)]
    pub transport: Option<hub_domain::export::Transport>,
    /// Which events go out.
    #[schema(required, value_type = Option<ExportFilter>)]
    pub filter: Option<hub_domain::export::Filter>,
    /// The revision, as in the `ETag`; `null` where nothing was recorded yet.
    #[schema(required)]
    pub revision: Option<u64>,
}

/// What the other side said to a test message.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportTest {
    /// Whether it took the message.
    pub delivered: bool,
    /// What it said, or why it could not be asked.
    #[schema(example = "the other side has taken the message")]
    pub answer: String,
}

/// An event that was set aside.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExportDeadLetter {
    /// Its ledger position.
    pub position: u64,
    /// Its id: the id of its entry of the audit log.
    pub event_id: Uuid,
    /// Its wire name.
    #[schema(example = "cluster.imported.v1")]
    pub event_type: String,
    /// Why.
    pub error: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Export {
    /// Of a row, and how it is doing where that is known.
    pub fn new(row: ExportRow, status: Option<OutletStatus>) -> Self {
        Self {
            id: row.id,
            name: row.name,
            status: row.status,
            format: row.format,
            transport: row.transport,
            filter: row.filter,
            credentials_fingerprint: row.fingerprint,
            starts_at: row.starts_at,
            delivery: status.map(Delivery::from).unwrap_or_default(),
            revision: row.revision,
            created_at: row.created_at,
            created_by: row.created_by,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
            position: row.position,
        }
    }
}

impl From<OutletStatus> for Delivery {
    fn from(status: OutletStatus) -> Self {
        Self {
            cursor: Some(status.position),
            lag_events: Some(status.lag_events),
            lag_seconds: Some(status.lag_micros as f64 / 1e6),
            delivered: Some(status.delivered),
            last_delivered_at: status.delivered_at,
            failures: Some(status.failures),
            last_error: status.error.map(|(message, at)| ExportError { message, at }),
            dead_letters: Some(status.dead_letters),
        }
    }
}

impl ExportSummary {
    /// What a command left.
    pub fn new(id: ExportId, outcome: &Outcome<hub_domain::export::Export>) -> Self {
        let spec = outcome.state.spec();
        Self {
            id,
            status: outcome.state.status(),
            name: spec.map(|spec| spec.name.to_string()),
            format: spec.map(|spec| spec.format),
            transport: spec.map(|spec| spec.transport.clone()),
            filter: spec.map(|spec| spec.filter.clone()),
            revision: outcome.receipt.revision,
        }
    }
}

impl From<DeadLetter> for ExportDeadLetter {
    fn from(dead: DeadLetter) -> Self {
        Self {
            position: dead.position,
            event_id: dead.event_id,
            event_type: dead.event_type,
            error: dead.error,
            attempts: dead.attempts,
            since: dead.since,
        }
    }
}
