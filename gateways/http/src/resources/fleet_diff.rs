//! What differs in the fleet between two moments.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use hub_projections::query::{self, FleetMoment};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ClusterCounts, NodeCount};

/// What differs between two moments.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FleetDiff {
    /// The fleet at the earlier moment.
    pub before: FleetState,
    /// The fleet at the later moment.
    pub after: FleetState,
    /// How many clusters, by what became of them; whatever the page is filtered by.
    pub changes: DiffCounts,
    /// A page of the clusters of which something became.
    pub clusters: Vec<ClusterDiff>,
}

/// The fleet at a moment, in numbers.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FleetState {
    /// The ledger position.
    pub position: u64,
    /// How many clusters, by what; without the decommissioned ones.
    pub clusters: ClusterCounts,
    /// All their nodes.
    pub nodes: NodeCount,
}

/// Clusters, counted by what became of them.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct DiffCounts {
    /// Managed now, and not before.
    pub came: u64,
    /// Managed before, and not any more.
    pub went: u64,
    /// Another than before.
    pub changed: u64,
    /// Changed, and again what it was.
    pub returned: u64,
    /// Came and went in between.
    pub passed: u64,
}

/// What became of a cluster.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "the read models' own type is read and written; this one only describes it")]
pub enum DiffKind {
    /// It is managed, and was not.
    Came,
    /// It was managed, and is not any more.
    Went,
    /// It is another than it was.
    Changed,
    /// It changed, and is again what it was.
    Returned,
    /// It came and went in between.
    Passed,
}

/// One cluster of which something became.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClusterDiff {
    /// Its id.
    #[schema(pattern = "^cluster_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    pub id: String,
    /// Its name at the later moment.
    pub name: String,
    /// What became of it.
    #[schema(value_type = DiffKind)]
    pub change: query::DiffKind,
    /// The members of the cluster that differ, by name.
    pub members: BTreeMap<String, MemberChange>,
    /// The events that made it so, the newest first; at most 20.
    pub events: Vec<DiffEvent>,
    /// How many there are.
    pub events_total: u64,
}

/// What a member was, and what it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MemberChange {
    /// Before; `null` where there was no cluster.
    #[schema(required, example = "healthy")]
    pub from: Value,
    /// After.
    #[schema(required, example = "degraded")]
    pub to: Value,
}

/// An event between the two moments.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DiffEvent {
    /// Its id: that of its entry in the audit log.
    pub id: Uuid,
    /// Where it stands in the ledger.
    pub position: u64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who did it.
    #[schema(example = "system:observer")]
    pub actor: String,
    /// What happened.
    #[schema(example = "cluster.health_changed.v2")]
    pub event_type: String,
    /// One sentence.
    pub summary: String,
}

impl From<&query::FleetDiff> for FleetDiff {
    fn from(diff: &query::FleetDiff) -> Self {
        let count = |kind| diff.changes.get(&kind).copied().unwrap_or_default();
        Self {
            before: (&diff.before).into(),
            after: (&diff.after).into(),
            changes: DiffCounts {
                came: count(query::DiffKind::Came),
                went: count(query::DiffKind::Went),
                changed: count(query::DiffKind::Changed),
                returned: count(query::DiffKind::Returned),
                passed: count(query::DiffKind::Passed),
            },
            clusters: diff.clusters.rows.iter().map(ClusterDiff::from).collect(),
        }
    }
}

impl From<&FleetMoment> for FleetState {
    fn from(moment: &FleetMoment) -> Self {
        Self { position: moment.position, clusters: (&moment.clusters).into(), nodes: moment.nodes.into() }
    }
}

impl From<&query::ClusterDiff> for ClusterDiff {
    fn from(diff: &query::ClusterDiff) -> Self {
        let members = diff.members.iter().map(|(name, change)| {
            (name.clone(), MemberChange { from: change.from.clone(), to: change.to.clone() })
        });
        Self {
            id: diff.id.clone(),
            name: diff.name.clone(),
            change: diff.change,
            members: members.collect(),
            events: diff.events.iter().map(DiffEvent::from).collect(),
            events_total: diff.events_total,
        }
    }
}

impl From<&query::DiffEvent> for DiffEvent {
    fn from(event: &query::DiffEvent) -> Self {
        Self {
            id: event.id,
            position: event.position,
            recorded_at: event.recorded_at,
            actor: event.actor.clone(),
            event_type: event.event_type.clone(),
            summary: event.summary.clone(),
        }
    }
}
