//! What the tests of this crate stand on: every port in memory, and a clock that only the test moves.

mod beside;
mod fleet;
/// The kit's log: one implementation for all tests. The kit depends on this crate, so the file is compiled here again.
#[path = "../../../tests/kit/src/memory_log.rs"]
mod memory_log;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use hub_domain::kernel::{Actor, TenantId, TypedId, UserId};
use hub_domain::ledger::Recorded;
use hub_domain::user::Role;
use uuid::Uuid;

pub use beside::{MemoryClaims, MemoryCredentials, MemoryLeases, MemorySessions, MemoryVault};
pub use fleet::{Manner, MemoryObservations, ScriptedGateway, kubeconfig, observation};
pub use memory_log::MemoryLog;

use crate::access::{Caller, Grant};
use crate::dispatcher::Dispatcher;
use crate::ports::{
    Append, AppendError, Clock, EventLog, IdempotencyKey, Ids, LogError, Ports, Receipt, Unavailable,
};

/// A clock that stands until it is moved.
pub struct StillClock(AtomicI64);

impl StillClock {
    pub fn pass(&self, time: TimeDelta) {
        self.0.fetch_add(time.num_milliseconds(), Ordering::SeqCst);
    }
}

impl Default for StillClock {
    fn default() -> Self {
        Self(AtomicI64::new(1_700_000_000_000))
    }
}

impl Clock for StillClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0.load(Ordering::SeqCst)).expect("a time within reach")
    }
}

/// Ids in order, with the clock's time in them; "random" bytes that never repeat.
pub struct CountedIds(Arc<StillClock>, AtomicU64);

impl Ids for CountedIds {
    fn uuid(&self) -> Uuid {
        let mut rest = [0; 10];
        rest[2..].copy_from_slice(&self.1.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        uuid::Builder::from_unix_timestamp_millis(self.0.now().timestamp_millis() as u64, &rest).into_uuid()
    }

    fn fill(&self, bytes: &mut [u8]) {
        let seed = self.1.fetch_add(1, Ordering::SeqCst).to_be_bytes();
        bytes
            .iter_mut()
            .zip((0_u8..).zip(seed.iter().cycle()))
            .for_each(|(byte, (nth, seed))| *byte = nth ^ seed);
    }
}

/// The log, with things that can go wrong and with a count of what was asked of it.
pub struct WatchedLog {
    pub inner: MemoryLog,
    /// Answered in order before anything is appended.
    pub failures: Mutex<Vec<AppendError>>,
    /// Done by somebody else just before an append, the last one first.
    pub intruders: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    pub reads: AtomicU64,
    pub appends: AtomicU64,
}

impl WatchedLog {
    pub fn fail_next(&self, error: AppendError) {
        self.failures.lock().unwrap().push(error);
    }

    pub fn before_next(&self, intruder: impl FnOnce() + Send + 'static) {
        self.intruders.lock().unwrap().push(Box::new(intruder));
    }

    pub fn all(&self) -> Vec<Recorded> {
        self.inner.read_after(0, usize::MAX)
    }

    pub fn types(&self) -> Vec<String> {
        self.all().into_iter().map(|event| event.event_type).collect()
    }
}

#[async_trait]
impl EventLog for WatchedLog {
    async fn append(&self, append: Append) -> Result<Receipt, AppendError> {
        self.appends.fetch_add(1, Ordering::SeqCst);
        let failure = self.failures.lock().unwrap().pop();
        if let Some(failure) = failure {
            return Err(failure);
        }
        let intruder = self.intruders.lock().unwrap().pop();
        if let Some(intruder) = intruder {
            intruder();
        }
        self.inner.append(append).await
    }

    async fn read_stream(
        &self,
        tenant: TenantId,
        stream: &str,
        from: u64,
    ) -> Result<Vec<Recorded>, LogError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.inner.read_stream(tenant, stream, from).await
    }

    async fn find(&self, tenant: TenantId, key: &IdempotencyKey) -> Result<Option<Receipt>, AppendError> {
        self.inner.find(tenant, key).await
    }

    async fn head(&self) -> Result<u64, LogError> {
        self.inner.head().await
    }
}

#[async_trait]
impl crate::ports::ClusterFeed for WatchedLog {
    async fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, Unavailable> {
        Ok(self.inner.read_after(after, limit))
    }

    async fn wait(&self, after: u64, within: std::time::Duration) {
        self.inner.wait_after(after, within).await;
    }
}

/// Everything, in memory.
pub struct World {
    pub clock: Arc<StillClock>,
    pub ids: Arc<CountedIds>,
    pub log: Arc<WatchedLog>,
    pub vault: Arc<MemoryVault>,
    pub credentials: Arc<MemoryCredentials>,
    pub sessions: Arc<MemorySessions>,
    pub claims: Arc<MemoryClaims>,
    pub leases: Arc<MemoryLeases>,
    pub observations: Arc<MemoryObservations>,
    pub gateway: Arc<ScriptedGateway>,
    pub dispatcher: Arc<Dispatcher>,
    pub ports: Ports,
}

impl World {
    pub fn new() -> Self {
        let clock = Arc::new(StillClock::default());
        let ids = Arc::new(CountedIds(clock.clone(), AtomicU64::new(1)));
        let log = Arc::new(WatchedLog {
            inner: MemoryLog::new(clock.clone()),
            failures: Mutex::default(),
            intruders: Mutex::default(),
            reads: AtomicU64::new(0),
            appends: AtomicU64::new(0),
        });
        let claims = Arc::new(MemoryClaims::default());
        let credentials = Arc::new(MemoryCredentials::new(claims.clone()));
        let vault: Arc<MemoryVault> = Arc::default();
        let (sessions, leases) = (Arc::default(), Arc::default());
        let (observations, gateway) = (Arc::default(), Arc::default());
        let dispatcher = Dispatcher::new(log.clone(), clock.clone(), ids.clone()).with_vault(vault.clone());
        let dispatcher = Arc::new(dispatcher);
        Self {
            ports: Ports {
                log: log.clone(),
                vault: vault.clone(),
                credentials: credentials.clone(),
                sessions: Arc::<MemorySessions>::clone(&sessions),
                claims: claims.clone(),
                leases: Arc::<MemoryLeases>::clone(&leases),
                observations: Arc::<MemoryObservations>::clone(&observations),
                clusters: Arc::<ScriptedGateway>::clone(&gateway),
                clock: clock.clone(),
                ids: ids.clone(),
            },
            clock,
            ids,
            log,
            vault,
            credentials,
            sessions,
            claims,
            leases,
            observations,
            gateway,
            dispatcher,
        }
    }

    /// A dispatcher of another process on the same log: with a cache of its own.
    pub fn other_dispatcher(&self) -> Arc<Dispatcher> {
        Arc::new(Dispatcher::new(self.log.clone(), self.clock.clone(), self.ids.clone()))
    }

    pub fn reads(&self) -> u64 {
        self.log.reads.load(Ordering::SeqCst)
    }

    pub fn appends(&self) -> u64 {
        self.log.appends.load(Ordering::SeqCst)
    }
}

pub fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(7))
}

/// A signed-in user of [`tenant`].
pub fn user(role: Role) -> Caller {
    let actor = Actor::new(UserId::from_uuid(Uuid::from_u128(99)).to_string()).unwrap();
    Caller {
        actor,
        tenant: tenant(),
        grant: Grant::User { roles: [role].into(), session: Uuid::from_u128(1) },
    }
}

pub fn unavailable() -> Unavailable {
    Unavailable::new("the test's own", "it is away")
}
