//! Checkpoints ([C2SP tlog-checkpoint](https://c2sp.org/tlog-checkpoint)): how large a ledger is, and what its tree comes to.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;
use uuid::Uuid;

use super::hash::{Hash, leaf_hash};
use super::key::{SigningKey, VerifierKey};
use super::note::{Note, NoteError};

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose log: the name of the key that signs it.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// The root over them (RFC 9162, section 2.1.1).
    pub root: Hash,
}

/// Why a text is no checkpoint, or not that of this log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A checkpoint has an origin, a size and a root, each on a line of its own.
    #[error("the checkpoint's {0} cannot be read")]
    Line(&'static str),
    /// It is another log's.
    #[error("the checkpoint is of `{found}`, not of `{wanted}`")]
    Origin {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        wanted: String,
    },
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(&self.root.0))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Reads a note's text. Lines after the third are extensions: signed along, not understood here.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.split_terminator('\n');
        let mut line = |name| lines.next().filter(|line| !line.is_empty()).ok_or(CheckpointError::Line(name));
        let (origin, size, root) = (line("origin")?, line("size")?, line("root")?);
        let plain =
            size == "0" || (!size.starts_with('0') && size.bytes().all(|digit| digit.is_ascii_digit()));
        let size = size.parse().ok().filter(|_| plain).ok_or(CheckpointError::Line("size"))?;
        let root = BASE64.decode(root.as_bytes()).ok().and_then(|root| root.try_into().ok());
        let root = Hash(root.ok_or(CheckpointError::Line("root"))?);
        if lines.any(str::is_empty) {
            return Err(CheckpointError::Line("extension"));
        }
        Ok(Self { origin: origin.to_owned(), size, root })
    }
}

impl Checkpoint {
    /// The checkpoint as a note that its log has signed.
    pub fn sign(&self, key: &SigningKey) -> Note {
        let text = self.to_string();
        let signatures = vec![key.sign(&text, 0)];
        Note { text, signatures }
    }

    /// Whether a key is of this log: that of its origin, or of the hub to whose tenant it belongs.
    pub fn is_for(&self, key: &VerifierKey) -> bool {
        let of_tenant = tenant_of(&self.origin).map(|tenant| origin(key.name(), tenant));
        self.origin == key.name() || of_tenant.as_ref() == Some(&self.origin)
    }

    /// Reads a note that must be of this log and signed by its key. The key of a hub also opens the checkpoints of its tenants.
    pub fn open(note: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let note: Note = note.parse()?;
        let found: Self = note.text.parse()?;
        if !found.is_for(key) {
            return Err(CheckpointError::Origin { found: found.origin, wanted: key.name().to_owned() });
        }
        note.signed_by(&key.named(&found.origin).map_err(NoteError::from)?)?;
        Ok(found)
    }
}

/// The origin of a tenant's checkpoints under a hub's name.
pub fn origin(hub: &str, tenant: Uuid) -> String {
    format!("{hub}/{tenant}")
}

/// Whose ledger an origin names under any hub's name; `None` when it names none.
pub fn tenant_of(origin: &str) -> Option<Uuid> {
    let (_, tenant) = origin.rsplit_once('/')?;
    Uuid::try_parse(tenant).ok().filter(|found| found.to_string() == tenant)
}

/// A leaf of the log over all tenants' checkpoints: it ties the tenants of one hub to one another and to the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Milestone {
    /// Whose checkpoint.
    pub tenant: Uuid,
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// The newest position of the whole database when it was taken.
    pub position: u64,
    /// When, in microseconds since 1970, UTC.
    pub issued_at: i64,
}

impl Milestone {
    /// Format u8 = 1, tenant 16 bytes, size u64, root 32 bytes, position u64, issued at i64; integers big-endian.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![1];
        out.extend_from_slice(self.tenant.as_bytes());
        out.extend_from_slice(&self.size.to_be_bytes());
        out.extend_from_slice(&self.root.0);
        out.extend_from_slice(&self.position.to_be_bytes());
        out.extend_from_slice(&self.issued_at.to_be_bytes());
        out
    }

    /// The hash of the leaf.
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.encode())
    }
}
