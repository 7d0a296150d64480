//! ECS, held against an extract of the published fields and allowed values (`ecs.json`).

use hub_domain::export::Format;
use hub_projections::models::AuditLog;
use proptest::prelude::*;
use serde_json::Value;

use super::{corpus, hostile, line, writer};

fn published() -> Value {
    serde_json::from_str(include_str!("ecs.json")).unwrap()
}

/// What is wrong below a field; `clustermaster` is ours.
fn fields(path: &str, value: &Value, published: &Value, wrong: &mut Vec<String>) {
    if path == "clustermaster" {
        return;
    }
    if let Some(kind) = published["fields"].get(path).and_then(Value::as_str) {
        let (kind, many) = kind.strip_suffix("[]").map_or((kind, false), |kind| (kind, true));
        let values: Vec<&Value> = match value {
            Value::Array(values) if many => values.iter().collect(),
            value if !many => vec![value],
            _ => return wrong.push(format!("{path} is to be a list")),
        };
        let fits = |value: &&Value| match kind {
            "long" => value.is_u64(),
            "date" => value.as_str().is_some_and(|text| chrono::DateTime::parse_from_rfc3339(text).is_ok()),
            _ => value.is_string(),
        };
        if values.is_empty() || !values.iter().all(fits) {
            wrong.push(format!("{path} is no {kind}: {value}"));
        }
        if let Some(allowed) = published["values"].get(path) {
            let unknown = values.iter().filter(|value| allowed.get(value.as_str().unwrap()).is_none());
            wrong.extend(unknown.map(|value| format!("{path} may not be {value}")));
        }
        return;
    }
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                fields(&path, member, published, wrong);
            }
        }
        _ => wrong.push(format!("{path} is no field")),
    }
}

fn judge(event: &Value) -> Vec<String> {
    let published = published();
    let mut wrong = Vec::new();
    fields("", event, &published, &mut wrong);
    for needed in ["/@timestamp", "/ecs/version", "/event/kind", "/event/id", "/message"] {
        if event.pointer(needed).is_none() {
            wrong.push(format!("no {needed}"));
        }
    }
    let list = |name: &str| event["event"][name].as_array().cloned().unwrap_or_default();
    for category in list("category") {
        let expected =
            published["values"]["event.category"][category.as_str().unwrap()].as_array().unwrap().clone();
        let odd = list("type").into_iter().filter(|kind| !expected.contains(kind)).collect::<Vec<_>>();
        // With several categories each type must be at home in one of them.
        if list("category").len() == 1 && !odd.is_empty() {
            wrong.push(format!("{category} is not expected with {odd:?}"));
        }
    }
    wrong
}

fn write(entry: &AuditLog) -> Value {
    let message = writer(Format::Ecs).entry(entry).unwrap();
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
        assert_eq!(event["ecs"]["version"], published()["version"]);
        assert_eq!(event["event"]["hash"], entry.leaf_hash);
        assert_eq!(event["clustermaster"]["position"], entry.position);
    }
}

#[test]
fn the_judge_sees_what_is_wrong() {
    let mut event = of("user.signed_in");
    event["event"]["category"] = "iam".into();
    event["event"]["outcome"] = "refused".into();
    event["event"]["sequence"] = "1".into();
    event["user"]["shoe_size"] = 43.into();
    event.as_object_mut().unwrap().remove("message");
    assert_eq!(judge(&event).len(), 5, "{:?}", judge(&event));
    let mut event = of("user.sign_in_refused");
    event["event"]["type"] = serde_json::json!(["deletion"]);
    assert_eq!(judge(&event).len(), 1, "{:?}", judge(&event));
}

#[test]
fn fields_hold_what_they_are_for() {
    let imported = of("cluster.import_requested");
    let kubernetes = &imported["orchestrator"];
    assert_eq!(
        (&kubernetes["type"], &kubernetes["cluster"]["name"]),
        (&"kubernetes".into(), &"prod-1".into())
    );
    assert_eq!(kubernetes["cluster"]["id"], corpus::cluster());
    assert_eq!(of("cluster.imported")["orchestrator"]["cluster"]["version"], "v1.33.2");
    assert_eq!(of("cluster.imported").pointer("/related"), None);
    let roles = of("user.roles_changed");
    assert_eq!(roles["user"]["id"], corpus::admin());
    assert_eq!(roles["user"]["target"]["id"], corpus::user());
    assert_eq!(roles["user"]["changes"]["roles"], serde_json::json!(["admin", "operator"]));
    assert_eq!(roles["related"]["user"], serde_json::json!([corpus::admin(), corpus::user()]));
    let refused = of("user.sign_in_refused");
    assert_eq!(
        (&refused["event"]["outcome"], &refused["error"]["code"]),
        (&"failure".into(), &"wrong_password".into())
    );
    assert_eq!(refused["clustermaster"]["outcome"], "refused");
}

proptest! {
    #[test]
    fn hostile_values_stay_values(entry in hostile::entry()) {
        let event = write(&entry);
        prop_assert_eq!(judge(&event), Vec::<String>::new());
        prop_assert_eq!(&event["message"], &entry.summary);
        prop_assert_eq!(&event["user"]["id"], &entry.actor);
        prop_assert_eq!(&event["event"]["reason"], entry.reason.as_deref().unwrap());
        let after: Value = serde_json::from_str(event["clustermaster"]["after"].as_str().unwrap()).unwrap();
        prop_assert_eq!(Some(after), entry.after);
    }
}

#[test]
fn notices_keep_to_the_schema() {
    for notice in corpus::notices() {
        let message = writer(Format::Ecs).notice(&notice);
        let event: Value = serde_json::from_str(line(&message)).unwrap();
        assert_eq!(judge(&event), Vec::<String>::new(), "{event}");
        assert_eq!(
            (&event["event"]["kind"], &event["event"]["action"]),
            (&"state".into(), &message.kind.into())
        );
    }
}
