//! The ledger as those see it who want proof. Hashes are lowercase hex, bytes base64 (RFC 4648, section 4).

use chrono::{DateTime, Utc};
use data_encoding::BASE64;
use hub_domain::ledger::{Hash, VerifierKey};
use hub_projections::proof::{EntryProof as Proven, Issued, LedgerHead as Standing};
use serde::Serialize;
use utoipa::ToSchema;

/// Names the shape of [`EntryProof`] for programs that read it from a file.
pub const PROOF_FORMAT: &str = "clustermaster-proof/1";

/// A signed checkpoint.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Checkpoint {
    /// Leaves of the tenant's ledger.
    pub size: u64,
    /// The root over them (RFC 9162, section 2.1.1).
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub root: String,
    /// The newest ledger position of the hub when it was signed.
    pub position: u64,
    /// When it was signed.
    pub issued_at: DateTime<Utc>,
    /// The signed note (C2SP tlog-checkpoint).
    pub note: String,
}

/// A key that signs the tenant's checkpoints, or has signed them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SigningKey {
    /// What its checkpoints are verified with (C2SP signed-note).
    pub verifier_key: String,
    /// What this key and the one before it have signed when it took its place; `null` for the first.
    #[schema(required)]
    pub rotation: Option<String>,
}

/// Where the tenant's ledger ends, and what vouches for it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LedgerHead {
    /// What checkpoints are verified with (C2SP signed-note): keep it apart from the hub.
    #[schema(example = "hub.example/0192…+5ad1c0de+AcSI…")]
    pub verifier_key: String,
    /// Leaves.
    pub size: u64,
    /// The hash of the last leaf; zeros in an empty ledger.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub last_leaf_hash: String,
    /// Leaves that no checkpoint covers yet.
    pub uncovered: u64,
    /// The newest checkpoint; `null` before the first.
    #[schema(required)]
    pub checkpoint: Option<Checkpoint>,
}

/// What proves that a ledger only grew.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Consistency {
    /// The older size.
    pub from: u64,
    /// The root at that size.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub from_root: String,
    /// The newer size.
    pub to: u64,
    /// The root at that size.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub to_root: String,
    /// The consistency proof (RFC 9162, section 2.1.4).
    pub hashes: Vec<String>,
}

/// What proves one entry of the audit log to somebody who has the verifier key and nothing else.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EntryProof {
    /// `clustermaster-proof/1`.
    pub format: String,
    /// Where the entry stands in the tenant's chain, from 0.
    pub sequence: u64,
    /// The leaf's bytes.
    pub leaf: String,
    /// The event's metadata, as it was hashed.
    pub metadata: String,
    /// The event's body, as it was hashed.
    pub payload: String,
    /// The inclusion proof (RFC 9162, section 2.1.3).
    pub hashes: Vec<String>,
    /// The signed note of the checkpoint that covers the entry.
    pub checkpoint: String,
    /// What the hub says that its checkpoints are verified with. A verifier brings its own.
    pub verifier_key: String,
}

impl From<Issued> for Checkpoint {
    fn from(issued: Issued) -> Self {
        Self {
            size: issued.size,
            root: issued.root.to_string(),
            position: issued.position,
            issued_at: DateTime::from_timestamp_micros(issued.issued_at).unwrap_or(DateTime::<Utc>::MAX_UTC),
            note: issued.note,
        }
    }
}

impl LedgerHead {
    /// Of a tenant whose checkpoints this key verifies.
    pub fn new(head: Standing, key: &VerifierKey) -> Self {
        let covered = head.checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
        Self {
            verifier_key: key.to_string(),
            size: head.size,
            last_leaf_hash: head.last.to_string(),
            uncovered: head.size.saturating_sub(covered),
            checkpoint: head.checkpoint.map(Checkpoint::from),
        }
    }
}

impl EntryProof {
    /// What was proven of a tenant whose checkpoints this key verifies.
    pub fn new(proof: Proven, key: &VerifierKey) -> Self {
        Self {
            format: PROOF_FORMAT.into(),
            sequence: proof.event.sequence,
            leaf: BASE64.encode(&proof.leaf),
            metadata: BASE64.encode(&proof.event.metadata),
            payload: BASE64.encode(&proof.event.payload),
            hashes: hex(&proof.hashes),
            checkpoint: proof.checkpoint.note,
            verifier_key: key.to_string(),
        }
    }
}

/// Hashes as texts.
pub fn hex(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(Hash::to_string).collect()
}
