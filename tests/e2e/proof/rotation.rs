//! A signing key gives way to another: who believes the old one can go on from it alone.

use std::path::Path;
use std::process::{Command, Output};

use hub_domain::ledger::{Algorithm, Rotation, SigningKey};
use hub_kit::hub::program;
use hub_projections::proof::{Notary, NotaryError, NotarySettings, ProofStore as _, SignerKey};
use hub_replay::evidence::Evidence;
use serde_json::Value;

use super::{Office, covered, key, running};
use crate::http::{imported, text};
use crate::projections::world::tenant;

fn next_key(seed: u8) -> SigningKey {
    SigningKey::new("hub.example", Algorithm::Ed25519, &[seed; 32]).unwrap()
}

fn signer(from: &SigningKey, to: &SigningKey) -> SignerKey {
    let statement = Rotation::sign(from, to).unwrap().to_string();
    SignerKey { verifier: to.verifier().to_string(), statement: Some(statement) }
}

/// Records a rotation as the hub does, without one.
async fn rotate(office: &Office, signer: &SignerKey) {
    let payload = serde_json::json!({ "statement": signer.statement }).to_string();
    office.world.raw(tenant(1), "tenant_1", "tenant.signing_key_rotated.v1", &payload).await;
    assert!(office.store.rotate_key(&key().verifier().to_string(), signer).await.unwrap());
}

#[tokio::test]
async fn the_old_key_leads_to_the_new_one_and_vouches_for_nothing_more() {
    let office = Office::open().await;
    office.append(tenant(1), "cluster_1", 300).await;
    office.notary.look(true).await.unwrap();
    let new = next_key(9);
    rotate(&office, &signer(&key(), &new)).await;
    assert!(matches!(office.notary.look(true).await, Err(NotaryError::AnotherKey { .. })));

    let second = Notary::open(office.store.clone(), new.clone(), NotarySettings::default()).await.unwrap();
    office.append(tenant(1), "cluster_1", 5).await;
    assert_eq!(second.look(true).await.unwrap(), 1);
    let old_alone = Evidence { keys: vec![key().verifier()], ..Evidence::default() };
    let report = office.verify(&old_alone).await;
    assert!(report.is_clean() && report.signed == 2, "{report:?}");
    let new_alone = Evidence { keys: vec![new.verifier()], ..Evidence::default() };
    assert!(!office.verify(&new_alone).await.is_clean(), "the new key has not signed what came before it");

    // Whoever holds the old key, and the database, goes on signing with it.
    office.alter("delete from ledger.signing_keys where number = 2").await;
    office.append(tenant(1), "cluster_1", 5).await;
    assert_eq!(office.notary.look(true).await.unwrap(), 1);
    let report = office.verify(&old_alone).await;
    assert!(
        report.faults.iter().any(|fault| fault.what.contains("had given way to another")),
        "{:?}",
        report.faults
    );
}

#[tokio::test]
async fn a_rotation_that_the_old_key_has_not_signed_is_believed_by_nobody() {
    let office = Office::open().await;
    office.append(tenant(1), "cluster_1", 20).await;
    office.notary.look(true).await.unwrap();
    let (stranger, new) = (next_key(5), next_key(9));
    rotate(&office, &signer(&stranger, &new)).await;
    let second = Notary::open(office.store.clone(), new, NotarySettings::default()).await.unwrap();
    second.look(true).await.unwrap();
    let report = office.verify(&Evidence { keys: vec![key().verifier()], ..Evidence::default() }).await;
    assert!(
        report.faults.iter().any(|fault| fault.what.contains("no given key has signed it")),
        "{:?}",
        report.faults
    );
}

fn run(program: &Path, arguments: &[&str], folder: &Path) -> Output {
    Command::new(program).args(arguments).current_dir(folder).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn a_hub_is_given_another_key_and_auditors_follow() {
    let mut running = running().await;
    let admin = running.admin().await;
    imported(&admin, "before").await;
    let old = text(&covered(&admin).await["verifier_key"]);
    let data = running.hub.data_dir();
    let folder = data.parent().unwrap().to_owned();
    let new_file = folder.join("signing.new");
    let action = ["rotate", "--new-signing-key-file", new_file.to_str().unwrap()];
    // Twice: whoever is interrupted asks again.
    for _ in 0..2 {
        let rotated = running.tool(&["signing-key"], &action, &[]).await.unwrap();
        assert!(rotated.contains("from now on"), "{rotated}");
    }
    running.hub.terminate().await.unwrap();
    std::fs::copy(&new_file, data.join("keys/signing")).unwrap();
    running.hub.start_again().await.unwrap();
    let admin = running.admin().await;
    let head = covered(&admin).await;
    let new = text(&head["verifier_key"]);
    assert!(new != old && text(&head["checkpoint"]["note"]).contains(&new[..20]));

    let keys = admin.get("ledger/keys").await.unwrap().expect(200).body;
    assert_eq!((text(&keys[0]["verifier_key"]), text(&keys[1]["verifier_key"])), (old.clone(), new));
    assert_eq!(keys[0]["rotation"], Value::Null);
    let logged = admin.get("audit-logs?action=tenant.rotate_signing_key").await.unwrap().expect(200).body;
    assert_eq!(logged.as_array().unwrap().len(), 1, "{logged}");
    assert!(text(&logged[0]["after"]["verifier_key"]).starts_with("hub.example/test+"), "{logged}");

    // One entry, proven under the new key to who has the old one and the rotation.
    let proof = admin.get(&format!("audit-logs/{}/proof", text(&logged[0]["id"]))).await.unwrap().expect(200);
    std::fs::write(folder.join("proof.json"), &proof.text).unwrap();
    std::fs::write(folder.join("rotation"), text(&keys[1]["rotation"])).unwrap();
    let verifier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../replay-tools/verifier/verify.py");
    let (audit, python) = (program("clustermaster-audit"), verifier.to_str().unwrap());
    let alone = run(&audit, &["check", "proof.json", "--key", &old], &folder);
    assert_eq!(alone.status.code(), Some(1), "{}", said(&alone));
    let led = run(&audit, &["check", "proof.json", "--key", &old, "--rotation", "rotation"], &folder);
    assert!(led.status.success(), "{}", said(&led));
    let python_led = [python, "proof", "proof.json", "--key", &old, "--rotation", "rotation"];
    let led = run(Path::new("python3"), &python_led, &folder);
    assert!(led.status.success(), "{}", said(&led));

    // The whole ledger, in which the rotation stands itself.
    let url = running.database.url();
    let exported = run(&audit, &["export", "ledger.cm", "--database-url", url], &folder);
    assert!(exported.status.success(), "{}", said(&exported));
    for (program, arguments) in [
        (audit.as_path(), vec!["verify", "--key", old.as_str(), "--database-url", url]),
        (audit.as_path(), vec!["verify", "ledger.cm", "--key", old.as_str()]),
        (Path::new("python3"), vec![python, "ledger", "ledger.cm", "--key", &old]),
    ] {
        let told = run(program, &arguments, &folder);
        assert!(told.status.success(), "{arguments:?}: {}", said(&told));
    }
}
