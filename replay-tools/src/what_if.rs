//! `what-if`: history told again without one event. Nothing is changed.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use hub_domain::ledger::Recorded;
use hub_projections::oracle;
use hub_projections::projection::{Key, Projection, Visitor, each};
use hub_projections::{Event, Poison};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::cli::CLEAN;
use crate::fold::State;
use crate::history::History;
use crate::pointer::{Change, diff};
use crate::source::Database;

/// What `what-if` can be told.
#[derive(Debug, Args)]
pub struct WhatIf {
    /// An exported file; without it the database is read.
    file: Option<PathBuf>,
    /// The id of the event that is left out.
    #[arg(long, value_name = "EVENT_ID")]
    drop: Uuid,
    /// The tenant, by name, whose event it must be.
    #[arg(long)]
    tenant: Option<String>,
    /// Print one JSON object instead of words.
    #[arg(long)]
    json: bool,
    /// Where the ledger is.
    #[command(flatten)]
    database: Database,
}

/// What would differ.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// The event that is left out.
    pub dropped: Place,
    /// Later entries of the tenant: each of them would have another leaf hash, and no checkpoint over them would hold.
    pub later_entries: u64,
    /// Whether a decider folds its stream; without one nothing is said of states.
    pub folded: bool,
    /// What would differ in the stream's present state.
    pub state: Vec<Change>,
    /// Later events of the stream that would not fit any more: they changed the state, and without it change nothing.
    pub unfit: Vec<Place>,
    /// The event after which the stream's state would be the same again.
    pub same_again: Option<Place>,
    /// Events that name it as their cause.
    pub caused: Vec<Place>,
    /// What would differ in the read models.
    pub rows: Vec<Rows>,
}

/// Where an event stands, and what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The log position.
    pub position: u64,
    /// Its id.
    pub id: Uuid,
    /// Its wire name.
    pub event_type: String,
    /// Its stream.
    pub stream: String,
}

impl From<&Recorded> for Place {
    fn from(event: &Recorded) -> Self {
        let Recorded { position, event_id, event_type, stream, .. } = event;
        Self { position: *position, id: *event_id, event_type: event_type.clone(), stream: stream.clone() }
    }
}

/// What would differ in one read model.
#[derive(Clone, Debug, Serialize)]
pub struct Rows {
    /// Its table.
    pub table: &'static str,
    /// Rows that would be missing, or with other content: the position at which each begins, and its differences.
    pub differ: Vec<Row>,
    /// Why the table could not be told again, where it could not: it would stop there.
    pub stops: Option<String>,
}

/// One row.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The position at which it begins.
    pub position: u64,
    /// What would differ; empty when the row would be missing.
    pub changes: Vec<Change>,
}

/// Runs `what-if`.
pub async fn command(args: &WhatIf) -> anyhow::Result<u8> {
    let mut history = History::open(args.file.as_deref(), &args.database).await?;
    let told = tell(args, &mut history).await;
    history.close().await?;
    let told = told?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&told)?);
    } else {
        print!("{}", told.words());
    }
    Ok(CLEAN)
}

async fn tell(args: &WhatIf, history: &mut History) -> anyhow::Result<Told> {
    let tenant = match &args.tenant {
        Some(name) => Some(history.tenant(name).await?),
        None => None,
    };
    // The first pass finds it, the second one what hangs together with it: no more than that is held.
    let dropped = find(history, args.drop).await?;
    let dropped = dropped.filter(|event| tenant.is_none_or(|tenant| tenant == event.tenant));
    let dropped = dropped.with_context(|| match &args.tenant {
        Some(name) => format!("the ledger of `{name}` holds no event {}", args.drop),
        None => format!("the ledger holds no event {}", args.drop),
    })?;
    history.rewind()?;
    let keys = keys(&dropped);
    let (mut related, mut caused, mut later_entries, mut after) = (Vec::new(), Vec::new(), 0, 0);
    loop {
        let page = history.page(after).await?;
        let Some(newest) = page.last() else { break };
        after = newest.position;
        for event in page.into_iter().filter(|event| event.tenant == dropped.tenant) {
            later_entries += u64::from(event.position > dropped.position);
            let event = Event::new(event);
            if event.metadata().is_ok_and(|metadata| metadata.caused_by == Some(dropped.event_id)) {
                caused.push(Place::from(&event.recorded));
            }
            if event.recorded.stream == dropped.stream || shares(&event, &keys) {
                related.push(event.recorded);
            }
        }
    }
    let stream: Vec<&Recorded> = related.iter().filter(|event| event.stream == dropped.stream).collect();
    let mut told = refold(&stream, &dropped);
    (told.later_entries, told.caused, told.rows) = (later_entries, caused, rows(&related, &dropped));
    Ok(told)
}

async fn find(history: &mut History, id: Uuid) -> anyhow::Result<Option<Recorded>> {
    let mut after = 0;
    loop {
        let page = history.page(after).await?;
        let Some(newest) = page.last() else { return Ok(None) };
        after = newest.position;
        if let Some(found) = page.into_iter().find(|event| event.event_id == id) {
            return Ok(Some(found));
        }
    }
}

/// The stream, folded with the event and without it, side by side.
pub fn refold(stream: &[&Recorded], dropped: &Recorded) -> Told {
    let mut with = State::before(&dropped.stream);
    let mut without = with.clone();
    let (mut unfit, mut same_again) = (Vec::new(), None);
    for event in stream {
        let (next, _) = with.after(event);
        if event.event_id != dropped.event_id {
            let (other, _) = without.after(event);
            let later = event.position > dropped.position;
            if later && next.value != with.value && other.value == without.value {
                unfit.push(Place::from(*event));
            }
            without = other;
            if !later || next.value != without.value {
                same_again = None;
            } else if same_again.is_none() {
                same_again = Some(Place::from(*event));
            }
        }
        with = next;
    }
    Told {
        dropped: Place::from(dropped),
        later_entries: 0,
        folded: with.is_folded(),
        state: diff(&with.value, &without.value),
        unfit,
        same_again: same_again.filter(|_| with.is_folded()),
        caused: Vec::new(),
        rows: Vec::new(),
    }
}

type Refold = fn(&[Event]) -> Result<Vec<Value>, Poison>;

/// Each projection without its types.
struct Erase;

impl Visitor for Erase {
    type Output = (&'static str, fn(&Event) -> Option<Key>, Refold);

    fn visit<P: Projection>(&mut self) -> Self::Output {
        (P::NAME, P::key, |events| {
            let value = |row| serde_json::to_value(row).unwrap_or_default();
            oracle::refold::<P>(events).map(|rows| rows.into_iter().map(value).collect())
        })
    }
}

/// The row of each projection that the event touches.
fn keys(event: &Recorded) -> Vec<Option<Key>> {
    let event = Event::new(event.clone());
    each(&mut Erase).into_iter().map(|(_, key, _)| key(&event)).collect()
}

fn shares(event: &Event, keys: &[Option<Key>]) -> bool {
    each(&mut Erase)
        .into_iter()
        .zip(keys)
        .any(|((_, key, _), wanted)| wanted.is_some() && key(event) == *wanted)
}

fn rows(related: &[Recorded], dropped: &Recorded) -> Vec<Rows> {
    let keys = keys(dropped);
    let mut tables = Vec::new();
    for ((table, key, refold), wanted) in each(&mut Erase).into_iter().zip(keys) {
        if wanted.is_none() {
            continue;
        }
        let of = |without: bool| -> Vec<Event> {
            let kept = related.iter().filter(|event| !without || event.event_id != dropped.event_id);
            kept.map(|event| Event::new(event.clone())).filter(|event| key(event) == wanted).collect()
        };
        let (with, without) = (refold(&of(false)), refold(&of(true)));
        let found = match (with, without) {
            (Ok(with), Ok(without)) => Rows { table, differ: differ(&with, &without), stops: None },
            (_, Err(cause)) | (Err(cause), _) => {
                Rows { table, differ: Vec::new(), stops: Some(cause.to_string()) }
            }
        };
        if !found.differ.is_empty() || found.stops.is_some() {
            tables.push(found);
        }
    }
    tables
}

/// Where a row of a table begins; a table of the present has one row a key, which begins nowhere.
fn begins(row: &Value) -> u64 {
    ["valid_from", "position"].iter().find_map(|name| row[*name].as_u64()).unwrap_or(0)
}

fn differ(with: &[Value], without: &[Value]) -> Vec<Row> {
    let mut found = Vec::new();
    for row in with {
        let same = without.iter().find(|other| begins(other) == begins(row));
        let other = same.or_else(|| without.first().filter(|_| with.len() == 1 && without.len() == 1));
        match other {
            None => found.push(Row { position: begins(row), changes: Vec::new() }),
            Some(other) if other == row => {}
            Some(other) => found.push(Row { position: begins(row), changes: diff(row, other) }),
        }
    }
    found
}

impl Told {
    /// In words.
    pub fn words(&self) -> String {
        let place =
            |place: &Place| format!("{} at position {} ({})", place.event_type, place.position, place.id);
        let mut lines = vec![format!("without {} of {}:", place(&self.dropped), self.dropped.stream)];
        lines.push(match (self.folded, self.state.is_empty()) {
            (false, _) => {
                "  no decider of this hub folds its stream: nothing can be said of its state".into()
            }
            (true, true) => "  the stream's present state would be the same".into(),
            (true, false) => "  the stream's present state would differ:".into(),
        });
        lines.extend(self.state.iter().map(|change| format!("    {}", change.line())));
        if let Some(again) = &self.same_again {
            lines.push(format!("  it would be the same again after {}", place(again)));
        }
        if !self.unfit.is_empty() {
            lines.push("  these later events would not fit any more:".into());
            lines.extend(self.unfit.iter().map(|unfit| format!("    {}", place(unfit))));
        }
        if !self.caused.is_empty() {
            lines.push("  these events name it as their cause:".into());
            lines.extend(
                self.caused.iter().map(|caused| format!("    {} of {}", place(caused), caused.stream)),
            );
        }
        for rows in &self.rows {
            if let Some(stops) = &rows.stops {
                lines.push(format!("  read.{} would stop: {stops}", rows.table));
            }
            for row in &rows.differ {
                let what = if row.changes.is_empty() { "missing" } else { "different" };
                lines.push(format!(
                    "  read.{}: the row from position {} would be {what}",
                    rows.table, row.position
                ));
                lines.extend(row.changes.iter().map(|change| format!("    {}", change.line())));
            }
        }
        lines.push(format!(
            "  the leaf hashes of {} later entries would be others, and no checkpoint over them would hold",
            self.later_entries
        ));
        lines.join("\n") + "\n"
    }
}
