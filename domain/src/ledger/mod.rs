//! The ledger's bytes: leaves, one hash chain and one RFC 6962 tree per tenant, and how all three are verified.

mod chain;
mod fault;
mod hash;
mod leaf;
mod log;
mod recorded;
mod tree;

#[cfg(test)]
mod tests;

pub use chain::{ChainVerifier, Head};
pub use fault::Fault;
pub use hash::{Hash, HashError, leaf_hash, node_hash, sha256};
pub use leaf::{FORMAT, LEAF_LIMIT, Leaf, LeafError};
pub use log::LogVerifier;
pub use recorded::Recorded;
pub use tree::{
    Frontier, FrontierError, ProofError, consistency_proof, inclusion_proof, root, verify_consistency,
    verify_inclusion,
};
