use std::sync::Arc;

use hub_domain::kernel::TenantName;
use hub_domain::tenant::{Tenant, TenantCommand, TenantEvent, TenantState};
use hub_domain::user::Role;

use super::*;
use crate::ports::{Append, AppendError, Expected, Proposed};
use crate::testing::{World, tenant, unavailable, user};

const STREAM: &str = "tenant_0000000000000000000000000a";

fn name(text: &str) -> TenantName {
    TenantName::new(text).unwrap()
}

fn create(text: &str) -> TenantCommand {
    TenantCommand::Create(name(text))
}

fn rename(text: &str) -> TenantCommand {
    TenantCommand::Rename(name(text))
}

fn suspend() -> TenantCommand {
    TenantCommand::Suspend(Reason::new("unpaid").unwrap())
}

fn keyed(key: &str, fingerprint: u8) -> Options {
    Options { idempotency_key: Some(key.into()), fingerprint: [fingerprint; 32], ..Options::default() }
}

async fn run_with(
    on: &Dispatcher,
    command: TenantCommand,
    options: &Options,
) -> Result<Outcome<Tenant>, CommandError> {
    let caller = Caller::system("test", tenant());
    on.execute::<Tenant>(&caller, Permission::ManageTenants, "tenant.test", STREAM, command, options).await
}

async fn run(on: &Dispatcher, command: TenantCommand) -> Result<Outcome<Tenant>, CommandError> {
    run_with(on, command, &Options::default()).await
}

fn code(result: Result<Outcome<Tenant>, CommandError>) -> &'static str {
    match result {
        Err(CommandError::Refused(refusal)) => refusal.code(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn a_command_yields_its_events_receipt_and_state() {
    let world = World::new();
    run(&world.dispatcher, create("acme")).await.unwrap();
    let options = Options {
        reason: Some(Reason::new("a merger").unwrap()),
        trace_id: Some("ab".repeat(16)),
        ..Options::default()
    };
    let outcome = run_with(&world.dispatcher, rename("acme-2"), &options).await.unwrap();
    assert_eq!(outcome.state, TenantState::Active { name: name("acme-2"), signing_key: None });
    assert!(matches!(outcome.events[..], [TenantEvent::Renamed(_)]));
    let stored = &world.log.all()[1];
    assert_eq!(outcome.receipt.stream, STREAM);
    assert_eq!((outcome.receipt.revision, outcome.receipt.position), (Some(1), 2));
    assert_eq!(outcome.receipt.event_ids, [stored.event_id]);
    assert!(!outcome.receipt.repeated && !outcome.dry_run);
    assert_eq!(stored.actor, "system:test");
    let metadata: Metadata = serde_json::from_slice(&stored.metadata).unwrap();
    assert_eq!(metadata.command, "tenant.test");
    assert_eq!(metadata.reason.as_deref(), Some("a merger"));
    assert_eq!(metadata.trace_id, options.trace_id);
}

#[tokio::test]
async fn whoever_may_not_learns_and_touches_nothing() {
    let world = World::new();
    let (permission, options) = (Permission::ManageTenants, keyed("k", 1));
    let dispatcher = &world.dispatcher;
    let caller = user(Role::Admin);
    let result =
        dispatcher.execute::<Tenant>(&caller, permission, "t", STREAM, create("acme"), &options).await;
    assert!(matches!(result, Err(CommandError::Denied(_))));
    assert_eq!((world.reads(), world.appends()), (0, 0));
}

#[tokio::test]
async fn the_second_command_does_not_read_the_stream_again() {
    let world = World::new();
    run(&world.dispatcher, create("acme")).await.unwrap();
    let before = world.reads();
    run(&world.dispatcher, rename("acme-2")).await.unwrap();
    assert_eq!(world.reads(), before);
    let uncached = Dispatcher::new(world.log.clone(), world.clock.clone(), world.ids.clone()).with_cache(0);
    run(&uncached, rename("acme-3")).await.unwrap();
    run(&uncached, rename("acme-4")).await.unwrap();
    assert!(world.reads() >= before + 2, "without a cache the log is asked each time");
}

#[tokio::test]
async fn a_stale_cache_costs_time_but_never_the_truth() {
    let world = World::new();
    let (one, other) = (world.dispatcher.clone(), world.other_dispatcher());
    run(&one, create("acme")).await.unwrap();

    run(&other, suspend()).await.unwrap();
    assert_eq!(code(run(&one, rename("new")).await), "tenant-suspended", "a stale yes");

    run(&other, TenantCommand::Resume).await.unwrap();
    let outcome = run(&one, rename("new")).await.expect("a stale no");
    assert_eq!(outcome.receipt.revision, Some(3));

    run(&other, rename("other")).await.unwrap();
    let outcome = run(&one, rename("new")).await.expect("a stale nothing-to-do");
    assert_eq!(outcome.events.len(), 1);

    run(&other, rename("other")).await.unwrap();
    let options = Options { if_match: Some(6), ..Options::default() };
    assert!(run_with(&one, rename("last"), &options).await.is_ok(), "a stale revision");
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_decided_anew_on_what_the_other_wrote() {
    let world = World::new();
    run(&world.dispatcher, create("acme")).await.unwrap();
    let log = world.log.clone();
    let suspended =
        TenantEvent::Suspended(hub_domain::tenant::Suspended { reason: Reason::new("unpaid").unwrap() });
    world.log.before_next(move || intrude(&log, &suspended));
    assert_eq!(code(run(&world.dispatcher, rename("new")).await), "tenant-suspended");
    assert_eq!(world.log.types(), ["tenant.created.v1", "tenant.suspended.v1"]);
}

/// Appends an event behind the dispatcher's back.
fn intrude(log: &crate::testing::WatchedLog, event: &TenantEvent) {
    use hub_domain::Event;
    let proposed = Proposed {
        event_id: Uuid::from_u128(rand::random()),
        event_type: event.event_type(),
        schema_version: event.schema_version(),
        payload: event.encode().unwrap(),
    };
    let append = Append {
        tenant: tenant(),
        stream: STREAM.into(),
        expected: Expected::Any,
        command_id: Uuid::nil(),
        actor: Caller::system("intruder", tenant()).actor,
        metadata: b"{}".to_vec(),
        events: vec![proposed],
        idempotency: None,
    };
    futures::executor::block_on(log.inner.append(append)).unwrap();
}

fn renamed(to: &str) -> TenantEvent {
    TenantEvent::Renamed(hub_domain::tenant::Renamed { from: name("acme"), to: name(to) })
}

#[tokio::test(start_paused = true)]
async fn a_few_conflicts_are_survived_and_many_are_named() {
    let world = World::new();
    run(&world.dispatcher, create("acme")).await.unwrap();
    let intruders = |count: usize| {
        for nth in 0..count {
            let log = world.log.clone();
            world.log.before_next(move || intrude(&log, &renamed(&format!("intruder-{nth}"))));
        }
    };
    intruders(RETRIES);
    let outcome = run(&world.dispatcher, rename("mine")).await.unwrap();
    assert_eq!(outcome.receipt.revision, Some(1 + RETRIES as u64));

    intruders(RETRIES + 2);
    assert!(matches!(run(&world.dispatcher, rename("mine-2")).await, Err(CommandError::Contended)));
}

#[tokio::test]
async fn racing_commands_all_arrive_in_some_order() {
    let world = World::new();
    run(&world.dispatcher, create("acme")).await.unwrap();
    let racers =
        (0..6).map(|nth| {
            let dispatcher = if nth % 2 == 0 { world.dispatcher.clone() } else { world.other_dispatcher() };
            async move {
                run(&dispatcher, rename(&format!("racer-{nth}"))).await.unwrap().receipt.revision.unwrap()
            }
        });
    let mut revisions = futures::future::join_all(racers).await;
    revisions.sort_unstable();
    assert_eq!(revisions, [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn if_match_holds_against_the_log() {
    let world = World::new();
    let expecting = |revision| Options { if_match: Some(revision), ..Options::default() };
    let absent = run_with(&world.dispatcher, create("acme"), &expecting(0)).await;
    assert!(matches!(absent, Err(CommandError::PreconditionFailed { expected: 0, actual: None })));
    run(&world.dispatcher, create("acme")).await.unwrap();
    let wrong = run_with(&world.dispatcher, rename("new"), &expecting(3)).await;
    assert!(matches!(wrong, Err(CommandError::PreconditionFailed { expected: 3, actual: Some(0) })));
    assert!(run_with(&world.dispatcher, rename("new"), &expecting(0)).await.is_ok());
    assert_eq!(world.log.types().len(), 2);
}

#[tokio::test]
async fn if_match_fails_rather_than_overwrite_a_racing_change() {
    let world = World::new();
    run(&world.dispatcher, create("acme")).await.unwrap();
    let log = world.log.clone();
    world.log.before_next(move || intrude(&log, &renamed("theirs")));
    let options = Options { if_match: Some(0), ..Options::default() };
    let result = run_with(&world.dispatcher, rename("mine"), &options).await;
    assert!(matches!(result, Err(CommandError::PreconditionFailed { expected: 0, actual: Some(1) })));
}

#[tokio::test]
async fn a_repeat_answers_the_first_receipt_whatever_has_happened_since() {
    let world = World::new();
    run(&world.dispatcher, create("acme")).await.unwrap();
    let first = run_with(&world.dispatcher, rename("new"), &keyed("once", 1)).await.unwrap();
    run(&world.dispatcher, suspend()).await.unwrap();
    let recorded = world.log.types();
    for dispatcher in [world.dispatcher.clone(), world.other_dispatcher()] {
        let again = run_with(&dispatcher, rename("new"), &keyed("once", 1)).await.unwrap();
        assert!(again.receipt.repeated);
        assert_eq!(again.receipt.event_ids, first.receipt.event_ids);
        assert_eq!((again.receipt.revision, again.receipt.position), (Some(1), 2));
        assert_eq!(again.events, first.events);
        assert_eq!(
            again.state,
            TenantState::Suspended { name: name("new"), signing_key: None },
            "the state is the present one"
        );
    }
    assert_eq!(world.log.types(), recorded);
    let other = run_with(&world.dispatcher, rename("other"), &keyed("once", 2)).await;
    assert!(matches!(other, Err(CommandError::KeyReused)));
}

#[tokio::test]
async fn a_key_belongs_to_its_actor_and_to_its_kind() {
    let world = World::new();
    run_with(&world.dispatcher, create("acme"), &keyed("mine", 1)).await.unwrap();
    let caller = Caller::system("somebody-else", tenant());
    let (permission, options) = (Permission::ManageTenants, keyed("mine", 2));
    let theirs =
        world.dispatcher.execute::<Tenant>(&caller, permission, "t", STREAM, rename("new"), &options).await;
    assert!(!theirs.unwrap().receipt.repeated);
    let caller = Caller::system("test", tenant());
    let kind = world.dispatcher.repeat::<hub_domain::cluster::Cluster>(&caller, "t", &keyed("mine", 1)).await;
    assert!(matches!(kind, Err(CommandError::KeyReused)), "a tenant's receipt is not a cluster's");
}

#[tokio::test]
async fn a_refusal_is_not_remembered_and_nothing_to_do_is() {
    let world = World::new();
    let result = run_with(&world.dispatcher, rename("new"), &keyed("k", 1)).await;
    assert_eq!(code(result), "tenant-not-found");
    run(&world.dispatcher, create("acme")).await.unwrap();
    let nothing = run_with(&world.dispatcher, create("acme"), &keyed("k", 1)).await.unwrap();
    assert!(nothing.events.is_empty() && !nothing.receipt.repeated);
    run(&world.dispatcher, rename("new")).await.unwrap();
    let again = run_with(&world.dispatcher, create("acme"), &keyed("k", 1)).await.unwrap();
    assert!(again.receipt.repeated, "by now it would be refused");
}

#[tokio::test]
async fn the_same_request_sent_many_times_at_once_is_done_once() {
    let world = World::new();
    run(&world.dispatcher, create("acme")).await.unwrap();
    let twins = (0..8).map(|_| {
        let dispatcher = world.other_dispatcher();
        async move { run_with(&dispatcher, rename("new"), &keyed("twins", 1)).await.unwrap() }
    });
    let outcomes = futures::future::join_all(twins).await;
    assert_eq!(outcomes.iter().filter(|outcome| !outcome.receipt.repeated).count(), 1);
    assert!(outcomes.iter().all(|outcome| outcome.receipt.event_ids == outcomes[0].receipt.event_ids));
    assert_eq!(world.log.types(), ["tenant.created.v1", "tenant.renamed.v1"]);
}

#[tokio::test]
async fn keys_are_bounded() {
    let world = World::new();
    for key in ["", &"x".repeat(256), "with space", "nul\0", "späte"] {
        let result = run_with(&world.dispatcher, create("acme"), &keyed(key, 1)).await;
        assert!(matches!(result, Err(CommandError::Invalid { .. })), "{key:?}");
    }
    assert!(run_with(&world.dispatcher, create("acme"), &keyed(&"x".repeat(255), 1)).await.is_ok());
}

#[tokio::test]
async fn a_plan_is_the_events_and_touches_nothing() {
    let world = World::new();
    run(&world.dispatcher, create("acme")).await.unwrap();
    let appends = world.appends();
    let options = Options { dry_run: true, ..keyed("planned", 1) };
    let plan = run_with(&world.dispatcher, rename("new"), &options).await.unwrap();
    assert!(plan.dry_run);
    assert_eq!(plan.state, TenantState::Active { name: name("new"), signing_key: None });
    assert!(plan.receipt.event_ids.is_empty());
    assert_eq!((plan.receipt.revision, plan.receipt.position), (Some(0), 1));
    assert_eq!(world.appends(), appends);
    let done = run_with(&world.dispatcher, rename("new"), &keyed("planned", 9)).await.unwrap();
    assert!(!done.receipt.repeated, "a plan does not use the key up");
    assert_eq!(done.events, plan.events);
    let result =
        run_with(&world.dispatcher, create("other"), &Options { dry_run: true, ..Options::default() }).await;
    assert_eq!(code(result), "tenant-exists");
}

#[tokio::test]
async fn a_plan_does_not_rest_on_a_stale_cache() {
    let world = World::new();
    run(&world.dispatcher, create("acme")).await.unwrap();
    run(&world.other_dispatcher(), suspend()).await.unwrap();
    let options = Options { dry_run: true, ..Options::default() };
    assert_eq!(code(run_with(&world.dispatcher, rename("new"), &options).await), "tenant-suspended");
}

#[tokio::test]
async fn nothing_to_do_appends_nothing() {
    let world = World::new();
    run(&world.dispatcher, create("acme")).await.unwrap();
    let appends = world.appends();
    let outcome = run(&world.dispatcher, create("acme")).await.unwrap();
    assert!(outcome.events.is_empty());
    assert_eq!((outcome.receipt.revision, outcome.receipt.position), (Some(0), 1));
    assert_eq!(world.appends(), appends);
}

#[tokio::test]
async fn what_the_log_says_is_passed_on_by_name() {
    let world = World::new();
    let failing = async |error| {
        world.log.fail_next(error);
        run(&world.dispatcher, create("acme")).await.unwrap_err()
    };
    let overloaded = failing(AppendError::Overloaded { retry_after_ms: 250 }).await;
    assert!(matches!(overloaded, CommandError::Overloaded { retry_after_ms: 250 }));
    assert!(matches!(failing(AppendError::Stopping).await, CommandError::Stopping));
    assert!(matches!(failing(AppendError::Unavailable(unavailable())).await, CommandError::Unavailable(_)));
    let unknown = failing(AppendError::Unknown(unavailable())).await;
    assert!(unknown.is_unknown(), "{unknown:?}");
    let large = failing(AppendError::TooLarge { limit: 1, size: 2 }).await;
    assert!(matches!(large, CommandError::TooLarge { limit: 1, size: 2 }));
    assert!(matches!(failing(AppendError::Unfit("so".into())).await, CommandError::Invalid { .. }));
    assert!(matches!(failing(AppendError::KeyReused).await, CommandError::KeyReused));
    assert!(run(&world.dispatcher, create("acme")).await.is_ok(), "nothing of it stuck");
}

#[tokio::test]
async fn what_nobody_can_have_written_is_damage() {
    let world = World::new();
    run(&world.dispatcher, create("acme")).await.unwrap();
    let foreign = hub_domain::user::UserEvent::Deleted(hub_domain::user::Deleted {});
    let append = Append {
        tenant: tenant(),
        stream: STREAM.into(),
        expected: Expected::Any,
        command_id: Uuid::nil(),
        actor: Caller::system("intruder", tenant()).actor,
        metadata: b"{}".to_vec(),
        events: vec![Proposed {
            event_id: Uuid::nil(),
            event_type: hub_domain::Event::event_type(&foreign),
            schema_version: 1,
            payload: b"{}".to_vec(),
        }],
        idempotency: None,
    };
    world.log.inner.append(append).await.unwrap();
    let result = world.dispatcher.load::<Tenant>(tenant(), STREAM).await;
    assert!(matches!(result, Err(CommandError::Damaged { position: 2, .. })), "{result:?}");
}

#[tokio::test]
async fn dispatchers_may_be_shared_between_tasks() {
    let world = World::new();
    let dispatcher: Arc<Dispatcher> = world.dispatcher.clone();
    let task = tokio::spawn(async move { run(&dispatcher, create("acme")).await.is_ok() });
    assert!(task.await.unwrap());
}
