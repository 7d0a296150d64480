use std::collections::HashMap;

use hub_commands::ports::{Append, AppendError, ChainHead, Expected, IdempotencyKey, Proposed};
use hub_domain::kernel::{Actor, TenantId, TypedId as _};
use hub_domain::ledger::{ChainVerifier, Hash};
use uuid::Uuid;

use super::{Head, Known, plan};

#[derive(Default)]
struct World {
    streams: HashMap<String, u64>,
    chains: HashMap<Uuid, ChainHead>,
}

impl Known for World {
    fn revision(&self, _tenant: Uuid, stream: &str) -> Option<u64> {
        self.streams.get(stream).copied()
    }
    fn chain(&self, tenant: Uuid) -> ChainHead {
        self.chains.get(&tenant).copied().unwrap_or(ChainHead::EMPTY)
    }
}

fn append(nth: u128, stream: &str, expected: Expected, events: u128, key: Option<(&str, u8)>) -> Append {
    let proposed = |at| Proposed {
        event_id: Uuid::from_u128(nth * 100 + at),
        event_type: "cluster.changed.v1",
        schema_version: 1,
        payload: format!(r#"{{"at":{at}}}"#).into_bytes(),
    };
    Append {
        tenant: TenantId::from_uuid(Uuid::from_u128(1)),
        stream: stream.into(),
        expected,
        command_id: Uuid::from_u128(nth),
        actor: Actor::new("system:test").unwrap(),
        metadata: b"{}".to_vec(),
        events: (0..events).map(proposed).collect(),
        idempotency: key.map(|(key, print)| IdempotencyKey { key: key.into(), fingerprint: [print; 32] }),
    }
}

const HEAD: Head = Head { next: 12, position: 10, recorded_at: 500 };

#[test]
fn numbers_and_positions_part_where_a_receipt_stands_alone() {
    let world = World { streams: [("b".into(), 4)].into(), ..World::default() };
    let requests = [
        append(1, "a", Expected::NoStream, 2, Some(("one", 1))),
        append(2, "b", Expected::Revision(4), 0, Some(("two", 1))),
        append(3, "a", Expected::Revision(1), 1, None),
        append(4, "b", Expected::Any, 0, None),
    ];
    let requests: Vec<&Append> = requests.iter().collect();
    let batch = plan(&requests, &world, HEAD, 400);
    let numbers: Vec<u64> = batch.entries.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, [12, 13, 14, 15]);
    let positions: Vec<_> =
        batch.entries.iter().map(|entry| entry.event.as_ref().map(|event| event.position)).collect();
    assert_eq!(positions, [Some(11), Some(12), None, Some(13)]);
    let keyed: Vec<bool> = batch.entries.iter().map(|entry| entry.receipt.is_some()).collect();
    assert_eq!(keyed, [false, true, true, false], "the last entry of a command bears its key");
    let receipts: Vec<_> = batch.answers.into_iter().map(|answer| answer.unwrap()).collect();
    let told: Vec<_> = receipts.iter().map(|receipt| (receipt.revision, receipt.position)).collect();
    assert_eq!(told, [(Some(1), 12), (Some(4), 12), (Some(2), 13), (Some(4), 13)]);
    assert_eq!(batch.ids[2], Uuid::from_u128(2), "a receipt alone has its command's id");
    let events: Vec<_> = batch.entries.into_iter().filter_map(|entry| entry.event).collect();
    assert!(events.iter().all(|event| event.recorded_at == 500), "time does not go back");
    let mut chain = ChainVerifier::new(Uuid::from_u128(1));
    for event in &events {
        chain.push(event).unwrap();
    }
}

#[test]
fn a_chain_goes_on_where_it_ended() {
    let head = ChainHead { size: 3, last: Hash([4; 32]) };
    let world = World { chains: [(Uuid::from_u128(1), head)].into(), ..World::default() };
    let request = append(1, "a", Expected::Any, 1, None);
    let batch = plan(&[&request], &world, HEAD, 900);
    let event = batch.entries[0].event.clone().unwrap();
    assert_eq!((event.sequence, event.recorded_at), (3, 900));
    assert_eq!(event.recompute(head.last, &mut Vec::new()).unwrap(), event.leaf_hash);
}

#[test]
fn a_refusal_leaves_no_trace_and_a_repeat_appends_nothing() {
    let world = World::default();
    let requests = [
        append(1, "a", Expected::Revision(0), 3, Some(("k", 1))),
        append(2, "a", Expected::NoStream, 1, Some(("k", 1))),
        append(3, "a", Expected::NoStream, 1, Some(("k", 1))),
        append(4, "a", Expected::Any, 1, Some(("k", 2))),
        append(5, "a", Expected::NoStream, 1, None),
    ];
    let requests: Vec<&Append> = requests.iter().collect();
    let batch = plan(&requests, &world, HEAD, 900);
    assert!(batch.has_conflict());
    assert_eq!(batch.entries.len(), 1);
    assert!(matches!(batch.answers[0], Err(AppendError::Conflict { actual: None, .. })));
    let (first, again) = (batch.answers[1].as_ref().unwrap(), batch.answers[2].as_ref().unwrap());
    assert!(!first.repeated && again.repeated);
    assert_eq!((first.position, &first.event_ids), (again.position, &again.event_ids));
    assert!(matches!(batch.answers[3], Err(AppendError::KeyReused)));
    assert!(matches!(batch.answers[4], Err(AppendError::Conflict { actual: Some(0), .. })));
}
