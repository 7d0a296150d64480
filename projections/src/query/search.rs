//! One text, looked for in clusters and in the audit log.

use chrono::{DateTime, Utc};
use hub_domain::cluster::Provider;
use hub_domain::kernel::{TenantId, TypedId};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use super::clusters::GONE;
use super::list::{Arg, Filter, bind};
use super::{QueryError, ReadModels};

/// Commands or kinds of events that a beginning may stand for; there are fewer.
const KINDS: usize = 200;
/// The longest text that is looked for, in characters.
const LONGEST: usize = 256;
/// The most of each that are found.
const MOST: u32 = 50;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery {
    /// The text: 1 to 256 characters.
    pub q: String,
    /// At most so many of each: 1 to 50.
    pub limit: u32,
    /// Whether the audit log is looked through.
    pub entries: bool,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Found {
    /// Clusters, also those that have been decommissioned: the one of that very name or id first, then the managed ones, by name.
    pub clusters: Vec<FoundCluster>,
    /// Entries of the audit log, the newest first.
    pub entries: Vec<FoundEntry>,
}

/// A cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundCluster {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it runs.
    pub provider: Provider,
    /// The provider's region or the site.
    pub region: String,
    /// Its health.
    pub health: String,
    /// Its state.
    pub status: String,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundEntry {
    /// The event's id.
    pub id: Uuid,
    /// Where it stands in the log.
    pub position: u64,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// What happened.
    pub event_type: String,
    /// To which thing.
    pub target_id: String,
    /// One sentence.
    pub summary: String,
}

impl SearchQuery {
    fn check(&self) -> Result<(), QueryError> {
        let refused = |parameter, rule: String| Err(QueryError::InvalidFilter { parameter, rule });
        if !(1..=MOST).contains(&self.limit) {
            return refused("limit", format!("must be 1 to {MOST}"));
        }
        if !(1..=LONGEST).contains(&self.q.chars().count()) {
            return refused("q", format!("must be 1 to {LONGEST} characters"));
        }
        Ok(())
    }

    fn statement(&self, tenant: TenantId) -> (String, Vec<Arg>) {
        let mut filter = Filter::default();
        let names = [
            filter.arg(Arg::Uuid(tenant.uuid())),
            filter.arg(Arg::Text(self.q.clone())),
            filter.arg(Arg::Text(self.q.to_lowercase())),
        ];
        let clusters = clusters(&names, self.limit);
        let entries = if self.entries { self.entries(&mut filter) } else { "select '[]'::json".to_owned() };
        let sql = format!("select json_build_object('clusters', ({clusters}), 'entries', ({entries}))");
        (sql, filter.args().to_vec())
    }

    /// Each way to an entry is an index whose order is that of positions: nothing is read that is not found.
    fn entries(&self, filter: &mut Filter) -> String {
        let limit = self.limit;
        let newest = |wanted: &str| {
            format!(
                "(select t.position from read.audit_logs t where t.tenant = $1 and {wanted} \
                  order by t.position desc limit {limit})"
            )
        };
        let mut ways: Vec<String> = ["target_id", "actor", "request_id", "change_request"]
            .map(|column| newest(&format!("t.{column} = $2")))
            .into();
        for (kinds, column) in [("actions", "action"), ("types", "event_type")] {
            ways.push(format!(
                "(select p.position from (select k.kind from {kinds} k where starts_with(k.kind, $2) limit {KINDS}) k \
                  cross join lateral {} p)",
                newest(&format!("t.{column} = k.kind"))
            ));
        }
        let digits = !self.q.is_empty() && self.q.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(position) = self.q.parse::<i64>().ok().filter(|_| digits) {
            let position = filter.arg(Arg::Number(position));
            ways.push(newest(&format!("t.position = {position}")));
        }
        if let Some(id) = Uuid::try_parse(&self.q).ok().filter(|_| self.q.len() == 36) {
            let id = filter.arg(Arg::Uuid(id));
            ways.push(newest(&format!("t.id = {id}")));
        }
        // From one value of a column to the next one, by the index: a log has few of them, however long it is.
        let kinds = |column: &str| {
            let next = |operator: &str, from: &str| {
                format!(
                    "(select t.{column} from read.audit_logs t where t.tenant = $1 and t.{column} {operator} {from} \
                      order by t.{column} limit 1)"
                )
            };
            format!(
                "(kind) as ({} union all select {} from {{}} k where k.kind is not null and starts_with(k.kind, $2))",
                next(">=", "$2"),
                next(">", "k.kind"),
            )
        };
        format!(
            "with recursive actions{actions}, types{types}, found(position) as ({ways}), \
             newest as (select f.position from found f order by f.position desc limit {limit}) \
             select coalesce(json_agg(json_build_object('id', t.id, 'position', t.position, 'recorded_at', t.recorded_at, \
               'event_type', t.event_type, 'target_id', t.target_id, 'summary', t.summary) order by t.position desc), '[]') \
             from newest n join read.audit_logs t on t.tenant = $1 and t.position = n.position",
            actions = kinds("action").replace("{}", "actions"),
            types = kinds("event_type").replace("{}", "types"),
            ways = ways.join(" union "),
        )
    }
}

fn clusters([tenant, text, lower]: &[String; 3], limit: u32) -> String {
    format!(
        "select coalesce(json_agg(json_build_object('id', c.id, 'name', c.name, 'provider', c.provider, 'region', c.region, \
           'health', c.health, 'status', c.status) order by c.exact desc, c.gone, c.name, c.id), '[]') \
         from (select t.*, t.name = {text} or t.id = {text} as exact, t.status = '{GONE}' as gone from read.clusters t \
           where t.tenant = {tenant} and t.valid_to is null and (strpos(t.name, {lower}) > 0 or strpos(t.id, {lower}) > 0 \
             or strpos(lower(t.region), {lower}) > 0 or strpos(lower(t.endpoint), {lower}) > 0) \
           order by exact desc, gone, t.name, t.id limit {limit}) c"
    )
}

impl ReadModels {
    /// Looks for a text: clusters by a part of their name, region, id or endpoint; entries by their event's id, their position, the
    /// request, the change request, the very target or actor, and by how their command or event type begins.
    pub async fn search(&self, tenant: TenantId, query: &SearchQuery) -> Result<Found, QueryError> {
        query.check()?;
        let (sql, args) = query.statement(tenant);
        let mut transaction = self.scoped(tenant).await?;
        // Statistics may be old; a log is never read through for a search.
        let by_index = "select set_config('enable_seqscan', 'off', true)::text || set_config('enable_bitmapscan', 'off', true)";
        sqlx::query_scalar::<_, String>(by_index).fetch_one(&mut *transaction).await?;
        let Json(found): Json<Found> =
            bind(sqlx::query_scalar(&sql), &args).fetch_one(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
