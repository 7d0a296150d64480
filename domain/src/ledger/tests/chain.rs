use super::super::{ChainVerifier, Fault, Frontier, Hash, Head, LeafError, Recorded, root, sha256};
use super::{chain_faults, ledger_of, rehash, tenant};

/// The sequences that faults name; positions stay as they were, one more than the sequence.
fn named(events: &[Recorded]) -> Vec<u64> {
    chain_faults(events).iter().map(|fault| fault.position().expect("a row") - 1).collect()
}

#[test]
fn a_sound_ledger_has_a_head_and_no_fault() {
    let events = ledger_of(20);
    let mut verifier = ChainVerifier::new(tenant(0));
    assert_eq!(
        verifier.head(),
        Head { tenant: tenant(0), size: 0, last: Hash::ZERO, root: sha256(&[]) },
        "an empty ledger"
    );
    for event in &events {
        verifier.push(event).unwrap();
    }
    let leaves: Vec<Hash> = events.iter().map(|event| event.leaf_hash).collect();
    let expected = Head { tenant: tenant(0), size: 20, last: leaves[19], root: root(&leaves) };
    assert_eq!(verifier.head(), expected);
    let text = serde_json::to_string(&expected).unwrap();
    assert_eq!(serde_json::from_str::<Head>(&text).unwrap(), expected);
}

#[test]
fn a_verifier_goes_on_where_another_ended() {
    let events = ledger_of(20);
    let mut whole = ChainVerifier::new(tenant(0));
    for (nth, event) in events.iter().enumerate() {
        let mut resumed = ChainVerifier::resume(tenant(0), whole.head().last, whole.frontier().clone());
        for event in &events[nth..] {
            resumed.push(event).unwrap();
        }
        assert_eq!(resumed.size(), 20);
        let mut elsewhere =
            ChainVerifier::resume(tenant(0), sha256(b"another"), Frontier::clone(whole.frontier()));
        assert!(matches!(elsewhere.push(event), Err(Fault::ContentAltered { .. })));
        whole.push(event).unwrap();
    }
}

#[test]
fn another_tenant_s_event_is_no_part_of_the_chain() {
    let events = ledger_of(2);
    let mut verifier = ChainVerifier::new(tenant(7));
    assert_eq!(verifier.push(&events[0]), Err(Fault::WrongTenant { position: 1 }));
    assert_eq!(verifier.size(), 0);
}

#[test]
fn altered_content_is_named_with_both_hashes_and_only_there() {
    let mut events = ledger_of(8);
    events[3].payload = b"{}".to_vec();
    let found = events[3].recompute(events[2].leaf_hash, &mut Vec::new()).unwrap();
    let (stored, tenant) = (events[3].leaf_hash, tenant(0));
    let fault = Fault::ContentAltered { position: 4, tenant, sequence: 3, stored, found };
    assert_eq!(chain_faults(&events), [fault]);
}

#[test]
fn a_row_that_cannot_be_a_leaf_is_named_and_only_there() {
    let mut events = ledger_of(8);
    events[3].stream = "s".repeat(2_000);
    let faults = chain_faults(&events);
    assert!(
        matches!(faults[..], [Fault::InvalidLeaf { position: 4, cause: LeafError::TooLong(_) }]),
        "{faults:?}"
    );
}

#[test]
fn an_altered_sequence_is_named_and_no_row_behind_it() {
    for sequence in [0, 2, 4, 5, 9, 1 << 40, u64::MAX] {
        let mut events = ledger_of(8);
        events[3].sequence = sequence;
        let fault = Fault::SequenceAltered { position: 4, tenant: tenant(0), expected: 3, found: sequence };
        assert_eq!(chain_faults(&events), [fault]);
        events[3].payload.push(b' ');
        assert_eq!(named(&events), [3], "sequence {sequence} and payload altered");
    }
}

#[test]
fn an_altered_hash_is_named_and_no_row_behind_it() {
    for run in 1..20 {
        let mut events = ledger_of(30);
        for event in &mut events[5..5 + run] {
            event.leaf_hash.0[7] ^= 1;
        }
        assert_eq!(named(&events), (5..5 + run as u64).collect::<Vec<_>>());
        // The tree was fed with the hashes that belong there, so a good head still fits.
        let mut verifier = ChainVerifier::new(tenant(0));
        for event in &events {
            verifier.push(event).ok();
        }
        let leaves: Vec<Hash> = ledger_of(30).iter().map(|event| event.leaf_hash).collect();
        assert_eq!(verifier.head().root, root(&leaves));
    }
}

#[test]
fn a_gap_is_named_at_the_row_behind_it_and_only_there() {
    for missing in 1..5 {
        let mut events = ledger_of(12);
        events.drain(3..3 + missing);
        let found = 3 + missing as u64;
        let fault = Fault::Missing { position: found + 1, tenant: tenant(0), expected: 3, found };
        assert_eq!(chain_faults(&events), [fault]);
    }
}

#[test]
fn two_gaps_are_both_named() {
    let mut events = ledger_of(12);
    events.remove(7);
    events.remove(3);
    assert_eq!(named(&events), [4, 8]);
}

#[test]
fn a_repeated_row_is_named_and_only_there() {
    for from in 0..8 {
        for to in from + 1..=8 {
            let mut events = ledger_of(8);
            let mut copy = events[from].clone();
            copy.position = 100;
            events.insert(to, copy);
            let faults = chain_faults(&events);
            let (expected, found) = (to as u64, from as u64);
            let fault = Fault::OutOfOrder { position: 100, tenant: tenant(0), expected, found };
            assert_eq!(faults, [fault], "{from} again at {to}");
        }
    }
}

#[test]
fn made_up_rows_are_named_and_only_they() {
    for sequence in [0, 3, 4, 5, 900, u64::MAX] {
        for count in 1..4 {
            let mut events = ledger_of(8);
            for nth in 0..count {
                let mut forged = events[3].clone();
                (forged.position, forged.sequence) = (100, sequence);
                forged.leaf_hash = sha256(&[nth as u8]);
                events.insert(4, forged);
            }
            let faults = chain_faults(&events);
            assert_eq!(faults.len(), count, "{count} rows that claim sequence {sequence}: {faults:?}");
            assert!(faults.iter().all(|fault| fault.position() == Some(100)), "{faults:?}");
        }
    }
}

#[test]
fn a_fork_is_named_once() {
    // Forged with the right link: which of the two is genuine only a head can tell.
    let mut events = ledger_of(8);
    let mut forged = events[..5].to_vec();
    forged[4].payload = b"{}".to_vec();
    rehash(&mut forged);
    events.insert(4, forged.remove(4));
    let (position, expected, found) = (5, 5, 4);
    assert_eq!(chain_faults(&events), [Fault::OutOfOrder { position, tenant: tenant(0), expected, found }]);
}

#[test]
fn swapped_neighbours_are_both_named_and_no_other() {
    for at in 0..6 {
        let mut events = ledger_of(8);
        events.swap(at, at + 1);
        let mut found = named(&events);
        found.sort_unstable();
        assert_eq!(found, [at as u64, at as u64 + 1]);
    }
    // At the end no row behind them tells which of the two is in its place.
    let mut events = ledger_of(8);
    events.swap(6, 7);
    assert_eq!(named(&events), [7]);
}

#[test]
fn each_later_row_is_judged_on_its_own() {
    for one in 0..10 {
        for other in one + 1..10 {
            let mut events = ledger_of(10);
            events[one].payload.push(b' ');
            events[other].actor.push('0');
            assert_eq!(named(&events), [one as u64, other as u64]);
            let mut events = ledger_of(10);
            events[one].leaf_hash.0[0] ^= 1;
            events[other].metadata.push(b' ');
            assert_eq!(named(&events), [one as u64, other as u64]);
        }
    }
}

#[test]
fn a_ledger_that_is_bad_throughout_is_bad_in_every_row() {
    let mut events = ledger_of(40);
    for event in &mut events {
        event.payload.push(b' ');
    }
    assert_eq!(named(&events), (0..40).collect::<Vec<_>>());
}
