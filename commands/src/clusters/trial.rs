//! Trying a connection, as an import would make it, and recording nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hub_domain::cluster::{Failure, Observation};
use secrecy::SecretString;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::Clusters;
use crate::access::{Caller, Permission};
use crate::error::CommandError;
use crate::ports::{ClusterGateway, Listener, Stage, Step};

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

/// Hears of each check once, as soon as it is decided, in the order of the stages.
pub type Hearer = Arc<dyn Fn(&Check) + Send + Sync>;

/// A turn to try one connection.
#[derive(Debug)]
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Clusters {
    /// Takes a turn, while there is one. Needs [`Permission::ManageClusters`].
    pub fn turn(&self, caller: &Caller) -> Result<Turn, CommandError> {
        caller.authorise(Permission::ManageClusters)?;
        let permit = Arc::clone(&self.trials).try_acquire_owned();
        let permit = permit.map_err(|_| CommandError::Overloaded { retry_after_ms: RETRY_AFTER_MS })?;
        Ok(Turn { _permit: permit })
    }

    /// Tries what an import would try. [`Trial::identify`] remains to be asked: which clusters are managed is the read side's
    /// to know, and of that check nobody has heard. Dropping the future gives the trial up.
    pub async fn test(
        &self,
        _turn: Turn,
        kubeconfig: &SecretString,
        context: Option<&str>,
        hearer: Hearer,
    ) -> Trial {
        tried(self.ports.clusters.as_ref(), kubeconfig, context, hearer).await
    }
}

async fn tried(
    gateway: &dyn ClusterGateway,
    kubeconfig: &SecretString,
    context: Option<&str>,
    hearer: Hearer,
) -> Trial {
    let examined = match gateway.examine(kubeconfig, context) {
        Ok(examined) => examined,
        Err((member, rule)) => {
            let (stage, code) = if member.ends_with("/server") {
                (Stage::Address, "address-refused")
            } else {
                (Stage::Kubeconfig, "kubeconfig-invalid")
            };
            let message = if member.is_empty() { rule } else { format!("at {member}: {rule}") };
            let course = Course::new(true, hearer);
            return course.ended(stage, &Failure { code: code.into(), message });
        }
    };
    let course = Arc::new(Course::new(!examined.endpoint.starts_with("http://"), hearer));
    let looked = match gateway.probe(examined.kubeconfig) {
        Ok(probe) => {
            let heard = Arc::clone(&course);
            let listener: Listener = Arc::new(move |step| heard.made(&step));
            timeout(PATIENCE, probe.walk(listener)).await.unwrap_or_else(|_| Err(too_late()))
        }
        Err(failure) => Err(failure),
    };
    match looked {
        Err(failure) => course.ended(gateway.stage(&failure), &failure),
        Ok((observation, _)) => course.arrived(observation),
    }
}

/// How far a trial has come: what was once decided stays.
struct Course {
    secure: bool,
    hearer: Hearer,
    decided: Mutex<Vec<Check>>,
}

impl Course {
    fn new(secure: bool, hearer: Hearer) -> Self {
        Self { secure, hearer, decided: Mutex::default() }
    }

    /// Decides every stage up to this one that is not decided yet.
    fn upto(&self, stage: Stage, check: impl Fn(Stage) -> Check) {
        let mut decided = self.decided();
        let open = decided.len();
        for stage in Stage::ALL.into_iter().filter(|each| *each <= stage).skip(open) {
            let check = check(stage);
            (self.hearer)(&check);
            decided.push(check);
        }
    }

    /// A step was made on the way.
    fn made(&self, step: &Step) {
        self.upto(step.stage(), |stage| match (stage, step) {
            (Stage::Version, Step::Known(version)) => told(version.as_deref()),
            _ => plain(stage, self.secure),
        });
    }

    /// The trial came to its end at a stage; where that is passed already, at the one behind what is passed.
    fn ended(&self, end: Stage, failure: &Failure) -> Trial {
        let passed = self.decided().last().map(|check| check.stage);
        // Silence and a broken connection tell of no stage: they belong to the one that waited.
        let end = match passed {
            Some(passed) if end <= passed || end == Stage::Reach => behind(passed),
            _ => end,
        };
        // What does not answer as Kubernetes has not said whether it would let the hub in.
        let untold = |stage| stage == Stage::SignIn && end == Stage::Version;
        self.upto(Stage::Permissions, |stage| {
            if stage < end && !untold(stage) {
                return plain(stage, self.secure);
            }
            if stage == end {
                let (message, code) = (failure.message.clone(), Some(failure.code.clone()));
                return Check { stage, standing: Standing::Failed, message, code };
            }
            skipped(stage)
        });
        Trial { checks: self.all(), seen: None }
    }

    /// The cluster was seen.
    fn arrived(&self, seen: Observation) -> Trial {
        let missing = |object: &str| {
            seen.issues.iter().any(|issue| issue.code == PERMISSION_MISSING && issue.object == object)
        };
        let version = (!missing("version")).then_some(seen.facts.version.as_str());
        self.upto(Stage::Permissions, |stage| match stage {
            Stage::Version => told(version),
            Stage::Permissions => permissions(&seen),
            stage => plain(stage, self.secure),
        });
        Trial { checks: self.all(), seen: Some(seen) }
    }

    fn decided(&self) -> MutexGuard<'_, Vec<Check>> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is decided, and the identity, which is not.
    fn all(&self) -> Vec<Check> {
        let mut checks = self.decided().clone();
        checks.push(skipped(Stage::Identity));
        checks
    }
}

/// The stage that a trial hangs at when it has passed this one. Whoever falls silent after the connection came about has not
/// refused the credentials: it does not answer as Kubernetes does.
fn behind(passed: Stage) -> Stage {
    match passed {
        Stage::Kubeconfig => Stage::Address,
        Stage::Address => Stage::Reach,
        Stage::Reach => Stage::Tls,
        Stage::Tls | Stage::SignIn => Stage::Version,
        Stage::Version | Stage::Permissions | Stage::Identity => Stage::Permissions,
    }
}

fn too_late() -> Failure {
    Failure { code: "deadline-exceeded".into(), message: "the API server did not answer in time".into() }
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

/// That it is Kubernetes, and of which version; `None` where that may not be asked.
fn told(version: Option<&str>) -> Check {
    match version {
        Some(version) => passed(Stage::Version, format!("it is Kubernetes {version}")),
        None => warned(Stage::Version, "the credentials may not ask for the version".into()),
    }
}

/// What of a cluster that was seen may be read.
fn permissions(seen: &Observation) -> Check {
    let missing = seen.issues.iter().filter(|issue| issue.code == PERMISSION_MISSING);
    let unread: Vec<&str> = missing.map(|issue| issue.object.as_str()).collect();
    if unread.is_empty() {
        return plain(Stage::Permissions, true);
    }
    let unread = unread.join(", ");
    warned(
        Stage::Permissions,
        format!("the hub can manage the cluster, but may not read: {unread}; it will show as degraded"),
    )
}

fn warned(stage: Stage, message: String) -> Check {
    Check { code: Some(PERMISSION_MISSING.into()), ..passed(stage, message) }
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

    /// How the identity stands.
    pub fn identity(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.stage == Stage::Identity)
    }
}

#[cfg(test)]
mod tests;
