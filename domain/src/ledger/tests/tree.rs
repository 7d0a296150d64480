use proptest::prelude::*;

use super::super::tree::{
    Frontier, ProofError, consistency_proof, inclusion_proof, root, verify_consistency, verify_inclusion,
};
use super::super::{Hash, leaf_hash, sha256};

/// The leaves that the reference implementation of Certificate Transparency tests itself with.
pub(super) const LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];
/// Its roots, from the empty tree to all eight leaves.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const N1: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const N23: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const N4: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const N6: &str = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f";
const N45: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
const N67: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const N4567: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
/// Its inclusion proofs: index, size, nodes.
const INCLUSION: [(u64, u64, &[&str]); 5] = [
    (0, 1, &[]),
    (0, 8, &[N1, N23, N4567]),
    (5, 8, &[N4, N67, ROOTS[4]]),
    (2, 3, &[ROOTS[2]]),
    (1, 5, &[ROOTS[1], N23, N4]),
];
/// Its consistency proofs: old size, new size, nodes.
const CONSISTENCY: [(u64, u64, &[&str]); 5] = [
    (1, 1, &[]),
    (1, 8, &[N1, N23, N4567]),
    (6, 8, &[N45, N67, ROOTS[4]]),
    (2, 5, &[N23, N4]),
    (6, 7, &[N45, N6, ROOTS[4]]),
];

fn published() -> Vec<Hash> {
    LEAVES.map(leaf_hash).to_vec()
}

/// Distinct leaf hashes.
fn leaves(count: usize) -> Vec<Hash> {
    (0..count as u64).map(|nth| leaf_hash(&nth.to_be_bytes())).collect()
}

#[test]
fn the_published_roots_are_ours() {
    let mut frontier = Frontier::new();
    for (size, expected) in ROOTS.iter().enumerate() {
        assert_eq!(root(&published()[..size]).to_string(), *expected);
        assert_eq!((frontier.size(), frontier.root().to_string()), (size as u64, (*expected).to_owned()));
        if let Some(leaf) = published().get(size) {
            frontier.push(*leaf);
        }
    }
}

#[test]
fn the_published_proofs_are_ours() {
    let hashes = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Hash>>();
    let roots = hashes(&ROOTS);
    for (index, size, proof) in INCLUSION {
        let (leaves, proof) = (&published()[..size as usize], hashes(proof));
        assert_eq!(inclusion_proof(index as usize, leaves), proof);
        verify_inclusion(&leaves[index as usize], index, size, &proof, &roots[size as usize]).unwrap();
    }
    for (old, new, proof) in CONSISTENCY {
        let proof = hashes(proof);
        assert_eq!(consistency_proof(old as usize, &published()[..new as usize]), proof);
        verify_consistency(old, &roots[old as usize], new, &roots[new as usize], &proof).unwrap();
    }
}

/// Each hash with one bit flipped, each left out, and one more at either end.
fn spoilt(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = vec![[proof, &[Hash::ZERO]].concat(), [&[Hash::ZERO], proof].concat()];
    for at in 0..proof.len() {
        let mut flipped = proof.to_vec();
        flipped[at].0[at % 32] ^= 1;
        let mut shorter = proof.to_vec();
        shorter.remove(at);
        all.extend([flipped, shorter]);
    }
    all
}

fn flipped(hash: &Hash) -> Hash {
    let mut other = *hash;
    other.0[31] ^= 0x80;
    other
}

/// On which side the sibling stands at each level, from the leaf upwards: all that the size decides in an inclusion proof.
fn sides(index: u64, size: u64) -> Vec<bool> {
    let (mut index, mut size, mut sides) = (index, size, vec![]);
    while size > 1 {
        let middle = size.next_power_of_two() / 2;
        sides.push(index < middle);
        (index, size) = if index < middle { (index, middle) } else { (index - middle, size - middle) };
    }
    sides.reverse();
    sides
}

#[test]
fn every_inclusion_proof_up_to_64_holds_and_every_other_one_does_not() {
    let all = leaves(64);
    for size in 1..=64_u64 {
        let leaves = &all[..size as usize];
        let top = root(leaves);
        for index in 0..size {
            let (leaf, proof) = (leaves[index as usize], inclusion_proof(index as usize, leaves));
            let verify =
                |index, size, proof: &[Hash], top: &Hash| verify_inclusion(&leaf, index, size, proof, top);
            assert_eq!(verify(index, size, &proof, &top), Ok(()));
            for bad in spoilt(&proof) {
                assert!(verify(index, size, &bad, &top).is_err(), "{index} of {size}: {bad:?}");
            }
            assert_eq!(verify(index, size, &proof, &flipped(&top)), Err(ProofError::Root));
            assert_eq!(verify_inclusion(&flipped(&leaf), index, size, &proof, &top), Err(ProofError::Root));
            for other in (0..=size + 1).filter(|other| *other != index) {
                assert!(verify(other, size, &proof, &top).is_err(), "{other} instead of {index} of {size}");
            }
            // A size that leads along the same path cannot be told by the proof: size and root come from one head.
            for other in 0..=130 {
                let same = other > index && sides(index, other) == sides(index, size);
                assert_eq!(
                    verify(index, other, &proof, &top).is_ok(),
                    same,
                    "{index} of {other}, not {size}"
                );
            }
        }
    }
}

#[test]
fn every_consistency_proof_up_to_64_holds_and_every_other_one_does_not() {
    let all = leaves(64);
    let roots: Vec<Hash> = (0..=64).map(|size| root(&all[..size])).collect();
    for new in 1..=64_u64 {
        for old in 1..=new {
            let (old_root, new_root) = (roots[old as usize], roots[new as usize]);
            let proof = consistency_proof(old as usize, &all[..new as usize]);
            let verify = |old, new, proof: &[Hash]| verify_consistency(old, &old_root, new, &new_root, proof);
            assert_eq!(verify(old, new, &proof), Ok(()));
            for bad in spoilt(&proof) {
                assert!(verify(old, new, &bad).is_err(), "{old} to {new}: {bad:?}");
            }
            let with =
                |old_root: Hash, new_root: Hash| verify_consistency(old, &old_root, new, &new_root, &proof);
            assert!(with(flipped(&old_root), new_root).is_err());
            assert!(with(old_root, flipped(&new_root)).is_err());
            if old < new {
                assert!(with(new_root, old_root).is_err());
                for other in (1..=new).filter(|other| *other != old) {
                    assert!(verify(other, new, &proof).is_err(), "{other} instead of {old} to {new}");
                }
                for other in [new / 2, new * 2] {
                    assert!(verify(old, other, &proof).is_err(), "{old} to {other}, not {new}");
                }
                assert_eq!(verify(old, old - 1, &proof), Err(ProofError::Shrunk { old, new: old - 1 }));
            }
        }
    }
}

#[test]
fn nothing_to_prove_needs_no_proof() {
    let (empty, one, two) = (sha256(&[]), Hash([1; 32]), Hash([2; 32]));
    assert_eq!(root(&[]), empty);
    assert_eq!(verify_consistency(0, &empty, 5, &one, &[]), Ok(()));
    assert_eq!(verify_consistency(0, &one, 5, &one, &[]), Err(ProofError::OldRoot));
    assert_eq!(verify_consistency(0, &empty, 0, &one, &[]), Err(ProofError::Root));
    assert_eq!(verify_consistency(0, &empty, 5, &one, &[two]), Err(ProofError::TooLong));
    assert_eq!(verify_consistency(3, &one, 3, &one, &[]), Ok(()));
    assert_eq!(verify_consistency(3, &one, 3, &two, &[]), Err(ProofError::Root));
    assert_eq!(verify_consistency(3, &one, 3, &one, &[two]), Err(ProofError::TooLong));
    assert_eq!(verify_consistency(3, &one, 5, &two, &[]), Err(ProofError::TooShort));
    let outside = ProofError::OutsideTree { index: 0, size: 0 };
    assert_eq!(verify_inclusion(&one, 0, 0, &[], &empty), Err(outside));
    assert_eq!(inclusion_proof(1, &[one]), []);
    assert_eq!(consistency_proof(3, &[one, two]), []);
}

#[test]
fn a_frontier_is_read_only_as_one() {
    let text = |size: u64, peaks: usize| format!(r#"{{"size":{size},"peaks":{:?}}}"#, vec![ROOTS[1]; peaks]);
    for size in 0..40_u64 {
        for peaks in 0..7 {
            let read = serde_json::from_str::<Frontier>(&text(size, peaks));
            assert_eq!(read.is_ok(), peaks == size.count_ones() as usize, "{size} leaves, {peaks} peaks");
        }
    }
    assert!(serde_json::from_str::<Frontier>(r#"{"size":0,"peaks":[],"more":1}"#).is_err());
}

proptest! {
    #[test]
    fn a_frontier_has_the_tree_s_root_and_goes_on_after_it_was_stored(size in 0_usize..400, cut in 0_usize..400) {
        let all = leaves(size);
        let mut frontier = Frontier::new();
        for (nth, leaf) in all.iter().enumerate() {
            if nth == cut {
                frontier = serde_json::from_str(&serde_json::to_string(&frontier).unwrap()).unwrap();
            }
            frontier.push(*leaf);
        }
        prop_assert_eq!(frontier.root(), root(&all));
        prop_assert_eq!(frontier.size(), size as u64);
    }

    #[test]
    fn verifying_never_panics(
        sizes in any::<[u64; 2]>(), proof in prop::collection::vec(any::<[u8; 32]>(), 0..70), hashes in any::<[[u8; 32]; 2]>(),
    ) {
        let proof: Vec<Hash> = proof.into_iter().map(Hash).collect();
        prop_assert!(verify_inclusion(&Hash(hashes[0]), sizes[0], sizes[1], &proof, &Hash(hashes[1])).is_err());
        prop_assert!(verify_consistency(sizes[0], &Hash(hashes[0]), sizes[1], &Hash(hashes[1]), &proof).is_err());
    }
}
