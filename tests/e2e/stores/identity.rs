//! Sessions and refresh tokens.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use hub_commands::ports::{Clock as _, Rotation, Session, SessionStore};
use hub_domain::kernel::TypedId as _;
use hub_kit::Database;
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

/// Moves every exchange of tokens into the past.
async fn aged(database: &Database, seconds: i32) {
    sqlx::query("update vault.refresh_tokens set used_at = used_at - make_interval(secs => $1)")
        .bind(f64::from(seconds))
        .execute(&mut owner(database).await)
        .await
        .unwrap();
}

type Answer = fn(Session) -> Rotation;

#[tokio::test]
async fn a_browser_whose_answer_was_lost_asks_again() {
    let (database, pools) = fresh().await;
    let store = PgSessions::new(pools.writer.clone());
    let [rotated, repeated, reused]: [Answer; 3] = [Rotation::Rotated, Rotation::Repeated, Rotation::Reused];
    for (number, age, then) in [(1_u8, 0, "old"), (2, 50, "withdrawn"), (3, 61, "old"), (4, 0, "used")] {
        let session = session(u128::from(number), in_an_hour());
        let token = |nth: u8| [10 * number + nth; 32];
        let rotate = |one: u8, next: u8| {
            let (store, one, next) = (&store, token(one), token(next));
            async move { store.rotate_in_browser(&one, &next).await.unwrap() }
        };
        store.open_in_browser(&session, &token(0)).await.unwrap();
        assert_eq!(rotate(0, 1).await, rotated(session.clone()));
        aged(&database, age).await;
        let alive = || store.alive(tenant(1), session.id);
        match (then, age) {
            ("old", 61) => {
                // Too late: it may have been stolen.
                assert_eq!(rotate(0, 2).await, reused(session.clone()));
            }
            ("used", _) => {
                // What came of it was used: the answer was not lost.
                assert_eq!(rotate(1, 2).await, rotated(session.clone()));
                assert_eq!(rotate(0, 3).await, reused(session.clone()));
            }
            ("withdrawn", _) => {
                // Somebody had the answer after all: one of the two is a thief.
                assert_eq!(rotate(0, 2).await, repeated(session.clone()));
                assert_eq!(rotate(1, 3).await, reused(session.clone()));
                assert_eq!(rotate(2, 3).await, Rotation::Unknown);
            }
            _ => {
                // More than once, and then on as ever. Repeating does not begin the minute anew.
                assert_eq!(rotate(0, 2).await, repeated(session.clone()));
                aged(&database, 40).await;
                assert_eq!(rotate(0, 3).await, repeated(session.clone()));
                assert!(alive().await.unwrap());
                aged(&database, 21).await;
                assert_eq!(rotate(0, 4).await, reused(session.clone()));
            }
        }
        assert!(!alive().await.unwrap(), "{then} after {age} seconds");
    }
    // The newest of repeated ones goes on; what it came from does not come back.
    let session = session(9, in_an_hour());
    store.open_in_browser(&session, &[90; 32]).await.unwrap();
    let rotate = |one: u8, next: u8| {
        let store = &store;
        async move { store.rotate_in_browser(&[one; 32], &[next; 32]).await.unwrap() }
    };
    for (one, next, wanted) in
        [(90, 91, rotated), (90, 92, repeated), (92, 93, rotated), (92, 94, repeated), (94, 95, rotated)]
    {
        assert_eq!(rotate(one, next).await, wanted(session.clone()), "{one}");
    }
    assert_eq!(rotate(90, 96).await, reused(session.clone()), "its successor was used");
}

#[tokio::test]
async fn only_a_browser_may_ask_again_and_only_for_a_session_of_a_browser() {
    let (_database, pools) = fresh().await;
    let store = PgSessions::new(pools.writer.clone());
    let (program, browser) = (session(1, in_an_hour()), session(2, in_an_hour()));
    store.open(&program, &[1; 32]).await.unwrap();
    store.rotate(&[1; 32], &[2; 32]).await.unwrap();
    assert_eq!(store.rotate_in_browser(&[1; 32], &[3; 32]).await.unwrap(), Rotation::Reused(program));
    store.open_in_browser(&browser, &[11; 32]).await.unwrap();
    store.rotate_in_browser(&[11; 32], &[12; 32]).await.unwrap();
    assert_eq!(store.rotate(&[11; 32], &[13; 32]).await.unwrap(), Rotation::Reused(browser));
    // No browser exchanges its token in a body: whoever did so was somebody else.
    let taken = session(3, in_an_hour());
    store.open_in_browser(&taken, &[21; 32]).await.unwrap();
    assert_eq!(store.rotate(&[21; 32], &[22; 32]).await.unwrap(), Rotation::Rotated(taken.clone()));
    assert_eq!(store.rotate_in_browser(&[21; 32], &[23; 32]).await.unwrap(), Rotation::Reused(taken));
}

/// As the hub of the release before opens a session and exchanges a token.
const OPENED_BEFORE: &str = "with opened as ( \
        insert into vault.sessions (id, tenant, user_id, expires_at) values ($1, $2, $3, $4) returning id \
    ) insert into vault.refresh_tokens (hash, session_id) select $5, id from opened";
const EXCHANGED_BEFORE: &str = "with used as (update vault.refresh_tokens set used_at = now() where hash = $1) \
    insert into vault.refresh_tokens (hash, session_id) values ($2, $3)";

#[tokio::test]
async fn what_the_release_before_wrote_stays_strict() {
    let (database, pools) = fresh().await;
    let mut owner = owner(&database).await;
    let before = [
        "alter table vault.sessions drop column browser",
        "alter table vault.refresh_tokens drop column successor",
        "delete from _sqlx_migrations where version = 7",
    ];
    for statement in before {
        assert!(sqlx::query(statement).execute(&mut owner).await.is_ok(), "{statement}");
    }
    let (old, beside, browser) =
        (session(1, in_an_hour()), session(2, in_an_hour()), session(3, in_an_hour()));
    let store = PgSessions::new(pools.writer.clone());
    for (session, hash) in [(&old, [1_u8; 32]), (&beside, [11; 32])] {
        // The other one comes from a hub that still runs after the migration.
        let opened = sqlx::query(OPENED_BEFORE)
            .bind(session.id)
            .bind(session.tenant.uuid())
            .bind(session.user.uuid())
            .bind(session.expires_at)
            .bind(hash.as_slice());
        opened.execute(&mut owner).await.unwrap();
        hub_postgres::migrate(database.url()).await.unwrap();
        assert_eq!(
            store.rotate_in_browser(&hash, &[hash[0] + 1; 32]).await.unwrap(),
            Rotation::Rotated(session.clone())
        );
        let again = store.rotate_in_browser(&hash, &[hash[0] + 2; 32]).await.unwrap();
        assert_eq!(again, Rotation::Reused(session.clone()));
    }
    // It exchanges what a new one opened.
    store.open_in_browser(&browser, &[21; 32]).await.unwrap();
    let exchanged = sqlx::query(EXCHANGED_BEFORE).bind([21_u8; 32].as_slice()).bind([22_u8; 32].as_slice());
    exchanged.bind(browser.id).execute(&mut owner).await.unwrap();
    assert_eq!(store.rotate_in_browser(&[21; 32], &[23; 32]).await.unwrap(), Rotation::Reused(browser));
}

#[tokio::test]
async fn of_many_browsers_who_ask_at_once_one_token_remains() {
    let (database, processes) = processes().await;
    let stores: Vec<_> = processes.iter().map(|pools| PgSessions::new(pools.writer.clone())).collect();
    for round in 0..10_u8 {
        let session = session(u128::from(round) + 1, in_an_hour());
        let first = [round; 32];
        stores[0].open_in_browser(&session, &first).await.unwrap();
        let tries = (0..12_u8).map(|number| {
            let store = &stores[usize::from(number) % stores.len()];
            let mut next = [round; 32];
            next[0] = 100 + number;
            async move { store.rotate_in_browser(&first, &next).await.unwrap() }
        });
        let answers = futures::future::join_all(tries).await;
        let count = |wanted: &Rotation| answers.iter().filter(|answer| *answer == wanted).count();
        assert_eq!(count(&Rotation::Rotated(session.clone())), 1, "{answers:?}");
        assert_eq!(count(&Rotation::Repeated(session.clone())), 11, "{answers:?}");
        let unused: Vec<Vec<u8>> = sqlx::query_scalar(
            "select hash from vault.refresh_tokens where session_id = $1 and used_at is null",
        )
        .bind(session.id)
        .fetch_all(&mut owner(&database).await)
        .await
        .unwrap();
        assert_eq!(unused.len(), 1, "one of them can be used");
        // A withdrawn one and the live one at once: whoever comes first, the session does not outlive it.
        let live: [u8; 32] = unused[0].clone().try_into().unwrap();
        let withdrawn = (0..12_u8).map(|number| {
            let mut hash = [round; 32];
            hash[0] = 100 + number;
            hash
        });
        let withdrawn = withdrawn.into_iter().find(|hash| *hash != live).unwrap();
        let (of_live, of_withdrawn) = ([200 + round; 32], [220 + round; 32]);
        let (one, other) = tokio::join!(
            stores[0].rotate_in_browser(&live, &of_live),
            stores[1].rotate_in_browser(&withdrawn, &of_withdrawn),
        );
        assert!(matches!(one.unwrap(), Rotation::Rotated(_) | Rotation::Unknown));
        assert_eq!(other.unwrap(), Rotation::Reused(session.clone()));
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
