use hub_projections::outlet::Fault;
use serde_json::{Value, json};

use super::{Cause, Created, document, is_index, judge};
use crate::transport::Message;
use crate::transport::testing::{json as object, text};

fn written(message: &Message) -> Value {
    let mut out = Vec::new();
    document(message, &mut out);
    assert!(!out.contains(&b'\n'), "one line");
    serde_json::from_slice(&out).expect("a document")
}

#[test]
fn each_document_bears_its_time_once() {
    assert_eq!(written(&object(7)), json!({ "@timestamp": "2026-11-27T12:00:00.123456Z", "n": 7 }));
    let with = |body: &str| Message { body: body.as_bytes().to_vec(), ..object(7) };
    assert_eq!(written(&with("{ }")), json!({ "@timestamp": "2026-11-27T12:00:00.123456Z" }));
    assert_eq!(written(&with("{\"@timestamp\":1,\n\"a\":2}")), json!({ "@timestamp": 1, "a": 2 }));
    assert_eq!(written(&with("{\n \"a\":{\"@timestamp\":1}}"))["@timestamp"], "2026-11-27T12:00:00.123456Z");
    let plain = written(&text(7, "CEF:0|a\nb"));
    assert_eq!((&plain["message"], &plain["event"]["id"]), (&json!("CEF:0|a\nb"), &json!(text(7, "").id)));
}

#[test]
fn a_repeat_has_arrived_and_only_the_documents_own_faults_are_poison() {
    let of = |status, kind: &str, reason: &str| {
        let error = Some(Cause { kind: kind.into(), reason: reason.into() });
        judge(&Created { status, error }, 3).map_err(|undelivered| {
            assert!(undelivered.delivered == 3 && !undelivered.message.contains("hidden"), "{undelivered}");
            undelivered.fault
        })
    };
    assert_eq!(judge(&Created { status: 201, error: None }, 3), Ok(()));
    assert_eq!(of(409, "version_conflict_engine_exception", ""), Ok(()));
    assert_eq!(of(400, "document_parsing_exception", "value 'hidden'"), Err(Fault::Poison));
    assert_eq!(of(400, "illegal_argument_exception", "immense term"), Err(Fault::Poison));
    let away = Err(Fault::Away { after: None });
    assert_eq!(of(400, "illegal_argument_exception", "pipeline with id [x] does not exist"), away);
    for (status, kind) in [
        (400, "invalid_index_name_exception"),
        (403, "cluster_block_exception"),
        (404, "index_not_found_exception"),
        (409, "another_exception"),
        (429, "es_rejected_execution_exception"),
        (503, "unavailable_shards_exception"),
    ] {
        assert_eq!(of(status, kind, ""), away, "{kind}");
    }
}

#[test]
fn an_index_has_a_name_that_stays_in_its_place() {
    assert!(is_index("logs-clustermaster.audit-default"));
    for name in
        ["", ".", "..", "_all", "-a", "+a", "A", "a b", "a/b", "a*", "a,b", "a?x", "a%2f", &"a".repeat(256)]
    {
        assert!(!is_index(name), "{name}");
    }
}
