//! Certificates and keys: PEM in base64, checked here so that a wrong one is an answer to the import and not a failure
//! of the first look.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use secrecy::SecretString;
use zeroize::Zeroizing;

const NOT_PEM: &str = "must be PEM in base64";

/// Which of the two parts of an identity is wrong, and the rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Certificate(&'static str),
    Key(&'static str),
}

/// The base64 text without the line breaks that YAML allows, and what it stands for.
fn decoded(data: &str) -> Result<(Zeroizing<String>, Zeroizing<Vec<u8>>), &'static str> {
    let mut text = Zeroizing::new(String::with_capacity(data.len()));
    text.extend(data.chars().filter(|character| !character.is_ascii_whitespace()));
    let pem = STANDARD.decode(text.as_bytes()).map(Zeroizing::new).map_err(|_| NOT_PEM)?;
    if pem.windows(11).any(|part| part == b"-----BEGIN ") { Ok((text, pem)) } else { Err(NOT_PEM) }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err("must hold a certificate in PEM"),
    }
}

/// The data of a certificate authority, when certificates can be verified with it.
pub(super) fn authority(data: &str) -> Result<String, &'static str> {
    let (text, pem) = decoded(data)?;
    let mut store = RootCertStore::empty();
    for certificate in certificates(&pem)? {
        store.add(certificate).map_err(|_| "must hold certificates that can be read")?;
    }
    Ok(text.to_string())
}

/// The data of a client certificate and its key, when they belong together.
pub(super) fn identity(certificate: &str, key: &str) -> Result<(String, SecretString), Wrong> {
    let (certificate_text, certificate) = decoded(certificate).map_err(Wrong::Certificate)?;
    let chain = certificates(&certificate).map_err(Wrong::Certificate)?;
    let (key_text, key) = decoded(key).map_err(Wrong::Key)?;
    let key = PrivateKeyDer::from_pem_slice(&key)
        .map_err(|_| Wrong::Key("must hold a private key in PEM that is not encrypted"))?;
    match CertifiedKey::from_der(chain, key, &rustls::crypto::aws_lc_rs::default_provider()) {
        Ok(_) => Ok((certificate_text.to_string(), SecretString::from(key_text.as_str()))),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(Wrong::Key("must be the key of the client certificate"))
        }
        Err(rustls::Error::InvalidCertificate(_)) => {
            Err(Wrong::Certificate("must hold a certificate that can be read"))
        }
        Err(_) => Err(Wrong::Key("must be an RSA, ECDSA or Ed25519 key")),
    }
}
