use std::collections::BTreeSet;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::Decider;
use crate::kernel::{Refusal, Sealed, TypedId, UserId};
use crate::testing::{ctx_of, given, round_trips, walk, when};

fn id() -> UserId {
    UserId::from_uuid(Uuid::from_u128(1))
}

fn profile(text: &str) -> Profile {
    Profile { email: Sealed::new(text).unwrap(), display_name: Sealed::new("n").unwrap() }
}

fn account(roles: &[Role]) -> Account {
    Account { profile: profile("e"), roles: roles.iter().copied().collect() }
}

fn registered() -> UserEvent {
    let Account { profile, roles } = account(&[Role::Viewer]);
    UserEvent::Registered(Registered { profile, roles })
}

fn disabled() -> UserEvent {
    UserEvent::Disabled(Disabled {})
}

fn deleted() -> UserEvent {
    UserEvent::Deleted(Deleted {})
}

fn change(changes: Changes) -> UserCommand {
    UserCommand::Change { id: id(), changes }
}

fn code(result: Result<Vec<UserEvent>, UserRefusal>) -> &'static str {
    result.unwrap_err().code()
}

fn refused() -> CommandRefused {
    CommandRefused {
        command: "cluster.decommission".into(),
        target: Some("cluster_01h455vb4pex5vsknk084sn02q".into()),
        code: "forbidden".into(),
        kind: RefusedAs::Forbidden,
    }
}

/// Every command but registration.
fn all_but_register() -> Vec<UserCommand> {
    vec![
        change(Changes::default()),
        UserCommand::SignIn { session: "s".into() },
        UserCommand::RefuseSignIn(SignInRefusal::WrongPassword),
        UserCommand::SignOut { session: "s".into() },
        UserCommand::NoteRefusal(refused()),
        UserCommand::CountRefusals(RefusalsCounted { count: 7, seconds: 60 }),
        UserCommand::Delete { id: id() },
    ]
}

#[test]
fn nothing_can_be_asked_of_a_user_who_is_not_there() {
    for command in all_but_register() {
        assert_eq!(code(when::<User>(&UserState::Absent, command)), "user-not-found");
    }
}

#[test]
fn a_user_is_registered_once_and_with_a_role() {
    let register = |account: Account| when::<User>(&UserState::Absent, UserCommand::Register(account));
    assert_eq!(register(account(&[Role::Viewer])), Ok(vec![registered()]));
    let refusal = register(account(&[])).unwrap_err();
    assert_eq!((refusal.code(), refusal.pointer()), ("user-without-roles", Some("/roles")));
    let active = given::<User>(&[registered()]);
    assert_eq!(active.status(), "active");
    assert_eq!(when::<User>(&active, UserCommand::Register(account(&[Role::Viewer]))), Ok(vec![]));
    assert_eq!(code(when::<User>(&active, UserCommand::Register(account(&[Role::Admin])))), "user-exists");
    let gone = given::<User>(&[registered(), deleted()]);
    assert_eq!(code(when::<User>(&gone, UserCommand::Register(account(&[Role::Viewer])))), "user-gone");
}

#[test]
fn one_change_is_as_many_events_as_parts_that_differ() {
    let active = given::<User>(&[registered()]);
    let changes = Changes {
        profile: Some(profile("new")),
        roles: Some(BTreeSet::from([Role::Admin])),
        enabled: Some(false),
        password: true,
    };
    let events = when::<User>(&active, change(changes.clone())).unwrap();
    assert!(matches!(
        events[..],
        [
            UserEvent::ProfileChanged(_),
            UserEvent::RolesChanged(_),
            UserEvent::Disabled(_),
            UserEvent::PasswordChanged(_)
        ]
    ));
    let UserEvent::RolesChanged(roles) = &events[1] else { panic!() };
    assert_eq!((&roles.from, &roles.to), (&BTreeSet::from([Role::Viewer]), &BTreeSet::from([Role::Admin])));
    let after = crate::kernel::fold::<User>(active.clone(), &events);
    assert_eq!(after.account().unwrap().profile, profile("new"));
    assert_eq!(after.status(), "disabled");
    let again = Changes { password: false, ..changes };
    assert_eq!(when::<User>(&after, change(again)), Ok(vec![]));
    assert_eq!(when::<User>(&active, change(Changes::default())), Ok(vec![]));
}

#[test]
fn nobody_takes_their_own_rights() {
    let active = given::<User>(&[registered()]);
    let own = ctx_of(&id().to_string());
    let decide = |command| User::decide(&active, command, &own);
    let roles = Changes { roles: Some(BTreeSet::from([Role::Admin])), ..Changes::default() };
    assert_eq!(code(decide(change(roles))), "own-account");
    let disable = Changes { enabled: Some(false), ..Changes::default() };
    assert_eq!(code(decide(change(disable))), "own-account");
    assert_eq!(code(decide(UserCommand::Delete { id: id() })), "own-account");
    let harmless = Changes {
        profile: Some(profile("new")),
        roles: Some(BTreeSet::from([Role::Viewer])),
        enabled: Some(true),
        password: true,
    };
    assert_eq!(decide(change(harmless)).unwrap().len(), 2, "the same roles are no change of rights");
}

#[test]
fn a_user_never_loses_the_last_role() {
    let active = given::<User>(&[registered()]);
    let none = Changes { roles: Some(BTreeSet::new()), ..Changes::default() };
    assert_eq!(code(when::<User>(&active, change(none))), "user-without-roles");
}

#[test]
fn a_disabled_user_changes_but_does_not_sign_in() {
    let state = given::<User>(&[registered(), disabled()]);
    assert_eq!(code(when::<User>(&state, UserCommand::SignIn { session: "s".into() })), "user-disabled");
    let refused = when::<User>(&state, UserCommand::RefuseSignIn(SignInRefusal::AccountDisabled)).unwrap();
    assert_eq!(refused.len(), 1);
    let rename = Changes { profile: Some(profile("new")), ..Changes::default() };
    let events = when::<User>(&state, change(rename)).unwrap();
    assert_eq!(crate::kernel::fold::<User>(state.clone(), &events).status(), "disabled");
    let enable = Changes { enabled: Some(true), ..Changes::default() };
    assert_eq!(when::<User>(&state, change(enable)), Ok(vec![UserEvent::Enabled(Enabled {})]));
}

#[test]
fn a_deleted_user_stays_deleted() {
    let gone = given::<User>(&[registered(), deleted()]);
    assert!(gone.account().is_none(), "and nothing of them is left in the state");
    for command in all_but_register() {
        match command {
            UserCommand::Delete { .. } => assert_eq!(when::<User>(&gone, command), Ok(vec![])),
            command => assert_eq!(code(when::<User>(&gone, command)), "user-gone"),
        }
    }
}

#[test]
fn coming_and_going_are_facts_each_time() {
    let active = given::<User>(&[registered()]);
    let sign_in = UserCommand::SignIn { session: "s".into() };
    for _ in 0..2 {
        let events = when::<User>(&active, sign_in.clone()).unwrap();
        assert_eq!(events, [UserEvent::SignedIn(SignedIn { session: "s".into() })]);
        assert_eq!(crate::kernel::fold::<User>(active.clone(), &events), active);
    }
}

#[test]
fn the_bytes_of_an_event_are_fixed() {
    let json = String::from_utf8(crate::Event::encode(&registered()).unwrap()).unwrap();
    assert_eq!(json, r#"{"profile":{"email":"e","display_name":"n"},"roles":["viewer"]}"#);
    let refused = UserEvent::SignInRefused(SignInRefused { cause: SignInRefusal::RefreshTokenReused });
    let json = String::from_utf8(crate::Event::encode(&refused).unwrap()).unwrap();
    assert_eq!(json, r#"{"cause":"refresh_token_reused"}"#);
    round_trips(&refused);
}

#[test]
fn roles_have_their_wire_names() {
    for role in Role::ALL {
        assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
    }
}

fn roles() -> impl Strategy<Value = BTreeSet<Role>> {
    prop::collection::btree_set(prop::sample::select(&Role::ALL[..]), 0..3)
}

fn profiles() -> impl Strategy<Value = Profile> {
    "[ab]".prop_map(|text| profile(&text))
}

fn command() -> impl Strategy<Value = UserCommand> {
    let changes =
        (prop::option::of(profiles()), prop::option::of(roles()), any::<Option<bool>>(), any::<bool>())
            .prop_map(|(profile, roles, enabled, password)| Changes { profile, roles, enabled, password });
    let causes =
        [SignInRefusal::WrongPassword, SignInRefusal::AccountDisabled, SignInRefusal::TenantSuspended];
    prop_oneof![
        3 => (profiles(), roles()).prop_map(|(profile, roles)| UserCommand::Register(Account { profile, roles })),
        5 => changes.prop_map(change),
        1 => Just(UserCommand::Delete { id: id() }),
        2 => "[st]".prop_map(|session| UserCommand::SignIn { session }),
        2 => "[st]".prop_map(|session| UserCommand::SignOut { session }),
        1 => Just(UserCommand::NoteRefusal(refused())),
        1 => any::<u64>().prop_map(|count| UserCommand::CountRefusals(RefusalsCounted { count, seconds: 60 })),
        2 => prop::sample::select(causes.to_vec()).prop_map(UserCommand::RefuseSignIn),
    ]
}

/// Facts that are news each time they happen.
fn is_occasion(event: &UserEvent) -> bool {
    matches!(
        event,
        UserEvent::SignedIn(_)
            | UserEvent::SignedOut(_)
            | UserEvent::SignInRefused(_)
            | UserEvent::PasswordChanged(_)
            | UserEvent::CommandRefused(_)
            | UserEvent::RefusalsCounted(_)
    )
}

proptest! {
    #[test]
    fn every_event_that_is_no_occasion_changes_the_state_and_repeats_to_nothing(
        commands in prop::collection::vec(command(), 0..40)
    ) {
        for (before, command, decided, after) in walk::<User>(commands) {
            let Ok(events) = decided else {
                prop_assert_eq!(before, after);
                continue;
            };
            prop_assert_eq!(events.iter().all(is_occasion), before == after);
            let again = when::<User>(&after, command).unwrap();
            prop_assert!(again.iter().all(is_occasion), "{:?}", again);
            prop_assert!(after.account().is_none_or(|account| !account.roles.is_empty()));
        }
    }
}
