//! The Merkle tree of RFC 6962 / RFC 9162, section 2.1: root, proofs, and their verification.

use serde::{Deserialize, Serialize};

use super::hash::{Hash, node_hash, sha256};

/// The root of an empty tree: the hash of nothing.
fn empty() -> Hash {
    sha256(&[])
}

/// The largest power of two smaller than `size` (`size > 1`).
fn split(size: usize) -> usize {
    size.next_power_of_two() / 2
}

/// The root over leaf hashes (RFC 9162, section 2.1.1).
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// The inclusion proof of the leaf at `index` (RFC 9162, section 2.1.3.1), from the leaf upwards; empty when there is no
/// such leaf.
pub fn inclusion_proof(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if index >= leaves.len() || leaves.len() == 1 {
        return vec![];
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    let (mut proof, sibling) = if index < middle {
        (inclusion_proof(index, left), right)
    } else {
        (inclusion_proof(index - middle, right), left)
    };
    proof.push(root(sibling));
    proof
}

/// The proof that the first `old` leaves are a prefix (RFC 9162, section 2.1.4.1); empty for `old` = 0 or all.
pub fn consistency_proof(old: usize, leaves: &[Hash]) -> Vec<Hash> {
    fn subproof(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
        if old == leaves.len() {
            return if whole { vec![] } else { vec![root(leaves)] };
        }
        let middle = split(leaves.len());
        let (left, right) = leaves.split_at(middle);
        let (mut proof, sibling) = if old <= middle {
            (subproof(old, left, whole), right)
        } else {
            (subproof(old - middle, right, false), left)
        };
        proof.push(root(sibling));
        proof
    }
    if old == 0 || old >= leaves.len() { vec![] } else { subproof(old, leaves, true) }
}

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// There is no leaf of this index in a tree of this size.
    #[error("the leaf {index} is not in a tree of {size} leaves")]
    OutsideTree {
        /// The leaf's index.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// The old tree would be larger than the new one.
    #[error("the older tree has {old} leaves, the newer one only {new}")]
    Shrunk {
        /// Leaves of the older tree.
        old: u64,
        /// Leaves of the newer tree.
        new: u64,
    },
    /// The proof has too few nodes.
    #[error("the proof ends too early")]
    TooShort,
    /// The proof has nodes to spare.
    #[error("the proof holds more nodes than it needs")]
    TooLong,
    /// The nodes do not lead to the root.
    #[error("the proof does not lead to the root")]
    Root,
    /// The nodes do not lead to the older root.
    #[error("the proof does not lead to the older root")]
    OldRoot,
}

/// Verifies an inclusion proof (RFC 9162, section 2.1.3.2).
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::OutsideTree { index, size });
    }
    let (mut node, mut last, mut hash) = (index, size - 1, *leaf);
    for sibling in proof {
        if last == 0 {
            return Err(ProofError::TooLong);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last, hash == *root) {
        (0, true) => Ok(()),
        (0, false) => Err(ProofError::Root),
        _ => Err(ProofError::TooShort),
    }
}

/// Verifies a consistency proof (RFC 9162, section 2.1.4.2).
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old > new {
        return Err(ProofError::Shrunk { old, new });
    }
    if old == new || old == 0 {
        // An empty tree is a prefix of every tree, and each tree of itself: there is nothing left to prove.
        return match proof {
            [] if old == 0 && *old_root != empty() => Err(ProofError::OldRoot),
            [] if old == new && old_root != new_root => Err(ProofError::Root),
            [] => Ok(()),
            _ => Err(ProofError::TooLong),
        };
    }
    // A tree of a power of two is itself a node of the newer one, so the proof leaves it out.
    let mut nodes = old.is_power_of_two().then_some(old_root).into_iter().chain(proof);
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let first = *nodes.next().ok_or(ProofError::TooShort)?;
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in nodes {
        if last == 0 {
            return Err(ProofError::TooLong);
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    match () {
        () if last != 0 => Err(ProofError::TooShort),
        () if old_hash != *old_root => Err(ProofError::OldRoot),
        () if new_hash != *new_root => Err(ProofError::Root),
        () => Ok(()),
    }
}

/// The right edge of a growing tree: appends in O(1) on average, keeps O(log n) hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct Frontier {
    size: u64,
    /// Roots of the perfect subtrees, largest first: one for each set bit of `size`.
    peaks: Vec<Hash>,
}

/// A frontier as it is read, before it is known to be one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    size: u64,
    peaks: Vec<Hash>,
}

/// What was read is no frontier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frontier of {size} leaves has {} peaks, not {peaks}", size.count_ones())]
pub struct FrontierError {
    /// The leaves it claims.
    pub size: u64,
    /// The peaks it holds.
    pub peaks: usize,
}

impl TryFrom<Stored> for Frontier {
    type Error = FrontierError;
    fn try_from(Stored { size, peaks }: Stored) -> Result<Self, FrontierError> {
        if peaks.len() == size.count_ones() as usize {
            Ok(Self { size, peaks })
        } else {
            Err(FrontierError { size, peaks: peaks.len() })
        }
    }
}

impl Frontier {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            let left = self.peaks.pop().expect("one peak stands for each set bit of the size");
            hash = node_hash(&left, &hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let smallest = peaks.next().copied().unwrap_or_else(empty);
        peaks.fold(smallest, |right, left| node_hash(left, &right))
    }
}
