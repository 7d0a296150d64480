use hub_domain::kernel::TypedId;
use uuid::Uuid;

use super::*;
use crate::ports::{AppendError, Claims};
use crate::testing::unavailable;

fn acme() -> TenantName {
    TenantName::new("acme").unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_first_start_makes_a_tenant_and_somebody_who_can_enter_it() {
    let world = World::new();
    let accounts = Accounts::new(world.dispatcher.clone(), &world.ports);
    let first = accounts.bootstrap(acme(), None).await.unwrap().unwrap();
    assert_eq!(world.log.types(), ["tenant.created.v1", "user.registered.v1"]);
    let password = first.one_time_password.unwrap();
    let signed = accounts.sign_in("acme", &first.email.into(), password, Options::default()).await.unwrap();
    assert_eq!(signed.roles, [Role::Admin].into());
    assert_eq!(signed.session.tenant, first.tenant);
    assert!(accounts.bootstrap(acme(), None).await.unwrap().is_none(), "and no later start makes another");
    assert_eq!(world.leases.holder("bootstrap"), None);
}

#[tokio::test(start_paused = true)]
async fn a_password_that_is_given_is_not_shown() {
    let world = World::new();
    let accounts = Accounts::new(world.dispatcher.clone(), &world.ports);
    let first = accounts.bootstrap(acme(), Some(PASSWORD.into())).await.unwrap().unwrap();
    assert!(first.one_time_password.is_none());
    accounts.sign_in("acme", &ADMINISTRATOR.into(), PASSWORD.into(), Options::default()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn hubs_that_start_at_once_make_one_tenant() {
    let world = World::new();
    let hubs = (0..4).map(|_| Accounts::new(world.other_dispatcher(), &world.ports));
    let starts = hubs.map(|hub| async move { hub.bootstrap(acme(), None).await.unwrap() });
    let firsts: Vec<_> = futures::future::join_all(starts).await.into_iter().flatten().collect();
    assert_eq!(firsts.len(), 1);
    assert_eq!(world.log.types(), ["tenant.created.v1", "user.registered.v1"]);
    let password = firsts[0].one_time_password.clone().unwrap();
    let accounts = Accounts::new(world.dispatcher.clone(), &world.ports);
    accounts
        .sign_in("acme", &ADMINISTRATOR.into(), password, Options::default())
        .await
        .expect("the shown password is the one");
}

#[tokio::test(start_paused = true)]
async fn a_start_that_died_half_way_is_finished_by_the_next() {
    let world = World::new();
    let accounts = Accounts::new(world.dispatcher.clone(), &world.ports);
    // Dies after the name was claimed, before the tenant stands in the ledger.
    world.log.fail_next(AppendError::Unknown(unavailable()));
    assert!(accounts.bootstrap(acme(), None).await.is_err());
    // Dies after the tenant stands in the ledger, before its administrator does.
    let log = world.log.clone();
    world.log.before_next(move || log.fail_next(AppendError::Unknown(unavailable())));
    assert!(accounts.bootstrap(acme(), None).await.is_err());
    assert_eq!(world.log.types(), ["tenant.created.v1"]);

    let first = accounts.bootstrap(acme(), None).await.unwrap().unwrap();
    assert_eq!(world.log.types(), ["tenant.created.v1", "user.registered.v1"]);
    accounts
        .sign_in("acme", &first.email.into(), first.one_time_password.unwrap(), Options::default())
        .await
        .unwrap();
    assert_eq!(world.claims.of("tenant-name"), [("acme".to_owned(), first.tenant.to_string())]);
}

#[tokio::test(start_paused = true)]
async fn an_administrator_who_moved_on_is_not_made_again() {
    let acme_ = Acme::new().await;
    let admin: UserId = acme_.admin.actor.as_str().parse().unwrap();
    acme_.change(admin, email("root@example.org")).await.unwrap();
    assert!(acme_.accounts.bootstrap(acme(), Some(PASSWORD.into())).await.unwrap().is_none());
    assert!(acme_.sign_in(ADMINISTRATOR, PASSWORD).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_never_given_back_is_not_waited_for_for_ever() {
    let world = World::new();
    world.leases.steal("bootstrap", "a hub that hangs");
    let accounts = Accounts::new(world.dispatcher.clone(), &world.ports);
    assert!(matches!(accounts.bootstrap(acme(), None).await, Err(CommandError::Unavailable(_))));
    let nobody = TenantId::from_uuid(Uuid::nil());
    assert_eq!(world.claims.holder(nobody, "tenant-name", "acme").await.unwrap(), None);
}
