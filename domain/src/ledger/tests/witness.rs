//! What a witness vouches for, and what it refuses by which name.

use super::super::{
    AddCheckpoint, Algorithm, Checkpoint, Hash, NoteError, ProofError, SigningKey, VerifierKey,
    WitnessRefusal, consistency_proof, leaf_hash, root,
};

fn key() -> SigningKey {
    SigningKey::new("hub.example", Algorithm::Ed25519, &[2; 32]).unwrap()
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|nth| leaf_hash(&nth.to_be_bytes())).collect()
}

fn checkpoint(leaves: &[Hash]) -> Checkpoint {
    Checkpoint { origin: "hub.example".into(), size: leaves.len() as u64, root: root(leaves) }
}

fn asked(old: usize, leaves: &[Hash]) -> AddCheckpoint {
    let note = checkpoint(leaves).sign(&key()).to_string();
    AddCheckpoint { old: old as u64, proof: consistency_proof(old, leaves), note }
}

fn judged(request: &AddCheckpoint, last: Option<&Checkpoint>) -> Result<Checkpoint, WitnessRefusal> {
    let keys = [key().verifier()];
    let (_, said) = request.log(&keys)?;
    request.judge(&said, last).map(|()| said)
}

#[test]
fn a_log_that_grows_is_vouched_for() {
    let all = leaves(20);
    let mut last: Option<Checkpoint> = None;
    for size in [0, 1, 4, 7, 7, 20] {
        let old = last.as_ref().map_or(0, |last| last.size as usize);
        let request: AddCheckpoint = asked(old, &all[..size]).to_string().parse().unwrap();
        last = Some(judged(&request, last.as_ref()).unwrap());
    }
    assert_eq!(last, Some(checkpoint(&all)));
}

#[test]
fn another_past_is_not() {
    let all = leaves(20);
    let last = checkpoint(&all[..8]);
    let mut forked = all.clone();
    forked[3] = leaf_hash(b"another");
    for (what, request, refusal) in [
        ("unknown old size", asked(4, &all), WitnessRefusal::Conflict(8)),
        ("never cosigned", asked(0, &all), WitnessRefusal::Conflict(8)),
        ("a rollback", asked(4, &all[..6]), WitnessRefusal::Conflict(8)),
        ("a fork of the same size", asked(8, &forked[..8]), WitnessRefusal::Conflict(8)),
        ("a fork that has grown", asked(8, &forked), WitnessRefusal::Inconsistent(ProofError::Root)),
        (
            "no proof",
            AddCheckpoint { proof: vec![], ..asked(8, &all) },
            WitnessRefusal::Inconsistent(ProofError::TooShort),
        ),
    ] {
        assert_eq!(judged(&request, Some(&last)), Err(refusal), "{what}");
    }
    let ahead = AddCheckpoint { old: 9, ..asked(8, &all[..8]) };
    assert!(matches!(judged(&ahead, Some(&last)), Err(WitnessRefusal::Malformed(_))));
    let spare = AddCheckpoint { proof: vec![Hash::ZERO], ..asked(0, &all) };
    assert_eq!(judged(&spare, None), Err(WitnessRefusal::Inconsistent(ProofError::TooLong)));
}

#[test]
fn only_known_logs_are_heard() {
    let all = leaves(3);
    let other: VerifierKey =
        SigningKey::new("hub.elsewhere", Algorithm::Ed25519, &[2; 32]).unwrap().verifier();
    assert_eq!(asked(0, &all).log(&[other]), Err(WitnessRefusal::UnknownLog("hub.example".into())));
    let stranger = SigningKey::new("hub.example", Algorithm::Ed25519, &[3; 32]).unwrap();
    let forged = AddCheckpoint { note: checkpoint(&all).sign(&stranger).to_string(), ..asked(0, &all) };
    assert_eq!(
        forged.log(&[key().verifier()]),
        Err(WitnessRefusal::Unsigned(NoteError::Missing("hub.example".into())))
    );
    // A log that changes its key is known by both.
    for keys in [[key().verifier(), stranger.verifier()], [stranger.verifier(), key().verifier()]] {
        assert_eq!(forged.log(&keys).unwrap().1, checkpoint(&all));
        assert_eq!(asked(0, &all).log(&keys).unwrap().1, checkpoint(&all));
    }
}

#[test]
fn a_request_is_read_strictly() {
    let sound = asked(2, &leaves(5)).to_string();
    assert_eq!(sound.parse::<AddCheckpoint>().unwrap().to_string(), sound);
    for broken in [
        String::new(),
        sound.replacen("old 2", "old 02", 1),
        sound.replacen("old 2", "old +2", 1),
        sound.replacen("old 2", "new 2", 1),
        sound.replacen("old 2\n", "old 2\nnothing\n", 1),
        sound.replacen(
            "old 2\n",
            &format!("old 2\n{}", "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n".repeat(64)),
            1,
        ),
        "old 0\n".to_owned(),
    ] {
        assert!(matches!(broken.parse::<AddCheckpoint>(), Err(WitnessRefusal::Malformed(_))), "{broken}");
    }
}
