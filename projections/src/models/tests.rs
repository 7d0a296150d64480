//! Given events, then rows.

use hub_domain::cluster::{Changes, Cluster, ClusterCommand, ClusterState};
use hub_domain::user::{CommandRefused, RefusedAs, User, UserCommand, UserState};
use proptest::prelude::*;
use serde_json::json;

use super::{AuditLogs, Clusters, Users};
use crate::oracle::refold;
use crate::testing::{
    Log, account, cluster_command, cluster_id, credentials, observation, sealed, spec, user_command, user_id,
};

fn imported(log: &mut Log) -> ClusterState {
    let id = cluster_id(1);
    let state = log.decide::<Cluster>(1, &id, ClusterState::Absent, ClusterCommand::Import(spec("prod")));
    log.decide::<Cluster>(
        1,
        &id,
        state,
        ClusterCommand::Observe(credentials(1), observation(3, "v1.33.2", &[])),
    )
}

#[test]
fn an_import_yields_a_version_per_event() {
    let mut log = Log::default();
    imported(&mut log);

    let rows = refold::<Clusters>(&log.decoded()).unwrap();

    assert_eq!(rows.len(), 2);
    let (first, second) = (&rows[0], &rows[1]);
    assert_eq!((first.valid_from, first.valid_to), (Some(1), Some(2)));
    assert_eq!((first.row.status.as_str(), first.row.health.as_str()), ("importing", "unknown"));
    assert_eq!((second.valid_from, second.valid_to), (Some(2), None));
    assert_eq!((second.row.status.as_str(), second.row.health.as_str()), ("active", "healthy"));
    assert_eq!((second.row.nodes_total, second.row.nodes_ready), (3, 3));
    assert_eq!(second.row.k8s_version.as_deref(), Some("v1.33.2"));
    assert_eq!((second.row.revision, second.row.created_at), (1, first.row.updated_at));
}

#[test]
fn an_event_of_an_unknown_cluster_is_poison() {
    let mut log = Log::default();
    log.raw(1, &cluster_id(1), "cluster.decommissioned.v1", "{}");

    let poison = refold::<Clusters>(&log.decoded()).unwrap_err();

    assert_eq!((poison.position, poison.event_type.as_str()), (1, "cluster.decommissioned.v1"));
}

#[test]
fn a_body_that_cannot_be_read_is_poison_for_clusters_and_no_hindrance_to_the_audit_log() {
    let mut log = Log::default();
    imported(&mut log);
    log.raw(1, &cluster_id(1), "cluster.changed.v1", r#"{"name": 5}"#);
    log.raw(1, &cluster_id(1), "cluster.teleported.v7", "{}");

    assert_eq!(refold::<Clusters>(&log.decoded()).unwrap_err().position, 3);
    assert!(refold::<Users>(&log.decoded()).unwrap().is_empty());
    let entries = refold::<AuditLogs>(&log.decoded()).unwrap();
    assert_eq!(entries.len(), 4);
    assert_eq!(entries[3].row.summary, "cluster.teleported.v7");
    assert_eq!(entries[2].row.payload.value(), json!({ "name": 5 }));
}

#[test]
fn a_payload_that_is_no_json_is_poison_for_the_audit_log() {
    let mut log = Log::default();
    log.raw(1, "other_1", "other.happened.v1", "{");

    assert_eq!(refold::<AuditLogs>(&log.decoded()).unwrap_err().position, 1);
    assert!(refold::<Clusters>(&log.decoded()).unwrap().is_empty());
}

#[test]
fn an_entry_tells_what_changed_by_whom_and_why() {
    let mut log = Log::default();
    let state = imported(&mut log);
    let issues = observation(3, "v1.33.2", &["node-not-ready"]);
    log.decide::<Cluster>(1, &cluster_id(1), state, ClusterCommand::Observe(credentials(1), issues));

    let entries = refold::<AuditLogs>(&log.decoded()).unwrap();

    let last = &entries.last().unwrap().row;
    assert_eq!(last.event_type, "cluster.health_changed.v2");
    assert_eq!(last.summary, "health changed from healthy to degraded: node-not-ready (node/a)");
    assert_eq!(
        (last.before.clone(), last.after.clone()),
        (Some(json!({"health": "healthy"})), Some(json!({"health": "degraded"})))
    );
    assert_eq!((last.action.as_str(), last.reason.as_deref()), ("cluster.test", Some("because")));
    assert_eq!((last.target_type.as_str(), last.target_id.clone()), ("cluster", cluster_id(1)));
    assert_eq!((last.cluster_id.clone(), last.user_id.clone()), (Some(cluster_id(1)), None));
    assert_eq!((last.outcome.as_str(), last.leaf_hash.as_str()), ("succeeded", "07".repeat(32).as_str()));
}

#[test]
fn a_refused_sign_in_is_an_entry_and_no_change_of_the_account() {
    let mut log = Log::default();
    let id = user_id(1);
    let state = log.decide::<User>(1, &id, UserState::Absent, UserCommand::Register(account(1)));
    let cause = hub_domain::user::SignInRefusal::WrongPassword;
    log.decide::<User>(1, &id, state, UserCommand::RefuseSignIn(cause));

    let users = refold::<Users>(&log.decoded()).unwrap();
    let entries = refold::<AuditLogs>(&log.decoded()).unwrap();

    assert_eq!(users.len(), 2, "a version an event");
    let account = &users[1].row;
    assert_eq!(account.updated_at, account.created_at);
    assert_eq!((account.last_signed_in_at, account.revision), (None, 1));
    assert_eq!(account.recorded_at, Some(entries[1].row.recorded_at), "when the version began");
    assert_eq!((entries[1].row.outcome.as_str(), entries[1].row.user_id.clone()), ("refused", Some(id)));
}

#[test]
fn a_refused_attempt_is_an_entry_about_what_was_attempted() {
    let mut log = Log::default();
    let id = user_id(1);
    let mut state = log.decide::<User>(1, &id, UserState::Absent, UserCommand::Register(account(1)));
    for target in [Some(cluster_id(9)), None] {
        let (command, code) = ("cluster.decommission".to_owned(), "forbidden".to_owned());
        let refused = CommandRefused { command, target, code, kind: RefusedAs::Forbidden };
        state = log.decide::<User>(1, &id, state, UserCommand::NoteRefusal(refused));
    }
    log.events[1].metadata =
        br#"{"command":"cluster.decommission","origin":"c2VhbGVk","request_id":"r","change_request":"C"}"#
            .to_vec();

    let entries = refold::<AuditLogs>(&log.decoded()).unwrap();

    let about = &entries[1].row;
    assert_eq!((about.target_type.as_str(), &about.target_id), ("cluster", &cluster_id(9)));
    assert_eq!((&about.cluster_id, &about.user_id), (&Some(cluster_id(9)), &None));
    assert_eq!((about.outcome.as_str(), about.action.as_str()), ("refused", "cluster.decommission"));
    assert_eq!(about.summary, "`cluster.decommission` was refused: forbidden");
    let said = (about.origin_sealed.clone(), about.request_id.as_deref(), about.change_request.as_deref());
    assert_eq!(said, (Some(sealed("c2VhbGVk")), Some("r"), Some("C")));
    assert_eq!(about.subject(), "user_somebody");
    assert_eq!((entries[2].row.target_type.as_str(), &entries[2].row.target_id), ("user", &id));
    assert_eq!(refold::<Clusters>(&log.decoded()).unwrap().len(), 0);
    assert_eq!(refold::<Users>(&log.decoded()).unwrap().last().unwrap().row.revision, 2);
}

#[test]
fn replaced_credentials_are_told_apart_by_their_fingerprints() {
    let mut log = Log::default();
    let state = imported(&mut log);
    let changes = Changes { credentials: Some(credentials(2)), ..Changes::default() };
    log.decide::<Cluster>(1, &cluster_id(1), state, ClusterCommand::Change(changes));

    let entries = refold::<AuditLogs>(&log.decoded()).unwrap();

    let told = |number: u8| {
        let held = credentials(number);
        Some(json!({ "credentials": { "endpoint": held.endpoint, "fingerprint": held.fingerprint } }))
    };
    let last = &entries.last().unwrap().row;
    assert_eq!((last.before.clone(), last.after.clone()), (told(1), told(2)));
}

#[test]
fn a_deleted_user_holds_no_sealed_data_any_more() {
    let mut log = Log::default();
    let id = user_id(1);
    let state = log.decide::<User>(1, &id, UserState::Absent, UserCommand::Register(account(1)));
    log.decide::<User>(1, &id, state, user_command(4, 8));

    let users = refold::<Users>(&log.decoded()).unwrap();

    let present = users.last().unwrap();
    assert_eq!((present.row.status.as_str(), present.valid_to), ("deleted", None));
    assert_eq!((&present.row.email_sealed, &present.row.display_name_sealed), (&None, &None));
}

#[test]
fn an_event_of_an_older_version_is_projected_as_the_present_one_and_told_as_it_was_recorded() {
    let mut log = Log::default();
    let state = imported(&mut log);
    let old = r#"{"from":"healthy","to":"degraded","issues":[{"code":"node-not-ready","object":"node/a","message":"It is so."}]}"#;
    log.raw(1, &cluster_id(1), "cluster.health_changed.v1", old);

    let rows = refold::<Clusters>(&log.decoded()).unwrap();
    let entries = refold::<AuditLogs>(&log.decoded()).unwrap();

    assert_eq!(rows.last().unwrap().row.health, "degraded");
    let entry = &entries.last().unwrap().row;
    assert_eq!(entry.event_type, "cluster.health_changed.v1");
    assert_eq!(entry.payload.value(), serde_json::from_str::<serde_json::Value>(old).unwrap());
    assert_eq!(entry.summary, "health changed from healthy to degraded: node-not-ready (node/a)");

    // Whoever goes on from there goes on in the present version.
    let event = &log.decoded()[2];
    let crate::event::Body::Cluster(body) = event.body().unwrap() else { panic!("{event:?}") };
    let state = <Cluster as hub_domain::Decider>::evolve(state, body);
    let other = observation(3, "v1.33.2", &["disk-full"]);
    log.decide::<Cluster>(1, &cluster_id(1), state, ClusterCommand::Observe(credentials(1), other));
    let entries = refold::<AuditLogs>(&log.decoded()).unwrap();
    let entry = &entries.last().unwrap().row;
    assert_eq!(entry.event_type, "cluster.health_changed.v2");
    assert_eq!(entry.summary, "still degraded: disk-full (node/a); cleared node-not-ready (node/a)");
}

proptest! {
    /// Whatever happens to a cluster, the row says what the aggregate's own state says.
    #[test]
    fn a_row_agrees_with_the_state(numbers in prop::collection::vec((0_u8..20, any::<u8>(), any::<u8>()), 1..60)) {
        let mut log = Log::default();
        let mut state = ClusterState::Absent;
        for (which, one, two) in numbers {
            let command = cluster_command(&state, which, one, two);
            state = log.decide::<Cluster>(1, &cluster_id(1), state, command);
        }
        let rows = refold::<Clusters>(&log.decoded()).unwrap();
        let Some(spec) = state.spec() else {
            prop_assert!(rows.is_empty());
            return Ok(());
        };
        let row = &rows.last().unwrap().row;
        prop_assert_eq!(&row.status, state.status());
        prop_assert_eq!(&row.name, spec.name.as_str());
        prop_assert_eq!(&row.region, spec.region.as_str());
        prop_assert_eq!(&row.labels, &spec.labels);
        prop_assert_eq!(&row.endpoint, &spec.credentials.endpoint);
        if let Some(active) = state.active() {
            prop_assert_eq!(&row.health, active.health.as_str());
            prop_assert_eq!(&row.issues, &active.issues);
            prop_assert_eq!(row.k8s_version.as_ref(), Some(&active.facts.version));
            prop_assert_eq!((row.nodes_total, row.nodes_ready), (active.facts.nodes.total, active.facts.nodes.ready));
        }
    }
}
