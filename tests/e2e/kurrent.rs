//! The log on KurrentDB: its conformance, what it makes of lost answers, and the copy beside it. On the double, or on the
//! server that `KURRENTDB_URL` names.

mod copy;
mod faults;
mod hub;
mod import;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use hub_commands::ports::{CopyError, EventLog, Expected};
use hub_domain::kernel::{TenantId, TypedId};
use hub_kit::{Database, Kurrent, KurrentDouble, ids, log_suite, until};
use hub_kurrentdb::{Connection, KurrentLog, Ledger, WriterSettings};
use hub_postgres::{PgCopy, PoolSizes, Pools};

const PATIENCE: Duration = Duration::from_secs(20);

/// A stream of this test's own.
fn fresh_stream() -> String {
    format!("clustermaster-test-{}", ids::uuid().simple())
}

/// What one hub process has of the log, and its database.
struct Opened {
    ledger: Ledger,
    pools: Pools,
}

impl Deref for Opened {
    type Target = Ledger;

    fn deref(&self) -> &Ledger {
        &self.ledger
    }
}

impl Opened {
    async fn open(url: &str, stream: &str, database: &Database) -> Result<Self, CopyError> {
        Self::open_with(url, stream, database, WriterSettings::default()).await
    }

    async fn open_with(
        url: &str,
        stream: &str,
        database: &Database,
        settings: WriterSettings,
    ) -> Result<Self, CopyError> {
        let pools = Pools::connect(database.url(), PoolSizes::default()).expect("pools");
        let connection = Connection::new(&url.parse().expect("an address"), stream);
        let copy = Arc::new(PgCopy::new(pools.writer.clone()));
        let ledger = Ledger::open(connection, copy, Arc::new(hub_kit::SystemClock), settings).await?;
        Ok(Self { ledger, pools })
    }

    /// Waits until the copy holds a position.
    async fn copied(&self, position: u64) {
        let mut standing = self.standing.clone();
        let reached = standing.wait_for(|standing| standing.cursor.position >= position);
        tokio::time::timeout(PATIENCE, reached).await.expect("the copy follows").expect("the mirror runs");
    }

    async fn close(self) {
        self.ledger.close().await;
        self.pools.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_on_kurrentdb_conforms() {
    let (kurrent, database) = (Kurrent::any().await.expect("a server"), Database::fresh().await);
    let opened = Opened::open(&kurrent.url(), &fresh_stream(), &database).await.expect("a log");
    log_suite::conforms(Arc::new(opened.log.clone())).await;
    opened.close().await;
}

/// Two hubs with a database each, nothing but the log between them; and a third beside the first on its database.
#[tokio::test(flavor = "multi_thread")]
async fn two_hubs_see_each_other_s_streams() {
    let kurrent = Kurrent::any().await.expect("a server");
    let (near, far) = (Database::fresh().await, Database::fresh().await);
    let stream = fresh_stream();
    let one = Opened::open(&kurrent.url(), &stream, &near).await.expect("a log");
    let other = Opened::open(&kurrent.url(), &stream, &far).await.expect("a log");
    let third = Opened::open(&kurrent.url(), &stream, &near).await.expect("a log");
    let tenant = TenantId::from_uuid(ids::uuid());
    let append = |expected| log_suite::append(tenant, "cluster_shared", expected, 1);
    one.log.append(append(Expected::NoStream)).await.expect("an append");
    for revision in 0..20 {
        let logs = [&other.log, &one.log, &third.log];
        let (log, behind) = (logs[revision as usize % 3], logs[(revision as usize + 1) % 3]);
        log.append(append(Expected::Revision(revision)))
            .await
            .expect("the newest revision, whoever wrote it");
        let late = behind.append(append(Expected::Revision(revision))).await;
        assert!(late.is_err(), "a revision is taken once");
        let read = behind.read_stream(tenant, "cluster_shared", 0).await.expect("a stream");
        assert_eq!(read.len() as u64, revision + 2, "what one was told the other reads");
    }
    // A key that one hub has taken is known to the other.
    let mut keyed = append(Expected::Any);
    keyed.idempotency =
        Some(hub_commands::ports::IdempotencyKey { key: "both".into(), fingerprint: [1; 32] });
    let first = one.log.append(keyed.clone()).await.expect("an append");
    keyed.events[0].event_id = ids::uuid();
    let repeated = other.log.append(keyed).await.expect("a repeat");
    assert_eq!((repeated.repeated, repeated.event_ids), (true, first.event_ids));
    let head = one.log.head().await.expect("a head");
    for opened in [one, other, third] {
        opened.copied(head).await;
        opened.close().await;
    }
}
