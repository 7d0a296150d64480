//! The audit log: pages, single entries, and what came after a position.

use chrono::{DateTime, Utc};
use hub_domain::kernel::{TenantId, TypedId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;

use super::clusters::known;
use super::list::{Arg, Count, Filter, List, bind};
use super::page::{Listed, Page, Sort, SortKey};
use super::past::AUDIT_LOGS;
use super::{AsOf, QueryError, ReadModels};
use crate::models::{AuditLog, AuditLogs};
use crate::projection::Projection;

/// One entry of the audit log. Its tenant is not on the wire.
pub type AuditRow = AuditLog;

/// Which entries. Values of one member are alternatives; members are demands that all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditQuery {
    /// Who did it: `user_01j…`, `system:observer`.
    pub actor: Vec<String>,
    /// Commands: `cluster.import`.
    pub action: Vec<String>,
    /// Events: `cluster.imported.v1`.
    pub event_type: Vec<String>,
    /// To what: an id such as `cluster_01j…`, or a kind such as `cluster`.
    pub target: Vec<String>,
    /// `succeeded`, `failed`, `refused`.
    pub outcome: Vec<String>,
    /// Caused by these events.
    pub caused_by: Vec<Uuid>,
    /// Done in these requests.
    pub request_id: Vec<String>,
    /// Recorded then or later.
    pub from: Option<DateTime<Utc>>,
    /// Recorded before then.
    pub to: Option<DateTime<Utc>>,
}

const OUTCOME: &[&str] = &["succeeded", "failed", "refused"];
const SORT: &[&str] = &["recorded_at"];
/// Time never runs backwards in the log: the order of positions is that of times.
const KEYS: &[SortKey] = &[SortKey { name: "recorded_at", expression: "t.position", sql_type: "bigint" }];

/// Up to where entries that a filter leaves over are counted. A log grows for ever, and nobody turns 200 pages.
const COUNTED: u32 = 10_000;

impl AuditQuery {
    fn only_times(&self) -> bool {
        let lists =
            [&self.actor, &self.action, &self.event_type, &self.target, &self.outcome, &self.request_id];
        lists.iter().all(|list| list.is_empty()) && self.caused_by.is_empty()
    }

    /// `at` is the position of the newest entry that is seen.
    pub(super) fn filter(&self, tenant: TenantId, at: Option<u64>) -> Result<(Filter, Count), QueryError> {
        known("outcome", &self.outcome, OUTCOME)?;
        let mut filter = Filter::default();
        let tenant = filter.arg(Arg::Uuid(tenant.uuid()));
        filter.and_sql(format!("t.tenant = {tenant}"));
        if let Some(at) = at {
            filter.and("t.position", "<=", Arg::Number(at as i64));
        }
        if let Some(from) = self.from {
            filter.and("t.recorded_at", ">=", Arg::Time(from));
        }
        if let Some(to) = self.to {
            filter.and("t.recorded_at", "<", Arg::Time(to));
        }
        // Sequences have no gaps: within a span of time, the first and the last one tell how many there are.
        let spanned = self.from.is_some() || self.to.is_some();
        let end = |order: &str| {
            let wanted = filter.sql();
            let by = if spanned {
                format!("t.recorded_at {order}, t.position {order}")
            } else {
                format!("t.position {order}")
            };
            format!("(select t.sequence from read.audit_logs t where {wanted} order by {by} limit 1)")
        };
        let known_count = Count::Known(format!("({} - {} + 1)", end("desc"), end("asc")));
        let count = if self.only_times() { known_count } else { Count::AtMost(COUNTED) };
        filter.one_of("t.actor", &self.actor);
        filter.one_of("t.action", &self.action);
        filter.one_of("t.event_type", &self.event_type);
        let (ids, kinds): (Vec<_>, Vec<_>) =
            self.target.iter().cloned().partition(|target| target.contains('_'));
        match (ids.is_empty(), kinds.is_empty()) {
            (_, true) => filter.one_of("t.target_id", &ids),
            (true, _) => filter.one_of("t.target_type", &kinds),
            _ => {
                let (ids, kinds) = (filter.arg(Arg::Texts(ids)), filter.arg(Arg::Texts(kinds)));
                filter.and_sql(format!("(t.target_id = any({ids}) or t.target_type = any({kinds}))"));
            }
        }
        filter.one_of("t.outcome", &self.outcome);
        if !self.outcome.is_empty() && !self.outcome.iter().any(|outcome| outcome == "succeeded") {
            // In the words of the partial index, which holds the few entries that tell of trouble.
            filter.and_sql("t.outcome <> 'succeeded'");
        }
        if !self.caused_by.is_empty() {
            let ids = filter.arg(Arg::Uuids(self.caused_by.clone()));
            filter.and_sql(format!("t.caused_by = any({ids}) and t.caused_by is not null"));
        }
        if !self.request_id.is_empty() {
            filter.one_of("t.request_id", &self.request_id);
            filter.and_sql("t.request_id is not null");
        }
        Ok((filter, count))
    }
}

fn on_the_wire(mut row: AuditLog) -> AuditRow {
    row.tenant = Uuid::nil();
    row
}

impl ReadModels {
    /// A page of the audit log, the newest first unless `sort` says `recorded_at`; as it stood then, where `as_of` says when.
    ///
    /// The total is exact without filters and within a span of time; with other filters counting stops at 10,000.
    pub async fn audit_logs(
        &self,
        tenant: TenantId,
        query: &AuditQuery,
        page: &Page,
        as_of: Option<AsOf>,
    ) -> Result<Listed<AuditRow>, QueryError> {
        let at = self.moment(tenant, as_of, AUDIT_LOGS).await?;
        let (filter, count) = query.filter(tenant, at)?;
        let list = List {
            projection: AuditLogs::NAME,
            source: "read.audit_logs t".into(),
            id: ("t.position", "bigint"),
            filter,
            sort: Sort::parse(page.sort.as_deref(), "-recorded_at", KEYS, SORT)?,
            count,
            identity: json!(["audit_logs", query, as_of.map(|as_of| format!("{as_of:?}"))]).to_string(),
        };
        let listed = self.list::<AuditLog>(tenant, list, page).await?;
        let position = at.map_or(listed.position, |at| at.min(listed.position));
        Ok(Listed { position, ..listed.map(on_the_wire) })
    }

    /// One entry, by the event's id.
    pub async fn audit_log(&self, tenant: TenantId, event: Uuid) -> Result<Option<AuditRow>, QueryError> {
        let sql = "select to_json(t) from read.audit_logs t where t.tenant = $1 and t.id = $2";
        let found = self.one(tenant, sql, &[Arg::Uuid(tenant.uuid()), Arg::Uuid(event)]).await?;
        Ok(found.map(on_the_wire))
    }

    /// The tenant's entries after a position, in the log's order: what a live stream sends.
    pub async fn events_after(
        &self,
        tenant: TenantId,
        position: u64,
        limit: usize,
    ) -> Result<Vec<AuditRow>, QueryError> {
        let sql = "select to_json(t) from read.audit_logs t where t.tenant = $1 and t.position > $2 \
                   order by t.position limit $3";
        let after = i64::try_from(position).unwrap_or(i64::MAX);
        let args = [Arg::Uuid(tenant.uuid()), Arg::Number(after), Arg::Number(limit.min(500) as i64)];
        let mut transaction = self.scoped(tenant).await?;
        let rows: Vec<Json<AuditLog>> =
            bind(sqlx::query_scalar(sql), &args).fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(rows.into_iter().map(|Json(row)| on_the_wire(row)).collect())
    }
}
