//! Verifying one tenant's ledger row by row: every byte that was hashed, every link, every count.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fault::Fault;
use super::hash::Hash;
use super::leaf::Leaf;
use super::recorded::{Digests, Recorded};
use super::tree::Frontier;

/// How many lines are kept in mind after a bad row.
const LINES: usize = 8;

/// Where a tenant's ledger ends. Two ledgers with the same head hold the same events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Whose ledger.
    pub tenant: Uuid,
    /// Its events.
    pub size: u64,
    /// The leaf hash of the last one; [`Hash::ZERO`] in an empty ledger.
    pub last: Hash,
    /// The root of the RFC 6962 tree over its leaf hashes.
    pub root: Hash,
}

/// A ledger as it was read so far, and so what belongs next.
#[derive(Clone, Debug)]
struct Line {
    next: u64,
    last: Hash,
    frontier: Frontier,
}

impl Line {
    fn append(&mut self, sequence: u64, leaf: Hash) {
        self.next = sequence.saturating_add(1);
        self.last = leaf;
        self.frontier.push(leaf);
    }

    fn after(&self, sequence: u64, leaf: Hash) -> Self {
        let mut line = self.clone();
        line.append(sequence, leaf);
        line
    }

    fn hash(&self, leaf: &Leaf<'_>, sequence: u64, buffer: &mut Vec<u8>) -> Option<Hash> {
        Leaf { previous: self.last, sequence, ..*leaf }.hash_with(buffer).ok()
    }
}

/// Verifies the chain and the tree of one tenant.
///
/// After a bad row it goes on from what is stored, and keeps in mind what else may be true (the row is one too many, its
/// stored hash is wrong, its sequence is wrong): a later row that fits one of these is sound, and is not blamed.
/// Without a bad row there is exactly one line, and nothing but the row that belongs next passes.
#[derive(Clone, Debug)]
pub struct ChainVerifier {
    tenant: Uuid,
    line: Line,
    /// What else may be true since the last sound row; the ledger as it was before the first bad row stands first.
    others: Vec<Line>,
    /// A sound row that came late, should the rows after it say so.
    late: Option<Fault>,
    /// Whether `buffer` holds the leaf of the last row, which was sound.
    proven: bool,
    buffer: Vec<u8>,
}

impl ChainVerifier {
    /// A verifier at the beginning of a tenant's ledger.
    pub fn new(tenant: Uuid) -> Self {
        Self::resume(tenant, Hash::ZERO, Frontier::new())
    }

    /// A verifier that goes on where another one ended: `last` is the last leaf hash, `frontier` the tree up to it. Both are
    /// trusted; keep them where the ledger's keeper cannot write.
    pub fn resume(tenant: Uuid, last: Hash, frontier: Frontier) -> Self {
        let line = Line { next: frontier.size(), last, frontier };
        Self { tenant, line, others: Vec::new(), late: None, proven: false, buffer: Vec::with_capacity(512) }
    }

    /// Whose ledger.
    pub fn tenant(&self) -> Uuid {
        self.tenant
    }

    /// Events read so far.
    pub fn size(&self) -> u64 {
        self.line.frontier.size()
    }

    /// The tree as far as it was read; with the head's `last` it is what [`ChainVerifier::resume`] needs.
    pub fn frontier(&self) -> &Frontier {
        &self.line.frontier
    }

    /// Where the ledger ends, as far as it was read.
    pub fn head(&self) -> Head {
        Head { tenant: self.tenant, size: self.size(), last: self.line.last, root: self.line.frontier.root() }
    }

    /// The leaf of the last row that was judged, byte for byte, when it is the one that belonged next.
    pub fn proven_leaf(&self) -> Option<&[u8]> {
        self.proven.then_some(self.buffer.as_slice())
    }

    /// Judges the next event. The fault names this row, or (`OutOfOrder`) the one before, when only this row tells.
    pub fn push(&mut self, event: &Recorded) -> Result<(), Fault> {
        self.push_digested(event, &event.digests())
    }

    /// The same, with digests that were made of this very event.
    pub fn push_digested(&mut self, event: &Recorded, digests: &Digests) -> Result<(), Fault> {
        self.proven = false;
        if event.tenant != self.tenant {
            return Err(Fault::WrongTenant { position: event.position });
        }
        let leaf = event.leaf_of(self.line.last, digests);
        if event.sequence == self.line.next && leaf.hash_with(&mut self.buffer) == Ok(event.leaf_hash) {
            self.line.append(event.sequence, event.leaf_hash);
            self.others.clear();
            self.late = None;
            self.proven = true;
            return Ok(());
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let judged = self.doubt(event, &leaf, &mut buffer);
        self.buffer = buffer;
        judged
    }

    /// Judges a row that is not the one that belongs next on the line.
    fn doubt(&mut self, event: &Recorded, leaf: &Leaf<'_>, buffer: &mut Vec<u8>) -> Result<(), Fault> {
        let (sequence, stored) = (event.sequence, event.leaf_hash);
        let sound = |line: &Line| line.next == sequence && line.hash(leaf, sequence, buffer) == Some(stored);
        let Some(at) = self.others.iter().position(sound) else {
            return Err(self.blame(event, leaf, buffer));
        };
        let line = self.others[at].after(sequence, stored);
        let left = std::mem::replace(&mut self.line, line);
        // Back into the gap: either the rows before this one were inserted, or this one is late. Its followers know.
        let (position, tenant, expected) = (event.position, self.tenant, left.next);
        let late = (sequence < expected).then_some(Fault::OutOfOrder {
            position,
            tenant,
            expected,
            found: sequence,
        });
        self.others = vec![left];
        std::mem::replace(&mut self.late, late).map_or(Ok(()), Err)
    }

    /// Names what is wrong with a row, and sets out what may be true behind it.
    fn blame(&mut self, event: &Recorded, leaf: &Leaf<'_>, buffer: &mut Vec<u8>) -> Fault {
        let (position, tenant, found, stored) =
            (event.position, self.tenant, event.sequence, event.leaf_hash);
        let lines = || self.others.iter().chain([&self.line]);
        let renumbered =
            lines().find(|line| line.next != found && line.hash(leaf, line.next, buffer) == Some(stored));
        let (fault, line) = if let Err(cause) = leaf.hash_with(buffer) {
            (Fault::InvalidLeaf { position, cause }, self.line.after(self.line.next, stored))
        } else if let Some(base) = renumbered {
            let expected = base.next;
            (Fault::SequenceAltered { position, tenant, expected, found }, base.after(expected, stored))
        } else if let Some(base) = lines().filter(|line| line.next <= found).max_by_key(|line| line.next) {
            let expected = base.next;
            let fault = match base.hash(leaf, found, buffer) {
                Some(hash) if expected == found => {
                    Fault::ContentAltered { position, tenant, sequence: found, stored, found: hash }
                }
                _ => Fault::Missing { position, tenant, expected, found },
            };
            (fault, base.after(found, stored))
        } else {
            // Left out of chain and tree: an inserted row is no reason to blame the rows behind it.
            (Fault::OutOfOrder { position, tenant, expected: self.line.next, found }, self.line.clone())
        };

        let before = self.others.first().unwrap_or(&self.line).clone();
        let wrong_hash = |line: &Line| Some(line.after(found, line.hash(leaf, found, buffer)?));
        let wrong_hash: Vec<Line> =
            lines().filter(|line| line.next == found).filter_map(wrong_hash).collect();
        let wrong_sequence = self.line.after(self.line.next, stored);
        let in_place = self.line.after(found, stored);
        let mut others: Vec<Line> = Vec::with_capacity(LINES);
        let all = [before].into_iter().chain(wrong_hash).chain([wrong_sequence, in_place, self.line.clone()]);
        for other in all.chain(self.others.drain(..)) {
            let known = |one: &Line| one.next == other.next && one.last == other.last;
            if others.len() < LINES && !known(&line) && !others.iter().any(known) {
                others.push(other);
            }
        }
        self.line = line;
        self.others = others;
        self.late = None;
        fault
    }
}
