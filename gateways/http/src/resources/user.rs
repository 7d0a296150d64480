//! Users, as administrators ask for them and as they are shown.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use hub_commands::Outcome;
use hub_commands::accounts::{OpenProfile, UserChanges};
use hub_domain::kernel::UserId;
use hub_projections::UserRow;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a user may do.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "the domain's own type is read and written; this one only describes it")]
pub enum Role {
    /// Everything within the tenant.
    Admin,
    /// Clusters, not users.
    Operator,
    /// Looking, not touching.
    Viewer,
}

/// An account to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "sre@example.org", "display_name": "Sam", "roles": ["operator"]}))]
pub struct NewUser {
    /// The e-mail address, unique in the tenant.
    #[schema(value_type = String, format = "email", max_length = 254)]
    pub email: SecretString,
    /// The name to show.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    pub display_name: SecretString,
    /// What the user may do; at least one role.
    #[schema(value_type = Vec<Role>, min_items = 1)]
    pub roles: BTreeSet<hub_domain::user::Role>,
    /// A password of 12 characters or more; a one-time password is made when it is left out.
    #[schema(value_type = Option<String>, format = "password", min_length = 12, max_length = 256)]
    pub password: Option<SecretString>,
}

/// A change of an account; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"roles": ["viewer"]}))]
pub struct ChangeUser {
    /// The new e-mail address.
    #[schema(value_type = Option<String>, format = "email", max_length = 254)]
    pub email: Option<SecretString>,
    /// The new name to show.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    pub display_name: Option<SecretString>,
    /// What the user may do from now on.
    #[schema(value_type = Option<Vec<Role>>, min_items = 1)]
    pub roles: Option<BTreeSet<hub_domain::user::Role>>,
    /// Whether the user may sign in.
    pub enabled: Option<bool>,
    /// A new password of 12 characters or more.
    #[schema(value_type = Option<String>, format = "password", min_length = 12, max_length = 256)]
    pub password: Option<SecretString>,
}

/// What a command on a user answers: the account as the command left it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserSummary {
    /// The user's id.
    #[schema(value_type = String, pattern = "^user_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    pub id: UserId,
    /// `active`, `disabled` or `deleted`.
    #[schema(example = "active")]
    pub status: &'static str,
    /// What the user may do.
    #[schema(value_type = Vec<Role>)]
    pub roles: BTreeSet<hub_domain::user::Role>,
    /// The revision, as in the `ETag`; `null` where nothing was recorded yet.
    #[schema(required)]
    pub revision: Option<u64>,
    /// Shown once, when it was made: the user changes it. A repeat of the command does not show it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub one_time_password: Option<String>,
}

/// An account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct User {
    /// The user's id.
    #[schema(pattern = "^user_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    pub id: String,
    /// The e-mail address; `null` once the account is deleted or its data erased.
    #[schema(required)]
    pub email: Option<String>,
    /// The name to show; `null` once the account is deleted or its data erased.
    #[schema(required)]
    pub display_name: Option<String>,
    /// `active`, `disabled` or `deleted`.
    #[schema(example = "active")]
    pub status: String,
    /// What the user may do.
    #[schema(value_type = Vec<Role>)]
    pub roles: BTreeSet<hub_domain::user::Role>,
    /// When the user last signed in.
    #[schema(required)]
    pub last_signed_in_at: Option<DateTime<Utc>>,
    /// The revision, as in the `ETag`.
    pub revision: u64,
    /// When the account came to be.
    pub created_at: DateTime<Utc>,
    /// Who made it.
    #[schema(example = "user_01jd8kz3f6e5t9m2v7q4x1r0ab")]
    pub created_by: String,
    /// When the account last changed.
    pub updated_at: DateTime<Utc>,
    /// Who changed it.
    pub updated_by: String,
    /// The ledger position of its newest event.
    pub position: u64,
}

impl User {
    /// A row, with what could be opened of it.
    pub fn new(row: UserRow, open: Option<&OpenProfile>) -> Self {
        Self {
            id: row.id,
            email: open.map(|profile| profile.email.expose_secret().to_owned()),
            display_name: open.map(|profile| profile.display_name.expose_secret().to_owned()),
            status: row.status,
            roles: row.roles,
            last_signed_in_at: row.last_signed_in_at,
            revision: row.revision,
            created_at: row.created_at,
            created_by: row.created_by,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
            position: row.position,
        }
    }
}

impl UserSummary {
    /// What a command left.
    pub fn new(id: UserId, outcome: &Outcome<hub_domain::user::User>) -> Self {
        Self {
            id,
            status: outcome.state.status(),
            roles: outcome.state.account().map(|account| account.roles.clone()).unwrap_or_default(),
            revision: outcome.receipt.revision,
            one_time_password: None,
        }
    }
}

impl From<NewUser> for hub_commands::accounts::NewUser {
    fn from(user: NewUser) -> Self {
        let NewUser { email, display_name, roles, password } = user;
        Self { email, display_name, roles, password }
    }
}

impl From<ChangeUser> for UserChanges {
    fn from(changes: ChangeUser) -> Self {
        let ChangeUser { email, display_name, roles, enabled, password } = changes;
        Self { email, display_name, roles, enabled, password }
    }
}
