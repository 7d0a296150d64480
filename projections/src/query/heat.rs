//! The whole fleet in compact form, for a grid of one cell a cluster.

use std::collections::BTreeMap;

use hub_domain::kernel::TenantId;
use serde::Deserialize;
use sqlx::types::Json;

use super::clusters::{GONE, source};
use super::list::{Arg, Filter, bind};
use super::past::CLUSTERS;
use super::{AsOf, QueryError, ReadModels};
use crate::models::Clusters;
use crate::projection::Projection;

/// Cells of one answer.
const CELLS: usize = 5_000;
/// The longest key of a label: a prefix of 253, `/`, a name of 63.
const LONGEST_KEY: usize = 317;
/// How bad a cell is: the first of these is the worst.
const RANK: &str = "case when t.health = 'unreachable' then 0 when t.health = 'degraded' or t.status = 'import_failed' then 1 \
                    when t.health = 'healthy' then 3 else 2 end";
const RULE: &str = "must be `provider`, `region` or `label:` with a label's key behind it";

/// By what the cells stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupBy {
    /// Where the cluster runs.
    Provider,
    /// The provider's region or the site.
    Region,
    /// The value of a label; clusters without it are a group without a key.
    Label(String),
}

impl GroupBy {
    /// Reads `provider`, `region` or `label:KEY`.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        match text.split_once(':') {
            None if text == "provider" => Ok(Self::Provider),
            None if text == "region" => Ok(Self::Region),
            Some(("label", key)) if (1..=LONGEST_KEY).contains(&key.len()) && !key.contains('\0') => {
                Ok(Self::Label(key.to_owned()))
            }
            _ => Err(QueryError::InvalidFilter { parameter: "group_by", rule: RULE.into() }),
        }
    }
}

/// The fleet as a grid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatMap {
    /// The log position that it tells of.
    pub position: u64,
    /// Clusters of the fleet, without the decommissioned ones.
    pub total: u64,
    /// Cells below: fewer than `total` where there are more than 5,000, and then the worst.
    pub shown: u64,
    /// The groups, the worst first.
    pub groups: Vec<HeatGroup>,
}

/// Cells that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatGroup {
    /// What they have in common; `None` where they lack the label.
    pub key: Option<String>,
    /// All clusters of the group by health, also those that are not shown.
    pub by_health: BTreeMap<&'static str, u64>,
    /// The cells, the worst first, then by name.
    pub cells: Vec<HeatCell>,
}

/// One cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatCell {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its health.
    pub health: String,
    /// Its state.
    pub status: String,
}

#[derive(Deserialize)]
struct Answer {
    position: u64,
    total: u64,
    cells: Vec<Row>,
}

/// Key, id, name, health, status; and the group's clusters by health, in the order of [`HEALTH`].
type Row = (Option<String>, String, String, String, String, [u64; 4]);

const HEALTH: [&str; 4] = ["unreachable", "degraded", "unknown", "healthy"];

impl ReadModels {
    /// The fleet as a grid, as it is or as it was. A group is as bad as its worst cell; of two such the one with more of them
    /// comes first.
    pub async fn heat_map(
        &self,
        tenant: TenantId,
        by: &GroupBy,
        as_of: Option<AsOf>,
    ) -> Result<HeatMap, QueryError> {
        let at = self.moment(tenant, as_of, CLUSTERS).await?;
        let (sql, args) = statement(tenant, by, at);
        let mut transaction = self.scoped(tenant).await?;
        let Json(answer): Json<Answer> =
            bind(sqlx::query_scalar(&sql), &args).fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(assembled(answer, at))
    }
}

/// One pass over the clusters: what a group is like stands beside each of its cells.
fn statement(tenant: TenantId, by: &GroupBy, at: Option<u64>) -> (String, Vec<Arg>) {
    let mut filter = Filter::default();
    let source = source(&mut filter, tenant, at);
    filter.and_sql(format!("t.status <> '{GONE}'"));
    let key = match by {
        GroupBy::Provider => "t.provider".to_owned(),
        GroupBy::Region => "t.region".to_owned(),
        GroupBy::Label(key) => format!("t.labels ->> {}", filter.arg(Arg::Text(key.clone()))),
    };
    let sql = format!(
        "with alive as (select t.id, t.name, t.health, t.status, {key} as key, {RANK} as rank from {source} where {wanted}), \
         cells as (select a.*, min(rank) over peers as worst, \
              count(*) filter (where rank = 0) over peers as worst_0, count(*) filter (where rank = 1) over peers as worst_1, \
              count(*) filter (where rank = 2) over peers as worst_2, count(*) over () as total, \
              json_build_array({healths}) as healths \
            from alive a window peers as (partition by key) \
            order by worst, worst_0 desc, worst_1 desc, worst_2 desc, key collate \"C\" nulls last, rank, name, id limit {CELLS}) \
         select json_build_object(\
           'position', coalesce((select c.position from read.cursors c where c.name = '{name}'), 0), \
           'total', coalesce((select c.total from cells c limit 1), 0), \
           'cells', coalesce((select json_agg(json_build_array(c.key, c.id, c.name, c.health, c.status, c.healths) \
              order by worst, worst_0 desc, worst_1 desc, worst_2 desc, key collate \"C\" nulls last, rank, name, id) \
              from cells c), '[]'))",
        wanted = filter.sql(),
        healths =
            HEALTH.map(|health| format!("count(*) filter (where health = '{health}') over peers")).join(", "),
        name = Clusters::NAME,
    );
    (sql, filter.args().to_vec())
}

fn assembled(answer: Answer, at: Option<u64>) -> HeatMap {
    let Answer { position, total, cells } = answer;
    let shown = cells.len() as u64;
    let mut groups: Vec<HeatGroup> = vec![];
    for (key, id, name, health, status, counts) in cells {
        let cell = HeatCell { id, name, health, status };
        if let Some(group) = groups.last_mut().filter(|group| group.key == key) {
            group.cells.push(cell);
        } else {
            let by_health = HEALTH.into_iter().zip(counts).filter(|(_, number)| *number > 0).collect();
            groups.push(HeatGroup { key, by_health, cells: vec![cell] });
        }
    }
    HeatMap { position: at.map_or(position, |at| at.min(position)), total, shown, groups }
}

#[cfg(test)]
mod tests;
