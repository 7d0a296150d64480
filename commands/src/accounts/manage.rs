//! Registering, changing and deleting users.

use chrono::{DateTime, TimeDelta, Utc};
use hub_domain::kernel::{Sealed, TenantId, TypedId, UserId};
use hub_domain::user::{Account, Changes, Profile, User, UserCommand, UserEvent, UserState};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{Accounts, NewUser, OpenProfile, Registered, UserChanges, rules};
use crate::access::{Caller, Permission};
use crate::dispatcher::{Options, Outcome};
use crate::error::CommandError;
use crate::ports::{Credential, Receipt};
use crate::to_the_end;

const REGISTER: &str = "user.register";
const CHANGE: &str = "user.change";
const DELETE: &str = "user.delete";
/// A registration that takes longer than this has died on the way.
const IN_FLIGHT: TimeDelta = TimeDelta::seconds(60);

impl Accounts {
    /// Registers a user in the caller's tenant. Needs [`Permission::ManageUsers`].
    pub async fn register(
        &self,
        caller: &Caller,
        user: NewUser,
        options: &Options,
    ) -> Result<Registered, CommandError> {
        let work = async {
            caller.authorise(Permission::ManageUsers)?;
            if let Some(outcome) = self.dispatcher.repeat::<User>(caller, REGISTER, options).await? {
                return Ok(Registered { id: id_of(&outcome.receipt)?, outcome, one_time_password: None });
            }
            let (this, caller, options) = (self.clone(), caller.clone(), options.clone());
            let id = UserId::from_uuid(self.ports.ids.uuid());
            to_the_end(async move { this.enrol(&caller, Permission::ManageUsers, id, user, &options).await })
                .await
        };
        self.dispatcher.accountable(caller, REGISTER, None, options, work).await
    }

    /// Registers a user under an id of the hub's choice.
    pub(super) async fn enrol(
        &self,
        caller: &Caller,
        permission: Permission,
        id: UserId,
        user: NewUser,
        options: &Options,
    ) -> Result<Registered, CommandError> {
        let email = rules::checked_email(&user.email)?;
        let display_name = rules::display_name(&user.display_name)?;
        if let Some(password) = &user.password {
            rules::password(password, Some(&email))?;
        }
        let (tenant, stream) = (caller.tenant, id.to_string());
        let login = self.login(tenant, &email);

        let account = Account { profile: placeholder(), roles: user.roles.clone() };
        let command = UserCommand::Register(account);
        let planned = self.dispatcher.plan(caller, permission, REGISTER, &stream, command, options).await?;
        if options.dry_run {
            self.check_login(tenant, id, &login).await?;
            return Ok(Registered { id, outcome: planned, one_time_password: None });
        }

        let one_time_password = user.password.is_none().then(|| rules::one_time_password(&*self.ports.ids));
        let password = user.password.or_else(|| one_time_password.clone()).expect("one of the two is there");
        let password_hash = self.ports.credentials.hash(password).await?;
        let profile = self.seal(tenant, id, &OpenProfile { email, display_name }).await?;
        // The login first: it is what two registrations compete for. One that dies before its event is replaced.
        self.take_login(&Credential { user: id, tenant, password_hash }, &login).await?;
        let command = UserCommand::Register(Account { profile, roles: user.roles });
        let result = self.dispatcher.execute(caller, permission, REGISTER, &stream, command, options).await;
        match result {
            Ok(outcome) if outcome.receipt.stream == stream => {
                Ok(Registered { id, outcome, one_time_password })
            }
            Ok(outcome) => {
                self.ports.credentials.forget(tenant, id).await?;
                Ok(Registered { id: id_of(&outcome.receipt)?, outcome, one_time_password: None })
            }
            Err(error) => {
                if !error.is_unknown() {
                    self.ports.credentials.forget(tenant, id).await?;
                }
                Err(error)
            }
        }
    }

    /// Changes a user. Needs [`Permission::ManageUsers`]; one's own password needs [`Permission::ManageSelf`] only.
    pub async fn change(
        &self,
        caller: &Caller,
        id: UserId,
        changes: UserChanges,
        options: &Options,
    ) -> Result<Outcome<User>, CommandError> {
        let (permission, stream) = (permission_for(caller, id, &changes), id.to_string());
        let work = self.change_under(permission, caller, id, changes, options);
        self.dispatcher.accountable(caller, CHANGE, Some(&stream), options, work).await
    }

    /// [`Self::change`], under a permission of one's choice.
    pub(super) async fn change_under(
        &self,
        permission: Permission,
        caller: &Caller,
        id: UserId,
        changes: UserChanges,
        options: &Options,
    ) -> Result<Outcome<User>, CommandError> {
        caller.authorise(permission)?;
        let (this, caller, options) = (self.clone(), caller.clone(), options.clone());
        to_the_end(async move {
            if let Some(outcome) = this.dispatcher.repeat::<User>(&caller, CHANGE, &options).await? {
                // The first attempt may have died between its event and this.
                if outcome.events.iter().any(takes_rights) {
                    this.ports.sessions.end_all(caller.tenant, id).await?;
                }
                return Ok(outcome);
            }
            this.change_now(&caller, permission, id, changes, &options).await
        })
        .await
    }

    async fn change_now(
        &self,
        caller: &Caller,
        permission: Permission,
        id: UserId,
        changes: UserChanges,
        options: &Options,
    ) -> Result<Outcome<User>, CommandError> {
        let (tenant, stream) = (caller.tenant, id.to_string());
        let (state, _) = self.dispatcher.load::<User>(tenant, &stream).await?;
        let Some(account) = state.account() else {
            // There is nothing to change: the aggregate says by name why.
            let command = UserCommand::Change { id, changes: Changes::default() };
            return self
                .dispatcher
                .execute::<User>(caller, permission, CHANGE, &stream, command, options)
                .await;
        };
        let present = self.profile(tenant, id, &account.profile).await?;
        let wanted = Wanted::new(&changes, present.as_ref())?;

        // Everything that can be refused is refused here, before anything beside the ledger is touched.
        let mut command = Changes {
            profile: wanted.profile.as_ref().map(|_| placeholder()),
            roles: changes.roles,
            enabled: changes.enabled,
            password: changes.password.is_some(),
        };
        let as_planned = UserCommand::Change { id, changes: command.clone() };
        let planned =
            self.dispatcher.plan::<User>(caller, permission, CHANGE, &stream, as_planned, options).await?;
        if options.dry_run {
            if let Some(email) = &wanted.email {
                self.check_login(tenant, id, &self.login(tenant, email)).await?;
            }
            return Ok(planned);
        }
        let ends_sessions = planned.events.iter().any(takes_rights);
        let undo = self.move_login(tenant, id, present.as_ref(), &wanted, changes.password).await?;
        if ends_sessions {
            self.ports.sessions.end_all(tenant, id).await?;
        }
        if let Some(profile) = &wanted.profile {
            command.profile = Some(self.seal(tenant, id, profile).await?);
        }
        let command = UserCommand::Change { id, changes: command };
        let result =
            self.dispatcher.execute::<User>(caller, permission, CHANGE, &stream, command, options).await;
        match (&result, undo) {
            (Err(error), Some((credential, login))) if !error.is_unknown() => {
                self.ports.credentials.put(&credential, &login).await?;
            }
            // Again, for a session that began while the event was being written.
            (Ok(_), _) if ends_sessions => self.ports.sessions.end_all(tenant, id).await?,
            _ => {}
        }
        result
    }

    /// Deletes a user: the account is gone, the login is free again, all sessions have ended.
    /// Needs [`Permission::ManageUsers`].
    pub async fn delete(
        &self,
        caller: &Caller,
        id: UserId,
        options: &Options,
    ) -> Result<Outcome<User>, CommandError> {
        let stream = id.to_string();
        let work = self.delete_now(caller, id, options);
        self.dispatcher.accountable(caller, DELETE, Some(&stream), options, work).await
    }

    async fn delete_now(
        &self,
        caller: &Caller,
        id: UserId,
        options: &Options,
    ) -> Result<Outcome<User>, CommandError> {
        caller.authorise(Permission::ManageUsers)?;
        let (this, caller, options) = (self.clone(), caller.clone(), options.clone());
        to_the_end(async move {
            let (permission, stream, command) =
                (Permission::ManageUsers, id.to_string(), UserCommand::Delete { id });
            let outcome = this
                .dispatcher
                .execute::<User>(&caller, permission, DELETE, &stream, command, &options)
                .await?;
            // Also when nothing had to be recorded: an earlier attempt may have died right here.
            if !options.dry_run {
                this.ports.credentials.forget(caller.tenant, id).await?;
                this.ports.sessions.end_all(caller.tenant, id).await?;
            }
            Ok(outcome)
        })
        .await
    }

    /// Sets the login and password that are wanted; answers with what to put back when the event is refused.
    async fn move_login(
        &self,
        tenant: TenantId,
        id: UserId,
        present: Option<&OpenProfile>,
        wanted: &Wanted,
        password: Option<SecretString>,
    ) -> Result<Option<(Credential, [u8; 32])>, CommandError> {
        if wanted.email.is_none() && password.is_none() {
            return Ok(None);
        }
        let login = present.map(|profile| self.login(tenant, &profile.email));
        let next = wanted.email.as_ref().map(|email| self.login(tenant, email));
        let mut known = None;
        // An earlier attempt may have moved the login and died before its event.
        for login in [login, next].into_iter().flatten() {
            let credential = self.ports.credentials.find(tenant, &login).await?;
            known =
                known.or(credential.filter(|credential| credential.user == id).map(|known| (known, login)));
        }
        let Some(login) = next.or(login) else {
            return Err(CommandError::invalid("/email", "the account has no e-mail address; set one"));
        };
        let password_hash = match (password, &known) {
            (Some(password), _) => self.ports.credentials.hash(password).await?,
            (None, Some((known, _))) => known.password_hash.clone(),
            (None, None) => {
                return Err(CommandError::invalid("/password", "the account has no password; set one"));
            }
        };
        self.take_login(&Credential { user: id, tenant, password_hash }, &login).await?;
        Ok(known)
    }

    /// Takes a login, also from somebody who never came to be or is gone.
    async fn take_login(&self, credential: &Credential, login: &[u8; 32]) -> Result<(), CommandError> {
        const TAKEN: CommandError = CommandError::NameTaken { pointer: "/email" };
        for _ in 0..2 {
            if self.ports.credentials.put(credential, login).await? {
                return Ok(());
            }
            match self.ports.credentials.find(credential.tenant, login).await? {
                Some(other) if self.is_abandoned(&other).await? => {
                    self.ports.credentials.forget(other.tenant, other.user).await?;
                }
                Some(_) => return Err(TAKEN),
                None => {}
            }
        }
        Err(TAKEN)
    }

    /// For plans: whether somebody else has the login.
    async fn check_login(&self, tenant: TenantId, id: UserId, login: &[u8; 32]) -> Result<(), CommandError> {
        match self.ports.credentials.find(tenant, login).await? {
            Some(other) if other.user != id && !self.is_abandoned(&other).await? => {
                Err(CommandError::NameTaken { pointer: "/email" })
            }
            _ => Ok(()),
        }
    }

    async fn is_abandoned(&self, credential: &Credential) -> Result<bool, CommandError> {
        match self.dispatcher.load::<User>(credential.tenant, &credential.user.to_string()).await?.0 {
            UserState::Deleted => Ok(true),
            UserState::Absent => {
                let begun = made_at(credential.user.uuid());
                Ok(begun.is_none_or(|begun| self.ports.clock.now() - begun > IN_FLIGHT))
            }
            UserState::Active(_) | UserState::Disabled(_) => Ok(false),
        }
    }

    async fn seal(&self, tenant: TenantId, id: UserId, open: &OpenProfile) -> Result<Profile, CommandError> {
        let (vault, subject) = (&self.ports.vault, id.to_string());
        Ok(Profile {
            email: vault.seal(tenant, &subject, open.email.expose_secret()).await?,
            display_name: vault.seal(tenant, &subject, open.display_name.expose_secret()).await?,
        })
    }
}

/// What the profile is to become, where it changes.
struct Wanted {
    email: Option<SecretString>,
    profile: Option<OpenProfile>,
}

impl Wanted {
    /// Checks the changes and drops those that change nothing: sealing gives other bytes each time.
    fn new(changes: &UserChanges, present: Option<&OpenProfile>) -> Result<Self, CommandError> {
        let email = changes.email.as_ref().map(rules::checked_email).transpose()?;
        let name = changes.display_name.as_ref().map(rules::display_name).transpose()?;
        if let Some(password) = &changes.password {
            rules::password(password, email.as_ref().or(present.map(|profile| &profile.email)))?;
        }
        let differs = |wanted: &SecretString, present: Option<&SecretString>| {
            present.is_none_or(|present| present.expose_secret() != wanted.expose_secret())
        };
        let email = email.filter(|email| differs(email, present.map(|profile| &profile.email)));
        let name = name.filter(|name| differs(name, present.map(|profile| &profile.display_name)));
        if email.is_none() && name.is_none() {
            return Ok(Self { email: None, profile: None });
        }
        let missing = |pointer| CommandError::invalid(pointer, "must be given: the account's own was erased");
        let profile = OpenProfile {
            email: match (&email, present) {
                (Some(email), _) | (None, Some(OpenProfile { email, .. })) => email.clone(),
                (None, None) => return Err(missing("/email")),
            },
            display_name: match (&name, present) {
                (Some(name), _) | (None, Some(OpenProfile { display_name: name, .. })) => name.clone(),
                (None, None) => return Err(missing("/display_name")),
            },
        };
        Ok(Self { email, profile: Some(profile) })
    }
}

fn permission_for(caller: &Caller, id: UserId, changes: &UserChanges) -> Permission {
    let UserChanges { email, display_name, roles, enabled, password } = changes;
    let only_password = password.is_some()
        && email.is_none()
        && display_name.is_none()
        && roles.is_none()
        && enabled.is_none();
    if only_password && caller.actor.as_str() == id.to_string() {
        Permission::ManageSelf
    } else {
        Permission::ManageUsers
    }
}

/// A right that is taken away is taken away at once, and not when the access token runs out.
fn takes_rights(event: &UserEvent) -> bool {
    match event {
        UserEvent::RolesChanged(body) => !body.from.is_subset(&body.to),
        UserEvent::PasswordChanged(_) | UserEvent::Disabled(_) | UserEvent::Deleted(_) => true,
        _ => false,
    }
}

/// What stands in a plan in place of sealed personal data: sealing would write a key.
fn placeholder() -> Profile {
    let sealed = || Sealed::new("(sealed when recorded)").expect("the text is printable");
    Profile { email: sealed(), display_name: sealed() }
}

fn id_of(receipt: &Receipt) -> Result<UserId, CommandError> {
    receipt.stream.parse().map_err(|_| CommandError::KeyReused)
}

/// When a `UUIDv7` was made.
fn made_at(id: Uuid) -> Option<DateTime<Utc>> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}
