//! Signing in, staying signed in, signing out.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use hub_domain::kernel::{Actor, TenantId, UserId};
use hub_domain::tenant::{Tenant, TenantState};
use hub_domain::user::{Account, Role, SignInRefusal, User, UserCommand, UserState};
use secrecy::SecretString;
use tokio::time::Instant;

use super::{Accounts, rules};
use crate::access::{Caller, Denied, Grant, Permission};
use crate::dispatcher::Options;
use crate::error::CommandError;
use crate::ports::{Credential, Receipt, Rotation, Session, Unavailable};
use crate::to_the_end;

/// A session and what its user may do.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// What the user may do, as of now.
    pub roles: BTreeSet<Role>,
    /// Opens the next access token, once. Kept nowhere but with its owner.
    pub refresh_token: SecretString,
    /// The log position at which the sign-in stands.
    pub position: u64,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// One answer for every cause: no such tenant or user, wrong password, disabled, a spent token.
    #[error("the credentials do not open anything")]
    Refused,
    /// Something that a sign-in needs did not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The sign-in could not be recorded, so there was none.
    #[error(transparent)]
    Command(CommandError),
}

/// Who holds a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A program, which keeps its refresh token itself: the token serves once.
    Program,
    /// A browser, which keeps it in a cookie and may lose an answer: a token that was exchanged within a minute may be shown again,
    /// while nothing that it was exchanged for was used.
    Browser,
}

/// A login and what it opens.
struct Found {
    login: [u8; 32],
    credential: Credential,
}

impl From<CommandError> for SignInError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Unavailable(cause) => Self::Unavailable(cause),
            other => Self::Command(other),
        }
    }
}

impl Accounts {
    /// Signs a user in. A refusal takes at least the set time, whatever its cause; wrong passwords are recorded.
    pub async fn sign_in(
        &self,
        tenant: &str,
        email: &SecretString,
        password: SecretString,
        options: Options,
    ) -> Result<SignedIn, SignInError> {
        self.sign_in_as(Holder::Program, tenant, email, password, options).await
    }

    /// The same for whoever holds the session.
    pub async fn sign_in_as(
        &self,
        holder: Holder,
        tenant: &str,
        email: &SecretString,
        password: SecretString,
        options: Options,
    ) -> Result<SignedIn, SignInError> {
        let not_before = Instant::now() + self.settings.refusal;
        let result = if let Some(found) = self.login_of(tenant, email).await? {
            let this = self.clone();
            to_the_end(async move { this.check(holder, &found, password, &options).await }).await
        } else {
            self.ports.credentials.verify(password, None).await?;
            Err(SignInError::Refused)
        };
        if matches!(result, Err(SignInError::Refused)) {
            tokio::time::sleep_until(not_before).await;
        }
        result
    }

    async fn login_of(&self, tenant: &str, email: &SecretString) -> Result<Option<Found>, Unavailable> {
        let Some(email) = rules::email(email) else { return Ok(None) };
        let Some(tenant) = self.ports.credentials.tenant(tenant).await? else { return Ok(None) };
        let login = self.login(tenant, &email);
        let credential = self.ports.credentials.find(tenant, &login).await?;
        Ok(credential.map(|credential| Found { login, credential }))
    }

    async fn check(
        &self,
        holder: Holder,
        found: &Found,
        password: SecretString,
        options: &Options,
    ) -> Result<SignedIn, SignInError> {
        let Credential { user, tenant, ref password_hash } = found.credential;
        let right = self.ports.credentials.verify(password, Some(password_hash.clone())).await?;
        let refusal = match self.dispatcher.load::<User>(tenant, &user.to_string()).await?.0 {
            UserState::Absent | UserState::Deleted => return Err(SignInError::Refused),
            UserState::Active(_) | UserState::Disabled(_) if !right => SignInRefusal::WrongPassword,
            UserState::Disabled(_) => SignInRefusal::AccountDisabled,
            UserState::Active(_) if !self.is_open(tenant).await? => SignInRefusal::TenantSuspended,
            UserState::Active(account) => return self.begin(holder, found, account, options).await,
        };
        self.record_refusal(tenant, user, refusal, options).await;
        Err(SignInError::Refused)
    }

    /// The session is opened first and recorded second: nobody has its token until it is recorded, and whoever
    /// disables the user in between ends it, since they end all sessions after their own event.
    async fn begin(
        &self,
        holder: Holder,
        found: &Found,
        account: Account,
        options: &Options,
    ) -> Result<SignedIn, SignInError> {
        let (user, tenant) = (found.credential.user, found.credential.tenant);
        let life = TimeDelta::from_std(self.settings.session).unwrap_or(TimeDelta::MAX);
        let now = self.ports.clock.now();
        let expires_at = now.checked_add_signed(life).unwrap_or(chrono::DateTime::<chrono::Utc>::MAX_UTC);
        let session = Session { id: self.ports.ids.uuid(), user, tenant, expires_at };
        let (refresh_token, hash) = rules::refresh_token(&*self.ports.ids);
        match holder {
            Holder::Program => self.ports.sessions.open(&session, &hash).await?,
            Holder::Browser => self.ports.sessions.open_in_browser(&session, &hash).await?,
        }

        let stream = user.to_string();
        let grant = Grant::User { roles: account.roles.clone(), session: session.id };
        let caller = Caller { actor: subject(user), tenant, grant };
        let command = UserCommand::SignIn { session: session.id.to_string() };
        let (permission, name) = (Permission::ManageSelf, "user.sign_in");
        let recorded =
            self.dispatcher.execute::<User>(&caller, permission, name, &stream, command, options).await;
        let position = match recorded {
            Ok(outcome) => outcome.receipt.position,
            Err(error) => {
                self.ports.sessions.end(tenant, session.id).await?;
                return Err(match error {
                    CommandError::Refused(_) => SignInError::Refused,
                    other => other.into(),
                });
            }
        };
        // Whoever changed the password after it was checked here may have ended all sessions before this one opened.
        let present = self.ports.credentials.find(tenant, &found.login).await?;
        if present.is_none_or(|present| present.password_hash != found.credential.password_hash) {
            self.ports.sessions.end(tenant, session.id).await?;
            return Err(SignInError::Refused);
        }
        Ok(SignedIn { session, roles: account.roles, refresh_token, position })
    }

    /// Trades a refresh token for the next one. A token that was used before ends its session (RFC 9700, section
    /// 4.14.2), and that is recorded.
    pub async fn refresh(
        &self,
        refresh_token: &SecretString,
        options: &Options,
    ) -> Result<SignedIn, SignInError> {
        self.refresh_as(Holder::Program, refresh_token, options).await
    }

    /// The same for whoever shows the token.
    pub async fn refresh_as(
        &self,
        holder: Holder,
        refresh_token: &SecretString,
        options: &Options,
    ) -> Result<SignedIn, SignInError> {
        let presented = rules::refresh_hash(refresh_token).ok_or(SignInError::Refused)?;
        let (refresh_token, next) = rules::refresh_token(&*self.ports.ids);
        let sessions = &self.ports.sessions;
        let rotation = match holder {
            Holder::Program => sessions.rotate(&presented, &next).await?,
            Holder::Browser => sessions.rotate_in_browser(&presented, &next).await?,
        };
        let session = match rotation {
            Rotation::Rotated(session) => session,
            Rotation::Repeated(session) => {
                tracing::info!(session = %session.id, "a browser showed its refresh token again, and nothing newer was used");
                session
            }
            Rotation::Reused(session) => {
                let cause = SignInRefusal::RefreshTokenReused;
                self.record_refusal(session.tenant, session.user, cause, options).await;
                return Err(SignInError::Refused);
            }
            Rotation::Unknown => return Err(SignInError::Refused),
        };
        let standing = self.dispatcher.standing::<User>(session.tenant, &session.user.to_string()).await;
        let standing = standing.map_err(CommandError::from)?;
        let position = standing.position().unwrap_or_default();
        match standing.into_state() {
            UserState::Active(account)
                if session.expires_at > self.ports.clock.now() && self.is_open(session.tenant).await? =>
            {
                Ok(SignedIn { session, roles: account.roles, refresh_token, position })
            }
            _ => {
                self.ports.sessions.end(session.tenant, session.id).await?;
                Err(SignInError::Refused)
            }
        }
    }

    /// Ends the caller's session.
    pub async fn sign_out(&self, caller: &Caller, options: &Options) -> Result<Receipt, CommandError> {
        let session = caller.session().ok_or(Denied(Permission::ManageSelf))?;
        let (this, caller, options) = (self.clone(), caller.clone(), options.clone());
        to_the_end(async move {
            let command = UserCommand::SignOut { session: session.to_string() };
            let (permission, name, stream) = (Permission::ManageSelf, "user.sign_out", caller.actor.as_str());
            let dispatcher = &this.dispatcher;
            let result =
                dispatcher.execute::<User>(&caller, permission, name, stream, command, &options).await;
            // Recorded first: a crash in between leaves a session that its owner can end again.
            // A refusal (the user is gone) is no reason to let the session live.
            if !options.dry_run && matches!(result, Ok(_) | Err(CommandError::Refused(_))) {
                this.ports.sessions.end(caller.tenant, session).await?;
            }
            result.map(|outcome| outcome.receipt)
        })
        .await
    }

    /// The blinded login of an e-mail address.
    pub(super) fn login(&self, tenant: TenantId, email: &SecretString) -> [u8; 32] {
        use secrecy::ExposeSecret;
        self.ports.vault.blind(tenant, email.expose_secret())
    }

    async fn is_open(&self, tenant: TenantId) -> Result<bool, CommandError> {
        let (state, _) = self.dispatcher.load::<Tenant>(tenant, &tenant.to_string()).await?;
        Ok(matches!(state, TenantState::Active { .. }))
    }

    /// The answer is a refusal either way, and must not tell by another answer that the user exists.
    async fn record_refusal(&self, tenant: TenantId, user: UserId, cause: SignInRefusal, options: &Options) {
        let caller = Caller::system("sign-in", tenant);
        let (permission, name, stream) = (Permission::RecordSignIns, "user.refuse_sign_in", user.to_string());
        let command = UserCommand::RefuseSignIn(cause);
        let dispatcher = &self.dispatcher;
        if let Err(error) =
            dispatcher.execute::<User>(&caller, permission, name, &stream, command, options).await
        {
            tracing::error!(user = %stream, %error, "a refused sign-in could not be recorded");
        }
    }
}

/// A user as an actor.
pub(super) fn subject(user: UserId) -> Actor {
    Actor::new(user.to_string()).expect("a user id is plain text")
}
