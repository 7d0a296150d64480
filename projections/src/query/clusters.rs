//! Clusters: lists, single ones, and as they were.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use hub_domain::cluster::{Failure, Issue, Provider};
use hub_domain::kernel::{ClusterId, Labels, TenantId, TypedId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::list::{Arg, Count, Filter, List};
use super::page::{Listed, Page, Sort, SortKey};
use super::past::CLUSTERS;
use super::{AsOf, QueryError, ReadModels};
use crate::models::{ClusterVersion, Clusters};
use crate::projection::{Projection, Stored};

/// A cluster, as it is or was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it runs.
    pub provider: Provider,
    /// The provider's region or the site.
    pub region: String,
    /// `importing`, `import_failed`, `active`, `updating`, `decommissioning` or `decommissioned`.
    pub status: String,
    /// `healthy`, `degraded`, `unreachable`, or `unknown` while nothing has been observed.
    pub health: String,
    /// `gitVersion` of its API server; absent until it has answered once.
    pub k8s_version: Option<String>,
    /// Its nodes.
    pub nodes: Nodes,
    /// Its labels.
    pub labels: Labels,
    /// What is wrong with it.
    pub issues: Vec<Issue>,
    /// Scheme, host and port of its API server.
    pub endpoint: String,
    /// UID of its `kube-system` namespace; absent until it has answered once.
    pub uid: Option<String>,
    /// Why the last import or change of credentials failed.
    pub failure: Option<Failure>,
    /// The stream's revision: the `ETag`.
    pub revision: u64,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: String,
    /// When it became as it stands here.
    pub updated_at: DateTime<Utc>,
    /// By whom.
    pub updated_by: String,
    /// The event that made it so.
    pub position: u64,
}

/// How many nodes, and how many of them are ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nodes {
    /// All nodes.
    pub total: u64,
    /// Nodes that are ready.
    pub ready: u64,
}

impl From<Stored<ClusterVersion>> for ClusterRow {
    fn from(stored: Stored<ClusterVersion>) -> Self {
        let row = stored.row;
        Self {
            id: row.id,
            name: row.name,
            provider: row.provider,
            region: row.region,
            status: row.status,
            health: row.health,
            k8s_version: row.k8s_version,
            nodes: Nodes { total: row.nodes_total.into(), ready: row.nodes_ready.into() },
            labels: row.labels,
            issues: row.issues,
            endpoint: row.endpoint,
            uid: row.uid,
            failure: row.failure,
            revision: row.revision,
            created_at: row.created_at,
            created_by: row.created_by,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
            position: stored.valid_from.unwrap_or_default(),
        }
    }
}

/// Which clusters. Values of one member are alternatives; members are demands that all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClusterQuery {
    /// States; with none given all but the decommissioned.
    pub status: Vec<String>,
    /// Health.
    pub health: Vec<String>,
    /// Providers.
    pub provider: Vec<String>,
    /// Regions.
    pub region: Vec<String>,
    /// Kubernetes versions, with or without the `v`: a minor one (`1.29`) stands for each of its patches, a longer one for what the
    /// API server tells letter by letter.
    pub k8s_version: Vec<String>,
    /// The name, in full.
    pub name: Option<String>,
    /// Labels, each of which must be there: `key=value`, or `key` with any value.
    pub label: Vec<String>,
    /// Part of the name, the region or the endpoint.
    pub q: Option<String>,
}

/// The newest sample of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterSample {
    /// When the hub last looked.
    pub last_checked: DateTime<Utc>,
    /// When the cluster last answered.
    pub answered_at: Option<DateTime<Utc>>,
    /// What it answered then: nodes, workloads, volumes.
    pub sample: Option<Value>,
}

const STATUS: &[&str] =
    &["importing", "import_failed", "active", "updating", "decommissioning", "decommissioned"];
const HEALTH: &[&str] = &["healthy", "degraded", "unreachable", "unknown"];
const PROVIDER: &[&str] = &["aws", "gcp", "azure", "on_premises"];

const SORT: &[&str] =
    &["name", "created_at", "updated_at", "status", "health", "provider", "region", "k8s_version", "nodes"];
const KEYS: &[SortKey] = &[
    SortKey { name: "name", expression: "t.name", sql_type: "text" },
    SortKey { name: "created_at", expression: "t.created_at", sql_type: "timestamptz" },
    SortKey { name: "updated_at", expression: "t.updated_at", sql_type: "timestamptz" },
    SortKey { name: "status", expression: "t.status", sql_type: "text" },
    SortKey { name: "health", expression: "t.health", sql_type: "text" },
    SortKey { name: "provider", expression: "t.provider", sql_type: "text" },
    SortKey { name: "region", expression: "t.region", sql_type: "text" },
    SortKey { name: "k8s_version", expression: "coalesce(t.k8s_version, '')", sql_type: "text" },
    SortKey { name: "nodes", expression: "t.nodes_total", sql_type: "integer" },
];

/// What is not seen unless somebody asks for it.
pub(super) const GONE: &str = "decommissioned";

/// Each text must be one of `known`.
pub(super) fn known(parameter: &'static str, values: &[String], known: &[&str]) -> Result<(), QueryError> {
    if values.iter().all(|value| known.contains(&value.as_str())) {
        return Ok(());
    }
    Err(QueryError::InvalidFilter { parameter, rule: format!("must be one of {}", known.join(", ")) })
}

/// Demands one of the versions. No index: it looks at what the tenant's other clauses leave.
fn versions(filter: &mut Filter, values: &[String]) -> Result<(), QueryError> {
    const TOLD: &str = "ltrim(t.k8s_version, 'v')";
    const MINOR: &str = "substring(t.k8s_version from '^v?([0-9]+[.][0-9]+)[.]')";
    let (mut minor, mut whole) = (vec![], vec![]);
    for value in values {
        let version = value.strip_prefix('v').unwrap_or(value);
        match parts(version) {
            Some(2) => minor.push(version.to_owned()),
            Some(_) => whole.push(version.to_owned()),
            None => {
                let rule = "must be versions such as 1.29, v1.29.3 or v1.29.3-eks-5e0fdde".into();
                return Err(QueryError::InvalidFilter { parameter: "k8s_version", rule });
            }
        }
    }
    let mut clauses = vec![];
    for (expression, versions) in [(TOLD, whole), (MINOR, minor)] {
        if !versions.is_empty() {
            clauses.push(format!("{expression} = any({})", filter.arg(Arg::Texts(versions))));
        }
    }
    if !clauses.is_empty() {
        filter.and_sql(format!("({})", clauses.join(" or ")));
    }
    Ok(())
}

/// How many numbers a version has, two or three; behind three there may be a pre-release or build.
fn parts(version: &str) -> Option<usize> {
    let (numbers, rest) = match version.find(['-', '+']) {
        Some(at) => (&version[..at], Some(&version[at + 1..])),
        None => (version, None),
    };
    let number = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'_');
    let numbers: Vec<_> = numbers.split('.').collect();
    let fits = numbers.iter().all(|part| number(part))
        && rest.is_none_or(|rest| {
            numbers.len() == 3 && (1..=64).contains(&rest.len()) && rest.bytes().all(known)
        });
    (fits && (2..=3).contains(&numbers.len())).then_some(numbers.len())
}

impl ClusterQuery {
    pub(super) fn filter(&self, mut filter: Filter) -> Result<Filter, QueryError> {
        known("status", &self.status, STATUS)?;
        known("health", &self.health, HEALTH)?;
        known("provider", &self.provider, PROVIDER)?;
        if self.status.is_empty() {
            filter.and_sql(format!("t.status <> '{GONE}'"));
        }
        filter.one_of("t.status", &self.status);
        filter.one_of("t.health", &self.health);
        filter.one_of("t.provider", &self.provider);
        filter.one_of("t.region", &self.region);
        versions(&mut filter, &self.k8s_version)?;
        if let Some(name) = &self.name {
            filter.and("t.name", "=", Arg::Text(name.clone()));
        }
        let mut labels = BTreeMap::new();
        for label in &self.label {
            match label.split_once('=') {
                Some((key, value)) => {
                    if labels.insert(key, value).is_some_and(|other| other != value) {
                        filter.and_sql("false");
                    }
                }
                None => filter.and("t.labels", "?", Arg::Text(label.clone())),
            }
        }
        if labels.iter().any(|(key, value)| key.contains('\0') || value.contains('\0')) {
            filter.and_sql("false");
        } else if !labels.is_empty() {
            filter.and("t.labels", "@>", Arg::Json(json!(labels)));
        }
        if let Some(q) = self.q.as_ref().filter(|q| !q.is_empty()) {
            let text = filter.arg(Arg::Text(q.to_lowercase()));
            filter.and_sql(format!(
                "(strpos(t.name, {text}) > 0 or strpos(lower(t.region), {text}) > 0 or strpos(lower(t.endpoint), {text}) > 0)"
            ));
        }
        Ok(filter)
    }
}

/// The versions that held at a moment, with the alias `t`. The first value of the filter is the tenant.
///
/// Of the past it looks up one version a cluster by the primary key: no matter how long its history is.
pub(super) fn source(filter: &mut Filter, tenant: TenantId, as_of: Option<u64>) -> String {
    let tenant = filter.arg(Arg::Uuid(tenant.uuid()));
    match as_of {
        None => {
            filter.and_sql(format!("t.tenant = {tenant} and t.valid_to is null"));
            "read.clusters t".to_owned()
        }
        Some(position) => {
            let position = filter.arg(Arg::Number(position as i64));
            format!(
                "(select v.* from read.clusters known cross join lateral \
                   (select w.* from read.clusters w where w.tenant = known.tenant and w.id = known.id \
                    and w.valid_from <= {position} order by w.valid_from desc limit 1) v \
                  where known.tenant = {tenant} and known.valid_to is null) t"
            )
        }
    }
}

impl ReadModels {
    /// A page of clusters, as they are or as they were.
    pub async fn clusters(
        &self,
        tenant: TenantId,
        query: &ClusterQuery,
        page: &Page,
        as_of: Option<AsOf>,
    ) -> Result<Listed<ClusterRow>, QueryError> {
        let at = self.moment(tenant, as_of, CLUSTERS).await?;
        let mut filter = Filter::default();
        let source = source(&mut filter, tenant, at);
        let list = List {
            projection: Clusters::NAME,
            source,
            id: ("t.id", "text"),
            filter: query.filter(filter)?,
            sort: Sort::parse(page.sort.as_deref(), "name", KEYS, SORT)?,
            count: Count::All,
            // The moment as it was asked for: a time that stands for a later position on the next page is no change.
            identity: json!(["clusters", query, as_of.map(|as_of| format!("{as_of:?}"))]).to_string(),
        };
        let listed = self.list::<Stored<ClusterVersion>>(tenant, list, page).await?;
        let position = at.map_or(listed.position, |at| at.min(listed.position));
        Ok(Listed { position, ..listed.map(ClusterRow::from) })
    }

    /// One cluster, as it is or as it was; also one that has been decommissioned.
    pub async fn cluster(
        &self,
        tenant: TenantId,
        id: ClusterId,
        as_of: Option<AsOf>,
    ) -> Result<Option<ClusterRow>, QueryError> {
        let at = self.moment(tenant, as_of, CLUSTERS).await?.map_or(i64::MAX, |position| position as i64);
        let found = self
            .one::<Stored<ClusterVersion>>(
                tenant,
                "select to_json(t) from read.clusters t where t.tenant = $1 and t.id = $2 and t.valid_from <= $3 \
                 order by t.valid_from desc limit 1",
                &[Arg::Uuid(tenant.uuid()), Arg::Text(id.to_string()), Arg::Number(at)],
            )
            .await?;
        Ok(found.map(ClusterRow::from))
    }

    /// The ids of the tenant's managed clusters that have an identity, the oldest first: one, but for a mistake.
    pub async fn clusters_with_uid(&self, tenant: TenantId, uid: &str) -> Result<Vec<String>, QueryError> {
        let sql = format!(
            "select json_agg(known.id) from (select t.id from read.clusters t where t.tenant = $1 and t.valid_to is null \
               and t.uid = $2 and t.status <> '{GONE}' order by t.created_at, t.id limit 10) known"
        );
        let args = [Arg::Uuid(tenant.uuid()), Arg::Text(uid.replace('\0', "\u{fffd}"))];
        Ok(self.one::<Vec<String>>(tenant, &sql, &args).await?.unwrap_or_default())
    }

    /// The newest sample of a cluster; `None` when it was never looked at.
    pub async fn sample(&self, tenant: TenantId, id: ClusterId) -> Result<Option<ClusterSample>, QueryError> {
        self.one(
            tenant,
            "select to_json(t) from read.observations t where t.tenant = $1 and t.cluster_id = $2",
            &[Arg::Uuid(tenant.uuid()), Arg::Text(id.to_string())],
        )
        .await
    }
}
