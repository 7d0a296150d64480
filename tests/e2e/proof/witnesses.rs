//! Witnesses: what they cosign, and how a rollback and a split view are caught.

use std::collections::HashSet;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use hub_anchor::StoreAnchor;
use hub_domain::kernel::TypedId as _;
use hub_domain::ledger::{
    AddCheckpoint, Checkpoint, Hash, Note, VerifierKey, consistency_proof, leaf_hash, origin, root,
};
use hub_kit::hub::program;
use hub_kit::until;
use hub_projections::proof::{AnchorError, Anchors, ProofStore as _, WitnessError, Witnesses};
use hub_replay::evidence::Evidence;
use hub_replay::witness::WitnessServer;
use hub_witness::HttpWitness;
use reqwest::StatusCode;
use tokio::process::{Child, Command};

use super::{Office, covered, key};
use crate::http::{Running, SOON, imported, text};
use crate::projections::world::tenant;

/// `clustermaster-audit witness`, as somebody else would run it.
struct Elsewhere {
    child: Child,
    address: String,
    key: VerifierKey,
}

impl Elsewhere {
    async fn start(folder: &Path, listen: &str) -> Self {
        let out = folder.join("stdout");
        let child = Command::new(program("clustermaster-audit"))
            .args(["witness", "--listen", listen, "--name", "witness.example/one", "--dir"])
            .arg(folder.join("kept"))
            .args(["--log", &key().verifier().to_string()])
            .stdout(std::fs::File::create(&out).unwrap())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let printed = || async {
            let text = std::fs::read_to_string(&out).unwrap();
            let said = |what: &str| text.lines().find_map(|line| line.strip_prefix(what)).map(str::to_owned);
            Some((said("witnessing as ")?, said("listening on ")?))
        };
        let (key, address) = until(SOON, printed).await.expect("the witness listens");
        Self { child, address, key: key.parse().unwrap() }
    }
}

/// A witness in this process, on an address of its own.
async fn served(folder: &Path) -> (VerifierKey, HttpWitness, String) {
    let server = WitnessServer::open(folder, Some("witness.example/two"), vec![key().verifier()]).unwrap();
    let verifier = server.verifier();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, server.router()).await });
    let client = hub_witness::read(&format!("{verifier} {address}")).unwrap().remove(0);
    (verifier, client, address)
}

#[tokio::test]
async fn a_witness_cosigns_and_may_be_away_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let mut witness = Elsewhere::start(folder.path(), "127.0.0.1:0").await;
    let list = folder.path().join("witnesses");
    std::fs::write(&list, format!("# one\n{} {}\n", witness.key, witness.address)).unwrap();
    let secret = key().secret();
    let running = Running::with(&[
        ("CLUSTERMASTER_CHECKPOINT_SECONDS", "1"),
        ("CLUSTERMASTER_SIGNING_KEY", &secret),
        ("CLUSTERMASTER_WITNESSES_FILE", &list.display().to_string()),
    ])
    .await;
    let admin = running.admin().await;
    let head = covered(&admin).await;
    let key: VerifierKey = text(&head["verifier_key"]).parse().unwrap();
    let cosigned = |at_least: u64| {
        let (admin, key, witness) = (&admin, &key, witness.key.clone());
        move || {
            let witness = witness.clone();
            async move {
                let note = admin.get("ledger/checkpoint").await.unwrap().expect(200).text;
                let said = Checkpoint::open(&note, key).unwrap();
                let note: Note = note.parse().unwrap();
                (said.size >= at_least && note.signed_by(&witness).is_ok()).then_some(note)
            }
        }
    };
    let note = until(SOON, cosigned(1)).await.expect("the witness cosigns");
    assert_eq!(note.signatures.len(), 2);
    // Away, it holds up nothing; back, on the same address with what it kept, it goes on.
    witness.child.kill().await.unwrap();
    imported(&admin, "meanwhile").await;
    let grown = covered(&admin).await["checkpoint"]["size"].as_u64().unwrap();
    let before = Checkpoint::open(&note.to_string(), &key).unwrap().size;
    assert!(grown > before);
    let metrics = || async {
        let text = running.hub.anonymous().get("/metrics").await.unwrap().text;
        text.contains("clustermaster_ledger_unwitnessed{witness=\"witness.example/one\"} 1").then_some(())
    };
    until(SOON, metrics).await.expect("it is told that a witness is missing");
    let listen = witness.address.trim_start_matches("http://").to_owned();
    let again = Elsewhere::start(folder.path(), &listen).await;
    assert_eq!(again.key, witness.key);
    let patient = SOON * 3;
    until(patient, cosigned(grown)).await.expect("the witness catches up");
    let entry = admin.get("audit-logs?sort=recorded_at&limit=1").await.unwrap().expect(200).body;
    let proof =
        admin.get(&format!("audit-logs/{}/proof", text(&entry[0]["id"]))).await.unwrap().expect(200).body;
    let note: Note = text(&proof["checkpoint"]).parse().unwrap();
    assert!(note.signed_by(&witness.key).unwrap().is_some(), "a proof brings the witness along");
}

#[tokio::test]
async fn a_split_view_and_a_rollback_are_caught() {
    let folder = tempfile::tempdir().unwrap();
    let (_, witness, _) = served(folder.path()).await;
    let (one, two) = (Office::open().await, Office::open().await);
    for (office, stream) in [(&one, "cluster_1"), (&two, "cluster_2")] {
        office.append(tenant(1), stream, 20).await;
        office.notary.look(true).await.unwrap();
    }
    let show = |office: &Office| Witnesses::new(office.store.clone(), vec![]);
    assert_eq!(show(&one).show(&witness).await.unwrap(), 1);
    assert_eq!(show(&one).show(&witness).await.unwrap(), 0, "once is enough");
    // The other ledger has the same key, tenant and size, and another content.
    assert!(matches!(show(&two).show(&witness).await, Err(WitnessError::Conflict(20))));
    two.append(tenant(1), "cluster_2", 5).await;
    two.notary.look(true).await.unwrap();
    assert!(matches!(show(&two).show(&witness).await, Err(WitnessError::Refused { status: 422, .. })));
    // A ledger that was set back to an older copy of itself, and goes on from there.
    one.append(tenant(1), "cluster_1", 10).await;
    one.notary.look(true).await.unwrap();
    assert_eq!(show(&one).show(&witness).await.unwrap(), 1);
    for sql in [
        "delete from ledger.cosignatures",
        "delete from ledger.checkpoints",
        "delete from ledger.whole_checkpoints",
        "delete from ledger.events where sequence >= 12",
        "update ledger.head set position = 12",
        "update ledger.tenant_heads h set size = 12, last = (select leaf_hash from ledger.events where sequence = 11)",
    ] {
        one.alter(sql).await;
    }
    one.notary.look(true).await.unwrap();
    assert!(matches!(show(&one).show(&witness).await, Err(WitnessError::Conflict(30))));
}

#[tokio::test]
async fn two_hubs_show_one_witness_the_same_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let (verifier, witness, _) = served(folder.path()).await;
    let office = Office::open().await;
    let witness = Arc::new(witness);
    for round in 0..10 {
        for number in 1..=3 {
            office.append(tenant(number), &format!("cluster_{round}"), 2).await;
        }
        office.notary.look(true).await.unwrap();
        let (ours, theirs) =
            (Witnesses::new(office.store.clone(), vec![]), Witnesses::new(office.store.clone(), vec![]));
        let (ours, theirs) = tokio::join!(ours.show(&*witness), theirs.show(&*witness));
        assert!(ours.unwrap() + theirs.unwrap() >= 3);
    }
    for number in 1..=3 {
        let newest = office.store.checkpoints(tenant(number).uuid(), None, 1).await.unwrap().remove(0);
        let note: Note = newest.note.parse().unwrap();
        assert!(note.signed_by(&verifier).unwrap().is_some());
    }
    assert!(office.verify(&Evidence::default()).await.is_clean());
}

#[tokio::test]
async fn a_witness_answers_as_the_protocol_says() {
    let folder = tempfile::tempdir().unwrap();
    assert!(WitnessServer::open(folder.path(), Some("no name"), vec![]).is_err());
    assert!(!folder.path().join("key").exists(), "a name that no key can bear leaves nothing behind");
    let (verifier, _, address) = served(folder.path()).await;
    let leaves: Vec<Hash> = (0..9_u8).map(|nth| leaf_hash(&[nth])).collect();
    let name = origin(key().name(), uuid::Uuid::from_u128(1));
    let request = |old: usize, size: usize, by: &str| {
        let said = Checkpoint { origin: by.to_owned(), size: size as u64, root: root(&leaves[..size]) };
        let note = said.sign(&key().named(by).unwrap()).to_string();
        AddCheckpoint { old: old as u64, proof: consistency_proof(old, &leaves[..size]), note }.to_string()
    };
    let http = reqwest::Client::new();
    let post = |body: String| {
        let request = http.post(format!("{address}/add-checkpoint")).body(body);
        async move {
            let answer = request.send().await.unwrap();
            let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
            (answer.status(), kind.unwrap_or_default(), answer.text().await.unwrap())
        }
    };
    let first = request(0, 4, &name);
    let (status, _, lines) = post(first.clone()).await;
    assert_eq!(status, StatusCode::OK);
    let note: Note = first.split_once("\n\n").unwrap().1.parse().unwrap();
    assert!(note.with_lines(&lines).unwrap().signed_by(&verifier).unwrap().is_some());
    let (status, kind, size) = post(first).await;
    assert_eq!((status, kind.as_str(), size.as_str()), (StatusCode::CONFLICT, "text/x.tlog.size", "4\n"));
    let forged = request(4, 9, &name).replace("\n9\n", "\n8\n");
    let broken = consistency_proof(4, &leaves[..9]);
    let unproven = request(4, 9, &name).replacen(
        &data_encoding::BASE64.encode(&broken[0].0),
        &data_encoding::BASE64.encode(&[0; 32]),
        1,
    );
    for (body, status) in [
        (request(0, 4, "hub.elsewhere/log"), StatusCode::NOT_FOUND),
        (forged, StatusCode::FORBIDDEN),
        (unproven, StatusCode::UNPROCESSABLE_ENTITY),
        (request(9, 4, &name), StatusCode::BAD_REQUEST),
        ("old 4\n".to_owned(), StatusCode::BAD_REQUEST),
        ("x".repeat(100_000), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        assert_eq!(post(body).await.0, status);
    }
    assert_eq!(post(request(4, 9, &name)).await.0, StatusCode::OK, "none of these has done any harm");
    // A line that it does not understand stands under its cosignature, as it stands under the log's signature.
    let text = format!("{}an extension\n", Checkpoint { origin: name.clone(), size: 9, root: root(&leaves) });
    let note = Note { signatures: vec![key().named(&name).unwrap().sign(&text, 0)], text };
    let extended = AddCheckpoint { old: 9, proof: vec![], note: note.to_string() };
    let (status, _, lines) = post(extended.to_string()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(note.with_lines(&lines).unwrap().signed_by(&verifier).unwrap().is_some());
    let got = http.get(format!("{address}/add-checkpoint")).send().await.unwrap();
    assert_eq!(got.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn an_anchor_finds_a_ledger_that_was_set_back() {
    let folder = tempfile::tempdir().unwrap();
    let anchor = StoreAnchor::open(&folder.path().display().to_string(), []).unwrap();
    let office = Office::open().await;
    let anchors = Anchors::new(office.store.clone(), vec![]);
    let mut trusted = HashSet::new();
    for (number, stream) in [(1, "cluster_1"), (2, "cluster_2")] {
        office.append(tenant(number), stream, 20).await;
    }
    office.notary.look(true).await.unwrap();
    assert_eq!(anchors.write(&anchor, &mut trusted).await.unwrap(), 2);
    assert_eq!(anchors.write(&anchor, &mut trusted).await.unwrap(), 0, "once is enough");
    let place = folder.path().join(tenant(1).uuid().to_string()).join(format!("{:020}.checkpoint", 20));
    let kept = std::fs::read_to_string(place).unwrap();
    let said = Checkpoint::open(&kept, &key().verifier()).unwrap();
    let evidence = Evidence { checkpoints: vec![(tenant(1).uuid(), said)], ..Evidence::default() };
    assert!(office.verify(&evidence).await.is_clean());
    let newest = office.store.checkpoints(tenant(1).uuid(), None, 1).await.unwrap().remove(0);
    assert_eq!(newest.note, kept, "an anchor leaves no line in the note");

    for sql in [
        "delete from ledger.cosignatures",
        "delete from ledger.checkpoints",
        "delete from ledger.whole_checkpoints",
        "delete from ledger.events where position > 15",
        "update ledger.head set position = 15",
        "delete from ledger.tenant_heads h where size = 20 and exists (select from ledger.events e where e.tenant = h.tenant) is false",
        "update ledger.tenant_heads h set size = 15, last = (select leaf_hash from ledger.events where sequence = 14)",
    ] {
        office.alter(sql).await;
    }
    office.notary.look(true).await.unwrap();
    let set_back = anchors.write(&anchor, &mut HashSet::new()).await;
    assert!(matches!(set_back, Err(AnchorError::Ahead(20))), "{set_back:?}");
    assert!(!office.verify(&evidence).await.is_clean());
    // Grown to the same size again, it is another ledger, and even a hub that looked before sees it.
    office.append(tenant(1), "cluster_1", 5).await;
    office.notary.look(true).await.unwrap();
    let again = anchors.write(&anchor, &mut trusted).await;
    assert!(matches!(again, Err(AnchorError::Another(20))), "{again:?}");
}
