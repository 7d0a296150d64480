//! Users coming, signing in, changing and going.

mod bootstrap;
mod manage;
mod rules;
mod sign_in;

use hub_domain::kernel::TenantName;
use hub_domain::user::Role;
use secrecy::{ExposeSecret, SecretString};

use super::*;
use crate::access::{Caller, Grant};
use crate::dispatcher::Options;
use crate::error::CommandError;
use crate::testing::World;

const PASSWORD: &str = "correct horse battery";
const EMAIL: &str = "ada@example.org";

/// A tenant `acme` with its administrator, who is signed in.
struct Acme {
    world: World,
    accounts: Accounts,
    tenant: TenantId,
    admin: Caller,
}

impl Acme {
    async fn new() -> Self {
        let world = World::new();
        let accounts = Accounts::new(world.dispatcher.clone(), &world.ports);
        let first = accounts
            .bootstrap(TenantName::new("acme").unwrap(), Some(PASSWORD.into()))
            .await
            .unwrap()
            .unwrap();
        let signed = accounts
            .sign_in("acme", &ADMINISTRATOR.into(), PASSWORD.into(), Options::default())
            .await
            .unwrap();
        let admin = caller(&signed);
        Self { world, accounts, tenant: first.tenant, admin }
    }

    async fn sign_in(&self, email: &str, password: &str) -> Result<SignedIn, SignInError> {
        self.accounts.sign_in("acme", &email.into(), password.into(), Options::default()).await
    }

    async fn register(
        &self,
        email: &str,
        roles: &[Role],
        options: &Options,
    ) -> Result<Registered, CommandError> {
        let (email, display_name, password) = (email.into(), "Ada".into(), Some(PASSWORD.into()));
        let user = NewUser { email, display_name, roles: roles.iter().copied().collect(), password };
        self.accounts.register(&self.admin, user, options).await
    }

    async fn ada(&self, roles: &[Role]) -> UserId {
        self.register(EMAIL, roles, &Options::default()).await.unwrap().id
    }

    async fn change(&self, id: UserId, changes: UserChanges) -> Result<Outcome<User>, CommandError> {
        self.accounts.change(&self.admin, id, changes, &Options::default()).await
    }

    /// The wire names of a user's events.
    fn events_of(&self, id: UserId) -> Vec<String> {
        let own = self.world.log.all().into_iter().filter(|event| event.stream == id.to_string());
        own.map(|event| event.event_type).collect()
    }

    /// The newest event's body.
    fn newest(&self) -> serde_json::Value {
        serde_json::from_slice(&self.world.log.all().last().unwrap().payload).unwrap()
    }
}

fn caller(signed: &SignedIn) -> Caller {
    let actor = super::sign_in::subject(signed.session.user);
    let grant = Grant::User { roles: signed.roles.clone(), session: signed.session.id };
    Caller { actor, tenant: signed.session.tenant, grant }
}

fn keyed(key: &str) -> Options {
    Options { idempotency_key: Some(key.into()), ..Options::default() }
}

fn dry() -> Options {
    Options { dry_run: true, ..Options::default() }
}

fn password(text: &str) -> UserChanges {
    UserChanges { password: Some(text.into()), ..UserChanges::default() }
}

fn email(text: &str) -> UserChanges {
    UserChanges { email: Some(text.into()), ..UserChanges::default() }
}

fn exposed(text: &SecretString) -> &str {
    text.expose_secret()
}

fn is_taken<T: std::fmt::Debug>(result: &Result<T, CommandError>) {
    assert!(matches!(result, Err(CommandError::NameTaken { pointer: "/email" })), "{result:?}");
}

fn refused<T: std::fmt::Debug>(result: Result<T, CommandError>) -> &'static str {
    match result {
        Err(CommandError::Refused(refusal)) => refusal.code(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}
