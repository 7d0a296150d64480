use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use hub_domain::kernel::Reason;
use hub_domain::tenant::{Tenant, TenantCommand};
use tokio::time::Instant;

use super::*;
use crate::access::Permission;
use crate::ports::AppendError;
use crate::testing::unavailable;

fn is_refused(result: &Result<SignedIn, SignInError>) {
    assert!(matches!(result, Err(SignInError::Refused)), "{result:?}");
}

#[tokio::test(start_paused = true)]
async fn the_right_password_opens_a_session_and_is_recorded() {
    let acme = Acme::new().await;
    let ada = acme.ada(&[Role::Operator]).await;
    let trace = Options { trace_id: Some("ab".repeat(16)), ..Options::default() };
    let signed =
        acme.accounts.sign_in("acme", &" ADA@example.org ".into(), PASSWORD.into(), trace).await.unwrap();
    assert_eq!((signed.session.user, signed.session.tenant), (ada, acme.tenant));
    assert_eq!(signed.roles, [Role::Operator].into());
    assert_eq!(signed.session.expires_at, acme.world.ports.clock.now() + TimeDelta::days(30));
    assert!(acme.accounts.alive(acme.tenant, signed.session.id).await.unwrap());
    let event = acme.world.log.all().pop().unwrap();
    assert_eq!((event.event_type.as_str(), event.position), ("user.signed_in.v1", signed.position));
    assert_eq!(event.actor, ada.to_string());
    assert_eq!(acme.newest()["session"], signed.session.id.to_string());
    assert!(String::from_utf8(event.metadata).unwrap().contains(&"ab".repeat(16)));
}

#[tokio::test(start_paused = true)]
async fn neither_addresses_nor_passwords_nor_tokens_reach_the_ledger() {
    let acme = Acme::new().await;
    acme.ada(&[Role::Viewer]).await;
    let signed = acme.sign_in(EMAIL, PASSWORD).await.unwrap();
    is_refused(&acme.sign_in(EMAIL, "a wrong password").await);
    for event in acme.world.log.all() {
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&event.payload),
            String::from_utf8_lossy(&event.metadata)
        );
        for secret in [EMAIL, PASSWORD, "a wrong password", "Ada", exposed(&signed.refresh_token)] {
            assert!(!text.contains(secret), "{} tells `{secret}`", event.event_type);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_refused_and_recorded() {
    let acme = Acme::new().await;
    let ada = acme.ada(&[Role::Viewer]).await;
    is_refused(&acme.sign_in(EMAIL, "not the password").await);
    assert_eq!(acme.events_of(ada).last().unwrap(), "user.sign_in_refused.v1");
    assert_eq!(acme.newest()["cause"], "wrong_password");
    assert_eq!(acme.world.log.all().last().unwrap().actor, "system:sign-in");
}

#[tokio::test(start_paused = true)]
async fn every_refusal_burns_the_same_work_and_at_least_the_same_time() {
    let acme = Acme::new().await;
    acme.ada(&[Role::Viewer]).await;
    let events = acme.world.log.all().len();
    let attempts = [
        ("acme", "nobody@example.org"),
        ("other", EMAIL),
        ("acme", "not an address"),
        ("", ""),
        ("acme", EMAIL),
    ];
    for (tenant, email) in attempts {
        let (verified, began) = (acme.world.credentials.verified.load(Ordering::SeqCst), Instant::now());
        is_refused(
            &acme
                .accounts
                .sign_in(tenant, &email.into(), "not the password".into(), Options::default())
                .await,
        );
        assert!(began.elapsed() >= Settings::default().refusal, "{tenant} {email}");
        assert_eq!(acme.world.credentials.verified.load(Ordering::SeqCst), verified + 1, "{tenant} {email}");
    }
    assert_eq!(
        acme.world.log.all().len(),
        events + 1,
        "only where there is a user there is something to record"
    );
}

#[tokio::test(start_paused = true)]
async fn a_disabled_user_is_refused_with_the_right_password_too() {
    let acme = Acme::new().await;
    let ada = acme.ada(&[Role::Viewer]).await;
    acme.change(ada, UserChanges { enabled: Some(false), ..UserChanges::default() }).await.unwrap();
    is_refused(&acme.sign_in(EMAIL, PASSWORD).await);
    assert_eq!(acme.newest()["cause"], "account_disabled");
    is_refused(&acme.sign_in(EMAIL, "not the password").await);
    assert_eq!(acme.newest()["cause"], "wrong_password");
    acme.change(ada, UserChanges { enabled: Some(true), ..UserChanges::default() }).await.unwrap();
    acme.sign_in(EMAIL, PASSWORD).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_suspended_tenant_lets_nobody_in() {
    let acme = Acme::new().await;
    let signed = acme.sign_in(ADMINISTRATOR, PASSWORD).await.unwrap();
    let (caller, stream) = (Caller::system("test", acme.tenant), acme.tenant.to_string());
    let suspend = TenantCommand::Suspend(Reason::new("unpaid").unwrap());
    let (permission, options) = (Permission::ManageTenants, Options::default());
    acme.world
        .dispatcher
        .execute::<Tenant>(&caller, permission, "t", &stream, suspend, &options)
        .await
        .unwrap();
    is_refused(&acme.sign_in(ADMINISTRATOR, PASSWORD).await);
    assert_eq!(acme.newest()["cause"], "tenant_suspended");
    is_refused(&acme.accounts.refresh(&signed.refresh_token, &Options::default()).await);
    assert!(!acme.accounts.alive(acme.tenant, signed.session.id).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_cannot_be_recorded_leaves_no_session() {
    let acme = Acme::new().await;
    let sessions = acme.world.sessions.count();
    acme.world.log.fail_next(AppendError::Unavailable(unavailable()));
    let result = acme.sign_in(ADMINISTRATOR, PASSWORD).await;
    assert!(matches!(result, Err(SignInError::Unavailable(_))), "{result:?}");
    assert_eq!(acme.world.sessions.count(), sessions);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_cannot_be_recorded_tells_nothing() {
    let acme = Acme::new().await;
    acme.world.log.fail_next(AppendError::Unavailable(unavailable()));
    is_refused(&acme.sign_in(ADMINISTRATOR, "not the password").await);
}

#[tokio::test(start_paused = true)]
async fn a_password_changed_while_the_old_one_was_checked_wins() {
    let acme = Acme::new().await;
    let ada = acme.ada(&[Role::Viewer]).await;
    let credentials = acme.world.credentials.clone();
    acme.world.log.before_next(move || {
        let mut rows = credentials.rows.lock().unwrap();
        rows.values_mut().filter(|row| row.user == ada).for_each(|row| row.password_hash = "another".into());
    });
    let sessions = acme.world.sessions.count();
    is_refused(&acme.sign_in(EMAIL, PASSWORD).await);
    assert_eq!(acme.world.sessions.count(), sessions);
}

#[tokio::test(start_paused = true)]
async fn a_user_disabled_while_signing_in_gets_no_session() {
    let acme = Acme::new().await;
    let ada = acme.ada(&[Role::Viewer]).await;
    let (accounts, admin) = (acme.accounts.clone(), acme.admin.clone());
    acme.world.log.before_next(move || {
        let disable = UserChanges { enabled: Some(false), ..UserChanges::default() };
        // On a thread of its own: the sign-in waits for the log right now.
        let change =
            async move { accounts.change(&admin, ada, disable, &Options::default()).await.map(|_| ()) };
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        std::thread::spawn(move || runtime().block_on(change)).join().unwrap().unwrap();
    });
    let sessions = acme.world.sessions.count();
    is_refused(&acme.sign_in(EMAIL, PASSWORD).await);
    assert_eq!(acme.world.sessions.count(), sessions);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_serves_once() {
    let acme = Acme::new().await;
    let first = acme.sign_in(ADMINISTRATOR, PASSWORD).await.unwrap();
    let second = acme.accounts.refresh(&first.refresh_token, &Options::default()).await.unwrap();
    assert_eq!(second.session, first.session);
    assert_eq!(second.roles, [Role::Admin].into());
    assert_ne!(exposed(&second.refresh_token), exposed(&first.refresh_token));
    acme.accounts.refresh(&second.refresh_token, &Options::default()).await.unwrap();

    is_refused(&acme.accounts.refresh(&first.refresh_token, &Options::default()).await);
    assert_eq!(acme.newest()["cause"], "refresh_token_reused");
    assert!(!acme.accounts.alive(acme.tenant, first.session.id).await.unwrap(), "one of the two is a thief");
    is_refused(&acme.accounts.refresh(&second.refresh_token, &Options::default()).await);
}

#[tokio::test(start_paused = true)]
async fn a_browser_may_show_its_token_again_while_nothing_newer_was_used() {
    let acme = Acme::new().await;
    let sign_in = || {
        let (email, password) = (ADMINISTRATOR.into(), PASSWORD.into());
        let accounts = &acme.accounts;
        async move {
            accounts.sign_in_as(Holder::Browser, "acme", &email, password, Options::default()).await.unwrap()
        }
    };
    let refresh = |signed: &SignedIn| {
        let (accounts, token) = (&acme.accounts, signed.refresh_token.clone());
        async move { accounts.refresh_as(Holder::Browser, &token, &Options::default()).await }
    };
    let first = sign_in().await;
    let lost = refresh(&first).await.unwrap();
    let events = acme.world.log.all().len();
    let again = refresh(&first).await.unwrap();
    assert_eq!(again.session, first.session);
    assert_eq!(acme.world.log.all().len(), events, "it is no refusal");
    refresh(&again).await.unwrap();
    is_refused(&refresh(&lost).await);
    assert_eq!(acme.newest()["cause"], "refresh_token_reused");
    assert!(!acme.accounts.alive(acme.tenant, first.session.id).await.unwrap());

    let first = sign_in().await;
    acme.accounts.refresh(&first.refresh_token, &Options::default()).await.unwrap();
    is_refused(&refresh(&first).await);
    assert!(!acme.accounts.alive(acme.tenant, first.session.id).await.unwrap(), "a program exchanged it");

    let first = sign_in().await;
    refresh(&first).await.unwrap();
    *acme.world.sessions.aged.lock().unwrap() = true;
    is_refused(&refresh(&first).await);
    assert_eq!(acme.newest()["cause"], "refresh_token_reused");
}

#[tokio::test(start_paused = true)]
async fn refreshing_brings_the_present_roles_and_ends_with_the_session() {
    let acme = Acme::new().await;
    let ada = acme.ada(&[Role::Viewer]).await;
    let signed = acme.sign_in(EMAIL, PASSWORD).await.unwrap();
    let roles = Some([Role::Viewer, Role::Operator].into());
    acme.change(ada, UserChanges { roles, ..UserChanges::default() }).await.unwrap();
    let signed = acme.accounts.refresh(&signed.refresh_token, &Options::default()).await.unwrap();
    assert_eq!(signed.roles, [Role::Viewer, Role::Operator].into());
    acme.world.clock.pass(TimeDelta::days(31));
    is_refused(&acme.accounts.refresh(&signed.refresh_token, &Options::default()).await);
    is_refused(&acme.accounts.refresh(&"nonsense".into(), &Options::default()).await);
}

#[tokio::test(start_paused = true)]
async fn signing_out_ends_the_session_and_is_recorded() {
    let acme = Acme::new().await;
    let session = acme.admin.session().unwrap();
    let receipt = acme.accounts.sign_out(&acme.admin, &Options::default()).await.unwrap();
    assert_eq!(acme.world.log.all().last().unwrap().position, receipt.position);
    assert_eq!(acme.newest()["session"], session.to_string());
    assert!(!acme.accounts.alive(acme.tenant, session).await.unwrap());
    let system = Caller::system("test", acme.tenant);
    let result = acme.accounts.sign_out(&system, &Options::default()).await;
    assert!(matches!(result, Err(CommandError::Denied(_))));
}

#[tokio::test(start_paused = true)]
async fn a_session_belongs_to_its_tenant() {
    let acme = Acme::new().await;
    let session = acme.admin.session().unwrap();
    assert!(acme.accounts.alive(acme.tenant, session).await.unwrap());
    assert!(!acme.accounts.alive(crate::testing::tenant(), session).await.unwrap());
}
