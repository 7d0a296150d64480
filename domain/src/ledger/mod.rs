//! The ledger's bytes.
mod leaf;
mod recorded;
pub use leaf::{Hash, Leaf, LeafError, leaf_hash, sha256};
pub use recorded::Recorded;
