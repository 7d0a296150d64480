//! `check`: one entry of the audit log, its proof, and a key. No server, no database.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use data_encoding::BASE64;
use hub_domain::ledger::{
    Checkpoint, CheckpointError, Hash, Leaf, LeafError, ProofError, VerifierKey, leaf_hash, sha256,
    tenant_of, verify_inclusion,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::cli::{ALTERED, CLEAN};
use crate::evidence::{believe, keys};

/// The shape that this program reads.
pub const FORMAT: &str = "clustermaster-proof/1";
/// Two payloads in base64, a leaf, a note and a path: nothing valid is larger.
const LIMIT: u64 = 4 << 20;

/// A proof as the hub answers it. The `verifier_key` in it is not looked at: whoever forges the rest forges that, too.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// `clustermaster-proof/1`.
    pub format: String,
    /// Where the entry stands in the tenant's chain, from 0.
    pub sequence: u64,
    /// The leaf's bytes, base64.
    pub leaf: String,
    /// The event's metadata, base64.
    pub metadata: String,
    /// The event's body, base64.
    pub payload: String,
    /// The inclusion proof.
    pub hashes: Vec<Hash>,
    /// The signed note.
    pub checkpoint: String,
    /// What the hub says that verifies it.
    pub verifier_key: String,
}

/// Why a proof proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It is not of this shape.
    #[error("it is not a proof of format {FORMAT}: {0}")]
    Shape(String),
    /// A field is not base64.
    #[error("its `{0}` is not base64")]
    Base64(&'static str),
    /// The leaf cannot be read.
    #[error("its leaf: {0}")]
    Leaf(#[from] LeafError),
    /// The checkpoint is not what it should be.
    #[error("its checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The bytes are not those that were hashed.
    #[error("its {0} is not the one that the leaf names")]
    Bytes(&'static str),
    /// The leaf is another tenant's, or of another place.
    #[error("its {0} is not that of the leaf")]
    Place(&'static str),
    /// The leaf does not stand under the checkpoint.
    #[error("its inclusion proof: {0}")]
    Inclusion(#[from] ProofError),
}

/// What was proven.
#[derive(Clone, Debug)]
pub struct Proven {
    leaf: Vec<u8>,
    metadata: Vec<u8>,
    payload: Vec<u8>,
    checkpoint: Checkpoint,
}

/// Checks a proof: the payload and the metadata are the leaf's, the leaf stands under the checkpoint, the key has signed it.
pub fn check(text: &[u8], keys: &[VerifierKey]) -> Result<Proven, CheckError> {
    if text.trim_ascii_start().first() != Some(&b'{') {
        return Err(CheckError::Shape("it is no object".into()));
    }
    let proof: Proof = serde_json::from_slice(text).map_err(|cause| CheckError::Shape(cause.to_string()))?;
    if proof.format != FORMAT {
        return Err(CheckError::Shape(format!("it says {}", proof.format)));
    }
    let decode = |name, text: &str| BASE64.decode(text.as_bytes()).map_err(|_| CheckError::Base64(name));
    let (bytes, metadata) = (decode("leaf", &proof.leaf)?, decode("metadata", &proof.metadata)?);
    let payload = decode("payload", &proof.payload)?;
    let leaf = Leaf::decode(&bytes)?;
    let checkpoint = opened(&proof.checkpoint, keys)?;
    if leaf.sequence != proof.sequence {
        return Err(CheckError::Place("sequence"));
    }
    if tenant_of(&checkpoint.origin) != Some(leaf.tenant) {
        return Err(CheckError::Place("checkpoint's tenant"));
    }
    if sha256(&metadata) != leaf.metadata_hash {
        return Err(CheckError::Bytes("metadata"));
    }
    if sha256(&payload) != leaf.payload_hash {
        return Err(CheckError::Bytes("payload"));
    }
    verify_inclusion(&leaf_hash(&bytes), leaf.sequence, checkpoint.size, &proof.hashes, &checkpoint.root)?;
    Ok(Proven { leaf: bytes, metadata, payload, checkpoint })
}

/// By the first key that opens it; the first one's refusal, where none does.
fn opened(note: &str, keys: &[VerifierKey]) -> Result<Checkpoint, CheckError> {
    let mut refused = None;
    for key in keys {
        match Checkpoint::open(note, key) {
            Ok(found) => return Ok(found),
            Err(cause) => _ = refused.get_or_insert(cause),
        }
    }
    Err(refused.map_or_else(|| CheckError::Shape("no key was given".into()), CheckError::Checkpoint))
}

impl Proven {
    /// What it says.
    pub fn told(&self) -> Result<Value, LeafError> {
        let leaf = Leaf::decode(&self.leaf)?;
        let text = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or(Value::Null);
        let recorded_at = chrono::DateTime::from_timestamp_micros(leaf.recorded_at);
        Ok(json!({
            "verdict": "proven",
            "origin": self.checkpoint.origin,
            "size": self.checkpoint.size,
            "root": self.checkpoint.root,
            "tenant": leaf.tenant,
            "sequence": leaf.sequence,
            "id": leaf.event_id,
            "recorded_at": recorded_at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)),
            "stream": leaf.stream,
            "revision": leaf.revision,
            "event_type": leaf.event_type,
            "actor": leaf.actor,
            "metadata": text(&self.metadata),
            "payload": text(&self.payload),
        }))
    }
}

/// Runs `check`.
pub fn command(path: &Path, key: &str, rotations: &[PathBuf], json: bool) -> anyhow::Result<u8> {
    let mut keys = keys(&[key.to_owned()])?;
    believe(&mut keys, rotations)?;
    let mut text = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(LIMIT).read_to_end(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LIMIT).read_to_end(&mut text))
    };
    read.with_context(|| format!("{} cannot be read", path.display()))?;
    let proven = match check(&text, &keys) {
        Ok(proven) => proven,
        Err(cause) if json => {
            println!("{}", json!({ "verdict": "refused", "cause": cause.to_string() }));
            return Ok(ALTERED);
        }
        Err(cause) => {
            println!("THE PROOF DOES NOT HOLD: {cause}");
            return Ok(ALTERED);
        }
    };
    let told = proven.told()?;
    if json {
        println!("{}", serde_json::to_string_pretty(&told)?);
        return Ok(CLEAN);
    }
    let word = |name: &str| told[name].as_str().map_or_else(|| told[name].to_string(), str::to_owned);
    println!(
        "proven: {} of {} by {}, {}",
        word("event_type"),
        word("stream"),
        word("actor"),
        word("recorded_at")
    );
    println!("  entry {} of {} under {}", word("sequence"), word("size"), word("origin"));
    println!("  metadata {}", word("metadata"));
    println!("  payload {}", word("payload"));
    Ok(CLEAN)
}
