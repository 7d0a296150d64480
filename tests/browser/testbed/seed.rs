//! A second process on the hub's database: it writes what the tests need to find there, by the domain's own commands, each of which says
//! in its reason that it was seeded.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt as _;
use hub_commands::access::Grant;
use hub_commands::accounts::{Accounts, NewUser};
use hub_commands::dispatcher::Options;
use hub_commands::ports::{Clock, Ids as _, Ports};
use hub_commands::{Caller, Dispatcher, Permission};
use hub_domain::cluster::Cluster;
use hub_domain::kernel::{Actor, Reason, TenantId, TenantName, TypedId as _, UserId};
use hub_domain::user::Role;
use hub_kit::{SystemClock, SystemIds};
use hub_kubernetes::KubeGateway;
use hub_postgres::pools::options;
use hub_postgres::{
    Kek, Keyring, PgClaims, PgCredentials, PgLeases, PgLog, PgObservations, PgSessions, PgVault, PoolSizes,
    Pools, WriterSettings,
};
use secrecy::SecretString;
use tokio_util::task::AbortOnDropHandle;

use crate::fleet::{Fleet, Step, Who};

/// The turn to observe the fleet: whoever has it is the one who looks at clusters.
const OBSERVER: &str = "observer";
const REASON: &str = "seeded by the testbed";
const AT_ONCE: usize = 64;

/// A fresh key-encryption key, as the hub takes it from its environment.
pub fn key() -> String {
    let mut bytes = [0; 32];
    SystemIds.fill(&mut bytes);
    data_encoding::BASE64.encode(&bytes)
}

/// A clock that can be set back, and runs again when it is told to.
#[derive(Debug, Default)]
struct Set(AtomicI64);

impl Clock for Set {
    fn now(&self) -> DateTime<Utc> {
        let set = self.0.load(Ordering::SeqCst);
        DateTime::from_timestamp_micros(set).filter(|_| set != 0).unwrap_or_else(|| SystemClock.now())
    }
}

/// The write side of a hub, without anything that runs by itself.
pub struct Beside {
    ports: Ports,
    dispatcher: Arc<Dispatcher>,
    clock: Arc<Set>,
    fleet: Mutex<Fleet>,
}

impl Beside {
    /// Opens it on the hub's database, under the hub's key.
    pub async fn open(url: &str, key: &str) -> anyhow::Result<Self> {
        let pools = Pools::connect(url, PoolSizes::default())?;
        let pool = pools.writer.clone();
        let kek = Kek::load(SecretString::from(key.to_owned()))?;
        let clock = Arc::new(Set::default());
        let (log, _) = PgLog::start(options(url)?, pool.clone(), clock.clone(), WriterSettings::default());
        let ports = Ports {
            log: Arc::new(log),
            vault: Arc::new(PgVault::unlock(pool.clone(), Keyring::from(kek)).await?),
            credentials: Arc::new(PgCredentials::new(pool.clone())),
            sessions: Arc::new(PgSessions::new(pool.clone())),
            claims: Arc::new(PgClaims::new(pool.clone())),
            leases: Arc::new(PgLeases::new(pool.clone())),
            observations: Arc::new(PgObservations::new(pool)),
            clusters: Arc::new(KubeGateway::default()),
            clock: clock.clone(),
            ids: Arc::new(SystemIds),
        };
        let dispatcher = Dispatcher::new(ports.log.clone(), ports.clock.clone(), ports.ids.clone());
        let dispatcher = Arc::new(dispatcher.with_vault(ports.vault.clone()));
        Ok(Self { ports, dispatcher, clock, fleet: Mutex::default() })
    }

    async fn tenant(&self) -> anyhow::Result<TenantId> {
        self.ports.credentials.tenant("default").await?.context("the hub has no tenant yet")
    }

    /// Creates the tenant in the past, and lets a fleet of made-up clusters live up to now. Takes the turn to observe for as long as
    /// the database stands: no hub looks at clusters that are none.
    pub async fn seed(&self, clusters: u32, days: u32, password: &str) -> anyhow::Result<()> {
        let turn = self.ports.leases.acquire(OBSERVER, "testbed", Duration::from_hours(48)).await?;
        turn.context("a hub observes the fleet already")?;
        let now = SystemClock.now();
        let begin = now - TimeDelta::days(i64::from(days));
        self.clock.0.store(begin.timestamp_micros(), Ordering::SeqCst);
        let accounts = Accounts::new(self.dispatcher.clone(), &self.ports);
        let name = TenantName::new("default")?;
        accounts.bootstrap(name, Some(password.to_owned().into())).await?;
        let tenant = self.tenant().await?;
        let operator =
            self.register(&accounts, tenant, "operator@example.org", "Operator", Role::Operator).await?;
        self.register(&accounts, tenant, "viewer@example.org", "Viewer", Role::Viewer).await?;

        let (fleet, ticks) = Fleet::plan(clusters);
        let pause = (now - TimeDelta::minutes(1) - begin) / i32::try_from(ticks.len().max(1))?;
        for (nth, steps) in ticks.into_iter().enumerate() {
            let at = begin + pause * i32::try_from(nth + 1)?;
            self.clock.0.store(at.timestamp_micros(), Ordering::SeqCst);
            // One cluster has one step a tick: their order does not matter.
            let mut work = futures::stream::iter(steps)
                .map(|step| self.take(tenant, operator, step))
                .buffer_unordered(AT_ONCE);
            while let Some(done) = work.next().await {
                done?;
            }
        }
        self.clock.0.store(0, Ordering::SeqCst);
        *self.fleet.lock().unwrap_or_else(PoisonError::into_inner) = fleet;
        Ok(())
    }

    async fn register(
        &self,
        accounts: &Accounts,
        tenant: TenantId,
        email: &str,
        name: &str,
        role: Role,
    ) -> anyhow::Result<UserId> {
        let administrator = UserId::from_uuid(tenant.uuid());
        let caller = caller(tenant, administrator, Role::Admin)?;
        let user = NewUser {
            email: email.to_owned().into(),
            display_name: name.to_owned().into(),
            roles: [role].into(),
            password: None,
        };
        Ok(accounts.register(&caller, user, &reasoned()?).await?.id)
    }

    async fn take(&self, tenant: TenantId, operator: UserId, step: Step) -> anyhow::Result<()> {
        let (caller, permission) = match step.who {
            Who::Observer => (Caller::system(OBSERVER, tenant), Permission::ObserveClusters),
            Who::Operator => (caller(tenant, operator, Role::Operator)?, Permission::ManageClusters),
        };
        let options = Options { change_request: step.change_request, ..reasoned()? };
        let stream = step.cluster.to_string();
        self.dispatcher
            .execute::<Cluster>(&caller, permission, step.name, &stream, step.command, &options)
            .await
            .with_context(|| format!("seeding: {}", step.name))?;
        Ok(())
    }

    /// The newest position of the ledger.
    pub async fn position(&self) -> anyhow::Result<u64> {
        Ok(self.ports.log.head().await?)
    }

    /// Ends every session of the administrator.
    pub async fn end_sessions(&self) -> anyhow::Result<()> {
        let tenant = self.tenant().await?;
        Ok(self.ports.sessions.end_all(tenant, UserId::from_uuid(tenant.uuid())).await?)
    }
}

fn caller(tenant: TenantId, user: UserId, role: Role) -> anyhow::Result<Caller> {
    let grant = Grant::User { roles: BTreeSet::from([role]), session: hub_kit::ids::uuid() };
    Ok(Caller { actor: Actor::new(user.to_string())?, tenant, grant })
}

fn reasoned() -> anyhow::Result<Options> {
    Ok(Options { reason: Some(Reason::new(REASON)?), ..Options::default() })
}

/// Events that keep coming. Dropped, they end.
pub struct Filling {
    written: Arc<AtomicU64>,
    _task: AbortOnDropHandle<()>,
}

impl Filling {
    /// Starts it.
    pub fn start(beside: Arc<Beside>, per_minute: u32) -> Self {
        let written = Arc::new(AtomicU64::new(0));
        let task = tokio::spawn({
            let written = written.clone();
            async move {
                let mut pace = tokio::time::interval(Duration::from_mins(1) / per_minute.max(1));
                let Ok(tenant) = beside.tenant().await else { return };
                let nobody = UserId::from_uuid(tenant.uuid());
                loop {
                    pace.tick().await;
                    let step = beside.fleet.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(step) = step else { return };
                    match beside.take(tenant, nobody, step).await {
                        Ok(()) => written.fetch_add(1, Ordering::SeqCst),
                        Err(cause) => return eprintln!("filling: {cause:#}"),
                    };
                }
            }
        });
        Self { written, _task: AbortOnDropHandle::new(task) }
    }

    /// How many were written.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }
}
