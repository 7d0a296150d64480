use proptest::prelude::*;
use uuid::Uuid;

use super::super::leaf::{FORMAT, LEAF_LIMIT, Leaf, LeafError};
use super::super::{Hash, leaf_hash, sha256};
use super::ledger_of;

fn leaf<'a>(stream: &'a str, event_type: &'a str, actor: &'a str) -> Leaf<'a> {
    Leaf {
        tenant: Uuid::from_u128(1),
        sequence: 2,
        previous: Hash([3; 32]),
        event_id: Uuid::from_u128(4),
        command_id: Uuid::from_u128(5),
        recorded_at: -6,
        stream,
        revision: 7,
        event_type,
        schema_version: 8,
        actor,
        metadata_hash: Hash([9; 32]),
        payload_hash: Hash([10; 32]),
    }
}

#[test]
fn the_bytes_are_those_of_the_table() {
    let mut expected = vec![1];
    expected.extend([&[0; 15][..], &[1], &[0; 7], &[2], &[3; 32]].concat());
    expected.extend([&[0; 15][..], &[4], &[0; 15], &[5], &[0xff; 7], &[0xfa]].concat());
    expected.extend(b"\x00\x03abc\x00\x00\x00\x00\x00\x00\x00\x07\x00\x02de\x00\x08\x00\x01f");
    expected.extend([[9; 32], [10; 32]].concat());
    let leaf = leaf("abc", "de", "f");
    assert_eq!(leaf.encode().unwrap(), expected);
    assert_eq!(leaf.hash().unwrap(), sha256(&[&[0][..], &expected].concat()));
}

#[test]
fn a_leaf_has_at_most_1024_bytes_and_an_error_appends_none() {
    let fixed = leaf("", "", "").encode().unwrap().len();
    assert_eq!((fixed, Leaf::length("", "", "")), (177, Ok(177)));
    let text = "a".repeat(LEAF_LIMIT - fixed);
    assert_eq!(leaf(&text, "", "").encode().unwrap().len(), LEAF_LIMIT);
    for (stream, kind, actor) in [(1, 0, 0), (0, 1, 0), (0, 0, 1), (70_000, 0, 0)] {
        let pad = |more: usize| "a".repeat(more);
        let long = format!("{text}{}", pad(stream));
        let mut out = b"kept".to_vec();
        let over = LEAF_LIMIT + stream + kind + actor;
        assert_eq!(leaf(&long, &pad(kind), &pad(actor)).encode_into(&mut out), Err(LeafError::TooLong(over)));
        assert_eq!(out, b"kept");
    }
}

#[test]
fn each_way_not_to_be_a_leaf_has_its_name() {
    let good = leaf("é", "de", "f").encode().unwrap();
    assert_eq!(Leaf::decode(&[]), Err(LeafError::CutOff("format")));
    for length in 1..good.len() {
        assert!(matches!(Leaf::decode(&good[..length]), Err(LeafError::CutOff(_))), "{length}");
    }
    assert_eq!(Leaf::decode(&[&good[..], &[0]].concat()), Err(LeafError::Trailing(1)));
    assert_eq!(Leaf::decode(&[0; LEAF_LIMIT + 1]), Err(LeafError::TooLong(LEAF_LIMIT + 1)));
    for format in (0..=u8::MAX).filter(|format| *format != FORMAT) {
        let other = [&[format], &good[1..]].concat();
        assert_eq!(Leaf::decode(&other), Err(LeafError::Format(format)));
    }
    let mut text = good;
    let at = text.windows(2).position(|pair| pair == "é".as_bytes()).unwrap();
    text[at] = 0xff;
    assert_eq!(Leaf::decode(&text), Err(LeafError::Text("stream")));
}

#[test]
fn a_hash_is_64_lowercase_hex_digits() {
    let hash = sha256(b"");
    let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!((hash.to_string(), format!("{hash:?}")), (text.to_owned(), text.to_owned()));
    assert_eq!(serde_json::to_string(&hash).unwrap(), format!("\"{text}\""));
    assert_eq!(serde_json::from_str::<Hash>(&format!("\"{text}\"")).unwrap(), hash);
    for bad in ["", "e3", &text[1..], &format!("{text}00"), &text.to_uppercase(), &text.replace('e', "g")] {
        assert!(bad.parse::<Hash>().is_err(), "{bad}");
    }
}

#[test]
fn a_recorded_event_is_the_leaf_that_was_hashed() {
    let event = &ledger_of(1)[0];
    let bytes = event.leaf(Hash::ZERO).encode().unwrap();
    assert_eq!(leaf_hash(&bytes), event.leaf_hash);
    assert_eq!(event.recompute(Hash::ZERO, &mut vec![1, 2, 3]), Ok(event.leaf_hash));
    let leaf = Leaf::decode(&bytes).unwrap();
    assert_eq!((leaf.payload_hash, leaf.metadata_hash), (sha256(&event.payload), sha256(&event.metadata)));
}

#[test]
fn times_beyond_the_calendar_are_its_ends() {
    let mut event = ledger_of(1).remove(0);
    let mut at = |micros| {
        event.recorded_at = micros;
        event.recorded_at_utc()
    };
    assert_eq!(at(1_500_000).to_rfc3339(), "1970-01-01T00:00:01.500+00:00");
    assert_eq!(at(-1).to_rfc3339(), "1969-12-31T23:59:59.999999+00:00");
    assert_eq!(at(i64::MIN), chrono::DateTime::<chrono::Utc>::MIN_UTC);
    assert_eq!(at(i64::MAX), chrono::DateTime::<chrono::Utc>::MAX_UTC);
}

proptest! {
    #[test]
    fn what_is_encoded_decodes(
        ids in any::<[u128; 3]>(), numbers in any::<(u64, i64, u64, u16)>(), hashes in any::<[[u8; 32]; 3]>(),
        texts in ["\\PC{0,60}", "\\PC{0,60}", "\\PC{0,60}"],
    ) {
        let leaf = Leaf {
            tenant: Uuid::from_u128(ids[0]), event_id: Uuid::from_u128(ids[1]), command_id: Uuid::from_u128(ids[2]),
            sequence: numbers.0, recorded_at: numbers.1, revision: numbers.2, schema_version: numbers.3,
            previous: Hash(hashes[0]), metadata_hash: Hash(hashes[1]), payload_hash: Hash(hashes[2]),
            stream: &texts[0], event_type: &texts[1], actor: &texts[2],
        };
        let bytes = leaf.encode().unwrap();
        prop_assert_eq!(Leaf::decode(&bytes), Ok(leaf));
    }

    #[test]
    fn decoding_never_panics_and_accepts_only_what_encodes(
        mut bytes in prop::collection::vec(any::<u8>(), 0..1200), real in any::<bool>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        if real {
            bytes = leaf("abc", "de", "f").encode().unwrap();
            for (at, byte) in edits {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        } else if let Some(format) = bytes.first_mut() {
            *format = FORMAT;
        }
        if let Ok(leaf) = Leaf::decode(&bytes) {
            prop_assert_eq!(leaf.encode().unwrap(), bytes);
        }
    }
}
