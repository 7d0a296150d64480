//! The ledger's bytes: leaves, one hash chain and one RFC 6962 tree per tenant, the checkpoints that
//! are signed over it, and how all of them are verified.

mod chain;
mod checkpoint;
mod fault;
mod hash;
mod key;
mod leaf;
mod log;
mod note;
mod recorded;
mod rotation;
mod subtree;
mod tree;
mod witness;

#[cfg(test)]
mod tests;

pub use chain::{ChainVerifier, Head};
pub use checkpoint::{Checkpoint, CheckpointError, Milestone, origin, tenant_of};
pub use fault::Fault;
pub use hash::{Hash, HashError, leaf_hash, node_hash, sha256};
pub use key::{Algorithm, KeyError, SigningKey, VerifierKey};
pub use leaf::{FORMAT, LEAF_LIMIT, Leaf, LeafError};
pub use log::LogVerifier;
pub use note::{NOTE_LIMIT, Note, NoteError, Signature};
pub use recorded::{Digests, EVENT_LIMIT, Recorded};
pub use rotation::{Rotation, RotationError};
pub use subtree::{Plan, Span, Subtree, TILE_HEIGHT, TILE_WIDTH};
pub use tree::{
    Frontier, FrontierError, ProofError, consistency_proof, inclusion_proof, root, verify_consistency,
    verify_inclusion,
};
pub use witness::{AddCheckpoint, REQUEST_LIMIT, WitnessRefusal};
