//! Events for tests, recorded as the log would.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use hub_domain::cluster::{
    Changes, Cluster, ClusterCommand, ClusterState, Credentials, Facts, Failure, Issue, NodeCount,
    Observation, Provider, Spec,
};
use hub_domain::kernel::{
    Actor, ClusterId, ClusterName, Labels, Region, Sealed, SecretRef, TenantId, TypedId, UserId,
};
use hub_domain::ledger::{Hash, Recorded};
use hub_domain::user::{Account, Profile, Role, User, UserCommand, UserState};
use hub_domain::{Ctx, Decider, Event as _};
use uuid::Uuid;

use crate::event::Event;

/// What stands in the log so far.
#[derive(Default)]
pub struct Log {
    pub events: Vec<Recorded>,
    sequences: BTreeMap<u128, u64>,
    revisions: BTreeMap<(u128, String), u64>,
}

impl Log {
    /// Appends bytes.
    pub fn raw(&mut self, tenant: u128, stream: &str, event_type: &str, payload: &str) -> &Recorded {
        let position = self.events.len() as u64 + 1;
        let sequence = self.sequences.entry(tenant).or_default();
        let revision = self.revisions.entry((tenant, stream.to_owned())).or_default();
        self.events.push(Recorded {
            position,
            tenant: Uuid::from_u128(tenant),
            sequence: *sequence,
            stream: stream.to_owned(),
            revision: *revision,
            event_id: Uuid::from_u128(u128::from(position)),
            command_id: Uuid::from_u128(u128::from(position)),
            recorded_at: 1_700_000_000_000_000 + position as i64 * 1000,
            event_type: event_type.to_owned(),
            schema_version: 1,
            actor: "user_somebody".to_owned(),
            metadata: br#"{"command":"cluster.test","reason":"because"}"#.to_vec(),
            payload: payload.as_bytes().to_vec(),
            leaf_hash: Hash([7; 32]),
        });
        *sequence += 1;
        *revision += 1;
        self.events.last().expect("just pushed")
    }

    /// Decides a command on a stream, appends what comes of it, and answers the new state. A refusal changes nothing.
    pub fn decide<D: Decider>(
        &mut self,
        tenant: u128,
        stream: &str,
        state: D::State,
        command: D::Command,
    ) -> D::State {
        let ctx = Ctx {
            now: DateTime::UNIX_EPOCH,
            actor: Actor::new("user_somebody").unwrap(),
            tenant: TenantId::from_uuid(Uuid::from_u128(tenant)),
            command_id: Uuid::nil(),
        };
        let events = D::decide(&state, command, &ctx).unwrap_or_default();
        events.iter().fold(state, |state, event| {
            let payload = String::from_utf8(event.encode().unwrap()).unwrap();
            self.raw(tenant, stream, event.event_type(), &payload);
            D::evolve(state, event)
        })
    }

    /// As projections see them.
    pub fn decoded(&self) -> Vec<Event> {
        self.events.iter().cloned().map(Event::new).collect()
    }
}

pub fn cluster_id(number: u128) -> String {
    ClusterId::from_uuid(Uuid::from_u128(number)).to_string()
}

pub fn user_id(number: u128) -> String {
    UserId::from_uuid(Uuid::from_u128(number)).to_string()
}

pub fn credentials(number: u8) -> Credentials {
    Credentials {
        secret: SecretRef::new(format!("secret-{number}")).unwrap(),
        fingerprint: format!("{number:02x}"),
        endpoint: format!("https://{number}.example:6443"),
    }
}

pub fn spec(name: &str) -> Spec {
    Spec {
        name: ClusterName::new(name).unwrap(),
        provider: Provider::Aws,
        region: Region::new("us-west-2").unwrap(),
        labels: Labels::new([("env".to_owned(), "prod".to_owned())].into()).unwrap(),
        credentials: credentials(1),
    }
}

pub fn observation(nodes: u32, version: &str, issues: &[&str]) -> Observation {
    let issue =
        |code: &&str| Issue { code: (*code).into(), object: "node/a".into(), message: "It is so.".into() };
    Observation {
        facts: Facts {
            uid: "uid-1".into(),
            version: version.into(),
            nodes: NodeCount { total: nodes, ready: nodes - u32::try_from(issues.len()).unwrap().min(nodes) },
        },
        issues: issues.iter().map(issue).collect(),
    }
}

/// A command on a cluster, chosen by three numbers.
pub fn cluster_command(state: &ClusterState, which: u8, one: u8, two: u8) -> ClusterCommand {
    let held = state.credentials().cloned().unwrap_or_else(|| credentials(1));
    match which % 10 {
        0 => ClusterCommand::Import(spec(&format!("cluster-{one}"))),
        1 | 2 => {
            ClusterCommand::Observe(held, observation(u32::from(one % 4), &format!("v1.{}.0", two % 3), &[]))
        }
        3 => ClusterCommand::Observe(held, observation(3, "v1.1.0", &["node-not-ready"])),
        4 => {
            let failure = Failure { code: format!("code-{}", one % 2), message: "It failed.".into() };
            ClusterCommand::ObserveFailure(held, failure)
        }
        5 | 6 => ClusterCommand::Change(Changes {
            name: Some(ClusterName::new(format!("cluster-{two}")).unwrap()),
            region: one.is_multiple_of(2).then(|| Region::new(format!("region-{two}")).unwrap()),
            labels: one
                .is_multiple_of(3)
                .then(|| Labels::new([("n".to_owned(), two.to_string())].into()).unwrap()),
            credentials: None,
        }),
        7 | 8 => {
            ClusterCommand::Change(Changes { credentials: Some(credentials(one % 4)), ..Changes::default() })
        }
        _ if two.is_multiple_of(8) => ClusterCommand::RequestDecommission,
        _ => ClusterCommand::ConfirmDecommission,
    }
}

pub fn sealed(text: &str) -> Sealed {
    Sealed::new(text).unwrap()
}

pub fn account(number: u8) -> Account {
    Account {
        profile: Profile { email: sealed(&format!("email-{number}")), display_name: sealed("name") },
        roles: BTreeSet::from([Role::Viewer]),
    }
}

/// A command on a user, chosen by two numbers.
pub fn user_command(which: u8, one: u8) -> UserCommand {
    let id = UserId::from_uuid(Uuid::from_u128(99));
    match which % 6 {
        0 => UserCommand::Register(account(one)),
        1 => UserCommand::SignIn { session: "session".into() },
        2 => UserCommand::SignOut { session: "session".into() },
        3 => UserCommand::Change {
            id,
            changes: hub_domain::user::Changes {
                profile: one.is_multiple_of(2).then(|| account(one).profile),
                roles: one.is_multiple_of(3).then(|| BTreeSet::from([Role::Admin])),
                enabled: Some(!one.is_multiple_of(5)),
                password: one.is_multiple_of(7),
            },
        },
        4 if one.is_multiple_of(8) => UserCommand::Delete { id },
        _ => UserCommand::SignIn { session: "other".into() },
    }
}

/// A log of several clusters and users of two tenants, from random numbers.
pub fn history(numbers: &[(u8, u8, u8)]) -> Log {
    let mut log = Log::default();
    let mut clusters: BTreeMap<(u128, u128), ClusterState> = BTreeMap::new();
    let mut users: BTreeMap<(u128, u128), UserState> = BTreeMap::new();
    for (which, one, two) in numbers {
        let (tenant, number) = (u128::from(which % 2 + 1), u128::from(one % 3));
        if two.is_multiple_of(3) {
            let state = users.remove(&(tenant, number)).unwrap_or_default();
            let state =
                log.decide::<User>(tenant, &user_id(number), state, user_command(which / 2, *two / 3));
            users.insert((tenant, number), state);
        } else {
            let state = clusters.remove(&(tenant, number)).unwrap_or_default();
            let command = cluster_command(&state, which / 2, *two, *one / 3);
            let state = log.decide::<Cluster>(tenant, &cluster_id(number), state, command);
            clusters.insert((tenant, number), state);
        }
    }
    log
}
