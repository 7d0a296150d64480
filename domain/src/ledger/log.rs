//! Verifying a whole log: every tenant's ledger, and what holds them together.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::chain::{ChainVerifier, Head};
use super::fault::Fault;
use super::hash::{Hash, sha256};
use super::recorded::{Digests, Recorded};

/// Verifies a whole log: every tenant's chain, gapless positions, gapless revisions, and heads that were taken earlier.
#[derive(Clone, Debug)]
pub struct LogVerifier {
    position: u64,
    /// What else may be the next position, after one that was not.
    instead: [Option<u64>; 2],
    tenants: BTreeMap<Uuid, Tenant>,
    track_revisions: bool,
}

#[derive(Clone, Debug)]
struct Tenant {
    chain: ChainVerifier,
    /// Heads not yet reached, the largest first.
    heads: Vec<Taken>,
    /// The next revision of each stream.
    streams: HashMap<Box<str>, u64>,
    /// Where the streams were begun: not to be seen by a verifier that began later.
    resumed: bool,
    /// Bad and missing rows: by so much the next revision of a stream is uncertain.
    slack: u64,
}

/// A head that was taken earlier. A checkpoint does not name the last leaf hash.
#[derive(Clone, Copy, Debug)]
struct Taken {
    tenant: Uuid,
    size: u64,
    root: Hash,
    last: Option<Hash>,
}

impl Tenant {
    fn new(chain: ChainVerifier) -> Self {
        let resumed = chain.size() > 0;
        Self { chain, heads: Vec::new(), streams: HashMap::new(), resumed, slack: 0 }
    }
}

impl Default for LogVerifier {
    fn default() -> Self {
        Self::new()
    }
}

impl LogVerifier {
    /// A verifier at the beginning of a log: the next position is 1.
    pub fn new() -> Self {
        Self::resume(0, [])
    }

    /// A verifier that goes on behind `position`, where `chains` ended. A tenant without a chain begins there.
    pub fn resume(position: u64, chains: impl IntoIterator<Item = ChainVerifier>) -> Self {
        let tenants = chains.into_iter().map(|chain| (chain.tenant(), Tenant::new(chain))).collect();
        Self { position: position.saturating_add(1), instead: [None; 2], tenants, track_revisions: true }
    }

    /// Whether revisions are judged (they are, unless told otherwise). Costs memory for each stream: its name and 8 bytes.
    #[must_use]
    pub fn track_revisions(mut self, yes: bool) -> Self {
        self.track_revisions = yes;
        self
    }

    /// Demands that the ledger passes through a head that was taken earlier. Say so before the first row.
    pub fn expect_head(&mut self, head: &Head) {
        let Head { tenant, size, root, last } = *head;
        self.expect(Taken { tenant, size, root, last: Some(last) });
    }

    /// Demands that the ledger passes through a checkpoint. Say so before the row that reaches its size.
    pub fn expect_root(&mut self, tenant: Uuid, size: u64, root: Hash) {
        self.expect(Taken { tenant, size, root, last: None });
    }

    fn expect(&mut self, taken: Taken) {
        let heads = &mut self.tenant(taken.tenant).heads;
        heads.insert(heads.partition_point(|other| other.size > taken.size), taken);
    }

    fn tenant(&mut self, tenant: Uuid) -> &mut Tenant {
        self.tenants.entry(tenant).or_insert_with(|| Tenant::new(ChainVerifier::new(tenant)))
    }

    /// The leaf of the last row of a tenant, byte for byte, when it is the one that belonged next.
    pub fn proven_leaf(&self, tenant: Uuid) -> Option<&[u8]> {
        self.tenants.get(&tenant)?.chain.proven_leaf()
    }

    /// Judges the next row. A clean one costs no allocation, but for the first of its stream.
    pub fn push(&mut self, event: &Recorded) -> Vec<Fault> {
        self.push_digested(event, &event.digests())
    }

    /// The same, with digests that were made of this very event.
    pub fn push_digested(&mut self, event: &Recorded, digests: &Digests) -> Vec<Fault> {
        let mut faults = Vec::new();
        faults.extend(self.judge_position(event.position));
        let track_revisions = self.track_revisions;
        let tenant = self.tenant(event.tenant);
        let judged = tenant.chain.push_digested(event, digests);
        let sound = judged.is_ok();
        if let Err(fault) = judged {
            let missing =
                if let Fault::Missing { expected, found, .. } = fault { found - expected } else { 0 };
            tenant.slack = tenant.slack.saturating_add(missing).saturating_add(1);
            faults.push(fault);
        }
        if track_revisions {
            faults.extend(tenant.judge_revision(event, sound));
        }
        tenant.judge_heads(&mut faults);
        faults
    }

    /// After a wrong position, the next row may also go on from what belonged there: the bad row was inserted, or its number
    /// altered.
    fn judge_position(&mut self, found: u64) -> Option<Fault> {
        let expected = std::mem::replace(&mut self.position, found.saturating_add(1));
        let known = self.instead.contains(&Some(found));
        if found == expected {
            self.instead = [None; 2];
            None
        } else if known {
            self.instead = [Some(expected), None];
            None
        } else {
            self.instead = [Some(expected), expected.checked_add(1)];
            Some(Fault::PositionGap { expected, found })
        }
    }

    /// Each tenant's head, in the order of tenant ids. Tenants without an event have none.
    pub fn heads(&self) -> Vec<Head> {
        self.chains().map(ChainVerifier::head).collect()
    }

    /// Each tenant's verifier, in the order of tenant ids: what [`LogVerifier::resume`] needs.
    pub fn chains(&self) -> impl Iterator<Item = &ChainVerifier> {
        self.tenants.values().map(|tenant| &tenant.chain).filter(|chain| chain.size() > 0)
    }

    /// What only the end can tell: heads that were never reached.
    pub fn finish(self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for mut tenant in self.tenants.into_values() {
            tenant.judge_heads(&mut faults);
            let found = tenant.chain.size();
            let cut =
                |head: &Taken| Fault::ShorterThanHead { tenant: head.tenant, expected: head.size, found };
            faults.extend(tenant.heads.iter().map(cut));
        }
        faults
    }
}

impl Tenant {
    /// The revision of a bad row proves nothing, and it leaves its stream's next one open.
    fn judge_revision(&mut self, event: &Recorded, sound: bool) -> Option<Fault> {
        let (found, after) = (event.revision, event.revision.saturating_add(1));
        let Some(next) = self.streams.get_mut(event.stream.as_str()) else {
            if !sound && found > 0 {
                return None;
            }
            self.streams.insert(event.stream.as_str().into(), after);
            return self.gap(event, if self.resumed { found } else { 0 });
        };
        let expected = *next;
        if sound || found == expected {
            *next = after;
        }
        if sound { self.gap(event, expected) } else { None }
    }

    fn gap(&self, event: &Recorded, expected: u64) -> Option<Fault> {
        let (position, found) = (event.position, event.revision);
        let stream = || event.stream.clone();
        (found.abs_diff(expected) > self.slack).then(|| Fault::RevisionGap {
            position,
            stream: stream(),
            expected,
            found,
        })
    }

    /// Holds the heads that the chain has reached against it.
    fn judge_heads(&mut self, faults: &mut Vec<Fault>) {
        let size = self.chain.size();
        while let Some(head) = self.heads.pop_if(|head| head.size <= size) {
            let here = match head.size {
                0 => Head { tenant: head.tenant, size: 0, last: Hash::ZERO, root: sha256(&[]) },
                _ => self.chain.head(),
            };
            if head.size == here.size {
                faults.extend(mismatch(&head, &here));
            } else {
                faults.push(Fault::HeadUnchecked { tenant: head.tenant, size: head.size });
            }
        }
    }
}

fn mismatch(expected: &Taken, found: &Head) -> Option<Fault> {
    let (tenant, size) = (expected.tenant, expected.size);
    let (part, expected, found) = if expected.root == found.root {
        ("last leaf hash", expected.last.unwrap_or(found.last), found.last)
    } else {
        ("root", expected.root, found.root)
    };
    (expected != found).then_some(Fault::HeadMismatch { tenant, size, part, expected, found })
}
