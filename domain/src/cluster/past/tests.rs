use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::Event;
use crate::cluster::{Cluster, ClusterEvent, ClusterState, Facts, Imported, NodeCount};
use crate::cluster::{ClusterCommand, Credentials, Failure, ImportRequested, Observation, Provider, Spec};
use crate::kernel::{ClusterName, Labels, Region, SecretRef, fold};
use crate::testing::{given, round_trips, when};

/// Bytes as version 1 recorded them, and what is read from them.
const VECTORS: &[(&str, &str)] = &[
    (
        r#"{"from":"healthy","to":"degraded","issues":[{"code":"node-not-ready","object":"node/a","message":"It is so."}]}"#,
        r#"{"from":"healthy","to":"degraded","issues":[{"code":"node-not-ready","object":"node/a","message":"It is so."}],"changes":{"appeared":[{"code":"node-not-ready","object":"node/a"}],"cleared":[]}}"#,
    ),
    (
        r#"{"from":"degraded","to":"unreachable","issues":[{"code":"connection-refused","object":"apiserver","message":"It is away."}]}"#,
        r#"{"from":"degraded","to":"unreachable","issues":[{"code":"connection-refused","object":"apiserver","message":"It is away."}]}"#,
    ),
    (
        r#"{"from":"unreachable","to":"healthy","issues":[]}"#,
        r#"{"from":"unreachable","to":"healthy","issues":[]}"#,
    ),
];

#[test]
fn what_version_1_recorded_is_read_as_version_2() {
    for (old, new) in VECTORS {
        let (name, payload) = health_changed_v1(old.as_bytes()).unwrap();
        assert_eq!((name, std::str::from_utf8(&payload).unwrap()), ("cluster.health_changed.v2", *new));
        let event = ClusterEvent::decode("cluster.health_changed.v1", old.as_bytes()).unwrap();
        assert_eq!((event.event_type(), event.schema_version()), ("cluster.health_changed.v2", 2));
        assert_eq!(event.encode().unwrap(), new.as_bytes());
        assert_eq!(ClusterEvent::decode(name, new.as_bytes()).unwrap(), event);
        round_trips(&event);
    }
    assert!(ClusterEvent::decode("cluster.health_changed.v1", br#"{"from":"healthy"}"#).is_err());
}

fn credentials() -> Credentials {
    Credentials {
        secret: SecretRef::new("one").unwrap(),
        fingerprint: "01".into(),
        endpoint: "https://one:6443".into(),
    }
}

fn facts() -> Facts {
    Facts { uid: "uid".into(), version: "v1.33.2".into(), nodes: NodeCount { total: 3, ready: 3 } }
}

fn imported() -> ClusterState {
    let spec = Spec {
        name: ClusterName::new("one").unwrap(),
        provider: Provider::OnPremises,
        region: Region::new("attic").unwrap(),
        labels: Labels::default(),
        credentials: credentials(),
    };
    let (requested, facts) = (ImportRequested { spec }, facts());
    given::<Cluster>(&[ClusterEvent::ImportRequested(requested), ClusterEvent::Imported(Imported { facts })])
}

/// Either the cluster is away, or it answers with these issues.
fn sample() -> impl Strategy<Value = Option<Vec<u8>>> {
    prop::option::weighted(0.8, prop::collection::vec(0_u8..5, 0..4))
}

proptest! {
    /// A history is the same whether its changes of health were recorded in version 1 or 2, and what version 1 leaves to be
    /// concluded is what version 2 says.
    #[test]
    fn an_old_history_comes_to_the_same_state(samples in prop::collection::vec(sample(), 1..12)) {
        let (mut state, mut replayed) = (imported(), imported());
        for sample in samples {
            let command = match sample {
                None => ClusterCommand::ObserveFailure(
                    credentials(),
                    Failure { code: "connection-refused".into(), message: "It is away.".into() },
                ),
                Some(codes) => ClusterCommand::Observe(credentials(), Observation {
                    facts: facts(),
                    issues: codes.iter().map(|code| Issue {
                        code: format!("code-{code}"), object: "node/a".into(), message: "It is so.".into(),
                    }).collect(),
                }),
            };
            for event in when::<Cluster>(&state, command).unwrap() {
                let ClusterEvent::HealthChanged(body) = &event else { panic!("{event:?}") };
                let mut old: Value = serde_json::from_slice(&event.encode().unwrap()).unwrap();
                let changes = old.as_object_mut().unwrap().remove("changes").unwrap();
                prop_assert_ne!(&changes, &json!(null));
                let bytes = serde_json::to_vec(&old).unwrap();
                let read = ClusterEvent::decode("cluster.health_changed.v1", &bytes).unwrap();
                let ClusterEvent::HealthChanged(from_old) = &read else { panic!("{read:?}") };
                prop_assert_eq!((from_old.from, from_old.to, &from_old.issues), (body.from, body.to, &body.issues));
                prop_assert!(from_old.changes.is_none() || from_old.changes == body.changes);
                prop_assert_eq!(from_old.changes.is_some(), body.from == Health::Healthy);
                replayed = fold::<Cluster>(replayed, &[read]);
                state = fold::<Cluster>(state, std::slice::from_ref(&event));
            }
            prop_assert_eq!(&state, &replayed);
        }
    }
}
