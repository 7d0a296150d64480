//! The fleet as a grid.

use std::collections::BTreeMap;

use hub_projections::query;
use serde::Serialize;
use utoipa::ToSchema;

/// The whole fleet in compact form: one cell a cluster, without the decommissioned ones.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeatMap {
    /// The ledger position that it tells of.
    pub position: u64,
    /// Clusters of the fleet.
    pub total: u64,
    /// Cells below: at most 5,000. Where `total` is more, the worst groups are shown.
    pub shown: u64,
    /// The groups, the worst first: a group is as bad as its worst cell, and worse the more of them it has.
    pub groups: Vec<HeatGroup>,
}

/// Cells that stand together.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeatGroup {
    /// What they have in common; `null` for clusters that lack the label.
    #[schema(required, example = "aws")]
    pub key: Option<String>,
    /// All clusters of the group by health, also those that are not shown.
    #[schema(value_type = BTreeMap<String, u64>)]
    pub by_health: BTreeMap<&'static str, u64>,
    /// The cells, the worst first, then by name.
    pub cells: Vec<HeatCell>,
}

/// One cluster.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeatCell {
    /// Its id.
    #[schema(pattern = "^cluster_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    pub id: String,
    /// Its name.
    #[schema(example = "prod-eks-cluster")]
    pub name: String,
    /// `unreachable`, `degraded`, `unknown` or `healthy`.
    #[schema(example = "healthy")]
    pub health: String,
    /// `importing`, `import_failed`, `active`, `updating` or `decommissioning`.
    #[schema(example = "active")]
    pub status: String,
}

impl From<query::HeatMap> for HeatMap {
    fn from(map: query::HeatMap) -> Self {
        let query::HeatMap { position, total, shown, groups } = map;
        Self { position, total, shown, groups: groups.into_iter().map(HeatGroup::from).collect() }
    }
}

impl From<query::HeatGroup> for HeatGroup {
    fn from(group: query::HeatGroup) -> Self {
        let query::HeatGroup { key, by_health, cells } = group;
        Self { key, by_health, cells: cells.into_iter().map(HeatCell::from).collect() }
    }
}

impl From<query::HeatCell> for HeatCell {
    fn from(cell: query::HeatCell) -> Self {
        let query::HeatCell { id, name, health, status } = cell;
        Self { id, name, health, status }
    }
}
