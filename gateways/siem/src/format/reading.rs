//! An entry as every format looks at it: read once.

use std::borrow::Cow;

use hub_projections::models::AuditLog;
use serde_json::value::{RawValue, to_raw_value};

use super::deed::Deed;
use super::facts::Facts;
use super::rfc3339;
use super::severity::Level;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it was meant to.
    Succeeded,
    /// It was tried and did not work.
    Failed,
    /// It was not allowed.
    Refused,
    /// In a way that this build does not know.
    Other,
}

/// An entry, and what it comes to.
pub struct Reading<'a> {
    /// The entry.
    pub entry: &'a AuditLog,
    /// When it was recorded, RFC 3339.
    pub time: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The event's body, on one line: it may have been written on several.
    pub payload: Cow<'a, RawValue>,
    /// What its body tells.
    pub facts: Facts<'a>,
    /// What was done.
    pub deed: Deed<'a>,
    /// How much it matters.
    pub level: Level,
}

impl<'a> Reading<'a> {
    /// Reads an entry.
    pub fn of(entry: &'a AuditLog) -> Self {
        let outcome = match entry.outcome.as_str() {
            "succeeded" => Outcome::Succeeded,
            "failed" => Outcome::Failed,
            "refused" => Outcome::Refused,
            _ => Outcome::Other,
        };
        let facts = Facts::of(entry);
        let deed = Deed::of(entry, &facts, outcome);
        let time = rfc3339(entry.recorded_at);
        let mut reading =
            Self { entry, time, outcome, payload: payload(entry), facts, deed, level: Level::Informational };
        reading.level = Level::of(&reading);
        reading
    }

    /// A text of the entry's "after".
    pub fn after(&self, member: &str) -> Option<&'a str> {
        self.entry.after.as_ref().and_then(|after| after.get(member)).and_then(|value| value.as_str())
    }

    /// Whether the hub itself has done it, and no user: `system:observer`.
    pub fn by_system(&self) -> bool {
        self.entry.actor.starts_with("system:")
    }

    /// The user that it is about.
    pub fn user(&self) -> Option<&'a str> {
        self.entry.user_id.as_deref().or_else(|| self.target_of("user"))
    }

    /// The cluster that it is about.
    pub fn cluster(&self) -> Option<&'a str> {
        self.entry.cluster_id.as_deref().or_else(|| self.target_of("cluster"))
    }

    fn target_of(&self, kind: &str) -> Option<&'a str> {
        (self.entry.target_type == kind).then_some(self.entry.target_id.as_str())
    }
}

fn payload(entry: &AuditLog) -> Cow<'_, RawValue> {
    let raw = entry.payload.raw();
    if !raw.get().contains(['\n', '\r']) {
        return Cow::Borrowed(raw);
    }
    to_raw_value(&entry.payload.value()).map_or(Cow::Borrowed(raw), Cow::Owned)
}
