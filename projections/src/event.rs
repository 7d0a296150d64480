//! An event as projections see it: decoded once, whoever reads it.

use chrono::{DateTime, Utc};
use hub_domain::cluster::ClusterEvent;
use hub_domain::export::ExportEvent;
use hub_domain::kernel::{Event as _, Metadata};
use hub_domain::ledger::Recorded;
use hub_domain::tenant::TenantEvent;
use hub_domain::user::UserEvent;

/// An event that a projection cannot read. The projection stops before it and says so; it never skips it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {position} (`{event_type}` of `{stream}`) cannot be projected: {what}")]
pub struct Poison {
    /// Where the event stands in the log.
    pub position: u64,
    /// Its wire name.
    pub event_type: String,
    /// Its stream.
    pub stream: String,
    /// What is wrong with it.
    pub what: String,
}

/// What an event says, by the aggregate that its stream belongs to.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Of a tenant.
    Tenant(TenantEvent),
    /// Of a user.
    User(UserEvent),
    /// Of a cluster.
    Cluster(ClusterEvent),
    /// Of an export.
    Export(ExportEvent),
    /// Of an aggregate that this build does not know.
    Other,
}

/// One recorded event and what its bytes mean.
#[derive(Debug)]
pub struct Event {
    /// As the log holds it.
    pub recorded: Recorded,
    body: Result<Body, String>,
    metadata: Result<Metadata, String>,
}

impl Event {
    /// Decodes an event. Bytes that cannot be read are the concern of those who ask for them.
    pub fn new(recorded: Recorded) -> Self {
        let (event_type, payload) = (recorded.event_type.as_str(), recorded.payload.as_slice());
        let body = match aggregate(&recorded.stream) {
            "tenant" => TenantEvent::decode(event_type, payload).map(Body::Tenant),
            "user" => UserEvent::decode(event_type, payload).map(Body::User),
            "cluster" => ClusterEvent::decode(event_type, payload).map(Body::Cluster),
            "export" => ExportEvent::decode(event_type, payload).map(Body::Export),
            _ => Ok(Body::Other),
        };
        let body = body.map_err(|cause| cause.to_string());
        let metadata =
            serde_json::from_slice(&recorded.metadata).map_err(|cause| format!("its metadata: {cause}"));
        Self { recorded, body, metadata }
    }

    /// The aggregate: the stream's name up to `_`.
    pub fn aggregate(&self) -> &str {
        aggregate(&self.recorded.stream)
    }

    /// What it says.
    pub fn body(&self) -> Result<&Body, Poison> {
        self.body.as_ref().map_err(|what| self.poison(what.as_str()))
    }

    /// How it came to be.
    pub fn metadata(&self) -> Result<&Metadata, Poison> {
        self.metadata.as_ref().map_err(|what| self.poison(what.as_str()))
    }

    /// When it was recorded.
    pub fn time(&self) -> Result<DateTime<Utc>, Poison> {
        DateTime::from_timestamp_micros(self.recorded.recorded_at)
            .ok_or_else(|| self.poison("its time is outside of the calendar"))
    }

    /// This event, refused.
    pub fn poison(&self, what: impl Into<String>) -> Poison {
        Poison {
            position: self.recorded.position,
            event_type: self.recorded.event_type.clone(),
            stream: self.recorded.stream.clone(),
            what: what.into(),
        }
    }
}

/// The aggregate of a stream: its name up to `_`.
pub(crate) fn aggregate(stream: &str) -> &str {
    stream.split_once('_').map_or(stream, |(prefix, _)| prefix)
}
