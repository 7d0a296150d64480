use hub_domain::kernel::{Actor, TenantId, TypedId as _};
use hub_domain::ledger::{EVENT_LIMIT, LEAF_LIMIT};
use uuid::Uuid;

use super::{Append, AppendError, Expected, IdempotencyKey, KEY_LIMIT, Proposed};

const EVENT_TYPE: &str = "cluster.changed.v1";
const ACTOR: &str = "system:tests";

fn event(payload: usize) -> Proposed {
    Proposed {
        event_id: Uuid::nil(),
        event_type: EVENT_TYPE,
        schema_version: 1,
        payload: vec![b' '; payload],
    }
}

fn append() -> Append {
    Append {
        tenant: TenantId::from_uuid(Uuid::nil()),
        stream: "cluster_1".into(),
        expected: Expected::Any,
        command_id: Uuid::nil(),
        actor: Actor::new(ACTOR).unwrap(),
        metadata: b"{}".to_vec(),
        events: vec![event(2)],
        idempotency: None,
    }
}

fn unfit(append: &Append) -> String {
    match append.check() {
        Err(AppendError::Unfit(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_append_within_every_bound_is_let_in() {
    let within = Append {
        stream: "s".repeat(LEAF_LIMIT - 177 - EVENT_TYPE.len() - ACTOR.len()),
        metadata: vec![b' '; EVENT_LIMIT],
        events: vec![event(0), event(EVENT_LIMIT)],
        idempotency: Some(IdempotencyKey { key: "k".repeat(KEY_LIMIT), fingerprint: [0; 32] }),
        ..append()
    };
    assert!(within.check().is_ok());
    let key_alone = Append { stream: "s".repeat(LEAF_LIMIT), events: vec![], ..append() };
    assert!(key_alone.check().is_ok(), "there is no leaf to be too long");
}

#[test]
fn whatever_is_larger_than_an_event_may_be_is_refused_with_its_size() {
    let metadata = Append { metadata: vec![b' '; EVENT_LIMIT + 1], ..append() };
    let payload = Append { events: vec![event(2), event(EVENT_LIMIT + 1)], ..append() };
    for large in [metadata, payload] {
        let refused = large.check();
        assert!(
            matches!(refused, Err(AppendError::TooLarge { limit: EVENT_LIMIT, size }) if size == EVENT_LIMIT + 1),
            "{refused:?}"
        );
    }
}

#[test]
fn what_fits_into_no_leaf_is_told() {
    assert_eq!(unfit(&Append { stream: String::new(), ..append() }), "the stream has no name");
    assert_eq!(unfit(&Append { metadata: vec![0xff], ..append() }), "the metadata is not UTF-8");
    let room = LEAF_LIMIT - 177 - EVENT_TYPE.len() - ACTOR.len();
    let overlong = Append { stream: "s".repeat(room + 1), ..append() };
    assert_eq!(unfit(&overlong), "the leaf has 1025 of at most 1024 bytes");
    let key = IdempotencyKey { key: "k".repeat(KEY_LIMIT + 1), fingerprint: [0; 32] };
    let named = unfit(&Append { idempotency: Some(key), ..append() });
    assert_eq!(named, "the idempotency key has more than 400 bytes");
}
