use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const CADENCE: Cadence = Cadence {
    interval: Duration::from_secs(30),
    first_pause: Duration::from_secs(5),
    longest_pause: Duration::from_mins(2),
    spread: Duration::from_secs(10),
};

fn key(nth: u128) -> Key {
    (TenantId::from_uuid(Uuid::from_u128(1)), ClusterId::from_uuid(Uuid::from_u128(nth)))
}

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// An agenda with one cluster whose first look went well at the given time.
fn steady(nth: u128, now: Duration) -> Agenda {
    let mut agenda = Agenda::new(CADENCE);
    agenda.hasten(key(nth), now);
    agenda.take(now, true).unwrap();
    agenda.answered(key(nth), now);
    agenda
}

#[test]
fn pauses_double_with_each_failure_up_to_the_longest() {
    let pauses: Vec<f64> =
        (0..9).map(|failures| CADENCE.pause(key(1).1, 1, failures).as_secs_f64()).collect();
    let stretch = pauses[0] / 30.0;
    let expected = [30.0, 5.0, 10.0, 20.0, 40.0, 80.0, 120.0, 120.0, 120.0];
    for (pause, expected) in pauses.iter().zip(expected) {
        assert!((pause - expected * stretch).abs() < 1e-6, "{pauses:?}");
    }
}

#[test]
fn clusters_drift_apart() {
    let pauses: BTreeSet<Duration> = (0..1000).map(|nth| CADENCE.pause(key(nth).1, 1, 0)).collect();
    assert!(pauses.len() > 990);
    let firsts: Vec<Duration> = (0..1000).map(|nth| CADENCE.first(key(nth).1)).collect();
    for second in 0..10 {
        let within = firsts.iter().filter(|first| first.as_secs() == second).count();
        assert!((50..=150).contains(&within), "{within} of 1000 first looks in second {second}");
    }
}

#[test]
fn a_cluster_that_is_taken_is_not_due_until_its_look_is_over() {
    let mut agenda = Agenda::new(CADENCE);
    agenda.insert(key(1), at(0));
    let taken = agenda.take(at(10), true).unwrap();
    assert_eq!(taken.key, key(1));
    assert_eq!(taken.late + CADENCE.first(key(1).1), at(10));
    assert_eq!(agenda.take(at(1000), true), None);
    assert_eq!(agenda.next_due(true), None);
    agenda.answered(key(1), at(12));
    let due = agenda.next_due(true).unwrap();
    assert!(due >= at(12 + 27) && due <= at(12 + 33), "{due:?}");
    assert_eq!(agenda.take(due.saturating_sub(Duration::from_nanos(1)), true), None);
    assert!(agenda.take(due, true).is_some());
}

#[test]
fn what_is_hastened_is_due_at_once_and_has_no_past() {
    let mut agenda = steady(1, at(0));
    agenda.hasten(key(1), at(3));
    agenda.take(at(3), true).unwrap();
    for round in 0..5 {
        agenda.failed(key(1), at(10 * round));
        agenda.hasten(key(1), at(10 * round));
        assert!(!agenda.take(at(10 * round), true).unwrap().failing, "it is to be looked at with other eyes");
    }
    // Hastened while it is being looked at: due again as soon as that is over.
    agenda.hasten(key(1), at(60));
    agenda.failed(key(1), at(70));
    assert_eq!(agenda.next_due(true), Some(at(70)));
}

#[test]
fn the_dead_wait_for_room_and_the_living_do_not() {
    let mut agenda = steady(1, at(0));
    agenda.hasten(key(2), at(0));
    agenda.take(at(0), true).unwrap();
    agenda.failed(key(2), at(0));
    let far = at(1000);
    assert_eq!(agenda.take(far, false).unwrap().key, key(1));
    assert_eq!(agenda.take(far, false), None);
    assert_eq!(agenda.next_due(false), None);
    let taken = agenda.take(far, true).unwrap();
    assert!(taken.key == key(2) && taken.failing);
}

#[test]
fn a_forgotten_cluster_is_never_due() {
    let mut agenda = steady(1, at(0));
    agenda.remove(key(1));
    assert_eq!(agenda.take(at(1000), true), None);
    agenda.hasten(key(2), at(0));
    agenda.take(at(0), true).unwrap();
    agenda.remove(key(2));
    agenda.answered(key(2), at(1));
    assert_eq!(agenda.next_due(true), None);
}

#[test]
fn inserting_again_changes_nothing() {
    let mut agenda = steady(1, at(0));
    let due = agenda.next_due(true);
    agenda.insert(key(1), at(20));
    assert_eq!(agenda.next_due(true), due);
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u128),
    Hasten(u128),
    Remove(u128),
    Take(bool),
    Answered(u128),
    Failed(u128),
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let nth = 0..6_u128;
    prop_oneof![
        nth.clone().prop_map(Step::Insert),
        nth.clone().prop_map(Step::Hasten),
        nth.clone().prop_map(Step::Remove),
        any::<bool>().prop_map(Step::Take),
        nth.clone().prop_map(Step::Answered),
        nth.prop_map(Step::Failed),
        (0..60_u64).prop_map(Step::Pass),
    ]
}

proptest! {
    #[test]
    fn a_pause_is_near_its_base_and_the_same_each_time(id: u128, attempt: u64, failures in 0..40_u32) {
        let pause = CADENCE.pause(key(id).1, attempt, failures);
        prop_assert_eq!(pause, CADENCE.pause(key(id).1, attempt, failures));
        let base = if failures == 0 { 30.0 } else { (5.0 * 2_f64.powi(failures as i32 - 1)).min(120.0) };
        prop_assert!(pause.as_secs_f64() >= base * 0.899 && pause.as_secs_f64() <= base * 1.101);
        prop_assert!(CADENCE.first(key(id).1) < CADENCE.spread);
    }

    /// Whatever happens, every known cluster is either due or being looked at, never both and never neither,
    /// and nobody is taken before their time.
    #[test]
    fn nobody_is_lost_and_nobody_is_taken_twice(steps in prop::collection::vec(step(), 1..200)) {
        let mut agenda = Agenda::new(CADENCE);
        let (mut known, mut taken) = (BTreeSet::new(), BTreeSet::new());
        let mut now = at(0);
        for step in steps {
            match step {
                Step::Insert(nth) => { agenda.insert(key(nth), now); known.insert(key(nth)); }
                Step::Hasten(nth) => { agenda.hasten(key(nth), now); known.insert(key(nth)); }
                Step::Remove(nth) => { agenda.remove(key(nth)); known.remove(&key(nth)); taken.remove(&key(nth)); }
                Step::Take(room) => {
                    let due = agenda.next_due(room);
                    match agenda.take(now, room) {
                        Some(next) => {
                            prop_assert!(due.unwrap() <= now && known.contains(&next.key));
                            prop_assert!(taken.insert(next.key), "taken twice");
                        }
                        None => prop_assert!(due.is_none_or(|due| due > now)),
                    }
                }
                Step::Answered(nth) => { agenda.answered(key(nth), now); taken.remove(&key(nth)); }
                Step::Failed(nth) => { agenda.failed(key(nth), now); taken.remove(&key(nth)); }
                Step::Pass(seconds) => now += at(seconds),
            }
            prop_assert_eq!(agenda.entries.len(), known.len());
            prop_assert_eq!(agenda.steady.len() + agenda.failing.len() + taken.len(), known.len());
        }
        let far = now + at(100_000);
        let mut left = BTreeSet::new();
        while let Some(next) = agenda.take(far, true) {
            left.insert(next.key);
        }
        prop_assert_eq!(left, known.difference(&taken).copied().collect::<BTreeSet<_>>());
    }
}
