//! The stores beside the ledger, on a real `PostgreSQL`: what holds when several processes act at once, and who may look.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod credentials;
mod identity;
mod observations;
mod turns;
mod vault;

use hub_domain::kernel::{TenantId, TypedId as _, UserId};
use hub_kit::Database;
use hub_postgres::pools::options;
use hub_postgres::{PoolSizes, Pools};
use sqlx::{ConnectOptions as _, Executor as _, PgConnection};
use uuid::Uuid;

/// A fresh, migrated database and its pools, as one hub process has them.
async fn fresh() -> (Database, Pools) {
    let database = Database::fresh().await;
    let pools = connect(&database);
    (database, pools)
}

/// The pools of one more process.
fn connect(database: &Database) -> Pools {
    Pools::connect(database.url(), PoolSizes::default()).unwrap()
}

/// The pools of several processes on one fresh database.
async fn processes() -> (Database, Vec<Pools>) {
    let (database, first) = fresh().await;
    let mut processes = vec![first];
    processes.extend((1..4).map(|_| connect(&database)));
    (database, processes)
}

/// A connection of the database's owner, for what no store may do.
async fn owner(database: &Database) -> PgConnection {
    options(database.url()).unwrap().connect().await.unwrap()
}

fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

#[tokio::test]
async fn no_other_role_sees_the_vault() {
    let (database, pools) = fresh().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class where relnamespace = 'vault'::regnamespace and relkind = 'r'",
    )
    .fetch_all(&mut owner(&database).await)
    .await
    .unwrap();
    assert!(tables.len() >= 8, "{tables:?}");
    for table in tables {
        let statement = format!("select count(*) from vault.{table}");
        pools.writer.execute(statement.as_str()).await.unwrap();
        for (role, pool) in [("reader", &pools.reader), ("projector", &pools.projector)] {
            let told = pool.execute(statement.as_str()).await.unwrap_err();
            let code =
                told.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
            assert_eq!(code.as_deref(), Some("42501"), "{role} on {table}: {told}");
        }
    }
}
