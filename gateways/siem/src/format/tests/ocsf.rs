//! OCSF, held against an extract of the published schema (`ocsf.json`). `scripts/test-ocsf` holds the examples against the whole of it.

use hub_domain::export::Format;
use hub_projections::models::AuditLog;
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{corpus, hostile, line, writer};

fn published() -> Value {
    serde_json::from_str(include_str!("ocsf.json")).unwrap()
}

/// Members whose caption stands beside their number.
const SIBLINGS: &[(&str, &str)] = &[
    ("activity_id", "activity_name"),
    ("category_uid", "category_name"),
    ("class_uid", "class_name"),
    ("severity_id", "severity"),
    ("status_id", "status"),
    ("type_id", "type"),
];

/// What is wrong with an object of a class or type.
fn object(path: &str, found: &Map<String, Value>, kind: &Value, judge: &mut Judge) {
    let attributes = kind["attributes"].as_object().unwrap();
    if attributes.is_empty() {
        return;
    }
    let applies = |attribute: &Value| {
        attribute["profiles"]
            .as_array()
            .is_none_or(|of| of.iter().any(|profile| judge.profiles.contains(profile)))
    };
    let mut wrong = Vec::new();
    for (name, attribute) in attributes {
        if attribute["required"] == true && applies(attribute) && !found.contains_key(name) {
            wrong.push(format!("{path}.{name} is required"));
        }
    }
    let one_of = kind["at_least_one"].as_array().unwrap();
    if !one_of.is_empty() && !one_of.iter().any(|name| found.contains_key(name.as_str().unwrap())) {
        wrong.push(format!("{path} needs one of {one_of:?}"));
    }
    let known = |name: &&String| attributes.get(*name).is_some_and(applies);
    wrong.extend(found.keys().filter(|name| !known(name)).map(|name| format!("{path}.{name} is unknown")));
    for (number, caption) in SIBLINGS {
        let Some((number, caption)) = found.get(*number).zip(found.get(*caption)) else { continue };
        let captions = attributes.iter().find(|(_, of)| of["enum"].get(number.to_string()).is_some());
        let named = captions.map(|(_, of)| &of["enum"][number.to_string()]);
        if number != 99
            && named.is_some()
            && !attributes.values().any(|of| of["enum"].get(number.to_string()) == Some(caption))
        {
            wrong.push(format!("{path}: {number} is not called {caption}"));
        }
    }
    judge.wrong.extend(wrong);
    for (name, value) in found {
        if let Some(attribute) = attributes.get(name) {
            member(&format!("{path}.{name}"), value, attribute, judge);
        }
    }
}

fn member(path: &str, value: &Value, attribute: &Value, judge: &mut Judge) {
    let values = match (attribute["array"] == true, value) {
        (true, Value::Array(values)) => values.iter().collect(),
        (false, value) => vec![value],
        _ => return judge.wrong.push(format!("{path} is to be a list")),
    };
    let kind = attribute["type"].as_str().unwrap();
    for value in values {
        let fits = match kind {
            "json_t" => true,
            "boolean_t" => value.is_boolean(),
            "integer_t" | "long_t" | "timestamp_t" | "port_t" => value.is_i64(),
            text if text.ends_with("_t") => value.is_string(),
            _ => match (value, judge.published["objects"].get(kind).cloned()) {
                (Value::Object(found), Some(kind)) => {
                    object(path, found, &kind, judge);
                    true
                }
                _ => false,
            },
        };
        if !fits {
            judge.wrong.push(format!("{path} is no {kind}: {value}"));
        }
        let allowed = attribute["enum"].as_object();
        if allowed.is_some_and(|allowed| !allowed.contains_key(&value.to_string())) {
            judge.wrong.push(format!("{path} may not be {value}"));
        }
    }
}

struct Judge {
    published: Value,
    profiles: Vec<Value>,
    wrong: Vec<String>,
}

fn judge(event: &Value) -> Vec<String> {
    let published = published();
    let classes = published["classes"].as_object().unwrap().clone();
    let Some(class) = classes.values().find(|class| class["uid"] == event["class_uid"]) else {
        return vec![format!("there is no class {}", event["class_uid"])];
    };
    let profiles = event["metadata"]["profiles"].as_array().cloned().unwrap_or_default();
    let mut judge = Judge { published, profiles, wrong: Vec::new() };
    object("$", event.as_object().unwrap(), class, &mut judge);
    let number = |name: &str| event[name].as_u64().unwrap_or(u64::MAX);
    if number("type_uid") != number("class_uid").wrapping_mul(100).wrapping_add(number("activity_id")) {
        judge.wrong.push("type_uid is not class_uid * 100 + activity_id".into());
    }
    judge.wrong
}

fn write(entry: &AuditLog) -> Value {
    let message = writer(Format::Ocsf).entry(entry).unwrap();
    assert!(message.json);
    serde_json::from_str(line(&message)).unwrap()
}

fn of(event_type: &str) -> Value {
    write(&corpus::all().into_iter().find(|entry| entry.event_type.starts_with(event_type)).unwrap())
}

#[test]
fn every_event_keeps_to_the_schema() {
    for entry in corpus::all() {
        let event = write(&entry);
        assert_eq!(judge(&event), Vec::<String>::new(), "{event}");
        let metadata = &event["metadata"];
        assert_eq!(metadata["version"], published()["version"]);
        assert_eq!(
            (&metadata["uid"], &metadata["sequence"]),
            (&entry.id.to_string().into(), &entry.sequence.into())
        );
        assert_eq!(metadata["correlation_uid"].as_str(), entry.trace_id.as_deref());
        assert_eq!(event["time"], entry.recorded_at.timestamp_millis());
        assert_eq!(event["actor"]["user"]["uid"], entry.actor);
        assert_eq!(event["unmapped"]["leaf_hash"], entry.leaf_hash);
        assert_eq!(event["unmapped"]["payload"], entry.payload.value());
        let written = event.to_string();
        for change in [&entry.before, &entry.after].into_iter().flatten() {
            assert!(written.contains(&change.to_string()), "{written}");
        }
    }
}

#[test]
fn the_judge_sees_what_is_wrong() {
    let spoil = |event_type: &str, spoil: &dyn Fn(&mut Value)| {
        let mut event = of(event_type);
        spoil(&mut event);
        judge(&event).len()
    };
    assert_eq!(spoil("user.signed_in", &|event| event["activity_id"] = 55.into()), 2);
    assert_eq!(spoil("user.signed_in", &|event| event["severity"] = "Fatal".into()), 1);
    assert_eq!(spoil("user.signed_in", &|event| event["time"] = "noon".into()), 1);
    assert_eq!(spoil("user.signed_in", &|event| event["user"] = serde_json::json!({ "type_id": 1 })), 1);
    assert_eq!(spoil("user.signed_in", &|event| drop(event.as_object_mut().unwrap().remove("service"))), 1);
    assert_eq!(spoil("user.signed_in", &|event| event["class_uid"] = 7.into()), 1);
    assert_eq!(spoil("cluster.changed", &|event| drop(event.as_object_mut().unwrap().remove("entity"))), 1);
    assert_eq!(spoil("cluster.changed", &|event| event["api"] = serde_json::json!({ "operation": "x" })), 1);
    // Without the profile that lends it the class has no actor.
    assert_eq!(
        spoil("application.installed", &|event| event["metadata"]["profiles"] = serde_json::json!([])),
        1
    );
}

#[test]
fn events_are_of_the_class_that_they_belong_to() {
    let expected = [
        ("tenant.created.v1", 3004, "Create"),
        ("tenant.renamed.v1", 3004, "Move"),
        ("tenant.suspended.v1", 3004, "Suspend"),
        ("tenant.resumed.v1", 3004, "Resume"),
        ("user.registered.v1", 3001, "Create"),
        ("user.profile_changed.v1", 3001, "Profile Changed"),
        ("user.roles_changed.v1", 3005, "Assign Privileges"),
        ("user.password_changed.v1", 3001, "Password Reset"),
        ("user.disabled.v1", 3001, "Disable"),
        ("user.enabled.v1", 3001, "Enable"),
        ("user.deleted.v1", 3001, "Delete"),
        ("user.signed_in.v1", 3002, "Logon"),
        ("user.sign_in_refused.v1", 3002, "Logon"),
        ("user.signed_out.v1", 3002, "Logoff"),
        ("cluster.import_requested.v1", 6003, "Create"),
        ("cluster.imported.v1", 3004, "Enroll"),
        ("cluster.import_failed.v1", 3004, "Enroll"),
        ("cluster.changed.v1", 3004, "Update"),
        ("cluster.credentials_replaced.v1", 3004, "Update"),
        ("cluster.update_completed.v1", 3004, "Update"),
        ("cluster.update_failed.v1", 3004, "Update"),
        ("cluster.health_changed.v2", 3004, "Update"),
        ("cluster.version_changed.v1", 3004, "Update"),
        ("cluster.nodes_changed.v1", 3004, "Update"),
        ("cluster.decommission_requested.v1", 6003, "Delete"),
        ("cluster.decommissioned.v1", 3004, "Unenroll"),
        ("application.installed.v1", 6002, "Install"),
        ("application.upgraded.v1", 6002, "Update"),
        ("application.removed.v1", 6002, "Remove"),
        ("application.backed_up.v1", 6002, "Backed Up"),
        ("deployment.requested.v1", 6003, "Create"),
        ("deployment.rolled_back.v1", 6002, "Update"),
        ("policy.created.v1", 3004, "Create"),
        ("policy.violated.v1", 2003, "Create"),
        ("violation.resolved.v2", 2003, "Close"),
        ("tenant.signing_key_rotated.v1", 3004, "Update"),
        ("user.command_refused.v1", 6003, "Delete"),
        ("user.refusals_counted.v1", 6003, "Refusals Counted"),
        ("export.created.v1", 3004, "Create"),
        ("export.paused.v1", 3004, "Suspend"),
        ("export.resumed.v1", 3004, "Resume"),
        ("export.dead_letters_retried.v1", 3004, "Dead Letters Retried"),
        ("export.deleted.v1", 3004, "Delete"),
        ("import.started.v1", 6003, "Started"),
        ("import.completed.v1", 6003, "Completed"),
        ("export.replayed.v1", 3004, "Replayed"),
        ("thing.happened.v1", 6003, "Happened"),
    ];
    for (event_type, class, activity) in expected {
        let event = of(event_type);
        assert_eq!(
            (&event["class_uid"], &event["activity_name"]),
            (&class.into(), &activity.into()),
            "{event_type}"
        );
    }
    let known: Vec<_> = corpus::known().into_iter().map(|entry| entry.event_type).collect();
    assert!(known.iter().all(|known| expected.iter().any(|(expected, ..)| expected == known)));
}

#[test]
fn members_hold_what_they_are_for() {
    let changed = of("cluster.changed");
    assert_eq!(changed["entity"]["data"]["name"], "prod-1");
    assert_eq!(changed["entity_result"]["data"]["name"], "prod-eu-1");
    assert_eq!(changed["entity"]["type"], "Cluster");
    let own =
        corpus::known().into_iter().rfind(|entry| entry.event_type == "user.password_changed.v1").unwrap();
    assert_eq!(write(&own)["activity_name"], "Password Change");
    let revoked =
        corpus::known().into_iter().rfind(|entry| entry.event_type == "user.roles_changed.v1").unwrap();
    assert_eq!(write(&revoked)["activity_name"], "Revoke Privileges");
    assert_eq!(write(&revoked)["privileges"], serde_json::json!(["admin"]));
    assert_eq!(of("user.roles_changed")["privileges"], serde_json::json!(["admin", "operator"]));
    let refused = of("user.sign_in_refused");
    assert_eq!((&refused["status"], &refused["status_code"]), (&"Failure".into(), &"wrong_password".into()));
    assert_eq!(of("cluster.import_requested")["src_endpoint"]["name"], "undisclosed");
    assert_eq!(of("cluster.imported").pointer("/src_endpoint"), None);
    assert_eq!(of("policy.violated")["compliance"]["status"], "Fail");
}

proptest! {
    #[test]
    fn hostile_values_stay_values(entry in hostile::entry()) {
        let event = write(&entry);
        prop_assert_eq!(judge(&event), Vec::<String>::new(), "{}", event);
        prop_assert_eq!(&event["message"], &entry.summary);
        prop_assert_eq!(&event["actor"]["user"]["uid"], &entry.actor);
    }
}

#[test]
fn notices_keep_to_the_schema() {
    for notice in corpus::notices() {
        let message = writer(Format::Ocsf).notice(&notice);
        let event: Value = serde_json::from_str(line(&message)).unwrap();
        assert_eq!(judge(&event), Vec::<String>::new(), "{event}");
        assert_eq!((&event["class_uid"], &event["type_uid"]), (&0.into(), &99.into()));
        assert_eq!(event["metadata"]["uid"], message.id);
        let checkpoint = event
            .pointer("/unmapped/checkpoint/note")
            .or(event.pointer("/unmapped/manifest/checkpoint/note"));
        assert!(checkpoint.is_none_or(|note| *note == corpus::issued().note));
    }
}
