//! Entries as the audit log makes them: one of each event that the hub knows, and of some that are still to come.

use std::collections::{BTreeMap, BTreeSet};

use hub_domain::Event as _;
use hub_domain::cluster::{
    self, Change, ClusterEvent, Credentials, Facts, Failure, Health, Issue, NodeCount,
};
use hub_domain::export::{self, ExportEvent, Filter, Format, Transport};
use hub_domain::import::{self, ImportEvent};
use hub_domain::kernel::{ClusterId, ClusterName, ExportId, ExportName, ImportId, Labels, Reason, Region};
use hub_domain::kernel::{Metadata, Sealed, SecretRef, TenantId, TenantName, TypedId, UserId};
use hub_domain::ledger::{Algorithm, Checkpoint, Hash, Recorded, Rotation, SigningKey, origin, sha256};
use hub_domain::tenant::{self, TenantEvent};
use hub_domain::user::{self, Profile, Role, SignInRefusal, UserEvent};
use hub_projections::models::{AuditLog, AuditLogs};
use hub_projections::outlet::{Manifest, Notice};
use hub_projections::proof::Issued;
use hub_projections::{Event, Projection};
use uuid::Uuid;

const OBSERVER: &str = "system:observer";

/// 2026-11-27 16:30:00.123456 UTC.
const TIME: i64 = 1_795_797_000_123_456;

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(0x01a2_0894_4182_7000_8000_0000_0000_0000 + number)
}

pub fn tenant() -> String {
    TenantId::from_uuid(uuid(1)).to_string()
}

pub fn cluster() -> String {
    ClusterId::from_uuid(uuid(2)).to_string()
}

pub fn user() -> String {
    UserId::from_uuid(uuid(3)).to_string()
}

pub fn admin() -> String {
    UserId::from_uuid(uuid(4)).to_string()
}

/// What stands in the log so far.
#[derive(Default)]
struct Log {
    entries: Vec<AuditLog>,
    revisions: BTreeMap<String, u64>,
}

impl Log {
    fn raw(&mut self, stream: &str, event_type: &str, command: &str, actor: &str, payload: Vec<u8>) {
        let position = self.entries.len() as u64 + 1;
        let revision = self.revisions.entry(stream.to_owned()).or_default();
        let by_user = !actor.starts_with("system:");
        let metadata = Metadata {
            command: command.into(),
            trace_id: by_user
                .then(|| format!("{:032x}", 0x6ad1_b228_9d5b_6673_u128 << 64 | u128::from(position))),
            reason: (position % 4 == 1).then(|| "CHG-1042: a \"better\" region | a=b".into()),
            caused_by: (!by_user).then(|| uuid(100 + u128::from(position) - 1)),
            origin: None,
            request_id: by_user.then(|| uuid(900 + u128::from(position)).to_string()),
            change_request: (position % 8 == 5).then(|| "CHG-1042".into()),
        };
        let recorded = Recorded {
            position,
            tenant: uuid(1),
            sequence: position - 1,
            stream: stream.into(),
            revision: *revision,
            event_id: uuid(100 + u128::from(position)),
            command_id: uuid(500 + u128::from(position)),
            recorded_at: TIME + position as i64 * 1_000_001,
            event_type: event_type.into(),
            schema_version: 1,
            actor: actor.into(),
            metadata: serde_json::to_vec(&metadata).unwrap(),
            payload,
            leaf_hash: sha256(&position.to_be_bytes()),
        };
        *revision += 1;
        self.entries.push(AuditLogs::fold(None, &Event::new(recorded)).unwrap());
    }

    fn push<E: hub_domain::Event>(&mut self, stream: &str, command: &str, actor: &str, event: &E) {
        self.raw(stream, event.event_type(), command, actor, event.encode().unwrap());
    }

    fn told(&mut self, stream: &str, event_type: &str, command: &str, actor: &str, payload: &str) {
        self.raw(stream, event_type, command, actor, payload.as_bytes().to_vec());
    }
}

/// One of each event type that the hub knows; some twice, where who or what makes a difference.
pub fn known() -> Vec<AuditLog> {
    let mut log = Log::default();
    tenants(&mut log);
    users(&mut log);
    clusters(&mut log);
    exports(&mut log);
    imports(&mut log);
    let found: BTreeSet<_> = log.entries.iter().map(|entry| entry.event_type.as_str()).collect();
    let families =
        [TenantEvent::TYPES, UserEvent::TYPES, ClusterEvent::TYPES, ExportEvent::TYPES, ImportEvent::TYPES];
    let missing: Vec<_> = families.into_iter().flatten().filter(|known| !found.contains(**known)).collect();
    assert!(missing.is_empty(), "no example of {missing:?}");
    log.entries
}

fn tenants(log: &mut Log) {
    let name = |name: &str| TenantName::new(name).unwrap();
    let (stream, admin) = (tenant(), admin());
    let created = TenantEvent::Created(tenant::Created { name: name("acme") });
    log.push(&stream, "tenant.create", "system:operator", &created);
    let renamed = tenant::Renamed { from: name("acme"), to: name("acme-eu") };
    log.push(&stream, "tenant.rename", &admin, &TenantEvent::Renamed(renamed));
    let suspended = tenant::Suspended { reason: Reason::new("unpaid").unwrap() };
    log.push(&stream, "tenant.suspend", "system:operator", &TenantEvent::Suspended(suspended));
    log.push(&stream, "tenant.resume", "system:operator", &TenantEvent::Resumed(tenant::Resumed {}));
    let key = |seed| SigningKey::new("hub.example.org", Algorithm::Ed25519, &[seed; 32]).unwrap();
    let statement = Rotation::sign(&key(7), &key(8)).unwrap().to_string();
    let rotated = TenantEvent::SigningKeyRotated(tenant::SigningKeyRotated { statement });
    log.push(&stream, "tenant.rotate_signing_key", "system:signing", &rotated);
}

fn users(log: &mut Log) {
    let sealed = |text: &str| Sealed::new(text).unwrap();
    let profile = || Profile { email: sealed("c2VhbGVkLWVtYWls"), display_name: sealed("c2VhbGVkLW5hbWU=") };
    let roles = |roles: &[Role]| roles.iter().copied().collect::<BTreeSet<_>>();
    let (stream, admin) = (user(), admin());
    let changed = |from: &[Role], to: &[Role]| {
        UserEvent::RolesChanged(user::RolesChanged { from: roles(from), to: roles(to) })
    };
    let session = || "session_01m8498gc2edxajvh1frhdr6je".to_owned();
    let refused = |cause| UserEvent::SignInRefused(user::SignInRefused { cause });
    let registered = user::Registered { profile: profile(), roles: roles(&[Role::Viewer]) };
    let password = || UserEvent::PasswordChanged(user::PasswordChanged {});
    let by_admin = [
        ("user.register", UserEvent::Registered(registered)),
        ("user.change", UserEvent::ProfileChanged(user::ProfileChanged { profile: profile() })),
        ("user.change", changed(&[Role::Viewer], &[Role::Admin, Role::Operator])),
        ("user.change", changed(&[Role::Admin, Role::Operator], &[Role::Operator])),
        ("user.change", password()),
        ("user.change", UserEvent::Disabled(user::Disabled {})),
        ("user.change", UserEvent::Enabled(user::Enabled {})),
    ];
    for (command, event) in by_admin {
        log.push(&stream, command, &admin, &event);
    }
    let by_self = [
        ("user.change", password()),
        ("auth.login", UserEvent::SignedIn(user::SignedIn { session: session() })),
        ("auth.login", refused(SignInRefusal::WrongPassword)),
        ("auth.login", refused(SignInRefusal::AccountDisabled)),
        ("auth.login", refused(SignInRefusal::TenantSuspended)),
        ("auth.refresh", refused(SignInRefusal::RefreshTokenReused)),
        ("auth.logout", UserEvent::SignedOut(user::SignedOut { session: session() })),
    ];
    for (command, event) in by_self {
        log.push(&stream, command, &stream, &event);
    }
    let refused = user::CommandRefused {
        command: "cluster.decommission".into(),
        target: Some(cluster()),
        code: "forbidden".into(),
        kind: user::RefusedAs::Forbidden,
    };
    log.push(&stream, "cluster.decommission", &stream, &UserEvent::CommandRefused(refused));
    let counted = UserEvent::RefusalsCounted(user::RefusalsCounted { count: 40, seconds: 60 });
    log.push(&stream, "user.count_refusals", "system:accountability", &counted);
    log.push(&stream, "user.delete", &admin, &UserEvent::Deleted(user::Deleted {}));
}

fn clusters(log: &mut Log) {
    let name = |name: &str| ClusterName::new(name).unwrap();
    let labels =
        |team: &str| Labels::new([("app.kubernetes.io/part-of".to_owned(), team.to_owned())].into()).unwrap();
    let credentials = || Credentials {
        secret: SecretRef::new("cluster/kubeconfig/1").unwrap(),
        fingerprint: "696479dabacb2e7ca7465e0591bcb21b".into(),
        endpoint: "https://10.0.0.7:6443".into(),
    };
    let nodes = |total, ready| NodeCount { total, ready };
    let spec = cluster::Spec {
        name: name("prod-1"),
        provider: cluster::Provider::OnPremises,
        region: Region::new("lab").unwrap(),
        labels: labels("data"),
        credentials: credentials(),
    };
    let facts = Facts { uid: uuid(9).to_string(), version: "v1.33.2".into(), nodes: nodes(3, 3) };
    let failure =
        || Failure { code: "unauthorized".into(), message: "The cluster refused the token.".into() };
    let issue =
        Issue { code: "node-not-ready".into(), object: "node/worker-3".into(), message: "It waits.".into() };
    let change = cluster::Changed {
        name: Some(Change { from: name("prod-1"), to: name("prod-eu-1") }),
        region: None,
        labels: Some(Change { from: labels("data"), to: labels("platform") }),
    };
    let health = |from, to, issues| {
        ClusterEvent::HealthChanged(cluster::HealthChanged { from, to, issues, changes: None })
    };
    let (stream, user) = (cluster(), user());
    let by_user = "by user";
    let events = [
        (by_user, "cluster.import", ClusterEvent::ImportRequested(cluster::ImportRequested { spec })),
        (
            OBSERVER,
            "cluster.observe",
            ClusterEvent::ImportFailed(cluster::ImportFailed { failure: failure() }),
        ),
        (OBSERVER, "cluster.observe", ClusterEvent::Imported(cluster::Imported { facts })),
        (by_user, "cluster.change", ClusterEvent::Changed(change)),
        (
            by_user,
            "cluster.change",
            ClusterEvent::CredentialsReplaced(cluster::CredentialsReplaced {
                credentials: credentials(),
                before: Some(credentials()),
            }),
        ),
        (
            OBSERVER,
            "cluster.observe",
            ClusterEvent::UpdateCompleted(cluster::UpdateCompleted { credentials: credentials() }),
        ),
        (
            OBSERVER,
            "cluster.observe",
            ClusterEvent::UpdateFailed(cluster::UpdateFailed { failure: failure() }),
        ),
        (OBSERVER, "cluster.observe", health(Health::Healthy, Health::Degraded, vec![issue])),
        (OBSERVER, "cluster.observe", health(Health::Degraded, Health::Unreachable, vec![])),
        (OBSERVER, "cluster.observe", health(Health::Unreachable, Health::Healthy, vec![])),
        (
            OBSERVER,
            "cluster.observe",
            ClusterEvent::VersionChanged(cluster::VersionChanged {
                from: "v1.33.2".into(),
                to: "v1.34.0".into(),
            }),
        ),
        (
            OBSERVER,
            "cluster.observe",
            ClusterEvent::NodesChanged(cluster::NodesChanged { from: nodes(3, 3), to: nodes(4, 3) }),
        ),
        (
            by_user,
            "cluster.decommission",
            ClusterEvent::DecommissionRequested(cluster::DecommissionRequested {}),
        ),
        (OBSERVER, "cluster.decommission", ClusterEvent::Decommissioned(cluster::Decommissioned {})),
    ];
    for (actor, command, event) in events {
        log.push(&stream, command, if actor == by_user { &user } else { actor }, &event);
    }
}

fn exports(log: &mut Log) {
    let (stream, admin) = (ExportId::from_uuid(uuid(5)).to_string(), admin());
    let spec = export::Spec {
        name: ExportName::new("siem").unwrap(),
        format: Format::Ocsf,
        transport: Transport::File { name: "events.log".into(), max_bytes: 1 << 20, keep: 3 },
        filter: Filter::default(),
        starts_at: None,
        credentials: None,
    };
    for (command, event) in [
        ("export.create", ExportEvent::Created(export::Created { spec: Box::new(spec) })),
        ("export.pause", ExportEvent::Paused(export::Paused {})),
        ("export.resume", ExportEvent::Resumed(export::Resumed {})),
        ("export.replay", ExportEvent::Replayed(export::Replayed { from: 1 })),
        ("export.retry", ExportEvent::DeadLettersRetried(export::DeadLettersRetried {})),
        ("export.delete", ExportEvent::Deleted(export::Deleted {})),
    ] {
        log.push(&stream, command, &admin, &event);
    }
}

fn imports(log: &mut Log) {
    let stream = ImportId::from_uuid(uuid(6)).to_string();
    let started = ImportEvent::Started(import::Started { source: "postgres-es".into() });
    log.push(&stream, "import.start", "system:import", &started);
    let completed = ImportEvent::Completed(import::Completed { tally: import::Tally::default() });
    log.push(&stream, "import.complete", "system:import", &completed);
}

/// Events of aggregates that the design names and the hub does not have yet, of its own newer versions, and of nobody's.
pub fn to_come() -> Vec<AuditLog> {
    let mut log = Log::default();
    let user = user();
    let app = r#"{"name":"postgres","version":"17.2"}"#;
    for verb in [
        "installed",
        "upgraded",
        "scaled",
        "started",
        "stopped",
        "restarted",
        "enabled",
        "disabled",
        "removed",
    ] {
        log.told(
            "application_1",
            &format!("application.{verb}.v1"),
            &format!("application.{verb}"),
            &user,
            app,
        );
    }
    log.told("application_1", "application.backed_up.v1", "application.back_up", "system:flows", app);
    for verb in ["requested", "approved", "completed", "failed", "rolled_back"] {
        let failed = r#"{"name":"postgres","failure":{"code":"health-gate","message":"It was not."}}"#;
        log.told("deployment_1", &format!("deployment.{verb}.v1"), "deployment.deploy", &user, failed);
    }
    let policy = r#"{"name":"no-privileged-pods"}"#;
    for verb in ["created", "changed", "disabled", "deleted", "violated", "passed"] {
        log.told("policy_1", &format!("policy.{verb}.v1"), &format!("policy.{verb}"), &user, policy);
    }
    for verb in ["detected", "acknowledged", "waived", "resolved", "judged"] {
        log.told(
            "violation_1",
            &format!("violation.{verb}.v2"),
            "policy.evaluate",
            "system:policies",
            policy,
        );
    }
    log.told(&cluster(), "cluster.teleported.v7", "cluster.teleport", &user, "{\n  \"to\": [1,\r\n 2]\n}");
    log.told("thing_1", "thing.happened.v1", "thing.happen", &user, "[]");
    log.told("thing_1", "nonsense", "nonsense", "somebody", r#""text""#);
    log.told(&user, "user.roles_changed.v9", "user.change", &user, r#"{"from":5,"to":{"a":[]}}"#);
    let mut refused = log.entries.clone();
    for (entry, action) in
        refused.iter_mut().zip(["cluster.decommission", "cluster.change", "user.list", "audit.export"])
    {
        entry.outcome = "refused".into();
        entry.action = action.into();
        entry.summary = format!("{action} was refused");
    }
    log.entries.extend(refused.into_iter().take(4));
    let mut odd = log.entries[0].clone();
    odd.outcome = "undecided".into();
    log.entries.push(odd);
    log.entries
}

/// Everything.
pub fn all() -> Vec<AuditLog> {
    known().into_iter().chain(to_come()).collect()
}

/// A checkpoint as the notary makes it.
pub fn issued() -> Issued {
    let key = SigningKey::new("hub.example.org", Algorithm::Ed25519, &[7; 32]).unwrap();
    let origin = origin("hub.example.org", uuid(1));
    let (size, root) = (33, Hash([0xab; 32]));
    let note = Checkpoint { origin: origin.clone(), size, root }.sign(&key.named(&origin).unwrap());
    Issued {
        entry: 5,
        tenant: uuid(1),
        size,
        root,
        position: 40,
        issued_at: TIME + 60_000_000,
        note: note.to_string(),
    }
}

/// One of each notice.
pub fn notices() -> Vec<Notice> {
    let manifest = |checkpoint| {
        Notice::Manifest(Manifest {
            outlet: "export_01m8498h6he5brvgqsvf1wy4mz".into(),
            tenant: uuid(1),
            from: 8,
            to: 40,
            count: 31,
            root: Hash([0xcd; 32]),
            checkpoint,
        })
    };
    vec![Notice::Checkpoint(issued()), manifest(Some(issued())), manifest(None)]
}
