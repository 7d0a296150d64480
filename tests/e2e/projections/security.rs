//! What the reader's role can and cannot see, whatever it asks.

use hub_domain::kernel::TypedId;
use sqlx::{Executor, Row};

use super::world::{LONG, World, account, cluster, export, spec, tenant, user};

const TABLES: &[&str] = &["clusters", "users", "exports", "audit_logs", "observations"];

#[tokio::test]
async fn a_query_without_a_where_sees_its_tenant_only() {
    let world = World::fresh().await;
    let process = world.process();
    for number in 1..=2 {
        world.import(tenant(number), number, spec("one")).await;
        let command = hub_domain::user::UserCommand::Register(account());
        world
            .decide::<hub_domain::user::User>(tenant(number), &user(number).to_string(), command)
            .await
            .unwrap();
        let command = hub_domain::export::ExportCommand::Create(export("one", None));
        world
            .decide::<hub_domain::export::Export>(tenant(number), &format!("export_{number}"), command)
            .await
            .unwrap();
        sqlx::query("insert into read.observations values ($1, $2, now(), null, null)")
            .bind(tenant(number).uuid())
            .bind(cluster(number).to_string())
            .execute(&world.pools.writer)
            .await
            .unwrap();
    }
    process.read.wait_for(world.head().await, LONG).await.unwrap();

    for table in TABLES {
        let count = format!("select count(*), count(*) filter (where tenant = $1) from read.{table}");
        let mut transaction = world.pools.reader.begin().await.unwrap();
        let none = sqlx::query(&count).bind(tenant(1).uuid()).fetch_one(&mut *transaction).await.unwrap();
        assert_eq!(none.get::<i64, _>(0), 0, "{table} without a tenant");
        let scope = format!("select set_config('clustermaster.tenant', '{}', true)", tenant(1).uuid());
        transaction.execute(scope.as_str()).await.unwrap();
        let own = sqlx::query(&count).bind(tenant(1).uuid()).fetch_one(&mut *transaction).await.unwrap();
        assert!(own.get::<i64, _>(0) > 0, "{table} has rows of the tenant");
        assert_eq!(own.get::<i64, _>(0), own.get::<i64, _>(1), "{table} shows rows of another tenant");
    }
}

#[tokio::test]
async fn another_tenants_ids_do_not_exist() {
    let world = World::fresh().await;
    let process = world.process();
    let position = world.import(tenant(1), 1, spec("one")).await;
    process.read.wait_for(position, LONG).await.unwrap();
    let read = &process.read;
    let event = read.events_after(tenant(1), 0, 10).await.unwrap()[0].id;

    assert!(read.cluster(tenant(1), cluster(1), None).await.unwrap().is_some());
    assert!(read.cluster(tenant(2), cluster(1), None).await.unwrap().is_none());
    assert!(read.audit_log(tenant(1), event).await.unwrap().is_some());
    assert!(read.audit_log(tenant(2), event).await.unwrap().is_none());
    assert!(read.events_after(tenant(2), 0, 10).await.unwrap().is_empty());
    assert_eq!(read.fleet(tenant(2), None).await.unwrap().clusters.total, 0);
    assert_eq!(read.fleet(tenant(1), None).await.unwrap().clusters.total, 1);
}

#[tokio::test]
async fn the_reader_writes_nothing_and_sees_nothing_else() {
    let world = World::fresh().await;
    let forbidden = [
        "delete from read.clusters",
        "insert into read.users default values",
        "update read.audit_logs set summary = ''",
        "truncate read.observations",
        "select * from ledger.events",
        "select * from vault.secrets",
        "select error from read.cursors",
        "alter table read.clusters disable row level security",
        "select read.switch_table('clusters')",
    ];
    for sql in forbidden {
        let mut connection = world.pools.reader.acquire().await.unwrap();
        connection.execute("set default_transaction_read_only = off").await.unwrap();
        let refused = connection.execute(sql).await.expect_err(sql);
        let code =
            refused.as_database_error().and_then(|error| error.code().map(std::borrow::Cow::into_owned));
        assert_eq!(code.as_deref(), Some("42501"), "{sql}: {refused}");
        connection.close().await.unwrap();
    }
}
