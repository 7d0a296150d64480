//! Keys of signed notes, and their texts: `NAME+ID+BASE64` of who verifies, `PRIVATE+KEY+NAME+ID+BASE64` of who signs.

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, HEXLOWER};
use ed25519_dalek::Signer as _;

use super::hash::sha256;
use super::note::{Signature, cosigned};

/// How a key signs, which is the first byte of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519 over the note's text (RFC 8032): what a log does.
    Ed25519 = 1,
    /// Ed25519 over a time and the note's text: what a witness does.
    CosignatureV1 = 4,
}

/// Why a text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is not of this form.
    #[error("a verifier key reads `NAME+ID+BASE64`")]
    Form,
    /// It is not of this form. What it holds is not told.
    #[error("a signing key reads `PRIVATE+KEY+NAME+ID+BASE64`")]
    SecretForm,
    /// A name has neither spaces nor plus signs, and at most 255 bytes.
    #[error("a key's name has 1 to 255 bytes, and neither spaces nor `+`")]
    Name,
    /// Another way of signing.
    #[error("the key's algorithm {0} is not known")]
    Algorithm(u8),
    /// The id is that of another key.
    #[error("the key's id does not fit its name and bytes")]
    Id,
    /// The bytes are no point of the curve.
    #[error("the key's bytes are no Ed25519 key")]
    Bytes,
}

/// The signature is not the key's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotSigned;

pub(super) fn check_name(name: &str) -> Result<(), KeyError> {
    let fits = |letter: char| !letter.is_whitespace() && letter != '+' && !letter.is_control();
    if (1..=255).contains(&name.len()) && name.chars().all(fits) { Ok(()) } else { Err(KeyError::Name) }
}

impl Algorithm {
    fn of(byte: u8) -> Result<Self, KeyError> {
        match byte {
            1 => Ok(Self::Ed25519),
            4 => Ok(Self::CosignatureV1),
            other => Err(KeyError::Algorithm(other)),
        }
    }
}

/// Who can be believed: a name and a public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    algorithm: Algorithm,
    key: ed25519_dalek::VerifyingKey,
}

impl VerifierKey {
    /// Its name: of a log the origin of its checkpoints.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same key under another name: that of a log that the same owner signs.
    pub fn named(&self, name: &str) -> Result<Self, KeyError> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), ..self.clone() })
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The first bytes of `SHA-256(name || 0x0A || algorithm || public key)`.
    pub fn id(&self) -> [u8; 4] {
        let hash = sha256(&[self.name.as_bytes(), b"\n", &self.encoded()].concat()).0;
        [hash[0], hash[1], hash[2], hash[3]]
    }

    fn encoded(&self) -> Vec<u8> {
        [&[self.algorithm as u8], &self.key.as_bytes()[..]].concat()
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), NotSigned> {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.key.verify_strict(message, &signature).map_err(|_| NotSigned)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, key) = (HEXLOWER.encode(&self.id()), BASE64.encode(&self.encoded()));
        write!(out, "{}+{id}+{key}", self.name)
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // BASE64 may hold plus signs, a name may not.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Form);
        };
        check_name(name)?;
        let key = BASE64.decode(key.as_bytes()).map_err(|_| KeyError::Form)?;
        let (algorithm, key) = key.split_first().ok_or(KeyError::Form)?;
        let algorithm = Algorithm::of(*algorithm)?;
        let key = key.try_into().map_err(|_| KeyError::Bytes)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(key).map_err(|_| KeyError::Bytes)?;
        let found = Self { name: name.to_owned(), algorithm, key };
        if HEXLOWER.encode(&found.id()) == id { Ok(found) } else { Err(KeyError::Id) }
    }
}

/// Who signs. Wiped from memory when it is dropped; shows nothing of itself.
#[derive(Clone)]
pub struct SigningKey {
    name: String,
    algorithm: Algorithm,
    key: ed25519_dalek::SigningKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SigningKey").field("name", &self.name).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// A key of 32 random bytes.
    pub fn new(name: &str, algorithm: Algorithm, seed: &[u8; 32]) -> Result<Self, KeyError> {
        check_name(name)?;
        let key = ed25519_dalek::SigningKey::from_bytes(seed);
        Ok(Self { name: name.to_owned(), algorithm, key })
    }

    /// The same secret under another name. A note names its log in its first line, so that no signature serves for two.
    pub fn named(&self, name: &str) -> Result<Self, KeyError> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), ..self.clone() })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What others verify with.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey { name: self.name.clone(), algorithm: self.algorithm, key: self.key.verifying_key() }
    }

    /// Signs a note's text; `time`, in seconds since 1970, stands in a cosignature only.
    pub fn sign(&self, text: &str, time: u64) -> Signature {
        let bytes = match self.algorithm {
            Algorithm::Ed25519 => self.key.sign(text.as_bytes()).to_bytes().to_vec(),
            Algorithm::CosignatureV1 => {
                let signature = self.key.sign(cosigned(text, time).as_bytes());
                [&time.to_be_bytes()[..], &signature.to_bytes()].concat()
            }
        };
        Signature { name: self.name.clone(), id: self.verifier().id(), bytes }
    }

    /// The secret's text, for a file that only its owner reads.
    pub fn secret(&self) -> String {
        let key = [&[self.algorithm as u8], &self.key.as_bytes()[..]].concat();
        let id = HEXLOWER.encode(&self.verifier().id());
        format!("PRIVATE+KEY+{}+{id}+{}", self.name, BASE64.encode(&key))
    }

    /// Reads what [`secret`](Self::secret) wrote. An error tells nothing of it.
    pub fn from_secret(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.strip_prefix("PRIVATE+KEY+").ok_or(KeyError::SecretForm)?.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::SecretForm);
        };
        let key = BASE64.decode(key.as_bytes()).map_err(|_| KeyError::SecretForm)?;
        let (algorithm, seed) = key.split_first().ok_or(KeyError::SecretForm)?;
        let seed = seed.try_into().map_err(|_| KeyError::SecretForm)?;
        let found = Self::new(name, Algorithm::of(*algorithm)?, seed)?;
        if HEXLOWER.encode(&found.verifier().id()) == id { Ok(found) } else { Err(KeyError::Id) }
    }
}
