//! An event as a message: `CloudEvents` 1.0, Kafka protocol binding, binary mode (section 3.2).
//!
//! The key is the stream, so that a stream stays in one partition and in order. The value is the payload, byte for byte as it was hashed.
//! The headers are every other field of the leaf, and the metadata's bytes: whoever has the leaf hash of the tenant's event before can
//! recompute this one's.
//!
//! | header | what it holds |
//! | --- | --- |
//! | `ce_specversion` | `1.0` |
//! | `ce_id` | the event's id |
//! | `ce_source` | `urn:uuid:` and the tenant's id |
//! | `ce_type` | the event's wire name |
//! | `ce_subject` | the stream |
//! | `ce_time` | when it was recorded: RFC 3339, UTC, microseconds |
//! | `content-type` | `application/json` |
//! | `ce_schemaversion` | the version of the payload's shape |
//! | `ce_ledgerposition` | gapless over all tenants, from 1 |
//! | `ce_ledgersequence` | gapless within the tenant, from 0 |
//! | `ce_revision` | gapless within the stream, from 0 |
//! | `ce_commandid` | the command that yielded it |
//! | `ce_actor` | a pseudonymous subject id |
//! | `ce_leafhash` | 64 lowercase hex digits |
//! | `ce_metadata` | the metadata's bytes (JSON), as they were hashed |

use std::str::FromStr;

use chrono::{DateTime, SecondsFormat};
use hub_domain::ledger::{Hash, Recorded};
use rdkafka::Message;
use rdkafka::message::{Header, Headers as _, OwnedHeaders};
use uuid::Uuid;

/// What the source of an event is behind; the tenant's id follows.
const SOURCE: &str = "urn:uuid:";
const JSON: &str = "application/json";
const VERSION: &str = "1.0";

/// Why a message is no event of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// A header is not there.
    #[error("the header `{0}` is missing")]
    Missing(&'static str),
    /// A header stands there more than once.
    #[error("the header `{0}` stands there twice")]
    Twice(&'static str),
    /// A header does not hold what it must.
    #[error("the header `{0}` cannot be read")]
    Malformed(&'static str),
    /// There is no value.
    #[error("the message has no value")]
    NoValue,
    /// The key is not the stream.
    #[error("the message's key is not its `ce_subject`")]
    Key,
}

/// An event's headers.
pub fn headers(event: &Recorded) -> OwnedHeaders {
    let time = event.recorded_at_utc().to_rfc3339_opts(SecondsFormat::Micros, true);
    let numbers = [
        ("ce_schemaversion", event.schema_version.into()),
        ("ce_ledgerposition", event.position),
        ("ce_ledgersequence", event.sequence),
        ("ce_revision", event.revision),
    ];
    let headers = OwnedHeaders::new_with_capacity(15);
    let headers = headers
        .insert(header("ce_specversion", VERSION))
        .insert(header("ce_id", &event.event_id.to_string()))
        .insert(header("ce_source", &format!("{SOURCE}{}", event.tenant)))
        .insert(header("ce_type", &event.event_type))
        .insert(header("ce_subject", &event.stream))
        .insert(header("ce_time", &time))
        .insert(header("content-type", JSON));
    let headers = numbers
        .into_iter()
        .fold(headers, |headers, (key, number)| headers.insert(header(key, &number.to_string())));
    headers
        .insert(header("ce_commandid", &event.command_id.to_string()))
        .insert(header("ce_actor", &event.actor))
        .insert(header("ce_leafhash", &event.leaf_hash.to_string()))
        .insert(Header { key: "ce_metadata", value: Some(event.metadata.as_slice()) })
}

fn header<'a>(key: &'a str, value: &'a str) -> Header<'a, &'a [u8]> {
    Header { key, value: Some(value.as_bytes()) }
}

/// Reads an event back. Nothing is recomputed here: that takes the event before.
pub fn read(message: &impl Message) -> Result<Recorded, Unreadable> {
    let fields = Fields(message);
    let payload = message.payload().ok_or(Unreadable::NoValue)?.to_vec();
    fields.exactly("ce_specversion", VERSION)?;
    fields.exactly("content-type", JSON)?;
    let source = fields.text("ce_source")?.strip_prefix(SOURCE).ok_or(Unreadable::Malformed("ce_source"))?;
    let stream = fields.text("ce_subject")?;
    if message.key() != Some(stream.as_bytes()) {
        return Err(Unreadable::Key);
    }
    let time = DateTime::parse_from_rfc3339(fields.text("ce_time")?);
    Ok(Recorded {
        position: fields.parsed("ce_ledgerposition")?,
        tenant: Uuid::try_parse(source).map_err(|_| Unreadable::Malformed("ce_source"))?,
        sequence: fields.parsed("ce_ledgersequence")?,
        stream: stream.to_owned(),
        revision: fields.parsed("ce_revision")?,
        event_id: fields.parsed("ce_id")?,
        command_id: fields.parsed("ce_commandid")?,
        recorded_at: time.map_err(|_| Unreadable::Malformed("ce_time"))?.timestamp_micros(),
        event_type: fields.text("ce_type")?.to_owned(),
        schema_version: fields.parsed("ce_schemaversion")?,
        actor: fields.text("ce_actor")?.to_owned(),
        metadata: fields.bytes("ce_metadata")?.to_vec(),
        payload,
        leaf_hash: fields.parsed::<Hash>("ce_leafhash")?,
    })
}

struct Fields<'m, M>(&'m M);

impl<'m, M: Message> Fields<'m, M> {
    fn bytes(&self, name: &'static str) -> Result<&'m [u8], Unreadable> {
        let headers = self.0.headers().ok_or(Unreadable::Missing(name))?;
        let mut found = headers.iter().filter(|header| header.key == name);
        let value = found.next().and_then(|header| header.value).ok_or(Unreadable::Missing(name))?;
        if found.next().is_some() { Err(Unreadable::Twice(name)) } else { Ok(value) }
    }

    fn text(&self, name: &'static str) -> Result<&'m str, Unreadable> {
        std::str::from_utf8(self.bytes(name)?).map_err(|_| Unreadable::Malformed(name))
    }

    fn parsed<T: FromStr>(&self, name: &'static str) -> Result<T, Unreadable> {
        self.text(name)?.parse().map_err(|_| Unreadable::Malformed(name))
    }

    fn exactly(&self, name: &'static str, wanted: &str) -> Result<(), Unreadable> {
        if self.text(name)? == wanted { Ok(()) } else { Err(Unreadable::Malformed(name)) }
    }
}

#[cfg(test)]
mod tests;
