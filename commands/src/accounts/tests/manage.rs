use chrono::TimeDelta;
use hub_domain::kernel::TypedId;

use super::*;
use crate::ports::{AppendError, CredentialStore};
use crate::testing::unavailable;

async fn opened(acme: &Acme, outcome: &Outcome<User>, id: UserId) -> (String, String) {
    let profile = &outcome.state.account().unwrap().profile;
    let open = acme.accounts.profile(acme.tenant, id, profile).await.unwrap().unwrap();
    (exposed(&open.email).to_owned(), exposed(&open.display_name).to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_registered_user_can_sign_in() {
    let acme = Acme::new().await;
    let registered = acme.register(" Ada@Example.org", &[Role::Viewer], &Options::default()).await.unwrap();
    assert!(registered.one_time_password.is_none());
    assert_eq!(registered.outcome.receipt.stream, registered.id.to_string());
    assert_eq!(opened(&acme, &registered.outcome, registered.id).await, (EMAIL.into(), "Ada".into()));
    assert_eq!(acme.sign_in(EMAIL, PASSWORD).await.unwrap().session.user, registered.id);
}

#[tokio::test(start_paused = true)]
async fn without_a_password_one_is_made_up_and_shown_once() {
    let acme = Acme::new().await;
    let user = || NewUser {
        email: EMAIL.into(),
        display_name: "Ada".into(),
        roles: [Role::Viewer].into(),
        password: None,
    };
    let first = acme.accounts.register(&acme.admin, user(), &keyed("ada")).await.unwrap();
    let one_time_password = first.one_time_password.unwrap();
    acme.sign_in(EMAIL, exposed(&one_time_password)).await.unwrap();

    let again = acme.accounts.register(&acme.admin, user(), &keyed("ada")).await.unwrap();
    assert_eq!(again.id, first.id);
    assert!(again.outcome.receipt.repeated && again.one_time_password.is_none());
    acme.sign_in(EMAIL, exposed(&one_time_password)).await.expect("the repeat left the password alone");
}

#[tokio::test(start_paused = true)]
async fn an_address_serves_one_user_of_a_tenant() {
    let acme = Acme::new().await;
    acme.ada(&[Role::Viewer]).await;
    let events = acme.world.log.all().len();
    is_taken(&acme.register("ADA@example.org", &[Role::Viewer], &Options::default()).await);
    is_taken(&acme.register("ADA@example.org", &[Role::Viewer], &dry()).await);
    // The attempt is told of; the plan is not.
    assert_eq!(acme.world.log.types()[events..], ["user.command_refused.v1"]);
    acme.sign_in(EMAIL, PASSWORD).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_registration_that_died_half_way_does_not_keep_the_address() {
    let acme = Acme::new().await;
    let dead = UserId::from_uuid(acme.world.ports.ids.uuid());
    let login = acme.accounts.login(acme.tenant, &EMAIL.into());
    let credential = crate::ports::Credential { user: dead, tenant: acme.tenant, password_hash: "x".into() };
    assert!(acme.world.credentials.put(&credential, &login).await.unwrap());

    is_taken(&acme.register(EMAIL, &[Role::Viewer], &Options::default()).await);
    acme.world.clock.pass(TimeDelta::seconds(61));
    acme.register(EMAIL, &[Role::Viewer], &dry()).await.unwrap();
    acme.register(EMAIL, &[Role::Viewer], &Options::default()).await.unwrap();
    acme.sign_in(EMAIL, PASSWORD).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_registration_that_fails_leaves_no_login_and_one_of_unknown_outcome_does() {
    let acme = Acme::new().await;
    let login = acme.accounts.login(acme.tenant, &EMAIL.into());
    let found = || acme.world.credentials.find(acme.tenant, &login);
    acme.world.log.fail_next(AppendError::Overloaded { retry_after_ms: 1 });
    let result = acme.register(EMAIL, &[Role::Viewer], &Options::default()).await;
    assert!(matches!(result, Err(CommandError::Overloaded { .. })));
    assert!(found().await.unwrap().is_none());

    acme.world.log.fail_next(AppendError::Unknown(unavailable()));
    let result = acme.register(EMAIL, &[Role::Viewer], &Options::default()).await;
    assert!(matches!(result, Err(CommandError::OutcomeUnknown(_))));
    assert!(found().await.unwrap().is_some(), "the user may exist");
}

#[tokio::test(start_paused = true)]
async fn wrong_members_are_pointed_at_before_anything_is_touched() {
    let acme = Acme::new().await;
    let rows = acme.world.credentials.rows.lock().unwrap().len();
    let user = |email: &str, name: &str, password: &str| NewUser {
        email: email.into(),
        display_name: name.into(),
        roles: [Role::Viewer].into(),
        password: Some(password.into()),
    };
    let cases = [
        (user("no address", "Ada", PASSWORD), "/email"),
        (user(EMAIL, " ", PASSWORD), "/display_name"),
        (user(EMAIL, "Ada", "short"), "/password"),
        (user("long-enough@example.org", "Ada", "long-enough@example.org"), "/password"),
    ];
    for (user, expected) in cases {
        let result = acme.accounts.register(&acme.admin, user, &Options::default()).await;
        assert!(
            matches!(result, Err(CommandError::Invalid { ref pointer, .. }) if pointer == expected),
            "{result:?}"
        );
    }
    assert_eq!(refused(acme.register(EMAIL, &[], &Options::default()).await), "user-without-roles");
    assert_eq!(acme.world.credentials.rows.lock().unwrap().len(), rows);
}

#[tokio::test(start_paused = true)]
async fn a_plan_writes_nothing_beside_the_ledger_either() {
    let acme = Acme::new().await;
    let appends = acme.world.appends();
    let rows = acme.world.credentials.rows.lock().unwrap().len();
    let planned = acme.register(EMAIL, &[Role::Viewer], &dry()).await.unwrap();
    assert_eq!(planned.outcome.events.len(), 1);
    assert!(planned.one_time_password.is_none());
    assert_eq!((acme.world.appends(), acme.world.credentials.rows.lock().unwrap().len()), (appends, rows));

    let ada = acme.ada(&[Role::Viewer]).await;
    let signed = acme.sign_in(EMAIL, PASSWORD).await.unwrap();
    let changes = UserChanges { enabled: Some(false), ..password("another password") };
    let planned = acme.accounts.change(&acme.admin, ada, changes, &dry()).await.unwrap();
    assert_eq!(planned.events.len(), 2);
    acme.accounts.delete(&acme.admin, ada, &dry()).await.unwrap();
    assert!(acme.accounts.alive(acme.tenant, signed.session.id).await.unwrap());
    acme.sign_in(EMAIL, PASSWORD).await.unwrap();
    is_taken(&acme.accounts.change(&acme.admin, ada, email(ADMINISTRATOR), &dry()).await);
}

#[tokio::test(start_paused = true)]
async fn only_administrators_manage_users_and_everybody_their_own_password() {
    let acme = Acme::new().await;
    let ada = acme.ada(&[Role::Viewer]).await;
    let signed = acme.sign_in(EMAIL, PASSWORD).await.unwrap();
    let own = caller(&signed);
    let options = Options::default();
    let denied =
        |result: Result<Outcome<User>, CommandError>| assert!(matches!(result, Err(CommandError::Denied(_))));
    denied(acme.accounts.change(&own, ada, email("new@example.org"), &options).await);
    let more = UserChanges { roles: Some([Role::Admin].into()), ..password("another password") };
    denied(acme.accounts.change(&own, ada, more, &options).await);
    let admin: UserId = acme.admin.actor.as_str().parse().unwrap();
    denied(acme.accounts.change(&own, admin, password("another password"), &options).await);
    denied(acme.accounts.delete(&own, admin, &options).await);

    acme.accounts.change(&own, ada, password("another password"), &options).await.unwrap();
    assert!(acme.sign_in(EMAIL, PASSWORD).await.is_err());
    acme.sign_in(EMAIL, "another password").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_new_address_is_the_new_login_and_frees_the_old_one() {
    let acme = Acme::new().await;
    let ada = acme.ada(&[Role::Viewer]).await;
    let outcome = acme.change(ada, email("lovelace@example.org")).await.unwrap();
    assert_eq!(opened(&acme, &outcome, ada).await, ("lovelace@example.org".into(), "Ada".into()));
    assert!(acme.sign_in(EMAIL, PASSWORD).await.is_err());
    acme.sign_in("lovelace@example.org", PASSWORD).await.unwrap();
    acme.register(EMAIL, &[Role::Viewer], &Options::default()).await.unwrap();
    is_taken(&acme.change(ada, email(EMAIL)).await);
}

#[tokio::test(start_paused = true)]
async fn what_stays_the_same_is_no_event() {
    let acme = Acme::new().await;
    let ada = acme.ada(&[Role::Viewer]).await;
    let events = acme.events_of(ada).len();
    let changes = UserChanges {
        display_name: Some(" Ada ".into()),
        roles: Some([Role::Viewer].into()),
        enabled: Some(true),
        ..email("ADA@example.org")
    };
    assert!(acme.change(ada, changes).await.unwrap().events.is_empty());
    assert_eq!(acme.events_of(ada).len(), events);
    let changes = UserChanges { display_name: Some("Countess".into()), ..UserChanges::default() };
    let outcome = acme.change(ada, changes).await.unwrap();
    assert_eq!(opened(&acme, &outcome, ada).await, (EMAIL.into(), "Countess".into()));
}

#[tokio::test(start_paused = true)]
async fn rights_that_are_taken_away_end_the_sessions() {
    let acme = Acme::new().await;
    let ada = acme.ada(&[Role::Viewer, Role::Operator]).await;
    let more = UserChanges { roles: Some(Role::ALL.into()), ..UserChanges::default() };
    let taking = [
        password("another password"),
        UserChanges { roles: Some([Role::Viewer].into()), ..password(PASSWORD) },
        UserChanges { enabled: Some(false), ..UserChanges::default() },
    ];
    let passwords = [PASSWORD, "another password", PASSWORD];
    for (changes, known) in taking.into_iter().zip(passwords) {
        let signed = acme.sign_in(EMAIL, known).await.unwrap();
        acme.change(ada, more.clone()).await.unwrap();
        assert!(
            acme.accounts.alive(acme.tenant, signed.session.id).await.unwrap(),
            "more rights end nothing"
        );
        acme.change(ada, changes).await.unwrap();
        assert!(!acme.accounts.alive(acme.tenant, signed.session.id).await.unwrap());
    }
    assert!(acme.accounts.alive(acme.tenant, acme.admin.session().unwrap()).await.unwrap(), "nobody else's");
}

#[tokio::test(start_paused = true)]
async fn one_request_is_one_command() {
    let acme = Acme::new().await;
    let ada = acme.ada(&[Role::Viewer]).await;
    let changes = UserChanges {
        roles: Some([Role::Operator].into()),
        enabled: Some(false),
        email: Some("new@example.org".into()),
        ..password("another password")
    };
    let options = keyed("all-at-once");
    let first = acme.accounts.change(&acme.admin, ada, changes.clone(), &options).await.unwrap();
    assert_eq!(
        acme.events_of(ada)[1..],
        ["user.profile_changed.v1", "user.roles_changed.v1", "user.disabled.v1", "user.password_changed.v1"]
    );
    let again = acme.accounts.change(&acme.admin, ada, changes, &options).await.unwrap();
    assert!(again.receipt.repeated);
    assert_eq!(again.events, first.events);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_refused_changes_nothing_beside_the_ledger() {
    let acme = Acme::new().await;
    let ada = acme.ada(&[Role::Viewer]).await;
    let signed = acme.sign_in(EMAIL, PASSWORD).await.unwrap();
    let both = || UserChanges { email: Some("new@example.org".into()), ..password("another password") };

    let options = Options { if_match: Some(77), ..Options::default() };
    let result = acme.accounts.change(&acme.admin, ada, both(), &options).await;
    assert!(matches!(result, Err(CommandError::PreconditionFailed { .. })));
    let no_roles = UserChanges { roles: Some([].into()), ..both() };
    assert_eq!(refused(acme.change(ada, no_roles).await), "user-without-roles");
    assert!(acme.accounts.alive(acme.tenant, signed.session.id).await.unwrap());
    let admin: UserId = acme.admin.actor.as_str().parse().unwrap();
    let weaker = UserChanges { roles: Some([Role::Viewer].into()), ..both() };
    assert_eq!(refused(acme.change(admin, weaker).await), "own-account");

    acme.world.log.fail_next(AppendError::Overloaded { retry_after_ms: 1 });
    let result = acme.change(ada, both()).await;
    assert!(matches!(result, Err(CommandError::Overloaded { .. })));
    acme.sign_in(EMAIL, PASSWORD).await.expect("the old login and password were put back");
    assert!(acme.sign_in("new@example.org", "another password").await.is_err());
    assert_eq!(refused(acme.change(UserId::from_uuid(uuid::Uuid::nil()), both()).await), "user-not-found");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_died_after_moving_the_login_can_be_repeated() {
    let acme = Acme::new().await;
    let ada = acme.ada(&[Role::Viewer]).await;
    acme.world.log.fail_next(AppendError::Unknown(unavailable()));
    let result = acme.change(ada, email("new@example.org")).await;
    assert!(matches!(result, Err(CommandError::OutcomeUnknown(_))));
    acme.change(ada, email("new@example.org")).await.unwrap();
    acme.sign_in("new@example.org", PASSWORD).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_deleted_user_is_gone_and_the_address_is_free() {
    let acme = Acme::new().await;
    let ada = acme.ada(&[Role::Viewer]).await;
    let signed = acme.sign_in(EMAIL, PASSWORD).await.unwrap();
    acme.accounts.delete(&acme.admin, ada, &Options::default()).await.unwrap();
    assert!(acme.sign_in(EMAIL, PASSWORD).await.is_err());
    assert!(!acme.accounts.alive(acme.tenant, signed.session.id).await.unwrap());
    let again = acme.accounts.delete(&acme.admin, ada, &Options::default()).await.unwrap();
    assert!(again.events.is_empty());
    assert_eq!(refused(acme.change(ada, email("new@example.org")).await), "user-gone");
    assert_ne!(acme.ada(&[Role::Viewer]).await, ada);
    let admin: UserId = acme.admin.actor.as_str().parse().unwrap();
    assert_eq!(refused(acme.accounts.delete(&acme.admin, admin, &Options::default()).await), "own-account");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_died_before_freeing_the_address_does_not_keep_it() {
    let acme = Acme::new().await;
    let ada = acme.ada(&[Role::Viewer]).await;
    let rows = acme.world.credentials.rows.lock().unwrap().clone();
    acme.accounts.delete(&acme.admin, ada, &Options::default()).await.unwrap();
    *acme.world.credentials.rows.lock().unwrap() = rows;
    assert!(acme.sign_in(EMAIL, PASSWORD).await.is_err());
    acme.register(EMAIL, &[Role::Viewer], &Options::default()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_erased_profile_opens_to_nothing() {
    let acme = Acme::new().await;
    let registered = acme.register(EMAIL, &[Role::Viewer], &Options::default()).await.unwrap();
    acme.world.vault.erased.lock().unwrap().insert(registered.id.to_string());
    let profile = &registered.outcome.state.account().unwrap().profile;
    assert!(acme.accounts.profile(acme.tenant, registered.id, profile).await.unwrap().is_none());
    let result = acme.change(registered.id, email("new@example.org")).await;
    assert!(matches!(result, Err(CommandError::Invalid { ref pointer, .. }) if pointer == "/display_name"));
}
