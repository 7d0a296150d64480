//! How an event gets its wire name and its bytes.

use std::fmt::Debug;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Sealed;
use super::upcast::Upcaster;

/// A family of events. Implemented by [`events!`](crate::events) only.
pub trait Event: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Every wire name that is recorded, each ending in `.vN`.
    const TYPES: &'static [&'static str];
    /// Every wire name that was recorded once and still is read, with the step to its next version.
    const UPCASTERS: &'static [(&'static str, Upcaster)];
    /// This event's wire name: `"cluster.upgrade_requested.v1"`.
    fn event_type(&self) -> &'static str;
    /// The payload bytes: UTF-8 JSON of the event's body. These are the bytes that are hashed.
    fn encode(&self) -> Result<Vec<u8>, CodecError>;
    /// Reads an event back from its wire name and payload bytes; one of an older version becomes one of the present.
    fn decode(event_type: &str, payload: &[u8]) -> Result<Self, CodecError>;
    /// The schema version: the number behind `.v` in the wire name.
    fn schema_version(&self) -> u16 {
        version_of(self.event_type())
    }
}

/// The schema version in a wire name; 0 when it has none.
pub fn version_of(event_type: &str) -> u16 {
    event_type.rsplit_once(".v").and_then(|(_, version)| version.parse().ok()).unwrap_or(0)
}

/// Reads an event from `{ "type": ..., "data": ... }`, also one of an older version.
pub fn untag<'de, E: Event, D: Deserializer<'de>>(deserializer: D) -> Result<E, D::Error> {
    #[derive(Deserialize)]
    struct Tagged {
        #[serde(rename = "type")]
        event_type: String,
        data: Value,
    }
    let tagged = Tagged::deserialize(deserializer)?;
    let payload = serde_json::to_vec(&tagged.data).map_err(D::Error::custom)?;
    E::decode(&tagged.event_type, &payload).map_err(D::Error::custom)
}

/// Why bytes and events do not fit each other.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The wire name is not one of the family's.
    #[error("unknown event type `{0}`")]
    UnknownType(String),
    /// The bytes are not the JSON that the wire name promises.
    #[error("event `{event_type}` has a malformed body: {source}")]
    Malformed {
        /// The wire name.
        event_type: String,
        /// What the JSON reader said.
        source: serde_json::Error,
    },
}

/// What stands beside an event's payload: how it came to be. Serialised once, hashed as those bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The name of the command: `"cluster.import"`.
    pub command: String,
    /// The W3C trace id of the request, 32 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// Why, in the actor's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The event that caused this command, where a flow issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<Uuid>,
    /// From where, `{ip, user_agent}`: sealed under the key of the acting user, or of the user whose stream it is where the
    /// hub itself acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Sealed>,
    /// The request, by the id that its answer bore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The change request that the actor named: `CHG-123`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_request: Option<String>,
}

/// Declares a family of events: an enum whose variants each wrap a body and carry a wire name.
///
/// `from "older.name.v1" via function` behind a wire name tells how events of an older version are read: `function` is an
/// [`Upcaster`](crate::kernel::Upcaster). Each older version has its own, to the next one.
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// pub struct Opened { pub by: String }
///
/// hub_domain::events! {
///     /// What can happen to a door.
///     pub enum DoorEvent {
///         /// It was opened.
///         Opened(Opened) = "door.opened.v1",
///     }
/// }
/// ```
#[macro_export]
macro_rules! events {
    ($(#[$doc:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_doc:meta])* $variant:ident($body:ty) = $wire:literal $(from $old:literal via $step:ident)*),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, ::serde::Serialize)]
        #[serde(tag = "type", content = "data")]
        $vis enum $name {
            $($(#[$variant_doc])* #[serde(rename = $wire)] $variant($body)),*
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::kernel::untag(deserializer)
            }
        }

        impl $crate::kernel::Event for $name {
            const TYPES: &'static [&'static str] = &[$($wire),*];
            const UPCASTERS: &'static [(&'static str, $crate::kernel::Upcaster)] = &[$($(($old, $step),)*)*];

            fn event_type(&self) -> &'static str {
                match self { $(Self::$variant(_) => $wire),* }
            }

            fn encode(&self) -> Result<Vec<u8>, $crate::kernel::CodecError> {
                match self {
                    $(Self::$variant(body) => ::serde_json::to_vec(body)),*
                }
                .map_err(|source| $crate::kernel::CodecError::Malformed {
                    event_type: self.event_type().to_owned(),
                    source,
                })
            }

            fn decode(event_type: &str, payload: &[u8]) -> Result<Self, $crate::kernel::CodecError> {
                let (event_type, payload) = $crate::kernel::upcast(Self::UPCASTERS, event_type, payload)?;
                match event_type {
                    $($wire => ::serde_json::from_slice(&payload).map(Self::$variant)),*,
                    _ => return Err($crate::kernel::CodecError::UnknownType(event_type.to_owned())),
                }
                .map_err(|source| $crate::kernel::CodecError::Malformed {
                    event_type: event_type.to_owned(),
                    source,
                })
            }
        }
    };
}
