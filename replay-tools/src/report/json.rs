//! A report as JSON: `clustermaster-report/1`, one entry a line.

use std::io::Write;

use serde::Serialize;
use serde_json::value::RawValue;

use super::Sink;
use super::entry::Entry;
use super::summary::Summary;

/// Writes it.
pub struct Json<W> {
    out: W,
    list: List,
    first: bool,
}

/// Which list is open. Entries without a proof come last: they stand behind the checkpoint.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Proven,
    Unproven,
}

#[derive(Serialize)]
struct Proven<'a> {
    entry: &'a Entry,
    proof: &'a RawValue,
}

impl<W: Write> Json<W> {
    /// Onto a writer.
    pub fn new(out: W) -> Self {
        Self { out, list: List::Proven, first: true }
    }

    fn separate(&mut self, list: List) -> std::io::Result<()> {
        if self.list != list {
            self.list = list;
            self.first = true;
            self.out.write_all(b"\n],\n\"unproven\":[")?;
        }
        let between: &[u8] = if std::mem::take(&mut self.first) { b"\n" } else { b",\n" };
        self.out.write_all(between)
    }
}

impl<W: Write> Sink for Json<W> {
    fn begin(&mut self, summary: &Summary) -> anyhow::Result<()> {
        // The summary's members, and the lists behind them.
        let head = serde_json::to_string(summary)?;
        self.out.write_all(head.strip_suffix('}').unwrap_or(&head).as_bytes())?;
        Ok(self.out.write_all(b",\n\"entries\":[")?)
    }

    fn entry(&mut self, entry: &Entry, proof: Option<&str>) -> anyhow::Result<()> {
        match proof {
            Some(proof) => {
                self.separate(List::Proven)?;
                serde_json::to_writer(&mut self.out, &Proven { entry, proof: serde_json::from_str(proof)? })?;
            }
            None => {
                self.separate(List::Unproven)?;
                serde_json::to_writer(&mut self.out, entry)?;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> anyhow::Result<()> {
        if self.list == List::Proven {
            self.out.write_all(b"\n],\n\"unproven\":[")?;
        }
        self.out.write_all(b"\n]}\n")?;
        Ok(self.out.flush()?)
    }
}
