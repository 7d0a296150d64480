//! Exports: lists, single ones, and as they were; and those of all tenants that are to run.

use chrono::{DateTime, Utc};
use hub_domain::export::{Filter as Wanted, Format, Transport};
use hub_domain::kernel::{ExportId, TenantId, TypedId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgPool;
use sqlx::types::Json;

use super::clusters::known;
use super::list::{Arg, Count, Filter, List};
use super::page::{Listed, Page, Sort, SortKey};
use super::past::EXPORTS;
use super::{AsOf, QueryError, ReadModels};
use crate::models::{ExportVersion, Exports};
use crate::projection::{Projection, Stored};

/// An export, as it is or was.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `active`, `paused` or `deleted`.
    pub status: String,
    /// What the other side reads.
    pub format: Format,
    /// How it is reached.
    pub transport: Transport,
    /// Which events go out.
    pub filter: Wanted,
    /// The fingerprint of what it signs in with.
    pub fingerprint: Option<String>,
    /// The first ledger position that goes out, by the newest word on it.
    pub starts_at: u64,
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

impl From<Stored<ExportVersion>> for ExportRow {
    fn from(stored: Stored<ExportVersion>) -> Self {
        let row = stored.row;
        Self {
            id: row.id,
            name: row.name,
            status: row.status,
            format: row.format,
            transport: row.transport,
            filter: row.filter,
            fingerprint: row.credentials.map(|credentials| credentials.fingerprint),
            starts_at: row.start_after.saturating_add(1),
            revision: row.revision,
            created_at: row.created_at,
            created_by: row.created_by,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
            position: stored.valid_from.unwrap_or_default(),
        }
    }
}

/// Which exports. Values of one member are alternatives; members are demands that all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportQuery {
    /// States; with none given all but the deleted.
    pub status: Vec<String>,
    /// The name, in full.
    pub name: Option<String>,
}

const STATUS: &[&str] = &["active", "paused", "deleted"];
const SORT: &[&str] = &["name", "created_at", "updated_at", "status"];
const KEYS: &[SortKey] = &[
    SortKey { name: "name", expression: "t.name", sql_type: "text" },
    SortKey { name: "created_at", expression: "t.created_at", sql_type: "timestamptz" },
    SortKey { name: "updated_at", expression: "t.updated_at", sql_type: "timestamptz" },
    SortKey { name: "status", expression: "t.status", sql_type: "text" },
];

impl ExportQuery {
    fn filter(&self, mut filter: Filter) -> Result<Filter, QueryError> {
        known("status", &self.status, STATUS)?;
        if self.status.is_empty() {
            filter.and_sql("t.status <> 'deleted'");
        }
        filter.one_of("t.status", &self.status);
        if let Some(name) = &self.name {
            filter.and("t.name", "=", Arg::Text(name.clone()));
        }
        Ok(filter)
    }
}

/// The versions that held at a moment, with the alias `t`.
fn source(filter: &mut Filter, tenant: TenantId, as_of: Option<u64>) -> String {
    let tenant = filter.arg(Arg::Uuid(tenant.uuid()));
    filter.and_sql(format!("t.tenant = {tenant}"));
    match as_of {
        None => filter.and_sql("t.valid_to is null"),
        Some(position) => {
            let position = filter.arg(Arg::Number(position as i64));
            filter.and_sql(format!(
                "t.valid_from <= {position} and (t.valid_to is null or t.valid_to > {position})"
            ));
        }
    }
    "read.exports t".to_owned()
}

impl ReadModels {
    /// A page of exports, as they are or as they were.
    pub async fn exports(
        &self,
        tenant: TenantId,
        query: &ExportQuery,
        page: &Page,
        as_of: Option<AsOf>,
    ) -> Result<Listed<ExportRow>, QueryError> {
        let at = self.moment(tenant, as_of, EXPORTS).await?;
        let mut filter = Filter::default();
        let source = source(&mut filter, tenant, at);
        let list = List {
            projection: Exports::NAME,
            source,
            id: ("t.id", "text"),
            filter: query.filter(filter)?,
            sort: Sort::parse(page.sort.as_deref(), "name", KEYS, SORT)?,
            count: Count::All,
            identity: json!(["exports", query, as_of.map(|as_of| format!("{as_of:?}"))]).to_string(),
        };
        let listed = self.list::<Stored<ExportVersion>>(tenant, list, page).await?;
        let position = at.map_or(listed.position, |at| at.min(listed.position));
        Ok(Listed { position, ..listed.map(ExportRow::from) })
    }

    /// One export, as it is or as it was; also one that has been deleted.
    pub async fn export(
        &self,
        tenant: TenantId,
        id: ExportId,
        as_of: Option<AsOf>,
    ) -> Result<Option<ExportRow>, QueryError> {
        Ok(self.export_version(tenant, id, as_of).await?.map(ExportRow::from))
    }

    /// The same with all that it is made of, for who opens it.
    pub async fn export_version(
        &self,
        tenant: TenantId,
        id: ExportId,
        as_of: Option<AsOf>,
    ) -> Result<Option<Stored<ExportVersion>>, QueryError> {
        let at = self.moment(tenant, as_of, EXPORTS).await?.map_or(i64::MAX, |at| at as i64);
        self.one(
            tenant,
            "select to_json(t) from read.exports t where t.tenant = $1 and t.id = $2 and t.valid_from <= $3 \
             order by t.valid_from desc limit 1",
            &[Arg::Uuid(tenant.uuid()), Arg::Text(id.to_string()), Arg::Number(at)],
        )
        .await
    }
}

/// The exports of all tenants that are to run. Through a pool of the projector role, which sees every tenant's rows.
pub(crate) async fn running(projector: &PgPool) -> Result<Vec<ExportVersion>, sqlx::Error> {
    let sql = "select to_json(t) from read.exports t where t.valid_to is null and t.status = 'active' order by t.id";
    let rows: Vec<Json<ExportVersion>> = sqlx::query_scalar(sql).fetch_all(projector).await?;
    Ok(rows.into_iter().map(|Json(row)| row).collect())
}
