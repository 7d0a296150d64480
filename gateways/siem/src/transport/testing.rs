//! Messages and settings that tests make up.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use hub_commands::ports::Clock;
use hub_domain::kernel::{ExportId, TenantId, TypedId as _};
use uuid::Uuid;

use super::{Message, Settings};

/// 2026-11-27 12:00:00 UTC, in seconds.
pub(crate) const NOON: i64 = 1_795_780_800;

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(NOON, 0).expect("a time")
    }
}

/// Settings that let a test speak to itself.
pub(crate) fn settings() -> Settings {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let tenant = TenantId::from_uuid(Uuid::from_u128(1));
    let export = ExportId::from_uuid(Uuid::from_u128(2));
    Settings { allow_plaintext: true, ..Settings::new(tenant, export, Arc::new(Stopped)) }
}

/// A message that is a text.
pub(crate) fn text(id: u128, body: &str) -> Message {
    Message {
        id: Uuid::from_u128(id).to_string(),
        time: DateTime::from_timestamp(NOON, 123_456_000).expect("a time"),
        kind: "cluster.import_requested.v1".into(),
        severity: 6,
        json: false,
        body: body.as_bytes().to_vec(),
    }
}

/// A message that is a JSON object.
pub(crate) fn json(id: u128) -> Message {
    Message { json: true, ..text(id, &format!("{{\"n\":{id}}}")) }
}
