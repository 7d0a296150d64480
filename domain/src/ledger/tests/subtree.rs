//! Proofs out of stored nodes are those of the tree itself.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{
    Hash, Plan, Span, TILE_WIDTH, consistency_proof, inclusion_proof, leaf_hash, root, verify_consistency,
    verify_inclusion,
};

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|nth| leaf_hash(&nth.to_be_bytes())).collect()
}

/// What is stored of a tree: its leaves, and the roots of whole tiles.
fn stored(leaves: Vec<Hash>) -> Vec<Vec<Hash>> {
    let mut levels = vec![leaves];
    while levels.last().unwrap().len() as u64 >= TILE_WIDTH {
        let above = levels.last().unwrap().chunks_exact(TILE_WIDTH as usize).map(root).collect();
        levels.push(above);
    }
    levels
}

fn read(levels: &[Vec<Hash>], spans: &[Span]) -> BTreeMap<Span, Vec<Hash>> {
    let hashes =
        |span: &Span| levels[span.tile_level as usize][span.from as usize..span.to as usize].to_vec();
    spans.iter().map(|span| (*span, hashes(span))).collect()
}

fn resolved(levels: &[Vec<Hash>], plan: &Plan) -> Vec<Hash> {
    plan.resolve(&read(levels, &plan.spans())).expect("all that a plan needs is stored")
}

#[test]
fn small_trees_to_the_last_proof() {
    for size in 0..=70 {
        let leaves = leaves(size);
        let levels = stored(leaves.clone());
        assert_eq!(resolved(&levels, &Plan::root(size)), [root(&leaves)]);
        for index in 0..=size {
            assert_eq!(
                resolved(&levels, &Plan::inclusion(index, size)),
                inclusion_proof(index as usize, &leaves)
            );
            assert_eq!(
                resolved(&levels, &Plan::consistency(index, size)),
                consistency_proof(index as usize, &leaves)
            );
        }
    }
}

#[test]
fn what_is_not_there_is_no_proof() {
    let levels = stored(leaves(300));
    let plan = Plan::inclusion(299, 300);
    let mut known = read(&levels, &plan.spans());
    known.values_mut().next().unwrap().pop();
    assert_eq!(plan.resolve(&known), None);
    assert_eq!(plan.resolve(&BTreeMap::new()), None);
}

#[test]
fn a_proof_of_ten_million_reads_little() {
    let spans = Plan::inclusion(4_999_999, 10_000_000).spans();
    let hashes: u64 = spans.iter().map(|span| span.to - span.from).sum();
    assert!(spans.len() <= 48 && hashes <= 2048, "{} spans, {hashes} hashes", spans.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn large_trees(size in 250_u64..140_000, index in 0.0..1.0_f64, old in 0.0..1.0_f64) {
        let leaves = leaves(size);
        let levels = stored(leaves.clone());
        let (index, old) = ((index * size as f64) as u64, (old * size as f64) as u64);
        let whole = resolved(&levels, &Plan::root(size))[0];
        prop_assert_eq!(whole, root(&leaves));
        let inclusion = resolved(&levels, &Plan::inclusion(index, size));
        prop_assert_eq!(verify_inclusion(&leaves[index as usize], index, size, &inclusion, &whole), Ok(()));
        let consistency = resolved(&levels, &Plan::consistency(old, size));
        let before = root(&leaves[..old as usize]);
        prop_assert_eq!(verify_consistency(old, &before, size, &whole, &consistency), Ok(()));
    }
}
