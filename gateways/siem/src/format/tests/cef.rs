//! CEF, read back by a parser that was written from the standard and not from the code.

use std::collections::BTreeMap;

use hub_domain::export::Format;
use hub_projections::models::AuditLog;
use proptest::prelude::*;

use super::hostile::printable;
use super::{corpus, hostile, line, writer};

/// The extension dictionary of the CEF Implementation Standard, version 27: producer keys that are written, and their lengths.
const DICTIONARY: &[(&str, usize)] = &[
    ("act", 63),
    ("cat", 1023),
    ("cn1", 20),
    ("cn1Label", 1023),
    ("cn2", 20),
    ("cn2Label", 1023),
    ("cn3", 20),
    ("cn3Label", 1023),
    ("cs1", 4000),
    ("cs1Label", 1023),
    ("cs2", 4000),
    ("cs2Label", 1023),
    ("cs3", 4000),
    ("cs3Label", 1023),
    ("cs4", 4000),
    ("cs4Label", 1023),
    ("cs5", 4000),
    ("cs5Label", 1023),
    ("cs6", 4000),
    ("cs6Label", 1023),
    ("duid", 1023),
    ("dvchost", 100),
    ("externalId", 40),
    ("flexString1", 1023),
    ("flexString1Label", 128),
    ("flexString2", 1023),
    ("flexString2Label", 128),
    ("msg", 1023),
    ("outcome", 63),
    ("reason", 1023),
    ("rt", 20),
    ("suid", 1023),
];

#[derive(Debug)]
struct Cef {
    header: Vec<String>,
    extension: BTreeMap<String, String>,
}

/// Up to the next character that no backslash stands before.
fn until(text: &str, end: char) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if !escaped && c == end {
            return Some((&text[..at], &text[at + c.len_utf8()..]));
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

fn unescaped(text: &str) -> String {
    let (mut out, mut letters) = (String::new(), text.chars());
    while let Some(c) = letters.next() {
        out.push(match (c, c == '\\') {
            (_, true) => match letters.next().expect("a backslash escapes something") {
                'n' => '\n',
                'r' => '\r',
                other => {
                    assert!(r"\=|".contains(other), "there is no \\{other}: {text}");
                    other
                }
            },
            (c, false) => c,
        });
    }
    out
}

fn parse(text: &str) -> Cef {
    let mut rest = text.strip_prefix("CEF:0|").expect("it says what it is");
    let mut header = Vec::new();
    while header.len() < 6 {
        let (field, behind) = until(rest, '|').expect("the header has six more fields");
        header.push(unescaped(field));
        rest = behind;
    }
    let mut extension = BTreeMap::new();
    let (mut key, mut behind) = until(rest, '=').expect("there is a field");
    while let Some((value, next)) = until(behind, '=') {
        let (value, next_key) = value.rsplit_once(' ').expect("a space stands before a key");
        assert_eq!(extension.insert(key.to_owned(), unescaped(value)), None, "{key} twice: {text}");
        (key, behind) = (next_key, next);
    }
    extension.insert(key.to_owned(), unescaped(behind));
    Cef { header, extension }
}

fn write(entry: &AuditLog) -> Cef {
    let message = writer(Format::Cef).entry(entry).unwrap();
    assert!(!message.json);
    parse(line(&message))
}

/// What must come out: every text of the entry, under its key.
fn expected(entry: &AuditLog) -> BTreeMap<String, String> {
    let outcome = match entry.outcome.as_str() {
        "succeeded" => "success",
        "failed" | "refused" => "failure",
        other => other,
    };
    let json = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string);
    let user = entry.user_id.clone().or((entry.target_type == "user").then(|| entry.target_id.clone()));
    let fields = [
        ("rt", Some(entry.recorded_at.timestamp_millis().to_string())),
        ("dvchost", Some("hub.example.org".into())),
        ("externalId", Some(entry.id.to_string())),
        ("cat", Some(entry.target_type.clone())),
        ("act", Some(entry.action.clone())),
        ("outcome", Some(outcome.into())),
        ("msg", Some(entry.summary.clone())),
        ("reason", entry.reason.clone()),
        ("suid", Some(entry.actor.clone())),
        ("duid", user),
        ("cs1 target", Some(entry.target_id.clone())),
        ("cs2 tenant", Some(entry.tenant.to_string())),
        ("cs3 trace", entry.trace_id.clone()),
        ("cs4 leafHash", Some(entry.leaf_hash.clone())),
        ("cs5 before", json(&entry.before)),
        ("cs6 after", json(&entry.after)),
        ("flexString1 result", Some(entry.outcome.clone())),
        ("flexString2 causedBy", entry.caused_by.map(|id| id.to_string())),
        ("cn1 position", Some(entry.position.to_string())),
        ("cn2 sequence", Some(entry.sequence.to_string())),
        ("cn3 revision", Some(entry.revision.to_string())),
    ];
    let mut out = BTreeMap::new();
    for (key, value) in fields {
        let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
        let (key, label) = key.split_once(' ').map_or((key, None), |(key, label)| (key, Some(label)));
        if let Some(label) = label {
            out.insert(format!("{key}Label"), label.to_owned());
        }
        let most = DICTIONARY.iter().find(|(known, _)| *known == key).unwrap().1;
        out.insert(key.to_owned(), cut(&printable(&value, &['\n', '\r', '\t']), &value, most));
    }
    out
}

/// Cut as the raw text must be, where it is too long for its key.
fn cut(shown: &str, raw: &str, most: usize) -> String {
    if raw.len() <= most {
        return shown.to_owned();
    }
    let mut kept = 0;
    let fits = raw.chars().take_while(|c| {
        kept += c.len_utf8();
        kept <= most - 3
    });
    shown.chars().take(fits.count()).chain(['…']).collect()
}

#[test]
fn every_event_comes_back_as_it_was() {
    for entry in corpus::all() {
        let cef = write(&entry);
        assert_eq!(cef.extension, expected(&entry));
        let header: Vec<_> = cef.header.iter().map(String::as_str).collect();
        assert_eq!(header[..4], ["ClusterMaster", "ClusterMaster", "0.1.0", entry.event_type.as_str()]);
        assert!(!header[4].is_empty() && !header[4].contains(&entry.target_id));
        assert!((0..=10).contains(&header[5].parse::<u8>().unwrap()));
    }
}

proptest! {
    #[test]
    fn no_value_can_add_a_field_or_a_line(entry in hostile::entry()) {
        let cef = write(&entry);
        prop_assert_eq!(&cef.extension, &expected(&entry));
        let kind = printable(&entry.event_type.replace(['\n', '\r'], " "), &['\t']);
        prop_assert_eq!(&cef.header[3], &kind);
        prop_assert_eq!(cef.header.len(), 6);
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters(text in "[a-zé…\u{1f980}]{900,1100}") {
        let mut entry = corpus::known().swap_remove(0);
        entry.summary = text;
        let msg = &write(&entry).extension["msg"];
        prop_assert_eq!(msg, &cut(&entry.summary, &entry.summary, 1023));
        prop_assert!(msg.len() <= 1023);
    }
}

#[test]
fn a_notice_holds_its_signed_note_to_the_letter() {
    for notice in corpus::notices() {
        let message = writer(Format::Cef).notice(&notice);
        let cef = parse(line(&message));
        assert_eq!(cef.header[3], message.kind);
        assert_eq!(cef.extension["flexString1"], message.id);
        assert!(cef.extension.keys().all(|key| DICTIONARY.iter().any(|(known, _)| known == key)));
        let note = cef.extension.get("cs1");
        match notice {
            hub_projections::outlet::Notice::Checkpoint(issued) => {
                assert_eq!(note, Some(&issued.note));
                assert_eq!((&*cef.extension["cn1Label"], &*cef.extension["cn1"]), ("position", "40"));
            }
            hub_projections::outlet::Notice::Manifest(sent) => {
                assert_eq!(note, sent.checkpoint.as_ref().map(|issued| &issued.note));
                assert_eq!((&*cef.extension["cn3Label"], &*cef.extension["cn3"]), ("count", "31"));
                assert_eq!(cef.extension["cs3"], sent.root.to_string());
            }
        }
    }
}
