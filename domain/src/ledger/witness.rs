//! Witnessing ([C2SP tlog-witness](https://c2sp.org/tlog-witness)): what a log asks of a witness, and what a witness may vouch for.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::hash::Hash;
use super::key::VerifierKey;
use super::note::{NOTE_LIMIT, Note, NoteError};
use super::tree::verify_consistency;

/// Hashes of a consistency proof, at most.
const PROOF_LIMIT: usize = 63;
/// The largest request, in bytes: the proof's lines and a note.
pub const REQUEST_LIMIT: usize = NOTE_LIMIT + 4096;

/// A request to cosign a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size of the checkpoint that the witness has cosigned last.
    pub old: u64,
    /// The proof that the log of that size is a prefix (RFC 9162, section 2.1.4).
    pub proof: Vec<Hash>,
    /// The signed note.
    pub note: String,
}

/// Why a witness does not vouch for a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WitnessRefusal {
    /// The request is not of its form, or its old size is larger than the checkpoint's. (400)
    #[error("the request cannot be read: {0}")]
    Malformed(String),
    /// No key is known for the checkpoint's origin. (404)
    #[error("the log `{0}` is not known here")]
    UnknownLog(String),
    /// None of the log's keys has signed it. (403)
    #[error("the checkpoint is not signed by its log: {0}")]
    Unsigned(NoteError),
    /// Another size, or another root of this size, was cosigned last. (409)
    #[error("a checkpoint of {0} leaves was cosigned last")]
    Conflict(u64),
    /// The log of the old size is no prefix of the new one. (422)
    #[error("the log does not continue what was cosigned last: {0}")]
    Inconsistent(super::tree::ProofError),
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(out, "{}", BASE64.encode(&hash.0)))?;
        write!(out, "\n{}", self.note)
    }
}

impl FromStr for AddCheckpoint {
    type Err = WitnessRefusal;

    fn from_str(text: &str) -> Result<Self, WitnessRefusal> {
        let wrong = |what: &str| WitnessRefusal::Malformed(what.to_owned());
        let (head, note) =
            text.split_once("\n\n").ok_or_else(|| wrong("no empty line stands before the checkpoint"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let old =
            old.filter(|old| *old == "0" || !old.starts_with(['0', '+'])).and_then(|old| old.parse().ok());
        let hash = |line: &str| BASE64.decode(line.as_bytes()).ok()?.try_into().ok().map(Hash);
        let proof: Option<Vec<Hash>> = lines.map(hash).collect();
        let proof = proof.ok_or_else(|| wrong("a line of the proof is no hash"))?;
        if proof.len() > PROOF_LIMIT {
            return Err(wrong("the proof has more than 63 lines"));
        }
        Ok(Self {
            old: old.ok_or_else(|| wrong("the first line reads `old` and a size"))?,
            proof,
            note: note.to_owned(),
        })
    }
}

impl AddCheckpoint {
    /// The note and what it says, once one of the log's keys has signed it. While a log changes its key, two are known.
    pub fn log(&self, keys: &[VerifierKey]) -> Result<(Note, Checkpoint), WitnessRefusal> {
        let malformed = |cause: CheckpointError| WitnessRefusal::Malformed(cause.to_string());
        let note: Note = self.note.parse().map_err(|cause| malformed(CheckpointError::Note(cause)))?;
        let said: Checkpoint = note.text.parse().map_err(malformed)?;
        let mut refusal = None;
        for key in keys.iter().filter(|key| said.is_for(key)) {
            match Checkpoint::open(&self.note, key) {
                Ok(said) => return Ok((note, said)),
                Err(CheckpointError::Note(cause)) => refusal = Some(WitnessRefusal::Unsigned(cause)),
                Err(cause) => return Err(malformed(cause)),
            }
        }
        Err(refusal.unwrap_or(WitnessRefusal::UnknownLog(said.origin)))
    }

    /// Whether a checkpoint of this log may be cosigned after the one that was cosigned last.
    pub fn judge(&self, said: &Checkpoint, last: Option<&Checkpoint>) -> Result<(), WitnessRefusal> {
        if self.old > said.size {
            return Err(WitnessRefusal::Malformed("the old size is larger than the checkpoint's".to_owned()));
        }
        let known = last.map_or(0, |last| last.size);
        if self.old != known {
            return Err(WitnessRefusal::Conflict(known));
        }
        let Some(last) = last.filter(|last| last.size > 0) else {
            // Of an empty log every log is a continuation: there is nothing to prove.
            return if self.proof.is_empty() {
                Ok(())
            } else {
                Err(WitnessRefusal::Inconsistent(super::tree::ProofError::TooLong))
            };
        };
        if said.size == last.size && said.root != last.root {
            return Err(WitnessRefusal::Conflict(known));
        }
        verify_consistency(last.size, &last.root, said.size, &said.root, &self.proof)
            .map_err(WitnessRefusal::Inconsistent)
    }
}
