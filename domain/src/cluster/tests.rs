use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::kernel::{ClusterName, Labels, Refusal, Region, SecretRef, fold};
use crate::testing::{given, round_trips, walk, when};

fn credentials(nth: u8) -> Credentials {
    Credentials {
        secret: SecretRef::new(format!("cluster-credentials/{nth}")).unwrap(),
        fingerprint: format!("{nth:032x}"),
        endpoint: "https://one:6443".into(),
    }
}

fn spec() -> Spec {
    Spec {
        name: ClusterName::new("one").unwrap(),
        provider: Provider::OnPremises,
        region: Region::new("attic").unwrap(),
        labels: Labels::default(),
        credentials: credentials(1),
    }
}

fn facts(uid: &str) -> Facts {
    Facts { uid: uid.into(), version: "v1.33.2".into(), nodes: NodeCount { total: 3, ready: 3 } }
}

fn seen(uid: &str, issues: &[&str]) -> Observation {
    let issue =
        |code: &&str| Issue { code: (*code).into(), object: "node/a".into(), message: "It is so.".into() };
    Observation { facts: facts(uid), issues: issues.iter().map(issue).collect() }
}

fn failure(code: &str) -> Failure {
    Failure { code: code.into(), message: "It is away.".into() }
}

fn requested() -> ClusterEvent {
    ClusterEvent::ImportRequested(ImportRequested { spec: spec() })
}

fn importing() -> ClusterState {
    given::<Cluster>(&[requested()])
}

fn active() -> ClusterState {
    given::<Cluster>(&[requested(), ClusterEvent::Imported(Imported { facts: facts("uid") })])
}

fn updating() -> ClusterState {
    fold::<Cluster>(active(), &when::<Cluster>(&active(), replace(2)).unwrap())
}

fn leaving() -> ClusterState {
    fold::<Cluster>(active(), &when::<Cluster>(&active(), ClusterCommand::RequestDecommission).unwrap())
}

fn gone() -> ClusterState {
    fold::<Cluster>(leaving(), &when::<Cluster>(&leaving(), ClusterCommand::ConfirmDecommission).unwrap())
}

fn replace(nth: u8) -> ClusterCommand {
    ClusterCommand::Change(Changes { credentials: Some(credentials(nth)), ..Changes::default() })
}

fn observe(nth: u8, observation: Observation) -> ClusterCommand {
    ClusterCommand::Observe(credentials(nth), observation)
}

fn fail(nth: u8, code: &str) -> ClusterCommand {
    ClusterCommand::ObserveFailure(credentials(nth), failure(code))
}

/// The wire names of what a command yields.
fn types(state: &ClusterState, command: ClusterCommand) -> Vec<&'static str> {
    when::<Cluster>(state, command).unwrap().iter().map(crate::Event::event_type).collect()
}

fn after(state: &ClusterState, command: ClusterCommand) -> ClusterState {
    fold::<Cluster>(state.clone(), &when::<Cluster>(state, command).unwrap())
}

#[test]
fn what_each_state_refuses_has_a_name() {
    let other = ClusterCommand::Import(Spec { name: ClusterName::new("other").unwrap(), ..spec() });
    let rename = Changes { name: Some(ClusterName::new("new").unwrap()), ..Changes::default() };
    let commands = [
        ClusterCommand::Import(spec()),
        other,
        ClusterCommand::Change(rename),
        replace(2),
        observe(1, seen("uid", &[])),
        fail(1, "connection-refused"),
        ClusterCommand::RequestDecommission,
        ClusterCommand::ConfirmDecommission,
    ];
    let not_found = "cluster-not-found";
    let expected = [
        (ClusterState::Absent, ["", "", not_found, not_found, not_found, not_found, not_found, not_found]),
        (importing(), ["", "cluster-exists", "", "", "", "", "", "cluster-not-leaving"]),
        (active(), ["", "cluster-exists", "", "", "", "", "", "cluster-not-leaving"]),
        (
            updating(),
            [
                "",
                "cluster-exists",
                "",
                "",
                "observation-outdated",
                "observation-outdated",
                "",
                "cluster-not-leaving",
            ],
        ),
        (
            leaving(),
            ["cluster-leaving"; 6].into_iter().chain(["", ""]).collect::<Vec<_>>().try_into().unwrap(),
        ),
        (gone(), ["cluster-gone"; 6].into_iter().chain(["", ""]).collect::<Vec<_>>().try_into().unwrap()),
    ];
    for (state, refusals) in expected {
        for (command, expected) in commands.iter().zip(refusals) {
            let code = when::<Cluster>(&state, command.clone()).err().map_or("", |refusal| refusal.code());
            assert_eq!(code, expected, "{} {command:?}", state.status());
        }
    }
}

#[test]
fn an_import_waits_for_the_clusters_answer() {
    assert_eq!(importing().status(), "importing");
    let failed = after(&importing(), fail(1, "connection-refused"));
    assert_eq!(failed.status(), "import_failed");
    assert!(types(&failed, fail(1, "connection-refused")).is_empty(), "the same failure again is a sample");
    assert_eq!(types(&failed, fail(1, "unauthorized")), ["cluster.import_failed.v1"]);
    assert_eq!(types(&failed, observe(1, seen("uid", &[]))), ["cluster.imported.v1"]);
    let imported = after(&failed, observe(1, seen("uid", &["node-not-ready"])));
    assert_eq!(imported.active().unwrap().health, Health::Degraded);
    assert_eq!(imported.active().unwrap().facts, facts("uid"));
}

#[test]
fn new_credentials_for_an_import_that_failed_start_it_anew() {
    let failed = after(&importing(), fail(1, "unauthorized"));
    let again = after(&failed, replace(2));
    assert_eq!(again.status(), "importing");
    assert_eq!(again.credentials(), Some(&credentials(2)));
}

#[test]
fn health_is_an_event_when_it_changes_and_only_then() {
    assert!(types(&active(), observe(1, seen("uid", &[]))).is_empty());
    let degraded = after(&active(), observe(1, seen("uid", &["b", "a", "a"])));
    assert_eq!(degraded.active().unwrap().issues.len(), 2, "sorted, each once");
    assert!(types(&degraded, observe(1, seen("uid", &["a", "b"]))).is_empty(), "in whatever order");
    let mut other_words = seen("uid", &["a", "b"]);
    other_words.issues[0].message = "Still so, for 5 minutes now.".into();
    assert!(types(&degraded, observe(1, other_words)).is_empty(), "in whatever words");
    assert_eq!(types(&degraded, observe(1, seen("uid", &["a"]))), ["cluster.health_changed.v2"]);
    let unreachable = after(&degraded, fail(1, "connection-refused"));
    assert_eq!(unreachable.active().unwrap().health, Health::Unreachable);
    assert!(types(&unreachable, fail(1, "connection-refused")).is_empty());
    assert_eq!(types(&unreachable, fail(1, "unauthorized")), ["cluster.health_changed.v2"]);
    let back = after(&unreachable, observe(1, seen("uid", &[])));
    assert_eq!((back.active().unwrap().health, back.active().unwrap().issues.len()), (Health::Healthy, 0));
}

#[test]
fn version_and_nodes_are_events_when_they_change() {
    let mut other = seen("uid", &[]);
    other.facts.version = "v1.34.0".into();
    other.facts.nodes.ready = 2;
    let expected = ["cluster.version_changed.v1", "cluster.nodes_changed.v1"];
    assert_eq!(types(&active(), observe(1, other.clone())), expected);
    assert_eq!(after(&active(), observe(1, other.clone())).active().unwrap().facts, other.facts);
}

#[test]
fn another_cluster_behind_the_same_address_is_trouble_and_no_observation() {
    let strange = after(&active(), observe(1, seen("another", &[])));
    let active = strange.active().unwrap();
    assert_eq!((active.health, active.facts.uid.as_str()), (Health::Unreachable, "uid"));
    assert_eq!(active.issues[0].code, "another-cluster");
    assert_eq!(types(&updating(), observe(2, seen("another", &[]))), ["cluster.update_failed.v1"]);
}

#[test]
fn a_change_is_one_event_of_what_differs() {
    let labels = Labels::new(BTreeMap::from([("team".to_owned(), "db".to_owned())])).unwrap();
    let changes = Changes { region: Some(spec().region), labels: Some(labels.clone()), ..Changes::default() };
    let events = when::<Cluster>(&active(), ClusterCommand::Change(changes)).unwrap();
    let [ClusterEvent::Changed(body)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(body.labels, Some(Change { from: Labels::default(), to: labels }));
    assert_eq!((&body.name, &body.region), (&None, &None));
    assert!(types(&active(), ClusterCommand::Change(Changes::default())).is_empty());
}

#[test]
fn a_description_and_credentials_change_together() {
    let rename = Some(ClusterName::new("new").unwrap());
    let changes = Changes { name: rename.clone(), credentials: Some(credentials(2)), ..Changes::default() };
    let expected = ["cluster.changed.v1", "cluster.credentials_replaced.v1"];
    assert_eq!(types(&active(), ClusterCommand::Change(changes.clone())), expected);
    let both = after(&active(), ClusterCommand::Change(changes.clone()));
    assert_eq!((both.status(), both.spec().unwrap().name.as_str()), ("updating", "new"));
    assert!(types(&both, ClusterCommand::Change(changes)).is_empty());
    let third = Changes { name: rename, credentials: Some(credentials(3)), ..Changes::default() };
    let refusal = when::<Cluster>(&both, ClusterCommand::Change(third)).unwrap_err();
    assert_eq!((refusal.code(), refusal.pointer()), ("cluster-update-running", Some("/credentials")));
}

#[test]
fn credentials_hold_once_the_cluster_accepts_them() {
    assert_eq!(updating().credentials(), Some(&credentials(2)), "it is observed with the new ones");
    assert_eq!(updating().spec().unwrap().credentials, credentials(1), "while the old ones hold");
    let accepted = after(&updating(), observe(2, seen("uid", &[])));
    assert_eq!((accepted.status(), accepted.credentials()), ("active", Some(&credentials(2))));
    let rejected = after(&updating(), fail(2, "unauthorized"));
    assert_eq!((rejected.status(), rejected.credentials()), ("active", Some(&credentials(1))));
    assert_eq!(rejected.active().unwrap().health, Health::Healthy, "it says nothing of the cluster");
}

#[test]
fn the_same_secret_under_another_reference_is_no_change() {
    let same = Credentials { secret: SecretRef::new("elsewhere").unwrap(), ..credentials(1) };
    let change = |credentials| {
        ClusterCommand::Change(Changes { credentials: Some(credentials), ..Changes::default() })
    };
    assert!(types(&active(), change(same.clone())).is_empty());
    let elsewhere = Credentials { endpoint: "https://two:6443".into(), ..same };
    assert_eq!(types(&active(), change(elsewhere)), ["cluster.credentials_replaced.v1"]);
}

#[test]
fn a_farewell_is_asked_for_and_confirmed() {
    for state in [importing(), active(), updating()] {
        assert_eq!(types(&state, ClusterCommand::RequestDecommission), ["cluster.decommission_requested.v1"]);
    }
    assert_eq!((leaving().status(), leaving().credentials()), ("decommissioning", None));
    assert!(types(&leaving(), ClusterCommand::RequestDecommission).is_empty());
    assert_eq!(gone().status(), "decommissioned");
    assert_eq!(gone().spec(), Some(&spec()), "what it was is still known");
    assert!(types(&gone(), ClusterCommand::ConfirmDecommission).is_empty());
}

#[test]
fn the_bytes_of_an_event_are_fixed() {
    let json = String::from_utf8(crate::Event::encode(&requested()).unwrap()).unwrap();
    let expected = concat!(
        r#"{"spec":{"name":"one","provider":"on_premises","region":"attic","labels":{},"#,
        r#""credentials":{"secret":"cluster-credentials/1","fingerprint":"00000000000000000000000000000001","#,
        r#""endpoint":"https://one:6443"}}}"#,
    );
    assert_eq!(json, expected);
    round_trips(&requested());
    let changed = ClusterEvent::Changed(Changed {
        region: Some(Change { from: spec().region, to: Region::new("cellar").unwrap() }),
        ..Changed::default()
    });
    let json = String::from_utf8(crate::Event::encode(&changed).unwrap()).unwrap();
    assert_eq!(json, r#"{"region":{"from":"attic","to":"cellar"}}"#);
    round_trips(&changed);
}

#[test]
fn names_on_the_wire_are_the_names_in_json() {
    for provider in [Provider::Aws, Provider::Gcp, Provider::Azure, Provider::OnPremises] {
        assert_eq!(serde_json::to_value(provider).unwrap(), provider.as_str());
    }
    for health in [Health::Healthy, Health::Degraded, Health::Unreachable] {
        assert_eq!(serde_json::to_value(health).unwrap(), health.as_str());
    }
}

fn issues() -> impl Strategy<Value = Vec<Issue>> {
    let issue = ("[ab]", "[xy]", "[mn]").prop_map(|(code, object, message)| Issue { code, object, message });
    prop::collection::vec(issue, 0..4)
}

fn observations() -> impl Strategy<Value = Observation> {
    ("[uv]", "v[12]", 0..3_u32, issues()).prop_map(|(uid, version, ready, issues)| Observation {
        facts: Facts { uid, version, nodes: NodeCount { total: 3, ready } },
        issues,
    })
}

fn labels() -> impl Strategy<Value = Labels> {
    prop::collection::btree_map("[kl]", "[vw]", 0..2).prop_map(|labels| Labels::new(labels).unwrap())
}

fn command() -> impl Strategy<Value = ClusterCommand> {
    let name = "[ab]".prop_map(|text| ClusterName::new(text).unwrap());
    let region = "[rs]".prop_map(|text| Region::new(text).unwrap());
    let secret = (1..4_u8).prop_map(credentials);
    let specs = (name.clone(), region.clone(), labels(), secret.clone()).prop_map(
        |(name, region, labels, credentials)| Spec {
            name,
            provider: Provider::Aws,
            region,
            labels,
            credentials,
        },
    );
    let changes = (
        prop::option::of(name),
        prop::option::of(region),
        prop::option::of(labels()),
        prop::option::of(secret.clone()),
    )
        .prop_map(|(name, region, labels, credentials)| Changes { name, region, labels, credentials });
    prop_oneof![
        3 => specs.prop_map(ClusterCommand::Import),
        4 => changes.prop_map(ClusterCommand::Change),
        8 => (secret.clone(), observations()).prop_map(|(with, seen)| ClusterCommand::Observe(with, seen)),
        4 => (secret, "[cu]").prop_map(|(with, code)| ClusterCommand::ObserveFailure(with, failure(&code))),
        1 => Just(ClusterCommand::RequestDecommission),
        1 => Just(ClusterCommand::ConfirmDecommission),
    ]
}

/// How far a cluster has come; it never goes back.
fn stage(state: &ClusterState) -> u8 {
    match state {
        ClusterState::Absent => 0,
        ClusterState::Importing(_) => 1,
        ClusterState::Active(_) | ClusterState::Updating(_) => 2,
        ClusterState::Decommissioning(_) => 3,
        ClusterState::Decommissioned(_) => 4,
    }
}

proptest! {
    #[test]
    fn every_event_changes_the_state_and_the_way_leads_forward(
        commands in prop::collection::vec(command(), 0..60)
    ) {
        for (before, command, decided, after) in walk::<Cluster>(commands) {
            let Ok(events) = decided else {
                prop_assert_eq!(before, after);
                continue;
            };
            prop_assert_eq!(events.is_empty(), before == after, "{:?}", events);
            let mut state = before.clone();
            for event in &events {
                let next = <Cluster as crate::Decider>::evolve(state.clone(), event);
                prop_assert_ne!(&next, &state, "{:?} was not taken in", event);
                state = next;
            }
            prop_assert!(stage(&before) <= stage(&after));
            // What was asked for holds now: asking again yields nothing, unless it was an answer to credentials
            // that by that very answer no longer hold.
            match (when::<Cluster>(&after, command), &before) {
                (Ok(again), _) => prop_assert!(again.is_empty(), "{:?} after {:?}", again, events),
                (Err(refusal), ClusterState::Updating(_)) => {
                    prop_assert_eq!(refusal, ClusterRefusal::OutdatedObservation);
                }
                (Err(refusal), _) => prop_assert!(false, "{:?}", refusal),
            }
        }
    }

    #[test]
    fn issues_are_kept_sorted_and_each_once(issues in issues()) {
        let state = after(&active(), observe(1, Observation { facts: facts("uid"), issues: issues.clone() }));
        let active = state.active().unwrap();
        prop_assert!(active.issues.is_sorted());
        let objects: std::collections::BTreeSet<_> = issues.iter().map(|issue| (&issue.code, &issue.object)).collect();
        prop_assert_eq!(active.issues.len(), objects.len());
        prop_assert_eq!(active.health == Health::Healthy, issues.is_empty());
    }
}
