use crate::ledger::{Algorithm, Checkpoint, KeyError, NoteError, Rotation, RotationError, SigningKey};

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::new(name, Algorithm::Ed25519, &[seed; 32]).unwrap()
}

#[test]
fn both_keys_vouch_for_a_rotation() {
    let (old, new) = (key("hub.example", 1), key("hub.example", 2));
    let note = Rotation::sign(&old, &new).unwrap().to_string();
    let found = Rotation::open(&note).unwrap();
    assert_eq!((found.from(), found.to()), (&old.verifier(), &new.verifier()));
    assert!(note.starts_with("clustermaster signing key rotation/1\nhub.example+"), "{note}");
}

#[test]
fn one_signature_is_not_enough() {
    let (old, new) = (key("hub.example", 1), key("hub.example", 2));
    let note = Rotation::sign(&old, &new).unwrap();
    for left in 0..2 {
        let mut torn = note.clone();
        torn.signatures.remove(left);
        let refused = Rotation::open(&torn.to_string());
        assert!(matches!(refused, Err(RotationError::Note(NoteError::Missing(_)))), "{refused:?}");
    }
    // A thief of the new key alone would have to sign for the old one.
    let thief = Rotation::sign(&key("hub.example", 3), &new).unwrap();
    let text = note.text.clone();
    let forged = crate::ledger::Note { text, signatures: thief.signatures };
    assert!(Rotation::open(&forged.to_string()).is_err());
}

#[test]
fn keys_of_two_names_and_one_key_twice_are_refused() {
    let old = key("hub.example", 1);
    assert_eq!(Rotation::sign(&old, &key("other.example", 2)), Err(RotationError::Pair));
    assert_eq!(Rotation::sign(&old, &old), Err(RotationError::Pair));
    let witness = SigningKey::new("hub.example", Algorithm::CosignatureV1, &[2; 32]).unwrap();
    assert_eq!(Rotation::sign(&old, &witness), Err(RotationError::Pair));
}

#[test]
fn what_is_no_rotation_is_named() {
    let old = key("hub.example", 1);
    let signed = |text: &str| {
        let note = crate::ledger::Note { text: text.into(), signatures: vec![old.sign(text, 0)] };
        Rotation::open(&note.to_string())
    };
    let checkpoint = Checkpoint { origin: "hub.example".into(), size: 1, root: crate::ledger::Hash([7; 32]) };
    assert!(Rotation::open(&checkpoint.sign(&old).to_string()).is_err());
    assert_eq!(signed("clustermaster signing key rotation/1\n"), Err(RotationError::Line("old key")));
    let text = format!("clustermaster signing key rotation/1\n{}\nnone\n", old.verifier());
    assert_eq!(signed(&text), Err(RotationError::Key(KeyError::Form)));
    let text = format!("clustermaster signing key rotation/2\n{}\n{}\n", old.verifier(), old.verifier());
    assert_eq!(signed(&text), Err(RotationError::Line("title")));
    assert!(matches!(Rotation::open("no note"), Err(RotationError::Note(_))));
}

#[test]
fn trust_moves_from_key_to_key_and_not_across_names() {
    let (old, new) = (key("hub.example", 1), key("hub.example", 2));
    let rotation = Rotation::open(&Rotation::sign(&old, &new).unwrap().to_string()).unwrap();
    assert_eq!(rotation.successor(&old.verifier()), Some(new.verifier()));
    let tenant = "hub.example/01a20894-4182-737a-a96e-217e22dc1a4e";
    let of_tenant = old.verifier().named(tenant).unwrap();
    assert_eq!(rotation.successor(&of_tenant), Some(new.verifier().named(tenant).unwrap()));
    assert_eq!(rotation.successor(&key("hub.example", 3).verifier()), None);
    assert_eq!(rotation.successor(&key("hub.example.evil", 1).verifier()), None);
    assert_eq!(rotation.successor(&new.verifier()), None);
}
