//! Signed notes ([C2SP signed-note](https://c2sp.org/signed-note)): a text, and who vouches for it.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;

use super::key::{Algorithm, KeyError, VerifierKey, check_name};

/// The largest note that is read, in bytes. A checkpoint with sixteen cosignatures has about 2 KiB.
pub const NOTE_LIMIT: usize = 16 * 1024;
/// Signatures that are read, at most.
const SIGNATURES: usize = 64;

/// One signature line: `— NAME BASE64(key id || signature)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The key's name.
    pub name: String,
    /// The key's id: tells keys of one name apart.
    pub id: [u8; 4],
    /// What follows the id: for [`Algorithm::CosignatureV1`] a time (u64, seconds since 1970) and the signature.
    pub bytes: Vec<u8>,
}

/// A text and its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What was signed: lines, each with its line feed.
    pub text: String,
    /// Who signed.
    pub signatures: Vec<Signature>,
}

/// Why bytes are no signed note, or not one of this key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It would be larger than [`NOTE_LIMIT`].
    #[error("the note has {0} of at most {NOTE_LIMIT} bytes")]
    TooLong(usize),
    /// There is a control character, or no line at its end.
    #[error("the note's text is not made of lines of printable characters")]
    Text,
    /// No empty line parts text and signatures.
    #[error("no empty line stands between the note's text and its signatures")]
    Unparted,
    /// A line after the empty one is no signature.
    #[error("the note's signature line {0} is none")]
    Line(usize),
    /// There is nothing to verify.
    #[error("the note carries no signature")]
    Unsigned,
    /// A key of this name and id has not signed it.
    #[error("the note carries no signature of `{0}`")]
    Missing(String),
    /// It has, but not this text.
    #[error("the signature of `{0}` does not fit the note's text")]
    Forged(String),
    /// Two lines of one key: one of them is not its owner's.
    #[error("the note carries more than one signature of `{0}`")]
    Twice(String),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| write!(out, "{signature}"))
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let blob = [&self.id[..], &self.bytes].concat();
        writeln!(out, "\u{2014} {} {}", self.name, BASE64.encode(&blob))
    }
}

impl Signature {
    fn parse(line: &str) -> Option<Self> {
        let (name, blob) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        check_name(name).ok()?;
        let blob = BASE64.decode(blob.as_bytes()).ok()?;
        let (id, bytes) = blob.split_first_chunk::<4>().filter(|(_, bytes)| !bytes.is_empty())?;
        Some(Self { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
    }
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_LIMIT {
            return Err(NoteError::TooLong(note.len()));
        }
        if note.chars().any(|letter| letter.is_ascii_control() && letter != '\n') || !note.ends_with('\n') {
            return Err(NoteError::Text);
        }
        // The last empty line: the text may hold others.
        let parted = note.rfind("\n\n").ok_or(NoteError::Unparted)?;
        let (text, lines) = (&note[..=parted], &note[parted + 2..]);
        if text == "\n" {
            return Err(NoteError::Text);
        }
        let signatures = lines
            .lines()
            .enumerate()
            .map(|(nth, line)| Signature::parse(line).ok_or(NoteError::Line(nth + 1)))
            .collect::<Result<Vec<_>, _>>()?;
        match signatures.len() {
            0 => Err(NoteError::Unsigned),
            1..=SIGNATURES => Ok(Self { text: text.to_owned(), signatures }),
            _ => Err(NoteError::Line(SIGNATURES + 1)),
        }
    }
}

impl Note {
    /// The note with further signatures, as lines. Those of unknown keys come along: nobody is asked to believe them.
    pub fn with_lines(&self, lines: &str) -> Result<Self, NoteError> {
        format!("{self}{lines}").parse()
    }

    /// Whether a key has signed exactly this text; for a cosignature also when, in seconds since 1970.
    pub fn signed_by(&self, key: &VerifierKey) -> Result<Option<u64>, NoteError> {
        let mut own = self
            .signatures
            .iter()
            .filter(|signature| signature.name == key.name() && signature.id == key.id());
        let signature = own.next().ok_or_else(|| NoteError::Missing(key.name().to_owned()))?;
        if own.next().is_some() {
            return Err(NoteError::Twice(key.name().to_owned()));
        }
        let forged = || NoteError::Forged(key.name().to_owned());
        match key.algorithm() {
            Algorithm::Ed25519 => {
                let bytes = signature.bytes.as_slice().try_into().map_err(|_| forged())?;
                key.verify(self.text.as_bytes(), bytes).map_err(|_| forged()).map(|()| None)
            }
            Algorithm::CosignatureV1 => {
                let (time, bytes) = signature.bytes.split_first_chunk::<8>().ok_or_else(forged)?;
                let (time, bytes) = (u64::from_be_bytes(*time), bytes.try_into().map_err(|_| forged())?);
                key.verify(cosigned(&self.text, time).as_bytes(), bytes).map_err(|_| forged())?;
                Ok(Some(time))
            }
        }
    }
}

/// What a cosigner signs: the text, and when it saw it ([C2SP tlog-cosignature](https://c2sp.org/tlog-cosignature)).
pub(super) fn cosigned(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}
