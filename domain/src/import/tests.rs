use proptest::prelude::*;

use super::*;
use crate::kernel::Refusal;
use crate::testing::{given, walk, when};

const TALLY: Tally = Tally { streams: 2, events: 5, refused: 1 };

fn start() -> ImportCommand {
    ImportCommand::Start { source: "postgres-es/events".into() }
}

fn started() -> ImportEvent {
    ImportEvent::Started(Started { source: "postgres-es/events".into() })
}

fn completed() -> ImportEvent {
    ImportEvent::Completed(Completed { tally: TALLY })
}

#[test]
fn an_import_runs_from_its_start_to_its_end_and_may_run_again() {
    let absent = given::<Import>(&[]);
    let refused = when::<Import>(&absent, ImportCommand::Complete(TALLY)).unwrap_err();
    assert_eq!(refused.code(), "import-not-running");
    assert_eq!(when::<Import>(&absent, start()), Ok(vec![started()]));
    let running = given::<Import>(&[started()]);
    assert_eq!(when::<Import>(&running, start()), Ok(vec![]), "a run that was cut off goes on");
    assert_eq!(when::<Import>(&running, ImportCommand::Complete(TALLY)), Ok(vec![completed()]));
    let done = given::<Import>(&[started(), completed()]);
    assert_eq!(when::<Import>(&done, start()), Ok(vec![started()]));
    let more = ImportCommand::Complete(Tally { events: 6, ..TALLY });
    assert!(when::<Import>(&done, more).is_err());
}

#[test]
fn the_bytes_of_an_event_are_fixed() {
    let text = |event: &ImportEvent| String::from_utf8(crate::Event::encode(event).unwrap()).unwrap();
    assert_eq!(text(&started()), r#"{"source":"postgres-es/events"}"#);
    assert_eq!(text(&completed()), r#"{"tally":{"streams":2,"events":5,"refused":1}}"#);
}

proptest! {
    #[test]
    fn every_event_changes_the_state_and_every_command_repeats_to_nothing(
        commands in prop::collection::vec(
            prop_oneof![Just(start()), (0..3_u64).prop_map(|events| ImportCommand::Complete(Tally { events, ..TALLY }))],
            0..30,
        )
    ) {
        for (before, command, decided, after) in walk::<Import>(commands) {
            if let Ok(events) = decided {
                prop_assert_eq!(events.is_empty(), before == after);
                prop_assert_eq!(when::<Import>(&after, command), Ok(vec![]));
            } else {
                prop_assert_eq!(before, after);
            }
        }
    }
}
