//! Sessions and the one who holds them.

use std::collections::BTreeSet;

use hub_domain::kernel::{TenantId, UserId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Role;

/// Who signs in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The e-mail address of the account.
    #[schema(value_type = String, format = "email", max_length = 254, example = "admin@clustermaster.local")]
    pub email: SecretString,
    /// The password.
    #[schema(value_type = String, format = "password", max_length = 1024)]
    pub password: SecretString,
    /// The tenant's name; `default` when it is left out.
    #[schema(nullable, max_length = 63, example = "default")]
    pub tenant: Option<String>,
    /// Whether a browser signs in: then the refresh token is set as a cookie that no script can read, and is not in
    /// the answer.
    #[serde(default)]
    pub browser: bool,
}

/// A refresh token, to be exchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// The newest refresh token of the session. It serves once. Left out, the cookie of a browser session stands for it.
    #[schema(value_type = Option<String>, max_length = 1024)]
    pub refresh_token: Option<SecretString>,
}

/// A session that was opened or prolonged (names as in RFC 6749, section 5.1).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Session {
    /// To be shown as `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds for which the access token holds.
    #[schema(minimum = 0, maximum = 900)]
    pub expires_in: i64,
    /// To be exchanged for the next pair, once. Showing it twice ends the session. `null` where the cookie has it.
    #[schema(required)]
    pub refresh_token: Option<String>,
    /// Whose session it is.
    pub user: SessionUser,
}

/// Whose session it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionUser {
    /// The user's id.
    #[schema(value_type = String, example = "user_01jd8kz3f6e5t9m2v7q4x1r0ab")]
    pub id: UserId,
    /// What the user may do.
    #[schema(value_type = Vec<Role>)]
    pub roles: BTreeSet<hub_domain::user::Role>,
}

/// The caller.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Me {
    /// The user's id.
    #[schema(value_type = String, example = "user_01jd8kz3f6e5t9m2v7q4x1r0ab")]
    pub id: UserId,
    /// The tenant in which the session acts.
    #[schema(value_type = String, example = "tenant_01jd8kz3f6e5t9m2v7q4x1r0ab")]
    pub tenant: TenantId,
    /// The e-mail address; `null` once it was erased.
    #[schema(required)]
    pub email: Option<String>,
    /// The name to show; `null` once it was erased.
    #[schema(required)]
    pub display_name: Option<String>,
    /// What the session's roles are.
    #[schema(value_type = Vec<Role>)]
    pub roles: BTreeSet<hub_domain::user::Role>,
    /// What the roles permit.
    #[schema(example = json!(["clusters:read", "self:manage"]))]
    pub permissions: Vec<&'static str>,
    /// The session's id.
    pub session: Uuid,
}
