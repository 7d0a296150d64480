use proptest::prelude::*;

use super::super::{ChainVerifier, Fault, Frontier, Hash, Head, LogVerifier, sha256};
use super::{faults, heads, ledger_of, log_of, rehash, renumber, tenant};

#[test]
fn positions_begin_at_1_and_grow_by_1() {
    let events = ledger_of(6);
    assert_eq!(faults(&events[1..], &[])[0], Fault::PositionGap { expected: 1, found: 2 });
    for (altered, position) in [(2, 0), (2, 1), (2, 2), (2, 4), (2, 5), (2, 600), (2, u64::MAX), (5, 7)] {
        let mut events = ledger_of(6);
        events[altered].position = position;
        let (expected, found) = (altered as u64 + 1, position);
        assert_eq!(faults(&events, &[]), [Fault::PositionGap { expected, found }]);
    }
}

#[test]
fn a_revision_that_does_not_follow_is_named() {
    // Hashed with care, so that nothing but the revision tells.
    for (altered, revision, behind) in [(3, 2, true), (3, 0, true), (0, 1, true), (7, 5, false)] {
        let mut events = ledger_of(8);
        events[altered].revision = revision;
        rehash(&mut events);
        let found = faults(&events, &[]);
        let (position, expected) = (altered as u64 + 1, altered as u64 / 3);
        let gap = |fault: &Fault| matches!(fault, Fault::RevisionGap { .. });
        assert!(found.iter().all(gap) && found.len() == 1 + usize::from(behind), "{found:?}");
        let stream = events[altered].stream.clone();
        assert_eq!(found[0], Fault::RevisionGap { position, stream, expected, found: revision });

        let mut verifier = LogVerifier::new().track_revisions(false);
        assert!(events.iter().all(|event| verifier.push(event).is_empty()), "asked not to look");
    }
}

#[test]
fn removing_an_event_with_care_leaves_a_gap_in_its_stream() {
    let mut events = ledger_of(12);
    events.remove(4);
    (0..).zip(&mut events).for_each(|(sequence, event)| event.sequence = sequence);
    renumber(&mut events);
    rehash(&mut events);
    let found = faults(&events, &[]);
    assert!(
        matches!(found[..], [Fault::RevisionGap { position: 7, expected: 1, found: 2, .. }]),
        "{found:?}"
    );
}

#[test]
fn a_bad_row_does_not_blame_its_stream() {
    for altered in 0..12 {
        let mut events = ledger_of(12);
        events[altered].stream = "cluster_9".to_owned();
        let found = faults(&events, &[]);
        assert!(
            matches!(found[..], [Fault::ContentAltered { position, .. }] if position == altered as u64 + 1),
            "{found:?}"
        );
    }
}

#[test]
fn a_head_that_does_not_fit_says_which_part() {
    let events = ledger_of(6);
    let good = heads(&events[..4])[0];
    assert_eq!(faults(&events, &[good]), []);
    let (tenant, size) = (tenant(0), 4);
    let other = sha256(b"another");
    let (expected, found) = (other, good.root);
    let mismatch = Fault::HeadMismatch { tenant, size, part: "root", expected, found };
    assert_eq!(faults(&events, &[Head { root: other, ..good }]), [mismatch]);
    let (expected, found) = (other, good.last);
    let mismatch = Fault::HeadMismatch { tenant, size, part: "last leaf hash", expected, found };
    assert_eq!(faults(&events, &[Head { last: other, ..good }]), [mismatch]);
    let (expected, found) = (9, 6);
    assert_eq!(
        faults(&events, &[Head { size: 9, ..good }]),
        [Fault::ShorterThanHead { tenant, expected, found }]
    );
}

#[test]
fn a_head_of_nothing_is_an_empty_ledger_s() {
    let empty = Head { tenant: tenant(0), size: 0, last: Hash::ZERO, root: sha256(&[]) };
    for events in [ledger_of(0), ledger_of(3)] {
        assert_eq!(faults(&events, &[empty]), []);
        let bad = faults(&events, &[Head { root: Hash::ZERO, ..empty }]);
        assert!(matches!(bad[..], [Fault::HeadMismatch { size: 0, .. }]), "{bad:?}");
    }
    let mut verifier = LogVerifier::default();
    verifier.expect_head(&empty);
    assert_eq!(verifier.heads(), [], "to expect a tenant is not to have seen it");
}

#[test]
fn a_tenant_that_vanished_is_missed() {
    let events = log_of(&[(0, 0), (1, 0), (0, 0)]);
    let known = heads(&events);
    let mut rest: Vec<_> = events.into_iter().filter(|event| event.tenant == tenant(0)).collect();
    renumber(&mut rest);
    let expected = Fault::ShorterThanHead { tenant: tenant(1), expected: 1, found: 0 };
    assert_eq!(faults(&rest, &known), [expected]);
}

#[test]
fn a_head_from_before_the_place_of_resuming_is_not_passed_over_in_silence() {
    let events = ledger_of(6);
    let mut chain = ChainVerifier::new(tenant(0));
    events[..4].iter().for_each(|event| chain.push(event).unwrap());
    let mut verifier = LogVerifier::resume(4, [chain]);
    for head in &heads(&events[..2]) {
        verifier.expect_head(head);
    }
    let found: Vec<Fault> = events[4..].iter().flat_map(|event| verifier.push(event)).collect();
    assert_eq!(found, [Fault::HeadUnchecked { tenant: tenant(0), size: 2 }]);
}

prop_compose! {
    /// Which tenant and stream each event of a log belongs to.
    pub(super) fn entries(least: usize)(
        entries in prop::collection::vec((0_u8..3, 0_u8..4), least..40)
    ) -> Vec<(u8, u8)> {
        entries
    }
}

proptest! {
    #[test]
    fn a_clean_log_is_never_blamed(entries in entries(0), cut in any::<prop::sample::Index>()) {
        let events = log_of(&entries);
        let known: Vec<Head> = (0..=events.len()).flat_map(|size| heads(&events[..size])).collect();
        prop_assert_eq!(faults(&events, &known), []);

        let cut = cut.index(events.len() + 1);
        let (seen, rest) = events.split_at(cut);
        let mut first = LogVerifier::new();
        prop_assert!(seen.iter().all(|event| first.push(event).is_empty()));
        let stored = first.chains().map(|chain| {
            let frontier = serde_json::to_string(chain.frontier()).unwrap();
            ChainVerifier::resume(chain.tenant(), chain.head().last, serde_json::from_str::<Frontier>(&frontier).unwrap())
        });
        let mut second = LogVerifier::resume(cut as u64, stored.collect::<Vec<_>>());
        for head in &heads(&events) {
            second.expect_head(head);
        }
        prop_assert!(rest.iter().all(|event| second.push(event).is_empty()));
        prop_assert_eq!(second.heads(), heads(&events));
        prop_assert_eq!(second.finish(), []);
    }
}
