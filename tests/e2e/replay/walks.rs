//! `step` and `what-if`.

use serde_json::{Value, json};

use super::{audit, refused};
use crate::http::{Running, imported, text};

#[tokio::test]
async fn history_is_walked_with_its_states() {
    let running = Running::with(&[]).await;
    let admin = running.admin().await;
    let id = imported(&admin, "walked").await;
    let labels = json!({ "labels": { "team": "data" } });
    admin.put(&format!("clusters/{id}"), &labels).await.unwrap().expect(200);
    let url = running.database.url();

    let said = audit(url, &["step", "--stream", &id]).await.expect(0);
    let steps = said.lines();
    let types: Vec<String> = steps.iter().map(|step| text(&step["event_type"])).collect();
    assert_eq!(types, ["cluster.import_requested.v1", "cluster.import_failed.v1", "cluster.changed.v1"]);
    assert_eq!(
        steps[0]["changes"][0],
        json!({ "op": "changed", "path": "/state", "from": "absent", "to": "importing" })
    );
    let changes = steps[2]["changes"].as_array().unwrap();
    assert!(
        changes.contains(&json!({ "op": "removed", "path": "/spec/labels/env", "from": "test" })),
        "{changes:?}"
    );
    assert!(
        changes.contains(&json!({ "op": "added", "path": "/spec/labels/team", "to": "data" })),
        "{changes:?}"
    );
    // Each state is the one before it with the changes, and the last one is what the hub shows.
    for two in steps.windows(2) {
        assert_ne!(two[0]["state"], two[1]["state"]);
        assert!(two[1]["note"].is_null());
    }
    let shown = admin.get(&format!("clusters/{id}")).await.unwrap().expect(200).body;
    assert_eq!(steps[2]["state"]["spec"]["labels"], shown["labels"]);

    // What lies before `--from` is folded, and not shown; an exported file tells the same.
    let from = steps[2]["position"].to_string();
    let late = audit(url, &["step", "--stream", &id, "--from", &from, "--json"]).await.expect(0).lines();
    assert_eq!(late, steps[2..]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger").display().to_string();
    audit(url, &["export", &file]).await.expect(0);
    assert_eq!(audit(url, &["step", &file, "--stream", &id]).await.expect(0).lines(), steps);
    let tenants = audit(url, &["step", "--tenant", "default"]).await.expect(0).lines();
    assert_eq!(tenants, audit(url, &["step", &file, "--tenant", "default"]).await.expect(0).lines());
    assert!(tenants.len() > steps.len());

    // Sealed data stays sealed, and secrets were never there.
    let all = tenants.iter().map(Value::to_string).collect::<String>();
    assert!(all.contains("user.registered.v1") && !all.contains("admin@clustermaster.local"));

    refused(&audit(url, &["step", "--tenant", "nobody"]).await, "there is no tenant named `nobody`");
    refused(&audit(url, &["step", "--from", "0"]).await, "--from");
    refused(&audit(url, &["step", "--tenant", "default", "--stream", &id]).await, "cannot be used with");
    refused(&audit(url, &["step", "/nowhere/ledger"]).await, "cannot be read");
    let none = audit(url, &["step", "--stream", "cluster_nobody"]).await.expect(0);
    assert!(none.out.is_empty() && none.err.contains("no event fits"), "{}", none.err);
}

#[tokio::test]
async fn history_is_told_again_without_an_event() {
    let running = Running::with(&[]).await;
    let admin = running.admin().await;
    let id = imported(&admin, "told").await;
    for name in ["told-a", "told-b"] {
        admin.put(&format!("clusters/{id}"), &json!({ "name": name })).await.unwrap().expect(200);
    }
    let url = running.database.url();
    let steps = audit(url, &["step", "--stream", &id]).await.expect(0).lines();
    let event = |nth: usize| text(&steps[nth]["event_id"]);
    let head = || async { audit(url, &["head"]).await.expect(0).out };
    let before = head().await;

    // Without the import nothing that came later fits.
    let told = audit(url, &["what-if", "--drop", &event(0), "--json"]).await.expect(0).json();
    assert_eq!(told["dropped"]["event_type"], "cluster.import_requested.v1");
    assert_eq!(told["unfit"].as_array().unwrap().len(), 3, "{told}");
    let state = told["state"].as_array().unwrap();
    assert!(
        state.contains(&json!({ "op": "changed", "path": "/state", "from": "importing", "to": "absent" }))
    );
    let tables: Vec<&Value> = told["rows"].as_array().unwrap().iter().map(|rows| &rows["table"]).collect();
    assert!(tables.contains(&&json!("clusters")) && tables.contains(&&json!("audit_logs")), "{tables:?}");

    // Without the first new name the second one still holds: the present is the same.
    let told =
        audit(url, &["what-if", "--drop", &event(2), "--json", "--tenant", "default"]).await.expect(0).json();
    assert_eq!((&told["state"], &told["unfit"]), (&json!([]), &json!([])));
    assert_eq!(told["same_again"]["id"], steps[3]["event_id"]);
    let clusters = told["rows"].as_array().unwrap().iter().find(|rows| rows["table"] == "clusters").unwrap();
    assert_eq!(
        clusters["differ"][0]["position"], steps[2]["position"],
        "one version would be missing: {clusters}"
    );
    let words = audit(url, &["what-if", "--drop", &event(2)]).await.expect(0).out;
    assert!(words.contains("the stream's present state would be the same"), "{words}");
    assert!(words.contains("read.audit_logs: the row from position"), "{words}");

    // A file tells the same, and nothing has changed.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger").display().to_string();
    audit(url, &["export", &file]).await.expect(0);
    assert_eq!(audit(url, &["what-if", &file, "--drop", &event(2)]).await.expect(0).out, words);
    assert_eq!(head().await, before);

    let unknown = uuid::Uuid::nil().to_string();
    refused(&audit(url, &["what-if", "--drop", &unknown]).await, "the ledger holds no event");
    refused(&audit(url, &["what-if", "--drop", "nonsense"]).await, "--drop");
    refused(&audit(url, &["what-if"]).await, "--drop");
    let tenant = ["what-if", "--drop", &event(0), "--tenant", "nobody"];
    refused(&audit(url, &tenant).await, "there is no tenant named `nobody`");
    running.other_tenant().await;
    let tenant = ["what-if", "--drop", &event(0), "--tenant", "other"];
    refused(&audit(url, &tenant).await, "the ledger of `other` holds no event");
}
