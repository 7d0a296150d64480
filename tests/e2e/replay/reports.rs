//! `report`, on a running hub.

use std::path::Path;

use hub_domain::ledger::VerifierKey;
use hub_kit::{Client, until};
use hub_replay::check::check;
use serde_json::{Value, json};

use super::{audit, refused};
use crate::http::{Running, SOON, imported, text};

/// As long as anything here may have been recorded.
const EVER: &str = "2020-01-01/2100-01-01";

/// The tenant's key, once a checkpoint covers the ledger.
async fn covered(client: &Client) -> VerifierKey {
    let head = || async {
        let head = client.get("ledger/head").await.unwrap().expect(200).body;
        (head["uncovered"] == 0 && !head["checkpoint"].is_null()).then_some(head)
    };
    let head = until(SOON, head).await.expect("a checkpoint covers the ledger");
    text(&head["verifier_key"]).parse().unwrap()
}

#[tokio::test]
async fn an_auditor_gets_the_whole_population_with_its_proofs() {
    let running = Running::with(&[("CLUSTERMASTER_CHECKPOINT_SECONDS", "1")]).await;
    let admin = running.admin().await;
    imported(&admin, "reported").await;
    running.user(&admin, "viewer@example.org", "viewer").await;
    assert!(Client::sign_in(running.hub.base(), "viewer@example.org", "wrong-password-1").await.is_err());
    let key = covered(&admin).await;
    let url = running.database.url();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();

    let (mut of_kinds, mut reports) = (0, Vec::new());
    for kind in ["access", "changes", "violations"] {
        let file = path(kind);
        audit(url, &["report", kind, "--period", EVER, "--complete", "--out", &file]).await.expect(0);
        let report: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        for one in report["entries"].as_array().unwrap() {
            let told = check(one["proof"].to_string().as_bytes(), &key).unwrap().told().unwrap();
            assert_eq!(told["id"], one["entry"]["id"]);
            let entry = admin.get(&format!("audit-logs/{}", text(&told["id"]))).await.unwrap();
            if entry.status.is_success() {
                assert_eq!(entry.body["summary"], one["entry"]["summary"]);
            }
        }
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-tools/verifier/verify.py");
        let mut python = tokio::process::Command::new("python3");
        let judged = python.arg(program).args(["report", &file, "--key", &key.to_string()]).output();
        let judged = judged.await.unwrap();
        assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
        of_kinds += if kind == "violations" { 0 } else { report["counts"]["entries"].as_u64().unwrap() };
        reports.push(report);
    }
    let events = audit(url, &["replay", "--tenant", "default", "--format", "json"]).await.expect(0).lines();
    assert_eq!(of_kinds, events.len() as u64, "each event is access or a change");
    let outcomes = &reports[2]["counts"]["by_outcome"];
    assert_eq!(outcomes["refused"], json!(1), "the wrong password: {outcomes}");
    assert_eq!(outcomes["failed"], json!(1), "the cluster that does not answer: {outcomes}");

    // The same report of an exported file, for whoever has no database.
    let ledger = path("ledger");
    audit(url, &["export", &ledger]).await.expect(0);
    let out = audit(url, &["report", "access", &ledger, "--period", EVER]).await.expect(0);
    let of_file = out.json();
    assert_eq!((&of_file["counts"], &of_file["range"]), (&reports[0]["counts"], &reports[0]["range"]));
    for (format, begins) in [("csv", "sequence,position,id,"), ("html", "<!DOCTYPE html>")] {
        let out = audit(url, &["report", "access", "--period", EVER, "--format", format]).await.expect(0);
        assert!(out.out.starts_with(begins), "{}", out.out);
        assert!(
            out.err.contains("access report: ") && out.err.contains("proven under a checkpoint"),
            "{}",
            out.err
        );
    }
    let empty = audit(url, &["report", "access", "--period", "2020-01-01/2020-02-01"]).await.expect(0);
    assert_eq!(empty.json()["counts"]["entries"], json!(0));
    assert!(empty.err.contains("no entry") && empty.json()["after"].is_object(), "{}", empty.err);
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused_and_nothing_is_written() {
    let running = Running::with(&[]).await;
    let url = running.database.url();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report").display().to_string();
    for (period, why) in [
        ("2026-01-02/2026-01-01", "must end after it begins"),
        ("2026-01-01", "must read FROM/TO"),
        ("2026-13-01/2026-12-01", "neither a date"),
    ] {
        refused(&audit(url, &["report", "access", "--period", period, "--out", &out]).await, why);
    }
    let with =
        |kind: &'static str, more: &[&'static str]| [&["report", kind, "--period", EVER], more].concat();
    refused(&audit(url, &with("nonsense", &[])).await, "possible values: access, changes, violations");
    refused(&audit(url, &with("access", &["--format", "pdf"])).await, "possible values: csv, json, html");
    refused(&audit(url, &with("access", &["--tenant", "nobody"])).await, "there is no tenant named `nobody`");
    refused(&audit(url, &with("access", &["--out", "/nowhere/report"])).await, "cannot be written");
    refused(&audit(url, &with("access", &["--format", "csv", "--complete"])).await, "--format json only");
    refused(&audit(url, &["report", "access"]).await, "--period");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
