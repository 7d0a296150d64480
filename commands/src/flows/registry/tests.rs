use hub_domain::cluster::{
    Change, Changed, Credentials, CredentialsReplaced, DecommissionRequested, Decommissioned,
    ImportRequested, Imported, Provider, Spec, UpdateCompleted, UpdateFailed,
};
use hub_domain::kernel::{ClusterId, Labels, Region};
use hub_domain::ledger::Hash;
use uuid::Uuid;

use super::*;
use crate::testing::{observation, tenant};

fn key() -> Key {
    (tenant(), ClusterId::from_uuid(Uuid::from_u128(1)))
}

fn secret(nth: u8) -> SecretRef {
    SecretRef::new(format!("cluster-credentials/{nth}")).unwrap()
}

fn credentials(nth: u8) -> Credentials {
    Credentials { secret: secret(nth), fingerprint: format!("f{nth}"), endpoint: "https://one:6443".into() }
}

fn name(text: &str) -> ClusterName {
    ClusterName::new(text).unwrap()
}

fn import() -> ClusterEvent {
    ClusterEvent::ImportRequested(ImportRequested {
        spec: Spec {
            name: name("one"),
            provider: Provider::Aws,
            region: Region::new("eu").unwrap(),
            labels: Labels::default(),
            credentials: credentials(1),
        },
    })
}

fn imported() -> ClusterEvent {
    ClusterEvent::Imported(Imported { facts: observation("uid").facts })
}

fn replaced(nth: u8) -> ClusterEvent {
    ClusterEvent::CredentialsReplaced(CredentialsReplaced { credentials: credentials(nth), before: None })
}

fn completed(nth: u8) -> ClusterEvent {
    ClusterEvent::UpdateCompleted(UpdateCompleted { credentials: credentials(nth) })
}

fn renamed(from: &str, to: &str) -> ClusterEvent {
    ClusterEvent::Changed(Changed {
        name: Some(Change { from: name(from), to: name(to) }),
        ..Changed::default()
    })
}

fn leaving() -> ClusterEvent {
    ClusterEvent::DecommissionRequested(DecommissionRequested {})
}

fn recorded(revision: u64, event: &ClusterEvent) -> Recorded {
    Recorded {
        position: revision + 1,
        tenant: tenant().uuid(),
        sequence: revision,
        stream: key().1.to_string(),
        revision,
        event_id: Uuid::nil(),
        command_id: Uuid::nil(),
        recorded_at: 0,
        event_type: event.event_type().to_owned(),
        schema_version: 1,
        actor: "system:test".into(),
        metadata: vec![],
        payload: event.encode().unwrap(),
        leaf_hash: Hash::ZERO,
    }
}

/// A registry that has folded these events, and the news of the last one.
fn told(events: &[ClusterEvent]) -> (Registry, News) {
    let mut registry = Registry::default();
    let mut news = News::None;
    for (revision, event) in (0..).zip(events) {
        news = registry.apply(&recorded(revision, event)).unwrap().expect("news of a cluster").1;
    }
    (registry, news)
}

fn task(events: &[ClusterEvent]) -> Task {
    told(events).0.get(key()).unwrap().task()
}

#[test]
fn a_new_cluster_is_urgent_and_to_be_looked_at() {
    let (registry, news) = told(&[import()]);
    assert_eq!(news, News::Urgent);
    assert_eq!(registry.get(key()).unwrap().task(), Task::Look);
    assert_eq!((registry.len(), registry.position()), (1, 1));
    assert_eq!(told(&[import(), imported()]).1, News::None);
}

#[test]
fn new_credentials_are_urgent_and_leave_the_old_ones_behind() {
    let replacing = [import(), imported(), replaced(2)];
    assert_eq!(told(&replacing).1, News::Urgent);
    assert_eq!(task(&replacing), Task::Look, "until the cluster has answered both are needed");
    let done = [import(), imported(), replaced(2), completed(2)];
    assert_eq!(task(&done), Task::Tidy { secrets: vec![secret(1)], names: vec![], kept: name("one") });
    let failure = hub_domain::cluster::Failure { code: "unauthorized".into(), message: "no".into() };
    let failed = [import(), imported(), replaced(2), ClusterEvent::UpdateFailed(UpdateFailed { failure })];
    assert_eq!(task(&failed), Task::Tidy { secrets: vec![secret(2)], names: vec![], kept: name("one") });
    let importing = [import(), replaced(2)];
    assert_eq!(task(&importing), Task::Tidy { secrets: vec![secret(1)], names: vec![], kept: name("one") });
}

#[test]
fn an_old_name_is_left_behind_until_it_is_taken_back() {
    let tidy = |names: Vec<ClusterName>, kept| Task::Tidy { secrets: vec![], names, kept: name(kept) };
    assert_eq!(task(&[import(), renamed("one", "two")]), tidy(vec![name("one")], "two"));
    let back = [import(), renamed("one", "two"), renamed("two", "one")];
    assert_eq!(task(&back), tidy(vec![name("two")], "one"));
}

#[test]
fn what_was_tidied_is_not_tidied_again() {
    let (mut registry, _) = told(&[import(), imported(), replaced(2), completed(2), renamed("one", "two")]);
    registry.tidied(key(), &[secret(1)], &[name("one")]);
    assert_eq!(registry.get(key()).unwrap().task(), Task::Look);
    // The newest names and secrets are still known to the farewell.
    registry.apply(&recorded(5, &leaving())).unwrap();
    let all = Task::Retire { secrets: vec![secret(2)], names: vec![name("two")] };
    assert_eq!(registry.get(key()).unwrap().task(), all);
}

#[test]
fn a_farewell_takes_everything_along_also_credentials_under_test() {
    let events = [import(), imported(), replaced(2), renamed("one", "two"), leaving()];
    assert_eq!(told(&events).1, News::Urgent);
    let all = Task::Retire { secrets: vec![secret(1), secret(2)], names: vec![name("one"), name("two")] };
    assert_eq!(task(&events), all);
    let (registry, news) = told(&[import(), leaving(), ClusterEvent::Decommissioned(Decommissioned {})]);
    assert_eq!((news, registry.len()), (News::Gone, 0));
}

#[test]
fn events_that_are_known_already_are_not_folded_twice() {
    let (mut registry, _) = told(&[import()]);
    let (other, _) = told(&[import(), imported()]);
    let ahead = ClusterState::clone(&other.get(key()).unwrap().state);
    assert_eq!(registry.settle(key(), ahead.clone(), Some(1)), News::None);
    assert_eq!(
        registry.settle(key(), ClusterState::Absent, Some(1)),
        News::None,
        "an older state never wins"
    );
    registry.apply(&recorded(1, &imported())).unwrap();
    assert_eq!(*registry.get(key()).unwrap().state, ahead);
}

#[test]
fn a_name_in_an_event_that_is_known_already_is_remembered_all_the_same() {
    let (mut registry, _) = told(&[import(), imported()]);
    let (other, _) = told(&[import(), imported(), renamed("one", "two")]);
    registry.settle(key(), ClusterState::clone(&other.get(key()).unwrap().state), Some(2));
    let news = registry.apply(&recorded(2, &renamed("one", "two"))).unwrap();
    assert_eq!(news, Some((key(), News::Urgent)));
    let tidy = Task::Tidy { secrets: vec![], names: vec![name("one")], kept: name("two") };
    assert_eq!(registry.get(key()).unwrap().task(), tidy);
}

#[test]
fn settling_the_end_forgets_the_cluster_for_good() {
    let (mut registry, _) = told(&[import(), leaving()]);
    let spec = registry.get(key()).unwrap().state.spec().unwrap().clone();
    assert_eq!(registry.settle(key(), ClusterState::Decommissioned(spec), Some(2)), News::Gone);
    let last = recorded(2, &ClusterEvent::Decommissioned(Decommissioned {}));
    assert_eq!(registry.apply(&last).unwrap(), None);
    assert_eq!(registry.len(), 0);
}

#[test]
fn an_event_that_cannot_be_read_drops_its_cluster_and_no_other() {
    let (mut registry, _) = told(&[import()]);
    let other = (tenant(), ClusterId::from_uuid(Uuid::from_u128(2)));
    registry.apply(&Recorded { stream: other.1.to_string(), ..recorded(0, &import()) }).unwrap();
    let poison = Recorded { event_type: "cluster.unheard_of.v9".into(), ..recorded(1, &imported()) };
    assert!(registry.apply(&poison).is_err());
    assert!(registry.get(key()).is_none() && registry.get(other).is_some());
    assert_eq!(registry.apply(&recorded(2, &imported())).unwrap(), None);
}

#[test]
fn other_streams_are_passed_by_and_tenants_kept_apart() {
    let mut registry = Registry::default();
    let user = Recorded { stream: "user_00000000000000000000000001".into(), ..recorded(7, &import()) };
    assert_eq!(registry.apply(&user).unwrap(), None);
    assert_eq!(registry.position(), 8);
    registry.apply(&recorded(0, &import())).unwrap();
    registry.apply(&Recorded { tenant: Uuid::from_u128(8), ..recorded(0, &import()) }).unwrap();
    assert_eq!(registry.len(), 2);
    assert_eq!(registry.position(), 8, "never back");
}
