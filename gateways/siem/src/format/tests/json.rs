//! JSON: the entry as the API shows it, and its tenant.

use hub_domain::export::Format;
use hub_projections::models::AuditLog;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{corpus, hostile, line, writer};

/// What the API shows of an entry, by its document.
fn members_of_the_api() -> Vec<String> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    let path = std::path::Path::new(&package).join("../http/openapi.json");
    let document: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let members = document["components"]["schemas"]["AuditLog"]["properties"].as_object().unwrap();
    members.keys().cloned().collect()
}

#[test]
fn it_has_the_members_that_the_api_has() {
    let entry = corpus::known().swap_remove(0);
    let message = writer(Format::Json).entry(&entry).unwrap();
    let written: Value = serde_json::from_str(line(&message)).unwrap();
    for member in members_of_the_api() {
        // Where from somebody came is sealed: it stays inside.
        assert!(written.get(&member).is_some() || member == "origin", "no {member}");
    }
    assert_eq!(written["tenant"], entry.tenant.to_string());
}

proptest! {
    #[test]
    fn it_reads_back_as_the_same_entry(entry in hostile::entry()) {
        let message = writer(Format::Json).entry(&entry).unwrap();
        prop_assert!(message.json);
        let read: AuditLog = serde_json::from_str(line(&message)).unwrap();
        let (cluster_id, user_id) = (entry.cluster_id.clone(), entry.user_id.clone());
        prop_assert_eq!(AuditLog { cluster_id, user_id, ..read }, entry);
    }
}

#[test]
fn a_body_of_several_lines_is_written_on_one() {
    let entry = corpus::to_come().into_iter().find(|entry| entry.event_type.contains("teleported")).unwrap();
    let message = writer(Format::Json).entry(&entry).unwrap();
    let written: Value = serde_json::from_str(line(&message)).unwrap();
    assert_eq!(written["payload"], json!({ "to": [1, 2] }));
}

#[test]
fn a_notice_says_what_it_is() {
    let notices = corpus::notices();
    let written: Vec<Value> = notices
        .iter()
        .map(|notice| serde_json::from_str(line(&writer(Format::Json).notice(notice))).unwrap())
        .collect();
    assert_eq!(written[0]["event_type"], "ledger.checkpoint");
    assert_eq!(written[0]["checkpoint"]["note"], corpus::issued().note);
    assert_eq!(written[1]["event_type"], "ledger.manifest");
    assert_eq!(written[1]["manifest"]["checkpoint"], written[0]["checkpoint"]);
    assert_eq!((&written[1]["manifest"]["from"], &written[1]["manifest"]["count"]), (&json!(8), &json!(31)));
    assert_eq!(written[2]["manifest"]["checkpoint"], Value::Null);
}
