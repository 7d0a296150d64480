//! Entries that mean harm: every text of them is made of what separates, ends or escapes something somewhere.

use chrono::DateTime;
use hub_projections::models::AuditLog;
use proptest::prelude::*;
use serde_json::json;

use super::corpus;

/// A text of dangerous pieces and any characters.
pub fn text() -> impl Strategy<Value = String> {
    let evil = prop::sample::select(vec![
        "|",
        "=",
        "^",
        "\\",
        "\\\\",
        "\n",
        "\r",
        "\t",
        " ",
        "\0",
        "\"",
        "{",
        "}",
        ",",
        "…",
        "msg=",
        " act=x",
        "^sev=10",
        "CEF:0|",
        "LEEF:2.0|",
        "\\n",
        "\\=",
        "\\x5E",
        "\u{1b}[0m",
        "\u{85}",
        "\u{2028}",
        "é",
        "<13>1 ",
    ]);
    let piece = prop_oneof![3 => evil.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from), 2 => "[a-z]{1,6}"];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// An entry with such texts wherever it has one.
pub fn entry() -> impl Strategy<Value = AuditLog> {
    let texts = prop::collection::vec(text(), 12);
    let kinds = prop::sample::select(corpus::all());
    (
        kinds,
        texts,
        [0..1_u64 << 63, 0..1_u64 << 63, 0..1_u64 << 63],
        0..4_000_000_000_000_000_i64,
        any::<bool>(),
    )
        .prop_map(|(mut entry, texts, numbers, time, named)| {
            let [
                actor,
                action,
                event_type,
                target_type,
                target_id,
                outcome,
                reason,
                trace,
                summary,
                one,
                two,
                key,
            ] = <[String; 12]>::try_from(texts).unwrap();
            entry.recorded_at = DateTime::from_timestamp_micros(time).unwrap();
            [entry.position, entry.sequence, entry.revision] = numbers;
            entry.before = Some(json!({ key.clone(): one.clone() }));
            entry.after = Some(json!({ key.clone(): [two.clone()] }));
            let payload = json!({ "name": one, "cause": two, "from": [&summary], key: reason });
            entry.payload = serde_json::from_value(payload).unwrap();
            (entry.actor, entry.action, entry.summary) = (actor, action, summary);
            (entry.target_id, entry.target_type) = (target_id, target_type);
            (entry.reason, entry.trace_id) = (Some(reason), Some(trace));
            if !named {
                (entry.event_type, entry.outcome) = (event_type, outcome);
            }
            entry
        })
}

/// What becomes of a text where control characters cannot be written.
pub fn printable(text: &str, kept: &[char]) -> String {
    text.chars().map(|c| if c.is_control() && !kept.contains(&c) { '\u{fffd}' } else { c }).collect()
}
