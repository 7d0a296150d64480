//! The key-encryption key: where it comes from, and how several of them live beside each other during a rotation.

use std::fmt;
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::envelope::{self, KEY, Key, Place, Unopened};
use crate::secret_file::{self, SecretFileError};

/// Where a key-encryption key comes from.
#[derive(Clone, Debug)]
pub enum KekSource {
    /// A file that only its owner can read.
    File(PathBuf),
    /// The key as text: what an environment variable held.
    Text(SecretString),
}

impl From<&KekSource> for KekSource {
    fn from(source: &KekSource) -> Self {
        source.clone()
    }
}

impl From<&Path> for KekSource {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&PathBuf> for KekSource {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl From<PathBuf> for KekSource {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<SecretString> for KekSource {
    fn from(text: SecretString) -> Self {
        Self::Text(text)
    }
}

/// Why there is no key-encryption key. Never shows any of it.
#[derive(Debug, thiserror::Error)]
pub enum KekError {
    /// The text is not 32 bytes.
    #[error("a key-encryption key must be 32 bytes in base64 (44 characters) or hexadecimal (64 characters)")]
    Malformed,
    /// Its file.
    #[error(transparent)]
    File(#[from] SecretFileError),
}

/// A key-encryption key: 32 bytes that wrap every other key of the vault. Wiped when dropped, shown as its id only.
pub struct Kek {
    id: String,
    wrap: Key,
    key: Key,
}

impl fmt::Debug for Kek {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Kek").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Kek {
    /// A fresh one.
    pub fn generate() -> Self {
        Self::new(Key::random())
    }

    /// Reads a key: base64 or hexadecimal text in a file or given directly. Makes nothing.
    pub fn load(source: impl Into<KekSource>) -> Result<Self, KekError> {
        match source.into() {
            KekSource::File(path) => Self::parse(&secret_file::read(&path)?),
            KekSource::Text(text) => Self::parse(text.expose_secret()),
        }
    }

    /// Reads the key file, or makes it with a fresh key. Of two processes that make it at once, both end up with the
    /// same key.
    pub fn load_or_create(path: &Path) -> Result<Self, KekError> {
        Self::parse(&secret_file::read_or_create(path, || Self::generate().text())?)
    }

    /// Writes the key to a new file. A file that is there stays as it is.
    pub fn create(&self, path: &Path) -> Result<(), KekError> {
        Ok(secret_file::create(path, &self.text())?)
    }

    fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(self.key.bytes()))
    }

    /// Names the key without telling anything of it: 16 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn new(key: Key) -> Self {
        // Two derived keys, so that neither use says anything about the other.
        let wrap = key.expand(&[b"clustermaster.kek.wrap"]);
        let named = key.expand(&[b"clustermaster.kek.id"]);
        let id = HEXLOWER.encode(&Sha256::digest(named.bytes())[..8]);
        Self { id, wrap, key }
    }

    fn parse(text: &str) -> Result<Self, KekError> {
        let text = text.trim().as_bytes();
        let decoded = if text.len() == 2 * KEY {
            HEXLOWER_PERMISSIVE.decode(text)
        } else {
            BASE64.decode(text).or_else(|_| BASE64_NOPAD.decode(text))
        };
        let bytes = Zeroizing::new(decoded.map_err(|_| KekError::Malformed)?);
        Key::from_slice(&bytes).map(Self::new).ok_or(KekError::Malformed)
    }
}

/// The present key-encryption key, and older ones that still open what they wrapped.
#[derive(Debug)]
pub struct Keyring {
    current: Kek,
    older: Vec<Kek>,
}

impl From<Kek> for Keyring {
    fn from(current: Kek) -> Self {
        Self { current, older: Vec::new() }
    }
}

impl Keyring {
    /// Adds an older key: it opens, but wraps no more.
    #[must_use]
    pub fn with_older(mut self, kek: Kek) -> Self {
        self.older.push(kek);
        self
    }

    /// The present key.
    pub fn current(&self) -> &Kek {
        &self.current
    }

    /// Wraps a key under the present key-encryption key.
    pub(super) fn wrap(&self, place: Place<'_>, key: &Key) -> Vec<u8> {
        envelope::seal(&self.current.wrap, place, key.bytes())
    }

    /// Unwraps a key with the key-encryption key that has this id.
    pub(super) fn unwrap(&self, kek_id: &str, place: Place<'_>, wrapped: &[u8]) -> Result<Key, Unopened> {
        let kek =
            std::iter::once(&self.current).chain(&self.older).find(|kek| kek.id == kek_id).ok_or(Unopened)?;
        envelope::open_key(&kek.wrap, place, wrapped)
    }
}
