//! PostgreSQL goes away under load: killed, restarted, cut off at the moment of a commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hub_commands::ports::{EventLog, Expected};
use hub_domain::kernel::{TenantId, TypedId};
use hub_kit::postgres::OwnServer;
use hub_kit::proxy::Proxy;
use hub_kit::{ids, until};
use hub_postgres::{PgLog, PoolSizes, Pools, WriterSettings};

use crate::append::{holds, one, writers};

fn log(url: &str) -> (PgLog, tokio::task::JoinHandle<()>, Pools) {
    let pools = Pools::connect(url, PoolSizes::default()).expect("pools");
    let options = hub_postgres::pools::options(url).expect("options");
    let settings = WriterSettings { patience: Duration::from_secs(30), ..WriterSettings::default() };
    let (log, writer) = PgLog::start(options, pools.writer.clone(), Arc::new(hub_kit::SystemClock), settings);
    (log, writer, pools)
}

/// Waits until `more` further events stand in the log.
async fn grown(log: &PgLog, more: u64) {
    let committed = log.committed();
    let wanted = *committed.borrow() + more;
    let reached =
        until(Duration::from_mins(1), || async { (*committed.borrow() >= wanted).then_some(()) }).await;
    reached.expect("the log grows");
}

#[tokio::test]
async fn postgres_killed_and_restarted_under_load_loses_and_doubles_nothing() {
    let mut server = OwnServer::start().await.expect("a server");
    hub_postgres::migrate(&server.url()).await.expect("migrations");
    let (log, writer, pools) = log(&server.url());
    let stop = Arc::new(AtomicBool::new(false));
    let shared: Arc<dyn EventLog> = Arc::new(log.clone());
    let tasks = writers(&shared, TenantId::from_uuid(ids::uuid()), 64, &stop);
    for _ in 0..5 {
        grown(&log, 500).await;
        server.kill9().await;
        server.start_again().await.expect("the server comes back");
    }
    grown(&log, 500).await;
    stop.store(true, Ordering::Relaxed);
    let told: Vec<_> =
        futures::future::join_all(tasks).await.into_iter().map(|told| told.expect("no panic")).collect();
    assert!(told.iter().map(Vec::len).sum::<usize>() >= 3000);
    drop((log, shared));
    writer.await.expect("the writer ends");
    pools.close().await;
    holds(&server.url(), &told).await;
}

#[tokio::test]
async fn a_connection_cut_at_commit_is_answered_truthfully() {
    let server = OwnServer::start().await.expect("a server");
    hub_postgres::migrate(&server.url()).await.expect("migrations");
    let proxy = Proxy::in_front_of(&server, r#""command":"faults""#).expect("a proxy");
    let (log, writer, pools) = log(&proxy.url());
    let tenant = TenantId::from_uuid(ids::uuid());
    let mut told = vec![];
    for round in 0..40 {
        // Whether the request still gets through or not: the answer must say what is true.
        if round % 2 == 0 {
            proxy.swallow_next_answer();
        } else {
            proxy.cut_next_request();
        }
        let stream = format!("cluster_{}", round % 4);
        let receipt = log.append(one(tenant, &stream, Expected::Any)).await.expect("the writer finds out");
        told.push(receipt);
    }
    assert!(proxy.cuts() >= 40, "each round met a cut, there were {}", proxy.cuts());
    drop(log);
    writer.await.expect("the writer ends");
    pools.close().await;
    holds(&server.url(), &[told.clone()]).await;
    assert_eq!(told.iter().map(|receipt| receipt.position).max(), Some(40), "nothing stands twice");
}

#[tokio::test]
async fn two_writers_on_one_database_leave_no_gap_and_no_fork() {
    let server = OwnServer::start().await.expect("a server");
    hub_postgres::migrate(&server.url()).await.expect("migrations");
    let tenant = TenantId::from_uuid(ids::uuid());
    let stop = Arc::new(AtomicBool::new(false));
    let (first, first_task, first_pools) = log(&server.url());
    let (second, second_task, second_pools) = log(&server.url());
    let logs: [Arc<dyn EventLog>; 2] = [Arc::new(first.clone()), Arc::new(second.clone())];
    let mut tasks = Vec::new();
    for log in &logs {
        tasks.extend(writers(log, tenant, 16, &stop));
    }
    grown(&first, 2000).await;
    grown(&second, 2000).await;
    stop.store(true, Ordering::Relaxed);
    let told: Vec<_> =
        futures::future::join_all(tasks).await.into_iter().map(|told| told.expect("no panic")).collect();
    drop((first, second, logs));
    first_task.await.expect("the writer ends");
    second_task.await.expect("the writer ends");
    first_pools.close().await;
    second_pools.close().await;
    holds(&server.url(), &told).await;
}
