//! One thing done for one cluster: a look, a tidying, a farewell.

use std::sync::Arc;

use hub_domain::cluster::{Cluster, ClusterCommand, ClusterState, Credentials, Failure, Observation};
use hub_domain::kernel::{ClusterName, SecretRef};
use hub_domain::{Ctx, Decider};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Surroundings;
use super::judge;
use super::registry::Task;
use super::schedule::Key;
use crate::access::{Caller, Permission};
use crate::clusters::CLUSTER_NAME;
use crate::dispatcher::Options;
use crate::error::CommandError;
use crate::ports::{ClusterProbe, Sample, Unavailable, VaultError};

/// A probe, for as long as the credentials are these.
pub type Probe = (Credentials, Arc<dyn ClusterProbe>);

/// One thing to do for one cluster.
pub struct Job {
    pub key: Key,
    pub task: Task,
    pub state: Arc<ClusterState>,
    pub probe: Option<Probe>,
    /// Failed looks in a row before this one.
    pub misses: u32,
    /// The event that asked for what is under way.
    pub cause: Option<Uuid>,
}

/// What came of a job.
pub enum Report {
    /// The cluster answered.
    Answered(Probe, Option<Settled>),
    /// The cluster did not answer.
    Failed(Failure, Option<Settled>),
    /// Secrets and names were given up.
    Tidied(Vec<SecretRef>, Vec<ClusterName>),
    /// The cluster is let go.
    Retired(Option<Settled>),
    /// Something of the hub's own did not answer: nothing was learned of the cluster.
    Skipped(String),
}

/// The state that a recorded command led to, and its revision.
pub type Settled = (ClusterState, Option<u64>);

impl Job {
    pub async fn run(self, around: &Surroundings, term: &CancellationToken) -> Report {
        match self.task.clone() {
            Task::Look => self.look(around, term).await,
            Task::Tidy { secrets, names, kept } => {
                match self.tidy(around, &secrets, &names, Some(&kept)).await {
                    Ok(()) => Report::Tidied(secrets, names),
                    Err(error) => Report::Skipped(error.to_string()),
                }
            }
            Task::Retire { secrets, names } => match self.retire(around, term, &secrets, &names).await {
                Ok(settled) => Report::Retired(settled),
                Err(error) => Report::Skipped(error.to_string()),
            },
        }
    }

    async fn look(self, around: &Surroundings, term: &CancellationToken) -> Report {
        let Some(credentials) = self.state.credentials().cloned() else {
            return Report::Skipped("the cluster has no credentials to be looked at with".into());
        };
        let (tenant, id) = self.key;
        let deadline = around.settings.deadline;
        let opened = match &self.probe {
            Some((with, probe)) if *with == credentials => Ok(Arc::clone(probe)),
            _ => match timeout(deadline, self.open(around, &credentials)).await {
                Ok(Ok(opened)) => opened,
                Ok(Err(error)) => return Report::Skipped(error.to_string()),
                Err(_) => return Report::Skipped("the vault did not answer in time".into()),
            },
        };
        let seen = match &opened {
            Ok(probe) => timeout(deadline, probe.look()).await.unwrap_or_else(|_| Err(too_late())),
            Err(failure) => Err(failure.clone()),
        };
        let (seen, sample) = match seen {
            Ok((observation, sample)) => (Ok(observation), Some(sample)),
            Err(failure) => (Err(failure), None),
        };
        self.keep_sample(around, sample.as_ref()).await;
        let settled = match judge::command(&self.state, credentials.clone(), seen.clone(), self.misses + 1) {
            Some(command) if !term.is_cancelled() => self.record(around, "cluster.observe", command).await,
            _ => Ok(None),
        };
        let settled = settled.unwrap_or_else(|error| {
            // The next look sees the same and tries again.
            tracing::warn!(tenant = %tenant, cluster = %id, %error, "what was seen of a cluster could not be recorded");
            None
        });
        match (seen, opened) {
            (Ok(Observation { .. }), Ok(probe)) => Report::Answered((credentials, probe), settled),
            (Err(failure), _) | (_, Err(failure)) => Report::Failed(failure, settled),
        }
    }

    /// A probe for the credentials, or why they cannot serve. The outer error is the hub's own trouble.
    async fn open(
        &self,
        around: &Surroundings,
        credentials: &Credentials,
    ) -> Result<Result<Arc<dyn ClusterProbe>, Failure>, Unavailable> {
        match around.ports.vault.get(self.key.0, &credentials.secret).await {
            Ok(kubeconfig) => Ok(around.ports.clusters.probe(kubeconfig).map(Arc::from)),
            Err(VaultError::Unavailable(error)) => Err(error),
            Err(error) => {
                let (code, message) = ("credentials-unreadable".to_owned(), error.to_string());
                Ok(Err(Failure { code, message }))
            }
        }
    }

    async fn keep_sample(&self, around: &Surroundings, sample: Option<&Sample>) {
        let (tenant, id) = self.key;
        if let Err(error) = around.ports.observations.put(tenant, id, around.ports.clock.now(), sample).await
        {
            tracing::warn!(tenant = %tenant, cluster = %id, %error, "a sample could not be kept");
        }
    }

    async fn tidy(
        &self,
        around: &Surroundings,
        secrets: &[SecretRef],
        names: &[ClusterName],
        kept: Option<&ClusterName>,
    ) -> Result<(), Unavailable> {
        let (tenant, owner) = (self.key.0, self.key.1.to_string());
        for secret in secrets {
            around.ports.vault.destroy(tenant, secret).await?;
        }
        // A cluster that took its old name back may have lost it to an earlier tidying: claiming it again is free.
        if let Some(kept) = kept.filter(|_| !names.is_empty()) {
            around.ports.claims.claim(tenant, CLUSTER_NAME, kept.as_str(), &owner).await?;
        }
        for name in names {
            around.ports.claims.release(tenant, CLUSTER_NAME, name.as_str(), &owner).await?;
        }
        Ok(())
    }

    async fn retire(
        &self,
        around: &Surroundings,
        term: &CancellationToken,
        secrets: &[SecretRef],
        names: &[ClusterName],
    ) -> Result<Option<Settled>, CommandError> {
        self.tidy(around, secrets, names, None).await?;
        around.ports.observations.forget(self.key.0, self.key.1).await?;
        if term.is_cancelled() {
            return Ok(None);
        }
        self.record(around, "cluster.confirm_decommission", ClusterCommand::ConfirmDecommission).await
    }

    /// Dispatches a command, unless it is plain that nothing would come of it.
    async fn record(
        &self,
        around: &Surroundings,
        name: &'static str,
        command: ClusterCommand,
    ) -> Result<Option<Settled>, CommandError> {
        let (tenant, stream) = (self.key.0, self.key.1.to_string());
        let caller = Caller::system("observer", tenant);
        let (now, command_id) = (around.ports.clock.now(), Uuid::nil());
        let ctx = Ctx { now, actor: caller.actor.clone(), tenant, command_id };
        if Cluster::decide(&self.state, command.clone(), &ctx).is_ok_and(|events| events.is_empty()) {
            return Ok(None);
        }
        let permission = Permission::ObserveClusters;
        let options = Options { caused_by: self.cause, ..Options::default() };
        match around
            .dispatcher
            .execute::<Cluster>(&caller, permission, name, &stream, command, &options)
            .await
        {
            Ok(outcome) => Ok(Some((outcome.state, outcome.receipt.revision))),
            // The cluster has moved on while it was being looked at: the log will tell how.
            Err(CommandError::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn too_late() -> Failure {
    Failure {
        code: "deadline-exceeded".into(),
        message: "the cluster did not answer within the deadline".into(),
    }
}
