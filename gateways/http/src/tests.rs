use std::path::Path;

use serde_json::Value;

/// The committed document is the one that the code gives.
#[test]
fn the_committed_document_is_fresh() {
    // Asked for when the test runs: clones may share a folder of built tests.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    let file = Path::new(&package).join("openapi.json");
    let text = crate::openapi_json();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == text,
        "gateways/http/openapi.json is stale: run `UPDATE_OPENAPI=1 cargo nextest run -p hub-http the_committed_document`"
    );
}

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap();
        item.iter().map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
    });
    all.collect()
}

#[test]
fn the_reference_page_names_every_route() {
    let page = include_str!("../README.md");
    let document = serde_json::to_value(crate::openapi()).unwrap();
    let missing: Vec<_> = operations(&document)
        .into_iter()
        .map(|(method, path, operation)| (format!("`{method} {path}`"), operation["summary"].clone()))
        .filter(|(route, _)| !page.contains(route))
        .map(|(route, summary)| format!("| {route} | {} |", summary.as_str().unwrap_or_default()))
        .collect();
    assert!(missing.is_empty(), "add to gateways/http/README.md:\n{}", missing.join("\n"));
}

#[test]
fn every_operation_is_described_and_has_its_own_id() {
    let document = serde_json::to_value(crate::openapi()).unwrap();
    let mut ids = std::collections::BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{method} {path}");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{method} {path}: {parameter}");
        }
        let responses = operation["responses"].as_object().unwrap();
        for (status, response) in responses.iter().filter(|(status, _)| !status.starts_with('2')) {
            let kind = &response["content"]["application/problem+json"];
            assert!(kind.is_object() || path == "/readyz", "{method} {path} {status}");
        }
    }
}

/// Every `$ref` leads somewhere.
#[test]
fn the_document_is_closed() {
    fn walk(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                    let found = document.pointer(target.trim_start_matches('#'));
                    assert!(found.is_some(), "{target} leads nowhere");
                }
                members.values().for_each(|member| walk(member, document));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, document)),
            _ => {}
        }
    }
    let document = serde_json::to_value(crate::openapi()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    walk(&document, &document);
}
