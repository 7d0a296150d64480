//! Proof: what the hub signs, what it proves under it, and what happens when the past was altered.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod foreign;
mod rotation;
mod witnesses;

use std::sync::Arc;

use data_encoding::BASE64;
use hub_domain::kernel::{TenantId, TypedId as _};
use hub_domain::ledger::{
    Algorithm, Checkpoint, Hash, Plan, SigningKey, VerifierKey, leaf_hash, root, sha256, verify_consistency,
    verify_inclusion,
};
use hub_kit::{Client, until};
use hub_postgres::PgProofs;
use hub_projections::proof::{Notary, NotaryError, NotarySettings, ProofError, ProofStore, Proofs, Tree};
use hub_replay::check::check;
use hub_replay::evidence::Evidence;
use hub_replay::source::Database;
use hub_replay::verify::{self, Report};
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;

use crate::http::{Running, SOON, imported, problem, text};
use crate::projections::world::{World, tenant};

/// A hub that signs within a second.
async fn running() -> Running {
    Running::with(&[
        ("CLUSTERMASTER_CHECKPOINT_SECONDS", "1"),
        ("CLUSTERMASTER_LEDGER_NAME", "hub.example/test"),
    ])
    .await
}

/// The ledger's head, once a checkpoint covers all of it.
async fn covered(client: &Client) -> Value {
    let head = || async {
        let head = client.get("ledger/head").await.unwrap().expect(200).body;
        (head["uncovered"] == 0 && !head["checkpoint"].is_null()).then_some(head)
    };
    until(SOON, head).await.expect("a checkpoint covers the ledger")
}

#[tokio::test]
async fn each_entry_is_proven_to_who_has_the_key_alone() {
    let running = running().await;
    let admin = running.admin().await;
    imported(&admin, "proven").await;
    let (_, viewer) = running.user(&admin, "viewer@example.org", "viewer").await;
    let head = covered(&admin).await;
    let key: VerifierKey = text(&head["verifier_key"]).parse().unwrap();
    assert!(key.name().starts_with("hub.example/test/"), "{key}");

    let entries = admin.get("audit-logs?limit=500&sort=recorded_at").await.unwrap().expect(200).body;
    let entries = entries.as_array().unwrap();
    assert!(entries.len() as u64 >= head["checkpoint"]["size"].as_u64().unwrap());
    for entry in entries.iter().take(head["checkpoint"]["size"].as_u64().unwrap() as usize) {
        let path = format!("audit-logs/{}/proof", text(&entry["id"]));
        let proof = admin.get(&path).await.unwrap().expect(200);
        let told = check(proof.text.as_bytes(), std::slice::from_ref(&key)).unwrap().told().unwrap();
        for (ours, theirs) in [
            ("id", "id"),
            ("sequence", "sequence"),
            ("actor", "actor"),
            ("event_type", "event_type"),
            ("stream", "target_id"),
        ] {
            assert_eq!(told[ours], entry[theirs], "{ours} of {path}");
        }
        assert_eq!(told["payload"], entry["payload"]);
        let leaf = BASE64.decode(text(&proof.body["leaf"]).as_bytes()).unwrap();
        assert_eq!(leaf_hash(&leaf).to_string(), text(&entry["leaf_hash"]));
        problem(&viewer.get(&path).await.unwrap(), 403, "forbidden");
    }
    // Nobody else's entry, and nothing that is no entry.
    let other = running.other_tenant().await;
    let path = format!("audit-logs/{}/proof", text(&entries[0]["id"]));
    problem(&other.get(&path).await.unwrap(), 404, "audit-log-not-found");
    problem(&admin.get("audit-logs/nonsense/proof").await.unwrap(), 404, "audit-log-not-found");
    let theirs = covered(&other).await;
    let proof = admin.get(&path).await.unwrap().expect(200);
    let foreign: VerifierKey = text(&theirs["verifier_key"]).parse().unwrap();
    assert!(check(proof.text.as_bytes(), &[foreign]).is_err(), "another tenant's key proves nothing here");
}

#[tokio::test]
async fn the_ledger_is_served_as_tiles_and_only_grows() {
    let running = running().await;
    let admin = running.admin().await;
    let before = covered(&admin).await;
    imported(&admin, "tiled").await;
    let after = covered(&admin).await;
    let key: VerifierKey = text(&after["verifier_key"]).parse().unwrap();
    let note = admin.get("ledger/checkpoint").await.unwrap().expect(200);
    assert_eq!(note.header("content-type"), "text/plain; charset=utf-8");
    let newest = Checkpoint::open(&note.text, &key).unwrap();
    assert!(newest.size >= after["checkpoint"]["size"].as_u64().unwrap());

    // A client that knows tiles only comes to the same root.
    let bytes = |path: String| {
        let request = admin.request(reqwest::Method::GET, &path);
        async move {
            let answer = request.send().await.unwrap();
            assert_eq!(
                (answer.status().as_u16(), &answer.headers()["content-type"]),
                (200, &"application/octet-stream".parse().unwrap())
            );
            answer.bytes().await.unwrap()
        }
    };
    let tile = bytes(format!("ledger/tile/0/000.p/{}", newest.size)).await;
    let hashes: Vec<Hash> = tile.chunks_exact(32).map(|hash| Hash(hash.try_into().unwrap())).collect();
    assert_eq!((hashes.len() as u64, root(&hashes)), (newest.size, newest.root));
    let bundle = bytes(format!("ledger/tile/entries/000.p/{}", newest.size)).await;
    let (mut rest, mut leaves) = (&bundle[..], vec![]);
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (leaf, after) = after.split_at(u16::from_be_bytes(*length).into());
        leaves.push(leaf_hash(leaf));
        rest = after;
    }
    assert_eq!(leaves, hashes);
    for path in [
        "0/000",
        "0/001.p/1",
        "1/000.p/1",
        "0/000.p/0",
        "64/000",
        "x/000",
        "entries/001.p/1",
        "0/0",
        "00/000",
    ] {
        problem(&admin.get(&format!("ledger/tile/{path}")).await.unwrap(), 404, "tile-not-found");
    }
    problem(&running.hub.anonymous().get("ledger/tile/0/000").await.unwrap(), 401, "unauthenticated");

    let (from, to) = (before["checkpoint"]["size"].as_u64().unwrap(), newest.size);
    let proof = admin.get(&format!("ledger/consistency?from={from}&to={to}")).await.unwrap().expect(200).body;
    let old: Hash = serde_json::from_value(before["checkpoint"]["root"].clone()).unwrap();
    let hashes: Vec<Hash> = serde_json::from_value(proof["hashes"].clone()).unwrap();
    assert_eq!(verify_consistency(from, &old, to, &newest.root, &hashes), Ok(()));
    for (query, parameter) in [
        ("from=1", "to"),
        ("to=1", "from"),
        ("from=2&to=1", "to"),
        ("from=0&to=999999", "to"),
        ("from=-1&to=2", "from"),
    ] {
        let refused = admin.get(&format!("ledger/consistency?{query}")).await.unwrap();
        problem(&refused, 400, "invalid-parameter");
        assert_eq!(refused.body["errors"][0]["parameter"], json!(parameter), "{query}");
    }

    // Every checkpoint that was ever signed is listed, the newest first, and fits the tree.
    let (mut path, mut sizes) = ("ledger/checkpoints?limit=1".to_owned(), vec![]);
    loop {
        let page = admin.get(&path).await.unwrap().expect(200);
        let said = Checkpoint::open(&text(&page.body[0]["note"]), &key).unwrap();
        assert_eq!(
            (json!(said.size), json!(said.root)),
            (page.body[0]["size"].clone(), page.body[0]["root"].clone())
        );
        assert_eq!(said.root, root(&leaves[..said.size as usize]));
        sizes.push(said.size);
        let Some((_, rest)) = page.header("link").split_once('<') else { break };
        path = rest.split_once('>').unwrap().0.to_owned();
    }
    assert!(sizes.len() >= 2 && sizes.is_sorted_by(|newer, older| newer >= older), "{sizes:?}");
    problem(&admin.get("ledger/checkpoints?cursor=x").await.unwrap(), 400, "invalid-cursor");
}

#[tokio::test]
async fn a_hub_signs_with_its_own_key_or_not_at_all() {
    let mut running = running().await;
    let admin = running.admin().await;
    covered(&admin).await;
    let file = running.hub.data_dir().join("keys/signing");
    let secret = std::fs::read_to_string(&file).unwrap();
    assert!(secret.starts_with("PRIVATE+KEY+hub.example/test+"));
    assert!(!running.hub.log().contains(secret.trim()));
    running.hub.terminate().await.unwrap();
    let other = SigningKey::new("hub.example/test", Algorithm::Ed25519, &[5; 32]).unwrap();
    std::fs::write(&file, other.secret()).unwrap();
    let refused = running.hub.start_again().await.unwrap_err().to_string();
    assert!(
        refused.contains("the ledger is signed by") || running.hub.log().contains("the ledger is signed by"),
        "{refused}"
    );
    std::fs::write(&file, secret).unwrap();
    running.hub.start_again().await.unwrap();
}

/// A log without a hub, and who signs it.
struct Office {
    world: World,
    store: Arc<PgProofs>,
    notary: Notary,
}

fn key() -> SigningKey {
    SigningKey::new("hub.example", Algorithm::Ed25519, &[8; 32]).unwrap()
}

impl Office {
    async fn open() -> Self {
        let world = World::fresh().await;
        let store = Arc::new(PgProofs::new(world.pools.writer.clone()));
        let notary = Notary::open(store.clone(), key(), NotarySettings::default()).await.unwrap();
        Self { world, store, notary }
    }

    async fn append(&self, of: TenantId, stream: &str, events: usize) {
        for nth in 0..events {
            self.world
                .raw(of, stream, "cluster.decommission_requested.v1", &format!("{{\"nth\":{nth}}}"))
                .await;
        }
    }

    async fn verify(&self, known: &Evidence) -> Report {
        let database = Database {
            data_dir: "/nowhere".into(),
            database_url: Some(self.world.database.url().to_owned()),
        };
        let mut ledger = database.open().await.unwrap();
        let report = verify::of_database(&mut ledger, known).await.unwrap();
        ledger.close().await.unwrap();
        report
    }

    /// Alters the database as its owner can: with the triggers away.
    async fn alter(&self, sql: &str) {
        let mut owner =
            hub_postgres::pools::options(self.world.database.url()).unwrap().connect().await.unwrap();
        for table in ["events", "checkpoints", "whole_checkpoints", "cosignatures", "signing_keys"] {
            sqlx::query(&format!("alter table ledger.{table} disable trigger append_only"))
                .execute(&mut owner)
                .await
                .unwrap();
        }
        sqlx::query(sql).execute(&mut owner).await.unwrap();
    }
}

#[tokio::test]
async fn proofs_out_of_stored_nodes_lead_to_the_signed_root() {
    let office = Office::open().await;
    let one = tenant(1);
    // Sizes around those at which nodes come to be, signed one after the other.
    let mut leaves = Vec::new();
    for more in [1, 254, 1, 1, 300, 723] {
        office.append(one, "cluster_1", more).await;
        assert_eq!(office.notary.look(true).await.unwrap(), 1);
        leaves
            .extend(office.world.events().await[leaves.len()..].iter().map(|event| event.recorded.leaf_hash));
        let proofs = Proofs::new(office.store.clone(), key().verifier());
        let newest = proofs.newest(one.uuid()).await.unwrap().unwrap();
        assert_eq!((newest.size, newest.root), (leaves.len() as u64, root(&leaves)));
        for index in [0, newest.size / 3, newest.size / 2, newest.size - 1] {
            let proof = proofs.entry(one.uuid(), index).await.unwrap();
            assert_eq!(leaf_hash(&proof.leaf), leaves[index as usize]);
            verify_inclusion(&leaves[index as usize], index, newest.size, &proof.hashes, &newest.root)
                .unwrap();
            let grown = proofs.consistency(one.uuid(), index, newest.size).await.unwrap();
            let old = root(&leaves[..index as usize]);
            assert_eq!(grown.from_root, old);
            verify_consistency(index, &old, newest.size, &newest.root, &grown.hashes).unwrap();
        }
        assert!(matches!(proofs.entry(one.uuid(), newest.size).await, Err(ProofError::NotYet)));
    }
    assert_eq!(office.store.nodes(Tree::Tenant(one.uuid()), 1).await.unwrap(), leaves.len() as u64 / 256);
    let spans = Plan::root(leaves.len() as u64).spans();
    assert!(office.store.hashes(Tree::Whole, &spans).await.unwrap().len() <= spans.len());
    assert_eq!(office.notary.look(true).await.unwrap(), 0, "nothing is new");
    let known = Evidence { keys: vec![key().verifier()], ..Evidence::default() };
    let report = office.verify(&known).await;
    assert!(report.is_clean() && report.signed == 6 && report.checkpoints == 6, "{report:?}");
}

#[tokio::test]
async fn two_notaries_sign_one_log() {
    let office = Arc::new(Office::open().await);
    let second = Notary::open(office.store.clone(), key(), NotarySettings::default()).await.unwrap();
    for round in 0..20 {
        for number in 1..=3 {
            office.append(tenant(number), &format!("cluster_{round}"), 2).await;
        }
        let (ours, theirs) = tokio::join!(office.notary.look(true), second.look(true));
        assert!(ours.unwrap() + theirs.unwrap() >= 3);
    }
    let report = office.verify(&Evidence { keys: vec![key().verifier()], ..Evidence::default() }).await;
    assert!(report.is_clean() && report.checkpoints >= 60, "{report:?}");
    let stranger = SigningKey::new("hub.example", Algorithm::Ed25519, &[9; 32]).unwrap();
    let refused = Notary::open(office.store.clone(), stranger.clone(), NotarySettings::default()).await;
    assert!(matches!(refused, Err(NotaryError::AnotherKey { .. })));
    let report = office.verify(&Evidence { keys: vec![stranger.verifier()], ..Evidence::default() }).await;
    assert!(!report.is_clean(), "a stranger has signed nothing here");
    let elsewhere = SigningKey::new("hub.elsewhere", Algorithm::Ed25519, &[8; 32]).unwrap();
    let report = office.verify(&Evidence { keys: vec![elsewhere.verifier()], ..Evidence::default() }).await;
    assert!(
        report.faults.iter().any(|fault| fault.what.contains("has signed nothing here")),
        "{:?}",
        report.faults
    );
    // One tenant's key judges that tenant's checkpoints, and blames nobody else's.
    let own = key().verifier().named(&format!("hub.example/{}", tenant(2).uuid())).unwrap();
    let report = office.verify(&Evidence { keys: vec![own], ..Evidence::default() }).await;
    assert!(report.is_clean() && report.signed >= 20 && report.signed < report.checkpoints, "{report:?}");
}

#[tokio::test]
async fn a_rewritten_ledger_is_not_signed() {
    let office = Office::open().await;
    let (one, two) = (tenant(1), tenant(2));
    office.append(one, "cluster_1", 300).await;
    office.append(two, "cluster_2", 10).await;
    assert_eq!(office.notary.look(true).await.unwrap(), 2);
    // The chain after a row is made to fit again, as whoever owns the database could: the hashes alone matter here.
    office
        .alter(&format!(
            "update ledger.events set leaf_hash = sha256(leaf_hash) where tenant = '{}' and sequence >= 290",
            one.uuid()
        ))
        .await;
    office.append(one, "cluster_1", 5).await;
    office.append(two, "cluster_2", 5).await;
    assert_eq!(office.notary.look(true).await.unwrap(), 1, "the other tenant's ledger goes on");
    let newest = office.store.checkpoints(one.uuid(), None, 1).await.unwrap();
    assert_eq!(newest[0].size, 300);
    assert!(!office.verify(&Evidence::default()).await.is_clean());
}

#[tokio::test]
async fn every_altered_checkpoint_is_named() {
    let alterations = [
        (
            "update ledger.checkpoints set root = sha256(root) where entry = 1",
            "checkpoint 1: its row was altered",
        ),
        (
            "update ledger.checkpoints set position = position + 1 where entry = 2",
            "checkpoint 2: its row was altered",
        ),
        (
            "update ledger.checkpoints set note = replace(note, 'hub.example', 'hub.elsewhere') where entry = 0",
            "checkpoint 0",
        ),
        (
            "update ledger.checkpoints set leaf_hash = sha256(leaf_hash) where entry = 1",
            "checkpoint 1: its row was altered",
        ),
        ("delete from ledger.checkpoints where entry = 1", "it stands where 1 belongs"),
        ("delete from ledger.checkpoints where entry = 3", "the checkpoints' log is cut"),
        (
            "update ledger.whole_checkpoints set root = sha256(root) where size = 3",
            "are not those that were signed together",
        ),
        (
            "update ledger.whole_checkpoints set note = note || note where size = 4",
            "the checkpoint over 4 checkpoints",
        ),
    ];
    for (sql, named) in alterations {
        let office = Office::open().await;
        for round in 0..4 {
            office.append(tenant(round % 2 + 1), &format!("cluster_{round}"), 3).await;
            assert_eq!(office.notary.look(true).await.unwrap(), 1);
        }
        assert!(office.verify(&Evidence::default()).await.is_clean());
        office.alter(sql).await;
        let report = office.verify(&Evidence::default()).await;
        assert!(report.faults.iter().any(|fault| fault.what.contains(named)), "{sql}: {:?}", report.faults);
    }
}

#[tokio::test]
async fn a_checkpoint_kept_elsewhere_finds_a_ledger_that_was_cut() {
    let office = Office::open().await;
    let one = tenant(1);
    office.append(one, "cluster_1", 20).await;
    office.notary.look(true).await.unwrap();
    let kept = office.store.checkpoints(one.uuid(), None, 1).await.unwrap().remove(0);
    let said = Checkpoint::open(&kept.note, &key().verifier()).unwrap();
    let known = Evidence { checkpoints: vec![(one.uuid(), said.clone())], ..Evidence::default() };
    assert!(office.verify(&known).await.is_clean());
    // Events, heads and checkpoints are cut so that nothing inside tells: only what left the building does.
    office.alter("delete from ledger.checkpoints").await;
    office.alter("delete from ledger.whole_checkpoints").await;
    office.alter("delete from ledger.events where sequence >= 10").await;
    office.alter("update ledger.head set position = 10").await;
    office
        .alter("update ledger.tenant_heads h set size = 10, last = (select leaf_hash from ledger.events where sequence = 9)")
        .await;
    assert!(office.verify(&Evidence::default()).await.is_clean());
    let report = office.verify(&known).await;
    assert!(report.faults.iter().any(|fault| fault.what.contains("the tail is cut")), "{:?}", report.faults);
    let forged = Checkpoint { size: 10, root: sha256(b"another"), ..said };
    let report =
        office.verify(&Evidence { checkpoints: vec![(one.uuid(), forged)], ..Evidence::default() }).await;
    assert!(report.faults.iter().any(|fault| fault.what.contains("root")), "{:?}", report.faults);
}
