//! Order, repeats, and every way to tell a reader something that is not so.

use hub_domain::ledger::{Fault, Hash, Recorded, root};

use super::super::{CheckpointVerdict, Place, Read, Verdict};
use super::Order;
use crate::testing::{ledger, tenant};

/// Reads what came, in this order, and what is left when nothing more comes.
fn read_with(order: &mut Order, events: impl IntoIterator<Item = Recorded>) -> Vec<(u64, Verdict)> {
    let mut said = Vec::new();
    for (nth, event) in events.into_iter().enumerate() {
        order.push(Place { partition: 0, offset: nth as i64 }, event);
        while let Some(read) = order.pop() {
            said.push(read);
        }
    }
    while order.waiting() > 0 {
        said.extend(order.overdue());
        while let Some(read) = order.pop() {
            said.push(read);
        }
    }
    let event = |read| match read {
        Read::Event { recorded, verdict, .. } => Some((recorded.sequence, verdict)),
        _ => None,
    };
    said.into_iter().filter_map(event).collect()
}

fn read(events: impl IntoIterator<Item = Recorded>) -> Vec<(u64, Verdict)> {
    read_with(&mut Order::new(100, vec![]), events)
}

fn sound(sequences: impl IntoIterator<Item = u64>) -> Vec<(u64, Verdict)> {
    sequences.into_iter().map(|sequence| (sequence, Verdict::Sound)).collect()
}

/// The sequences that are not sound, with what is said of them.
fn faults(said: &[(u64, Verdict)]) -> Vec<(u64, Verdict)> {
    said.iter().filter(|(_, verdict)| *verdict != Verdict::Sound).cloned().collect()
}

#[test]
fn order_comes_back_within_the_window() {
    let events = ledger(1, 50);
    assert_eq!(read(events.clone()), sound(0..50));
    let mut reversed = events.clone();
    reversed.reverse();
    assert_eq!(read(reversed), sound(0..50));
    // Three partitions, one after the other; two tenants.
    let others = ledger(2, 50);
    let mut apart = vec![];
    for part in 0..3 {
        apart.extend(events.iter().chain(&others).filter(|event| event.sequence % 3 == part).cloned());
    }
    let said = read(apart);
    assert_eq!((said.len(), faults(&said)), (100, vec![]));
}

#[test]
fn repeats_are_dropped_however_they_come() {
    let events = ledger(1, 60);
    let twice = events.iter().flat_map(|event| [event.clone(), event.clone()]);
    let mut order = Order::new(100, vec![]);
    assert_eq!(read_with(&mut order, twice), sound(0..60));
    assert_eq!(order.repeats(), 60);
    // A hub that comes back sends a piece again, and a whole topic may be sent again, too.
    let again = events[..40].iter().chain(&events[20..]).chain(&events).cloned();
    assert_eq!(read(again), sound(0..60));
    let long = ledger(1, 6000);
    assert_eq!(read(long.iter().chain(&long).cloned()), sound(0..6000), "longer ago than is remembered");
}

#[test]
fn a_gap_is_named_once_and_what_comes_late_is_late() {
    let events = ledger(1, 40);
    let gap = |upto: usize| events[..10].iter().chain(&events[upto..]).cloned();
    let said = read(gap(13));
    let missing = Fault::Missing { position: 14, tenant: tenant(1), expected: 10, found: 13 };
    assert_eq!(faults(&said), [(13, Verdict::Fault(missing))]);
    assert_eq!(said.len(), 37);

    // Beyond the window.
    let mut order = Order::new(5, vec![]);
    let said = read_with(&mut order, gap(11).chain([events[10].clone()]));
    assert_eq!(faults(&said).len(), 2, "{said:?}");
    assert_eq!(said.last(), Some(&(10, Verdict::Late { proven: true })));

    // The beginning is cut off.
    let said = read(events[5..].iter().cloned());
    assert_eq!(faults(&said).len(), 1);
    assert!(matches!(faults(&said)[0], (5, Verdict::Fault(Fault::Missing { expected: 0, .. }))));
}

#[test]
fn every_altered_field_is_found() {
    let events = ledger(1, 20);
    let alterations: [fn(&mut Recorded); 11] = [
        |event| event.payload.push(b' '),
        |event| event.metadata = b"{}".to_vec(),
        |event| event.actor.push('x'),
        |event| event.event_type = "cluster.imported.v1".into(),
        |event| event.schema_version += 1,
        |event| event.recorded_at += 1,
        |event| event.revision += 1,
        |event| event.stream = "cluster_9".into(),
        |event| event.command_id = tenant(8),
        |event| event.event_id = tenant(9),
        |event| event.leaf_hash = Hash([7; 32]),
    ];
    for (nth, alter) in alterations.iter().enumerate() {
        let mut forged = events.clone();
        alter(&mut forged[7]);
        let said = faults(&read(forged));
        assert!(
            matches!(said[..], [(7, Verdict::Fault(Fault::ContentAltered { sequence: 7, .. }))]),
            "{nth}: {said:?}"
        );
        // A copy beside the true one, before and behind it.
        for at in [7, 8] {
            let mut copied = events.clone();
            let mut copy = events[7].clone();
            alter(&mut copy);
            copied.insert(at, copy);
            let said = read(copied);
            assert!((1..=2).contains(&faults(&said).len()), "{nth} at {at}: {said:?}");
            assert!(faults(&said).iter().all(|(sequence, _)| *sequence == 7), "{nth} at {at}: {said:?}");
        }
    }
}

#[test]
fn payloads_that_change_places_are_found() {
    let mut events = ledger(1, 20);
    let (one, other) = (events[4].payload.clone(), events[9].payload.clone());
    (events[4].payload, events[9].payload) = (other, one);
    let said: Vec<u64> = faults(&read(events)).into_iter().map(|(sequence, _)| sequence).collect();
    assert_eq!(said, [4, 9]);
}

#[test]
fn an_event_of_another_ledger_is_found_and_does_not_stop_the_rest() {
    let (events, mut others) = (ledger(1, 30), ledger(2, 30));
    others[12].tenant = tenant(1);
    let mixed = events[..12].iter().chain([&others[12]]).chain(&events[12..]).cloned();
    let said = read(mixed);
    assert_eq!(said.len(), 31);
    assert_eq!(faults(&said).iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), [12], "{said:?}");
}

#[test]
fn a_sequence_far_ahead_does_not_hide_the_true_events() {
    for ahead in [60, 1_000_000, u64::MAX] {
        let events = ledger(1, 50);
        let mut forged = events[10].clone();
        forged.sequence = ahead;
        let mut order = Order::new(5, vec![]);
        let mut said = read_with(&mut order, events[..20].iter().chain([&forged]).cloned());
        said.extend(read_with(&mut order, events[20..].iter().cloned()));
        let sound: Vec<u64> = said
            .iter()
            .filter(|(_, verdict)| *verdict == Verdict::Sound)
            .map(|(sequence, _)| *sequence)
            .collect();
        assert_eq!(sound, (0..50).collect::<Vec<_>>(), "{ahead}: {said:?}");
        assert!(
            matches!(faults(&said)[..], [(sequence, Verdict::Fault(_))] if sequence == ahead),
            "{said:?}"
        );
    }
}

#[test]
fn checkpoints_are_held_against_what_was_read() {
    let events = ledger(1, 5000);
    let leaves: Vec<Hash> = events.iter().map(|event| event.leaf_hash).collect();
    let mut order = Order::new(100, vec![]);
    // One before its events have come, one behind them, one of another history, one too old to be recomputed.
    order.hold(tenant(1), 4000, root(&leaves[..4000]));
    order.hold(tenant(1), 4500, Hash([1; 32]));
    order.hold(tenant(1), 5001, Hash([2; 32]));
    assert_eq!(read_with(&mut order, events).len(), 5000);
    let mut order_said = Vec::new();
    order.hold(tenant(1), 3000, root(&leaves[..3000]));
    order.hold(tenant(1), 10, root(&leaves[..10]));
    order.hold(tenant(2), 0, root(&[]));
    while let Some(Read::Checkpoint { size, verdict, .. }) = order.pop() {
        order_said.push((size, verdict));
    }
    assert_eq!(
        order_said,
        [(3000, CheckpointVerdict::Fits), (10, CheckpointVerdict::Unchecked), (0, CheckpointVerdict::Fits),]
    );
    let [short] = order.shortfalls()[..] else { panic!("{:?}", order.shortfalls()) };
    assert_eq!((short.signed, short.read), (5001, 5000));
}

#[test]
fn a_checkpoint_is_told_behind_its_last_event() {
    let events = ledger(1, 30);
    let leaves: Vec<Hash> = events.iter().map(|event| event.leaf_hash).collect();
    let mut order = Order::new(100, vec![]);
    order.hold(tenant(1), 10, root(&leaves[..10]));
    order.hold(tenant(1), 20, root(&leaves[..10]));
    let mut said = vec![];
    for (nth, event) in events.into_iter().enumerate() {
        order.push(Place { partition: 0, offset: nth as i64 }, event);
        while let Some(read) = order.pop() {
            said.push(match read {
                Read::Event { recorded, .. } => format!("{}", recorded.sequence),
                Read::Checkpoint { size, verdict: CheckpointVerdict::Fits, .. } => format!("{size} fits"),
                other => format!("{other:?}"),
            });
        }
    }
    assert_eq!(said[9..12], ["9", "10 fits", "10"]);
    assert!(said[21].contains("Differs"), "{}", said[21]);
}

#[test]
fn a_reader_goes_on_where_a_bookmark_lies() {
    let events = ledger(1, 40);
    let leaves: Vec<Hash> = events.iter().map(|event| event.leaf_hash).collect();
    let mut order = Order::new(100, vec![]);
    // The tenth has not come: those behind it wait, and their places are where to go on from.
    let first = events[..10].iter().chain(&events[11..20]).cloned();
    for (nth, event) in first.enumerate() {
        order.push(Place { partition: 0, offset: nth as i64 }, event);
        while order.pop().is_some() {}
    }
    assert_eq!(order.places().map(|place| place.offset).min(), Some(10));
    let marks = serde_json::to_vec(&order.marks()).unwrap();
    let mut resumed = Order::new(100, serde_json::from_slice(&marks).unwrap());
    resumed.hold(tenant(1), 40, root(&leaves));
    assert_eq!(read_with(&mut resumed, events[5..].iter().cloned()), sound(10..40));
    assert_eq!((resumed.repeats(), resumed.shortfalls()), (5, vec![]));
    // Whoever alters what lies before the bookmark is not heard; what lies behind is judged by it.
    let mut forged = events.clone();
    forged[15].actor = "user_else".into();
    let mut resumed = Order::new(100, serde_json::from_slice(&marks).unwrap());
    assert_eq!(faults(&read_with(&mut resumed, forged)).len(), 1);
}
