//! The caller of a route that is not public.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use hub_commands::{Caller, Permission};
use hub_domain::kernel::UserId;

use crate::problem::{Entry, Problem};

/// The caller, as the gate has let them in. A route that takes it cannot be reached without a session.
#[derive(Clone, Debug)]
pub struct Signed(Caller);

impl Signed {
    /// Only the gate makes one.
    pub(crate) fn new(caller: Caller) -> Self {
        Self(caller)
    }

    /// The caller, when the one table of permissions grants this. Queries ask here; commands ask in `commands`.
    pub fn may(&self, permission: Permission) -> Result<&Caller, Problem> {
        self.0.authorise(permission)?;
        Ok(&self.0)
    }

    /// The caller, for a command, which authorises them itself.
    pub fn caller(&self) -> &Caller {
        &self.0
    }

    /// The user behind the caller.
    pub fn user(&self) -> Result<UserId, Problem> {
        self.0.actor.as_str().parse().map_err(|_| Problem::new(Entry::UNAUTHENTICATED))
    }
}

impl<S: Sync> FromRequestParts<S> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| Problem::new(Entry::UNAUTHENTICATED))
    }
}
