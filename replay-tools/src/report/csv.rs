//! A report as CSV (RFC 4180), for spreadsheets, which take a text for a formula when they can.

use std::io::Write;

use data_encoding::BASE64;

use super::Sink;
use super::entry::Entry;
use super::summary::Summary;

/// The columns.
pub const COLUMNS: [&str; 13] = [
    "sequence",
    "position",
    "id",
    "recorded_at",
    "actor",
    "action",
    "event_type",
    "outcome",
    "target_type",
    "target",
    "reason",
    "summary",
    "proof",
];

/// Writes it. The last column is the proof document, base64; empty where there is none yet.
pub struct Csv<W: Write> {
    out: csv::Writer<W>,
}

impl<W: Write> Csv<W> {
    /// Onto a writer.
    pub fn new(out: W) -> Self {
        let out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        Self { out }
    }
}

/// A text that no spreadsheet calculates: an apostrophe stands before what could begin a formula.
pub fn inert(text: &str) -> String {
    let begins =
        |c: char| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    if text.starts_with(begins) { format!("'{text}") } else { text.to_owned() }
}

impl<W: Write> Sink for Csv<W> {
    fn begin(&mut self, _: &Summary) -> anyhow::Result<()> {
        Ok(self.out.write_record(COLUMNS)?)
    }

    fn entry(&mut self, entry: &Entry, proof: Option<&str>) -> anyhow::Result<()> {
        let Entry { sequence, position, id, recorded_at, reason, .. } = entry;
        let record = [
            sequence.to_string(),
            position.to_string(),
            id.to_string(),
            recorded_at.clone(),
            inert(&entry.actor),
            inert(&entry.action),
            inert(&entry.event_type),
            inert(&entry.outcome),
            inert(&entry.target_type),
            inert(&entry.target),
            inert(reason.as_deref().unwrap_or_default()),
            inert(&entry.summary),
            proof.map(|proof| BASE64.encode(proof.as_bytes())).unwrap_or_default(),
        ];
        Ok(self.out.write_record(&record)?)
    }

    fn end(&mut self) -> anyhow::Result<()> {
        Ok(self.out.flush()?)
    }
}
