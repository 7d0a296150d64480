use hub_domain::cluster::{Active, Cluster, Health, Importing, Provider, Spec, Updating};
use hub_domain::kernel::{ClusterName, Labels, Region, SecretRef};

use super::*;
use crate::testing::observation;

fn credentials() -> Credentials {
    Credentials {
        secret: SecretRef::new("cluster-credentials/1").unwrap(),
        fingerprint: "aa".into(),
        endpoint: "https://one:6443".into(),
    }
}

fn states() -> [ClusterState; 3] {
    let spec = Spec {
        name: ClusterName::new("one").unwrap(),
        provider: Provider::Aws,
        region: Region::new("eu").unwrap(),
        labels: Labels::default(),
        credentials: credentials(),
    };
    let importing = Importing { spec: spec.clone(), failure: None };
    let active = Active { spec, facts: observation("uid").facts, health: Health::Healthy, issues: vec![] };
    let updating = Updating { active: active.clone(), wanted: credentials() };
    [ClusterState::Importing(importing), ClusterState::Active(active), ClusterState::Updating(updating)]
}

fn failure(code: &str) -> Result<Observation, Failure> {
    Err(Failure { code: code.into(), message: "away".into() })
}

#[test]
fn an_answer_is_always_worth_recording() {
    for state in states() {
        for misses in 1..4 {
            let command = command(&state, credentials(), Ok(observation("uid")), misses);
            assert!(matches!(command, Some(ClusterCommand::Observe(..))));
        }
    }
}

#[test]
fn one_blink_of_a_managed_cluster_is_not_believed_and_two_are() {
    let [importing, active, updating] = states();
    for state in [active, updating] {
        assert_eq!(command(&state, credentials(), failure("connection-refused"), 1), None);
        assert!(command(&state, credentials(), failure("connection-refused"), 2).is_some());
        assert!(command(&state, credentials(), failure("connection-refused"), 3).is_some());
    }
    assert!(command(&importing, credentials(), failure("connection-refused"), 1).is_some());
}

#[test]
fn a_refusal_of_the_credentials_is_believed_at_once() {
    for state in states() {
        let command = command(&state, credentials(), failure("unauthorized"), 1);
        assert!(matches!(command, Some(ClusterCommand::ObserveFailure(..))));
    }
}

#[test]
fn what_is_recorded_is_something_that_the_cluster_can_decide() {
    use hub_domain::{Ctx, Decider};
    let caller = crate::Caller::system("observer", crate::testing::tenant());
    let ctx = Ctx {
        now: chrono::DateTime::UNIX_EPOCH,
        actor: caller.actor,
        tenant: caller.tenant,
        command_id: uuid::Uuid::nil(),
    };
    for state in states() {
        let command = command(&state, credentials(), failure("unauthorized"), 1).unwrap();
        assert_eq!(Cluster::decide(&state, command, &ctx).unwrap().len(), 1);
    }
}
