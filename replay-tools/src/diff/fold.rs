//! Rows as they were and as they are, and the events between.

use std::collections::{BTreeMap, HashMap, VecDeque};

use chrono::{DateTime, Utc};
use hub_projections::difference::{MemberChange, members};
use hub_projections::models::{ClusterVersion, Clusters, UserAccount, Users};
use hub_projections::projection::Stored;
use hub_projections::query::DiffKind;
use hub_projections::{ClusterRow, Event, Key, Poison, Projection};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// How many of a row's events are told, the newest.
const EVENTS: usize = 20;

/// What became of one cluster or account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowDiff {
    /// Whose it is.
    pub tenant: Uuid,
    /// Its id.
    pub id: String,
    /// The cluster's name at the later moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What became of it.
    pub change: DiffKind,
    /// The members that differ.
    pub members: BTreeMap<String, MemberChange>,
    /// The events between, the newest first; at most 20.
    pub events: Vec<EventLine>,
    /// How many there are.
    pub events_total: u64,
}

/// An event between the moments.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventLine {
    /// Its id.
    pub id: Uuid,
    /// Where it stands in the ledger.
    pub position: u64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who did it.
    pub actor: String,
    /// Its wire name.
    pub event_type: String,
}

/// What rows are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of clusters.
    Cluster,
    /// Of users.
    User,
}

/// A projection whose rows can be compared.
pub trait Compared: Projection {
    /// The row as it is shown.
    fn shown(row: &Self::Row) -> Result<Value, serde_json::Error>;
    /// Whether it is of something that is there no more.
    fn gone(row: &Self::Row) -> bool;
}

impl Compared for Clusters {
    fn shown(row: &ClusterVersion) -> Result<Value, serde_json::Error> {
        let stored = Stored { row: row.clone(), valid_from: None, valid_to: None };
        serde_json::to_value(ClusterRow::from(stored))
    }

    fn gone(row: &ClusterVersion) -> bool {
        row.status == "decommissioned"
    }
}

impl Compared for Users {
    fn shown(row: &UserAccount) -> Result<Value, serde_json::Error> {
        serde_json::to_value(row)
    }

    fn gone(row: &UserAccount) -> bool {
        row.status == "deleted"
    }
}

/// The rows of one projection, and what they were at the earlier moment.
pub struct Fold<P: Projection> {
    rows: HashMap<Key, P::Row>,
    touched: HashMap<Key, Touched<P::Row>>,
}

struct Touched<R> {
    before: Option<R>,
    events: VecDeque<EventLine>,
    total: u64,
}

impl<P: Projection> Default for Fold<P> {
    fn default() -> Self {
        Self { rows: HashMap::new(), touched: HashMap::new() }
    }
}

impl<P: Compared> Fold<P> {
    /// Takes an event in; `between` the moments or before the earlier one.
    pub fn take(&mut self, event: &Event, between: bool) -> Result<(), Poison> {
        let Some(key) = P::key(event) else { return Ok(()) };
        let before = self.rows.get(&key).cloned();
        let row = P::fold(before.clone(), event)?;
        if between {
            let touched = self.touched.entry(key.clone()).or_insert_with(|| Touched {
                before,
                events: VecDeque::new(),
                total: 0,
            });
            touched.total += 1;
            touched.events.push_front(line(event));
            touched.events.truncate(EVENTS);
        }
        self.rows.insert(key, row);
        Ok(())
    }

    /// Rows of what is there.
    pub fn alive(&self) -> u64 {
        self.rows.values().filter(|row| !P::gone(row)).count() as u64
    }

    /// What became of the rows that were touched.
    pub fn finish(mut self, kind: Kind) -> Result<Vec<RowDiff>, serde_json::Error> {
        let mut found = Vec::with_capacity(self.touched.len());
        for (key, touched) in self.touched {
            let Some(row) = self.rows.remove(&key) else { continue };
            let after = P::shown(&row)?;
            let before = touched.before.as_ref().map(P::shown).transpose()?.unwrap_or(Value::Null);
            let members = members(&before, &after);
            let was = touched.before.as_ref().is_some_and(|row| !P::gone(row));
            let change = match (was, P::gone(&row)) {
                (false, false) => DiffKind::Came,
                (false, true) => DiffKind::Passed,
                (true, true) => DiffKind::Went,
                (true, false) if members.is_empty() => DiffKind::Returned,
                (true, false) => DiffKind::Changed,
            };
            let name = after.get("name").and_then(Value::as_str).filter(|_| kind == Kind::Cluster);
            found.push(RowDiff {
                tenant: key.tenant,
                id: key.id,
                name: name.map(str::to_owned),
                change,
                members,
                events: touched.events.into(),
                events_total: touched.total,
            });
        }
        found.sort_by(|one, other| {
            (&one.name, &one.id, one.tenant).cmp(&(&other.name, &other.id, other.tenant))
        });
        Ok(found)
    }
}

fn line(event: &Event) -> EventLine {
    let recorded = &event.recorded;
    EventLine {
        id: recorded.event_id,
        position: recorded.position,
        recorded_at: recorded.recorded_at_utc(),
        actor: recorded.actor.clone(),
        event_type: recorded.event_type.clone(),
    }
}
