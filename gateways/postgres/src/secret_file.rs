//! Files that hold a secret: read only when nobody else may read them, made so that nobody else ever could.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use crate::vault::envelope;

/// Most bytes of such a file.
const LIMIT: usize = 1024;

/// Why a secret cannot be read or kept. Never shows any of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
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
    /// The file could not be read or made.
    #[error("the key file {path} cannot be used: {cause}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
}

/// Reads a file that only its owner can read (mode 0600 or 0400). One of another owner may be read by its group: so
/// Kubernetes mounts a secret with an `fsGroup`.
pub fn read(path: &Path) -> Result<Zeroizing<String>, SecretFileError> {
    let failed = |cause: io::Error| SecretFileError::Io { path: path.to_owned(), cause };
    let file = File::open(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => SecretFileError::Missing(path.to_owned()),
        _ => failed(cause),
    })?;
    // The open file is asked, not the path: nobody can put another in its place meanwhile.
    let about = file.metadata().map_err(failed)?;
    let mode = about.permissions().mode() & 0o7777;
    let ours = about.uid() == rustix::process::geteuid().as_raw();
    if mode & (if ours { 0o077 } else { 0o037 }) != 0 {
        return Err(SecretFileError::Exposed { path: path.to_owned(), mode });
    }
    // Large enough from the start: growing would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(2 * LIMIT));
    file.take(LIMIT as u64).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// Writes a new file (mode 0600, durable, with its folder). One that is there stays as it is.
pub fn create(path: &Path, text: &str) -> Result<(), SecretFileError> {
    write_new(path, text).map_err(|cause| SecretFileError::Io { path: path.to_owned(), cause })
}

/// Reads a file, or makes it first. Of two processes that make it at once, both end up with the same text.
pub fn read_or_create(
    path: &Path,
    fresh: impl FnOnce() -> Zeroizing<String>,
) -> Result<Zeroizing<String>, SecretFileError> {
    match read(path) {
        Err(SecretFileError::Missing(_)) => {
            create(path, &fresh())?;
            read(path)
        }
        answer => answer,
    }
}

/// A fresh secret of 32 bytes from the operating system's secure generator.
pub fn random() -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    envelope::fill(&mut *bytes);
    bytes
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
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
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
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
