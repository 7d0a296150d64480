//! Making a report: the entries are counted, then written, each with its proof. No more than a page of them is held.

use anyhow::{Context as _, ensure};
use data_encoding::BASE64;
use hub_domain::ledger::{Hash, Recorded, leaf_hash, verify_inclusion};
use indicatif::ProgressBar;

use super::chain::{Chain, Range};
use super::entry::{Entry, Kind};
use super::forest::Forest;
use super::period::Period;
use super::summary::{Counts, FORMAT, Said, Summary};
use super::{Altered, Sink};
use crate::check::{self, Proof};
use crate::{evidence, progress};

/// What a report is to hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// What it is about.
    pub kind: Kind,
    /// When.
    pub period: Period,
    /// With the leaves of all else in the period.
    pub complete: bool,
}

/// Who proves entries under the one checkpoint.
struct Prover {
    forest: Forest,
    said: Said,
    checkpoint: String,
    verifier_key: String,
}

impl Prover {
    /// The proof of an event behind `previous`. It is verified before it is handed out: an altered ledger gets no report.
    async fn prove(&mut self, chain: &mut Chain, event: &Recorded, previous: Hash) -> anyhow::Result<Proof> {
        let hashes = self.forest.prove(chain, event.sequence).await?;
        let leaf = event.leaf(previous).encode()?;
        verify_inclusion(&leaf_hash(&leaf), event.sequence, self.said.size, &hashes, &self.said.root)
            .map_err(|_| Altered(event.position))?;
        Ok(Proof {
            format: check::FORMAT.to_owned(),
            sequence: event.sequence,
            leaf: BASE64.encode(&leaf),
            metadata: BASE64.encode(&event.metadata),
            payload: BASE64.encode(&event.payload),
            hashes,
            checkpoint: self.checkpoint.clone(),
            verifier_key: self.verifier_key.clone(),
        })
    }

    /// The same, of the event of a sequence, if there is one under the checkpoint.
    async fn prove_at(&mut self, chain: &mut Chain, sequence: Option<u64>) -> anyhow::Result<Option<Proof>> {
        let Some(sequence) = sequence.filter(|sequence| *sequence < self.said.size) else { return Ok(None) };
        let event = chain.page(sequence, sequence + 1).await?.pop().context("an event is missing")?;
        let previous = chain.previous(sequence).await?;
        self.prove(chain, &event, previous).await.map(Some)
    }
}

/// Writes the report into a sink. Answers with what stands before its entries.
pub(super) async fn report(
    Wanted { kind, period, complete }: Wanted,
    chain: &mut Chain,
    mut sink: impl Sink,
) -> anyhow::Result<Summary> {
    let range = chain.range(&period).await?;
    // The event after the range is what shows that the range ends there.
    let wanted = chain.size().min(range.end + 1);
    let checkpoint = chain.checkpoint(wanted).await?;
    let verifier_key = chain.verifier_key().await?;
    let mut prover = match &checkpoint {
        None => None,
        Some(note) => {
            let (of, read) = evidence::open(note, &[]).context("the stored checkpoint")?;
            ensure!(of == chain.tenant(), "the stored checkpoint is of another tenant");
            let (checkpoint, verifier_key) = (note.clone(), verifier_key.clone());
            Some(Prover { forest: Forest::new(read.size), said: Said::from(&read), checkpoint, verifier_key })
        }
    };
    let said = prover.as_ref().map(|prover| prover.said);
    let bar = progress::bar("reporting", 2 * (range.end - range.first));
    let (counts, positions) = count(kind, chain, range, said, &bar).await?;
    let (before, after) = match &mut prover {
        None => (None, None),
        Some(prover) => (
            prover.prove_at(chain, range.first.checked_sub(1)).await?,
            prover.prove_at(chain, Some(range.end)).await?,
        ),
    };
    let summary = Summary {
        format: FORMAT,
        kind,
        tenant: chain.tenant(),
        period,
        range,
        positions,
        counts,
        checkpoint,
        verifier_key,
        before,
        after,
        complete,
        said,
    };
    sink.begin(&summary)?;
    write(kind, chain, range, prover.as_mut(), &mut sink, &bar).await?;
    if complete {
        leave_out(kind, chain, range, said, &mut sink).await?;
    }
    sink.end()?;
    bar.finish_and_clear();
    Ok(summary)
}

async fn count(
    kind: Kind,
    chain: &mut Chain,
    range: Range,
    said: Option<Said>,
    bar: &ProgressBar,
) -> anyhow::Result<(Counts, Option<(u64, u64)>)> {
    let (mut counts, mut positions, mut next) = (Counts::default(), None, range.first);
    loop {
        let page = chain.page(next, range.end).await?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else { break };
        let begin = positions.map_or(first.position, |(begin, _)| begin);
        positions = Some((begin, last.position));
        next = last.sequence + 1;
        bar.inc(page.len() as u64);
        for event in page {
            let (entry, _) = Entry::of(event);
            if kind.holds(&entry) {
                counts.add(&entry, said.is_some_and(|said| entry.sequence < said.size));
            }
        }
    }
    Ok((counts, positions))
}

async fn write(
    kind: Kind,
    chain: &mut Chain,
    range: Range,
    mut prover: Option<&mut Prover>,
    sink: &mut impl Sink,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let (mut next, mut previous) = (range.first, chain.previous(range.first).await?);
    loop {
        let page = chain.page(next, range.end).await?;
        let Some(last) = page.last() else { break };
        next = last.sequence + 1;
        bar.inc(page.len() as u64);
        for event in page {
            let behind = std::mem::replace(&mut previous, event.leaf_hash);
            let (entry, event) = Entry::of(event);
            if !kind.holds(&entry) {
                continue;
            }
            let proof = match &mut prover {
                Some(prover) if entry.sequence < prover.said.size => {
                    Some(serde_json::to_string(&prover.prove(chain, &event, behind).await?)?)
                }
                _ => None,
            };
            sink.entry(&entry, proof.as_deref())?;
        }
    }
    Ok(())
}

/// The leaves under the checkpoint that are no entries: with those of the entries they are the chain, and it has no hole.
async fn leave_out(
    kind: Kind,
    chain: &mut Chain,
    range: Range,
    said: Option<Said>,
    sink: &mut impl Sink,
) -> anyhow::Result<()> {
    let end = range.end.min(said.map_or(0, |said| said.size));
    let (mut next, mut previous) = (range.first, chain.previous(range.first).await?);
    loop {
        let page = chain.page(next, end).await?;
        let Some(last) = page.last() else { return Ok(()) };
        next = last.sequence + 1;
        for event in page {
            let behind = std::mem::replace(&mut previous, event.leaf_hash);
            let (entry, event) = Entry::of(event);
            if !kind.holds(&entry) {
                sink.left_out(&BASE64.encode(&event.leaf(behind).encode()?))?;
            }
        }
    }
}
