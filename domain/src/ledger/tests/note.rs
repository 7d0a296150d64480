//! Notes, keys and checkpoints. The first key and note are those of the documentation of Go's `x/mod/sumdb/note`.

use proptest::prelude::*;

use super::super::{
    Algorithm, Checkpoint, CheckpointError, Hash, KeyError, Milestone, Note, NoteError, SigningKey,
    VerifierKey, origin,
};
use super::tenant;

const SECRET: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const SIGNATURE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn key(name: &str, algorithm: Algorithm) -> SigningKey {
    SigningKey::new(name, algorithm, &[7; 32]).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint { origin: "hub.example/log".into(), size: 20_852_163, root: Hash([9; 32]) }
}

#[test]
fn the_published_key_signs_and_verifies_the_published_note() {
    let key = SigningKey::from_secret(SECRET).unwrap();
    let verifier: VerifierKey = PUBLIC.parse().unwrap();
    assert_eq!(
        (key.secret().as_str(), key.verifier(), verifier.to_string().as_str()),
        (SECRET, verifier.clone(), PUBLIC)
    );
    let note = Note { text: TEXT.into(), signatures: vec![key.sign(TEXT, 0)] };
    assert_eq!(note.to_string(), format!("{TEXT}\n{SIGNATURE}"));
    let read: Note = note.to_string().parse().unwrap();
    assert_eq!((&read, read.signed_by(&verifier)), (&note, Ok(None)));
    assert!(!format!("{key:?}").contains("AYEKFALVFG"));
}

#[test]
fn a_key_is_read_strictly() {
    for (text, error) in [
        ("PeterNeumann", KeyError::Form),
        ("PeterNeumann+c74f20a3", KeyError::Form),
        ("PeterNeumann+c74f20a3+!", KeyError::Form),
        ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Id),
        ("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Name),
        ("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Name),
        ("PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Algorithm(2)),
        ("PeterNeumann+c74f20a3+ARpc", KeyError::Bytes),
    ] {
        assert_eq!(text.parse::<VerifierKey>(), Err(error), "{text}");
    }
    assert_eq!(SigningKey::from_secret(PUBLIC).unwrap_err(), KeyError::SecretForm);
    let others = SECRET.replace("c74f20a3", "c74f20a4");
    assert_eq!(SigningKey::from_secret(&others).unwrap_err(), KeyError::Id);
}

#[test]
fn a_note_is_read_strictly() {
    for (note, error) in [
        (format!("{TEXT}\n"), NoteError::Unsigned),
        (format!("{TEXT}{SIGNATURE}"), NoteError::Unparted),
        (format!("{TEXT}\n{}", SIGNATURE.trim_end()), NoteError::Text),
        (format!("{TEXT}\r\n\n{SIGNATURE}"), NoteError::Text),
        (format!("\n\n{SIGNATURE}"), NoteError::Text),
        (format!("{TEXT}\n{SIGNATURE}nothing\n"), NoteError::Line(2)),
        (format!("{TEXT}\n{}", SIGNATURE.replace('\u{2014}', "-")), NoteError::Line(1)),
        (format!("{TEXT}\n{}", SIGNATURE.replace("x08go", "x08g")), NoteError::Line(1)),
        (format!("{TEXT}\n\u{2014} PeterNeumann x08gow==\n"), NoteError::Line(1)),
        (format!("{}\n{SIGNATURE}", "long\n".repeat(4000)), NoteError::TooLong(20_000 + 1 + SIGNATURE.len())),
        (format!("{TEXT}\n{}", SIGNATURE.repeat(65)), NoteError::Line(65)),
    ] {
        assert_eq!(note.parse::<Note>(), Err(error), "{note}");
    }
}

#[test]
fn only_the_key_itself_vouches_for_a_text() {
    let log = key("hub.example/log", Algorithm::Ed25519);
    let note = checkpoint().sign(&log);
    assert_eq!(Checkpoint::open(&note.to_string(), &log.verifier()), Ok(checkpoint()));

    let other = key("hub.example/other", Algorithm::Ed25519).verifier();
    assert_eq!(note.signed_by(&other), Err(NoteError::Missing("hub.example/other".into())));
    let mut twice = note.clone();
    twice.signatures.push(note.signatures[0].clone());
    assert_eq!(twice.signed_by(&log.verifier()), Err(NoteError::Twice("hub.example/log".into())));
    // The same secret under another name signs nothing for this log.
    let renamed = log.named("hub.example/other").unwrap();
    assert_ne!(renamed.verifier().id(), log.verifier().id());
    let foreign = checkpoint().sign(&renamed).to_string();
    assert!(matches!(Checkpoint::open(&foreign, &renamed.verifier()), Err(CheckpointError::Origin { .. })));
    assert!(matches!(
        Checkpoint::open(&foreign, &log.verifier()),
        Err(CheckpointError::Note(NoteError::Missing(_)))
    ));
    // A hub's key opens its tenants' checkpoints, and nothing else below its name.
    for (below, opens) in [(tenant(1).to_string(), true), ("other".to_owned(), false)] {
        let signer = log.named(&format!("{}/{below}", log.name())).unwrap();
        let note = Checkpoint { origin: signer.name().into(), ..checkpoint() }.sign(&signer).to_string();
        assert_eq!(Checkpoint::open(&note, &log.verifier()).is_ok(), opens, "{below}");
        assert!(Checkpoint::open(&note, &signer.verifier()).is_ok());
    }
}

#[test]
fn a_witness_vouches_for_text_and_time() {
    let (log, witness) =
        (key("hub.example/log", Algorithm::Ed25519), key("witness.example", Algorithm::CosignatureV1));
    let mut note = checkpoint().sign(&log);
    note.signatures.push(witness.sign(&note.text, 1_700_000_000));
    let mut note: Note = note.to_string().parse().unwrap();
    assert_eq!(note.signed_by(&log.verifier()), Ok(None));
    assert_eq!(note.signed_by(&witness.verifier()), Ok(Some(1_700_000_000)));
    note.signatures[1].bytes[7] ^= 1;
    assert_eq!(note.signed_by(&witness.verifier()), Err(NoteError::Forged("witness.example".into())));
}

#[test]
fn a_checkpoint_is_read_strictly() {
    let root = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";
    assert_eq!(checkpoint().to_string(), format!("hub.example/log\n20852163\n{root}\n"));
    assert_eq!(format!("hub.example/log\n20852163\n{root}\nan extension\n").parse(), Ok(checkpoint()));
    for (text, line) in [
        (format!("\n1\n{root}\n"), "origin"),
        (format!("log\n01\n{root}\n"), "size"),
        (format!("log\n+1\n{root}\n"), "size"),
        (format!("log\n18446744073709551616\n{root}\n"), "size"),
        ("log\n1\n".to_owned(), "root"),
        ("log\n1\nCQkJ\n".to_owned(), "root"),
        (format!("log\n1\n{root}\n\nlate\n"), "extension"),
    ] {
        assert_eq!(text.parse::<Checkpoint>(), Err(CheckpointError::Line(line)), "{text}");
    }
    assert_eq!(origin("hub.example", tenant(1)), format!("hub.example/{}", tenant(1)));
}

#[test]
fn a_milestone_has_73_bytes() {
    let milestone = Milestone {
        tenant: tenant(1),
        size: 2,
        root: Hash([3; 32]),
        position: 4,
        issued_at: 1_700_000_000_000_000,
    };
    let bytes = milestone.encode();
    assert_eq!((bytes.len(), bytes[0], &bytes[1..17]), (73, 1, &tenant(1).as_bytes()[..]));
    assert_ne!(Milestone { position: 5, ..milestone }.hash(), milestone.hash());
}

proptest! {
    /// One letter of a signed checkpoint is another: it is refused.
    #[test]
    fn no_changed_byte_is_accepted(at in 0_usize..200, flip in 1_u8..=255) {
        let log = key("hub.example/log", Algorithm::Ed25519);
        let sound = checkpoint().sign(&log).to_string();
        let mut bytes = sound.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        if let Ok(text) = String::from_utf8(bytes) {
            prop_assert!(Checkpoint::open(&text, &log.verifier()).is_err(), "{text}");
        }
    }

    /// Nothing that is read makes the reader fail otherwise than by an error; what is read is written the same.
    #[test]
    fn what_is_read_is_written_the_same(text in "[a-z0-9=+/\u{2014} \n]{0,80}") {
        if let Ok(note) = text.parse::<Note>() {
            prop_assert_eq!(note.to_string(), text.clone());
        }
        if let Ok(key) = text.parse::<VerifierKey>() {
            prop_assert_eq!(key.to_string(), text);
        }
    }
}
