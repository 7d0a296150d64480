//! Sessions and refresh tokens.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use hub_commands::ports::{Clock as _, Rotation, Session, SessionStore};
use hub_postgres::PgSessions;
use uuid::Uuid;

use super::{fresh, owner, processes, tenant, user};

fn session(number: u128, expires_at: DateTime<Utc>) -> Session {
    Session { id: Uuid::from_u128(number), user: user(1), tenant: tenant(1), expires_at }
}

fn in_an_hour() -> DateTime<Utc> {
    (hub_kit::SystemClock.now() + TimeDelta::hours(1)).trunc_subsecs(6)
}

#[tokio::test]
async fn a_used_refresh_token_ends_the_session() {
    let (_database, pools) = fresh().await;
    let store = PgSessions::new(pools.writer.clone());
    let session = session(1, in_an_hour());
    store.open(&session, &[1; 32]).await.unwrap();
    assert!(store.alive(tenant(1), session.id).await.unwrap());
    assert!(!store.alive(tenant(2), session.id).await.unwrap(), "in another tenant there is no such session");

    assert_eq!(store.rotate(&[9; 32], &[2; 32]).await.unwrap(), Rotation::Unknown);
    assert_eq!(store.rotate(&[1; 32], &[2; 32]).await.unwrap(), Rotation::Rotated(session.clone()));
    assert_eq!(store.rotate(&[2; 32], &[3; 32]).await.unwrap(), Rotation::Rotated(session.clone()));
    assert!(store.alive(tenant(1), session.id).await.unwrap());

    assert_eq!(store.rotate(&[1; 32], &[4; 32]).await.unwrap(), Rotation::Reused(session.clone()));
    assert!(!store.alive(tenant(1), session.id).await.unwrap());
    assert_eq!(
        store.rotate(&[3; 32], &[5; 32]).await.unwrap(),
        Rotation::Unknown,
        "the newest one is worth nothing now"
    );
    assert_eq!(store.rotate(&[4; 32], &[5; 32]).await.unwrap(), Rotation::Unknown, "the thief got none");
}

#[tokio::test]
async fn of_many_who_present_a_token_at_once_one_wins() {
    let (_database, processes) = processes().await;
    let stores: Vec<_> = processes.iter().map(|pools| PgSessions::new(pools.writer.clone())).collect();
    for round in 0..10_u8 {
        let session = session(u128::from(round) + 1, in_an_hour());
        let first = [round; 32];
        stores[0].open(&session, &first).await.unwrap();
        let tries = (0..12_u8).map(|number| {
            let store = &stores[usize::from(number) % stores.len()];
            let mut next = [round; 32];
            next[0] = 100 + number;
            async move { store.rotate(&first, &next).await.unwrap() }
        });
        let answers = futures::future::join_all(tries).await;
        let count = |wanted: &Rotation| answers.iter().filter(|answer| *answer == wanted).count();
        assert_eq!(count(&Rotation::Rotated(session.clone())), 1, "{answers:?}");
        assert_eq!(count(&Rotation::Reused(session.clone())), 1, "{answers:?}");
        assert_eq!(count(&Rotation::Unknown), 10, "{answers:?}");
        assert!(!stores[0].alive(tenant(1), session.id).await.unwrap());
    }
}

#[tokio::test]
async fn an_ended_or_expired_session_rotates_nothing() {
    let (database, pools) = fresh().await;
    let store = PgSessions::new(pools.writer.clone());
    for number in 1..=3_u8 {
        store.open(&session(u128::from(number), in_an_hour()), &[number; 32]).await.unwrap();
    }
    store.end(tenant(2), Uuid::from_u128(1)).await.unwrap();
    assert!(store.alive(tenant(1), Uuid::from_u128(1)).await.unwrap(), "another tenant ends nothing");
    store.end(tenant(1), Uuid::from_u128(1)).await.unwrap();
    assert_eq!(store.rotate(&[1; 32], &[11; 32]).await.unwrap(), Rotation::Unknown);

    sqlx::query("update vault.sessions set expires_at = now() - interval '1 second' where id = $1")
        .bind(Uuid::from_u128(2))
        .execute(&mut owner(&database).await)
        .await
        .unwrap();
    assert!(!store.alive(tenant(1), Uuid::from_u128(2)).await.unwrap());
    assert_eq!(store.rotate(&[2; 32], &[12; 32]).await.unwrap(), Rotation::Unknown);

    store.end_all(tenant(1), user(2)).await.unwrap();
    assert!(store.alive(tenant(1), Uuid::from_u128(3)).await.unwrap(), "another user's");
    store.end_all(tenant(1), user(1)).await.unwrap();
    assert!(!store.alive(tenant(1), Uuid::from_u128(3)).await.unwrap());
    assert_eq!(store.rotate(&[3; 32], &[13; 32]).await.unwrap(), Rotation::Unknown);
}

#[tokio::test]
async fn a_sign_in_clears_what_expired_long_ago() {
    let (database, pools) = fresh().await;
    let store = PgSessions::new(pools.writer.clone());
    for number in 1..=2_u8 {
        store.open(&session(u128::from(number), in_an_hour()), &[number; 32]).await.unwrap();
    }
    let mut owner = owner(&database).await;
    sqlx::query("update vault.sessions set expires_at = now() - interval '2 days' where id = $1")
        .bind(Uuid::from_u128(1))
        .execute(&mut owner)
        .await
        .unwrap();
    store.open(&session(3, in_an_hour()), &[3; 32]).await.unwrap();
    let left: Vec<Uuid> =
        sqlx::query_scalar("select session_id from vault.refresh_tokens order by session_id")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    assert_eq!(left, [Uuid::from_u128(2), Uuid::from_u128(3)]);
}

#[tokio::test]
async fn an_error_shows_no_stored_value() {
    let (_database, pools) = fresh().await;
    let store = PgSessions::new(pools.writer.clone());
    store.open(&session(1, in_an_hour()), &[0xab; 32]).await.unwrap();
    let told = store.open(&session(2, in_an_hour()), &[0xab; 32]).await.unwrap_err();
    let shown = format!("{told} {told:?}");
    assert!(shown.contains("23505"), "{shown}");
    assert!(!shown.contains("abab") && !shown.contains("171, 171"), "{shown}");
}
