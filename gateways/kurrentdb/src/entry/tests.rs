use hub_commands::ports::{Entry, IdempotencyKey, Receipt, Remembered};
use hub_domain::ledger::{Hash, Recorded};
use kurrentdb::EventData;
use uuid::Uuid;

use super::{EventMetadata, RECEIPT, ReceiptMetadata, encode, position};

fn event(payload: &[u8], metadata: &[u8]) -> Recorded {
    let mut event = Recorded {
        position: 41,
        tenant: Uuid::from_u128(1),
        sequence: 7,
        stream: "cluster_\"01\"".into(),
        revision: 3,
        event_id: Uuid::from_u128(2),
        command_id: Uuid::from_u128(3),
        recorded_at: 1_700_000_000_000_001,
        event_type: "cluster.changed.v2".into(),
        schema_version: 2,
        actor: "user_01".into(),
        metadata: metadata.to_vec(),
        payload: payload.to_vec(),
        leaf_hash: Hash::ZERO,
    };
    event.leaf_hash = event.recompute(Hash([9; 32]), &mut Vec::new()).unwrap();
    event
}

fn remembered(position: u64, event_ids: Vec<Uuid>) -> Remembered {
    Remembered {
        tenant: Uuid::from_u128(1),
        key: IdempotencyKey { key: "user_01 ü\n".into(), fingerprint: [7; 32] },
        receipt: Receipt {
            stream: "cluster_01".into(),
            revision: Some(3),
            position,
            event_ids,
            repeated: true,
        },
    }
}

/// What the client would send: it shows its fields to nobody but the formatter.
fn shown(data: &EventData) -> String {
    format!("{data:?}")
}

fn metadata(entry: &Entry) -> (EventData, String) {
    let (data, size) = encode(entry, Uuid::from_u128(5)).unwrap();
    let metadata = match &entry.event {
        Some(event) => serde_json::to_string(&EventMetadata {
            format: 1,
            position: event.position,
            tenant: event.tenant,
            sequence: event.sequence,
            stream: event.stream.as_str().into(),
            revision: event.revision,
            command_id: event.command_id,
            recorded_at: event.recorded_at,
            schema_version: event.schema_version,
            actor: event.actor.as_str().into(),
            leaf_hash: event.leaf_hash,
            metadata: std::str::from_utf8(&event.metadata).unwrap().into(),
            receipt: None,
        }),
        None => panic!("an event"),
    };
    let metadata = metadata.unwrap();
    let payload = entry.event.as_ref().map_or(0, |event| event.payload.len());
    assert_eq!(size, payload + metadata.len() + 2 * "cluster.changed.v2".len());
    (data, metadata)
}

#[test]
fn the_payload_goes_out_byte_for_byte() {
    for (payload, kind) in [
        (r#"{ "a" : 1.0e2, "a":"ü\u00fc" }"#.as_bytes(), "application/json"),
        (b" {\"margin\":1}\n", "application/octet-stream"),
        (b"{not json", "application/octet-stream"),
        (b"\xff\xfe", "application/octet-stream"),
    ] {
        let entry = Entry { number: 40, event: Some(event(payload, b"{}")), receipt: None };
        let (data, _) = metadata(&entry);
        let shown = shown(&data);
        assert!(shown.contains(kind), "{shown}");
        let bytes = format!("payload: {:?}", bytes::Bytes::copy_from_slice(payload));
        assert!(shown.contains(&bytes), "{shown} lacks {bytes}");
    }
}

#[test]
fn the_metadata_keeps_every_byte_of_the_commands_own() {
    let own = br#"{ "command":"c\u00fc", "trace" : "a\"b\\" }"#;
    let entry = Entry { number: 40, event: Some(event(b"{}", own)), receipt: None };
    let (_, text) = metadata(&entry);
    let read: EventMetadata<'_> = serde_json::from_str(&text).unwrap();
    assert_eq!(read.metadata.as_bytes(), own);
    assert_eq!(read.stream, "cluster_\"01\"");
    let bad = Entry { event: Some(event(b"{}", b"\xff")), ..entry };
    assert!(encode(&bad, Uuid::nil()).unwrap_err().contains("not UTF-8"));
}

#[test]
fn a_receipt_alone_has_a_type_of_its_own() {
    let entry = Entry { number: 40, event: None, receipt: Some(remembered(41, Vec::new())) };
    let (data, _) = encode(&entry, Uuid::from_u128(5)).unwrap();
    assert!(shown(&data).contains(RECEIPT), "{data:?}");
    assert_eq!(position(&entry), 41);
    let nothing = Entry { number: 40, event: None, receipt: None };
    assert!(encode(&nothing, Uuid::nil()).is_err());
}

#[test]
fn what_is_not_known_is_refused() {
    let foreign = r#"{"format":1,"position":1,"tenant":"00000000-0000-0000-0000-000000000001","stream":"s","revision":null,
        "receipt":{"key":"k","fingerprint":"00","event_ids":[]}}"#;
    assert!(serde_json::from_str::<ReceiptMetadata<'_>>(foreign).is_err(), "a fingerprint has 32 bytes");
    assert!(super::format_is_known(2).is_err());
}
