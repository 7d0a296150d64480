//! A report as JSON: `clustermaster-report/1`, one entry a line.

use std::io::Write;

use serde::Serialize;
use serde_json::value::RawValue;

use super::Sink;
use super::entry::Entry;
use super::summary::Summary;

/// The lists, in the order in which they stand.
const LISTS: [&str; 3] = ["entries", "unproven", "left_out"];
const PROVEN: usize = 0;
const UNPROVEN: usize = 1;
const LEFT_OUT: usize = 2;

/// Writes it.
pub struct Json<W> {
    out: W,
    list: usize,
    first: bool,
    complete: bool,
}

#[derive(Serialize)]
struct Proven<'a> {
    entry: &'a Entry,
    proof: &'a RawValue,
}

impl<W: Write> Json<W> {
    /// Onto a writer.
    pub fn new(out: W) -> Self {
        Self { out, list: PROVEN, first: true, complete: false }
    }

    /// Opens every list up to this one.
    fn reach(&mut self, list: usize) -> std::io::Result<()> {
        while self.list < list {
            self.list += 1;
            self.first = true;
            write!(self.out, "\n],\n\"{}\":[", LISTS[self.list])?;
        }
        Ok(())
    }

    /// Where the next item of a list begins.
    fn item(&mut self, list: usize) -> std::io::Result<()> {
        self.reach(list)?;
        let between: &[u8] = if std::mem::take(&mut self.first) { b"\n" } else { b",\n" };
        self.out.write_all(between)
    }
}

impl<W: Write> Sink for Json<W> {
    fn begin(&mut self, summary: &Summary) -> anyhow::Result<()> {
        self.complete = summary.complete;
        // The summary's members, and the lists behind them.
        let head = serde_json::to_string(summary)?;
        self.out.write_all(head.strip_suffix('}').unwrap_or(&head).as_bytes())?;
        Ok(write!(self.out, ",\n\"{}\":[", LISTS[PROVEN])?)
    }

    fn entry(&mut self, entry: &Entry, proof: Option<&str>) -> anyhow::Result<()> {
        // Entries without a proof come last: they stand behind the checkpoint.
        if let Some(proof) = proof {
            self.item(PROVEN)?;
            serde_json::to_writer(&mut self.out, &Proven { entry, proof: serde_json::from_str(proof)? })?;
        } else {
            self.item(UNPROVEN)?;
            serde_json::to_writer(&mut self.out, entry)?;
        }
        Ok(())
    }

    fn left_out(&mut self, leaf: &str) -> anyhow::Result<()> {
        self.item(LEFT_OUT)?;
        Ok(write!(self.out, "\"{leaf}\"")?)
    }

    fn end(&mut self) -> anyhow::Result<()> {
        if self.complete {
            self.reach(LEFT_OUT)?;
            self.out.write_all(b"\n]}\n")?;
        } else {
            self.reach(UNPROVEN)?;
            write!(self.out, "\n],\n\"{}\":null}}\n", LISTS[LEFT_OUT])?;
        }
        Ok(self.out.flush()?)
    }
}
