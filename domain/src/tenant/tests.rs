use proptest::prelude::*;

use super::*;
use crate::kernel::{Reason, Refusal, TenantName};
use crate::ledger::{Algorithm, Rotation, SigningKey};
use crate::testing::{given, round_trips, walk, when};

fn name(text: &str) -> TenantName {
    TenantName::new(text).unwrap()
}

fn reason() -> Reason {
    Reason::new("unpaid").unwrap()
}

fn created() -> TenantEvent {
    TenantEvent::Created(Created { name: name("acme") })
}

fn suspended() -> TenantEvent {
    TenantEvent::Suspended(Suspended { reason: reason() })
}

fn code(result: Result<Vec<TenantEvent>, TenantRefusal>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn nothing_can_be_asked_of_a_tenant_that_is_not_there() {
    let absent = given::<Tenant>(&[]);
    for command in [TenantCommand::Rename(name("x")), TenantCommand::Suspend(reason()), TenantCommand::Resume]
    {
        assert_eq!(code(when::<Tenant>(&absent, command)), "tenant-not-found");
    }
}

#[test]
fn a_tenant_is_created_once() {
    assert_eq!(
        when::<Tenant>(&given::<Tenant>(&[]), TenantCommand::Create(name("acme"))),
        Ok(vec![created()])
    );
    let active = given::<Tenant>(&[created()]);
    assert_eq!(active, TenantState::Active { name: name("acme"), signing_key: None });
    assert_eq!(when::<Tenant>(&active, TenantCommand::Create(name("acme"))), Ok(vec![]));
    assert_eq!(code(when::<Tenant>(&active, TenantCommand::Create(name("other")))), "tenant-exists");
}

#[test]
fn a_rename_tells_before_and_after() {
    let active = given::<Tenant>(&[created()]);
    let renamed = TenantEvent::Renamed(Renamed { from: name("acme"), to: name("new") });
    assert_eq!(when::<Tenant>(&active, TenantCommand::Rename(name("new"))), Ok(vec![renamed.clone()]));
    assert_eq!(when::<Tenant>(&active, TenantCommand::Rename(name("acme"))), Ok(vec![]));
    assert_eq!(
        given::<Tenant>(&[created(), renamed]),
        TenantState::Active { name: name("new"), signing_key: None }
    );
}

#[test]
fn a_suspended_tenant_keeps_its_name_until_it_is_resumed() {
    let state = given::<Tenant>(&[created(), suspended()]);
    assert_eq!(state, TenantState::Suspended { name: name("acme"), signing_key: None });
    assert_eq!(code(when::<Tenant>(&state, TenantCommand::Rename(name("new")))), "tenant-suspended");
    assert_eq!(when::<Tenant>(&state, TenantCommand::Suspend(reason())), Ok(vec![]));
    let resumed = TenantEvent::Resumed(Resumed {});
    assert_eq!(when::<Tenant>(&state, TenantCommand::Resume), Ok(vec![resumed.clone()]));
    let active = given::<Tenant>(&[created(), suspended(), resumed]);
    assert_eq!(active, TenantState::Active { name: name("acme"), signing_key: None });
    assert_eq!(when::<Tenant>(&active, TenantCommand::Resume), Ok(vec![]));
}

fn rotation(from: u8, to: u8) -> String {
    let key = |seed| SigningKey::new("hub.example", Algorithm::Ed25519, &[seed; 32]).unwrap();
    Rotation::sign(&key(from), &key(to)).unwrap().to_string()
}

#[test]
fn a_signing_key_gives_way_to_the_next_one_once() {
    let rotate = |from, to| TenantCommand::RotateSigningKey(rotation(from, to));
    let event =
        |from, to| TenantEvent::SigningKeyRotated(SigningKeyRotated { statement: rotation(from, to) });
    let active = given::<Tenant>(&[created()]);
    assert_eq!(when::<Tenant>(&active, rotate(1, 2)), Ok(vec![event(1, 2)]));
    let second = given::<Tenant>(&[created(), suspended(), event(1, 2)]);
    assert_eq!(when::<Tenant>(&second, rotate(1, 2)), Ok(vec![]));
    assert_eq!(code(when::<Tenant>(&second, rotate(1, 3))), "signing-key-another");
    assert_eq!(when::<Tenant>(&second, rotate(2, 3)), Ok(vec![event(2, 3)]));
    let unsigned = TenantCommand::RotateSigningKey("no note".into());
    assert_eq!(code(when::<Tenant>(&active, unsigned)), "signing-key-rotation-unsigned");
    round_trips(&event(1, 2));
}

#[test]
fn the_bytes_of_an_event_are_fixed() {
    let event = created();
    assert_eq!(String::from_utf8(crate::Event::encode(&event).unwrap()).unwrap(), r#"{"name":"acme"}"#);
    round_trips(&event);
    round_trips(&TenantEvent::Resumed(Resumed {}));
}

fn command() -> impl Strategy<Value = TenantCommand> {
    let name = "[ab]".prop_map(|text| TenantName::new(text).unwrap());
    prop_oneof![
        name.clone().prop_map(TenantCommand::Create),
        name.prop_map(TenantCommand::Rename),
        Just(TenantCommand::Suspend(reason())),
        Just(TenantCommand::Resume),
        (1_u8..4, 1_u8..4)
            .prop_filter("two keys", |(from, to)| from != to)
            .prop_map(|(from, to)| TenantCommand::RotateSigningKey(rotation(from, to))),
    ]
}

proptest! {
    #[test]
    fn every_event_changes_the_state_and_every_command_repeats_to_nothing(
        commands in prop::collection::vec(command(), 0..30)
    ) {
        for (before, command, decided, after) in walk::<Tenant>(commands) {
            if let Ok(events) = decided {
                prop_assert_eq!(events.is_empty(), before == after);
                prop_assert_eq!(when::<Tenant>(&after, command), Ok(vec![]));
            } else {
                prop_assert_eq!(before, after);
            }
        }
    }
}
