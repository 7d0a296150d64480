//! The test vectors, computed anew and held against the files. `WRITE_VECTORS=1` writes the files instead.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::leaf::{LEAF_LIMIT, Leaf};
use super::super::tree::{consistency_proof, inclusion_proof, root};
use super::super::{ChainVerifier, Hash, Recorded, leaf_hash, sha256};
use super::tenant;
use super::tree::LEAVES;

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// Holds a file against its parts, or writes it: an entry of a list is a line.
fn hold(file: &str, parts: &[(&str, Vec<Value>)]) {
    // Asked for when the test runs: clones may share a folder of built tests.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    let path = PathBuf::from(package).join("src/ledger/vectors").join(file);
    if std::env::var_os("WRITE_VECTORS").is_some() {
        let lists = parts.iter().map(|(name, entries)| {
            let lines: Vec<String> = entries.iter().map(|entry| format!("    {entry}")).collect();
            format!("  \"{name}\": [\n{}\n  ]", lines.join(",\n"))
        });
        let text = format!("{{\n{}\n}}\n", lists.collect::<Vec<_>>().join(",\n"));
        std::fs::write(&path, text).unwrap();
    }
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let names: Vec<&String> = stored.as_object().unwrap().keys().collect();
    assert_eq!(names.len(), parts.len(), "{file} holds {names:?}");
    for (name, entries) in parts {
        assert!(!entries.is_empty());
        assert_eq!(stored[name], Value::from(entries.clone()), "{file}, {name}");
    }
}

/// Integers of 64 bits are text: not every JSON reader keeps them whole as numbers.
#[derive(Serialize)]
struct LeafVector<'a> {
    name: &'a str,
    tenant: Uuid,
    sequence: String,
    previous: Hash,
    event_id: Uuid,
    command_id: Uuid,
    recorded_at: String,
    stream: &'a str,
    revision: String,
    event_type: &'a str,
    schema_version: u16,
    actor: &'a str,
    metadata_hash: Hash,
    payload_hash: Hash,
    leaf: String,
    leaf_hash: Hash,
}

fn leaf_vector(name: &str, leaf: &Leaf<'_>) -> Value {
    let bytes = leaf.encode().unwrap();
    let vector = LeafVector {
        name,
        tenant: leaf.tenant,
        sequence: leaf.sequence.to_string(),
        previous: leaf.previous,
        event_id: leaf.event_id,
        command_id: leaf.command_id,
        recorded_at: leaf.recorded_at.to_string(),
        stream: leaf.stream,
        revision: leaf.revision.to_string(),
        event_type: leaf.event_type,
        schema_version: leaf.schema_version,
        actor: leaf.actor,
        metadata_hash: leaf.metadata_hash,
        payload_hash: leaf.payload_hash,
        leaf: hex(&bytes),
        leaf_hash: leaf_hash(&bytes),
    };
    serde_json::to_value(vector).unwrap()
}

#[test]
fn leaf_json_is_what_we_compute() {
    let zero = Leaf {
        tenant: Uuid::nil(),
        sequence: 0,
        previous: Hash::ZERO,
        event_id: Uuid::nil(),
        command_id: Uuid::nil(),
        recorded_at: 0,
        stream: "",
        revision: 0,
        event_type: "",
        schema_version: 0,
        actor: "",
        metadata_hash: sha256(b""),
        payload_hash: sha256(b""),
    };
    let usual = Leaf {
        tenant: tenant(1),
        sequence: 41,
        previous: sha256(b"the event before"),
        event_id: Uuid::from_u128(0x0192_f0c1_2345_7abc_8def_0123_4567_89ab),
        command_id: Uuid::from_u128(0x0192_f0c1_2344_7abc_8def_0123_4567_89ab),
        recorded_at: 1_730_000_000_123_456,
        stream: "cluster_01jb9xq6yhf3m9s4kz0000000a",
        revision: 7,
        event_type: "cluster.import_requested",
        schema_version: 1,
        actor: "user_01jb9xq6yhf3m9s4kz0000000b",
        metadata_hash: sha256(b"{}"),
        payload_hash: sha256(br#"{"name":"prod"}"#),
    };
    let largest = Leaf {
        sequence: u64::MAX,
        recorded_at: i64::MAX,
        revision: u64::MAX,
        schema_version: u16::MAX,
        previous: Hash([0xff; 32]),
        ..usual
    };
    let long = "s".repeat(LEAF_LIMIT - zero.encode().unwrap().len());
    let full = Leaf { stream: &long, ..zero };
    let leaves = [
        ("all zero, empty texts", zero),
        ("a usual one", usual),
        ("texts are counted in bytes of UTF-8", Leaf { stream: "flotte_é", actor: "利用者", ..usual }),
        ("largest integers", largest),
        ("before 1970", Leaf { recorded_at: -1, ..usual }),
        ("smallest time", Leaf { recorded_at: i64::MIN, ..usual }),
        ("1024 bytes, the largest leaf", full),
    ];

    let good = usual.encode().unwrap();
    let with = |at: usize, byte: u8| {
        let mut bad = good.clone();
        bad[at] = byte;
        bad
    };
    // Behind 97 bytes of fixed size stands the length of the stream's name.
    let mut over = full.encode().unwrap();
    over.insert(99, b's');
    over[98] = over[98].wrapping_add(1);
    let rejected = [
        ("nothing", vec![]),
        ("format 0", with(0, 0)),
        ("format 2", with(0, 2)),
        ("cut off in the last field", good[..good.len() - 1].to_vec()),
        ("cut off in the tenant", good[..9].to_vec()),
        ("a byte behind the last field", [&good[..], &[0]].concat()),
        ("the stream's length is one too many", with(98, good[98] + 1)),
        ("the stream is not UTF-8", with(99, 0xff)),
        ("1025 bytes", over),
    ];
    for (name, bytes) in &rejected {
        assert!(Leaf::decode(bytes).is_err(), "{name}");
    }
    hold(
        "leaf.json",
        &[
            ("leaves", leaves.iter().map(|(name, leaf)| leaf_vector(name, leaf)).collect()),
            (
                "rejected",
                rejected.iter().map(|(name, bytes)| json!({ "name": name, "leaf": hex(bytes) })).collect(),
            ),
        ],
    );
}

/// A tenant's first five events.
fn chain() -> Vec<Recorded> {
    let contents = [
        ("tenant_01jb9xq6yhf3m9s4kz0000000c", 0, "tenant.created", r#"{"name":"acme"}"#),
        (
            "cluster_01jb9xq6yhf3m9s4kz0000000a",
            0,
            "cluster.import_requested",
            r#"{"name":"prod","region":"eu-west-1"}"#,
        ),
        // Bytes are hashed as they are: nothing is sorted, trimmed or escaped anew.
        (
            "cluster_01jb9xq6yhf3m9s4kz0000000a",
            1,
            "cluster.imported",
            "{ \"nodes\": 3,\n  \"labels\": {\"b\":\"é\",\"a\":\"\\u00e9\"} }",
        ),
        ("cluster_01jb9xq6yhf3m9s4kz0000000d", 0, "cluster.import_requested", r#"{"name":"edge"}"#),
        ("cluster_01jb9xq6yhf3m9s4kz0000000a", 2, "cluster.degraded", ""),
    ];
    let mut previous = Hash::ZERO;
    let event = |(nth, (stream, revision, event_type, payload)): (u64, (&str, u64, &str, &str))| {
        let mut event = Recorded {
            position: 10 + 2 * nth,
            tenant: tenant(1),
            sequence: nth,
            stream: stream.to_owned(),
            revision,
            event_id: Uuid::from_u128(0x0192_f0c1_2345_7abc_8def_0000_0000_0100 + u128::from(nth)),
            command_id: Uuid::from_u128(0x0192_f0c1_2345_7abc_8def_0000_0000_0200 + u128::from(nth / 2)),
            recorded_at: 1_730_000_000_000_000 + nth as i64 * 1_500,
            event_type: event_type.to_owned(),
            schema_version: 1,
            actor: "user_01jb9xq6yhf3m9s4kz0000000b".to_owned(),
            metadata: format!(r#"{{"trace_id":"{nth:032x}"}}"#).into_bytes(),
            payload: payload.as_bytes().to_vec(),
            leaf_hash: Hash::ZERO,
        };
        event.leaf_hash = event.recompute(previous, &mut Vec::new()).unwrap();
        previous = event.leaf_hash;
        event
    };
    (0..).zip(contents).map(event).collect()
}

#[test]
fn chain_json_is_what_we_compute() {
    let mut verifier = ChainVerifier::new(tenant(1));
    let mut entries = Vec::new();
    for event in chain() {
        let mut entry = leaf_vector("", &event.leaf(verifier.head().last));
        verifier.push(&event).unwrap();
        let fields = entry.as_object_mut().unwrap();
        fields.remove("name");
        let text = |bytes: &[u8]| Value::from(std::str::from_utf8(bytes).unwrap());
        fields.insert("metadata".to_owned(), text(&event.metadata));
        fields.insert("payload".to_owned(), text(&event.payload));
        fields.insert("root".to_owned(), verifier.head().root.to_string().into());
        entries.push(entry);
    }
    hold(
        "chain.json",
        &[("events", entries), ("heads", vec![serde_json::to_value(verifier.head()).unwrap()])],
    );
}

#[test]
fn tree_json_is_what_we_compute() {
    let hashes: Vec<Hash> = LEAVES.map(leaf_hash).to_vec();
    let leaves = LEAVES.iter().zip(&hashes);
    let (mut inclusion, mut consistency) = (Vec::new(), Vec::new());
    for size in 1..=hashes.len() {
        let tree = &hashes[..size];
        for index in 0..size {
            let proof = inclusion_proof(index, tree);
            inclusion.push(json!({ "index": index, "size": size, "proof": proof }));
        }
        for old in 1..=size {
            let proof = consistency_proof(old, tree);
            consistency.push(json!({ "old": old, "new": size, "proof": proof }));
        }
    }
    hold(
        "tree.json",
        &[
            ("leaves", leaves.map(|(leaf, hash)| json!({ "leaf": hex(leaf), "leaf_hash": hash })).collect()),
            ("roots", (0..=hashes.len()).map(|size| json!(root(&hashes[..size]))).collect()),
            ("inclusion", inclusion),
            ("consistency", consistency),
        ],
    );
}
