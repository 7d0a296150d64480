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
use super::{QueryError, ReadModels};
use crate::models::{UserAccount, Users};
use crate::projection::Projection;

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UserRow {
    /// The user's id.
    pub id: String,
    /// `active`, `disabled` or `deleted`.
    pub status: String,
    /// What the user may do.
    pub roles: BTreeSet<Role>,
    /// Who it is, sealed; `None` once the user is deleted. Never serialised.
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

impl ReadModels {
    /// A page of users.
    pub async fn users(
        &self,
        tenant: TenantId,
        query: &UserQuery,
        page: &Page,
    ) -> Result<Listed<UserRow>, QueryError> {
        known("status", &query.status, STATUS)?;
        known("role", &query.role, ROLE)?;
        let mut filter = Filter::default();
        filter.and("t.tenant", "=", Arg::Uuid(tenant.uuid()));
        if query.status.is_empty() {
            filter.and_sql("t.status <> 'deleted'");
        }
        filter.one_of("t.status", &query.status);
        if !query.role.is_empty() {
            filter.and("t.roles", "&&", Arg::Texts(query.role.clone()));
        }
        let list = List {
            projection: Users::NAME,
            source: "read.users t".into(),
            id: ("t.id", "text"),
            filter,
            sort: Sort::parse(page.sort.as_deref(), "created_at", KEYS, SORT)?,
            count: Count::All,
            identity: json!(["users", query]).to_string(),
        };
        Ok(self.list::<UserAccount>(tenant, list, page).await?.map(UserRow::from))
    }

    /// One user; also one that has been deleted.
    pub async fn user(&self, tenant: TenantId, id: UserId) -> Result<Option<UserRow>, QueryError> {
        let found = self
            .one::<UserAccount>(
                tenant,
                "select to_json(t) from read.users t where t.tenant = $1 and t.id = $2",
                &[Arg::Uuid(tenant.uuid()), Arg::Text(id.to_string())],
            )
            .await?;
        Ok(found.map(UserRow::from))
    }
}
