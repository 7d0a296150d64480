use std::collections::HashMap;

use hub_commands::ports::{ChainHead, CopyCursor, Entry};
use hub_domain::ledger::{Hash, Recorded};
use uuid::Uuid;

use super::{Memory, Recent};
use crate::log::plan::Known as _;

const TENANT: Uuid = Uuid::from_u128(1);

/// The next event of a stream, as it continues a chain.
fn event(chain: ChainHead, position: u64, stream: &str, revision: u64) -> Recorded {
    let mut event = Recorded {
        position,
        tenant: TENANT,
        sequence: chain.size,
        stream: stream.into(),
        revision,
        event_id: Uuid::from_u128(u128::from(position)),
        command_id: Uuid::nil(),
        recorded_at: 1,
        event_type: "cluster.changed.v1".into(),
        schema_version: 1,
        actor: "system:test".into(),
        metadata: b"{}".to_vec(),
        payload: b"{}".to_vec(),
        leaf_hash: Hash::ZERO,
    };
    event.leaf_hash = event.recompute(chain.last, &mut Vec::new()).unwrap();
    event
}

fn entry(number: u64, event: &Recorded) -> Entry {
    Entry { number, event: Some(event.clone()), receipt: None }
}

fn memory(most: usize) -> (Memory, Recent) {
    (Memory::new(&CopyCursor::default(), HashMap::new(), most), Recent::default())
}

#[test]
fn what_is_not_copied_yet_is_never_forgotten() {
    let (mut memory, recent) = memory(2);
    let mut chain = ChainHead::EMPTY;
    for nth in 0..5 {
        let next = event(chain, nth + 1, &format!("s{nth}"), 0);
        chain = ChainHead { size: nth + 1, last: next.leaf_hash };
        memory.follow(entry(nth, &next), &recent).unwrap();
    }
    assert!((0..5).all(|nth| memory.knows(TENANT, &format!("s{nth}"))), "none is in the copy");
    recent.prune(4);
    memory.remember(TENANT, "s9", 7, &recent);
    assert_eq!(memory.revision(TENANT, "s4"), Some(0), "this one is not in the copy");
    assert_eq!(memory.revision(TENANT, "s9"), Some(7));
    assert!(!memory.knows(TENANT, "s0"), "this one is looked up in the copy");
    memory.remember(TENANT, "s9", 5, &recent);
    assert_eq!(memory.revision(TENANT, "s9"), Some(7), "an older look-up changes nothing");
    assert_eq!(memory.chain(TENANT), chain);
    recent.prune(5);
    assert_eq!(recent.bytes(), 0);
}

#[test]
fn what_does_not_continue_the_log_is_named() {
    let (mut memory, recent) = memory(10);
    let first = event(ChainHead::EMPTY, 1, "s", 0);
    memory.follow(entry(0, &first), &recent).unwrap();
    let chain = ChainHead { size: 1, last: first.leaf_hash };
    let second = event(chain, 2, "s", 1);
    let refused = |number, event: &Recorded| {
        let (mut memory, recent) = self::memory(10);
        memory.follow(entry(0, &first), &recent).unwrap();
        memory.follow(entry(number, event), &recent).unwrap_err()
    };
    assert!(refused(2, &second).contains("entry 1 belongs there"));
    assert!(refused(1, &event(chain, 3, "s", 1)).contains("its position is 3, 2 belongs there"));
    let altered = Recorded { payload: b"[]".to_vec(), ..second.clone() };
    assert!(refused(1, &altered).contains("its content has"));
    let other = event(ChainHead { size: 2, ..chain }, 2, "s", 1);
    assert!(refused(1, &other).contains("its sequence is 2, 1 belongs there"));
    memory.follow(entry(0, &first), &recent).unwrap();
    memory.follow(entry(1, &second), &recent).unwrap();
    assert_eq!((memory.head.next, memory.head.position), (2, 2), "what is known already is passed over");
    assert_eq!(recent.events(TENANT, "s", 1), [second]);
}
