//! The whole fleet in one answer, as it is or was. Rendered once a tenant and position, whoever asks.
//!
//! There is no table of counts: the versions of the clusters are the one truth about any moment, and a count over
//! a tenant's clusters takes a millisecond.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use hub_domain::kernel::{TenantId, TypedId};
use moka::future::Cache;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use tokio::sync::Mutex;

use super::clusters::{ClusterRow, GONE, Nodes, source};
use super::list::{Arg, Filter, bind};
use super::past::CLUSTERS;
use super::{AsOf, QueryError, ReadModels};
use crate::models::{AuditLogs, ClusterVersion, Clusters};
use crate::projection::{Projection, Stored};

/// How many clusters that need somebody are shown.
const ATTENTION: usize = 20;
/// How many changes are shown.
const RECENT: usize = 10;

/// The dashboard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FleetView {
    /// The log position that the view tells of.
    pub position: u64,
    /// How many clusters, by what; without the decommissioned ones.
    pub clusters: FleetCounts,
    /// All their nodes.
    pub nodes: Nodes,
    /// Clusters that need somebody, the worst first, then those that changed last; at most 20.
    pub attention: Vec<ClusterRow>,
    /// How many need somebody.
    pub attention_total: u64,
    /// What changed last, the newest first; at most 10.
    pub recent: Vec<RecentChange>,
}

/// Clusters, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetCounts {
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecentChange {
    /// Where the event stands in the log.
    pub position: u64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who did it.
    pub actor: String,
    /// The event's wire name.
    pub event_type: String,
    /// `succeeded`, `failed` or `refused`.
    pub outcome: String,
    /// One sentence.
    pub summary: String,
    /// Which cluster.
    pub cluster_id: String,
    /// Its name at that time.
    pub cluster_name: String,
}

/// What has been rendered of the present, by tenant.
#[derive(Debug)]
pub(super) struct Fleets(Cache<TenantId, Arc<Mutex<Option<Rendered>>>>);

impl Default for Fleets {
    fn default() -> Self {
        Self(Cache::new(1024))
    }
}

#[derive(Clone, Debug)]
struct Rendered {
    /// The tables had seen this when the view was rendered, or found to be still true.
    seen: u64,
    /// What the view was made from.
    made_from: [u64; 3],
    view: Arc<FleetView>,
}

#[derive(Deserialize)]
pub(super) struct Head {
    pub position: u64,
    /// The tables' generation, the tenant's newest version of a cluster and its newest entry.
    made_from: [u64; 3],
}

#[derive(Deserialize)]
struct Answer {
    nodes: Nodes,
    counts: Vec<(String, Option<String>, u64)>,
    attention: Vec<Stored<ClusterVersion>>,
    recent: Vec<RecentChange>,
}

impl ReadModels {
    /// The fleet, as it is or as it was.
    ///
    /// The present is rendered at most once a position and tenant, and only when a cluster of the tenant has changed;
    /// requests that come meanwhile share the answer.
    pub async fn fleet(&self, tenant: TenantId, as_of: Option<AsOf>) -> Result<Arc<FleetView>, QueryError> {
        let Some(at) = self.moment(tenant, as_of, CLUSTERS).await? else {
            return self.present(tenant).await;
        };
        let mut transaction = self.scoped(tenant).await?;
        let seen = head(&mut transaction, tenant).await?.position;
        let view = render(&mut transaction, tenant, Some(at), at.min(seen)).await?;
        transaction.commit().await?;
        Ok(Arc::new(view))
    }

    async fn present(&self, tenant: TenantId) -> Result<Arc<FleetView>, QueryError> {
        let wanted = self.position();
        let slot = self.fleets.0.get_with(tenant, async { Arc::default() }).await;
        // Whoever holds the lock renders; the others wait for it and take what it made.
        let mut slot = slot.lock().await;
        if let Some(known) = slot.as_ref().filter(|known| known.seen >= wanted) {
            return Ok(Arc::clone(&known.view));
        }
        let mut transaction = self.scoped(tenant).await?;
        let head = head(&mut transaction, tenant).await?;
        let view = match slot.as_ref().filter(|known| known.made_from == head.made_from) {
            Some(known) => FleetView { position: head.position, ..(*known.view).clone() },
            None => render(&mut transaction, tenant, None, head.position).await?,
        };
        transaction.commit().await?;
        let view = Arc::new(view);
        // Another process may be ahead of what this one knows: `wanted` is seen in any case.
        let seen = head.position.max(wanted);
        *slot = Some(Rendered { seen, made_from: head.made_from, view: Arc::clone(&view) });
        Ok(view)
    }
}

/// Where the tables stand, and the tenant's newest changes in either of them.
pub(super) async fn head(
    transaction: &mut sqlx::PgTransaction<'static>,
    tenant: TenantId,
) -> Result<Head, QueryError> {
    let sql = format!(
        "select json_build_object(\
           'position', coalesce((select min(c.position) from read.cursors c where c.name in ('{}', '{}')), 0), \
           'made_from', json_build_array(\
              coalesce((select sum(c.generation) from read.cursors c where c.name in ('{}', '{}')), 0), \
              coalesce((select t.valid_from from read.clusters t where t.tenant = $1 \
                        order by t.updated_at desc, t.valid_from desc limit 1), 0), \
              coalesce((select t.position from read.audit_logs t where t.tenant = $1 order by t.position desc limit 1), 0)))",
        Clusters::NAME,
        AuditLogs::NAME,
        Clusters::NAME,
        AuditLogs::NAME,
    );
    let args = [Arg::Uuid(tenant.uuid())];
    let Json(head) = bind(sqlx::query_scalar(&sql), &args).fetch_one(&mut **transaction).await?;
    Ok(head)
}

pub(super) async fn render(
    transaction: &mut sqlx::PgTransaction<'static>,
    tenant: TenantId,
    at: Option<u64>,
    position: u64,
) -> Result<FleetView, QueryError> {
    let mut filter = Filter::default();
    let source = source(&mut filter, tenant, at);
    filter.and_sql(format!("t.status <> '{GONE}'"));
    let until = filter.arg(Arg::Number(at.map_or(i64::MAX, |at| at as i64)));
    let sql = format!(
        "with alive as materialized (select t.* from {source} where {wanted}), \
         trouble as (select * from alive where health in ('unreachable', 'degraded') or status = 'import_failed' or failure is not null), \
         recent as (select r.id, r.name, r.valid_from from read.clusters r where r.tenant = $1 and r.valid_from <= {until} \
                    order by r.updated_at desc, r.valid_from desc limit {RECENT}) \
         select json_build_object(\
           'nodes', (select json_build_object('total', coalesce(sum(nodes_total), 0), 'ready', coalesce(sum(nodes_ready), 0)) from alive), \
           'counts', coalesce((select json_agg(json_build_array(g.what, g.name, g.number)) from (\
              select 'status' as what, status as name, count(*) as number from alive group by status union all \
              select 'health', health, count(*) from alive group by health union all \
              select 'provider', provider, count(*) from alive group by provider union all \
              select 'region', region, count(*) from alive group by region union all \
              select 'version', k8s_version, count(*) from alive where k8s_version is not null group by k8s_version union all \
              select 'attention', null, count(*) from trouble) g), '[]'), \
           'attention', coalesce((select json_agg(to_json(w)) from (\
              select * from trouble order by case health when 'unreachable' then 0 when 'degraded' then 1 else 2 end, \
                updated_at desc, id limit {ATTENTION}) w), '[]'), \
           'recent', coalesce((select json_agg(json_build_object('position', a.position, 'recorded_at', a.recorded_at, \
                'actor', a.actor, 'event_type', a.event_type, 'outcome', a.outcome, 'summary', a.summary, \
                'cluster_id', r.id, 'cluster_name', r.name) order by a.position desc) \
              from recent r join read.audit_logs a on a.tenant = $1 and a.position = r.valid_from), '[]'))",
        wanted = filter.sql(),
    );
    let args = filter.args();
    let Json(answer): Json<Answer> =
        bind(sqlx::query_scalar(&sql), args).fetch_one(&mut **transaction).await?;
    let mut clusters = FleetCounts::default();
    let mut attention_total = 0;
    for (what, name, number) in answer.counts {
        let counts = match what.as_str() {
            "status" => {
                clusters.total += number;
                &mut clusters.by_status
            }
            "health" => &mut clusters.by_health,
            "provider" => &mut clusters.by_provider,
            "region" => &mut clusters.by_region,
            "version" => &mut clusters.by_version,
            _ => {
                attention_total = number;
                continue;
            }
        };
        counts.insert(name.unwrap_or_default(), number);
    }
    Ok(FleetView {
        position,
        clusters,
        nodes: answer.nodes,
        attention: answer.attention.into_iter().map(ClusterRow::from).collect(),
        attention_total,
        recent: answer.recent,
    })
}
