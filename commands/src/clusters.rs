//! Clusters as a caller sees them: importing, changing, decommissioning.
//!
//! A kubeconfig goes to the vault and a name is claimed before the event that speaks of them; when the event is
//! refused both are undone. What a crash leaves behind is harmless: the claim lapses, the secret is named nowhere.

mod trial;

use std::sync::Arc;

use hub_domain::cluster::{
    Changes, Cluster, ClusterCommand, ClusterEvent, ClusterState, Credentials, Provider, Spec,
};
use hub_domain::kernel::{ClusterId, ClusterName, Labels, Region, SecretRef, TenantId, TypedId};
use secrecy::SecretString;
use tokio::sync::Semaphore;

pub use self::trial::{Check, Hearer, Meant, Standing, Trial, Turn};
use crate::access::{Caller, Permission};
use crate::dispatcher::{Dispatcher, Options, Outcome};
use crate::error::CommandError;
use crate::ports::{Examined, Ports, Receipt};
use crate::to_the_end;

/// The kind of claim that makes names of clusters unique in a tenant.
pub const CLUSTER_NAME: &str = "cluster-name";
/// The vault's word for kubeconfigs.
pub const CLUSTER_CREDENTIALS: &str = "cluster-credentials";

const IMPORT: &str = "cluster.import";
const CHANGE: &str = "cluster.change";
const DECOMMISSION: &str = "cluster.decommission";
const NAME_TAKEN: CommandError = CommandError::NameTaken { pointer: "/name" };

/// The clusters of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Clusters {
    dispatcher: Arc<Dispatcher>,
    ports: Ports,
    trials: Arc<Semaphore>,
}

/// A cluster that is to be managed.
#[derive(Clone, Debug)]
pub struct NewCluster {
    /// Its name, unique among the tenant's managed clusters.
    pub name: ClusterName,
    /// Where it runs.
    pub provider: Provider,
    /// The provider's region or the site.
    pub region: Region,
    /// Labels.
    pub labels: Labels,
    /// How it is reached.
    pub kubeconfig: SecretString,
    /// Which context of the kubeconfig; its current one when `None`.
    pub context: Option<String>,
}

/// What is to change of a cluster; `None` leaves a part as it is.
#[derive(Clone, Debug, Default)]
pub struct ClusterChanges {
    /// The name.
    pub name: Option<ClusterName>,
    /// The region.
    pub region: Option<Region>,
    /// The labels, all of them.
    pub labels: Option<Labels>,
    /// A kubeconfig and which of its contexts.
    pub credentials: Option<(SecretString, Option<String>)>,
}

impl Clusters {
    /// The clusters over a dispatcher and what lies beside the ledger.
    pub fn new(dispatcher: Arc<Dispatcher>, ports: &Ports) -> Self {
        Self { dispatcher, ports: ports.clone(), trials: Arc::new(Semaphore::new(trial::AT_ONCE)) }
    }

    /// Brings an existing cluster under management; the answer comes before the cluster's own.
    /// Needs [`Permission::ManageClusters`]. On a repeat the id is the first one.
    pub async fn import(
        &self,
        caller: &Caller,
        new: NewCluster,
        options: &Options,
    ) -> Result<(ClusterId, Outcome<Cluster>), CommandError> {
        let work = async {
            caller.authorise(Permission::ManageClusters)?;
            if let Some(outcome) = self.dispatcher.repeat::<Cluster>(caller, IMPORT, options).await? {
                return Ok((id_of(&outcome.receipt)?, outcome));
            }
            let examined = self.examine(&new.kubeconfig, new.context.as_deref())?;
            let (this, caller, options) = (self.clone(), caller.clone(), options.clone());
            to_the_end(async move { this.import_now(&caller, new, examined, &options).await }).await
        };
        self.dispatcher.accountable(caller, IMPORT, None, options, work).await
    }

    /// Passes when the caller may import, or with an id, change that cluster: for the edge, which has more to check of a
    /// body than its shape. Refusing is recorded like any refusal.
    pub async fn permit(
        &self,
        caller: &Caller,
        id: Option<ClusterId>,
        options: &Options,
    ) -> Result<(), CommandError> {
        let (name, target) = (if id.is_some() { CHANGE } else { IMPORT }, id.map(|id| id.to_string()));
        let work = async { Ok(caller.authorise(Permission::ManageClusters)?) };
        self.dispatcher.accountable(caller, name, target.as_deref(), options, work).await
    }

    async fn import_now(
        &self,
        caller: &Caller,
        new: NewCluster,
        examined: Examined,
        options: &Options,
    ) -> Result<(ClusterId, Outcome<Cluster>), CommandError> {
        let tenant = caller.tenant;
        let id = ClusterId::from_uuid(self.ports.ids.uuid());
        let stream = id.to_string();
        let NewCluster { name, provider, region, labels, .. } = new;
        let mut spec = Spec { name, provider, region, labels, credentials: self.planned(tenant, &examined) };
        if options.dry_run {
            self.check_name(tenant, &spec.name, &stream).await?;
            let outcome = self.record(caller, IMPORT, &stream, ClusterCommand::Import(spec), options).await?;
            return Ok((id, outcome));
        }
        let name = spec.name.clone();
        if !self.claim(tenant, &name, &stream).await? {
            // The holder may be this very request, sent twice at once.
            return match self.dispatcher.repeat::<Cluster>(caller, IMPORT, options).await? {
                Some(outcome) => Ok((id_of(&outcome.receipt)?, outcome)),
                None => Err(NAME_TAKEN),
            };
        }
        let sealed = match self.ports.vault.put(tenant, CLUSTER_CREDENTIALS, examined.kubeconfig).await {
            Ok(sealed) => sealed,
            Err(error) => {
                self.release(tenant, &name, &stream).await?;
                return Err(error.into());
            }
        };
        let secret = sealed.reference.clone();
        spec.credentials = Credentials {
            secret: sealed.reference,
            fingerprint: sealed.fingerprint,
            endpoint: examined.endpoint,
        };
        let result = self.record(caller, IMPORT, &stream, ClusterCommand::Import(spec), options).await;
        let first = match &result {
            Ok(outcome) => outcome.receipt.stream == stream,
            Err(error) => error.is_unknown(),
        };
        if !first {
            self.ports.vault.destroy(tenant, &secret).await?;
            self.release(tenant, &name, &stream).await?;
        }
        result.and_then(|outcome| Ok((id_of(&outcome.receipt)?, outcome)))
    }

    /// Changes a cluster's description, or how it is reached. Needs [`Permission::ManageClusters`].
    pub async fn change(
        &self,
        caller: &Caller,
        id: ClusterId,
        changes: ClusterChanges,
        options: &Options,
    ) -> Result<Outcome<Cluster>, CommandError> {
        let (stream, work) = (id.to_string(), self.change_somehow(caller, id, changes, options));
        self.dispatcher.accountable(caller, CHANGE, Some(&stream), options, work).await
    }

    async fn change_somehow(
        &self,
        caller: &Caller,
        id: ClusterId,
        changes: ClusterChanges,
        options: &Options,
    ) -> Result<Outcome<Cluster>, CommandError> {
        if changes.name.is_none() && changes.credentials.is_none() {
            // Nothing lies beside the ledger.
            let ClusterChanges { region, labels, .. } = changes;
            let command = ClusterCommand::Change(Changes { region, labels, ..Changes::default() });
            return self.record(caller, CHANGE, &id.to_string(), command, options).await;
        }
        caller.authorise(Permission::ManageClusters)?;
        if let Some(outcome) = self.dispatcher.repeat::<Cluster>(caller, CHANGE, options).await? {
            return Ok(outcome);
        }
        let examined = match &changes.credentials {
            Some((kubeconfig, context)) => Some(self.examine(kubeconfig, context.as_deref())?),
            None => None,
        };
        let (this, caller, options) = (self.clone(), caller.clone(), options.clone());
        to_the_end(async move { this.change_now(&caller, id, changes, examined, &options).await }).await
    }

    async fn change_now(
        &self,
        caller: &Caller,
        id: ClusterId,
        changes: ClusterChanges,
        examined: Option<Examined>,
        options: &Options,
    ) -> Result<Outcome<Cluster>, CommandError> {
        let (tenant, stream) = (caller.tenant, id.to_string());
        let ClusterChanges { name, region, labels, .. } = changes;
        let credentials = examined.as_ref().map(|examined| self.planned(tenant, examined));
        let mut changes = Changes { name, region, labels, credentials };

        // Everything that can be refused is refused here, before anything beside the ledger is touched.
        let (permission, as_planned) = (Permission::ManageClusters, ClusterCommand::Change(changes.clone()));
        let dispatcher = &self.dispatcher;
        let planned =
            dispatcher.plan::<Cluster>(caller, permission, CHANGE, &stream, as_planned, options).await?;
        let (renamed, replaced) = (renamed(&planned.events), replaces_credentials(&planned.events));
        if options.dry_run {
            if let Some((_, to)) = &renamed {
                self.check_name(tenant, to, &stream).await?;
            }
            return Ok(planned);
        }
        if let Some((_, to)) = &renamed
            && !self.claim(tenant, to, &stream).await?
        {
            return Err(NAME_TAKEN);
        }
        let mut secret = None;
        // What the plan did not find to be new is not handed in: its reference leads nowhere.
        changes.credentials = None;
        if let Some(examined) = examined.filter(|_| replaced) {
            match self.ports.vault.put(tenant, CLUSTER_CREDENTIALS, examined.kubeconfig).await {
                Ok(sealed) => {
                    secret = Some(sealed.reference.clone());
                    let (secret, fingerprint) = (sealed.reference, sealed.fingerprint);
                    changes.credentials =
                        Some(Credentials { secret, fingerprint, endpoint: examined.endpoint });
                }
                Err(error) => {
                    self.release_unless_kept(tenant, id, renamed.map(|(_, to)| to)).await?;
                    return Err(error.into());
                }
            }
        }
        let result = self.record(caller, CHANGE, &stream, ClusterCommand::Change(changes), options).await;
        let done = match &result {
            Ok(outcome) => outcome.events.as_slice(),
            Err(error) if error.is_unknown() => return result,
            Err(_) => &[],
        };
        if let Some(secret) = secret.filter(|_| !replaces_credentials(done)) {
            self.ports.vault.destroy(tenant, &secret).await?;
        }
        let unused = renamed.map(|(from, to)| if result.is_ok() { from } else { to });
        self.release_unless_kept(tenant, id, unused).await?;
        result
    }

    /// Asks for the end of a cluster's management; its credentials are destroyed afterwards.
    /// Needs [`Permission::ManageClusters`].
    pub async fn decommission(
        &self,
        caller: &Caller,
        id: ClusterId,
        options: &Options,
    ) -> Result<Outcome<Cluster>, CommandError> {
        let stream = id.to_string();
        let work = self.record(caller, DECOMMISSION, &stream, ClusterCommand::RequestDecommission, options);
        self.dispatcher.accountable(caller, DECOMMISSION, Some(&stream), options, work).await
    }

    async fn record(
        &self,
        caller: &Caller,
        name: &'static str,
        stream: &str,
        command: ClusterCommand,
        options: &Options,
    ) -> Result<Outcome<Cluster>, CommandError> {
        self.dispatcher.execute(caller, Permission::ManageClusters, name, stream, command, options).await
    }

    fn examine(&self, kubeconfig: &SecretString, context: Option<&str>) -> Result<Examined, CommandError> {
        self.ports.clusters.examine(kubeconfig, context).map_err(|(member, rule)| {
            let rule = if member.is_empty() { rule } else { format!("at {member}: {rule}") };
            CommandError::invalid("/credentials/kubeconfig", rule)
        })
    }

    /// The credentials as a plan shows them: under a reference that leads nowhere.
    fn planned(&self, tenant: TenantId, examined: &Examined) -> Credentials {
        Credentials {
            secret: SecretRef::new("(named when recorded)").expect("the text is printable"),
            fingerprint: self.ports.vault.fingerprint(tenant, &examined.kubeconfig),
            endpoint: examined.endpoint.clone(),
        }
    }

    async fn claim(&self, tenant: TenantId, name: &ClusterName, owner: &str) -> Result<bool, CommandError> {
        let (claims, name) = (&self.ports.claims, name.as_str());
        if claims.claim(tenant, CLUSTER_NAME, name, owner).await? {
            return Ok(true);
        }
        // A crash between a claim and its event, or between an event and the release, leaves a claim that nobody needs.
        let Some(holder) = claims.holder(tenant, CLUSTER_NAME, name).await? else {
            return Ok(claims.claim(tenant, CLUSTER_NAME, name, owner).await?);
        };
        let (state, _) = self.dispatcher.load::<Cluster>(tenant, &holder).await?;
        let gone = matches!(state, ClusterState::Decommissioned(_));
        if !gone && state.spec().is_some_and(|spec| spec.name.as_str() == name) {
            return Ok(false);
        }
        Ok(claims.lapse(tenant, CLUSTER_NAME, name, &holder).await?
            && claims.claim(tenant, CLUSTER_NAME, name, owner).await?)
    }

    async fn release(&self, tenant: TenantId, name: &ClusterName, owner: &str) -> Result<(), CommandError> {
        Ok(self.ports.claims.release(tenant, CLUSTER_NAME, name.as_str(), owner).await?)
    }

    /// Gives a name up, unless the cluster has it at this moment.
    async fn release_unless_kept(
        &self,
        tenant: TenantId,
        id: ClusterId,
        name: Option<ClusterName>,
    ) -> Result<(), CommandError> {
        let Some(name) = name else { return Ok(()) };
        let stream = id.to_string();
        let (state, _) = self.dispatcher.load::<Cluster>(tenant, &stream).await?;
        if state.spec().is_some_and(|spec| spec.name == name) {
            return Ok(());
        }
        self.release(tenant, &name, &stream).await
    }

    /// For plans: whether another cluster has the name.
    async fn check_name(
        &self,
        tenant: TenantId,
        name: &ClusterName,
        owner: &str,
    ) -> Result<(), CommandError> {
        let holder = self.ports.claims.holder(tenant, CLUSTER_NAME, name.as_str()).await?;
        if holder.is_some_and(|holder| holder != owner) { Err(NAME_TAKEN) } else { Ok(()) }
    }
}

fn renamed(events: &[ClusterEvent]) -> Option<(ClusterName, ClusterName)> {
    events.iter().find_map(|event| match event {
        ClusterEvent::Changed(body) => body.name.clone().map(|name| (name.from, name.to)),
        _ => None,
    })
}

fn replaces_credentials(events: &[ClusterEvent]) -> bool {
    events.iter().any(|event| matches!(event, ClusterEvent::CredentialsReplaced(_)))
}

fn id_of(receipt: &Receipt) -> Result<ClusterId, CommandError> {
    receipt.stream.parse().map_err(|_| CommandError::KeyReused)
}

#[cfg(test)]
mod tests;
