//! Somebody else's client of C2SP logs (the crates `tlog_tiles` and `signed_note`) reads the ledger over HTTP, and believes
//! nothing that it has not verified. It parses, hashes and proves; this file only fetches for it.

use std::collections::BTreeSet;
use std::sync::Mutex;

use futures::future::join_all;
use hub_domain::ledger::{Algorithm, SigningKey};
use hub_kit::Client;
use reqwest::{Method, StatusCode};
use serde_json::json;
use signed_note::{Note, NoteError, StandardVerifier, Verifier as _, VerifierList};
use tlog_tiles::{
    Checkpoint, Error, Hash, HashReader, Tile, TileHashReader, TileReader, check_record, check_tree,
    prove_record, prove_tree, record_hash, stored_hash_index, stored_hashes, tree_hash,
};
use tokio::runtime::Handle;

use super::{covered, running};
use crate::http::{imported, text};

/// The way to the log, on which somebody may sit.
struct Way {
    client: Client,
    /// Of what one byte is flipped on the way.
    altered: Option<&'static str>,
    /// What the client took for good.
    believed: Mutex<BTreeSet<String>>,
}

impl Way {
    fn new(client: &Client, altered: Option<&'static str>) -> Self {
        Self { client: client.clone(), altered, believed: Mutex::default() }
    }

    /// A tile or a bundle. The client asks and waits, as a program without an event loop does.
    fn fetch(&self, path: &str) -> Vec<u8> {
        let request = self.client.request(Method::GET, &format!("ledger/{path}"));
        let fetched = async {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            assert_eq!(answer.headers()["content-type"], "application/octet-stream");
            answer.bytes().await.unwrap().to_vec()
        };
        let mut bytes = tokio::task::block_in_place(|| Handle::current().block_on(fetched));
        if self.altered.is_some_and(|altered| path.starts_with(altered)) {
            bytes[40] ^= 1;
        }
        bytes
    }

    /// The leaves of a bundle: each behind its length as u16, big-endian (C2SP tlog-tiles, "Log entries").
    fn leaves(&self, tile: Tile) -> Vec<Vec<u8>> {
        let bundle = self.fetch(&path(&tile));
        let (mut rest, mut leaves) = (&bundle[..], vec![]);
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let (leaf, after) = after.split_at(u16::from_be_bytes(*length).into());
            leaves.push(leaf.to_vec());
            rest = after;
        }
        assert!(rest.is_empty() && leaves.len() == tile.width() as usize, "{tile:?}");
        leaves
    }
}

impl TileReader for Way {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        Ok(tiles.iter().map(|tile| self.fetch(&path(tile))).collect())
    }

    fn save_tiles(&self, tiles: &[Tile], _: &[Vec<u8>]) {
        self.believed.lock().unwrap().extend(tiles.iter().map(path));
    }
}

/// The crate names tiles as Go's checksum database does: with their height, and bundles as `data`. C2SP tlog-tiles knows one
/// height only and leaves it out ("Merkle Tree"), and has its own word for bundles ("Log entries").
fn path(tile: &Tile) -> String {
    let named = tile.path().replacen("tile/8/", "tile/", 1);
    named.replacen("tile/data/", "tile/entries/", 1)
}

/// Every hash of a tree, as the client computes it from leaves.
#[derive(Default)]
struct Computed(Vec<Hash>);

impl Computed {
    fn push(&mut self, nth: u64, leaf: &[u8]) {
        let hashes = stored_hashes(nth, leaf, &*self).unwrap();
        self.0.extend(hashes);
    }
}

impl HashReader for Computed {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

/// A checkpoint that the key has signed. Whether its origin is the log's is for the caller of the crates to ask.
fn opened(note: &str, key: &StandardVerifier) -> Result<Checkpoint, NoteError> {
    let note = Note::from_bytes(note.as_bytes())?;
    let (signed, _) = note.verify(&VerifierList::new(vec![Box::new(key.clone())]))?;
    assert_eq!(signed.len(), 1);
    let said = Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!((said.origin(), said.extension()), (key.name(), ""));
    Ok(said)
}

/// The newest checkpoint, once it covers all that was done: the note, and what it says.
async fn newest(client: &Client, key: &StandardVerifier) -> (String, Checkpoint) {
    covered(client).await;
    let note = client.get("ledger/checkpoint").await.unwrap().expect(200).text;
    let said = opened(&note, key).unwrap();
    (note, said)
}

/// Gives each cluster one label after the other, so many times: an event each.
async fn labelled(client: &Client, clusters: &[String], label: &str, times: u32) {
    let change = |cluster: &String| {
        let path = format!("clusters/{cluster}");
        async move {
            for time in 0..times {
                let labels = json!({ "labels": { label: time.to_string() } });
                client.put(&path, &labels).await.unwrap().expect(200);
            }
        }
    };
    join_all(clusters.iter().map(change)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_client_verifies_the_ledger_by_its_tiles() {
    let running = running().await;
    let admin = running.admin().await;
    let key = StandardVerifier::new(&text(&covered(&admin).await["verifier_key"])).unwrap();
    let clusters = join_all(["one", "two", "three", "four"].map(|name| imported(&admin, name))).await;
    let few = newest(&admin, &key).await.1;
    labelled(&admin, &clusters, "first", 70).await;
    let some = newest(&admin, &key).await.1;
    labelled(&admin, &clusters, "then", 80).await;
    let (note, all) = newest(&admin, &key).await;
    let (size, root) = (all.size(), *all.hash());
    let sizes = [few.size(), some.size(), size];
    assert!(few.size() < 256 && (257..512).contains(&some.size()) && (601..768).contains(&size), "{sizes:?}");

    // The root of every checkpoint, from the tiles of its own size: partial ones as well.
    let way = Way::new(&admin, None);
    for said in [&few, &some, &all] {
        let tiles = TileHashReader::new(said.size(), *said.hash(), &way);
        assert_eq!(tree_hash(said.size(), &tiles).unwrap(), *said.hash());
    }
    // And from the entries alone.
    let mut entries = Vec::new();
    for first in (0..size).step_by(256) {
        entries.extend(way.leaves(Tile::new(8, 0, first / 256, (size - first).min(256) as u32, true)));
    }
    let mut computed = Computed::default();
    for (nth, leaf) in (0..).zip(&entries) {
        computed.push(nth, leaf);
    }
    assert_eq!(tree_hash(size, &computed).unwrap(), root);

    // Entries are in the tree; each in its place, and no other.
    let tiles = TileHashReader::new(size, root, &way);
    for nth in [0, 1, 255, 256, 300, 511, 512, size - 1] {
        let (proof, leaf) = (prove_record(size, nth, &tiles).unwrap(), record_hash(&entries[nth as usize]));
        check_record(&proof, size, root, nth, leaf).unwrap();
        assert_eq!(computed.read_hashes(&[stored_hash_index(0, nth)]).unwrap(), [leaf]);
        let beside = record_hash(&entries[(nth ^ 1) as usize % entries.len()]);
        assert!(matches!(check_record(&proof, size, root, nth, beside), Err(Error::InvalidProof)));
    }
    // The ledger only grew.
    for old in [&few, &some] {
        let proof = prove_tree(size, old.size(), &tiles).unwrap();
        check_tree(&proof, size, root, old.size(), *old.hash()).unwrap();
        let another = check_tree(&proof, size, root, old.size(), record_hash(b"another"));
        assert!(matches!(another, Err(Error::InvalidProof)), "{another:?}");
    }
    let partial = format!("tile/0/002.p/{}", size - 512);
    let believed = way.believed.lock().unwrap().clone();
    for path in ["tile/0/000", "tile/0/001", &partial, "tile/1/000.p/1", "tile/1/000.p/2"] {
        assert!(believed.contains(path), "{path} is not among {believed:?}");
    }

    // One byte of a tile is another on the way, and nothing that it leads to holds. The crate may find that out late: it counts
    // the hashes, not the tiles, that the root is computed from as verified, and so lets a full tile among the first few pass
    // unseen. What is proven with it fails then, as long as the proof is checked.
    for altered in ["tile/0/000", "tile/0/001", "tile/0/002.p", "tile/1/000.p"] {
        let way = Way::new(&admin, Some(altered));
        let tiles = TileHashReader::new(size, root, &way);
        let nth = if altered == "tile/0/001" { 300 } else { 7 };
        let (leaf, old) = (record_hash(&entries[nth as usize]), tree_hash(nth, &computed).unwrap());
        let entry =
            prove_record(size, nth, &tiles).and_then(|proof| check_record(&proof, size, root, nth, leaf));
        let grown = prove_tree(size, nth, &tiles).and_then(|proof| check_tree(&proof, size, root, nth, old));
        for outcome in [entry, grown] {
            assert!(
                matches!(outcome, Err(Error::InconsistentTile | Error::InvalidProof)),
                "{altered}: {outcome:?}"
            );
        }
    }
    let bundle = Way::new(&admin, Some("tile/entries/001")).leaves(Tile::new(8, 0, 1, 256, true));
    let proof = prove_record(size, 256, &tiles).unwrap();
    let forged = check_record(&proof, size, root, 256, record_hash(&bundle[0]));
    assert!(matches!(forged, Err(Error::InvalidProof)), "{forged:?}");

    // Whoever cosigns is nobody to this client, and in nobody's way.
    let witness = SigningKey::new("witness.example", Algorithm::CosignatureV1, &[7; 32]).unwrap();
    let (signed, _) = note.split_once("\n\n").unwrap();
    let cosigned = format!("{note}{}", witness.sign(&format!("{signed}\n"), 1_700_000_000));
    assert_eq!(opened(&cosigned, &key).unwrap(), all);
    // Another tenant's checkpoint is no checkpoint of this log, and neither is one under its name.
    let other = running.other_tenant().await;
    let theirs = StandardVerifier::new(&text(&covered(&other).await["verifier_key"])).unwrap();
    let (foreign, _) = newest(&other, &theirs).await;
    assert!(matches!(opened(&foreign, &key), Err(NoteError::UnverifiedNote)));
    for forged in [
        foreign.replace(theirs.name(), key.name()),
        note.replacen(key.name(), theirs.name(), 1),
        note.replacen(&format!("\n{size}\n"), &format!("\n{}\n", size - 1), 1),
    ] {
        let refused = opened(&forged, &key);
        assert!(
            matches!(refused, Err(NoteError::InvalidSignature { .. } | NoteError::UnverifiedNote)),
            "{refused:?}"
        );
    }
}
