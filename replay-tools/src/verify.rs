//! `verify`: reads every byte that was hashed, and names what is wrong.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Instant;

use anyhow::{Context, bail};
use hub_domain::ledger::{Digests, Fault, Head, LogVerifier, VerifierKey, leaf_hash, tenant_of};
use serde::Serialize;

use crate::checkpoints::Checkpoints;
use crate::cli::{ALTERED, CLEAN};
use crate::evidence::{self, Evidence, EvidenceArgs, rotation_of};
use crate::format::{FormatError, Reader, Record};
use crate::progress;
use crate::source::{Database, Ledger};

/// How many faults are printed one by one.
const SHOWN: usize = 20;
/// Records, and bytes of payload in them, that the reader of a file hands on together; and how often ahead of the hashing.
const BATCH: usize = 256;
const BATCH_BYTES: usize = 1 << 20;
const BATCHES: usize = 4;

/// What was found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// `clean` or `altered`.
    pub verdict: &'static str,
    /// Events that were read.
    pub events: u64,
    /// The position of the first bad row, where a fault has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_bad_position: Option<u64>,
    /// Checkpoints that stand beside the events.
    pub checkpoints: u64,
    /// How many of them keys have signed that were brought along; of the others only sizes and roots were checked.
    pub signed: u64,
    /// All that is wrong, in the order found.
    pub faults: Vec<FaultLine>,
    /// Each tenant's head, computed from what was read.
    pub heads: Vec<Head>,
}

/// One thing that is wrong.
#[derive(Debug, Serialize)]
pub struct FaultLine {
    /// Where, where it has a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// What, in words.
    pub what: String,
}

impl From<&Fault> for FaultLine {
    fn from(fault: &Fault) -> Self {
        Self { position: fault.position(), what: fault.to_string() }
    }
}

impl Report {
    fn new(events: u64, faults: Vec<FaultLine>, heads: Vec<Head>) -> Self {
        let first_bad_position = faults.iter().filter_map(|fault| fault.position).min();
        let verdict = if faults.is_empty() { "clean" } else { "altered" };
        Self { verdict, events, first_bad_position, checkpoints: 0, signed: 0, faults, heads }
    }

    fn add(&mut self, position: Option<u64>, what: String) {
        self.verdict = "altered";
        if let Some(position) = position {
            self.first_bad_position =
                Some(self.first_bad_position.map_or(position, |first| first.min(position)));
        }
        self.faults.push(FaultLine { position, what });
    }

    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Runs `verify`.
pub async fn command(
    file: Option<PathBuf>,
    evidence: &EvidenceArgs,
    json: bool,
    database: &Database,
) -> anyhow::Result<u8> {
    let known = evidence.read()?;
    let started = Instant::now();
    let report = if let Some(path) = file {
        let input = File::open(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let length = input.metadata()?.len();
        tokio::task::spawn_blocking(move || of_file(BufReader::with_capacity(1 << 20, input), length, &known))
            .await??
    } else {
        let mut ledger = database.open().await?;
        let report = of_database(&mut ledger, &known).await;
        ledger.close().await?;
        report?
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report, started.elapsed().as_secs_f64());
    }
    Ok(if report.is_clean() { CLEAN } else { ALTERED })
}

fn print(report: &Report, seconds: f64) {
    if report.is_clean() {
        println!("the ledger is intact: {} events, every byte accounted for", report.events);
        for head in &report.heads {
            println!("  tenant {}  size {}  root {}", head.tenant, head.size, head.root);
        }
        match (report.checkpoints, report.signed) {
            (0, _) => println!("no checkpoint vouches for it"),
            (count, 0) => println!(
                "checkpoints that fit it: {count}; whether they are whose they should be tells --key"
            ),
            (count, signed) => {
                println!("checkpoints that fit it: {count}; signed by the keys that you gave: {signed}");
            }
        }
    } else {
        let count = report.faults.len();
        let faults = if count == 1 { "fault" } else { "faults" };
        println!("THE LEDGER WAS ALTERED: {count} {faults} in {} events", report.events);
        for fault in report.faults.iter().take(SHOWN) {
            println!("  {}", fault.what);
        }
        if report.faults.len() > SHOWN {
            println!("  … and {} more (--json prints them all)", report.faults.len() - SHOWN);
        }
    }
    eprintln!("{:.1} s, {:.0} events/s", seconds, report.events as f64 / seconds.max(1e-9));
}

/// Verifies the database's ledger, against itself, its checkpoints, and what was brought along.
pub async fn of_database(ledger: &mut Ledger, known: &Evidence) -> anyhow::Result<Report> {
    let stated_position = ledger.head().await?;
    let bar = progress::bar("verifying", stated_position);
    let mut verifier = LogVerifier::new();
    known.demand(&mut verifier);
    let (mut after, mut events, mut faults, mut stored) = (0, 0, Vec::new(), Vec::new());
    for key in ledger.signing_keys().await? {
        match key.parse() {
            Ok(key) => stored.push(key),
            Err(cause) => faults.push(FaultLine { position: None, what: format!("a signing key: {cause}") }),
        }
    }
    let mut checkpoints = Checkpoints::new(&known.keys, stored);
    loop {
        let page = ledger.page(after).await?;
        let Some(newest) = page.last() else { break };
        after = newest.position;
        events += page.len() as u64;
        page.iter().filter_map(rotation_of).for_each(|rotation| checkpoints.learn(&rotation));
        checkpoints.demand(ledger, after, &mut verifier).await?;
        // Hashing runs on a thread of its own while the next page is on its way.
        let judged = tokio::task::spawn_blocking(move || {
            let found: Vec<Fault> = page.iter().flat_map(|event| verifier.push(event)).collect();
            (verifier, found)
        });
        let (back, found) = judged.await?;
        verifier = back;
        faults.extend(found.iter().map(FaultLine::from));
        bar.set_position(after);
    }
    bar.finish_and_clear();
    checkpoints.demand(ledger, u64::MAX, &mut verifier).await?;
    let heads = verifier.heads();
    faults.extend(verifier.finish().iter().map(FaultLine::from));
    let (count, signed, found) = checkpoints.finish(ledger).await?;
    faults.extend(found);
    let mut report = Report::new(events, faults, heads);
    (report.checkpoints, report.signed) = (count, signed);
    if stated_position > after {
        let what =
            format!("the tail is cut: the log ends at position {after}, its head says {stated_position}");
        report.add(Some(after + 1), what);
    } else if stated_position < after {
        report.add(
            Some(stated_position + 1),
            format!("rows stand after the log's head, which says {stated_position}"),
        );
    }
    let stated = ledger.stated_heads().await?;
    for head in &stated {
        match report.heads.iter().find(|found| found.tenant == head.tenant) {
            Some(found) if found.size == head.size && found.last == head.last => {}
            Some(found) => report.add(
                None,
                format!(
                    "tenant {}: its stated head (size {}, last {}) is not what its events add up to (size {}, last {})",
                    head.tenant, head.size, head.last, found.size, found.last
                ),
            ),
            None => report.add(None, format!("tenant {}: its head states {} events, none is there", head.tenant, head.size)),
        }
    }
    let unstated: Vec<_> = report
        .heads
        .iter()
        .filter(|found| stated.iter().all(|head| head.tenant != found.tenant))
        .copied()
        .collect();
    for head in unstated {
        report.add(
            None,
            format!("tenant {}: {} events stand there, but no head states them", head.tenant, head.size),
        );
    }
    Ok(report)
}

/// A record, and of an event what is hashed apart from its leaf.
type Digested = Result<(Record, Option<Digests>), FormatError>;

/// Verifies an exported file, against itself and what was brought along. Reading, hashing what lies behind the leaves, and
/// judging have a thread each.
pub fn of_file(input: impl BufRead + Send, length: u64, known: &Evidence) -> anyhow::Result<Report> {
    let bar = progress::bar("verifying", length);
    let mut reader = Reader::new(bar.wrap_read(input))?;
    let (sender, read) = sync_channel(BATCHES);
    let (digested, receiver) = sync_channel(BATCHES);
    let report = std::thread::scope(|scope| {
        scope.spawn(move || read_batches(&mut reader, &sender));
        scope.spawn(move || {
            let batches = read.into_iter().map(|batch| batch.into_iter().map(digest).collect::<Vec<_>>());
            // Ends when nobody listens any more.
            let _ = { batches }.try_for_each(|batch| digested.send(batch));
        });
        judge(receiver.into_iter().flatten(), known)
    });
    bar.finish_and_clear();
    report
}

fn digest(record: Result<Record, FormatError>) -> Digested {
    record.map(|record| match record {
        Record::Event(event, leaf) => {
            let digests = event.digests();
            (Record::Event(event, leaf), Some(digests))
        }
        other => (other, None),
    })
}

/// Reads to the end, or to the first error, which is handed on. Ends when nobody listens any more.
fn read_batches<R: BufRead>(reader: &mut Reader<R>, sender: &SyncSender<Vec<Result<Record, FormatError>>>) {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    loop {
        let read = reader.next_record().transpose();
        let ended = !matches!(read, Some(Ok(_)));
        if let Some(Ok(Record::Event(event, _))) = &read {
            bytes += event.metadata.len() + event.payload.len();
        }
        batch.extend(read);
        if ended || batch.len() == BATCH || bytes > BATCH_BYTES {
            bytes = 0;
            if sender.send(std::mem::take(&mut batch)).is_err() || ended {
                return;
            }
        }
    }
}

fn judge(records: impl Iterator<Item = Digested>, known: &Evidence) -> anyhow::Result<Report> {
    let mut verifier = LogVerifier::new();
    known.demand(&mut verifier);
    let (mut events, mut faults, mut stated, mut broken) = (0, Vec::new(), Vec::new(), None);
    let (mut notes, mut vouched, mut keys) = (Vec::new(), Vec::new(), known.keys.clone());
    for record in records {
        match record {
            Ok((Record::Event(event, leaf), digests)) => {
                events += 1;
                if let Some(rotation) = rotation_of(&event) {
                    evidence::learn(&mut keys, &rotation);
                }
                let found = verifier.push_digested(&event, &digests.unwrap_or_else(|| event.digests()));
                // What was proven was hashed already; anything else is held against the stated hash by itself.
                if verifier.proven_leaf(event.tenant) != Some(&leaf) && leaf_hash(&leaf) != event.leaf_hash {
                    let (position, hash, stated) = (event.position, leaf_hash(&leaf), event.leaf_hash);
                    let what = format!(
                        "position {position}: the leaf in the file hashes to {hash}, stated is {stated}"
                    );
                    faults.push(FaultLine { position: Some(position), what });
                }
                faults.extend(found.iter().map(FaultLine::from));
            }
            Ok((Record::Head(head), _)) => stated.push(head),
            // Who has signed it is judged at the end: the ledger may tell of another key.
            Ok((Record::Checkpoint(note), _)) => match evidence::open(&note, &[]) {
                Ok((tenant, said)) => {
                    vouched.push(tenant);
                    verifier.expect_root(tenant, said.size, said.root);
                    notes.push(note);
                }
                Err(cause) => {
                    faults.push(FaultLine { position: None, what: format!("a checkpoint: {cause:#}") });
                }
            },
            Err(FormatError::Io(cause)) => return Err(cause.into()),
            Err(cause) => broken = Some(cause),
        }
    }
    for note in &notes {
        if let Err(cause) = evidence::open(note, &keys) {
            faults.push(FaultLine { position: None, what: format!("a checkpoint: {cause:#}") });
        }
    }
    let heads = verifier.heads();
    faults.extend(verifier.finish().iter().map(FaultLine::from));
    let checkpoints = notes.len() as u64;
    let mut report = Report::new(events, faults, heads);
    report.checkpoints = checkpoints;
    report.signed = if known.keys.is_empty() { 0 } else { checkpoints };
    if let Some(cause) = broken {
        report.add(None, cause.to_string());
        return Ok(report);
    }
    for head in &report.heads.clone() {
        if !stated.contains(head) {
            report
                .add(None, format!("tenant {}: the file's head record does not fit its events", head.tenant));
        }
    }
    let brought: Vec<_> = known.checkpoints.iter().map(|(tenant, _)| *tenant).collect();
    for head in &report.heads.clone() {
        // Whoever cuts a file's end would also leave its checkpoints out.
        let wanted = known.keys.iter().any(|key| vouches_for(key, head));
        if wanted && !vouched.contains(&head.tenant) && !brought.contains(&head.tenant) {
            report.add(None, format!("tenant {}: no checkpoint of a given key vouches for it", head.tenant));
        }
    }
    if stated.len() != report.heads.len() {
        report
            .add(None, format!("the file states {} heads for {} tenants", stated.len(), report.heads.len()));
    }
    Ok(report)
}

/// Whether a key is that of the tenant's ledger, or of a hub.
fn vouches_for(key: &VerifierKey, head: &Head) -> bool {
    tenant_of(key.name()).is_none_or(|tenant| tenant == head.tenant)
}

/// Runs `head`: verifies first, for a head of an altered ledger would vouch for the alteration.
pub async fn print_heads(database: &Database) -> anyhow::Result<u8> {
    let mut ledger = database.open().await?;
    let report = of_database(&mut ledger, &Evidence::default()).await;
    ledger.close().await?;
    let report = report?;
    if !report.is_clean() {
        bail!("the ledger was altered; `clustermaster-audit verify` names where. No head is given for it");
    }
    println!("{}", serde_json::to_string_pretty(&report.heads)?);
    Ok(CLEAN)
}
