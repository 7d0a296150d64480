//! What can happen to a user. Personal data stands here only sealed under the user's own key.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::state::{Profile, Role, SignInRefusal};
use crate::events;
use crate::kernel::RefusalKind;

events! {
    /// What can happen to a user.
    pub enum UserEvent {
        /// The account came to be.
        Registered(Registered) = "user.registered.v1",
        /// Name or e-mail address changed.
        ProfileChanged(ProfileChanged) = "user.profile_changed.v1",
        /// What the user may do changed.
        RolesChanged(RolesChanged) = "user.roles_changed.v1",
        /// The password is another one.
        PasswordChanged(PasswordChanged) = "user.password_changed.v1",
        /// The user may not sign in any more.
        Disabled(Disabled) = "user.disabled.v1",
        /// The user may sign in again.
        Enabled(Enabled) = "user.enabled.v1",
        /// The account is gone for good.
        Deleted(Deleted) = "user.deleted.v1",
        /// A session began.
        SignedIn(SignedIn) = "user.signed_in.v1",
        /// Somebody tried and was turned away.
        SignInRefused(SignInRefused) = "user.sign_in_refused.v1",
        /// A session ended.
        SignedOut(SignedOut) = "user.signed_out.v1",
        /// The user asked for something that was refused.
        CommandRefused(CommandRefused) = "user.command_refused.v1",
        /// So much was refused in so short a time that the rest was only counted.
        RefusalsCounted(RefusalsCounted) = "user.refusals_counted.v1",
    }
}

/// Body of `user.registered.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Registered {
    /// Who it is, sealed.
    pub profile: Profile,
    /// What the user may do.
    pub roles: BTreeSet<Role>,
}

/// Body of `user.profile_changed.v1`. There is no "before": it would outlive its erasure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfileChanged {
    /// Who it is, sealed.
    pub profile: Profile,
}

/// Body of `user.roles_changed.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RolesChanged {
    /// Before.
    pub from: BTreeSet<Role>,
    /// After.
    pub to: BTreeSet<Role>,
}

/// Body of `user.password_changed.v1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PasswordChanged {}

/// Body of `user.disabled.v1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Disabled {}

/// Body of `user.enabled.v1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Enabled {}

/// Body of `user.deleted.v1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Deleted {}

/// Body of `user.signed_in.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The session's id; not a token.
    pub session: String,
}

/// Body of `user.sign_in_refused.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignInRefused {
    /// Why.
    pub cause: SignInRefusal,
}

/// Body of `user.signed_out.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignedOut {
    /// The session's id.
    pub session: String,
}

/// Body of `user.command_refused.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandRefused {
    /// The command: `cluster.decommission`.
    pub command: String,
    /// The stream that it was about, as the user named it, whether or not there is such a one; none where a new one was to
    /// begin.
    pub target: Option<String>,
    /// The code of the problem that was answered: `forbidden`.
    pub code: String,
    /// The family of answers to which the code belongs.
    pub kind: RefusedAs,
}

/// Body of `user.refusals_counted.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefusalsCounted {
    /// How many refusals have no event of their own.
    pub count: u64,
    /// Within how many seconds they came.
    pub seconds: u64,
}

/// The families of refusals that are recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedAs {
    /// The user may not do this.
    Forbidden,
    /// The present state forbids it.
    Conflict,
    /// It breaks a rule whatever the state.
    Invalid,
    /// What it names does not exist in the user's tenant.
    NotFound,
    /// The target is at another revision than the user had seen.
    Precondition,
}

impl From<RefusalKind> for RefusedAs {
    fn from(kind: RefusalKind) -> Self {
        match kind {
            RefusalKind::NotFound => Self::NotFound,
            RefusalKind::Conflict => Self::Conflict,
            RefusalKind::Invalid => Self::Invalid,
            RefusalKind::Forbidden => Self::Forbidden,
        }
    }
}
