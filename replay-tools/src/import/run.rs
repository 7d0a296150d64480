//! The import itself: page by page, stream by stream, and never twice.

use std::collections::{HashMap, HashSet};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use hub_domain::import::{Import, ImportCommand, ImportState, Tally};
use hub_domain::kernel::{Actor, Ctx, Decider, Event as _, Metadata, TenantId};
use hub_postgres::intake::{ACTOR, Incoming, Intake, Standing, is_of_the_event};
use indicatif::ProgressBar;
use serde::Serialize;
use uuid::Uuid;

use super::foreign::{ForeignEvent, ForeignSource};
use super::translate::Translator;

/// How many refusals are listed one by one.
const LISTED: usize = 1000;

/// How it is done.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Only count.
    pub dry_run: bool,
    /// The first event that cannot be brought in ends the import.
    pub strict: bool,
    /// Where the time comes from.
    pub now: fn() -> DateTime<Utc>,
}

/// An event that could not be brought in. Those of its stream behind it stay out with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The kind of its stream.
    pub kind: String,
    /// The id of its stream.
    pub id: String,
    /// Its number there.
    pub revision: u64,
    /// Why.
    pub cause: String,
}

/// What became of the source's events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Whether it only counted.
    pub dry_run: bool,
    /// Events that this run brought in, or would.
    pub imported: u64,
    /// Events that stood in the ledger already.
    pub known: u64,
    /// Events that stay out, those behind a refused one included.
    pub refused: u64,
    /// Streams with at least one event in the ledger.
    pub streams: u64,
    /// The first of each refused stream.
    pub refusals: Vec<Refused>,
}

/// One stream, as far as it was read.
#[derive(Default)]
struct Lane {
    next: u64,
    stopped: bool,
}

/// One run.
pub struct Run<'a> {
    intake: &'a mut Intake,
    tenant: TenantId,
    translator: Translator,
    manner: Manner,
    lanes: HashMap<(String, String), Lane>,
    begun: bool,
    outcome: Outcome,
}

impl<'a> Run<'a> {
    /// Prepares one.
    pub fn new(intake: &'a mut Intake, tenant: TenantId, translator: Translator, manner: Manner) -> Self {
        let outcome = Outcome { dry_run: manner.dry_run, ..Outcome::default() };
        Self { intake, tenant, translator, manner, lanes: HashMap::new(), begun: false, outcome }
    }

    /// Reads the source to its end. After an error it can be run again: what came in is known.
    pub async fn to_the_end(
        mut self,
        source: &mut impl ForeignSource,
        bar: &ProgressBar,
    ) -> anyhow::Result<Outcome> {
        loop {
            let page = source.page().await?;
            if page.is_empty() {
                break;
            }
            self.take(&page).await?;
            bar.inc(page.len() as u64);
        }
        self.outcome.streams = self.lanes.values().filter(|lane| lane.next > 0).count() as u64;
        if !self.manner.dry_run {
            self.complete().await?;
        }
        Ok(self.outcome)
    }

    async fn take(&mut self, page: &[ForeignEvent]) -> anyhow::Result<()> {
        let mut wanted: Vec<(&ForeignEvent, Incoming)> = Vec::new();
        for event in page {
            let lane = self.lanes.entry((event.kind.clone(), event.id.clone())).or_default();
            if lane.stopped {
                self.outcome.refused += 1;
                continue;
            }
            match self.translator.translate(event, lane.next) {
                Ok(incoming) => {
                    lane.next += 1;
                    wanted.push((event, incoming));
                }
                Err(cause) => self.refuse(event, cause)?,
            }
        }
        let incoming: Vec<Incoming> = wanted.iter().map(|(_, incoming)| incoming.clone()).collect();
        let standing = self.intake.standing(self.tenant, &incoming).await.context("the ledger")?;
        let (mut events, mut fresh) = (Vec::new(), Vec::new());
        // Streams that end in this page, before an event that could be translated.
        let mut ended: HashSet<(&str, &str)> = HashSet::new();
        for ((event, incoming), standing) in wanted.into_iter().zip(standing) {
            match standing {
                _ if ended.contains(&event.stream()) => self.leave_out(event),
                Standing::Known => self.outcome.known += 1,
                Standing::Other => {
                    ended.insert(event.stream());
                    self.lane(event).next -= 1;
                    self.refuse(event, "it was imported before, and said something else".into())?;
                }
                Standing::New => {
                    events.push(event);
                    fresh.push(incoming);
                }
            }
        }
        if self.manner.dry_run {
            self.outcome.imported += fresh.len() as u64;
            return Ok(());
        }
        if !fresh.is_empty() && !self.begun {
            self.begin().await?;
            self.begun = true;
        }
        for (event, answer) in events.into_iter().zip(self.intake.append(self.tenant, fresh).await) {
            match answer {
                Ok(receipt) if receipt.repeated => self.outcome.known += 1,
                Ok(_) => self.outcome.imported += 1,
                Err(_) if ended.contains(&event.stream()) => self.leave_out(event),
                Err(cause) if is_of_the_event(&cause) => {
                    ended.insert(event.stream());
                    self.lane(event).next -= 1;
                    self.refuse(event, cause.to_string())?;
                }
                Err(cause) => return Err(cause).context("the import was cut off; run it again to go on"),
            }
        }
        Ok(())
    }

    fn lane(&mut self, event: &ForeignEvent) -> &mut Lane {
        self.lanes.entry((event.kind.clone(), event.id.clone())).or_default()
    }

    /// An event behind one that was refused a moment ago.
    fn leave_out(&mut self, event: &ForeignEvent) {
        self.lane(event).next -= 1;
        self.outcome.refused += 1;
    }

    fn refuse(&mut self, event: &ForeignEvent, cause: String) -> anyhow::Result<()> {
        self.lane(event).stopped = true;
        self.outcome.refused += 1;
        let ForeignEvent { kind, id, revision, .. } = event;
        anyhow::ensure!(!self.manner.strict, "event {revision} of {kind} `{id}` cannot be imported: {cause}");
        if self.outcome.refusals.len() < LISTED {
            let refused = Refused { kind: kind.clone(), id: id.clone(), revision: *revision, cause };
            self.outcome.refusals.push(refused);
        }
        Ok(())
    }

    async fn begin(&mut self) -> anyhow::Result<()> {
        let source = self.translator.source().to_owned();
        self.decide("import.start", |_| Some(ImportCommand::Start { source })).await
    }

    /// Also ends a run that was cut off after its last event.
    async fn complete(&mut self) -> anyhow::Result<()> {
        let Outcome { imported, known, refused, streams, .. } = self.outcome;
        let tally = Tally { streams, events: imported + known, refused };
        let running = |state: &ImportState| matches!(state, ImportState::Running { .. });
        self.decide("import.complete", |state| running(state).then_some(ImportCommand::Complete(tally))).await
    }

    /// Carries out a command on the import's own stream, if the state asks for one.
    async fn decide(
        &mut self,
        command: &str,
        wanted: impl FnOnce(&ImportState) -> Option<ImportCommand>,
    ) -> anyhow::Result<()> {
        let stream = self.translator.import_stream();
        let recorded = self.intake.stream(self.tenant, &stream).await?;
        let mut state = Import::initial();
        for event in &recorded {
            state = Import::evolve(
                state,
                &<Import as Decider>::Event::decode(&event.event_type, &event.payload)?,
            );
        }
        let Some(asked) = wanted(&state) else { return Ok(()) };
        let ctx = Ctx {
            now: (self.manner.now)(),
            actor: Actor::new(ACTOR)?,
            tenant: self.tenant,
            command_id: Uuid::nil(),
        };
        let metadata = Metadata { command: command.to_owned(), ..Metadata::default() };
        let metadata = serde_json::to_vec(&metadata)?;
        let mut events = Vec::new();
        for (event, revision) in Import::decide(&state, asked, &ctx)?.iter().zip(recorded.len() as u64..) {
            events.push(Incoming {
                event_id: self.translator.import_event(revision),
                stream: stream.clone(),
                revision,
                event_type: event.event_type().to_owned(),
                schema_version: event.schema_version(),
                metadata: metadata.clone(),
                payload: event.encode()?,
            });
        }
        for answer in self.intake.append(self.tenant, events).await {
            answer?;
        }
        Ok(())
    }
}
