//! LEEF, read back by a parser that was written from the guide and the README, and not from the code.

use std::collections::BTreeMap;

use chrono::DateTime;
use hub_domain::export::Format;
use hub_projections::models::AuditLog;
use hub_projections::outlet::Notice;
use proptest::prelude::*;

use super::hostile::printable;
use super::{corpus, hostile, line, writer};

#[derive(Debug)]
struct Leef {
    header: Vec<String>,
    attributes: BTreeMap<String, String>,
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('\\');
    out.push_str(parts.next().unwrap());
    while let Some(part) = parts.next() {
        if let Some(rest) = part.strip_prefix('x') {
            out.push(char::from(u8::from_str_radix(&rest[..2], 16).unwrap()));
            out.push_str(&rest[2..]);
        } else if part.is_empty() {
            // Two backslashes: what follows the second is text.
            out.push('\\');
            out.push_str(parts.next().expect("a backslash escapes something"));
        } else {
            out.push(match &part[..1] {
                "n" => '\n',
                "r" => '\r',
                "t" => '\t',
                other => panic!("there is no \\{other}: {text}"),
            });
            out.push_str(&part[1..]);
        }
    }
    out
}

fn parse(text: &str) -> Leef {
    let parts: Vec<&str> = text.splitn(7, '|').collect();
    assert_eq!((parts[0], parts[5]), ("LEEF:2.0", "^"), "{text}");
    let mut attributes = BTreeMap::new();
    for attribute in parts[6].split('^') {
        let (key, value) = attribute.split_once('=').expect("an attribute is a key and a value");
        assert!(key.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{key}");
        assert_eq!(attributes.insert(key.to_owned(), unescaped(value)), None, "{key} twice: {text}");
    }
    Leef { header: parts[1..5].iter().map(|part| unescaped(part)).collect(), attributes }
}

fn write(entry: &AuditLog) -> Leef {
    let message = writer(Format::Leef).entry(entry).unwrap();
    assert!(!message.json);
    parse(line(&message))
}

/// What must come out, without what is compared on its own.
fn expected(entry: &AuditLog) -> BTreeMap<String, String> {
    let json = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string);
    let user = entry.user_id.clone().or((entry.target_type == "user").then(|| entry.target_id.clone()));
    let fields = [
        ("usrName", Some(entry.actor.clone())),
        ("accountName", user),
        ("resource", Some(entry.target_id.clone())),
        ("realm", Some(entry.tenant.to_string())),
        ("msg", Some(entry.summary.clone())),
        ("action", Some(entry.action.clone())),
        ("outcome", Some(entry.outcome.clone())),
        ("reason", entry.reason.clone()),
        ("eventUuid", Some(entry.id.to_string())),
        ("targetType", Some(entry.target_type.clone())),
        ("traceId", entry.trace_id.clone()),
        ("requestId", entry.request_id.clone()),
        ("changeRequest", entry.change_request.clone()),
        ("causedBy", entry.caused_by.map(|id| id.to_string())),
        ("before", json(&entry.before)),
        ("after", json(&entry.after)),
        ("hub", Some("hub.example.org".into())),
        ("position", Some(entry.position.to_string())),
        ("sequence", Some(entry.sequence.to_string())),
        ("revision", Some(entry.revision.to_string())),
        ("leafHash", Some(entry.leaf_hash.clone())),
    ];
    let kept = ['\n', '\r', '\t'];
    let fields = fields.into_iter().filter_map(|(key, value)| Some((key, value?)));
    let filled = fields.filter(|(_, value)| !value.is_empty());
    filled.map(|(key, value)| (key.to_owned(), printable(&value, &kept))).collect()
}

fn compare(entry: &AuditLog) {
    let mut leef = write(entry);
    let mut take = |key: &str| leef.attributes.remove(key).unwrap();
    assert_eq!(take("devTimeFormat"), "yyyy-MM-dd'T'HH:mm:ss.SSSZ");
    let time = DateTime::parse_from_str(&take("devTime"), "%Y-%m-%dT%H:%M:%S.%3f%z").unwrap();
    assert_eq!(time.timestamp_millis(), entry.recorded_at.timestamp_millis());
    assert!((1..=10).contains(&take("sev").parse::<u8>().unwrap()));
    assert!(!take("cat").is_empty());
    assert_eq!(leef.attributes, expected(entry));
    let kind = printable(&entry.event_type, &['\n', '\r', '\t']);
    assert_eq!(leef.header, ["ClusterMaster", "ClusterMaster", "0.1.0", &kind]);
}

#[test]
fn every_event_comes_back_as_it_was() {
    corpus::all().iter().for_each(compare);
}

proptest! {
    #[test]
    fn no_value_can_add_an_attribute_or_a_line(entry in hostile::entry()) {
        compare(&entry);
    }
}

#[test]
fn a_notice_holds_its_signed_note_to_the_letter() {
    for notice in corpus::notices() {
        let message = writer(Format::Leef).notice(&notice);
        let leef = parse(line(&message));
        assert_eq!((&leef.header[3], &leef.attributes["noticeId"]), (&message.kind, &message.id));
        let note = leef.attributes.get("checkpoint");
        match notice {
            Notice::Checkpoint(issued) => assert_eq!(note, Some(&issued.note)),
            Notice::Manifest(sent) => {
                assert_eq!(note, sent.checkpoint.as_ref().map(|issued| &issued.note));
                assert_eq!(leef.attributes["root"], sent.root.to_string());
                assert_eq!((&*leef.attributes["from"], &*leef.attributes["to"]), ("8", "40"));
            }
        }
    }
}
