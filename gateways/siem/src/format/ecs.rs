//! The [Elastic Common Schema](https://www.elastic.co/docs/reference/ecs) 9.4.0, JSON.
//!
//! What ECS has no field for stands under `clustermaster`. Documents of differing shapes (`before`, `after`, `payload`) are texts there: an index
//! would otherwise grow a field for every label of every cluster.

use serde::Serialize;
use uuid::Uuid;

use super::deed::{Act, Class, Deed};
use super::notice::{Body, Note};
use super::reading::{Outcome, Reading};
use super::severity::Level;
use super::{FormatError, Product, rfc3339, to_json};

const VERSION: &str = "9.4.0";
const MODULE: &str = "clustermaster";
const AUDIT: &str = "clustermaster.audit";
const LEDGER: &str = "clustermaster.ledger";

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "@timestamp")]
    timestamp: &'a str,
    ecs: Ecs,
    message: &'a str,
    event: Event<'a>,
    service: Service<'a>,
    organization: Id<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<User<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    related: Option<Related<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    orchestrator: Option<Orchestrator<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Id<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<Http<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Error<'a>>,
    clustermaster: Own<'a>,
}

#[derive(Serialize)]
struct Ecs {
    version: &'static str,
}

#[derive(Serialize)]
struct Event<'a> {
    id: &'a str,
    action: &'a str,
    code: &'a str,
    kind: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    category: &'static [&'static str],
    r#type: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    created: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    severity: u8,
    module: &'static str,
    dataset: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<&'a str>,
}

#[derive(Serialize)]
struct Service<'a> {
    r#type: &'static str,
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
struct Http<'a> {
    request: Id<&'a str>,
}

#[derive(Serialize)]
struct Id<T> {
    id: T,
}

#[derive(Serialize)]
struct User<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Id<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Roles<'a>>,
}

#[derive(Serialize)]
struct Roles<'a> {
    roles: Vec<&'a str>,
}

#[derive(Serialize)]
struct Related<'a> {
    user: Vec<&'a str>,
}

#[derive(Serialize)]
struct Orchestrator<'a> {
    r#type: &'static str,
    cluster: Cluster<'a>,
}

#[derive(Serialize)]
struct Cluster<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
}

#[derive(Serialize)]
struct Error<'a> {
    code: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Own<'a> {
    Entry {
        position: u64,
        sequence: u64,
        revision: u64,
        leaf_hash: &'a str,
        outcome: &'a str,
        target: Target<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        caused_by: Option<Uuid>,
        #[serde(skip_serializing_if = "Option::is_none")]
        change_request: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<String>,
        payload: &'a str,
    },
    Notice(&'a Body<'a>),
}

#[derive(Serialize)]
struct Target<'a> {
    r#type: &'a str,
    id: &'a str,
}

pub fn entry(reading: &Reading<'_>, product: &Product) -> Result<Vec<u8>, FormatError> {
    let entry = reading.entry;
    let id = entry.id.to_string();
    let (category, r#type) = kind(&reading.deed, reading.outcome);
    to_json(&Document {
        timestamp: &reading.time,
        ecs: Ecs { version: VERSION },
        message: &entry.summary,
        event: Event {
            id: &id,
            action: &entry.action,
            code: &entry.event_type,
            kind: "event",
            category,
            r#type,
            outcome: Some(match reading.outcome {
                Outcome::Succeeded => "success",
                Outcome::Failed | Outcome::Refused => "failure",
                Outcome::Other => "unknown",
            }),
            created: &reading.time,
            sequence: Some(entry.sequence),
            severity: reading.level.of_ten(),
            module: MODULE,
            dataset: AUDIT,
            reason: entry.reason.as_deref(),
            hash: Some(&entry.leaf_hash),
        },
        service: Service { r#type: MODULE, name: &product.hub, version: &product.version },
        organization: Id { id: entry.tenant },
        user: Some(user(reading)),
        related: related(reading),
        orchestrator: reading.cluster().map(|id| Orchestrator {
            r#type: "kubernetes",
            cluster: Cluster {
                id,
                name: reading.facts.name.as_deref().filter(|_| entry.target_id == id),
                version: reading.facts.version.as_deref().filter(|_| entry.target_id == id),
            },
        }),
        trace: entry.trace_id.as_deref().map(|id| Id { id }),
        http: entry.request_id.as_deref().map(|id| Http { request: Id { id } }),
        error: reading.facts.code.as_deref().map(|code| Error { code }),
        clustermaster: Own::Entry {
            position: entry.position,
            sequence: entry.sequence,
            revision: entry.revision,
            leaf_hash: &entry.leaf_hash,
            outcome: &entry.outcome,
            target: Target { r#type: &entry.target_type, id: &entry.target_id },
            caused_by: entry.caused_by,
            change_request: entry.change_request.as_deref(),
            before: entry.before.as_ref().map(ToString::to_string),
            after: entry.after.as_ref().map(ToString::to_string),
            payload: reading.payload.get(),
        },
    })
}

pub fn notice(note: &Note<'_>, product: &Product) -> Vec<u8> {
    let time = rfc3339(note.time);
    let document = Document {
        timestamp: &time,
        ecs: Ecs { version: VERSION },
        message: &note.message,
        event: Event {
            id: &note.id,
            action: note.kind,
            code: note.kind,
            kind: "state",
            category: &[],
            r#type: &["info"],
            outcome: None,
            created: &time,
            sequence: None,
            severity: Level::Informational.of_ten(),
            module: MODULE,
            dataset: LEDGER,
            reason: None,
            hash: None,
        },
        service: Service { r#type: MODULE, name: &product.hub, version: &product.version },
        organization: Id { id: note.tenant },
        user: None,
        related: None,
        orchestrator: None,
        trace: None,
        http: None,
        error: None,
        clustermaster: Own::Notice(&note.body),
    };
    to_json(&document).expect("texts and numbers are JSON")
}

/// `event.category` and `event.type`, from the lists that ECS allows together.
fn kind(deed: &Deed<'_>, outcome: Outcome) -> (&'static [&'static str], &'static [&'static str]) {
    match (deed.class, deed.act) {
        (Class::Authentication, Act::SignOut) => (&["authentication", "session"], &["end"]),
        (Class::Authentication, _) if outcome != Outcome::Succeeded => (&["authentication"], &["start"]),
        (Class::Authentication, _) => (&["authentication", "session"], &["start"]),
        (Class::Account, Act::Create) => (&["iam"], &["user", "creation"]),
        (Class::Account, Act::Delete) => (&["iam"], &["user", "deletion"]),
        (Class::Account, _) => (&["iam"], &["user", "change"]),
        (Class::Privileges, _) => (&["iam"], &["admin", "user", "change"]),
        (Class::Entity, Act::Create | Act::Enroll) => (&["configuration"], &["creation"]),
        (Class::Entity, Act::Delete | Act::Unenroll) => (&["configuration"], &["deletion"]),
        (Class::Entity, Act::Read) => (&["configuration"], &["access"]),
        (Class::Entity, Act::Other) | (Class::Finding, _) => (&["configuration"], &["info"]),
        (Class::Entity, _) => (&["configuration"], &["change"]),
        (Class::Application, Act::Install | Act::Create) => (&["package"], &["installation"]),
        (Class::Application, Act::Delete) => (&["package"], &["deletion"]),
        (Class::Application, Act::Start | Act::Restart) => (&["package"], &["start"]),
        (Class::Application, Act::Other) => (&["package"], &["info"]),
        (Class::Application, _) => (&["package"], &["change"]),
        (Class::Request, _) if outcome == Outcome::Refused => (&["api"], &["denied"]),
        (Class::Request, Act::Create | Act::Enroll | Act::Install) => (&["api"], &["creation"]),
        (Class::Request, Act::Delete | Act::Unenroll) => (&["api"], &["deletion"]),
        (Class::Request, Act::Read) => (&["api"], &["access"]),
        (Class::Request, Act::Other) => (&["api"], &["info"]),
        (Class::Request, _) => (&["api"], &["change"]),
    }
}

fn user<'a>(reading: &'a Reading<'a>) -> User<'a> {
    let roles = &reading.facts.roles_after;
    let changes = reading.deed.class == Class::Privileges || reading.deed.class == Class::Account;
    User {
        id: &reading.entry.actor,
        target: reading.user().map(|id| Id { id }),
        changes: (changes && !roles.is_empty())
            .then(|| Roles { roles: roles.iter().map(AsRef::as_ref).collect() }),
    }
}

/// People only: the hub's own parts are no users to search for.
fn related<'a>(reading: &Reading<'a>) -> Option<Related<'a>> {
    let actor = (!reading.by_system()).then_some(reading.entry.actor.as_str());
    let mut user: Vec<_> = actor.into_iter().chain(reading.user()).collect();
    user.dedup();
    (!user.is_empty()).then_some(Related { user })
}
