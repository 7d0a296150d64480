//! How a hub's signing key gives way to another: a note that both have signed.
//!
//! It stands in every tenant's ledger. Whoever trusts the old key learns from it, and from nobody else, to trust the new one.

use std::fmt;
use std::str::FromStr;

use super::key::{Algorithm, KeyError, SigningKey, VerifierKey};
use super::note::{Note, NoteError};

/// The first line, which no checkpoint has: an origin has no space.
const TITLE: &str = "clustermaster signing key rotation/1";

/// One key gives way to another of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    from: VerifierKey,
    to: VerifierKey,
}

/// Why a text is no rotation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// The note around it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// It has a title, the old key and the new one, each on a line of its own, and nothing else.
    #[error("the rotation's {0} cannot be read")]
    Line(&'static str),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Checkpoints bear the key's name: another name would be another log.
    #[error("both keys must be Ed25519 keys of one name, and not the same")]
    Pair,
}

impl fmt::Display for Rotation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{TITLE}\n{}\n{}\n", self.from, self.to)
    }
}

impl FromStr for Rotation {
    type Err = RotationError;

    fn from_str(text: &str) -> Result<Self, RotationError> {
        let mut lines = text.split_terminator('\n');
        let mut line = |name| lines.next().ok_or(RotationError::Line(name));
        let (title, from, to) = (line("title")?, line("old key")?, line("new key")?);
        if title != TITLE || lines.next().is_some() {
            return Err(RotationError::Line("title"));
        }
        Self::new(from.parse()?, to.parse()?)
    }
}

impl Rotation {
    fn new(from: VerifierKey, to: VerifierKey) -> Result<Self, RotationError> {
        let ed25519 = |key: &VerifierKey| key.algorithm() == Algorithm::Ed25519;
        if from.name() == to.name() && from != to && ed25519(&from) && ed25519(&to) {
            Ok(Self { from, to })
        } else {
            Err(RotationError::Pair)
        }
    }

    /// Signs with both keys.
    pub fn sign(from: &SigningKey, to: &SigningKey) -> Result<Note, RotationError> {
        let text = Self::new(from.verifier(), to.verifier())?.to_string();
        let signatures = vec![from.sign(&text, 0), to.sign(&text, 0)];
        Ok(Note { text, signatures })
    }

    /// Reads a note that both keys must have signed. Whether the old one is to be believed is another question.
    pub fn open(note: &str) -> Result<Self, RotationError> {
        let note: Note = note.parse()?;
        let found: Self = note.text.parse()?;
        note.signed_by(&found.from)?;
        note.signed_by(&found.to)?;
        Ok(found)
    }

    /// The hub's key until then.
    pub fn from(&self) -> &VerifierKey {
        &self.from
    }

    /// The hub's key from then on.
    pub fn to(&self) -> &VerifierKey {
        &self.to
    }

    /// The key that takes the place of one that is believed, if it is this one: the hub's own, or its form for a tenant.
    pub fn successor(&self, believed: &VerifierKey) -> Option<VerifierKey> {
        let of_hub = believed.name() == self.from.name()
            || believed.name().strip_prefix(self.from.name()).is_some_and(|rest| rest.starts_with('/'));
        let same = of_hub && self.from.named(believed.name()).as_ref() == Ok(believed);
        if same { self.to.named(believed.name()).ok() } else { None }
    }
}
