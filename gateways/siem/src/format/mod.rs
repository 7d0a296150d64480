//! What a SIEM reads: an entry of the audit log, written in one of its formats.
//!
//! Pure functions: the same entry always becomes the same bytes. Entries name people by pseudonymous ids only, and nothing that is sealed is
//! opened here. Which field goes where is told in the crate's README.

mod cef;
mod deed;
mod ecs;
mod facts;
mod json;
mod leef;
mod line;
mod notice;
mod ocsf;
mod reading;
mod severity;

#[cfg(test)]
mod tests;

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use hub_domain::export::Format;
use hub_projections::models::AuditLog;
use hub_projections::outlet::Notice;
use uuid::Uuid;

use crate::transport::Message;
use notice::Note;
use reading::Reading;

/// The product's name, and its maker's, in every format that has a place for them.
const PRODUCT: &str = "ClusterMaster";

/// Who writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// The hub's version: `0.1.0`.
    pub version: String,
    /// The hub's name, by custom that of its host: `hub.example.org`.
    pub hub: String,
}

/// Why an entry cannot be written. It never will be, however often it is tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// It does not say in whose ledger it stands.
    #[error("the entry names no tenant")]
    Tenant,
    /// RFC 3339 has years from 0 to 9999.
    #[error("the entry's time is in the year {0}, and RFC 3339 has years from 0 to 9999")]
    Time(i32),
    /// Its content cannot be put into JSON.
    #[error("the entry cannot be put into JSON: {0}")]
    Json(String),
}

/// Writes entries and notices in one format.
#[derive(Clone, Debug)]
pub struct Writer {
    format: Format,
    product: Product,
}

impl Writer {
    /// A writer.
    pub fn new(format: Format, product: Product) -> Self {
        Self { format, product }
    }

    /// An entry of the audit log, as one line. Its tenant must be set.
    pub fn entry(&self, entry: &AuditLog) -> Result<Message, FormatError> {
        if entry.tenant == Uuid::nil() {
            return Err(FormatError::Tenant);
        }
        if !(0..=9999).contains(&entry.recorded_at.year()) {
            return Err(FormatError::Time(entry.recorded_at.year()));
        }
        let reading = Reading::of(entry);
        let body = match self.format {
            Format::Ocsf => ocsf::entry(&reading, &self.product)?,
            Format::Ecs => ecs::entry(&reading, &self.product)?,
            Format::Cef => cef::entry(&reading, &self.product),
            Format::Leef => leef::entry(&reading, &self.product),
            Format::Json => json::entry(&reading)?,
        };
        Ok(Message {
            id: entry.id.to_string(),
            time: entry.recorded_at,
            kind: entry.event_type.clone(),
            severity: reading.level.syslog(),
            json: self.is_json(),
            body,
        })
    }

    /// A checkpoint or a manifest, as one line; the signed note stands in it to the letter.
    ///
    /// Its time is that of the checkpoint. A manifest without one is dated 1970: nothing in it tells when.
    pub fn notice(&self, notice: &Notice) -> Message {
        let note = Note::of(notice);
        let body = match self.format {
            Format::Ocsf => ocsf::notice(&note, &self.product),
            Format::Ecs => ecs::notice(&note, &self.product),
            Format::Cef => cef::notice(&note, &self.product),
            Format::Leef => leef::notice(&note, &self.product),
            Format::Json => json::notice(&note),
        };
        let severity = severity::Level::Informational.syslog();
        let json = self.is_json();
        Message { id: note.id, time: note.time, kind: note.kind.into(), severity, json, body }
    }

    fn is_json(&self) -> bool {
        matches!(self.format, Format::Ocsf | Format::Ecs | Format::Json)
    }
}

/// RFC 3339 in UTC, to the microsecond: as the API tells times.
fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// JSON on one line.
fn to_json(value: &impl serde::Serialize) -> Result<Vec<u8>, FormatError> {
    let mut out = Vec::with_capacity(2048);
    serde_json::to_writer(&mut out, value).map_err(|cause| FormatError::Json(cause.to_string()))?;
    Ok(out)
}
