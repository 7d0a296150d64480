//! Ledgers and messages for the tests of this crate.

use hub_domain::ledger::{Hash, Recorded};
use rdkafka::Timestamp;
use rdkafka::message::{Header, Headers as _, OwnedHeaders, OwnedMessage};
use uuid::Uuid;

use crate::message::headers;

pub fn tenant(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// A tenant's ledger over five streams.
pub fn ledger(of: u128, events: u64) -> Vec<Recorded> {
    let mut previous = Hash::ZERO;
    let event = |sequence: u64| {
        let mut event = Recorded {
            position: sequence + 1,
            tenant: tenant(of),
            sequence,
            stream: format!("cluster_{}", sequence % 5),
            revision: sequence / 5,
            event_id: Uuid::from_u128((of << 64) + u128::from(sequence)),
            command_id: Uuid::from_u128(7),
            recorded_at: 1_700_000_000_123_456 + sequence as i64,
            event_type: "cluster.changed.v1".into(),
            schema_version: 1,
            actor: "user_sömebody".into(),
            metadata: br#"{"command":"test.run"}"#.to_vec(),
            payload: format!("{{\"nth\":{sequence}}}").into_bytes(),
            leaf_hash: Hash::ZERO,
        };
        event.leaf_hash = event.leaf(previous).hash().expect("a leaf");
        previous = event.leaf_hash;
        event
    };
    (0..events).map(event).collect()
}

/// A message as the bus would carry it.
pub fn message(event: &Recorded) -> OwnedMessage {
    with_headers(event, headers(event))
}

pub fn with_headers(event: &Recorded, headers: OwnedHeaders) -> OwnedMessage {
    let (payload, key) = (Some(event.payload.clone()), Some(event.stream.clone().into_bytes()));
    OwnedMessage::new(payload, key, "events".into(), Timestamp::NotAvailable, 0, 0, Some(headers))
}

/// The same headers, each passed through `alter`: as many come out as it answers.
pub fn altered(headers: &OwnedHeaders, alter: impl Fn(&str, &[u8]) -> Vec<Vec<u8>>) -> OwnedHeaders {
    headers.iter().fold(OwnedHeaders::new(), |kept, header| {
        let values = alter(header.key, header.value.unwrap_or_default());
        values.iter().fold(kept, |kept, value| kept.insert(Header { key: header.key, value: Some(value) }))
    })
}
