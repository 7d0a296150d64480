//! The key-encryption key: where it comes from, and how several of them live beside each other during a rotation.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::envelope::{self, KEY, Key, Place, Unopened};

/// Most bytes of a key file.
const FILE_LIMIT: usize = 1024;

/// Where a key-encryption key comes from.
#[derive(Clone, Debug)]
pub enum KekSource {
    /// A file that only its owner can read (mode 0600 or 0400). One of another owner may be read by its group: so Kubernetes
    /// mounts a secret with an `fsGroup`.
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
    /// There is no such file.
    #[error("there is no key file {0}")]
    Missing(PathBuf),
    /// Others than its owner may use the file.
    #[error("the key file {path} has mode {mode:04o}: others may use it; run `chmod 600` on it")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The text is not 32 bytes.
    #[error("a key-encryption key must be 32 bytes in base64 (44 characters) or hexadecimal (64 characters)")]
    Malformed,
    /// The file could not be read or made.
    #[error("the key file {path} cannot be used: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
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
            KekSource::File(path) => Self::read(&path),
            KekSource::Text(text) => Self::parse(text.expose_secret()),
        }
    }

    /// Reads the key file, or makes it (mode 0600, durable, with its folder) with a fresh key. Of two processes that
    /// make it at once, both end up with the same key.
    pub fn load_or_create(path: &Path) -> Result<Self, KekError> {
        match Self::read(path) {
            Err(KekError::Missing(_)) => {
                Self::generate().create(path)?;
                Self::read(path)
            }
            answer => answer,
        }
    }

    /// Writes the key to a new file (mode 0600, durable, with its folder). A file that is there stays as it is.
    pub fn create(&self, path: &Path) -> Result<(), KekError> {
        self.write_new(path).map_err(|cause| KekError::Io { path: path.to_owned(), cause })
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

    fn read(path: &Path) -> Result<Self, KekError> {
        let failed = |cause: io::Error| KekError::Io { path: path.to_owned(), cause };
        let file = File::open(path).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => KekError::Missing(path.to_owned()),
            _ => failed(cause),
        })?;
        // The open file is asked, not the path: nobody can put another in its place meanwhile.
        let about = file.metadata().map_err(failed)?;
        let mode = about.permissions().mode() & 0o7777;
        let ours = about.uid() == rustix::process::geteuid().as_raw();
        if mode & (if ours { 0o077 } else { 0o037 }) != 0 {
            return Err(KekError::Exposed { path: path.to_owned(), mode });
        }
        // Large enough from the start: growing would leave copies behind.
        let mut text = Zeroizing::new(String::with_capacity(2 * FILE_LIMIT));
        file.take(FILE_LIMIT as u64).read_to_string(&mut text).map_err(failed)?;
        Self::parse(&text)
    }

    fn write_new(&self, path: &Path) -> io::Result<()> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut random = [0; 8];
        envelope::fill(&mut random);
        let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
        name.push(format!(".{}.new", HEXLOWER.encode(&random)));
        let draft = folder.join(name);
        let written = (|| {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
            let mut text = Zeroizing::new(BASE64.encode(self.key.bytes()));
            text.push('\n');
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            // A link, not a rename: it fails where a rename would replace the key of a faster process.
            match fs::hard_link(&draft, path) {
                Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                answer => answer,
            }
        })();
        let removed = fs::remove_file(&draft);
        written.and(removed)?;
        File::open(folder)?.sync_all()
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
