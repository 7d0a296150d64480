//! Users as a caller sees them: signing in and out, registering, changing, deleting.
//!
//! The ledger holds what happened; passwords, sessions and the keys of personal data lie beside it. Whenever both
//! change, the order of the steps is such that a crash between two of them leaves nothing that blocks a retry and
//! never a right that the ledger does not know of.

mod bootstrap;
mod manage;
mod rules;
mod sign_in;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hub_domain::kernel::{TenantId, UserId};
use hub_domain::user::{Profile, Role, User};
use secrecy::SecretString;
use uuid::Uuid;

pub use bootstrap::{ADMINISTRATOR, FirstAdministrator};
pub use sign_in::{Holder, SignInError, SignedIn};

use crate::dispatcher::{Dispatcher, Outcome};
use crate::ports::{Ports, Unavailable, VaultError};

/// What may be set of sign-ins.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How long a session lasts at most.
    pub session: Duration,
    /// How long a refused sign-in takes at least, so that the time tells nothing of the cause.
    pub refusal: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { session: Duration::from_hours(720), refusal: Duration::from_millis(250) }
    }
}

/// The accounts of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    dispatcher: Arc<Dispatcher>,
    ports: Ports,
    settings: Settings,
}

/// A user who is to be.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The e-mail address, which is also the login.
    pub email: SecretString,
    /// The name to show.
    pub display_name: SecretString,
    /// What the user may do.
    pub roles: BTreeSet<Role>,
    /// The password; a one-time password is made up when there is none.
    pub password: Option<SecretString>,
}

/// A user who has come to be.
#[derive(Debug)]
pub struct Registered {
    /// The id; on a repeat the first one.
    pub id: UserId,
    /// What was recorded, or would be.
    pub outcome: Outcome<User>,
    /// The password that was made up. Shown once: a repeat does not know it any more.
    pub one_time_password: Option<SecretString>,
}

/// What is to change of a user; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub struct UserChanges {
    /// The e-mail address.
    pub email: Option<SecretString>,
    /// The name to show.
    pub display_name: Option<SecretString>,
    /// What the user may do.
    pub roles: Option<BTreeSet<Role>>,
    /// Whether the user may sign in.
    pub enabled: Option<bool>,
    /// The password.
    pub password: Option<SecretString>,
}

/// Who a user is, opened for showing.
#[derive(Clone, Debug)]
pub struct OpenProfile {
    /// The e-mail address.
    pub email: SecretString,
    /// The name to show.
    pub display_name: SecretString,
}

impl Accounts {
    /// The accounts over a dispatcher and what lies beside the ledger.
    pub fn new(dispatcher: Arc<Dispatcher>, ports: &Ports) -> Self {
        Self { dispatcher, ports: ports.clone(), settings: Settings::default() }
    }

    /// Other settings than the usual ones.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Whether a session lives.
    pub async fn alive(&self, tenant: TenantId, session: Uuid) -> Result<bool, Unavailable> {
        self.ports.sessions.alive(tenant, session).await
    }

    /// Opens a sealed profile; `None` when it was erased.
    pub async fn profile(
        &self,
        tenant: TenantId,
        id: UserId,
        profile: &Profile,
    ) -> Result<Option<OpenProfile>, Unavailable> {
        let subject = id.to_string();
        let email = self.ports.vault.open(tenant, &subject, &profile.email).await;
        let display_name = self.ports.vault.open(tenant, &subject, &profile.display_name).await;
        match (email, display_name) {
            (Ok(email), Ok(display_name)) => Ok(Some(OpenProfile { email, display_name })),
            (Err(VaultError::Erased), _) | (_, Err(VaultError::Erased)) => Ok(None),
            (Err(error), _) | (_, Err(error)) => Err(error.into()),
        }
    }
}
