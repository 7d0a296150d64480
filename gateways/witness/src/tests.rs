//! Which lines name a witness.

use hub_domain::ledger::{Algorithm, SigningKey};
use hub_projections::proof::Witness as _;

use super::{WitnessConfigError, read};

fn key(algorithm: Algorithm) -> String {
    SigningKey::new("witness.example", algorithm, &[1; 32]).expect("a key").verifier().to_string()
}

#[test]
fn lines_are_read_and_remarks_are_not() {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let text = format!("# ours\n\n  {} https://witness.example/w/\n", key(Algorithm::CosignatureV1));
    let found = read(&text).expect("one witness");
    assert_eq!((found.len(), found[0].key().name()), (1, "witness.example"));
    assert_eq!(found[0].url.as_str(), "https://witness.example/w/add-checkpoint");
}

#[test]
fn what_names_none_is_told_by_its_line() {
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    let (witness, log) = (key(Algorithm::CosignatureV1), key(Algorithm::Ed25519));
    let of = |text: &str| read(text).expect_err("an error");
    assert!(matches!(of("\nnonsense"), WitnessConfigError::Form(2)));
    assert!(matches!(of("a+b+c https://w.example"), WitnessConfigError::Key { line: 1, .. }));
    assert!(matches!(of(&format!("{log} https://w.example")), WitnessConfigError::Algorithm(1)));
    assert!(matches!(of(&format!("{witness} ftp://w.example")), WitnessConfigError::Address(1)));
    assert!(matches!(of(&format!("{witness} /tmp")), WitnessConfigError::Address(1)));
}
