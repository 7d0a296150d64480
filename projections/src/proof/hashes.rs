//! Plans, carried out on stored hashes.

use hub_domain::ledger::{Hash, Plan, Span, TILE_HEIGHT, TILE_WIDTH, root};

use super::{ProofStore, Tree};
use crate::feed::FeedError;

/// Nodes that are computed at a time: 65,536 hashes of the level below are read for them.
const NODES: u64 = 256;

/// What a plan comes to.
pub async fn resolve(store: &dyn ProofStore, tree: Tree, plan: &Plan) -> Result<Vec<Hash>, FeedError> {
    let known = store.hashes(tree, &plan.spans()).await?;
    plan.resolve(&known).ok_or_else(|| FeedError("a hash of the tree is not stored".into()))
}

/// The root over the first `size` leaves.
pub async fn root_at(store: &dyn ProofStore, tree: Tree, size: u64) -> Result<Hash, FeedError> {
    let found = resolve(store, tree, &Plan::root(size)).await?;
    Ok(found.into_iter().next().expect("a plan of a root has one hash"))
}

/// Computes and stores the nodes over the first `size` leaves that are not stored yet.
pub async fn grow(store: &dyn ProofStore, tree: Tree, size: u64) -> Result<(), FeedError> {
    let mut level = 1;
    loop {
        let wanted = size.checked_shr(TILE_HEIGHT * level).unwrap_or(0);
        if wanted == 0 {
            return Ok(());
        }
        let mut next = store.nodes(tree, level).await?;
        while next < wanted {
            let end = wanted.min(next + NODES);
            let below = Span { tile_level: level - 1, from: next * TILE_WIDTH, to: end * TILE_WIDTH };
            let hashes = match store.at_hand(tree, below) {
                Some(hashes) => hashes,
                None => store.hashes(tree, &[below]).await?.remove(&below).unwrap_or_default(),
            };
            if hashes.len() as u64 != below.to - below.from {
                return Err(FeedError("the tree has fewer leaves than its head says".into()));
            }
            let nodes: Vec<Hash> = hashes.chunks_exact(TILE_WIDTH as usize).map(root).collect();
            store.keep_nodes(tree, level, next, &nodes).await?;
            next = end;
        }
        level += 1;
    }
}
