//! The export file: what is written is read and verifies, and no change to it goes unnoticed.

mod agreement;

use std::collections::HashMap;
use std::io::Cursor;

use hub_domain::ledger::{Hash, Head, LogVerifier, Recorded, leaf_hash};
use proptest::prelude::*;
use uuid::Uuid;

use crate::evidence::Evidence;
use crate::format::{FormatError, Reader, Writer};
use crate::verify::of_file;

/// An event and its leaf.
type Event = (Recorded, Vec<u8>);

/// Events of two tenants, in turns.
fn events(count: u64) -> Vec<Event> {
    told(count, "cluster.changed.v1", |nth| format!(r#"{{"nth":{nth}}}"#))
}

/// The same, with a type and payloads of their own.
fn told(count: u64, event_type: &str, payload: impl Fn(u64) -> String) -> Vec<Event> {
    let mut chains = [(Hash::ZERO, 0); 2];
    let event = |nth: u64| {
        let which = (nth % 2) as usize;
        let (previous, sequence) = chains[which];
        let mut event = Recorded {
            position: nth + 1,
            tenant: Uuid::from_u128(which as u128 + 1),
            sequence,
            stream: format!("cluster_{which}"),
            revision: sequence,
            event_id: Uuid::from_u128(u128::from(nth) + 100),
            command_id: Uuid::from_u128(u128::from(nth) + 1000),
            recorded_at: 1_700_000_000_000_000 + nth as i64,
            event_type: event_type.into(),
            schema_version: 1,
            actor: "user_1".into(),
            metadata: br#"{"command":"cluster.change"}"#.to_vec(),
            payload: payload(nth).into_bytes(),
            leaf_hash: Hash::ZERO,
        };
        let leaf = event.leaf(previous).encode().expect("a leaf");
        event.leaf_hash = leaf_hash(&leaf);
        chains[which] = (event.leaf_hash, sequence + 1);
        (event, leaf)
    };
    (0..count).map(event).collect()
}

/// A file of events, under checkpoints.
fn written(events: &[Event], checkpoints: &[String]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new()).expect("a file");
    for note in checkpoints {
        writer.checkpoint(note).expect("a checkpoint");
    }
    let (mut verifier, mut last) = (LogVerifier::new(), HashMap::new());
    for (event, _) in events {
        let previous = last.insert(event.tenant, event.leaf_hash).unwrap_or(Hash::ZERO);
        writer.event(event, previous).expect("an event");
        verifier.push(event);
    }
    for head in verifier.heads() {
        writer.head(&head).expect("a head");
    }
    writer.finish().expect("an end")
}

/// A file with `count` events of two tenants.
fn file(count: u64) -> Vec<u8> {
    written(&events(count), &[])
}

fn earlier(heads: &[Head]) -> Evidence {
    Evidence { heads: heads.to_vec(), ..Evidence::default() }
}

fn is_clean(bytes: &[u8]) -> bool {
    of_file(Cursor::new(bytes), bytes.len() as u64, &Evidence::default())
        .is_ok_and(|report| report.is_clean())
}

#[test]
fn what_is_written_verifies() {
    for count in [0, 1, 2, 17] {
        let bytes = file(count);
        let report =
            of_file(Cursor::new(&bytes), bytes.len() as u64, &Evidence::default()).expect("a report");
        assert!(report.is_clean(), "{:?}", report.faults);
        assert_eq!(report.events, count);
    }
}

#[test]
fn every_flipped_byte_and_every_cut_is_noticed() {
    let whole = file(4);
    for at in 0..whole.len() {
        for bit in [0x01, 0x80] {
            let mut bytes = whole.clone();
            bytes[at] ^= bit;
            assert!(!is_clean(&bytes), "byte {at} was flipped unnoticed");
        }
        assert!(!is_clean(&whole[..at]), "cut at {at} unnoticed");
    }
    let longer = [whole.as_slice(), b"x"].concat();
    assert!(!is_clean(&longer), "bytes behind the end went unnoticed");
}

#[test]
fn an_earlier_head_finds_a_shorter_and_another_ledger() {
    let (whole, shorter) = (file(10), file(6));
    let heads =
        of_file(Cursor::new(&whole), whole.len() as u64, &Evidence::default()).expect("a report").heads;
    let report = of_file(Cursor::new(&shorter), shorter.len() as u64, &earlier(&heads)).expect("a report");
    assert!(report.faults.iter().any(|fault| fault.what.contains("tail is cut")), "{:?}", report.faults);
    let mut other = heads.clone();
    other[0].root = Hash([7; 32]);
    let report = of_file(Cursor::new(&whole), whole.len() as u64, &earlier(&other)).expect("a report");
    assert!(!report.is_clean());
}

#[test]
fn something_else_is_told_apart() {
    assert!(matches!(Reader::new(Cursor::new(b"PK\x03\x04 a zip file")), Err(FormatError::Magic)));
    assert!(matches!(Reader::new(Cursor::new(b"")), Err(FormatError::Magic)));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(noise in proptest::collection::vec(any::<u8>(), 0..400)) {
        let bytes = [b"CMLEDG02".as_slice(), &noise].concat();
        prop_assert!(!is_clean(&bytes) || noise.len() >= 21);
    }
}
