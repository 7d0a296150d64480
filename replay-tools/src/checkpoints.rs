//! The checkpoints that a database holds: each must be signed, stand in the log over all tenants, and fit the events.

use std::collections::VecDeque;

use anyhow::{Context as _, bail};
use hub_domain::ledger::{Checkpoint, Frontier, Hash, LogVerifier, Milestone, Rotation, VerifierKey};

use crate::evidence::{read, tenant};
use crate::source::{Ledger, SourceError};
use crate::verify::FaultLine;

/// A row of `ledger.checkpoints`.
#[derive(Clone, Debug)]
pub struct StoredCheckpoint {
    /// Its index in the log over all tenants.
    pub entry: u64,
    /// What it says, beside its note.
    pub milestone: Milestone,
    /// The stored hash of the milestone.
    pub leaf_hash: Hash,
    /// The signed note.
    pub note: String,
}

/// A row of `ledger.whole_checkpoints`.
#[derive(Clone, Debug)]
pub struct WholeCheckpoint {
    /// Leaves of the log over all tenants.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// The signed note.
    pub note: String,
}

/// A key that is believed.
#[derive(Debug)]
struct Believed {
    key: VerifierKey,
    /// Whether it has signed anything here.
    used: bool,
    /// Its place in `given` that it gave way to.
    successor: Option<usize>,
}

/// Walks through a database's checkpoints beside its events.
#[derive(Debug)]
pub struct Checkpoints {
    /// What an auditor brought, and what the ledger told of these since.
    given: Vec<Believed>,
    /// How many of them the auditor brought.
    brought: usize,
    /// What the database says of itself: whose they are these cannot tell; that no note was altered they can.
    stored: Vec<VerifierKey>,
    signed: u64,
    ahead: VecDeque<StoredCheckpoint>,
    wholes: VecDeque<WholeCheckpoint>,
    log: Frontier,
    /// The entry that belongs next.
    next: u64,
    ended: bool,
    faults: Vec<FaultLine>,
}

impl Checkpoints {
    /// Checkpoints that the given keys must have signed where they are for them, and the stored ones elsewhere.
    pub fn new(given: &[VerifierKey], stored: Vec<VerifierKey>) -> Self {
        Self {
            given: given
                .iter()
                .map(|key| Believed { key: key.clone(), used: false, successor: None })
                .collect(),
            brought: given.len(),
            stored,
            signed: 0,
            ahead: VecDeque::new(),
            wholes: VecDeque::new(),
            log: Frontier::new(),
            next: 0,
            ended: false,
            faults: Vec::new(),
        }
    }

    /// Believes the new key, where the old one is believed.
    pub fn learn(&mut self, rotation: &Rotation) {
        for old in 0..self.given.len() {
            let Some(key) = rotation.successor(&self.given[old].key) else { continue };
            if self.given.iter().all(|known| known.key != key) {
                self.given[old].successor = Some(self.given.len());
                self.given.push(Believed { key, used: false, successor: None });
            }
        }
    }

    /// Demands what was signed up to a position, before the rows behind it are judged.
    pub async fn demand(
        &mut self,
        ledger: &mut Ledger,
        position: u64,
        verifier: &mut LogVerifier,
    ) -> Result<(), SourceError> {
        loop {
            if self.ahead.is_empty() && !self.ended {
                self.ahead = ledger.checkpoints(self.next).await?.into();
                self.ended = self.ahead.is_empty();
            }
            if self.ahead.front().is_none_or(|next| next.milestone.position > position) {
                return Ok(());
            }
            let Some(next) = self.ahead.pop_front() else { return Ok(()) };
            self.judge(&next);
            let Milestone { tenant, size, root, .. } = next.milestone;
            verifier.expect_root(tenant, size, root);
            self.log.push(next.leaf_hash);
            self.judge_whole(ledger).await?;
        }
    }

    /// How many there were, how many of them the given keys have signed, and what is wrong.
    pub async fn finish(mut self, ledger: &mut Ledger) -> Result<(u64, u64, Vec<FaultLine>), SourceError> {
        let size = self.log.size();
        let idle =
            |known: &&Believed| !known.used && known.successor.is_none_or(|next| !self.given[next].used);
        let unused = self.given[..self.brought].iter().filter(idle).map(|known| known.key.name().to_owned());
        for name in unused.collect::<Vec<_>>() {
            self.fault(format!("the key of `{name}` that you gave has signed nothing here"));
        }
        if self.wholes.is_empty() {
            self.wholes = ledger.whole_checkpoints(size).await?.into();
        }
        if let Some(beyond) = self.wholes.iter().find(|whole| whole.size > size) {
            self.fault(format!("the checkpoints' log is cut: {size} are there, {} were signed", beyond.size));
        }
        Ok((size, self.signed, self.faults))
    }

    fn fault(&mut self, what: String) {
        self.faults.push(FaultLine { position: None, what });
    }

    /// Reads a note that must be signed by whom it should be; and whether a given key did.
    fn open(&mut self, note: &str) -> anyhow::Result<(Checkpoint, bool)> {
        let said = read(note, &[])?;
        let is_for = |known: &Believed| said.is_for(&known.key);
        if !self.given.iter().any(is_for) {
            return Ok((read(note, &self.stored)?, false));
        }
        let of_given: Vec<_> =
            self.given.iter().filter(|known| is_for(known)).map(|known| known.key.clone()).collect();
        let said = read(note, &of_given)?;
        let signer = self.given.iter().position(|known| Checkpoint::open(note, &known.key).is_ok());
        let signer = signer.context("no given key has signed it")?;
        if self.given[signer].successor.is_some_and(|next| self.given[next].used) {
            bail!("it was signed with a key that had given way to another");
        }
        self.given[signer].used = true;
        Ok((said, true))
    }

    fn judge(&mut self, found: &StoredCheckpoint) {
        let (entry, expected) = (found.entry, self.next);
        if entry != expected {
            self.fault(format!("checkpoint {entry}: it stands where {expected} belongs"));
        }
        self.next = entry.saturating_add(1);
        if found.milestone.hash() != found.leaf_hash {
            self.fault(format!("checkpoint {entry}: its row was altered"));
        }
        match self.open(&found.note) {
            Ok((said, by_given)) if says(&said, &found.milestone) => self.signed += u64::from(by_given),
            Ok(_) => self.fault(format!("checkpoint {entry}: its note does not say what its row says")),
            Err(cause) => self.fault(format!("checkpoint {entry}: {cause:#}")),
        }
    }

    async fn judge_whole(&mut self, ledger: &mut Ledger) -> Result<(), SourceError> {
        let size = self.log.size();
        if self.wholes.is_empty() {
            self.wholes = ledger.whole_checkpoints(size - 1).await?.into();
        }
        while self.wholes.front().is_some_and(|whole| whole.size <= size) {
            let Some(whole) = self.wholes.pop_front() else { break };
            let said = match self.open(&whole.note) {
                Ok((said, _)) => said,
                Err(cause) => {
                    self.fault(format!("the checkpoint over {size} checkpoints: {cause:#}"));
                    continue;
                }
            };
            if (said.size, said.root) != (whole.size, whole.root) || whole.root != self.log.root() {
                self.fault(format!("the first {size} checkpoints are not those that were signed together"));
            }
        }
        Ok(())
    }
}

fn says(said: &Checkpoint, row: &Milestone) -> bool {
    tenant(said).is_ok_and(|tenant| (tenant, said.size, said.root) == (row.tenant, row.size, row.root))
}
