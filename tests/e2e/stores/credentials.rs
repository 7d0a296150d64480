//! Logins and passwords.

use hub_commands::ports::{Claims, Credential, CredentialStore};
use hub_domain::kernel::{TenantId, TypedId as _, UserId};
use hub_postgres::{PgClaims, PgCredentials};
use uuid::Uuid;

use super::{fresh, tenant, user};

fn credential(tenant: TenantId, user: UserId, password_hash: &str) -> Credential {
    Credential { user, tenant, password_hash: password_hash.to_owned() }
}

#[tokio::test]
async fn a_login_has_one_user_in_each_tenant() {
    let (_database, pools) = fresh().await;
    let store = PgCredentials::new(pools.writer.clone());
    let (ada, bob) = ([1; 32], [2; 32]);
    assert!(store.put(&credential(tenant(1), user(1), "first"), &ada).await.unwrap());
    assert!(!store.put(&credential(tenant(1), user(2), "second"), &ada).await.unwrap(), "taken");
    assert!(store.put(&credential(tenant(2), user(3), "third"), &ada).await.unwrap(), "another tenant");
    assert!(store.put(&credential(tenant(1), user(1), "changed"), &ada).await.unwrap(), "one's own");

    let found = store.find(tenant(1), &ada).await.unwrap().unwrap();
    assert_eq!((found.user, found.tenant, found.password_hash.as_str()), (user(1), tenant(1), "changed"));
    assert_eq!(store.find(tenant(2), &ada).await.unwrap().unwrap().user, user(3));
    assert!(store.find(tenant(1), &bob).await.unwrap().is_none());

    assert!(store.put(&credential(tenant(1), user(2), "second"), &bob).await.unwrap());
    assert!(
        !store.put(&credential(tenant(1), user(2), "second"), &ada).await.unwrap(),
        "a change to a taken one"
    );
    assert_eq!(store.find(tenant(1), &bob).await.unwrap().unwrap().user, user(2), "keeps the old one");

    store.forget(tenant(2), user(1)).await.unwrap();
    assert!(store.find(tenant(1), &ada).await.unwrap().is_some(), "another tenant's user");
    store.forget(tenant(1), user(1)).await.unwrap();
    assert!(store.find(tenant(1), &ada).await.unwrap().is_none());
    assert!(store.put(&credential(tenant(1), user(2), "second"), &ada).await.unwrap(), "free again");
    assert!(store.find(tenant(1), &bob).await.unwrap().is_none(), "the login before is free, too");
}

#[tokio::test]
async fn of_many_who_want_a_login_at_once_one_gets_it() {
    let (_database, pools) = fresh().await;
    let store = PgCredentials::new(pools.writer.clone());
    let puts = (0..16).map(|number| {
        let store = store.clone();
        async move { store.put(&credential(tenant(1), user(number), "hash"), &[9; 32]).await.unwrap() }
    });
    let got = futures::future::join_all(puts).await;
    assert_eq!(got.iter().filter(|got| **got).count(), 1);
}

#[tokio::test]
async fn a_tenant_is_found_by_its_claimed_name() {
    let (_database, pools) = fresh().await;
    let nobody = TenantId::from_uuid(Uuid::nil());
    let claims = PgClaims::new(pools.writer.clone());
    let store = PgCredentials::new(pools.writer.clone());
    assert_eq!(store.tenant("acme").await.unwrap(), None);
    assert!(claims.claim(nobody, "tenant-name", "acme", &tenant(7).to_string()).await.unwrap());
    assert_eq!(store.tenant("acme").await.unwrap(), Some(tenant(7)));
    assert_eq!(store.tenant("Acme").await.unwrap(), None);
}
