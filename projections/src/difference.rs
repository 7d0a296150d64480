//! What differs between two versions of a row. Pure; whoever asks, read models or refold, is told the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a member was, and what it is; `null` where the row was not there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberChange {
    /// Before.
    pub from: Value,
    /// After.
    pub to: Value,
}

/// Members that tell of a row's history and not of the thing itself: each event changes them.
pub const HISTORY: &[&str] =
    &["revision", "updated_at", "updated_by", "position", "recorded_at", "valid_from", "valid_to"];
/// Members that are the same for ever, or nobody's business.
const CONSTANT: &[&str] = &["tenant", "id", "created_at", "created_by"];

/// The members of two rows, written as JSON objects, that differ. Without those that every event changes.
pub fn members(before: &Value, after: &Value) -> BTreeMap<String, MemberChange> {
    let mut found = every_member(before, after);
    found.retain(|name, _| !HISTORY.contains(&name.as_str()) && !CONSTANT.contains(&name.as_str()));
    found
}

/// Every member that differs.
pub fn every_member(before: &Value, after: &Value) -> BTreeMap<String, MemberChange> {
    let names = [before, after].into_iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys);
    names
        .filter_map(|name| {
            let value = |row: &Value| row.get(name).cloned().unwrap_or(Value::Null);
            let (from, to) = (value(before), value(after));
            (from != to).then(|| (name.clone(), MemberChange { from, to }))
        })
        .collect()
}
