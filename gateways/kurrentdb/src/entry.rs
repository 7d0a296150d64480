//! An entry as KurrentDB holds it: the payload is its data, byte for byte; all else stands in its metadata.

use std::borrow::Cow;

use bytes::Bytes;
use hub_commands::ports::{Entry, IdempotencyKey, Receipt, Remembered};
use hub_domain::ledger::{Hash, Recorded};
use kurrentdb::{EventData, RecordedEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// The type of an entry that is no event, only the receipt of a command that had nothing to do.
const RECEIPT: &str = "clustermaster.receipt.v1";
/// The number of this form.
const FORMAT: u8 = 1;

/// The metadata of an event: every field of its leaf that is not the data itself, and the leaf's hash.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventMetadata<'a> {
    format: u8,
    position: u64,
    tenant: Uuid,
    sequence: u64,
    stream: Cow<'a, str>,
    revision: u64,
    command_id: Uuid,
    recorded_at: i64,
    schema_version: u16,
    actor: Cow<'a, str>,
    leaf_hash: Hash,
    /// The command's metadata as text: a JSON document in a string keeps every byte of it.
    metadata: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receipt: Option<Kept<'a>>,
}

/// The metadata of a receipt that stands alone.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiptMetadata<'a> {
    format: u8,
    position: u64,
    tenant: Uuid,
    stream: Cow<'a, str>,
    revision: Option<u64>,
    receipt: Kept<'a>,
}

/// Under which key a command came, and its events.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept<'a> {
    key: Cow<'a, str>,
    fingerprint: Hash,
    event_ids: Cow<'a, [Uuid]>,
}

impl<'a> Kept<'a> {
    fn of(remembered: &'a Remembered) -> Self {
        Self {
            key: Cow::Borrowed(&remembered.key.key),
            fingerprint: Hash(remembered.key.fingerprint),
            event_ids: Cow::Borrowed(&remembered.receipt.event_ids),
        }
    }

    fn remembered(self, tenant: Uuid, stream: String, revision: Option<u64>, position: u64) -> Remembered {
        Remembered {
            tenant,
            key: IdempotencyKey { key: self.key.into_owned(), fingerprint: self.fingerprint.0 },
            receipt: Receipt {
                stream,
                revision,
                position,
                event_ids: self.event_ids.into_owned(),
                repeated: true,
            },
        }
    }
}

/// What is sent for an entry, and its size as the server counts it. `id` is the entry's own where it is no event.
pub(crate) fn encode(entry: &Entry, id: Uuid) -> Result<(EventData, usize), String> {
    let (event_type, id, payload, metadata) = match (&entry.event, &entry.receipt) {
        (Some(event), receipt) => {
            let metadata = EventMetadata {
                format: FORMAT,
                position: event.position,
                tenant: event.tenant,
                sequence: event.sequence,
                stream: Cow::Borrowed(&event.stream),
                revision: event.revision,
                command_id: event.command_id,
                recorded_at: event.recorded_at,
                schema_version: event.schema_version,
                actor: Cow::Borrowed(&event.actor),
                leaf_hash: event.leaf_hash,
                metadata: std::str::from_utf8(&event.metadata)
                    .map_err(|_| "its metadata is not UTF-8")?
                    .into(),
                receipt: receipt.as_ref().map(Kept::of),
            };
            (
                event.event_type.as_str(),
                event.event_id,
                event.payload.as_slice(),
                serde_json::to_vec(&metadata),
            )
        }
        (None, Some(remembered)) => {
            let receipt = &remembered.receipt;
            let metadata = ReceiptMetadata {
                format: FORMAT,
                position: receipt.position,
                tenant: remembered.tenant,
                stream: Cow::Borrowed(&receipt.stream),
                revision: receipt.revision,
                receipt: Kept::of(remembered),
            };
            (RECEIPT, id, b"{}".as_slice(), serde_json::to_vec(&metadata))
        }
        (None, None) => return Err("an entry is an event, a receipt, or both".into()),
    };
    let metadata = metadata.map_err(|cause| cause.to_string())?;
    let size = payload.len() + metadata.len() + 2 * event_type.len();
    let data = data(event_type, payload).id(id).metadata(Bytes::from(metadata));
    Ok((data, size))
}

/// The payload under the content type that is true of it. Only a document without a margin passes through the client's JSON
/// byte for byte; anything else goes as it is.
fn data(event_type: &str, payload: &[u8]) -> EventData {
    match serde_json::from_slice::<&RawValue>(payload) {
        Ok(document) if document.get().len() == payload.len() => EventData::json(event_type, &document)
            .unwrap_or_else(|_| EventData::binary(event_type, Bytes::copy_from_slice(payload))),
        _ => EventData::binary(event_type, Bytes::copy_from_slice(payload)),
    }
}

/// Reads an entry; otherwise what is wrong with it.
pub(crate) fn decode(stored: &RecordedEvent) -> Result<Entry, String> {
    let number = stored.revision;
    if stored.event_type == RECEIPT {
        let known: ReceiptMetadata<'_> =
            serde_json::from_slice(&stored.custom_metadata).map_err(|cause| malformed(&cause))?;
        format_is_known(known.format)?;
        let receipt =
            known.receipt.remembered(known.tenant, known.stream.into_owned(), known.revision, known.position);
        return Ok(Entry { number, event: None, receipt: Some(receipt) });
    }
    let known: EventMetadata<'_> =
        serde_json::from_slice(&stored.custom_metadata).map_err(|cause| malformed(&cause))?;
    format_is_known(known.format)?;
    let stream = known.stream.into_owned();
    let receipt = known
        .receipt
        .map(|kept| kept.remembered(known.tenant, stream.clone(), Some(known.revision), known.position));
    let event = Recorded {
        position: known.position,
        tenant: known.tenant,
        sequence: known.sequence,
        stream,
        revision: known.revision,
        event_id: stored.id,
        command_id: known.command_id,
        recorded_at: known.recorded_at,
        event_type: stored.event_type.clone(),
        schema_version: known.schema_version,
        actor: known.actor.into_owned(),
        metadata: known.metadata.into_owned().into_bytes(),
        payload: stored.data.to_vec(),
        leaf_hash: known.leaf_hash,
    };
    Ok(Entry { number, event: Some(event), receipt })
}

/// The newest position that an entry knows of.
pub(crate) fn position(entry: &Entry) -> u64 {
    let remembered = entry.receipt.as_ref().map_or(0, |kept| kept.receipt.position);
    entry.event.as_ref().map_or(remembered, |event| event.position)
}

/// About how much memory an entry takes, in bytes.
pub(crate) fn weight(entry: &Entry) -> usize {
    let event = entry.event.as_ref().map_or(0, |event| event.payload.len() + event.metadata.len() + 400);
    let receipt = entry.receipt.as_ref().map_or(0, |kept| 16 * kept.receipt.event_ids.len() + 300);
    event + receipt
}

fn format_is_known(format: u8) -> Result<(), String> {
    if format == FORMAT { Ok(()) } else { Err(format!("its form is {format}, known is {FORMAT}")) }
}

fn malformed(cause: &serde_json::Error) -> String {
    format!("its metadata is not an entry's: {cause}")
}

#[cfg(test)]
mod tests;
