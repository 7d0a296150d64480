//! Reading an event of an older version: step by step up to the present one. What is stored stays as it was hashed.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::event::{CodecError, version_of};

/// One step: from the payload of an older wire name to the next wire name and its payload.
///
/// A step is pure and total: whatever the older name was ever recorded with has a next version, and nothing that it told is
/// lost on the way. What only the next version knows is absent, unless the older one implies it.
pub type Upcaster = fn(&[u8]) -> Result<(&'static str, Vec<u8>), serde_json::Error>;

/// A step between two bodies; `to` is the next wire name.
pub fn step<Old: DeserializeOwned, Next: Serialize>(
    to: &'static str,
    payload: &[u8],
    next: impl FnOnce(Old) -> Next,
) -> Result<(&'static str, Vec<u8>), serde_json::Error> {
    let old = serde_json::from_slice(payload)?;
    Ok((to, serde_json::to_vec(&next(old))?))
}

/// Takes an event as many steps as there are: a wire name that no step begins with comes back as it is, known or not.
///
/// Fails when bytes are not what their wire name promises. A step that does not lead to a higher version ends the way there
/// (`UnknownType`): a chain cannot run in circles.
pub fn upcast<'a>(
    steps: &[(&'static str, Upcaster)],
    event_type: &'a str,
    payload: &'a [u8],
) -> Result<(&'a str, Cow<'a, [u8]>), CodecError> {
    let mut present = (event_type, Cow::Borrowed(payload));
    while let Some((old, next)) = steps.iter().find(|(old, _)| *old == present.0) {
        let (to, payload) = next(&present.1)
            .map_err(|source| CodecError::Malformed { event_type: (*old).to_owned(), source })?;
        if version_of(to) <= version_of(old) {
            return Err(CodecError::UnknownType((*old).to_owned()));
        }
        present = (to, Cow::Owned(payload));
    }
    Ok(present)
}
