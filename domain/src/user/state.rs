//! The states in which a user's account can be.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::kernel::Sealed;

/// Every state that an account can be in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum UserState {
    /// Nothing is known under this id.
    #[default]
    Absent,
    /// May sign in.
    Active(Account),
    /// May not sign in.
    Disabled(Account),
    /// Gone. The id is never used again.
    Deleted,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Who it is, sealed.
    pub profile: Profile,
    /// What the user may do.
    pub roles: BTreeSet<Role>,
}

/// Who a user is: sealed under the user's own key, so that destroying the key erases it everywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The e-mail address.
    pub email: Sealed,
    /// The name to show.
    pub display_name: Sealed,
}

/// What a user may do, from most to least; `commands` holds the one table of what that means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything within the tenant.
    Admin,
    /// Clusters, not users.
    Operator,
    /// Looking, not touching.
    Viewer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Operator, Self::Viewer];

    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Viewer => "viewer",
        }
    }
}

/// Why a sign-in was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInRefusal {
    /// The password was wrong.
    WrongPassword,
    /// The account is disabled.
    AccountDisabled,
    /// The tenant is suspended.
    TenantSuspended,
    /// A refresh token was used twice: the session was ended, since one of the two users of it is a thief.
    RefreshTokenReused,
}

impl UserState {
    /// The account, where there is one.
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::Active(account) | Self::Disabled(account) => Some(account),
            Self::Absent | Self::Deleted => None,
        }
    }

    /// The wire name of the state.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Active(_) => "active",
            Self::Disabled(_) => "disabled",
            Self::Deleted => "deleted",
        }
    }
}
