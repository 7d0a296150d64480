//! A foreign event becomes one of the ledger: deterministic, so that the same one is the same again.

use hub_domain::kernel::{ImportId, TenantId, TypedId as _};
use hub_domain::ledger::{EVENT_LIMIT, sha256};
use hub_postgres::intake::Incoming;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::foreign::ForeignEvent;
use super::names::{self, Names};

/// Translates the events of one source for one tenant.
#[derive(Debug)]
pub struct Translator {
    tenant: TenantId,
    source: String,
    names: Names,
}

/// What stands beside the payload of an imported event.
#[derive(Serialize)]
struct Metadata<'a> {
    command: &'a str,
    imported: Origin<'a>,
}

/// Where it comes from: enough to find it there again.
#[derive(Serialize)]
struct Origin<'a> {
    source: &'a str,
    kind: &'a str,
    id: &'a str,
    revision: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<Uuid>,
    event_type: &'a str,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<chrono::DateTime<chrono::Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a RawValue>,
}

impl Translator {
    /// For events of a source that go under a tenant's chain.
    pub fn new(tenant: TenantId, source: &str, names: Names) -> Self {
        Self { tenant, source: source.to_owned(), names }
    }

    /// The stream of the import itself.
    pub fn import_stream(&self) -> String {
        ImportId::from_uuid(self.derive(&[b"import"])).to_string()
    }

    /// The id of an event of the import itself.
    pub fn import_event(&self, revision: u64) -> Uuid {
        self.derive(&[b"import", &revision.to_be_bytes()])
    }

    /// The source's name.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Translates an event that gets this revision. The error says what cannot be imported about it.
    pub fn translate(&self, event: &ForeignEvent, revision: u64) -> Result<Incoming, String> {
        let stream = names::stream(&event.kind, &event.id)?;
        let (event_type, schema_version) = self.names.wire(event)?;
        readable("its body", &event.data)?;
        if !event.metadata.is_empty() {
            readable("its metadata", &event.metadata)?;
        }
        let metadata = Metadata {
            command: "import.event",
            imported: Origin {
                source: &self.source,
                kind: &event.kind,
                id: &event.id,
                revision: event.revision,
                event_id: event.event_id,
                event_type: &event.event_type,
                version: &event.version,
                recorded_at: event.recorded_at,
                metadata: serde_json::from_slice(&event.metadata).ok(),
            },
        };
        let metadata = serde_json::to_vec(&metadata).map_err(|cause| cause.to_string())?;
        fits("its metadata and origin", &metadata)?;
        let place =
            [b"event".as_slice(), event.kind.as_bytes(), event.id.as_bytes(), &event.revision.to_be_bytes()];
        Ok(Incoming {
            event_id: self.derive(&place),
            stream,
            revision,
            event_type,
            schema_version,
            metadata,
            payload: event.data.clone(),
        })
    }

    /// A UUID (version 8, RFC 9562) of what is named: the same for the same tenant, source and name.
    fn derive(&self, parts: &[&[u8]]) -> Uuid {
        let tenant = self.tenant.uuid();
        let named = [b"clustermaster-import/1".as_slice(), tenant.as_bytes(), self.source.as_bytes()];
        // A hash of hashes: no two lists of parts run into the same bytes.
        let hashes: Vec<u8> = named.iter().chain(parts).flat_map(|part| sha256(part).0).collect();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&sha256(&hashes).0[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

fn fits(what: &str, bytes: &[u8]) -> Result<(), String> {
    if bytes.len() > EVENT_LIMIT {
        return Err(format!("{what} may not exceed {EVENT_LIMIT} bytes"));
    }
    Ok(())
}

/// JSON that everything behind the ledger can read, too: a table of documents takes no NUL in a text.
fn readable(what: &str, bytes: &[u8]) -> Result<(), String> {
    fits(what, bytes)?;
    let value: Value =
        serde_json::from_slice(bytes).map_err(|cause| format!("{what} cannot be read: {cause}"))?;
    if holds_nul(&value) {
        return Err(format!("{what} holds the character U+0000"));
    }
    Ok(())
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
