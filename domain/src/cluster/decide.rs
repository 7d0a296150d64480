//! What may be asked of a cluster, and what comes of it.

use std::collections::BTreeSet;

use super::events::{
    Changed, ClusterEvent, CredentialsReplaced, DecommissionRequested, Decommissioned, HealthChanged,
    ImportFailed, ImportRequested, Imported, IssueChanges, NodesChanged, UpdateCompleted, UpdateFailed,
    VersionChanged,
};
use super::state::{
    Active, Change, ClusterState, Credentials, Failure, Health, Importing, Issue, IssueName, Observation,
    Spec, Updating,
};
use crate::kernel::{ClusterName, Ctx, Decider, Labels, Region};
use crate::refusals;

/// The cluster aggregate.
#[derive(Debug)]
pub struct Cluster;

/// What may be asked of a cluster.
#[derive(Clone, Debug, PartialEq)]
pub enum ClusterCommand {
    /// Bring an existing cluster under management.
    Import(Spec),
    /// Change its description or how it is reached.
    Change(Changes),
    /// The observer reached it with these credentials and saw this.
    Observe(Credentials, Observation),
    /// The observer could not reach it with these credentials.
    ObserveFailure(Credentials, Failure),
    /// End its management.
    RequestDecommission,
    /// Its credentials are destroyed.
    ConfirmDecommission,
}

/// What is to change of a cluster; `None` leaves a part as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// The new name.
    pub name: Option<ClusterName>,
    /// The new region.
    pub region: Option<Region>,
    /// The new labels, all of them.
    pub labels: Option<Labels>,
    /// The credentials to reach it with from now on.
    pub credentials: Option<Credentials>,
}

refusals! {
    /// Why a command on a cluster was refused.
    pub enum ClusterRefusal {
        NotFound = "cluster-not-found", NotFound, "there is no such cluster";
        AlreadyExists = "cluster-exists", Conflict, "a cluster with this id exists already, with another description", "/name";
        Leaving = "cluster-leaving", Conflict, "the cluster is being decommissioned and can no longer change";
        Gone = "cluster-gone", Conflict, "the cluster has been decommissioned and can no longer change";
        UpdateRunning = "cluster-update-running", Conflict, "another change of credentials waits for the cluster's answer", "/credentials";
        NotLeaving = "cluster-not-leaving", Conflict, "nobody has asked to decommission the cluster";
        OutdatedObservation = "observation-outdated", Conflict, "the observation was made with credentials that no longer hold";
    }
}

impl Decider for Cluster {
    const STREAM: &'static str = "cluster";
    type State = ClusterState;
    type Command = ClusterCommand;
    type Event = ClusterEvent;
    type Refusal = ClusterRefusal;

    fn initial() -> ClusterState {
        ClusterState::Absent
    }

    fn decide(
        state: &ClusterState,
        command: ClusterCommand,
        _ctx: &Ctx,
    ) -> Result<Vec<ClusterEvent>, ClusterRefusal> {
        match command {
            ClusterCommand::Import(spec) => import(state, spec),
            ClusterCommand::Change(changes) => change(state, changes),
            ClusterCommand::Observe(credentials, observation) => {
                observed_with(state, &credentials)?;
                observe(state, observation)
            }
            ClusterCommand::ObserveFailure(credentials, failure) => {
                observed_with(state, &credentials)?;
                observe_failure(state, failure)
            }
            ClusterCommand::RequestDecommission => match state {
                ClusterState::Absent => Err(ClusterRefusal::NotFound),
                ClusterState::Decommissioning(_) | ClusterState::Decommissioned(_) => Ok(vec![]),
                _ => Ok(vec![ClusterEvent::DecommissionRequested(DecommissionRequested {})]),
            },
            ClusterCommand::ConfirmDecommission => match state {
                ClusterState::Absent => Err(ClusterRefusal::NotFound),
                ClusterState::Decommissioning(_) => Ok(vec![ClusterEvent::Decommissioned(Decommissioned {})]),
                ClusterState::Decommissioned(_) => Ok(vec![]),
                _ => Err(ClusterRefusal::NotLeaving),
            },
        }
    }

    fn evolve(mut state: ClusterState, event: &ClusterEvent) -> ClusterState {
        match event {
            ClusterEvent::ImportRequested(body) => {
                return ClusterState::Importing(Importing { spec: body.spec.clone(), failure: None });
            }
            ClusterEvent::Imported(body) => {
                if let ClusterState::Importing(importing) = state {
                    let (spec, facts) = (importing.spec, body.facts.clone());
                    return ClusterState::Active(Active {
                        spec,
                        facts,
                        health: Health::Healthy,
                        issues: vec![],
                    });
                }
            }
            ClusterEvent::ImportFailed(body) => {
                if let ClusterState::Importing(importing) = &mut state {
                    importing.failure = Some(body.failure.clone());
                }
            }
            ClusterEvent::Changed(body) => {
                if let Some(spec) = state.spec_mut() {
                    apply_change(&mut spec.name, body.name.as_ref());
                    apply_change(&mut spec.region, body.region.as_ref());
                    apply_change(&mut spec.labels, body.labels.as_ref());
                }
            }
            ClusterEvent::CredentialsReplaced(body) => match state {
                ClusterState::Importing(mut importing) => {
                    importing.spec.credentials = body.credentials.clone();
                    importing.failure = None;
                    return ClusterState::Importing(importing);
                }
                ClusterState::Active(active) => {
                    return ClusterState::Updating(Updating { active, wanted: body.credentials.clone() });
                }
                other => return other,
            },
            ClusterEvent::UpdateCompleted(body) => {
                if let ClusterState::Updating(Updating { mut active, .. }) = state {
                    active.spec.credentials = body.credentials.clone();
                    return ClusterState::Active(active);
                }
            }
            ClusterEvent::UpdateFailed(_) => {
                if let ClusterState::Updating(Updating { active, .. }) = state {
                    return ClusterState::Active(active);
                }
            }
            ClusterEvent::HealthChanged(body) => {
                if let Some(active) = state.active_mut() {
                    active.health = body.to;
                    active.issues.clone_from(&body.issues);
                }
            }
            ClusterEvent::VersionChanged(body) => {
                if let Some(active) = state.active_mut() {
                    active.facts.version.clone_from(&body.to);
                }
            }
            ClusterEvent::NodesChanged(body) => {
                if let Some(active) = state.active_mut() {
                    active.facts.nodes = body.to;
                }
            }
            ClusterEvent::DecommissionRequested(_) => {
                if let Some(spec) = state.spec() {
                    return ClusterState::Decommissioning(spec.clone());
                }
            }
            ClusterEvent::Decommissioned(_) => {
                if let Some(spec) = state.spec() {
                    return ClusterState::Decommissioned(spec.clone());
                }
            }
        }
        state
    }
}

fn apply_change<T: Clone>(target: &mut T, change: Option<&Change<T>>) {
    if let Some(change) = change {
        *target = change.to.clone();
    }
}

fn import(state: &ClusterState, spec: Spec) -> Result<Vec<ClusterEvent>, ClusterRefusal> {
    match state {
        ClusterState::Absent => Ok(vec![ClusterEvent::ImportRequested(ImportRequested { spec })]),
        ClusterState::Decommissioning(_) => Err(ClusterRefusal::Leaving),
        ClusterState::Decommissioned(_) => Err(ClusterRefusal::Gone),
        known if known.spec() == Some(&spec) => Ok(vec![]),
        _ => Err(ClusterRefusal::AlreadyExists),
    }
}

/// The spec of a cluster that can still change.
fn changeable(state: &ClusterState) -> Result<&Spec, ClusterRefusal> {
    match state {
        ClusterState::Decommissioning(_) => Err(ClusterRefusal::Leaving),
        ClusterState::Decommissioned(_) => Err(ClusterRefusal::Gone),
        _ => state.spec().ok_or(ClusterRefusal::NotFound),
    }
}

fn change(state: &ClusterState, changes: Changes) -> Result<Vec<ClusterEvent>, ClusterRefusal> {
    let spec = changeable(state)?;
    let description = Changed {
        name: Change::between(&spec.name, changes.name),
        region: Change::between(&spec.region, changes.region),
        labels: Change::between(&spec.labels, changes.labels),
    };
    let mut events = vec![];
    if description != Changed::default() {
        events.push(ClusterEvent::Changed(description));
    }
    if let Some(credentials) = changes.credentials {
        events.extend(replace_credentials(state, spec, credentials)?);
    }
    Ok(events)
}

fn replace_credentials(
    state: &ClusterState,
    spec: &Spec,
    credentials: Credentials,
) -> Result<Option<ClusterEvent>, ClusterRefusal> {
    match state {
        ClusterState::Updating(updating) if same_secret(&updating.wanted, &credentials) => Ok(None),
        ClusterState::Updating(_) => Err(ClusterRefusal::UpdateRunning),
        _ if same_secret(&spec.credentials, &credentials) => Ok(None),
        _ => Ok(Some(ClusterEvent::CredentialsReplaced(CredentialsReplaced {
            credentials,
            before: Some(spec.credentials.clone()),
        }))),
    }
}

/// Two references may name the same secret: what counts is the fingerprint and where it leads.
fn same_secret(one: &Credentials, other: &Credentials) -> bool {
    one.fingerprint == other.fingerprint && one.endpoint == other.endpoint
}

/// An observation that was under way while the credentials changed says nothing of the new ones.
fn observed_with(state: &ClusterState, credentials: &Credentials) -> Result<(), ClusterRefusal> {
    changeable(state)?;
    if state.credentials() == Some(credentials) { Ok(()) } else { Err(ClusterRefusal::OutdatedObservation) }
}

fn observe(state: &ClusterState, seen: Observation) -> Result<Vec<ClusterEvent>, ClusterRefusal> {
    let mut events = vec![];
    let known = match state {
        ClusterState::Importing(importing) => {
            events.push(ClusterEvent::Imported(Imported { facts: seen.facts.clone() }));
            Active {
                spec: importing.spec.clone(),
                facts: seen.facts.clone(),
                health: Health::Healthy,
                issues: vec![],
            }
        }
        ClusterState::Updating(updating) if updating.active.facts.uid != seen.facts.uid => {
            return Ok(vec![ClusterEvent::UpdateFailed(UpdateFailed { failure: another_cluster() })]);
        }
        ClusterState::Updating(updating) => {
            let credentials = updating.wanted.clone();
            events.push(ClusterEvent::UpdateCompleted(UpdateCompleted { credentials }));
            updating.active.clone()
        }
        ClusterState::Active(active) if active.facts.uid != seen.facts.uid => {
            return observe_failure(state, another_cluster());
        }
        ClusterState::Active(active) => active.clone(),
        _ => return Err(ClusterRefusal::NotFound),
    };
    if known.facts.version != seen.facts.version {
        let (from, to) = (known.facts.version.clone(), seen.facts.version);
        events.push(ClusterEvent::VersionChanged(VersionChanged { from, to }));
    }
    if known.facts.nodes != seen.facts.nodes {
        let (from, to) = (known.facts.nodes, seen.facts.nodes);
        events.push(ClusterEvent::NodesChanged(NodesChanged { from, to }));
    }
    let health = if seen.issues.is_empty() { Health::Healthy } else { Health::Degraded };
    events.extend(health_change(&known, health, seen.issues));
    Ok(events)
}

/// The API server behind an address answers as another cluster than the one that was imported.
fn another_cluster() -> Failure {
    Failure {
        code: "another-cluster".into(),
        message: "the API server answers with the identity of another cluster".into(),
    }
}

fn observe_failure(state: &ClusterState, failure: Failure) -> Result<Vec<ClusterEvent>, ClusterRefusal> {
    match state {
        // The same failure again is a sample, not a transition.
        ClusterState::Importing(Importing { failure: Some(known), .. }) if known.code == failure.code => {
            Ok(vec![])
        }
        ClusterState::Importing(_) => Ok(vec![ClusterEvent::ImportFailed(ImportFailed { failure })]),
        ClusterState::Updating(_) => Ok(vec![ClusterEvent::UpdateFailed(UpdateFailed { failure })]),
        ClusterState::Active(active) => {
            let issue = Issue { code: failure.code, object: "apiserver".into(), message: failure.message };
            Ok(health_change(active, Health::Unreachable, vec![issue]).into_iter().collect())
        }
        _ => Err(ClusterRefusal::NotFound),
    }
}

/// A change of health, or of the set of issues; other words for the same issue are not a change.
fn health_change(known: &Active, to: Health, mut issues: Vec<Issue>) -> Option<ClusterEvent> {
    issues.sort();
    issues.dedup_by(|one, other| one.code == other.code && one.object == other.object);
    let names = |issues: &[Issue]| issues.iter().map(IssueName::from).collect::<BTreeSet<_>>();
    let (before, now) = (names(&known.issues), names(&issues));
    let changes = IssueChanges {
        appeared: now.difference(&before).cloned().collect(),
        cleared: before.difference(&now).cloned().collect(),
    };
    (known.health != to || changes != IssueChanges::default()).then_some(ClusterEvent::HealthChanged(
        HealthChanged { from: known.health, to, issues, changes: Some(changes) },
    ))
}
