//! Trying a connection, as an import would make it, and recording nothing.

use std::time::Duration;

use hub_domain::cluster::{Failure, Issue, Observation};
use secrecy::SecretString;
use tokio::time::timeout;

use super::Clusters;
use crate::access::{Caller, Permission};
use crate::error::CommandError;
use crate::ports::{ClusterGateway, Stage};

/// How long a trial may take: as long as a look of the observer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Trials under way at once. Each holds a connection and what the cluster answers.
pub(super) const AT_ONCE: usize = 16;
const RETRY_AFTER_MS: u64 = 1_000;
/// What lists cannot be read is told by an issue of this code, on the resource.
const PERMISSION_MISSING: &str = "permission-missing";

/// How one stage went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Well. With a code there is something to know all the same.
    Passed,
    /// Not well: nothing behind it was reached.
    Failed,
    /// It was not reached, or it does not apply.
    Skipped,
}

impl Standing {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// One stage, and how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Which.
    pub stage: Stage,
    /// How it went.
    pub standing: Standing,
    /// One sentence for people. Nothing of what was handed in.
    pub message: String,
    /// A stable code, where something is to be known.
    pub code: Option<String>,
}

/// What came of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Every stage, in order.
    pub checks: Vec<Check>,
    /// What was seen, once the cluster has let the hub in.
    pub seen: Option<Observation>,
}

/// The cluster whose new credentials are tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    /// Its id.
    pub id: String,
    /// Its identity, when it has answered once.
    pub uid: Option<String>,
}

impl Clusters {
    /// Tries what an import would try. Needs [`Permission::ManageClusters`]. [`Trial::identify`] remains to be asked: which
    /// clusters are managed is the read side's to know.
    pub async fn test(
        &self,
        caller: &Caller,
        kubeconfig: &SecretString,
        context: Option<&str>,
    ) -> Result<Trial, CommandError> {
        caller.authorise(Permission::ManageClusters)?;
        let Ok(_turn) = self.trials.try_acquire() else {
            return Err(CommandError::Overloaded { retry_after_ms: RETRY_AFTER_MS });
        };
        Ok(tried(self.ports.clusters.as_ref(), kubeconfig, context).await)
    }
}

async fn tried(gateway: &dyn ClusterGateway, kubeconfig: &SecretString, context: Option<&str>) -> Trial {
    let examined = match gateway.examine(kubeconfig, context) {
        Ok(examined) => examined,
        Err((member, rule)) => {
            let (stage, code) = if member.ends_with("/server") {
                (Stage::Address, "address-refused")
            } else {
                (Stage::Kubeconfig, "kubeconfig-invalid")
            };
            let message = if member.is_empty() { rule } else { format!("at {member}: {rule}") };
            return ended(stage, &Failure { code: code.into(), message }, true);
        }
    };
    let secure = !examined.endpoint.starts_with("http://");
    let looked = match gateway.probe(examined.kubeconfig) {
        Ok(probe) => timeout(PATIENCE, probe.look()).await.unwrap_or_else(|_| Err(too_late())),
        Err(failure) => Err(failure),
    };
    match looked {
        Err(failure) => ended(gateway.stage(&failure), &failure, secure),
        Ok((observation, _)) => {
            let checks = Stage::ALL.map(|stage| reached(stage, secure, &observation)).into();
            Trial { checks, seen: Some(observation) }
        }
    }
}

fn too_late() -> Failure {
    Failure { code: "deadline-exceeded".into(), message: "the API server did not answer in time".into() }
}

/// A trial that came to its end at a stage.
fn ended(end: Stage, failure: &Failure, secure: bool) -> Trial {
    // What does not answer as Kubernetes has not said whether it would let the hub in.
    let untold = |stage| stage == Stage::SignIn && end == Stage::Version;
    let checks = Stage::ALL.map(|stage| {
        if stage < end && !untold(stage) {
            return plain(stage, secure);
        }
        if stage == end {
            let (message, code) = (failure.message.clone(), Some(failure.code.clone()));
            return Check { stage, standing: Standing::Failed, message, code };
        }
        skipped(stage)
    });
    Trial { checks: checks.into(), seen: None }
}

fn passed(stage: Stage, message: impl Into<String>) -> Check {
    Check { stage, standing: Standing::Passed, message: message.into(), code: None }
}

fn skipped(stage: Stage) -> Check {
    let message = "what comes before it did not succeed".into();
    Check { stage, standing: Standing::Skipped, message, code: None }
}

/// A stage that was passed, as far as it can be told without what was seen.
fn plain(stage: Stage, secure: bool) -> Check {
    match stage {
        Stage::Kubeconfig => {
            passed(stage, "the kubeconfig can be read, and holds credentials that the hub can use")
        }
        Stage::Address => passed(stage, "the hub may speak to the API server's address"),
        Stage::Reach => passed(stage, "something answers at the API server's address"),
        Stage::Tls if secure => passed(stage, "a connection over TLS comes about"),
        Stage::Tls => {
            let message = "the kubeconfig asks for a connection without TLS, which this hub allows".into();
            Check { stage, standing: Standing::Skipped, message, code: None }
        }
        Stage::SignIn => passed(stage, "the API server accepts the credentials"),
        Stage::Version => passed(stage, "what answers is a Kubernetes API server"),
        Stage::Permissions => passed(stage, "the credentials may read all that the hub looks at"),
        Stage::Identity => skipped(stage),
    }
}

/// A stage of a trial that saw the cluster.
fn reached(stage: Stage, secure: bool, seen: &Observation) -> Check {
    let missing: Vec<&Issue> = seen.issues.iter().filter(|issue| issue.code == PERMISSION_MISSING).collect();
    let warned = |message: String| Check { code: Some(PERMISSION_MISSING.into()), ..passed(stage, message) };
    match stage {
        Stage::Version if missing.iter().any(|issue| issue.object == "version") => {
            warned("the credentials may not ask for the version".into())
        }
        Stage::Version => passed(stage, format!("it is Kubernetes {}", seen.facts.version)),
        Stage::Permissions if !missing.is_empty() => {
            let unread: Vec<&str> = missing.iter().map(|issue| issue.object.as_str()).collect();
            let unread = unread.join(", ");
            warned(format!(
                "the hub can manage the cluster, but may not read: {unread}; it will show as degraded"
            ))
        }
        stage => plain(stage, secure),
    }
}

impl Trial {
    /// Whether every stage was passed: by these credentials the hub could manage the cluster.
    pub fn connected(&self) -> bool {
        self.seen.is_some() && self.checks.iter().all(|check| check.standing != Standing::Failed)
    }

    /// Judges the identity: `managed` are the ids of the tenant's clusters that have it, `meant` is the cluster whose new
    /// credentials these are. Nothing is judged where no identity was seen.
    pub fn identify(&mut self, managed: &[String], meant: Option<&Meant>) {
        let Some(seen) = &self.seen else { return };
        let failed = |code: &str, message: String| Check {
            stage: Stage::Identity,
            standing: Standing::Failed,
            message,
            code: Some(code.into()),
        };
        let other = managed.iter().find(|id| meant.is_none_or(|meant| meant.id != **id));
        let found = match (meant, other) {
            (Some(Meant { id, uid: Some(known) }), _) if *known != seen.facts.uid => {
                let elsewhere = other.map(|other| format!(": it is {other}")).unwrap_or_default();
                failed(
                    "another-cluster",
                    format!("the API server answers as another cluster than {id}{elsewhere}"),
                )
            }
            (_, Some(other)) => {
                failed("already-managed", format!("the cluster is managed already, as {other}"))
            }
            (Some(Meant { id, uid: Some(_) }), None) => passed(Stage::Identity, format!("it is {id} itself")),
            (Some(Meant { id, uid: None }), None) => passed(
                Stage::Identity,
                format!("{id} has not answered before, and no other cluster is this one"),
            ),
            (None, None) => passed(Stage::Identity, "no cluster that is managed here is this one"),
        };
        self.checks.retain(|check| check.stage != Stage::Identity);
        self.checks.push(found);
    }
}

#[cfg(test)]
mod tests;
