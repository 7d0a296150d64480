//! `ArcSight` Common Event Format: CEF:0 of the CEF Implementation Standard, version 27.
//!
//! Lengths are those of its dictionary: a longer value is cut and ends in `…`. A signed note is never cut.

use super::deed::{Deed, title};
use super::line::{Escape, Line};
use super::notice::{Body, Checkpoint, Note};
use super::reading::{Outcome, Reading};
use super::severity::Level;
use super::{PRODUCT, Product};

/// "Character Encoding" of the standard's first chapter.
struct Cef;

impl Escape for Cef {
    fn value(letter: char) -> Option<&'static str> {
        Some(match letter {
            '\\' => r"\\",
            '=' => r"\=",
            '\n' => r"\n",
            '\r' => r"\r",
            _ => return tab(letter),
        })
    }

    /// Multiple lines are only allowed in values.
    fn header(letter: char) -> Option<&'static str> {
        Some(match letter {
            '\\' => r"\\",
            '|' => r"\|",
            '\n' | '\r' => " ",
            _ => return tab(letter),
        })
    }

    const DELIMITER: char = ' ';
}

/// A tab stands for itself.
fn tab(letter: char) -> Option<&'static str> {
    (letter == '\t').then_some("\t")
}

/// Lengths of the dictionary.
mod most {
    pub const VERSION: usize = 31;
    pub const HOST: usize = 100;
    pub const CLASS: usize = 1023;
    pub const NAME: usize = 512;
    pub const SHORT: usize = 63;
    pub const TEXT: usize = 1023;
    pub const CUSTOM: usize = 4000;
    pub const WHOLE: usize = usize::MAX;
}

pub fn entry(reading: &Reading<'_>, product: &Product) -> Vec<u8> {
    let entry = reading.entry;
    let mut line = begin(product, &entry.event_type, reading.level);
    line.plain("rt", entry.recorded_at.timestamp_millis());
    line.text("dvchost", &product.hub, most::HOST);
    line.plain("externalId", entry.id);
    line.text("cat", &entry.target_type, most::TEXT);
    line.text("act", &entry.action, most::SHORT);
    line.text("outcome", outcome(reading), most::SHORT);
    line.text("msg", &entry.summary, most::TEXT);
    line.text("reason", entry.reason.as_deref().unwrap_or_default(), most::TEXT);
    line.text("suid", &entry.actor, most::TEXT);
    line.text("duid", reading.user().unwrap_or_default(), most::TEXT);
    let json = |value: Option<&serde_json::Value>| value.map(ToString::to_string).unwrap_or_default();
    custom(&mut line, "cs1", "target", &entry.target_id, most::CUSTOM);
    custom(&mut line, "cs2", "tenant", &entry.tenant.to_string(), most::CUSTOM);
    custom(&mut line, "cs3", "trace", entry.trace_id.as_deref().unwrap_or_default(), most::CUSTOM);
    custom(&mut line, "cs4", "leafHash", &entry.leaf_hash, most::CUSTOM);
    custom(&mut line, "cs5", "before", &json(entry.before.as_ref()), most::CUSTOM);
    custom(&mut line, "cs6", "after", &json(entry.after.as_ref()), most::CUSTOM);
    custom(&mut line, "flexString1", "result", &entry.outcome, most::TEXT);
    custom(
        &mut line,
        "flexString2",
        "causedBy",
        &entry.caused_by.map(|id| id.to_string()).unwrap_or_default(),
        most::TEXT,
    );
    numbers(
        &mut line,
        [("position", entry.position), ("sequence", entry.sequence), ("revision", entry.revision)],
    );
    line.end()
}

pub fn notice(note: &Note<'_>, product: &Product) -> Vec<u8> {
    let mut line = begin(product, note.kind, Level::Informational);
    line.plain("rt", note.time.timestamp_millis());
    line.text("dvchost", &product.hub, most::HOST);
    line.text("cat", "ledger", most::TEXT);
    line.text("msg", &note.message, most::TEXT);
    custom(&mut line, "cs2", "tenant", &note.tenant.to_string(), most::CUSTOM);
    let signed = |line: &mut Line<Cef>, checkpoint: &Checkpoint<'_>| {
        custom(line, "cs1", "checkpoint", checkpoint.note, most::WHOLE);
    };
    match &note.body {
        Body::Checkpoint(checkpoint) => {
            signed(&mut line, checkpoint);
            custom(&mut line, "cs3", "root", &checkpoint.root.to_string(), most::CUSTOM);
            custom(&mut line, "cs4", "origin", checkpoint.origin, most::CUSTOM);
            custom(&mut line, "flexString1", "notice", &note.id, most::TEXT);
            let entry = ("checkpoint", checkpoint.entry);
            numbers(&mut line, [("position", checkpoint.position), ("size", checkpoint.size), entry]);
        }
        Body::Manifest(sent) => {
            if let Some(checkpoint) = &sent.checkpoint {
                signed(&mut line, checkpoint);
            }
            custom(&mut line, "cs3", "root", &sent.root.to_string(), most::CUSTOM);
            custom(&mut line, "cs4", "export", sent.export, most::CUSTOM);
            custom(&mut line, "flexString1", "notice", &note.id, most::TEXT);
            numbers(&mut line, [("from", sent.from), ("to", sent.to), ("count", sent.count)]);
        }
    }
    line.end()
}

fn begin(product: &Product, kind: &str, level: Level) -> Line<Cef> {
    let mut line = Line::new("CEF:0");
    line.header(PRODUCT, most::SHORT);
    line.header(PRODUCT, most::SHORT);
    line.header(&product.version, most::VERSION);
    line.header(kind, most::CLASS);
    line.header(&title(Deed::name(kind)), most::NAME);
    line.end_header(level.of_ten());
    line
}

/// "Usually success or failure": what the hub says to the letter stands in `flexString1`.
fn outcome<'a>(reading: &Reading<'a>) -> &'a str {
    match reading.outcome {
        Outcome::Succeeded => "success",
        Outcome::Failed | Outcome::Refused => "failure",
        Outcome::Other => &reading.entry.outcome,
    }
}

fn custom(line: &mut Line<Cef>, key: &str, label: &str, value: &str, most: usize) {
    if !value.is_empty() {
        line.label(key, label);
        line.text(key, value, most);
    }
}

/// They come last: spaces at the end of a line are not kept, and a number has none.
fn numbers(line: &mut Line<Cef>, values: [(&str, u64); 3]) {
    for (key, (label, value)) in ["cn1", "cn2", "cn3"].into_iter().zip(values) {
        line.label(key, label);
        line.plain(key, value);
    }
}
