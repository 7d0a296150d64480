//! What differs in the fleet between two moments: which clusters came, went and changed, and by which events.
//!
//! Versions of clusters are the one truth about any moment: two look-ups a cluster, however long its history.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use hub_domain::kernel::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgTransaction;
use sqlx::types::Json;

use super::clusters::{ClusterRow, GONE, Nodes, known};
use super::fleet::{FleetCounts, head, render};
use super::list::{Arg, Count, Filter, List, bind};
use super::page::{Listed, Page, Sort, SortKey};
use super::past::CLUSTERS;
use super::{AsOf, QueryError, ReadModels};
use crate::difference::{MemberChange, members};
use crate::models::{ClusterVersion, Clusters};
use crate::projection::{Projection, Stored};

/// How many of a cluster's events are told, the newest.
pub const EVENTS: usize = 20;

/// What became of a cluster between two moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// Between when, and what of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffQuery {
    /// The earlier moment.
    pub from: AsOf,
    /// The later one; `None` is the present.
    pub to: Option<AsOf>,
    /// Only clusters of which this became: `came`, `went`, `changed`, `returned`, `passed`.
    pub change: Vec<String>,
}

/// The fleet at a moment, in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FleetMoment {
    /// The log position.
    pub position: u64,
    /// How many clusters, by what.
    pub clusters: FleetCounts,
    /// All their nodes.
    pub nodes: Nodes,
}

/// What differs between two moments.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetDiff {
    /// The earlier moment.
    pub before: FleetMoment,
    /// The later one.
    pub after: FleetMoment,
    /// How many clusters, by what became of them; without regard to the filter.
    pub changes: BTreeMap<DiffKind, u64>,
    /// A page of them, by name.
    pub clusters: Listed<ClusterDiff>,
}

/// What became of one cluster.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClusterDiff {
    /// Its id.
    pub id: String,
    /// Its name at the later moment.
    pub name: String,
    /// What became of it.
    pub change: DiffKind,
    /// The members that differ.
    pub members: BTreeMap<String, MemberChange>,
    /// The events between the moments, the newest first; at most 20.
    pub events: Vec<DiffEvent>,
    /// How many there are.
    pub events_total: u64,
}

/// An event between two moments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffEvent {
    /// Its id: that of its entry in the audit log.
    pub id: uuid::Uuid,
    /// Where it stands in the log.
    pub position: u64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// Who did it.
    pub actor: String,
    /// Its wire name.
    pub event_type: String,
    /// One sentence.
    pub summary: String,
}

#[derive(Deserialize)]
struct Found {
    id: String,
    name: String,
    change: DiffKind,
    before: Option<Stored<ClusterVersion>>,
    after: Stored<ClusterVersion>,
    events: Option<Vec<DiffEvent>>,
}

impl From<Found> for ClusterDiff {
    fn from(found: Found) -> Self {
        let shown = |stored: Stored<ClusterVersion>| {
            let revision = stored.row.revision;
            (serde_json::to_value(ClusterRow::from(stored)).unwrap_or(Value::Null), revision + 1)
        };
        let (before, seen) = found.before.map_or((Value::Null, 0), shown);
        let (after, all) = shown(found.after);
        Self {
            id: found.id,
            name: found.name,
            change: found.change,
            members: members(&before, &after),
            events: found.events.unwrap_or_default(),
            // Revisions have no gaps.
            events_total: all.saturating_sub(seen),
        }
    }
}

const SORT: &[&str] = &["name"];
const KEYS: &[SortKey] = &[SortKey { name: "name", expression: "t.name", sql_type: "text" }];
const KINDS: &[&str] = &["came", "went", "changed", "returned", "passed"];

/// Clusters that have a version which began between the moments, with the alias `t`.
fn source(filter: &mut Filter, tenant: TenantId, from: u64, to: u64) -> String {
    use hub_domain::kernel::TypedId as _;
    let tenant = filter.arg(Arg::Uuid(tenant.uuid()));
    let (from, to) = (filter.arg(Arg::Number(from as i64)), filter.arg(Arg::Number(to as i64)));
    let at = |position: &str| {
        format!(
            "lateral (select w.* from read.clusters w where w.tenant = known.tenant and w.id = known.id \
             and w.valid_from <= {position} order by w.valid_from desc limit 1)"
        )
    };
    let shown = |row: &str| {
        let members = [
            "name",
            "provider",
            "region",
            "status",
            "health",
            "k8s_version",
            "nodes_total",
            "nodes_ready",
            "labels",
            "issues",
            "endpoint",
            "uid",
            "failure",
        ];
        members.map(|member| format!("{row}.{member}")).join(", ")
    };
    format!(
        "(select b.id, b.name, to_json(a) as before, to_json(b) as after, \
            case when coalesce(a.status, '{GONE}') = '{GONE}' then case when b.status = '{GONE}' then 'passed' else 'came' end \
                 when b.status = '{GONE}' then 'went' \
                 when ({}) is not distinct from ({}) then 'returned' else 'changed' end as change, \
            (select json_agg(json_build_object('id', e.id, 'position', e.position, 'recorded_at', e.recorded_at, \
                'actor', e.actor, 'event_type', e.event_type, 'summary', e.summary) order by e.position desc) \
             from (select l.* from read.audit_logs l where l.tenant = known.tenant and l.target_id = known.id \
                   and l.position > {from} and l.position <= {to} order by l.position desc limit {EVENTS}) e) as events \
          from read.clusters known cross join {} b left join {} a on true \
          where known.tenant = {tenant} and known.valid_to is null and b.valid_from > {from}) t",
        shown("a"),
        shown("b"),
        at(&to),
        at(&from),
    )
}

impl ReadModels {
    /// What differs in the fleet between two moments.
    pub async fn fleet_diff(
        &self,
        tenant: TenantId,
        query: &DiffQuery,
        page: &Page,
    ) -> Result<FleetDiff, QueryError> {
        known("change", &query.change, KINDS)?;
        let sort = Sort::parse(page.sort.as_deref(), "name", KEYS, SORT)?;
        let from = self.moment(tenant, Some(query.from), CLUSTERS).await.map_err(in_future("from"))?;
        let to = self.moment(tenant, query.to, CLUSTERS).await.map_err(in_future("to"))?;
        let mut transaction = self.scoped(tenant).await?;
        let seen = head(&mut transaction, tenant).await?.position;
        // The present is never before a moment that has been.
        let from = from.unwrap_or_default();
        let to = to.unwrap_or_else(|| seen.max(from));
        if from > to {
            let rule = "must not lie before `from`".to_owned();
            return Err(QueryError::InvalidFilter { parameter: "to", rule });
        }
        let before = moment(&mut transaction, tenant, from).await?;
        let after = moment(&mut transaction, tenant, to).await?;
        let mut filter = Filter::default();
        let sql = format!(
            "select coalesce(json_agg(json_build_array(c.change, c.number)), '[]') from \
             (select t.change, count(*) as number from {} group by t.change) c",
            source(&mut filter, tenant, from, to)
        );
        let Json(changes): Json<Vec<(DiffKind, u64)>> =
            bind(sqlx::query_scalar(&sql), filter.args()).fetch_one(&mut *transaction).await?;

        let mut filter = Filter::default();
        let source = source(&mut filter, tenant, from, to);
        filter.one_of("t.change", &query.change);
        let list = List {
            projection: Clusters::NAME,
            source,
            id: ("t.id", "text"),
            filter,
            sort,
            count: Count::All,
            // The later moment as it was asked for: the present of the next page is no other list.
            identity: json!(["fleet_diff", format!("{:?} {:?}", query.from, query.to), query.change])
                .to_string(),
        };
        let clusters = list.read::<Found>(&mut transaction, page).await?;
        transaction.commit().await?;
        let clusters = Listed { position: seen, ..clusters.map(ClusterDiff::from) };
        Ok(FleetDiff { before, after, changes: changes.into_iter().collect(), clusters })
    }
}

async fn moment(
    transaction: &mut PgTransaction<'static>,
    tenant: TenantId,
    position: u64,
) -> Result<FleetMoment, QueryError> {
    let view = render(transaction, tenant, Some(position), position).await?;
    Ok(FleetMoment { position, clusters: view.clusters, nodes: view.nodes })
}

fn in_future(parameter: &'static str) -> impl FnOnce(QueryError) -> QueryError {
    move |error| match error {
        QueryError::FutureAsOf => {
            QueryError::InvalidFilter { parameter, rule: "must not lie in the future of the ledger".into() }
        }
        error => error,
    }
}
