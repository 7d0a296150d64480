//! Somebody with a superuser's rights touches the ledger. `verify` names it every time, and never blames a clean one.

use std::sync::Arc;

use hub_commands::ports::{EventLog, Expected};
use hub_domain::kernel::{TenantId, TypedId};
use hub_domain::ledger::{Hash, Head};
use hub_kit::{Database, ids};
use hub_postgres::{PgLog, PoolSizes, Pools, WriterSettings};
use hub_replay::evidence::Evidence;
use hub_replay::verify::{self, Report};
use sqlx::{Connection, Executor, PgConnection, Row};

use crate::append::one;

/// A database with a small ledger of two tenants, and a superuser's connection that triggers do not stop.
struct Scene {
    database: Database,
    superuser: PgConnection,
}

impl Scene {
    async fn new(events: u64) -> Self {
        let database = Database::fresh().await;
        let pools = Pools::connect(database.url(), PoolSizes::default()).expect("pools");
        let options = hub_postgres::pools::options(database.url()).expect("options");
        let clock = Arc::new(hub_kit::SystemClock);
        let (log, writer) = PgLog::start(options, pools.writer.clone(), clock, WriterSettings::default());
        let tenants = [TenantId::from_uuid(ids::uuid()), TenantId::from_uuid(ids::uuid())];
        for nth in 0..events {
            let mut append = one(tenants[(nth % 2) as usize], &format!("cluster_{}", nth % 4), Expected::Any);
            append.events[0].payload = format!(r#"{{"nth":{nth}}}"#).into_bytes();
            log.append(append).await.expect("an append");
        }
        drop(log);
        writer.await.expect("the writer ends");
        pools.close().await;
        let mut superuser =
            PgConnection::connect_with(&hub_postgres::pools::options(database.url()).expect("options"))
                .await
                .expect("a superuser's connection");
        // What stops an honest mistake does not stop a superuser.
        for sql in [
            "set session_replication_role = replica",
            "alter table ledger.events drop constraint events_sequence_key, drop constraint events_stream_key",
        ] {
            superuser.execute(sql).await.expect("a superuser may");
        }
        Self { database, superuser }
    }

    async fn verify(&self, known: &[Head]) -> Report {
        let known = Evidence { heads: known.to_vec(), ..Evidence::default() };
        let source = hub_replay::source::Database {
            data_dir: ".".into(),
            database_url: Some(self.database.url().to_owned()),
        };
        let mut ledger = source.open().await.expect("the ledger opens");
        let report = verify::of_database(&mut ledger, &known).await.expect("the ledger can be read");
        ledger.close().await.expect("the ledger closes");
        report
    }

    async fn run(&mut self, sql: &str) {
        self.superuser.execute(sql).await.unwrap_or_else(|cause| panic!("{sql}: {cause}"));
    }
}

#[tokio::test]
async fn every_flipped_byte_of_every_column_is_named() {
    let mut scene = Scene::new(6).await;
    assert!(scene.verify(&[]).await.is_clean(), "a clean ledger is never blamed");
    let bytes = ["leaf_hash", "metadata", "payload"];
    let texts = ["stream", "event_type", "actor"];
    let uuids = ["tenant", "event_id", "command_id"];
    let integers = ["sequence", "revision", "recorded_at"];
    for position in 1..=6 {
        for column in bytes {
            let length = length(&mut scene, &format!("octet_length({column})"), position).await;
            for byte in 0..length {
                let flip = format!("set_byte({column}, {byte}, get_byte({column}, {byte}) # 1)");
                flipped(&mut scene, column, &flip, position).await;
            }
        }
        for column in texts {
            let length = length(&mut scene, &format!("octet_length({column})"), position).await;
            for byte in 0..length {
                let raw = format!("convert_to({column}, 'UTF8')");
                let flip =
                    format!("convert_from(set_byte({raw}, {byte}, get_byte({raw}, {byte}) # 1), 'UTF8')");
                flipped(&mut scene, column, &flip, position).await;
            }
        }
        for column in uuids {
            for byte in 0..16 {
                let raw = format!("uuid_send({column})");
                let flip =
                    format!("encode(set_byte({raw}, {byte}, get_byte({raw}, {byte}) # 1), 'hex')::uuid");
                flipped(&mut scene, column, &flip, position).await;
            }
        }
        for column in integers {
            for bit in (0..56).step_by(8) {
                flipped(&mut scene, column, &format!("{column} # (1::bigint << {bit})"), position).await;
            }
        }
        flipped(&mut scene, "schema_version", "schema_version # 1::smallint", position).await;
    }
    assert!(scene.verify(&[]).await.is_clean(), "each flip was undone");
}

async fn length(scene: &mut Scene, expression: &str, position: i64) -> i32 {
    let sql = format!("select {expression} from ledger.events where position = $1");
    sqlx::query_scalar(&sql).bind(position).fetch_one(&mut scene.superuser).await.expect("a length")
}

/// Flips, verifies, and puts the row back. A flip twice is the old value.
async fn flipped(scene: &mut Scene, column: &str, flip: &str, position: i64) {
    let sql = format!("update ledger.events set {column} = {flip} where position = {position}");
    scene.run(&sql).await;
    let report = scene.verify(&[]).await;
    assert!(!report.is_clean(), "{column} at {position} was flipped unnoticed: {flip}");
    assert_eq!(report.first_bad_position, Some(position as u64), "{column}: {:?}", report.faults);
    scene.run(&sql).await;
}

#[tokio::test]
async fn removed_inserted_swapped_and_cut_rows_are_named() {
    let mut scene = Scene::new(12).await;
    let heads = scene.verify(&[]).await.heads;
    scene.run("create table kept as table ledger.events").await;
    let cases: [(&str, &str, Option<u64>); 6] = [
        ("a row removed", "delete from ledger.events where position = 5", Some(6)),
        ("the tail cut", "delete from ledger.events where position > 9", Some(10)),
        (
            "a row inserted at the end",
            "insert into ledger.events select 13, sequence + 1, revision + 1, recorded_at, tenant, gen_random_uuid(), command_id,
             schema_version, stream, event_type, actor, leaf_hash, metadata, payload from ledger.events where position = 12",
            Some(13),
        ),
        (
            "two payloads swapped",
            "update ledger.events e set payload = o.payload from ledger.events o
             where (e.position, o.position) in ((3, 7), (7, 3))",
            Some(3),
        ),
        (
            "two rows swapped",
            "update ledger.events set position = -3 where position = 3; update ledger.events set position = 3 where position = 5;
             update ledger.events set position = 5 where position = -3",
            Some(3),
        ),
        ("everything removed", "delete from ledger.events", Some(1)),
    ];
    for (what, sql, first) in cases {
        scene.run(sql).await;
        let report = scene.verify(&[]).await;
        assert!(!report.is_clean(), "{what} went unnoticed");
        assert_eq!(report.first_bad_position, first, "{what}: {:?}", report.faults);
        scene.run("delete from ledger.events; insert into ledger.events select * from kept").await;
    }
    assert!(scene.verify(&heads).await.is_clean(), "each case was undone");
}

#[tokio::test]
async fn a_chain_recomputed_by_a_superuser_is_found_through_an_earlier_head() {
    let mut scene = Scene::new(12).await;
    let heads = scene.verify(&[]).await.heads;
    rewrite(&mut scene, 5).await;
    assert!(
        scene.verify(&[]).await.is_clean(),
        "the forger did careful work: within itself the ledger is sound"
    );
    let report = scene.verify(&heads).await;
    assert!(!report.is_clean(), "the earlier head tells");
    assert!(report.faults.iter().any(|fault| fault.what.contains("taken earlier")), "{:?}", report.faults);
    scene.run("delete from ledger.events where position > 10; update ledger.head set position = 10").await;
    rewrite(&mut scene, 10).await;
    let report = scene.verify(&heads).await;
    assert!(report.faults.iter().any(|fault| fault.what.contains("tail is cut")), "{:?}", report.faults);
}

/// Alters a payload and computes every hash behind it anew, heads included.
async fn rewrite(scene: &mut Scene, position: i64) {
    sqlx::query("update ledger.events set payload = '{\"forged\":true}' where position = $1")
        .bind(position)
        .execute(&mut scene.superuser)
        .await
        .expect("a forgery");
    let sql = format!("select {} from ledger.events order by position", hub_postgres::log::LEDGER_COLUMNS);
    let rows = sqlx::query(&sql).fetch_all(&mut scene.superuser).await.expect("rows");
    let mut last = std::collections::HashMap::new();
    for row in &rows {
        let event = hub_postgres::log::decode_row(row).expect("an event");
        let previous = last.get(&event.tenant).map_or(Hash::ZERO, |(hash, _)| *hash);
        let hash = event.recompute(previous, &mut Vec::new()).expect("a leaf");
        last.insert(event.tenant, (hash, event.sequence + 1));
        sqlx::query("update ledger.events set leaf_hash = $1 where position = $2")
            .bind(hash.0.to_vec())
            .bind(row.get::<i64, _>(0))
            .execute(&mut scene.superuser)
            .await
            .expect("a new hash");
    }
    for (tenant, (hash, size)) in last {
        sqlx::query("update ledger.tenant_heads set size = $1, last = $2 where tenant = $3")
            .bind(size as i64)
            .bind(hash.0.to_vec())
            .bind(tenant)
            .execute(&mut scene.superuser)
            .await
            .expect("a new head");
    }
}

#[tokio::test]
async fn the_server_s_role_can_only_append() {
    let scene = Scene::new(2).await;
    let options = hub_postgres::pools::options(scene.database.url()).expect("options");
    let mut writer =
        hub_postgres::pools::connect_as(&options, hub_postgres::pools::WRITER).await.expect("a connection");
    for sql in [
        "update ledger.events set payload = ''",
        "delete from ledger.events",
        "truncate ledger.events",
        "update ledger.receipts set key = ''",
        "delete from ledger.receipts",
        "truncate ledger.receipts",
        "delete from ledger.tenant_heads",
        "alter table ledger.events disable trigger all",
        "drop table ledger.events",
        "set session_replication_role = replica",
    ] {
        let refused = writer.execute(sql).await.expect_err(sql);
        let code = refused.as_database_error().and_then(|error| error.code().map(|code| code.to_string()));
        assert_eq!(code.as_deref(), Some("42501"), "{sql}: {refused}");
    }
    // The trigger holds even for the owner, for whom there is no grant to lack.
    let mut owner = PgConnection::connect_with(&options).await.expect("the owner");
    for sql in
        ["update ledger.events set payload = ''", "delete from ledger.events", "truncate ledger.events"]
    {
        let refused = owner.execute(sql).await.expect_err(sql);
        assert!(refused.to_string().contains("append-only"), "{sql}: {refused}");
    }
}
