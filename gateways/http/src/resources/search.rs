//! What a search has found.

use chrono::{DateTime, Utc};
use hub_projections::query::{Found, FoundCluster, FoundEntry};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Provider;

/// What was found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Search {
    /// Clusters, also those that have been decommissioned: the one of that very name or id first, then the managed ones, by name.
    pub clusters: Vec<SearchCluster>,
    /// Entries of the audit log, the newest first; none for those who may not read it.
    pub entries: Vec<SearchEntry>,
}

/// A cluster, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SearchCluster {
    /// Its id.
    #[schema(pattern = "^cluster_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    pub id: String,
    /// Its name.
    #[schema(example = "prod-eks-cluster")]
    pub name: String,
    /// Where it runs.
    #[schema(value_type = Provider)]
    pub provider: hub_domain::cluster::Provider,
    /// The provider's region, or the site.
    #[schema(example = "us-west-2")]
    pub region: String,
    /// `healthy`, `degraded`, `unreachable` or `unknown`.
    #[schema(example = "healthy")]
    pub health: String,
    /// `importing`, `import_failed`, `active`, `updating`, `decommissioning` or `decommissioned`.
    #[schema(example = "active")]
    pub status: String,
}

/// An entry of the audit log, in short.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SearchEntry {
    /// The event's id.
    pub id: Uuid,
    /// Where it stands in the hub's log.
    pub position: u64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// What happened.
    #[schema(example = "cluster.import_requested.v1")]
    pub event_type: String,
    /// To which thing.
    #[schema(example = "cluster_01jd8kz3f6e5t9m2v7q4x1r0ab")]
    pub target_id: String,
    /// One sentence.
    pub summary: String,
}

impl From<Found> for Search {
    fn from(found: Found) -> Self {
        Self {
            clusters: found.clusters.into_iter().map(SearchCluster::from).collect(),
            entries: found.entries.into_iter().map(SearchEntry::from).collect(),
        }
    }
}

impl From<FoundCluster> for SearchCluster {
    fn from(found: FoundCluster) -> Self {
        let FoundCluster { id, name, provider, region, health, status } = found;
        Self { id, name, provider, region, health, status }
    }
}

impl From<FoundEntry> for SearchEntry {
    fn from(found: FoundEntry) -> Self {
        let FoundEntry { id, position, recorded_at, event_type, target_id, summary } = found;
        Self { id, position, recorded_at, event_type, target_id, summary }
    }
}
