//! The [Open Cybersecurity Schema Framework](https://schema.ocsf.io) 1.8.0, JSON.
//!
//! The class follows from what an event does (decision 0013). Members are the schema's; what it has no place for stands under `unmapped`.

mod class;
mod event;

use std::borrow::Cow;

use self::event::{
    Actor, Api, App, Compliance, Endpoint, Entity, Event, Finding, Group, Metadata, Named, Object, Parts,
    Service, Uid, Unmapped, User, VERSION,
};
use super::deed::{Act, Class, title};
use super::notice::Note;
use super::reading::{Outcome, Reading};
use super::severity::Level;
use super::{FormatError, PRODUCT, Product, rfc3339, to_json};

/// Audit entries, as consumers know their log.
const AUDIT: &str = "audit";
/// Notices.
const LEDGER: &str = "ledger";
/// The profile that gives `actor` to the classes that have none of their own.
const HOST: &str = "host";
/// API Activity demands a source; where from a person came is not told by default.
const UNDISCLOSED: &str = "undisclosed";

pub fn entry(reading: &Reading<'_>, product: &Product) -> Result<Vec<u8>, FormatError> {
    let entry = reading.entry;
    let class = class::class_of(&reading.deed);
    let (activity_id, activity_name) = class::activity_of(&reading.deed);
    let (severity_id, severity) = reading.level.ocsf();
    let id = entry.id.to_string();
    let in_entity = reading.deed.class == Class::Entity;
    to_json(&Event {
        class_uid: class.uid,
        class_name: class.name,
        category_uid: class.category_uid,
        category_name: class.category,
        activity_id,
        activity_name,
        type_uid: type_uid(class.uid, activity_id),
        time: entry.recorded_at.timestamp_millis(),
        severity_id,
        severity,
        message: &entry.summary,
        metadata: Metadata {
            version: VERSION,
            uid: &id,
            event_code: &entry.event_type,
            product: product.into(),
            log_name: AUDIT,
            log_provider: &product.hub,
            original_time: &reading.time,
            tenant_uid: entry.tenant,
            sequence: Some(entry.sequence),
            correlation_uid: entry.trace_id.as_deref(),
            profiles: matches!(reading.deed.class, Class::Application | Class::Finding).then_some([HOST]),
        },
        unmapped: Unmapped::Entry {
            position: entry.position,
            revision: entry.revision,
            leaf_hash: &entry.leaf_hash,
            action: &entry.action,
            outcome: &entry.outcome,
            target_type: &entry.target_type,
            target_id: &entry.target_id,
            reason: entry.reason.as_deref().filter(|_| !commented(reading)),
            caused_by: entry.caused_by,
            request_id: entry.request_id.as_deref(),
            change_request: entry.change_request.as_deref(),
            before: entry.before.as_ref().filter(|_| !in_entity),
            after: entry.after.as_ref().filter(|_| !in_entity),
            payload: &reading.payload,
        },
        parts: parts(reading, product),
    })
}

pub fn notice(note: &Note<'_>, product: &Product) -> Vec<u8> {
    let class = class::BASE_EVENT;
    let (severity_id, severity) = Level::Informational.ocsf();
    let event = Event {
        class_uid: class.uid,
        class_name: class.name,
        category_uid: class.category_uid,
        category_name: class.category,
        activity_id: class::OTHER,
        activity_name: Cow::Owned(title(note.kind)),
        type_uid: type_uid(class.uid, class::OTHER),
        time: note.time.timestamp_millis(),
        severity_id,
        severity,
        message: &note.message,
        metadata: Metadata {
            version: VERSION,
            uid: &note.id,
            event_code: note.kind,
            product: product.into(),
            log_name: LEDGER,
            log_provider: &product.hub,
            original_time: &rfc3339(note.time),
            tenant_uid: note.tenant,
            sequence: None,
            correlation_uid: None,
            profiles: None,
        },
        unmapped: Unmapped::Notice(&note.body),
        parts: Parts::default(),
    };
    to_json(&event).expect("texts and numbers are JSON")
}

fn type_uid(class: u16, activity: u8) -> u32 {
    u32::from(class) * 100 + u32::from(activity)
}

/// Whether the class has a place for the actor's reason.
fn commented(reading: &Reading<'_>) -> bool {
    matches!(reading.deed.class, Class::Entity | Class::Finding)
}

fn parts<'a>(reading: &'a Reading<'a>, product: &'a Product) -> Parts<'a> {
    let entry = reading.entry;
    let facts = &reading.facts;
    let (status_id, status) = status(reading);
    let common = Parts {
        status_id: Some(status_id),
        status: Some(status),
        status_code: facts.code.as_deref(),
        comment: entry.reason.as_deref().filter(|_| commented(reading)),
        actor: Some(actor(reading)),
        ..Parts::default()
    };
    match reading.deed.class {
        Class::Authentication => Parts {
            user: Some(user(&entry.target_id)),
            service: Some(product.into()),
            session: facts.session.as_deref().map(|uid| Uid { uid }),
            ..common
        },
        Class::Account => Parts {
            user: Some(User { groups: roles(&facts.roles_after), ..user(&entry.target_id) }),
            ..common
        },
        Class::Privileges => Parts {
            user: Some(User { groups: roles(&facts.roles_after), ..user(&entry.target_id) }),
            privileges: Some(facts.roles_moved().1),
            ..common
        },
        Class::Entity => Parts {
            entity: Some(Entity { data: entry.before.as_ref(), ..entity(reading) }),
            entity_result: entry.after.as_ref().map(|after| Entity { data: Some(after), ..entity(reading) }),
            ..common
        },
        Class::Application => Parts {
            app: Some(App {
                uid: &entry.target_id,
                name: facts.name.as_deref(),
                version: facts.version.as_deref(),
            }),
            ..common
        },
        Class::Finding => Parts {
            compliance: Some(compliance(reading)),
            finding_info: Some(Finding { uid: &entry.target_id, title: &entry.summary }),
            resources: reading.cluster().map(|uid| [named(uid, "cluster")]),
            ..common
        },
        Class::Request => Parts {
            api: Some(Api {
                operation: &entry.action,
                service: product.into(),
                request: entry.trace_id.as_deref().map(|uid| Uid { uid }),
            }),
            src_endpoint: Some(source(reading)),
            resources: Some([Named {
                name: facts.name.as_deref(),
                version: facts.version.as_deref(),
                ..named(&entry.target_id, &entry.target_type)
            }]),
            ..common
        },
    }
}

/// Findings have states; everything else succeeds or fails.
fn status<'a>(reading: &'a Reading<'_>) -> (u8, Cow<'a, str>) {
    let (id, caption) = match (reading.deed.class, reading.deed.act, reading.outcome) {
        (Class::Finding, Act::Create, _) => (1, "New"),
        (Class::Finding, Act::Waive, _) => (3, "Suppressed"),
        (Class::Finding, Act::Close, _) => (4, "Resolved"),
        (Class::Finding, _, _) => (2, "In Progress"),
        (_, _, Outcome::Succeeded) => (1, "Success"),
        (_, _, Outcome::Failed | Outcome::Refused) => (2, "Failure"),
        (_, _, Outcome::Other) => (99, reading.entry.outcome.as_str()),
    };
    (id, Cow::Borrowed(caption))
}

fn actor<'a>(reading: &Reading<'a>) -> Actor<'a> {
    let by_system = reading.by_system();
    let (type_id, r#type) = if by_system { (3, "System") } else { (1, "User") };
    let uid = &reading.entry.actor;
    Actor { user: User { uid, type_id, r#type, groups: None }, app_name: by_system.then_some(PRODUCT) }
}

fn user(uid: &str) -> User<'_> {
    User { uid, type_id: 1, r#type: "User", groups: None }
}

fn roles<'a>(roles: &'a [Cow<'_, str>]) -> Option<Vec<Group<'a>>> {
    let group = |role: &'a Cow<'_, str>| Group { name: role, r#type: "role" };
    (!roles.is_empty()).then(|| roles.iter().map(group).collect())
}

fn source<'a>(reading: &Reading<'a>) -> Endpoint<'a> {
    if reading.by_system() {
        return Endpoint { name: None, svc_name: Some(&reading.entry.actor) };
    }
    Endpoint { name: Some(UNDISCLOSED), svc_name: None }
}

fn named<'a>(uid: &'a str, r#type: &'a str) -> Named<'a> {
    Named { uid, r#type, name: None, version: None }
}

fn entity<'a>(reading: &'a Reading<'a>) -> Entity<'a> {
    let uid = reading.entry.target_id.as_str();
    let name = reading.facts.name.as_deref();
    let object = || Some(Object { uid, name });
    let (type_id, r#type, org, policy) = match reading.deed.aggregate {
        "tenant" => (4, Cow::Borrowed("Organization"), object(), None),
        "policy" => (5, Cow::Borrowed("Policy"), None, object()),
        other => (class::OTHER, Cow::Owned(title(other)), None, None),
    };
    let version = reading.facts.version.as_deref();
    Entity { uid, type_id, r#type, name, version, org, policy, data: None }
}

fn compliance<'a>(reading: &'a Reading<'a>) -> Compliance<'a> {
    let (status_id, status) = match reading.deed.act {
        Act::Create => (3, "Fail"),
        Act::Close => (1, "Pass"),
        Act::Waive => (2, "Warning"),
        _ => (0, "Unknown"),
    };
    let control = reading.facts.name.as_deref().unwrap_or(&reading.entry.target_id);
    Compliance { control, status_id, status }
}

impl<'a> From<&'a Product> for event::Product<'a> {
    fn from(product: &'a Product) -> Self {
        Self { name: PRODUCT, vendor_name: PRODUCT, version: &product.version }
    }
}

impl<'a> From<&'a Product> for Service<'a> {
    fn from(product: &'a Product) -> Self {
        Self { name: PRODUCT, uid: &product.hub, version: &product.version }
    }
}
