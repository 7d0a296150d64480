//! The fleet in one answer.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use hub_projections::query::{FleetCounts, FleetView, RecentChange};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Cluster, NodeCount};

/// The dashboard.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Fleet {
    /// The ledger position that it tells of.
    pub position: u64,
    /// How many clusters, by what; without the decommissioned ones.
    pub clusters: ClusterCounts,
    /// All their nodes.
    pub nodes: NodeCount,
    /// Clusters that need somebody, the worst first; at most 20.
    pub attention: Vec<Cluster>,
    /// How many need somebody.
    pub attention_total: u64,
    /// What changed last, the newest first; at most 10.
    pub recent: Vec<FleetChange>,
}

/// Clusters, counted.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClusterCounts {
    /// All of them.
    pub total: u64,
    /// By state.
    pub by_status: BTreeMap<String, u64>,
    /// By health.
    pub by_health: BTreeMap<String, u64>,
    /// By provider.
    pub by_provider: BTreeMap<String, u64>,
    /// By region.
    pub by_region: BTreeMap<String, u64>,
    /// By Kubernetes version; those that never answered are missing.
    pub by_version: BTreeMap<String, u64>,
}

/// Something that changed in the fleet.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FleetChange {
    /// Where the event stands in the ledger.
    pub position: u64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who did it.
    #[schema(example = "system:observer")]
    pub actor: String,
    /// What happened.
    #[schema(example = "cluster.health_changed.v2")]
    pub event_type: String,
    /// `succeeded`, `failed` or `refused`.
    #[schema(example = "succeeded")]
    pub outcome: String,
    /// One sentence.
    pub summary: String,
    /// Which cluster.
    pub cluster_id: String,
    /// Its name at that time.
    pub cluster_name: String,
}

impl From<&FleetView> for Fleet {
    fn from(view: &FleetView) -> Self {
        Self {
            position: view.position,
            clusters: (&view.clusters).into(),
            nodes: view.nodes.into(),
            attention: view.attention.iter().cloned().map(Cluster::from).collect(),
            attention_total: view.attention_total,
            recent: view.recent.iter().map(FleetChange::from).collect(),
        }
    }
}

impl From<&FleetCounts> for ClusterCounts {
    fn from(counts: &FleetCounts) -> Self {
        Self {
            total: counts.total,
            by_status: counts.by_status.clone(),
            by_health: counts.by_health.clone(),
            by_provider: counts.by_provider.clone(),
            by_region: counts.by_region.clone(),
            by_version: counts.by_version.clone(),
        }
    }
}

impl From<&RecentChange> for FleetChange {
    fn from(change: &RecentChange) -> Self {
        Self {
            position: change.position,
            recorded_at: change.recorded_at,
            actor: change.actor.clone(),
            event_type: change.event_type.clone(),
            outcome: change.outcome.clone(),
            summary: change.summary.clone(),
            cluster_id: change.cluster_id.clone(),
            cluster_name: change.cluster_name.clone(),
        }
    }
}
