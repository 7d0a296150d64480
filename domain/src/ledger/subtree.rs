//! Proofs out of stored nodes: which perfect subtrees a proof needs, and what it comes to once they are known.

use std::collections::BTreeMap;

use super::hash::{Hash, node_hash, sha256};
use super::tree;

/// Levels of the tree in one tile (C2SP tlog-tiles): nodes are stored for every eighth level only.
pub const TILE_HEIGHT: u32 = 8;
/// Hashes in a full tile.
pub const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;

/// A perfect subtree: the leaves from `index * 2^level`, `2^level` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subtree {
    /// Its height.
    pub level: u32,
    /// Which of its height, from the left.
    pub index: u64,
}

/// Stored hashes of one tile level: those from `from` up to `to`, which is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The level in tiles: 0 for leaves, 1 for roots over 256 leaves, 2 for roots over 256 of those.
    pub tile_level: u32,
    /// The first.
    pub from: u64,
    /// The one after the last.
    pub to: u64,
}

impl Subtree {
    /// The stored hashes that it is the root of.
    pub fn span(self) -> Span {
        let within = self.level % TILE_HEIGHT;
        let from = self.index << within;
        Span { tile_level: self.level / TILE_HEIGHT, from, to: from + (1 << within) }
    }
}

/// A proof or a root that is still to be computed: each of its hashes is the root over a run of leaves, and that of perfect
/// subtrees, the largest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan(Vec<Vec<Subtree>>);

/// The largest power of two smaller than `count` (`count > 1`).
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// The perfect subtrees of the leaves from `from` up to `to`, as RFC 9162 divides them.
fn run(mut from: u64, to: u64) -> Vec<Subtree> {
    let mut found = Vec::new();
    while from < to {
        let level = (to - from).ilog2();
        found.push(Subtree { level, index: from >> level });
        from += 1 << level;
    }
    found
}

impl Plan {
    /// The root of a tree of this size.
    pub fn root(size: u64) -> Self {
        Self(vec![run(0, size)])
    }

    /// The inclusion proof of a leaf (RFC 9162, section 2.1.3.1); nothing when there is no such leaf.
    pub fn inclusion(index: u64, size: u64) -> Self {
        let (mut from, mut to, mut siblings) = (0, size, Vec::new());
        while index < size && to - from > 1 {
            let middle = from + split(to - from);
            if index < middle {
                siblings.push(run(middle, to));
                to = middle;
            } else {
                siblings.push(run(from, middle));
                from = middle;
            }
        }
        siblings.reverse();
        Self(siblings)
    }

    /// The proof that the first `old` leaves are a prefix (RFC 9162, section 2.1.4.1); nothing for none or all of them.
    pub fn consistency(old: u64, size: u64) -> Self {
        let (mut from, mut to, mut whole, mut parts) = (0, size, true, Vec::new());
        if old == 0 || old >= size {
            return Self(parts);
        }
        while old < to {
            let middle = from + split(to - from);
            if old <= middle {
                parts.push(run(middle, to));
                to = middle;
            } else {
                parts.push(run(from, middle));
                (from, whole) = (middle, false);
            }
        }
        if !whole {
            parts.push(run(from, to));
        }
        parts.reverse();
        Self(parts)
    }

    /// The stored hashes that it needs, each once.
    pub fn spans(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = self.0.iter().flatten().map(|subtree| subtree.span()).collect();
        spans.sort_unstable();
        spans.dedup();
        spans
    }

    /// The perfect subtrees that it needs.
    pub fn subtrees(&self) -> impl Iterator<Item = Subtree> {
        self.0.iter().flatten().copied()
    }

    /// What it comes to. `None` when a hash that it needs is not there.
    pub fn resolve(&self, known: &BTreeMap<Span, Vec<Hash>>) -> Option<Vec<Hash>> {
        self.resolve_with(|subtree| {
            let span = subtree.span();
            let hashes = known.get(&span).filter(|hashes| hashes.len() as u64 == span.to - span.from)?;
            Some(tree::root(hashes))
        })
    }

    /// What it comes to, once each perfect subtree's root can be told. `None` when one of them cannot.
    pub fn resolve_with(&self, subtree: impl Fn(Subtree) -> Option<Hash>) -> Option<Vec<Hash>> {
        let root = |run: &Vec<Subtree>| {
            let hashes = run.iter().copied().map(&subtree).collect::<Option<Vec<Hash>>>()?;
            let joined = hashes.into_iter().rev().reduce(|right, left| node_hash(&left, &right));
            Some(joined.unwrap_or_else(|| sha256(&[])))
        };
        self.0.iter().map(root).collect()
    }
}
