use cqrs_es::{CqrsFramework, EventStore};
use hub_domain::kernel::{Actor, TenantName};
use hub_domain::tenant::{Tenant, TenantCommand, TenantState};
use uuid::Uuid;

use super::*;
use crate::testing::{World, tenant};

const STREAM: &str = "tenant_0000000000000000000000000a";

fn ctx(world: &World) -> Ctx {
    let actor = Actor::new("system:test").unwrap();
    Ctx { now: world.ports.clock.now(), actor, tenant: tenant(), command_id: world.ports.ids.uuid() }
}

fn store<'a>(world: &'a World, cache: &'a StreamCache, ctx: &'a Ctx) -> LedgerStore<'a, Tenant> {
    let around = Surroundings { log: &*world.ports.log, cache, ids: &*world.ports.ids };
    let metadata = Metadata { command: "tenant.test".into(), ..Metadata::default() };
    LedgerStore::new(&around, ctx, metadata, None)
}

fn name(text: &str) -> TenantName {
    TenantName::new(text).unwrap()
}

#[tokio::test]
async fn cqrs_es_runs_on_the_ledger() {
    let (world, cache) = (World::new(), StreamCache::new(1 << 20));
    for command in [TenantCommand::Create(name("one")), TenantCommand::Rename(name("two"))] {
        let ctx = ctx(&world);
        CqrsFramework::new(store(&world, &cache, &ctx), vec![], ctx.clone())
            .execute(STREAM, command)
            .await
            .unwrap();
    }
    let ctx = ctx(&world);
    let events = store(&world, &cache, &ctx).load_events(STREAM).await.unwrap();
    assert_eq!(events.iter().map(|event| event.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(events[0].metadata["command"], "tenant.test");
    assert_eq!(events[1].aggregate_id, STREAM);
    let loaded = store(&world, &cache, &ctx).load_aggregate(STREAM).await.unwrap();
    assert_eq!(*loaded.state(), TenantState::Active { name: name("two"), signing_key: None });
    assert!(loaded.is_cached());
}

#[tokio::test]
async fn two_frameworks_racing_leave_one_winner() {
    let (world, cache) = (World::new(), StreamCache::new(0));
    let (one, two) = (ctx(&world), ctx(&world));
    let (first, second) = (store(&world, &cache, &one), store(&world, &cache, &two));
    let early = first.load_aggregate(STREAM).await.unwrap();
    let late = second.load_aggregate(STREAM).await.unwrap();
    let created = || {
        vec![Wire(hub_domain::tenant::TenantEvent::Created(hub_domain::tenant::Created { name: name("x") }))]
    };
    let envelopes = first.commit(created(), early, HashMap::new()).await.unwrap();
    assert_eq!(envelopes[0].sequence, 1);
    let lost = second.commit(created(), late, HashMap::new()).await;
    assert!(matches!(lost, Err(AggregateError::AggregateConflict)));
    assert!(second.into_committed().is_none());
    assert_eq!(first.into_committed().unwrap().receipt.revision, Some(0));
}

#[tokio::test]
async fn metadata_of_the_framework_is_refused_rather_than_lost() {
    let (world, cache) = (World::new(), StreamCache::new(0));
    let ctx = ctx(&world);
    let store = store(&world, &cache, &ctx);
    let loaded = store.load_aggregate(STREAM).await.unwrap();
    let metadata = HashMap::from([("reason".to_owned(), "none".to_owned())]);
    assert!(matches!(store.commit(vec![], loaded, metadata).await, Err(AggregateError::UnexpectedError(_))));
}

#[tokio::test]
async fn the_cache_serves_only_what_the_log_confirms() {
    let (world, cache) = (World::new(), StreamCache::new(1 << 20));
    world
        .dispatcher
        .execute::<Tenant>(
            &crate::Caller::system("test", tenant()),
            crate::Permission::ManageTenants,
            "tenant.test",
            STREAM,
            TenantCommand::Create(name("real")),
            &crate::Options::default(),
        )
        .await
        .unwrap();
    // As after a restore of the log: what was folded is not what stands there.
    let tip = Tip { revision: 0, position: 1, event_id: Uuid::nil(), largest: 10 };
    let state = TenantState::Active { name: name("imagined"), signing_key: None };
    cache.put::<Tenant>(tenant(), STREAM, Arc::new(Snapshot { state, tip }));
    let loaded = load_from_log::<Tenant>(&*world.ports.log, &cache, tenant(), STREAM).await.unwrap();
    assert_eq!(*loaded.state(), TenantState::Active { name: name("real"), signing_key: None });
    assert!(!loaded.is_cached());
    let cached = cache.get::<Tenant>(tenant(), STREAM).unwrap();
    assert_eq!(cached.state, *loaded.state(), "and the cache has learned");
}

#[tokio::test]
async fn the_cache_keeps_tenants_and_kinds_apart() {
    let cache = StreamCache::new(1 << 20);
    let tip = Tip { revision: 0, position: 1, event_id: Uuid::nil(), largest: 10 };
    let state = TenantState::Active { name: name("one"), signing_key: None };
    cache.put::<Tenant>(tenant(), STREAM, Arc::new(Snapshot { state, tip }));
    let other = hub_domain::kernel::TypedId::from_uuid(Uuid::from_u128(8));
    assert!(cache.get::<Tenant>(other, STREAM).is_none());
    assert!(cache.get::<hub_domain::cluster::Cluster>(tenant(), STREAM).is_none());
    assert!(cache.get::<Tenant>(tenant(), STREAM).is_some());
}
