//! One tenant's chain, from a database or from an exported file: sizes, times, hashes of the tree, events by sequence.

use anyhow::{Context as _, bail, ensure};
use hub_domain::ledger::{Hash, Recorded, Span, TILE_HEIGHT, TILE_WIDTH, VerifierKey, origin, root};
use uuid::Uuid;

use super::period::Period;
use crate::evidence;
use crate::format::Record;
use crate::history::History;

/// The chain.
pub struct Chain {
    history: History,
    tenant: Uuid,
    size: u64,
    index: Option<Index>,
}

/// What is held of a file: 40 bytes an event and a little.
#[derive(Default)]
struct Index {
    times: Vec<i64>,
    /// The hashes of each tile level.
    levels: Vec<Vec<Hash>>,
    checkpoint: Option<String>,
    /// Where the file stands: the sequence after the last one read.
    next: u64,
    after: u64,
}

/// The sequences of the events of a period: those from `first` up to `end`, which is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Range {
    /// The first.
    pub first: u64,
    /// The one after the last.
    pub end: u64,
}

impl Chain {
    /// Of a tenant. A file is read once to its end.
    pub async fn open(mut history: History, tenant: Uuid) -> anyhow::Result<Self> {
        let (size, index) = match &mut history {
            History::Database(ledger) => {
                let heads = ledger.stated_heads().await?;
                (heads.iter().find(|head| head.tenant == tenant).map_or(0, |head| head.size), None)
            }
            History::File(path, reader) => {
                let mut index = Index { levels: vec![Vec::new()], ..Index::default() };
                loop {
                    match reader.next_record().with_context(|| path.display().to_string())? {
                        Some(Record::Event(event, _)) if event.tenant == tenant => {
                            ensure!(
                                event.sequence == index.times.len() as u64,
                                "position {}: the chain is broken; `verify` names where",
                                event.position
                            );
                            index.times.push(event.recorded_at);
                            index.levels[0].push(event.leaf_hash);
                        }
                        Some(Record::Checkpoint(note)) => {
                            if evidence::open(&note, &[]).is_ok_and(|(of, _)| of == tenant) {
                                index.checkpoint = Some(note);
                            }
                        }
                        Some(_) => {}
                        None => break,
                    }
                }
                while index.levels.last().is_some_and(|below| below.len() as u64 >= TILE_WIDTH) {
                    let below = index.levels.last().map(Vec::as_slice).unwrap_or_default();
                    let above = below.chunks_exact(TILE_WIDTH as usize).map(root).collect();
                    index.levels.push(above);
                }
                (index.times.len() as u64, Some(index))
            }
        };
        history.rewind()?;
        Ok(Self { history, tenant, size, index })
    }

    /// Whose.
    pub fn tenant(&self) -> Uuid {
        self.tenant
    }

    /// Its events.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The events of a period. Recorded times never decrease along the chain, so they stand together.
    pub async fn range(&mut self, period: &Period) -> anyhow::Result<Range> {
        let first = self.first_from(period.from.timestamp_micros()).await?;
        let end = self.first_from(period.to.timestamp_micros()).await?;
        Ok(Range { first, end })
    }

    /// The first sequence that was recorded then or later.
    async fn first_from(&mut self, time: i64) -> anyhow::Result<u64> {
        let (mut low, mut high) = (0, self.size);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.time_of(middle).await? < time {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    async fn time_of(&mut self, sequence: u64) -> anyhow::Result<i64> {
        let found = match (&mut self.history, &self.index) {
            (History::Database(ledger), _) => ledger.recorded_at(self.tenant, sequence).await?,
            (_, Some(index)) => index.times.get(sequence as usize).copied(),
            (History::File(..), None) => None,
        };
        found.with_context(|| format!("the event of sequence {sequence} is missing; `verify` names where"))
    }

    /// Hashes of the tree.
    pub async fn hashes(&mut self, span: Span) -> anyhow::Result<Vec<Hash>> {
        let found = match (&mut self.history, &self.index) {
            (History::Database(ledger), _) => ledger.tree_hashes(self.tenant, span).await?,
            (_, Some(index)) => index
                .levels
                .get(span.tile_level as usize)
                .and_then(|level| level.get(span.from as usize..span.to as usize))
                .unwrap_or_default()
                .to_vec(),
            (History::File(..), None) => Vec::new(),
        };
        if found.len() as u64 != span.to - span.from {
            bail!(
                "hashes {} to {} of the tree's level {} are not stored",
                span.from,
                span.to,
                span.tile_level * TILE_HEIGHT
            );
        }
        Ok(found)
    }

    /// The hash before an event.
    pub async fn previous(&mut self, sequence: u64) -> anyhow::Result<Hash> {
        let Some(before) = sequence.checked_sub(1) else { return Ok(Hash::ZERO) };
        let mut found = self.hashes(Span { tile_level: 0, from: before, to: sequence }).await?;
        found.pop().context("the event before is missing")
    }

    /// The oldest checkpoint over so many leaves, or the newest where none reaches so far. A file has one at most.
    pub async fn checkpoint(&mut self, size: u64) -> anyhow::Result<Option<String>> {
        match (&mut self.history, &self.index) {
            (History::Database(ledger), _) => Ok(ledger.checkpoint_over(self.tenant, size).await?),
            (History::File(..), index) => Ok(index.as_ref().and_then(|index| index.checkpoint.clone())),
        }
    }

    /// What the hub says that its checkpoints are verified with; empty where it says nothing.
    pub async fn verifier_key(&mut self) -> anyhow::Result<String> {
        let History::Database(ledger) = &mut self.history else { return Ok(String::new()) };
        let Some(newest) = ledger.signing_keys().await?.pop() else { return Ok(String::new()) };
        let key: VerifierKey = newest.parse()?;
        Ok(key.named(&origin(key.name(), self.tenant))?.to_string())
    }

    /// The next events of a range, in order; empty at its end.
    pub async fn page(&mut self, from: u64, end: u64) -> anyhow::Result<Vec<Recorded>> {
        if from >= end {
            return Ok(Vec::new());
        }
        if let History::Database(ledger) = &mut self.history {
            let page = ledger.tenant_page(self.tenant, from, end).await?;
            ensure!(
                page.iter().zip(from..).all(|(event, sequence)| event.sequence == sequence)
                    && !page.is_empty(),
                "an event is missing behind sequence {from}; `verify` names where"
            );
            return Ok(page);
        }
        let Some(index) = &mut self.index else { return Ok(Vec::new()) };
        if from < index.next {
            self.history.rewind()?;
            (index.next, index.after) = (0, 0);
        }
        let mut found = Vec::new();
        while found.is_empty() && index.next < end {
            let page = self.history.page(index.after).await?;
            let Some(newest) = page.last() else { break };
            index.after = newest.position;
            for event in page.into_iter().filter(|event| event.tenant == self.tenant) {
                index.next = event.sequence + 1;
                if event.sequence >= from && event.sequence < end {
                    found.push(event);
                }
            }
        }
        Ok(found)
    }

    /// Closes what it was read from.
    pub async fn close(self) -> anyhow::Result<()> {
        self.history.close().await
    }
}
