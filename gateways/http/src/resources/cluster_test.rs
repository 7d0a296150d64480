//! What came of trying a connection to a cluster.

use hub_commands::clusters::{Check, Trial};
use serde::Serialize;
use utoipa::ToSchema;

use super::NodeCount;

/// What came of trying a connection. Nothing of it is recorded.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClusterTest {
    /// Whether no check failed: with these credentials the hub could manage the cluster.
    pub connected: bool,
    /// What was checked, in the order in which an import meets it.
    pub checks: Vec<ClusterCheck>,
    /// The version that the API server tells; `null` where the cluster was not seen.
    #[schema(required, example = "v1.33.2")]
    pub k8s_version: Option<String>,
    /// Its identity: the UID of its namespace `kube-system`; `null` where the cluster was not seen.
    #[schema(required)]
    pub uid: Option<String>,
    /// Its nodes; `null` where the cluster was not seen.
    #[schema(required)]
    pub nodes: Option<NodeCount>,
}

/// One check of a connection.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClusterCheck {
    /// What was checked.
    #[schema(value_type = ClusterCheckName)]
    pub name: &'static str,
    /// How it went. What stands behind a failed check is skipped.
    #[schema(value_type = ClusterCheckOutcome)]
    pub outcome: &'static str,
    /// One sentence for people.
    pub message: String,
    /// Why it failed, or what is to be known although it passed: a stable code.
    #[schema(required, example = "connection-refused")]
    pub code: Option<String>,
}

/// What a stream of a trial begins with.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ClusterTestPlan {
    /// The checks that will be told, in this order.
    #[schema(value_type = Vec<ClusterCheckName>)]
    pub checks: Vec<&'static str>,
}

/// One event of a stream of a trial: `event` is its name, `data` its data as JSON. One `plan`, then each check once, then `done`.
#[derive(ToSchema)]
#[serde(tag = "event", content = "data", rename_all = "snake_case")]
#[allow(dead_code, reason = "only describes the events")]
pub enum ClusterTestEvent {
    /// What will be checked.
    Plan(ClusterTestPlan),
    /// A check that is decided; it stays as it is.
    Check(ClusterCheck),
    /// The whole, as the answer in JSON has it.
    Done(ClusterTest),
}

/// What is checked of a connection, in order.
#[derive(ToSchema)]
#[schema(rename_all = "kebab-case")]
#[allow(dead_code, reason = "only describes the texts")]
pub enum ClusterCheckName {
    /// The kubeconfig can be read and used.
    Kubeconfig,
    /// The hub may speak to the API server's address, and its name leads there.
    Address,
    /// Something answers there.
    Reach,
    /// A TLS connection comes about, and the certificate can be relied on.
    Tls,
    /// The credentials are let in.
    SignIn,
    /// What answers is Kubernetes.
    Version,
    /// The credentials may read what the hub looks at.
    Permissions,
    /// It is the cluster that is meant, and none that is managed already.
    Identity,
}

/// How a check went.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "only describes the texts")]
pub enum ClusterCheckOutcome {
    /// Well.
    Passed,
    /// Not well.
    Failed,
    /// It was not reached, or does not apply.
    Skipped,
}

impl From<Trial> for ClusterTest {
    fn from(trial: Trial) -> Self {
        let connected = trial.connected();
        let facts = trial.seen.map(|seen| seen.facts);
        Self {
            connected,
            checks: trial.checks.into_iter().map(ClusterCheck::from).collect(),
            k8s_version: facts.as_ref().map(|facts| facts.version.clone()),
            uid: facts.as_ref().map(|facts| facts.uid.clone()),
            nodes: facts
                .map(|facts| NodeCount { total: facts.nodes.total.into(), ready: facts.nodes.ready.into() }),
        }
    }
}

impl From<Check> for ClusterCheck {
    fn from(check: Check) -> Self {
        Self {
            name: check.stage.as_str(),
            outcome: check.standing.as_str(),
            message: check.message,
            code: check.code,
        }
    }
}
