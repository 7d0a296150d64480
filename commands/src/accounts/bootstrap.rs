//! The first start: a tenant and somebody who may let others in.

use std::time::Duration;

use hub_domain::kernel::{TenantId, TenantName, TypedId, UserId};
use hub_domain::tenant::{Tenant, TenantCommand};
use hub_domain::user::{Role, User};
use secrecy::SecretString;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Accounts, NewUser, UserChanges, rules};
use crate::access::{Caller, Permission};
use crate::dispatcher::Options;
use crate::error::CommandError;
use crate::ports::{Lease, Unavailable};
use crate::to_the_end;

/// The login of the first administrator of every tenant.
pub const ADMINISTRATOR: &str = "admin@clustermaster.local";
/// The turn that a hub takes to create a tenant.
const TURN: &str = "bootstrap";
const TURN_LASTS: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(100);

/// How to get in for the first time.
#[derive(Clone, Debug)]
pub struct FirstAdministrator {
    /// The tenant that was created.
    pub tenant: TenantId,
    /// The login.
    pub email: &'static str,
    /// The password that was made up, to be shown once; `None` when one was given.
    pub one_time_password: Option<SecretString>,
}

impl Accounts {
    /// Creates a tenant and its first administrator; `None` when the tenant has had its administrator already.
    ///
    /// Hub processes take turns, and an attempt that died half-way is finished by the next one: the first
    /// administrator's id is the tenant's own UUID, so that there can be no second first one.
    pub async fn bootstrap(
        &self,
        tenant: TenantName,
        password: Option<SecretString>,
    ) -> Result<Option<FirstAdministrator>, CommandError> {
        let this = self.clone();
        to_the_end(async move {
            let turn = this.turn().await?;
            let result = this.found(tenant, password).await;
            this.ports.leases.release(&turn).await?;
            result
        })
        .await
    }

    /// Gives a tenant's first administrator a new password and lets them in again; `None` when there is no such tenant.
    /// For whoever keeps the hub's machine: a lost one-time password is no reason to begin anew.
    pub async fn reset_password(
        &self,
        tenant: &TenantName,
        password: Option<SecretString>,
    ) -> Result<Option<FirstAdministrator>, CommandError> {
        let Some(tenant) = self.ports.credentials.tenant(tenant.as_str()).await? else { return Ok(None) };
        let one_time_password = password.is_none().then(|| rules::one_time_password(&*self.ports.ids));
        let password = password.or_else(|| one_time_password.clone());
        let changes = UserChanges { password, enabled: Some(true), ..UserChanges::default() };
        let (caller, administrator) = (Caller::system("recovery", tenant), UserId::from_uuid(tenant.uuid()));
        let permission = Permission::ManageTenants;
        self.change_under(permission, &caller, administrator, changes, &Options::default()).await?;
        Ok(Some(FirstAdministrator { tenant, email: ADMINISTRATOR, one_time_password }))
    }

    async fn turn(&self) -> Result<Lease, CommandError> {
        let holder = format!("bootstrap-{}", self.ports.ids.uuid());
        let deadline = Instant::now() + TURN_LASTS * 2;
        loop {
            if let Some(turn) = self.ports.leases.acquire(TURN, &holder, TURN_LASTS).await? {
                return Ok(turn);
            }
            if Instant::now() > deadline {
                return Err(Unavailable::new("the turn to create a tenant", "another hub keeps it").into());
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn found(
        &self,
        name: TenantName,
        password: Option<SecretString>,
    ) -> Result<Option<FirstAdministrator>, CommandError> {
        let known = self.ports.credentials.tenant(name.as_str()).await?;
        let tenant = known.unwrap_or_else(|| TenantId::from_uuid(self.ports.ids.uuid()));
        let administrator = UserId::from_uuid(tenant.uuid());
        if known.is_some()
            && self.dispatcher.load::<User>(tenant, &administrator.to_string()).await?.1.is_some()
        {
            return Ok(None);
        }
        // Names of tenants belong to no tenant.
        let nobody = TenantId::from_uuid(Uuid::nil());
        if !self.ports.claims.claim(nobody, "tenant-name", name.as_str(), &tenant.to_string()).await? {
            return Err(CommandError::NameTaken { pointer: "/name" });
        }
        let caller = Caller::system("bootstrap", tenant);
        let (permission, options, stream) =
            (Permission::ManageTenants, Options::default(), tenant.to_string());
        let command = TenantCommand::Create(name);
        self.dispatcher
            .execute::<Tenant>(&caller, permission, "tenant.create", &stream, command, &options)
            .await?;
        let user = NewUser {
            email: ADMINISTRATOR.into(),
            display_name: "Administrator".into(),
            roles: [Role::Admin].into(),
            password,
        };
        let registered = self.enrol(&caller, permission, administrator, user, &options).await?;
        let one_time_password = registered.one_time_password;
        Ok(Some(FirstAdministrator { tenant, email: ADMINISTRATOR, one_time_password }))
    }
}
