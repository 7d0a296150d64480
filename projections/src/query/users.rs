//! Users: lists and single ones. Names and addresses stay sealed; whoever may see them opens them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use hub_domain::kernel::{TenantId, TypedId, UserId};
use hub_domain::user::{Profile, Role};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::clusters::known;
use super::list::{Arg, Count, Filter, List};
use super::page::{Listed, Page, Sort, SortKey};
use super::past::USERS;
use super::{AsOf, QueryError, ReadModels};
use crate::models::{UserAccount, Users};
use crate::projection::{Projection, Stored};

/// An account, as it is or was.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UserRow {
    /// The user's id.
    pub id: String,
    /// `active`, `disabled` or `deleted`.
    pub status: String,
    /// What the user may do.
    pub roles: BTreeSet<Role>,
    /// Who it is, sealed. Whose account is deleted by now has none, whatever moment was asked for. Never serialised.
    #[serde(skip)]
    pub profile: Option<Profile>,
    /// The stream's revision: the `ETag`.
    pub revision: u64,
    /// When the account came to be.
    pub created_at: DateTime<Utc>,
    /// Who made it.
    pub created_by: String,
    /// When the account last changed; a sign-in does not change it.
    pub updated_at: DateTime<Utc>,
    /// Who changed it.
    pub updated_by: String,
    /// When the user last signed in.
    pub last_signed_in_at: Option<DateTime<Utc>>,
    /// The newest event that touched the account.
    pub position: u64,
}

impl From<UserAccount> for UserRow {
    fn from(row: UserAccount) -> Self {
        Self {
            id: row.id,
            status: row.status,
            roles: row.roles,
            profile: row
                .email_sealed
                .zip(row.display_name_sealed)
                .map(|(email, display_name)| Profile { email, display_name }),
            revision: row.revision,
            created_at: row.created_at,
            created_by: row.created_by,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
            last_signed_in_at: row.last_signed_in_at,
            position: row.position,
        }
    }
}

/// Which users. Values of one member are alternatives; members are demands that all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserQuery {
    /// `active`, `disabled`, `deleted`; with none given all but the deleted.
    pub status: Vec<String>,
    /// Roles, at least one of which the user has.
    pub role: Vec<String>,
}

const STATUS: &[&str] = &["active", "disabled", "deleted"];
const ROLE: &[&str] = &["admin", "operator", "viewer"];
const SORT: &[&str] = &["created_at", "updated_at", "status", "last_signed_in_at"];
const KEYS: &[SortKey] = &[
    SortKey { name: "created_at", expression: "t.created_at", sql_type: "timestamptz" },
    SortKey { name: "updated_at", expression: "t.updated_at", sql_type: "timestamptz" },
    SortKey { name: "status", expression: "t.status", sql_type: "text" },
    // Who never signed in did so before everybody else.
    SortKey {
        name: "last_signed_in_at",
        expression: "coalesce(t.last_signed_in_at, '-infinity'::timestamptz)",
        sql_type: "timestamptz",
    },
];

/// A version of an account as it is shown: without its sealed data where the account is deleted by now (`known`).
const SHOWN: &str = "v.tenant, v.id, v.status, v.roles, \
     case when known.status <> 'deleted' then v.email_sealed end as email_sealed, \
     case when known.status <> 'deleted' then v.display_name_sealed end as display_name_sealed, \
     v.revision, v.created_at, v.created_by, v.updated_at, v.updated_by, v.last_signed_in_at, v.position, v.recorded_at, \
     v.valid_from, v.valid_to";

/// The versions that held at a moment, with the alias `t`; one look-up by primary key an account.
fn source(filter: &mut Filter, tenant: TenantId, as_of: Option<u64>) -> String {
    let tenant = filter.arg(Arg::Uuid(tenant.uuid()));
    match as_of {
        None => {
            filter.and_sql(format!("t.tenant = {tenant} and t.valid_to is null"));
            "read.users t".to_owned()
        }
        Some(position) => {
            let position = filter.arg(Arg::Number(position as i64));
            format!(
                "(select {SHOWN} from read.users known cross join lateral \
                   (select w.* from read.users w where w.tenant = known.tenant and w.id = known.id \
                    and w.valid_from <= {position} order by w.valid_from desc limit 1) v \
                  where known.tenant = {tenant} and known.valid_to is null) t"
            )
        }
    }
}

impl UserQuery {
    fn filter(&self, mut filter: Filter) -> Result<Filter, QueryError> {
        known("status", &self.status, STATUS)?;
        known("role", &self.role, ROLE)?;
        if self.status.is_empty() {
            filter.and_sql("t.status <> 'deleted'");
        }
        filter.one_of("t.status", &self.status);
        if !self.role.is_empty() {
            filter.and("t.roles", "&&", Arg::Texts(self.role.clone()));
        }
        Ok(filter)
    }
}

impl ReadModels {
    /// A page of users, as they are or as they were.
    pub async fn users(
        &self,
        tenant: TenantId,
        query: &UserQuery,
        page: &Page,
        as_of: Option<AsOf>,
    ) -> Result<Listed<UserRow>, QueryError> {
        let at = self.moment(tenant, as_of, USERS).await?;
        let mut filter = Filter::default();
        let source = source(&mut filter, tenant, at);
        let list = List {
            projection: Users::NAME,
            source,
            id: ("t.id", "text"),
            filter: query.filter(filter)?,
            sort: Sort::parse(page.sort.as_deref(), "created_at", KEYS, SORT)?,
            count: Count::All,
            identity: json!(["users", query, as_of.map(|as_of| format!("{as_of:?}"))]).to_string(),
        };
        let listed = self.list::<Stored<UserAccount>>(tenant, list, page).await?;
        let position = at.map_or(listed.position, |at| at.min(listed.position));
        Ok(Listed { position, ..listed.map(|stored| stored.row.into()) })
    }

    /// One user, as it is or as it was; also one that has been deleted.
    pub async fn user(
        &self,
        tenant: TenantId,
        id: UserId,
        as_of: Option<AsOf>,
    ) -> Result<Option<UserRow>, QueryError> {
        let at = self.moment(tenant, as_of, USERS).await?.map_or(i64::MAX, |position| position as i64);
        let sql = format!(
            "select to_json(t) from (select {SHOWN} from read.users known cross join lateral \
               (select w.* from read.users w where w.tenant = $1 and w.id = $2 and w.valid_from <= $3 \
                order by w.valid_from desc limit 1) v \
              where known.tenant = $1 and known.id = $2 and known.valid_to is null) t"
        );
        let args = [Arg::Uuid(tenant.uuid()), Arg::Text(id.to_string()), Arg::Number(at)];
        let found = self.one::<Stored<UserAccount>>(tenant, &sql, &args).await?;
        Ok(found.map(|stored| stored.row.into()))
    }
}
