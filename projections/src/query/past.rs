//! Which position of the log a moment stands for.

use std::time::Duration;

use hub_domain::kernel::{TenantId, TypedId};

use super::list::Arg;
use super::{AsOf, QueryError, ReadModels};

/// How long a query for a moment that the tables have not reached waits for them.
const NEAR_FUTURE: Duration = Duration::from_secs(1);

/// A table whose past can be asked for: what it is called, and its columns for the time and the position of a change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Past {
    table: &'static str,
    time: &'static str,
    position: &'static str,
}

pub(super) const CLUSTERS: Past = Past { table: "read.clusters", time: "updated_at", position: "valid_from" };
pub(super) const USERS: Past = Past { table: "read.users", time: "recorded_at", position: "valid_from" };
pub(super) const EXPORTS: Past = Past { table: "read.exports", time: "updated_at", position: "valid_from" };
pub(super) const AUDIT_LOGS: Past =
    Past { table: "read.audit_logs", time: "recorded_at", position: "position" };

impl ReadModels {
    /// The position that a moment stands for; `None` is the present.
    ///
    /// A time stands for the tenant's newest change in that table then or before. A position that has just been given out is
    /// waited for.
    pub(super) async fn moment(
        &self,
        tenant: TenantId,
        as_of: Option<AsOf>,
        past: Past,
    ) -> Result<Option<u64>, QueryError> {
        let time = match as_of {
            None => return Ok(None),
            Some(AsOf::Position(wanted)) => {
                self.wait_for(wanted, NEAR_FUTURE).await.map_err(|_| QueryError::FutureAsOf)?;
                return Ok(Some(wanted));
            }
            Some(AsOf::Time(time)) => time,
        };
        let Past { table, time: column, position } = past;
        let sql = format!(
            "select to_json(case when $2 <= clock_timestamp() then coalesce((\
               select t.{position} from {table} t where t.tenant = $1 and t.{column} <= $2 \
               order by t.{column} desc, t.{position} desc limit 1), 0) end) as position"
        );
        let args = [Arg::Uuid(tenant.uuid()), Arg::Time(time)];
        self.one::<u64>(tenant, &sql, &args).await?.map(Some).ok_or(QueryError::FutureAsOf)
    }
}
