//! A report as one page that needs nothing else: no script, no font, no picture from elsewhere.

use std::collections::BTreeMap;
use std::io::Write;

use askama::Template;
use chrono::{DateTime, Utc};

use super::Sink;
use super::chart::{Chart, HEIGHT, WIDTH, chart};
use super::entry::{Entry, Kind};
use super::summary::Summary;

/// Names that are listed with their counts; the rest is counted together.
const LISTED: usize = 12;

/// What stands before the entries.
#[derive(Template)]
#[template(path = "report/head.html")]
struct Head<'a> {
    summary: &'a Summary,
    from: String,
    to: String,
    chart: Chart,
    width: u64,
    height: u64,
    tables: Vec<(&'static str, Vec<(String, u64)>)>,
    before: Option<String>,
    after: Option<String>,
    columns: bool,
}

/// One entry.
#[derive(Template)]
#[template(path = "report/row.html")]
struct Row<'a> {
    entry: &'a Entry,
    proof: Option<&'a str>,
}

/// What stands after them.
#[derive(Template)]
#[template(path = "report/foot.html")]
struct Foot {
    empty: bool,
}

/// Writes it.
pub struct Html<W> {
    out: W,
    empty: bool,
}

impl<W: Write> Html<W> {
    /// Onto a writer.
    pub fn new(out: W) -> Self {
        Self { out, empty: true }
    }
}

/// A moment for people, to the second where it has no parts of one.
fn moment(time: &DateTime<Utc>) -> String {
    let form =
        if time.timestamp_subsec_micros() == 0 { "%Y-%m-%d %H:%M:%S" } else { "%Y-%m-%d %H:%M:%S%.6f" };
    time.format(form).to_string()
}

/// The largest counts first.
fn largest(counts: &BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut found: Vec<(String, u64)> = counts.iter().map(|(name, count)| (name.clone(), *count)).collect();
    found.sort_by(|(one, left), (other, right)| right.cmp(left).then_with(|| one.cmp(other)));
    if found.len() > LISTED {
        let rest = found.split_off(LISTED);
        let count = rest.iter().map(|(_, count)| count).sum();
        found.push((format!("{} others", rest.len()), count));
    }
    found
}

impl<W: Write> Sink for Html<W> {
    fn begin(&mut self, summary: &Summary) -> anyhow::Result<()> {
        let counts = &summary.counts;
        let text = |proof: &Option<_>| proof.as_ref().map(serde_json::to_string).transpose();
        self.empty = counts.entries == 0;
        let head = Head {
            summary,
            from: moment(&summary.period.from),
            to: moment(&summary.period.to),
            chart: chart(&summary.period, &counts.by_day),
            width: WIDTH,
            height: HEIGHT,
            tables: vec![
                ("Outcome", largest(&counts.by_outcome)),
                ("Action", largest(&counts.by_action)),
                ("Actor", largest(&counts.by_actor)),
            ],
            before: text(&summary.before)?,
            after: text(&summary.after)?,
            columns: counts.entries > 0,
        };
        Ok(self.out.write_all(head.render()?.as_bytes())?)
    }

    fn entry(&mut self, entry: &Entry, proof: Option<&str>) -> anyhow::Result<()> {
        Ok(self.out.write_all(Row { entry, proof }.render()?.as_bytes())?)
    }

    fn end(&mut self) -> anyhow::Result<()> {
        self.out.write_all(Foot { empty: self.empty }.render()?.as_bytes())?;
        Ok(self.out.flush()?)
    }
}
