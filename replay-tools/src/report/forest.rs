//! Proofs of many entries under one checkpoint: what they share is read once and hashed once.

use std::collections::BTreeMap;

use anyhow::Context as _;
use hub_domain::ledger::{Hash, Plan, Span, Subtree, TILE_HEIGHT, TILE_WIDTH, node_hash};

use super::chain::Chain;

/// Tiles that are held; each has 511 hashes.
const HELD: usize = 256;

/// The parts of a tree that proofs have needed so far.
#[derive(Debug)]
pub struct Forest {
    size: u64,
    /// By tile level and index: the perfect subtrees within, by height.
    tiles: BTreeMap<(u32, u64), Vec<Vec<Hash>>>,
}

impl Forest {
    /// Of a tree of so many leaves.
    pub fn new(size: u64) -> Self {
        Self { size, tiles: BTreeMap::new() }
    }

    /// The inclusion proof of a leaf (RFC 9162, section 2.1.3.1). Ascending leaves share most of what is read.
    pub async fn prove(&mut self, chain: &mut Chain, sequence: u64) -> anyhow::Result<Vec<Hash>> {
        let plan = Plan::inclusion(sequence, self.size);
        if self.tiles.len() > HELD {
            self.tiles.clear();
        }
        for subtree in plan.subtrees() {
            let (tile_level, index) = tile(subtree);
            if self.tiles.contains_key(&(tile_level, index)) {
                continue;
            }
            let there = self.size.checked_shr(TILE_HEIGHT * tile_level).unwrap_or(0);
            let from = index * TILE_WIDTH;
            let span = Span { tile_level, from, to: there.min(from + TILE_WIDTH) };
            self.tiles.insert((tile_level, index), grow(chain.hashes(span).await?));
        }
        plan.resolve_with(|subtree| self.root(subtree)).context("a hash of the tree is missing")
    }

    fn root(&self, subtree: Subtree) -> Option<Hash> {
        let (tile_level, index) = tile(subtree);
        let within = subtree.level % TILE_HEIGHT;
        let row = self.tiles.get(&(tile_level, index))?.get(within as usize)?;
        row.get((subtree.index - (index << (TILE_HEIGHT - within))) as usize).copied()
    }
}

/// The tile in which a subtree's root lies: its level and index.
fn tile(subtree: Subtree) -> (u32, u64) {
    let within = subtree.level % TILE_HEIGHT;
    (subtree.level / TILE_HEIGHT, subtree.index >> (TILE_HEIGHT - within))
}

/// The perfect subtrees over hashes, by height.
fn grow(hashes: Vec<Hash>) -> Vec<Vec<Hash>> {
    let mut rows = vec![hashes];
    for _ in 1..TILE_HEIGHT {
        let below = rows.last().map(Vec::as_slice).unwrap_or_default();
        let above = below.chunks_exact(2).map(|two| node_hash(&two[0], &two[1])).collect();
        rows.push(above);
    }
    rows
}
