//! Events as messages, and messages that are no events.

use hub_domain::ledger::Hash;
use rdkafka::Timestamp;
use rdkafka::message::{Headers as _, OwnedMessage};

use super::{Unreadable, headers, read};
use crate::testing::{altered, ledger, message, with_headers};

#[test]
fn every_field_of_the_leaf_comes_back() {
    let mut previous = Hash::ZERO;
    for mut event in ledger(3, 12) {
        assert_eq!(read(&message(&event)).as_ref(), Ok(&event));
        assert_eq!(read(&message(&event)).unwrap().leaf(previous).hash(), Ok(event.leaf_hash));
        previous = event.leaf_hash;
        // Bytes that mean nothing to JSON are carried all the same.
        (event.payload, event.metadata) = (vec![0, 255, 10], vec![200, 0, 34]);
        assert_eq!(read(&message(&event)).as_ref(), Ok(&event));
        (event.payload, event.metadata) = (vec![], vec![]);
        assert_eq!(read(&message(&event)).as_ref(), Ok(&event));
    }
}

#[test]
fn headers_are_those_of_a_cloud_event() {
    let event = &ledger(3, 1)[0];
    let all = headers(event);
    let text = |name: &str| {
        let found = all.iter().find(|header| header.key == name).and_then(|header| header.value);
        String::from_utf8(found.unwrap().to_vec()).unwrap()
    };
    assert_eq!(text("ce_specversion"), "1.0");
    assert_eq!(text("ce_source"), "urn:uuid:00000000-0000-0000-0000-000000000003");
    assert_eq!(text("ce_time"), "2023-11-14T22:13:20.123456Z");
    assert_eq!(text("content-type"), "application/json");
    for header in all.iter() {
        // CloudEvents 1.0, section 3.1: lower-case letters and digits, and not more than 20 should they be extensions.
        let name = header.key.strip_prefix("ce_").unwrap_or("contenttype");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        assert!(name.len() <= 20 && name.chars().all(plain), "{name}");
    }
}

#[test]
fn what_lacks_a_header_or_has_it_twice_is_no_event() {
    let event = &ledger(3, 1)[0];
    let all = headers(event);
    let names: Vec<String> = all.iter().map(|header| header.key.to_owned()).collect();
    assert_eq!(names.len(), 15);
    for name in &names {
        let without = altered(&all, |key, value| if key == name { vec![] } else { vec![value.to_vec()] });
        let refused = read(&with_headers(event, without)).unwrap_err();
        assert!(matches!(refused, Unreadable::Missing(missing) if missing == name), "{name}: {refused}");
        let twice = altered(&all, |key, value| vec![value.to_vec(); if key == name { 2 } else { 1 }]);
        let refused = read(&with_headers(event, twice)).unwrap_err();
        assert!(matches!(refused, Unreadable::Twice(twice) if twice == name), "{name}: {refused}");
    }
}

#[test]
fn what_cannot_be_read_is_told_by_its_header() {
    let event = &ledger(3, 1)[0];
    let all = headers(event);
    for (name, value) in [
        ("ce_specversion", "0.3"),
        ("content-type", "text/plain"),
        ("ce_id", "x"),
        ("ce_source", "urn:uuid:x"),
        ("ce_source", "00000000-0000-0000-0000-000000000003"),
        ("ce_time", "yesterday"),
        ("ce_ledgerposition", "-1"),
        ("ce_ledgersequence", "1.0"),
        ("ce_revision", "18446744073709551616"),
        ("ce_schemaversion", "65536"),
        ("ce_commandid", ""),
        ("ce_leafhash", "00"),
        ("ce_actor", "\u{ff}"),
    ] {
        let value = if name == "ce_actor" { vec![255] } else { value.as_bytes().to_vec() };
        let other = altered(&all, |key, kept| vec![if key == name { value.clone() } else { kept.to_vec() }]);
        assert_eq!(read(&with_headers(event, other)), Err(Unreadable::Malformed(name)), "{name}");
    }
    let bare = |payload: Option<Vec<u8>>, key: Option<Vec<u8>>| {
        OwnedMessage::new(payload, key, "t".into(), Timestamp::NotAvailable, 0, 0, Some(all.clone()))
    };
    assert_eq!(read(&bare(None, Some(b"cluster_0".to_vec()))), Err(Unreadable::NoValue));
    assert_eq!(read(&bare(Some(vec![]), Some(b"cluster_1".to_vec()))), Err(Unreadable::Key));
    assert_eq!(read(&bare(Some(vec![]), None)), Err(Unreadable::Key));
    let none = OwnedMessage::new(Some(vec![]), None, "t".into(), Timestamp::NotAvailable, 0, 0, None);
    assert!(matches!(read(&none), Err(Unreadable::Missing(_))));
}
