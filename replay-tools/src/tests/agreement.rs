//! Two verifiers that know nothing of each other judge thousands of spoiled files: they agree on every one.

use std::path::{Path, PathBuf};
use std::process::Command;

use data_encoding::BASE64;
use hub_domain::ledger::{
    Algorithm, Checkpoint, Hash, Leaf, Rotation, SigningKey, inclusion_proof, leaf_hash, origin, root,
};
use proptest::prelude::Strategy as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

use super::{Event, events, told, written};
use crate::check::{FORMAT, check};
use crate::evidence::{Evidence, learn};
use crate::verify::of_file;

const LEDGERS: usize = 3000;
const PROOFS: usize = 3000;

fn key() -> SigningKey {
    SigningKey::new("hub.example", Algorithm::Ed25519, &[3; 32]).expect("a key")
}

/// The checkpoints over the first `size` leaves of each tenant.
fn checkpoints(events: &[Event], size: usize) -> Vec<String> {
    let mut tenants: Vec<_> = events.iter().map(|(event, _)| event.tenant).collect();
    tenants.sort_unstable();
    tenants.dedup();
    let note = |tenant| {
        let origin = origin(key().name(), tenant);
        let of_tenant = events.iter().filter(|(event, _)| event.tenant == tenant);
        let leaves: Vec<Hash> = of_tenant.map(|(event, _)| event.leaf_hash).take(size).collect();
        let signer = key().named(&origin).expect("a name");
        Checkpoint { origin, size: leaves.len() as u64, root: root(&leaves) }.sign(&signer).to_string()
    };
    tenants.into_iter().map(note).collect()
}

fn proof(events: &[Event], nth: usize) -> Vec<u8> {
    let (event, leaf) = &events[nth];
    let of_tenant = events.iter().filter(|(other, _)| other.tenant == event.tenant);
    let leaves: Vec<Hash> = of_tenant.map(|(event, _)| event.leaf_hash).collect();
    let (place, notes) = (usize::from(event.tenant.as_u128() == 2), checkpoints(events, leaves.len()));
    let whole = json!({
        "format": FORMAT, "sequence": event.sequence, "leaf": BASE64.encode(leaf),
        "metadata": BASE64.encode(&event.metadata), "payload": BASE64.encode(&event.payload),
        "hashes": inclusion_proof(event.sequence as usize, &leaves),
        "checkpoint": notes[place], "verifier_key": key().verifier().to_string(),
    });
    serde_json::to_vec_pretty(&whole).expect("JSON")
}

/// Spoils bytes in ways that flipping alone would not find: cuts, repeats, swaps, foreign pieces.
fn spoil(whole: &[u8], other: &[u8], draw: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..=draw(2) {
        let length = bytes.len().max(1);
        let (at, span) = (draw(length), draw(80));
        let end = (at + span).min(bytes.len());
        match draw(8) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(end..end, again);
            }
            3 => bytes[at..end].reverse(),
            4 => {
                let from = draw(other.len());
                let piece = &other[from..(from + span).min(other.len())];
                bytes.splice(at..end, piece.iter().copied());
            }
            5 => bytes.insert(at, draw(256) as u8),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << draw(8);
                }
            }
        }
    }
    bytes
}

/// What the other verifier says of files, in their order: whether each holds.
fn other_verifier(kind: &str, files: &[PathBuf]) -> Vec<bool> {
    let script = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo runs the tests"))
        .join("verifier/verify.py");
    let key = key().verifier().to_string();
    let mut verdicts = Vec::new();
    for files in files.chunks(1000) {
        let output =
            Command::new("python3").arg(&script).arg(kind).args(files).args(["--key", &key]).output();
        let output = output.expect("python3 is there (apt-get install python3)");
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        verdicts.extend(lines.lines().map(|line| !line.contains("DOES NOT HOLD")));
    }
    assert_eq!(verdicts.len(), files.len());
    verdicts
}

/// Holds both verifiers' verdicts over spoiled variants against each other. The first variant is the whole file.
fn agree(kind: &str, whole: &[u8], other: &[u8], count: usize, ours: impl Fn(&[u8]) -> bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut draw = |below: usize| {
        (0..below.max(1))
            .new_tree(&mut runner)
            .map(|tree| proptest::strategy::ValueTree::current(&tree))
            .expect("a number")
    };
    let (mut files, mut expected) = (Vec::new(), Vec::new());
    for nth in 0..count {
        let bytes = if nth == 0 { whole.to_vec() } else { spoil(whole, other, &mut draw) };
        let path = folder.path().join(format!("{nth}"));
        std::fs::write(&path, &bytes).expect("a file");
        files.push(path);
        expected.push(ours(&bytes));
        if bytes != whole && kind == "ledger" {
            assert!(!expected[nth], "a spoiled ledger was accepted: {}", files[nth].display());
        }
    }
    assert!(expected[0], "the whole file holds");
    let found = other_verifier(kind, &files);
    for (nth, (ours, theirs)) in expected.iter().zip(&found).enumerate() {
        if ours != theirs {
            let kept = std::env::temp_dir().join(format!("disagreement-{kind}"));
            std::fs::copy(&files[nth], &kept).ok();
            panic!(
                "variant {nth}: ours says {ours}, the other says {theirs}; it is kept as {}",
                kept.display()
            );
        }
    }
}

#[test]
fn both_verifiers_agree_on_spoiled_ledgers() {
    let (events, others) = (events(9), events(14));
    let whole = written(&events, &checkpoints(&events, 4));
    let other = written(&others, &checkpoints(&others, 7));
    let known = Evidence { keys: vec![key().verifier()], ..Evidence::default() };
    agree("ledger", &whole, &other, LEDGERS, |bytes| {
        of_file(std::io::Cursor::new(bytes), bytes.len() as u64, &known).is_ok_and(|report| report.is_clean())
    });
}

#[test]
fn both_verifiers_agree_on_spoiled_proofs() {
    let events = events(23);
    let (whole, other) = (proof(&events, 12), proof(&events, 7));
    agree("proof", &whole, &other, PROOFS, |bytes| check(bytes, &[key().verifier()]).is_ok());
}

#[test]
fn two_keys_that_give_way_to_each_other_for_ever_are_two() {
    let other = SigningKey::new("hub.example", Algorithm::Ed25519, &[4; 32]).expect("a key");
    let statement = |from: &SigningKey, to: &SigningKey| {
        json!({ "statement": Rotation::sign(from, to).expect("a rotation").to_string() }).to_string()
    };
    let both = [statement(&key(), &other), statement(&other, &key())];
    // Each doubled what was believed, if what is believed already were learned anew.
    let events = told(80, "tenant.signing_key_rotated.v1", |nth| both[(nth % 2) as usize].clone());
    let whole = written(&events, &checkpoints(&events, 40));
    let known = Evidence { keys: vec![key().verifier()], ..Evidence::default() };
    let report = of_file(std::io::Cursor::new(&whole), whole.len() as u64, &known).expect("a report");
    assert!(report.is_clean() && report.signed == 2, "{:?}", report.faults);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ledger");
    std::fs::write(&file, &whole).expect("a file");
    assert_eq!(other_verifier("ledger", &[file]), [true]);
    let mut keys = known.keys;
    for (from, to) in [(&key(), &other), (&other, &key()), (&key(), &other)] {
        let rotation = Rotation::open(&Rotation::sign(from, to).expect("a rotation").to_string());
        assert!(learn(&mut keys, &rotation.expect("a rotation")));
    }
    assert_eq!(keys, [key().verifier(), other.verifier()]);
    let stranger = SigningKey::new("hub.example", Algorithm::Ed25519, &[5; 32]).expect("a key");
    let unknown = Rotation::open(&Rotation::sign(&stranger, &other).expect("a rotation").to_string());
    assert!(!learn(&mut keys, &unknown.expect("a rotation")) && keys.len() == 2);
}

#[test]
fn a_forged_proof_is_refused_by_both() {
    let events = events(23);
    let sound = proof(&events, 12);
    let value: serde_json::Value = serde_json::from_slice(&sound).expect("JSON");
    let with = |member: &str, to: serde_json::Value| {
        let mut forged = value.clone();
        forged[member] = to;
        serde_json::to_vec(&forged).expect("JSON")
    };
    let hashes = value["hashes"].as_array().expect("hashes");
    let (mut more, mut fewer) = (hashes.clone(), hashes.clone());
    more.push(hashes[0].clone());
    fewer.pop();
    let note = value["checkpoint"].as_str().expect("a note");
    let signature = note.lines().last().expect("a signature");
    let (origin, size) = (note.lines().next().expect("an origin"), note.lines().nth(1).expect("a size"));
    let another = SigningKey::new("hub.example", Algorithm::Ed25519, &[4; 32]).expect("a key");
    let resigned = Checkpoint { origin: origin.into(), size: 12, root: Hash([0; 32]) }
        .sign(&another.named(origin).expect("a name"))
        .to_string();
    let leaf = BASE64.decode(value["leaf"].as_str().expect("a leaf").as_bytes()).expect("base64");
    let mut later = Leaf::decode(&leaf).expect("a leaf");
    later.recorded_at += 1;
    let later = later.encode().expect("a leaf");
    let forgeries = [
        ("extra node", with("hashes", more.into())),
        ("missing node", with("hashes", fewer.into())),
        ("wrong size", with("checkpoint", note.replacen(&format!("\n{size}\n"), "\n13\n", 1).into())),
        ("swapped origin", with("checkpoint", note.replace("hub.example", "hub.elsewhere").into())),
        ("duplicate signer", with("checkpoint", format!("{note}{signature}\n").into())),
        ("another key", with("checkpoint", resigned.into())),
        ("another time", with("leaf", BASE64.encode(&later).into())),
        ("another payload", with("payload", BASE64.encode(b"{}").into())),
        ("another sequence", with("sequence", json!(5))),
        (
            "a sequence that is no number",
            String::from_utf8(sound.clone())
                .expect("text")
                .replace("\"sequence\": 6", "\"sequence\": 6.0")
                .into_bytes(),
        ),
        (
            "a member twice",
            String::from_utf8(sound.clone())
                .expect("text")
                .replacen('{', "{\"sequence\": 6,", 1)
                .into_bytes(),
        ),
        ("an unknown member", with("note", json!("x"))),
        ("a list", b"[]".to_vec()),
    ];
    assert_ne!(leaf_hash(&later), leaf_hash(&leaf));
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = vec![folder.path().join("sound")];
    std::fs::write(&files[0], &sound).expect("a file");
    for (nth, (name, forged)) in forgeries.iter().enumerate() {
        assert!(check(forged, &[key().verifier()]).is_err(), "{name} was accepted");
        files.push(folder.path().join(nth.to_string()));
        std::fs::write(&files[nth + 1], forged).expect("a file");
    }
    let verdicts = other_verifier("proof", &files);
    assert!(verdicts[0], "the sound one holds");
    for ((name, _), verdict) in forgeries.iter().zip(&verdicts[1..]) {
        assert!(!verdict, "the other verifier accepts: {name}");
    }
    // The tenant's own key serves as well as the hub's; a stranger's does not.
    let own = key().verifier().named(origin).expect("a name");
    assert!(
        check(&sound, std::slice::from_ref(&own)).is_ok() && check(&sound, &[another.verifier()]).is_err()
    );
}
