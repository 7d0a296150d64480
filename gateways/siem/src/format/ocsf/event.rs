//! The members of OCSF 1.8.0 that are written, as the schema names them.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::super::notice::Body;

/// The schema's version.
pub const VERSION: &str = "1.8.0";

/// An event of any class. Members that a class does not have are `None`.
#[derive(Serialize)]
pub struct Event<'a> {
    pub class_uid: u16,
    pub class_name: &'static str,
    pub category_uid: u8,
    pub category_name: &'static str,
    pub activity_id: u8,
    pub activity_name: Cow<'a, str>,
    pub type_uid: u32,
    pub time: i64,
    pub severity_id: u8,
    pub severity: &'static str,
    pub message: &'a str,
    pub metadata: Metadata<'a>,
    pub unmapped: Unmapped<'a>,
    #[serde(flatten)]
    pub parts: Parts<'a>,
}

/// What not every class has.
#[derive(Default, Serialize)]
pub struct Parts<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_id: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_endpoint: Option<Endpoint<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<Api<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<[Named<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<User<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privileges: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Service<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Session<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity: Option<Entity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_result: Option<Entity<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<App<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compliance: Option<Compliance<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding_info: Option<Finding<'a>>,
}

/// `metadata`.
#[derive(Serialize)]
pub struct Metadata<'a> {
    pub version: &'static str,
    pub uid: &'a str,
    pub event_code: &'a str,
    pub product: Product<'a>,
    pub log_name: &'static str,
    pub log_provider: &'a str,
    pub original_time: &'a str,
    pub tenant_uid: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profiles: Option<[&'static str; 1]>,
}

/// `product`.
#[derive(Serialize)]
pub struct Product<'a> {
    pub name: &'static str,
    pub vendor_name: &'static str,
    pub version: &'a str,
}

/// `actor`.
#[derive(Serialize)]
pub struct Actor<'a> {
    pub user: User<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_name: Option<&'static str>,
}

/// `user`.
#[derive(Serialize)]
pub struct User<'a> {
    pub uid: &'a str,
    pub type_id: u8,
    pub r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<Group<'a>>>,
}

/// `group`: a role.
#[derive(Serialize)]
pub struct Group<'a> {
    pub name: &'a str,
    pub r#type: &'static str,
}

/// `network_endpoint`.
#[derive(Serialize)]
pub struct Endpoint<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub svc_name: Option<&'a str>,
}

/// `api`.
#[derive(Serialize)]
pub struct Api<'a> {
    pub operation: &'a str,
    pub service: Service<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Uid<'a>>,
}

/// `service`.
#[derive(Serialize)]
pub struct Service<'a> {
    pub name: &'static str,
    pub uid: &'a str,
    pub version: &'a str,
}

/// `session` and `request`.
#[derive(Serialize)]
pub struct Uid<'a> {
    pub uid: &'a str,
}

/// `session`.
pub type Session<'a> = Uid<'a>;

/// `resource_details`.
#[derive(Serialize)]
pub struct Named<'a> {
    pub uid: &'a str,
    pub r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'a str>,
}

/// `managed_entity`.
#[derive(Serialize)]
pub struct Entity<'a> {
    pub uid: &'a str,
    pub type_id: u8,
    pub r#type: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<Object<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Object<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<&'a Value>,
}

/// `organization` and `policy`.
#[derive(Serialize)]
pub struct Object<'a> {
    pub uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
}

/// `app`: a `product`.
#[derive(Serialize)]
pub struct App<'a> {
    pub uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'a str>,
}

/// `compliance`.
#[derive(Serialize)]
pub struct Compliance<'a> {
    pub control: &'a str,
    pub status_id: u8,
    pub status: &'static str,
}

/// `finding_info`.
#[derive(Serialize)]
pub struct Finding<'a> {
    pub uid: &'a str,
    pub title: &'a str,
}

/// What the schema has no place for: the ledger, and the event's own words.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Unmapped<'a> {
    /// Of an entry.
    Entry {
        position: u64,
        revision: u64,
        leaf_hash: &'a str,
        action: &'a str,
        outcome: &'a str,
        target_type: &'a str,
        target_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        caused_by: Option<Uuid>,
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        change_request: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<&'a Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        after: Option<&'a Value>,
        payload: &'a RawValue,
    },
    /// Of a notice.
    Notice(&'a Body<'a>),
}
