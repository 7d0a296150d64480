//! `read.exports`: every export, each version of it.

use chrono::{DateTime, Utc};
use hub_domain::export::{Credentials, ExportEvent, Filter, Format, Transport};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::{Body, Event, Poison};
use crate::projection::{Key, Kind, Projection};

/// The projection of exports.
#[derive(Debug)]
pub struct Exports;

/// One version of an export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportVersion {
    /// The tenant.
    pub tenant: Uuid,
    /// The export's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `active`, `paused` or `deleted`.
    pub status: String,
    /// What the other side reads.
    pub format: Format,
    /// How it is reached.
    pub transport: Transport,
    /// Which events go out.
    pub filter: Filter,
    /// What it signs in with, by the vault's name.
    pub credentials: Option<Credentials>,
    /// What lies behind this position goes out,
    pub start_after: u64,
    /// as the event at this one has said.
    pub said_at: u64,
    /// The newest event that asked to try dead letters again; 0 for none.
    pub retried_at: u64,
    /// The stream's revision.
    pub revision: u64,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: String,
    /// When this version began.
    pub updated_at: DateTime<Utc>,
    /// Who made it.
    pub updated_by: String,
}

impl Projection for Exports {
    const NAME: &'static str = "exports";
    const VERSION: u32 = 1;
    const KIND: Kind = Kind::Versioned;
    type Row = ExportVersion;

    fn key(event: &Event) -> Option<Key> {
        (event.aggregate() == "export").then(|| Key::of(event))
    }

    fn fold(row: Option<ExportVersion>, event: &Event) -> Result<ExportVersion, Poison> {
        let Body::Export(body) = event.body()? else {
            return Err(event.poison("it stands in an export's stream and is no event of an export"));
        };
        let position = event.recorded.position;
        let mut row = match (row, body) {
            (_, ExportEvent::Created(body)) => ExportVersion {
                tenant: event.recorded.tenant,
                id: event.recorded.stream.clone(),
                name: body.spec.name.to_string(),
                status: String::new(),
                format: body.spec.format,
                transport: body.spec.transport.clone(),
                filter: body.spec.filter.clone(),
                credentials: body.spec.credentials.clone(),
                start_after: body.spec.starts_at.map_or(position, |first| first.saturating_sub(1)),
                said_at: position,
                retried_at: 0,
                revision: 0,
                created_at: event.time()?,
                created_by: event.recorded.actor.clone(),
                updated_at: event.time()?,
                updated_by: String::new(),
            },
            (Some(row), _) => row,
            (None, _) => return Err(event.poison("no earlier event tells of this export")),
        };
        match body {
            ExportEvent::Created(_) | ExportEvent::Resumed(_) => row.status = "active".into(),
            ExportEvent::Paused(_) => row.status = "paused".into(),
            ExportEvent::Deleted(_) => row.status = "deleted".into(),
            ExportEvent::Replayed(body) => {
                (row.start_after, row.said_at) = (body.from.saturating_sub(1), position);
            }
            ExportEvent::DeadLettersRetried(_) => row.retried_at = position,
        }
        row.revision = event.recorded.revision;
        row.updated_at = event.time()?;
        row.updated_by.clone_from(&event.recorded.actor);
        Ok(row)
    }
}
