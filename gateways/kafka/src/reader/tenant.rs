//! One tenant's ledger, as far as a reader has come.

use std::collections::{BTreeMap, VecDeque};

use hub_domain::ledger::{ChainVerifier, Fault, Frontier, Hash, Recorded};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{CheckpointVerdict, Place, Verdict};

/// Events that are remembered to know a repeated one by, and to hold an older checkpoint against. A hub that comes back repeats less.
const MEMORY: usize = 4096;
/// Checkpoints of more events than were read that are kept, of one tenant.
const AHEAD: usize = 64;

/// Where a reader stands in one tenant's ledger: what it trusts when it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Whose.
    pub tenant: Uuid,
    /// The sequence that belongs next.
    pub next: u64,
    /// The last leaf hash.
    pub last: Hash,
    /// The tree up to it.
    pub frontier: Frontier,
    /// Whether everything up to here was sound.
    pub whole: bool,
}

/// An event that waits for those before it.
#[derive(Debug)]
pub(super) struct Waiting {
    /// When it came, among all.
    pub arrival: u64,
    pub place: Place,
    pub event: Recorded,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    id: Uuid,
    leaf: Hash,
}

#[derive(Debug)]
pub(super) struct Tenant {
    verifier: ChainVerifier,
    next: u64,
    /// The events before `next`, as far as they are remembered; `None` for one that was not there.
    recent: VecDeque<Option<Known>>,
    /// The tree before those, and the leaf hash before them where it is known.
    base: Frontier,
    before: Option<Hash>,
    /// Whether each event was the one that belonged next: then the tree is the ledger's.
    whole: bool,
    /// By sequence, then in the order in which they came.
    pub waiting: BTreeMap<(u64, u64), Waiting>,
    /// Checkpoints of more events than were read, by size.
    ahead: BTreeMap<u64, Hash>,
}

impl Tenant {
    pub fn new(tenant: Uuid) -> Self {
        Self::resume(Mark { tenant, next: 0, last: Hash::ZERO, frontier: Frontier::new(), whole: true })
    }

    pub fn resume(mark: Mark) -> Self {
        Self {
            base: mark.frontier.clone(),
            verifier: ChainVerifier::resume(mark.tenant, mark.last, mark.frontier),
            next: mark.next,
            recent: VecDeque::new(),
            before: Some(mark.last),
            whole: mark.whole,
            waiting: BTreeMap::new(),
            ahead: BTreeMap::new(),
        }
    }

    pub fn mark(&self) -> Mark {
        Mark {
            tenant: self.verifier.tenant(),
            next: self.next,
            last: self.verifier.head().last,
            frontier: self.verifier.frontier().clone(),
            whole: self.whole,
        }
    }

    /// Whether an event of this sequence waits for nothing.
    pub fn is_due(&self, sequence: u64) -> bool {
        sequence <= self.next
    }

    /// Takes out what can be judged now; with `overdue` also what still waits for others. Of several that claim the next place the one
    /// that fits comes first.
    pub fn take(&mut self, overdue: bool) -> Option<Waiting> {
        let (first, _) = *self.waiting.first_key_value()?.0;
        if !overdue && !self.is_due(first) {
            return None;
        }
        let last = self.verifier.head().last;
        let mut claims = self.waiting.range((first, 0)..=(first, u64::MAX));
        let fits = |one: &Waiting| one.event.recompute(last, &mut Vec::new()) == Ok(one.event.leaf_hash);
        let key = claims.find(|(_, one)| fits(one)).map(|(key, _)| *key);
        let key = key.or_else(|| self.waiting.keys().next().copied())?;
        self.waiting.remove(&key)
    }

    /// Judges an event. `None` for one that was there before.
    pub fn judge(&mut self, event: &Recorded) -> Option<Verdict> {
        if event.sequence < self.next {
            return self.judge_again(event);
        }
        let judged = self.verifier.push(event);
        self.whole &= judged.is_ok();
        let gap = event.sequence - self.next;
        if gap >= MEMORY as u64 {
            self.forget();
        } else {
            (0..gap).for_each(|_| self.remember(None));
        }
        self.remember(Some(Known { id: event.event_id, leaf: event.leaf_hash }));
        self.next = event.sequence.saturating_add(1);
        Some(judged.map_or_else(Verdict::Fault, |()| Verdict::Sound))
    }

    /// Judges an event of a sequence that lies behind.
    fn judge_again(&mut self, event: &Recorded) -> Option<Verdict> {
        let (position, tenant, sequence) = (event.position, event.tenant, event.sequence);
        let behind = (self.next - sequence) as usize;
        let at = self.recent.len().checked_sub(behind);
        let previous = match at {
            Some(0) => self.before,
            Some(at) => self.recent[at - 1].map(|known| known.leaf),
            None => None,
        };
        let found = previous.and_then(|previous| event.recompute(previous, &mut Vec::new()).ok());
        let fits = found.is_none_or(|found| found == event.leaf_hash);
        match at.map(|at| self.recent[at]) {
            Some(Some(known)) if known.id == event.event_id && known.leaf == event.leaf_hash && fits => {
                return None;
            }
            Some(Some(known)) if known.id == event.event_id => {
                let (stored, found) = (known.leaf, found.unwrap_or(event.leaf_hash));
                return Some(Verdict::Fault(Fault::ContentAltered {
                    position,
                    tenant,
                    sequence,
                    stored,
                    found,
                }));
            }
            // So long ago that nobody remembers; nothing was ever in doubt.
            None if self.whole => return None,
            _ => {}
        }
        // Perhaps it is an event in between that was one too many: then the ledger goes on here.
        let mut trial = self.verifier.clone();
        if trial.push(event).is_ok() {
            self.verifier = trial;
            match at {
                Some(at) => self.recent.truncate(at),
                None => self.forget(),
            }
            self.remember(Some(Known { id: event.event_id, leaf: event.leaf_hash }));
            self.next = sequence.saturating_add(1);
            return Some(Verdict::Sound);
        }
        if let Some(at) = at
            && self.recent[at].is_none()
        {
            let stored = event.leaf_hash;
            self.recent[at] = Some(Known { id: event.event_id, leaf: stored });
            return Some(match found {
                Some(found) if found != stored => {
                    Verdict::Fault(Fault::ContentAltered { position, tenant, sequence, stored, found })
                }
                _ => Verdict::Late { proven: found.is_some() },
            });
        }
        let expected = self.next;
        Some(Verdict::Fault(Fault::OutOfOrder { position, tenant, expected, found: sequence }))
    }

    fn forget(&mut self) {
        self.recent.clear();
        self.before = None;
    }

    fn remember(&mut self, known: Option<Known>) {
        self.recent.push_back(known);
        if self.recent.len() > MEMORY
            && let Some(oldest) = self.recent.pop_front()
        {
            self.before = oldest.map(|known| known.leaf);
            if let Some(known) = oldest.filter(|_| self.whole) {
                self.base.push(known.leaf);
            }
        }
    }

    /// Holds a checkpoint against what was read; `None` when it is of more than that.
    pub fn hold(&mut self, size: u64, root: Hash) -> Option<CheckpointVerdict> {
        if size > self.next {
            self.ahead.insert(size, root);
            while self.ahead.len() > AHEAD {
                self.ahead.pop_first();
            }
            return None;
        }
        let Some(more) = size.checked_sub(self.base.size()).filter(|_| self.whole) else {
            return Some(CheckpointVerdict::Unchecked);
        };
        let mut tree = self.base.clone();
        self.recent.iter().take(more as usize).flatten().for_each(|known| tree.push(known.leaf));
        let found = tree.root();
        Some(if found == root {
            CheckpointVerdict::Fits
        } else {
            CheckpointVerdict::Differs { signed: root, found }
        })
    }

    /// The next checkpoint that was of more than was read, and no longer is.
    pub fn reached(&mut self) -> Option<(u64, CheckpointVerdict)> {
        let (size, root) = self.ahead.first_key_value().map(|(size, root)| (*size, *root))?;
        if size > self.next {
            return None;
        }
        self.ahead.pop_first();
        self.hold(size, root).map(|verdict| (size, verdict))
    }

    /// The size of the largest checkpoint that is of more than was read.
    pub fn promised(&self) -> Option<u64> {
        self.ahead.last_key_value().map(|(size, _)| *size)
    }

    pub fn next(&self) -> u64 {
        self.next
    }
}
