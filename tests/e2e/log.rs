//! The event log's conformance, on memory and on PostgreSQL; and what postgres-es reads of it.

use std::sync::Arc;

use hub_commands::ports::{EventLog, Expected};
use hub_domain::kernel::{TenantId, TypedId};
use hub_kit::{Database, MemoryLog, ids, log_suite};
use hub_postgres::{PgLog, PoolSizes, Pools, WriterSettings};
use postgres_es::PostgresEventRepository;
use serde_json::Value;

#[tokio::test]
async fn the_log_in_memory_conforms() {
    log_suite::conforms(Arc::new(MemoryLog::new(Arc::new(hub_kit::SystemClock)))).await;
}

fn open(database: &Database) -> (PgLog, tokio::task::JoinHandle<()>, Pools) {
    let pools = Pools::connect(database.url(), PoolSizes::default()).expect("pools");
    let options = hub_postgres::pools::options(database.url()).expect("options");
    let clock = Arc::new(hub_kit::SystemClock);
    let (log, writer) = PgLog::start(options, pools.writer.clone(), clock, WriterSettings::default());
    (log, writer, pools)
}

#[tokio::test]
async fn the_log_on_postgres_conforms() {
    let database = Database::fresh().await;
    let (log, writer, pools) = open(&database);
    log_suite::conforms(Arc::new(log)).await;
    writer.await.expect("the writer ends");
    pools.close().await;
}

#[tokio::test]
async fn two_processes_see_each_other_s_streams() {
    let database = Database::fresh().await;
    let (one, _, _) = open(&database);
    let (other, _, _) = open(&database);
    let tenant = TenantId::from_uuid(ids::uuid());
    let append = |expected| log_suite::append(tenant, "cluster_shared", expected, 1);
    one.append(append(Expected::NoStream)).await.expect("an append");
    for revision in 0..10 {
        let log = if revision % 2 == 0 { &other } else { &one };
        log.append(append(Expected::Revision(revision)))
            .await
            .expect("the newest revision, whoever wrote it");
        let late = log.append(append(Expected::Revision(revision))).await;
        assert!(late.is_err(), "a revision is taken once");
    }
    assert_eq!(one.read_stream(tenant, "cluster_shared", 0).await.expect("a stream").len(), 11);
}

#[tokio::test]
async fn postgres_es_reads_the_same_events() {
    use cqrs_es::persist::PersistedEventRepository as _;
    use hub_commands::aggregate::Folded;
    use hub_domain::tenant::Tenant;

    let database = Database::fresh().await;
    let (log, _, pools) = open(&database);
    let tenant = TenantId::from_uuid(ids::uuid());
    let stream = tenant.to_string();
    for (expected, event_type, payload) in [
        (Expected::NoStream, "tenant.created.v1", r#"{"name":"acme"}"#),
        (Expected::Revision(0), "tenant.renamed.v1", r#"{"from":"acme","to":"acme-2"}"#),
    ] {
        let mut append = log_suite::append(tenant, &stream, expected, 1);
        append.events[0].event_type = event_type;
        append.events[0].payload = payload.as_bytes().to_vec();
        log.append(append).await.expect("an append");
    }
    let ours = log.read_stream(tenant, &stream, 0).await.expect("a stream");
    let repository =
        PostgresEventRepository::new(pools.writer.clone()).with_tables("ledger.postgres_es_events", "none");
    let theirs = repository.get_events::<Folded<Tenant>>(&stream).await.expect("their events");
    assert_eq!(theirs.len(), ours.len());
    for (one, other) in ours.iter().zip(&theirs) {
        assert_eq!(other.aggregate_id, one.stream);
        assert_eq!(other.aggregate_type, "tenant");
        assert_eq!(other.sequence as u64, one.revision + 1);
        assert_eq!(other.event_type, one.event_type);
        assert_eq!(other.event_version, one.schema_version.to_string());
        assert_eq!(other.payload["data"], serde_json::from_slice::<Value>(&one.payload).expect("JSON"));
        assert_eq!(other.metadata, serde_json::from_slice::<Value>(&one.metadata).expect("JSON"));
    }
}

#[tokio::test]
async fn both_read_an_event_of_an_older_version() {
    use cqrs_es::EventStore as _;
    use cqrs_es::persist::PersistedEventStore;
    use hub_commands::aggregate::{Folded, Upcasting, Wire};
    use hub_domain::Event as _;
    use hub_domain::cluster::{Cluster, ClusterEvent};

    let database = Database::fresh().await;
    let (log, _, pools) = open(&database);
    let (tenant, stream) = (TenantId::from_uuid(ids::uuid()), "cluster_old");
    let payload =
        r#"{"from":"healthy","to":"degraded","issues":[{"code":"c","object":"o","message":"It is so."}]}"#;
    let mut append = log_suite::append(tenant, stream, Expected::NoStream, 1);
    append.events[0].event_type = "cluster.health_changed.v1";
    append.events[0].payload = payload.as_bytes().to_vec();
    log.append(append).await.expect("an append");

    let ours = log.read_stream(tenant, stream, 0).await.expect("a stream").remove(0);
    assert_eq!(
        (ours.event_type.as_str(), ours.payload.as_slice()),
        ("cluster.health_changed.v1", payload.as_bytes())
    );
    let event = ClusterEvent::decode(&ours.event_type, &ours.payload).expect("it is read");
    assert_eq!(event.event_type(), "cluster.health_changed.v2");
    let repository =
        PostgresEventRepository::new(pools.writer.clone()).with_tables("ledger.postgres_es_events", "none");
    let store = PersistedEventStore::<_, Folded<Cluster>>::new_event_store(repository)
        .with_upcasters(vec![Box::new(Upcasting::<ClusterEvent>::default())]);
    let theirs = store.load_events(stream).await.expect("their events");
    assert_eq!(theirs.iter().map(|event| &event.payload).collect::<Vec<_>>(), [&Wire(event)]);
}
