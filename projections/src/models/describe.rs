//! An event in one sentence, and what it changed.

use hub_domain::cluster::{Change, Changed, ClusterEvent, Credentials, Failure, HealthChanged, Spec};
use hub_domain::tenant::TenantEvent;
use hub_domain::user::{Role, SignInRefusal, UserEvent};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::event::Body;

const SUCCEEDED: &str = "succeeded";
const FAILED: &str = "failed";
const REFUSED: &str = "refused";

/// What the audit log says of an event.
pub struct Description {
    /// One sentence.
    pub summary: String,
    /// What changed, as it was.
    pub before: Option<Value>,
    /// What changed, as it is.
    pub after: Option<Value>,
    /// `succeeded`, `failed` or `refused`.
    pub outcome: &'static str,
}

impl Description {
    fn new(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), before: None, after: None, outcome: SUCCEEDED }
    }

    fn failed(what: &str, failure: &Failure) -> Self {
        Self {
            outcome: FAILED,
            ..Self::new(format!("{what} failed: {} ({})", failure.message, failure.code))
        }
    }

    fn refused(summary: String) -> Self {
        Self { outcome: REFUSED, ..Self::new(summary) }
    }

    fn changing(self, name: &str, from: impl Serialize, to: impl Serialize) -> Self {
        self.from(json!({ name: from })).to(json!({ name: to }))
    }

    fn from(self, before: Value) -> Self {
        Self { before: Some(before), ..self }
    }

    fn to(self, after: Value) -> Self {
        Self { after: Some(after), ..self }
    }
}

/// Of an event that this build does not know: its wire name must do.
pub fn unknown(event_type: &str) -> Description {
    Description::new(event_type)
}

/// Of an event that it does.
pub fn describe(body: &Body) -> Description {
    match body {
        Body::Tenant(event) => tenant(event),
        Body::User(event) => user(event),
        Body::Cluster(event) => cluster(event),
        Body::Other => Description::new("recorded"),
    }
}

fn tenant(event: &TenantEvent) -> Description {
    match event {
        TenantEvent::Created(body) => {
            Description::new(format!("tenant `{}` was created", body.name)).to(json!({ "name": body.name }))
        }
        TenantEvent::Renamed(body) => {
            Description::new(format!("tenant `{}` was renamed to `{}`", body.from, body.to))
                .changing("name", &body.from, &body.to)
        }
        TenantEvent::Suspended(_) => {
            Description::new("the tenant was suspended").changing("status", "active", "suspended")
        }
        TenantEvent::Resumed(_) => {
            Description::new("the tenant was resumed").changing("status", "suspended", "active")
        }
    }
}

fn user(event: &UserEvent) -> Description {
    let roles = |roles: &std::collections::BTreeSet<Role>| {
        roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ")
    };
    match event {
        UserEvent::Registered(body) => {
            Description::new(format!("user was registered as {}", roles(&body.roles)))
                .to(json!({ "status": "active", "roles": body.roles }))
        }
        UserEvent::ProfileChanged(_) => Description::new("name or e-mail address was changed"),
        UserEvent::RolesChanged(body) => {
            Description::new(format!("roles changed from {} to {}", roles(&body.from), roles(&body.to)))
                .changing("roles", &body.from, &body.to)
        }
        UserEvent::PasswordChanged(_) => Description::new("the password was changed"),
        UserEvent::Disabled(_) => {
            Description::new("the account was disabled").changing("status", "active", "disabled")
        }
        UserEvent::Enabled(_) => {
            Description::new("the account was enabled").changing("status", "disabled", "active")
        }
        UserEvent::Deleted(_) => {
            Description::new("the account was deleted").to(json!({ "status": "deleted" }))
        }
        UserEvent::SignedIn(_) => Description::new("signed in"),
        UserEvent::SignInRefused(body) => {
            let cause = match body.cause {
                SignInRefusal::WrongPassword => "wrong password",
                SignInRefusal::AccountDisabled => "the account is disabled",
                SignInRefusal::RefreshTokenReused => "a refresh token was used twice",
                SignInRefusal::TenantSuspended => "the tenant is suspended",
            };
            Description::refused(format!("sign-in was refused: {cause}"))
        }
        UserEvent::SignedOut(_) => Description::new("signed out"),
        UserEvent::CommandRefused(body) => {
            Description::refused(format!("`{}` was refused: {}", body.command, body.code))
        }
        UserEvent::RefusalsCounted(body) => Description::refused(format!(
            "{} more commands were refused within {} seconds",
            body.count, body.seconds
        )),
    }
}

fn cluster(event: &ClusterEvent) -> Description {
    match event {
        ClusterEvent::ImportRequested(body) => Description::new(format!(
            "import of cluster `{}` ({}, {}) was requested",
            body.spec.name,
            body.spec.provider.as_str(),
            body.spec.region
        ))
        .to(specified(&body.spec)),
        ClusterEvent::Imported(body) => Description::new(format!(
            "cluster was imported: Kubernetes {}, {} of {} nodes ready",
            body.facts.version, body.facts.nodes.ready, body.facts.nodes.total
        ))
        .from(json!({ "status": "importing" }))
        .to(json!({ "status": "active", "k8s_version": body.facts.version, "nodes": body.facts.nodes })),
        ClusterEvent::ImportFailed(body) => Description::failed("import", &body.failure),
        ClusterEvent::Changed(body) => changed(body),
        ClusterEvent::CredentialsReplaced(body) => {
            let summary =
                format!("new credentials for {} wait for the cluster's answer", body.credentials.endpoint);
            let before = body.before.as_ref().map(|before| json!({ "credentials": reached(before) }));
            let described =
                Description::new(summary).to(json!({ "credentials": reached(&body.credentials) }));
            Description { before, ..described }
        }
        ClusterEvent::UpdateCompleted(body) => Description::new("the cluster accepted the new credentials")
            .to(json!({ "credentials": reached(&body.credentials) })),
        ClusterEvent::UpdateFailed(body) => Description::failed("change of credentials", &body.failure),
        ClusterEvent::HealthChanged(body) => health(body),
        ClusterEvent::VersionChanged(body) => {
            Description::new(format!("Kubernetes version changed from {} to {}", body.from, body.to))
                .changing("k8s_version", &body.from, &body.to)
        }
        ClusterEvent::NodesChanged(body) => Description::new(format!(
            "nodes changed from {} to {}, ready from {} to {}",
            body.from.total, body.to.total, body.from.ready, body.to.ready
        ))
        .changing("nodes", body.from, body.to),
        ClusterEvent::DecommissionRequested(_) => {
            Description::new("decommission was requested").to(json!({ "status": "decommissioning" }))
        }
        ClusterEvent::Decommissioned(_) => Description::new(
            "cluster was decommissioned and its credentials destroyed",
        )
        .changing("status", "decommissioning", "decommissioned"),
    }
}

fn specified(spec: &Spec) -> Value {
    json!({
        "name": spec.name, "provider": spec.provider, "region": spec.region, "labels": spec.labels,
        "credentials": reached(&spec.credentials)
    })
}

/// Where credentials lead, and by what they are told from others.
fn reached(credentials: &Credentials) -> Value {
    json!({ "endpoint": credentials.endpoint, "fingerprint": credentials.fingerprint })
}

fn health(body: &HealthChanged) -> Description {
    let (from, to) = (body.from.as_str(), body.to.as_str());
    let what = if from == to { format!("still {to}") } else { format!("health changed from {from} to {to}") };
    let summary = match body.issues.as_slice() {
        [] => what,
        [issue] => format!("{what}: {} ({})", issue.code, issue.object),
        [issue, rest @ ..] => format!("{what}: {} ({}) and {} more", issue.code, issue.object, rest.len()),
    };
    Description::new(summary).changing("health", body.from, body.to)
}

fn changed(body: &Changed) -> Description {
    let (mut before, mut after, mut words) = (Map::new(), Map::new(), Vec::new());
    note(&mut before, &mut after, "name", body.name.as_ref());
    note(&mut before, &mut after, "region", body.region.as_ref());
    note(&mut before, &mut after, "labels", body.labels.as_ref());
    if let Some(name) = &body.name {
        words.push(format!("name from `{}` to `{}`", name.from, name.to));
    }
    if let Some(region) = &body.region {
        words.push(format!("region from {} to {}", region.from, region.to));
    }
    if body.labels.is_some() {
        words.push("labels".to_owned());
    }
    let described = Description::new(format!("changed {}", words.join(", ")));
    described.from(Value::Object(before)).to(Value::Object(after))
}

fn note<T: Serialize>(
    before: &mut Map<String, Value>,
    after: &mut Map<String, Value>,
    name: &str,
    change: Option<&Change<T>>,
) {
    if let Some(change) = change {
        before.insert(name.to_owned(), json!(change.from));
        after.insert(name.to_owned(), json!(change.to));
    }
}
