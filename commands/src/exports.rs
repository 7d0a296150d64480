//! Exports as a caller sees them: creating, pausing, replaying, deleting.
//!
//! Secrets go to the vault and a name is claimed before the event that speaks of them; when the event is refused both are
//! undone. What a crash leaves behind is harmless: the claim lapses, the secret is named nowhere or by what is gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use hub_domain::export::{
    Credentials, Export, ExportCommand, ExportState, Filter, Format, Spec, Transport, check, check_secrets,
};
use hub_domain::kernel::{ExportId, ExportName, SecretRef, TenantId, TypedId};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};

use crate::access::{Caller, Permission};
use crate::dispatcher::{Dispatcher, Options, Outcome};
use crate::error::CommandError;
use crate::ports::{ExportGate, Ports, Receipt};
use crate::to_the_end;

/// The kind of claim that makes names of exports unique in a tenant.
pub const EXPORT_NAME: &str = "export-name";
/// The vault's word for what exports sign in with.
pub const EXPORT_CREDENTIALS: &str = "export-credentials";

const CREATE: &str = "export.create";
const PAUSE: &str = "export.pause";
const RESUME: &str = "export.resume";
const REPLAY: &str = "export.replay";
const RETRY: &str = "export.retry_dead_letters";
const DELETE: &str = "export.delete";
const NAME_TAKEN: CommandError = CommandError::NameTaken { pointer: "/name" };

/// The exports of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Exports {
    dispatcher: Arc<Dispatcher>,
    ports: Ports,
    gate: Arc<dyn ExportGate>,
}

/// An export that is to be.
#[derive(Debug)]
pub struct NewExport {
    /// Its name, unique among the tenant's exports.
    pub name: ExportName,
    /// What the other side reads.
    pub format: Format,
    /// How it is reached.
    pub transport: Transport,
    /// Which events go out.
    pub filter: Filter,
    /// The first ledger position that goes out; without one what comes after the export itself.
    pub starts_at: Option<u64>,
    /// What it signs in with, by name: `token`, `username`, `password`, `signing_key`.
    pub secrets: BTreeMap<&'static str, SecretString>,
}

impl Exports {
    /// The exports over a dispatcher and what lies beside the ledger, within what the hub allows.
    pub fn new(dispatcher: Arc<Dispatcher>, ports: &Ports, gate: Arc<dyn ExportGate>) -> Self {
        Self { dispatcher, ports: ports.clone(), gate }
    }

    /// Lets an export come to be. Needs [`Permission::ManageExports`]. On a repeat the id is the first one.
    pub async fn create(
        &self,
        caller: &Caller,
        new: NewExport,
        options: &Options,
    ) -> Result<(ExportId, Outcome<Export>), CommandError> {
        let work = async {
            caller.authorise(Permission::ManageExports)?;
            if let Some(outcome) = self.dispatcher.repeat::<Export>(caller, CREATE, options).await? {
                return Ok((id_of(&outcome.receipt)?, outcome));
            }
            let lengths = new.secrets.iter().map(|(name, secret)| (*name, secret.expose_secret().len()));
            check(new.format, &new.transport, &new.filter)
                .and_then(|()| check_secrets(&new.transport, lengths))
                .map_err(|breach| CommandError::invalid(breach.pointer, breach.rule))?;
            let admitted = self.gate.admit(caller.tenant, &new.transport, &new.secrets).await;
            admitted.map_err(|(pointer, rule)| CommandError::invalid(pointer, rule))?;
            self.within_reach("/starts_at", new.starts_at).await?;
            let (this, caller, options) = (self.clone(), caller.clone(), options.clone());
            to_the_end(async move { this.create_now(&caller, new, &options).await }).await
        };
        self.dispatcher.accountable(caller, CREATE, None, options, work).await
    }

    async fn create_now(
        &self,
        caller: &Caller,
        new: NewExport,
        options: &Options,
    ) -> Result<(ExportId, Outcome<Export>), CommandError> {
        let tenant = caller.tenant;
        let id = ExportId::from_uuid(self.ports.ids.uuid());
        let stream = id.to_string();
        let NewExport { name, format, transport, filter, starts_at, secrets } = new;
        let secrets = together(&secrets)?;
        let credentials = secrets.as_ref().map(|secrets| self.planned(tenant, secrets));
        let mut spec = Spec { name, format, transport, filter, starts_at, credentials };
        if options.dry_run {
            self.check_name(tenant, &spec.name).await?;
            let outcome =
                self.record(caller, CREATE, &stream, ExportCommand::Create(Box::new(spec)), options).await?;
            return Ok((id, outcome));
        }
        let name = spec.name.clone();
        if !self.claim(tenant, &name, &stream).await? {
            // The holder may be this very request, sent twice at once.
            return match self.dispatcher.repeat::<Export>(caller, CREATE, options).await? {
                Some(outcome) => Ok((id_of(&outcome.receipt)?, outcome)),
                None => Err(NAME_TAKEN),
            };
        }
        if let Some(secrets) = secrets {
            match self.ports.vault.put(tenant, EXPORT_CREDENTIALS, secrets).await {
                Ok(sealed) => {
                    spec.credentials =
                        Some(Credentials { secret: sealed.reference, fingerprint: sealed.fingerprint });
                }
                Err(error) => {
                    self.release(tenant, &name, &stream).await?;
                    return Err(error.into());
                }
            }
        }
        let secret = spec.credentials.as_ref().map(|credentials| credentials.secret.clone());
        let result =
            self.record(caller, CREATE, &stream, ExportCommand::Create(Box::new(spec)), options).await;
        let first = match &result {
            Ok(outcome) => outcome.receipt.stream == stream,
            Err(error) => error.is_unknown(),
        };
        if !first {
            self.forget(tenant, secret.as_ref(), &name, &stream).await?;
        }
        result.and_then(|outcome| Ok((id_of(&outcome.receipt)?, outcome)))
    }

    /// Lets events wait. Needs [`Permission::ManageExports`], as all that follows.
    pub async fn pause(
        &self,
        caller: &Caller,
        id: ExportId,
        options: &Options,
    ) -> Result<Outcome<Export>, CommandError> {
        self.ask(caller, PAUSE, id, ExportCommand::Pause, options).await
    }

    /// Lets them go out again, from where they stood.
    pub async fn resume(
        &self,
        caller: &Caller,
        id: ExportId,
        options: &Options,
    ) -> Result<Outcome<Export>, CommandError> {
        self.ask(caller, RESUME, id, ExportCommand::Resume, options).await
    }

    /// Lets them go out once more, from a ledger position on.
    pub async fn replay(
        &self,
        caller: &Caller,
        id: ExportId,
        from: u64,
        options: &Options,
    ) -> Result<Outcome<Export>, CommandError> {
        let stream = id.to_string();
        let work = async {
            caller.authorise(Permission::ManageExports)?;
            self.within_reach("/from", Some(from)).await?;
            self.record(caller, REPLAY, &stream, ExportCommand::Replay { from }, options).await
        };
        self.dispatcher.accountable(caller, REPLAY, Some(&stream), options, work).await
    }

    /// Tries again what was set aside.
    pub async fn retry_dead_letters(
        &self,
        caller: &Caller,
        id: ExportId,
        options: &Options,
    ) -> Result<Outcome<Export>, CommandError> {
        self.ask(caller, RETRY, id, ExportCommand::RetryDeadLetters, options).await
    }

    /// Ends an export for good: its secrets are destroyed, its name is free again.
    pub async fn delete(
        &self,
        caller: &Caller,
        id: ExportId,
        options: &Options,
    ) -> Result<Outcome<Export>, CommandError> {
        let work = self.delete_now(caller, id, options);
        self.dispatcher.accountable(caller, DELETE, Some(&id.to_string()), options, work).await
    }

    async fn delete_now(
        &self,
        caller: &Caller,
        id: ExportId,
        options: &Options,
    ) -> Result<Outcome<Export>, CommandError> {
        caller.authorise(Permission::ManageExports)?;
        let (this, caller, options) = (self.clone(), caller.clone(), options.clone());
        to_the_end(async move {
            let stream = id.to_string();
            let outcome = this.record(&caller, DELETE, &stream, ExportCommand::Delete, &options).await?;
            // Also when it was gone already: the hub may have crashed between the event and this.
            if !options.dry_run
                && let ExportState::Deleted(spec) = &outcome.state
            {
                let secret = spec.credentials.as_ref().map(|credentials| &credentials.secret);
                this.forget(caller.tenant, secret, &spec.name, &stream).await?;
            }
            Ok(outcome)
        })
        .await
    }

    /// A command that needs no more than the aggregate.
    async fn ask(
        &self,
        caller: &Caller,
        name: &'static str,
        id: ExportId,
        command: ExportCommand,
        options: &Options,
    ) -> Result<Outcome<Export>, CommandError> {
        let stream = id.to_string();
        let work = self.record(caller, name, &stream, command, options);
        self.dispatcher.accountable(caller, name, Some(&stream), options, work).await
    }

    async fn record(
        &self,
        caller: &Caller,
        name: &'static str,
        stream: &str,
        command: ExportCommand,
        options: &Options,
    ) -> Result<Outcome<Export>, CommandError> {
        self.dispatcher.execute(caller, Permission::ManageExports, name, stream, command, options).await
    }

    /// A position that is no further than what comes next.
    async fn within_reach(&self, pointer: &str, position: Option<u64>) -> Result<(), CommandError> {
        let Some(position) = position else { return Ok(()) };
        let next = self.ports.log.head().await?.saturating_add(1);
        if (1..=next).contains(&position) {
            return Ok(());
        }
        Err(CommandError::invalid(pointer, format!("must be a ledger position from 1 to {next}")))
    }

    /// The credentials as a plan shows them: under a reference that leads nowhere.
    fn planned(&self, tenant: TenantId, secrets: &SecretSlice<u8>) -> Credentials {
        Credentials {
            secret: SecretRef::new("(named when recorded)").expect("the text is printable"),
            fingerprint: self.ports.vault.fingerprint(tenant, secrets),
        }
    }

    async fn claim(&self, tenant: TenantId, name: &ExportName, owner: &str) -> Result<bool, CommandError> {
        let (claims, name) = (&self.ports.claims, name.as_str());
        if claims.claim(tenant, EXPORT_NAME, name, owner).await? {
            return Ok(true);
        }
        // A crash between a claim and its event, or between an event and the release, leaves a claim that nobody needs.
        let Some(holder) = claims.holder(tenant, EXPORT_NAME, name).await? else {
            return Ok(claims.claim(tenant, EXPORT_NAME, name, owner).await?);
        };
        let (state, _) = self.dispatcher.load::<Export>(tenant, &holder).await?;
        if matches!(state, ExportState::Active(_) | ExportState::Paused(_)) {
            return Ok(false);
        }
        Ok(claims.lapse(tenant, EXPORT_NAME, name, &holder).await?
            && claims.claim(tenant, EXPORT_NAME, name, owner).await?)
    }

    async fn release(&self, tenant: TenantId, name: &ExportName, owner: &str) -> Result<(), CommandError> {
        Ok(self.ports.claims.release(tenant, EXPORT_NAME, name.as_str(), owner).await?)
    }

    /// Gives up what lies beside the ledger.
    async fn forget(
        &self,
        tenant: TenantId,
        secret: Option<&SecretRef>,
        name: &ExportName,
        owner: &str,
    ) -> Result<(), CommandError> {
        if let Some(secret) = secret {
            self.ports.vault.destroy(tenant, secret).await?;
        }
        self.release(tenant, name, owner).await
    }

    /// For plans: whether another export has the name.
    async fn check_name(&self, tenant: TenantId, name: &ExportName) -> Result<(), CommandError> {
        let holder = self.ports.claims.holder(tenant, EXPORT_NAME, name.as_str()).await?;
        if holder.is_some() { Err(NAME_TAKEN) } else { Ok(()) }
    }
}

/// Secrets as the vault keeps them: one JSON object. None where there are none.
fn together(secrets: &BTreeMap<&'static str, SecretString>) -> Result<Option<SecretSlice<u8>>, CommandError> {
    if secrets.is_empty() {
        return Ok(None);
    }
    let exposed: BTreeMap<_, _> =
        secrets.iter().map(|(name, secret)| (name, secret.expose_secret())).collect();
    let bytes = serde_json::to_vec(&exposed)
        .map_err(|_| CommandError::invalid("/credentials", "cannot be written as JSON"))?;
    Ok(Some(bytes.into()))
}

fn id_of(receipt: &Receipt) -> Result<ExportId, CommandError> {
    receipt.stream.parse().map_err(|_| CommandError::KeyReused)
}

#[cfg(test)]
mod tests;
