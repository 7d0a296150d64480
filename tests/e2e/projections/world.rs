//! A log with clusters and users in it, and hub processes that project it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use hub_commands::ports::{Append, EventLog, Expected, Proposed};
use hub_domain::cluster::{
    Changes, Cluster, ClusterCommand, Credentials, Facts, Failure, Issue, NodeCount, Observation, Provider,
    Spec,
};
use hub_domain::export;
use hub_domain::kernel::{
    Actor, ClusterId, ClusterName, Event as _, ExportName, Labels, Metadata, Region, Sealed, SecretRef,
    TenantId, TypedId, UserId,
};
use hub_domain::user::{Account, Profile, Role, User, UserCommand};
use hub_domain::{Ctx, Decider};
use hub_kit::{Database, SystemClock, ids};
use hub_postgres::log::PgFeed;
use hub_postgres::pools::options;
use hub_postgres::{PgLog, PoolSizes, Pools, WriterSettings};
use hub_projections::{Event, EventFeed, ProjectionRunner, ReadModels, Standing, oracle};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// As long as anything here may take.
pub const LONG: Duration = Duration::from_secs(30);

pub struct World {
    pub pools: Pools,
    pub log: PgLog,
    pub feed: Arc<dyn EventFeed>,
    pub database: Database,
}

/// One hub process, as far as the read side goes.
pub struct Process {
    pub read: ReadModels,
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Process {
    /// Ends it, in the middle of whatever it is doing.
    pub async fn end(self) {
        self.cancel.cancel();
        self.task.await.unwrap();
    }

    pub fn standing(&self, name: &str) -> Standing {
        self.read.statuses().into_iter().find(|status| status.name == name).unwrap().standing
    }

    /// Whether this process moves the projection.
    pub fn leads(&self, name: &str) -> bool {
        self.standing(name) == Standing::Leading
    }
}

impl World {
    pub async fn fresh() -> Self {
        let database = Database::fresh().await;
        let pools = Pools::connect(database.url(), PoolSizes::default()).unwrap();
        let settings = WriterSettings::default();
        let (log, _) = PgLog::start(
            options(database.url()).unwrap(),
            pools.writer.clone(),
            Arc::new(SystemClock),
            settings,
        );
        let feed = Arc::new(PgFeed::new(pools.projector.clone(), log.committed().subscribe()));
        Self { pools, log, feed, database }
    }

    /// Starts a process on the database.
    pub fn process(&self) -> Process {
        let pools = Pools::connect(self.database.url(), PoolSizes::default()).unwrap();
        let runner = ProjectionRunner::new(pools.projector, Arc::clone(&self.feed));
        let read = ReadModels::new(pools.reader, runner.progress());
        let cancel = CancellationToken::new();
        let task = tokio::spawn(runner.run(cancel.clone()));
        Process { read, cancel, task }
    }

    /// Appends bytes.
    pub async fn raw(&self, tenant: TenantId, stream: &str, event_type: &'static str, payload: &str) -> u64 {
        let event = Proposed {
            event_id: ids::uuid(),
            event_type,
            schema_version: 1,
            payload: payload.as_bytes().to_vec(),
        };
        self.append(tenant, stream, vec![event]).await
    }

    async fn append(&self, tenant: TenantId, stream: &str, events: Vec<Proposed>) -> u64 {
        let metadata = Metadata { command: "test.run".into(), ..Metadata::default() };
        let append = Append {
            tenant,
            stream: stream.to_owned(),
            expected: Expected::Any,
            command_id: ids::uuid(),
            actor: Actor::new("user_somebody").unwrap(),
            metadata: serde_json::to_vec(&metadata).unwrap(),
            events,
            idempotency: None,
        };
        self.log.append(append).await.unwrap().position
    }

    /// Decides a command on what the log says, and appends what comes of it. A refusal or no event is no position.
    pub async fn decide<D: Decider>(
        &self,
        tenant: TenantId,
        stream: &str,
        command: D::Command,
    ) -> Option<u64> {
        let recorded = self.log.read_stream(tenant, stream, 0).await.unwrap();
        let state = recorded.iter().fold(D::initial(), |state, event| {
            D::evolve(state, &D::Event::decode(&event.event_type, &event.payload).unwrap())
        });
        let ctx = Ctx {
            now: DateTime::UNIX_EPOCH,
            actor: Actor::new("user_somebody").unwrap(),
            tenant,
            command_id: Uuid::nil(),
        };
        let events = D::decide(&state, command, &ctx).unwrap_or_default();
        if events.is_empty() {
            return None;
        }
        let propose = |event: &D::Event| Proposed {
            event_id: ids::uuid(),
            event_type: event.event_type(),
            schema_version: event.schema_version(),
            payload: event.encode().unwrap(),
        };
        Some(self.append(tenant, stream, events.iter().map(propose).collect()).await)
    }

    /// Asks for an import.
    pub async fn import(&self, tenant: TenantId, number: u128, spec: Spec) -> u64 {
        self.decide::<Cluster>(tenant, &cluster(number).to_string(), ClusterCommand::Import(spec))
            .await
            .unwrap()
    }

    /// Shows a cluster to the observer.
    pub async fn observe(&self, tenant: TenantId, number: u128, seen: Observation) -> Option<u64> {
        let command = ClusterCommand::Observe(credentials(), seen);
        self.decide::<Cluster>(tenant, &cluster(number).to_string(), command).await
    }

    /// Does something to a cluster or user, chosen by a number; the same numbers do the same.
    pub async fn step(&self, number: u64) {
        let tenant = tenant(u128::from(number % 2 + 1));
        let which = u128::from(number / 2 % 5);
        let stream = cluster(which).to_string();
        let command = match number / 10 % 9 {
            0 | 5 => ClusterCommand::Import(spec(&format!("cluster-{which}"))),
            1 => ClusterCommand::Observe(credentials(), seen(3, &[])),
            2 => ClusterCommand::Observe(credentials(), seen(4, &["node-not-ready"])),
            3 => ClusterCommand::ObserveFailure(credentials(), failure()),
            4 => ClusterCommand::Change(Changes {
                name: Some(ClusterName::new(format!("renamed-{number}")).unwrap()),
                ..Changes::default()
            }),
            6 if number.is_multiple_of(7) => ClusterCommand::RequestDecommission,
            7 if number.is_multiple_of(7) => ClusterCommand::ConfirmDecommission,
            _ => {
                let stream = user(which).to_string();
                self.decide::<User>(tenant, &stream, UserCommand::Register(account())).await;
                self.decide::<User>(tenant, &stream, UserCommand::SignIn { session: number.to_string() })
                    .await;
                return;
            }
        };
        self.decide::<Cluster>(tenant, &stream, command).await;
    }

    pub async fn head(&self) -> u64 {
        self.log.head().await.unwrap()
    }

    /// The whole log.
    pub async fn events(&self) -> Vec<Event> {
        let recorded = self.feed.read(0, 1_000_000).await.unwrap();
        recorded.into_iter().map(Event::new).collect()
    }

    /// Fails unless the tables are those of a full refold.
    pub async fn assert_equal_to_a_refold(&self) {
        let differences = oracle::differences(&self.pools.projector, &self.events().await).await.unwrap();
        assert!(differences.is_empty(), "{differences:#?}");
    }

    /// A value out of a projection's cursor.
    pub async fn cursor(&self, column: &str, name: &str) -> Option<i64> {
        sqlx::query_scalar(&format!("select {column}::bigint from read.cursors where name = $1"))
            .bind(name)
            .fetch_one(&self.pools.projector)
            .await
            .unwrap()
    }
}

pub fn tenant(number: u128) -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(number))
}

pub fn cluster(number: u128) -> ClusterId {
    ClusterId::from_uuid(Uuid::from_u128(number))
}

pub fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

pub fn credentials() -> Credentials {
    Credentials {
        secret: SecretRef::new("secret-1").unwrap(),
        fingerprint: "01".into(),
        endpoint: "https://one.example:6443".into(),
    }
}

pub fn spec(name: &str) -> Spec {
    Spec {
        name: ClusterName::new(name).unwrap(),
        provider: Provider::Aws,
        region: Region::new("us-west-2").unwrap(),
        labels: Labels::new([("env".to_owned(), "prod".to_owned())].into()).unwrap(),
        credentials: credentials(),
    }
}

/// What an export of events about clusters is made of.
pub fn export(name: &str, starts_at: Option<u64>) -> Box<export::Spec> {
    Box::new(export::Spec {
        name: ExportName::new(name).unwrap(),
        format: export::Format::Json,
        transport: export::Transport::File { name: "audit".into(), max_bytes: 1 << 20, keep: 1 },
        filter: export::Filter { target_types: ["cluster".to_owned()].into(), ..export::Filter::default() },
        starts_at,
        credentials: None,
    })
}

pub fn seen(nodes: u32, issues: &[&str]) -> Observation {
    let issue =
        |code: &&str| Issue { code: (*code).into(), object: "node/a".into(), message: "It is so.".into() };
    Observation {
        facts: Facts {
            uid: "uid-1".into(),
            version: "v1.33.2".into(),
            nodes: NodeCount { total: nodes, ready: nodes },
        },
        issues: issues.iter().map(issue).collect(),
    }
}

pub fn failure() -> Failure {
    Failure { code: "connection-refused".into(), message: "The API server refused the connection.".into() }
}

pub fn account() -> Account {
    let sealed = |text: &str| Sealed::new(text).unwrap();
    Account {
        profile: Profile { email: sealed("c2VhbGVk"), display_name: sealed("YWxzbw") },
        roles: BTreeSet::from([Role::Viewer, Role::Operator]),
    }
}
