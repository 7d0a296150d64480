use hub_commands::ports::{Entry, IdempotencyKey, Receipt, Remembered};
use uuid::Uuid;

use super::{BUFFER, Buffer};

/// An entry of about this many bytes.
fn entry(number: u64, bytes: usize) -> Entry {
    let receipt = Receipt {
        stream: "s".into(),
        revision: None,
        position: 0,
        event_ids: vec![Uuid::nil(); bytes / 16],
        repeated: true,
    };
    let key = IdempotencyKey { key: "k".into(), fingerprint: [0; 32] };
    Entry { number, event: None, receipt: Some(Remembered { tenant: Uuid::nil(), key, receipt }) }
}

fn numbers(buffer: &Buffer, from: u64, most: usize) -> Option<Vec<u64>> {
    Some(buffer.from(from, most)?.iter().map(|entry| entry.number).collect())
}

#[test]
fn only_what_it_holds_without_a_gap_comes_from_the_buffer() {
    let mut buffer = Buffer::default();
    assert_eq!(numbers(&buffer, 0, 9), None);
    (5..9).for_each(|number| buffer.push(entry(number, 16)));
    assert_eq!(numbers(&buffer, 5, 9), Some(vec![5, 6, 7, 8]));
    assert_eq!(numbers(&buffer, 7, 1), Some(vec![7]));
    assert_eq!(numbers(&buffer, 4, 9), None, "older: the stream is read");
    assert_eq!(numbers(&buffer, 9, 9), None, "newer: so it is");
    buffer.push(entry(11, 16));
    assert_eq!(numbers(&buffer, 8, 9), None, "a gap ends what was before it");
    assert_eq!(numbers(&buffer, 11, 9), Some(vec![11]));
}

#[test]
fn the_buffer_is_bounded_by_bytes() {
    let mut buffer = Buffer::default();
    (0..40).for_each(|number| buffer.push(entry(number, BUFFER / 10)));
    assert!(buffer.bytes <= BUFFER);
    assert_eq!(numbers(&buffer, 39, 9), Some(vec![39]));
    assert_eq!(numbers(&buffer, 0, 9), None);
    assert!(buffer.entries.len() >= 8);
}
