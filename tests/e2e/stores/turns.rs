//! Names that one thing has, and turns that one process has.

use std::time::Duration;

use hub_commands::ports::{Claims, Leases};
use hub_domain::kernel::{TenantId, TypedId as _};
use hub_postgres::{PgClaims, PgLeases};
use sqlx::PgPool;
use uuid::Uuid;

use super::{fresh, processes, tenant};

const KIND: &str = "cluster-name";

/// Makes every claim older than the minute after which it may lapse.
async fn age(pool: &PgPool) {
    sqlx::query("update vault.claims set claimed_at = now() - interval '61 seconds'")
        .execute(pool)
        .await
        .unwrap();
}

/// Lets a stream come to be.
async fn stream(pool: &PgPool, tenant: TenantId, stream: &str) {
    let insert = "insert into ledger.events (position, sequence, revision, recorded_at, tenant, event_id, command_id, \
        schema_version, stream, event_type, actor, leaf_hash, metadata, payload) \
        select coalesce(max(position), 0) + 1, coalesce(max(position), 0), 0, 0, $1, $1, $1, \
        1, $2, 'cluster.import_requested.v1', 'system:test', decode(repeat('00', 32), 'hex'), '{}', '{}' from ledger.events";
    sqlx::query(insert).bind(tenant.uuid()).bind(stream).execute(pool).await.unwrap();
}

#[tokio::test]
async fn a_name_has_one_owner() {
    let (_database, pools) = fresh().await;
    let claims = PgClaims::new(pools.writer.clone());
    assert_eq!(claims.holder(tenant(1), KIND, "prod").await.unwrap(), None);
    assert!(claims.claim(tenant(1), KIND, "prod", "cluster_a").await.unwrap());
    assert!(claims.claim(tenant(1), KIND, "prod", "cluster_a").await.unwrap(), "again");
    assert!(!claims.claim(tenant(1), KIND, "prod", "cluster_b").await.unwrap());
    assert_eq!(claims.holder(tenant(1), KIND, "prod").await.unwrap().as_deref(), Some("cluster_a"));
    assert!(claims.claim(tenant(2), KIND, "prod", "cluster_b").await.unwrap(), "another tenant");
    assert!(claims.claim(tenant(1), "other", "prod", "cluster_b").await.unwrap(), "another kind");

    claims.release(tenant(1), KIND, "prod", "cluster_b").await.unwrap();
    assert!(!claims.claim(tenant(1), KIND, "prod", "cluster_b").await.unwrap(), "not cluster_b's to give up");
    claims.release(tenant(1), KIND, "prod", "cluster_a").await.unwrap();
    assert!(claims.claim(tenant(1), KIND, "prod", "cluster_b").await.unwrap());
}

#[tokio::test]
async fn of_many_who_want_a_name_at_once_one_gets_it() {
    let (_database, processes) = processes().await;
    for round in 0..10 {
        let value = format!("prod-{round}");
        let wants = (0..12).map(|number| {
            let claims = PgClaims::new(processes[number % processes.len()].writer.clone());
            let value = value.clone();
            async move { claims.claim(tenant(1), KIND, &value, &format!("cluster_{number}")).await.unwrap() }
        });
        let got = futures::future::join_all(wants).await;
        assert_eq!(got.iter().filter(|got| **got).count(), 1, "{got:?}");
    }
}

#[tokio::test]
async fn a_claim_is_taken_from_its_owner_only_after_a_minute() {
    let (_database, pools) = fresh().await;
    let claims = PgClaims::new(pools.writer.clone());
    assert!(claims.claim(tenant(1), KIND, "prod", "cluster_a").await.unwrap());
    stream(&pools.writer, tenant(1), "cluster_a").await;
    assert!(!claims.lapse(tenant(1), KIND, "prod", "cluster_a").await.unwrap(), "not yet");
    age(&pools.writer).await;
    assert!(!claims.lapse(tenant(1), KIND, "prod", "cluster_b").await.unwrap(), "another's");
    assert!(!claims.lapse(tenant(2), KIND, "prod", "cluster_a").await.unwrap(), "another tenant's");
    assert!(claims.lapse(tenant(1), KIND, "prod", "cluster_a").await.unwrap());
    assert_eq!(claims.holder(tenant(1), KIND, "prod").await.unwrap(), None);
}

#[tokio::test]
async fn a_claim_lapses_when_its_owner_never_came_to_be() {
    let (_database, pools) = fresh().await;
    let claims = PgClaims::new(pools.writer.clone());
    assert!(claims.claim(tenant(1), KIND, "orphan", "cluster_a").await.unwrap());
    assert!(claims.claim(tenant(1), KIND, "living", "cluster_b").await.unwrap());
    assert!(claims.claim(tenant(2), KIND, "living", "cluster_a").await.unwrap());
    stream(&pools.writer, tenant(1), "cluster_b").await;
    stream(&pools.writer, tenant(2), "cluster_a").await;
    assert!(!claims.claim(tenant(1), KIND, "orphan", "cluster_c").await.unwrap(), "not yet");

    age(&pools.writer).await;
    assert_eq!(claims.holder(tenant(1), KIND, "orphan").await.unwrap(), None);
    assert_eq!(claims.holder(tenant(1), KIND, "living").await.unwrap().as_deref(), Some("cluster_b"));
    assert!(!claims.claim(tenant(1), KIND, "living", "cluster_c").await.unwrap());
    assert!(!claims.claim(tenant(2), KIND, "living", "cluster_c").await.unwrap());
    assert!(
        claims.claim(tenant(1), KIND, "orphan", "cluster_c").await.unwrap(),
        "cluster_a lives in another tenant only"
    );
    assert!(
        !claims.claim(tenant(1), KIND, "orphan", "cluster_a").await.unwrap(),
        "the new owner has its own minute"
    );
}

#[tokio::test]
async fn a_tenants_name_is_kept_by_the_tenants_own_ledger() {
    let (_database, pools) = fresh().await;
    let nobody = TenantId::from_uuid(Uuid::nil());
    let claims = PgClaims::new(pools.writer.clone());
    for number in [1, 2] {
        let name = format!("tenant-{number}");
        assert!(claims.claim(nobody, "tenant-name", &name, &tenant(number).to_string()).await.unwrap());
    }
    stream(&pools.writer, tenant(1), &tenant(1).to_string()).await;
    age(&pools.writer).await;
    let other = tenant(3).to_string();
    assert!(!claims.claim(nobody, "tenant-name", "tenant-1", &other).await.unwrap());
    assert!(claims.claim(nobody, "tenant-name", "tenant-2", &other).await.unwrap());
}

#[tokio::test]
async fn a_turn_has_one_holder_and_its_token_never_goes_back() {
    const LONG: Duration = Duration::from_mins(10);
    let (_database, pools) = fresh().await;
    let leases = PgLeases::new(pools.writer.clone());
    let first = leases.acquire("observer", "hub-a", LONG).await.unwrap().unwrap();
    assert_eq!((first.name.as_str(), first.holder.as_str()), ("observer", "hub-a"));
    assert_eq!(leases.acquire("observer", "hub-a", LONG).await.unwrap(), Some(first.clone()), "renewed");
    assert_eq!(leases.acquire("observer", "hub-b", LONG).await.unwrap(), None);
    assert!(leases.acquire("other", "hub-b", LONG).await.unwrap().is_some());

    // hub-a falls silent, and its turn runs out.
    sqlx::query("update vault.leases set expires_at = now() - interval '1 second' where name = 'observer'")
        .execute(&pools.writer)
        .await
        .unwrap();
    let second = leases.acquire("observer", "hub-b", LONG).await.unwrap().unwrap();
    assert!(second.token > first.token, "{first:?} {second:?}");
    assert_eq!(leases.acquire("observer", "hub-a", LONG).await.unwrap(), None);
    leases.release(&first).await.unwrap();
    assert_eq!(
        leases.acquire("observer", "hub-a", LONG).await.unwrap(),
        None,
        "a late release frees nothing"
    );

    leases.release(&second).await.unwrap();
    let third = leases.acquire("observer", "hub-a", LONG).await.unwrap().unwrap();
    assert!(third.token > second.token, "{second:?} {third:?}");
    leases.release(&first).await.unwrap();
    assert_eq!(
        leases.acquire("observer", "hub-b", LONG).await.unwrap(),
        None,
        "nor does its own from before"
    );
}

#[tokio::test]
async fn a_turn_runs_out_by_the_databases_clock() {
    let (_database, pools) = fresh().await;
    let leases = PgLeases::new(pools.writer.clone());
    leases.acquire("observer", "hub-a", Duration::from_millis(1500)).await.unwrap().unwrap();
    let left: f64 =
        sqlx::query_scalar("select extract(epoch from expires_at - now())::float8 from vault.leases")
            .fetch_one(&pools.writer)
            .await
            .unwrap();
    assert!((0.0..=1.5).contains(&left), "{left}");
}

#[tokio::test]
async fn of_many_who_want_a_turn_at_once_one_gets_it() {
    let (_database, processes) = processes().await;
    for round in 0..10 {
        let name = format!("turn-{round}");
        let wants =
            (0..12).map(|number| {
                let leases = PgLeases::new(processes[number % processes.len()].writer.clone());
                let name = name.clone();
                async move {
                    leases.acquire(&name, &format!("hub-{number}"), Duration::from_mins(10)).await.unwrap()
                }
            });
        let got = futures::future::join_all(wants).await;
        assert_eq!(got.iter().flatten().count(), 1, "{got:?}");
    }
}
