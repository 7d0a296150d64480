//! Users, as administrators ask for them and as they are shown.

use std::collections::BTreeSet;

use hub_domain::kernel::UserId;
use secrecy::SecretString;
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
    #[schema(value_type = Option<String>, format = "password", min_length = 12, max_length = 1024)]
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
    #[schema(value_type = Option<String>, format = "password", min_length = 12, max_length = 1024)]
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
    pub revision: Option<u64>,
    /// Shown once, when it was made: the user changes it. A repeat of the command does not show it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub one_time_password: Option<String>,
}
