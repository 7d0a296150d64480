//! One entry of a report, and which entries a report is about.

use clap::ValueEnum;
use hub_domain::ledger::Recorded;
use hub_projections::models::AuditLogs;
use hub_projections::{Event, Projection as _};
use serde::Serialize;
use uuid::Uuid;

use super::period;

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Sign-ins and refusals, roles, accounts.
    Access,
    /// Everything that changed clusters, exports, tenants and whatever else the hub keeps; not accounts, not imported history.
    Changes,
    /// Everything that was refused or failed.
    Violations,
}

impl Kind {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Changes => "changes",
            Self::Violations => "violations",
        }
    }

    /// Whether the report is about this entry.
    pub fn holds(self, entry: &Entry) -> bool {
        match self {
            Self::Access => entry.target_type == "user",
            Self::Changes => entry.target_type != "user" && !entry.target_type.starts_with("imported-"),
            Self::Violations => entry.outcome != "succeeded",
        }
    }
}

/// One entry, as the audit log shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Its place in the tenant's chain, from 0.
    pub sequence: u64,
    /// Its place in the whole log.
    pub position: u64,
    /// The event's id.
    pub id: Uuid,
    /// When it was recorded, RFC 3339, UTC.
    pub recorded_at: String,
    /// Who did it.
    pub actor: String,
    /// The command; empty where it cannot be read.
    pub action: String,
    /// What happened.
    pub event_type: String,
    /// `succeeded`, `failed`, `refused`; `unreadable` where the event's bytes are no such event.
    pub outcome: String,
    /// To what kind of thing.
    pub target_type: String,
    /// To which.
    pub target: String,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// One sentence.
    pub summary: String,
}

impl Entry {
    /// Of an event. One that cannot be read is an entry all the same.
    pub fn of(event: Recorded) -> (Self, Recorded) {
        let event = Event::new(event);
        let read = AuditLogs::fold(None, &event);
        let target_type = event.aggregate().to_owned();
        let (action, outcome, reason, summary) = match read {
            Ok(row) => (row.action, row.outcome, row.reason, row.summary),
            Err(cause) => (String::new(), "unreadable".to_owned(), None, cause.what),
        };
        let recorded = event.recorded;
        let entry = Self {
            sequence: recorded.sequence,
            position: recorded.position,
            id: recorded.event_id,
            recorded_at: period::text(&recorded.recorded_at_utc()),
            actor: recorded.actor.clone(),
            action,
            event_type: recorded.event_type.clone(),
            outcome,
            target_type,
            target: recorded.stream.clone(),
            reason,
            summary,
        };
        (entry, recorded)
    }

    /// The day of it, UTC: `2030-01-31`.
    pub fn day(&self) -> &str {
        self.recorded_at.get(..10).unwrap_or_default()
    }

    /// The time of it, for people: `2030-01-31 12:00:00.123`.
    pub fn when(&self) -> String {
        self.recorded_at.get(..23).unwrap_or(&self.recorded_at).replacen('T', " ", 1)
    }
}
