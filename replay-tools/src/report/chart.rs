//! Entries over time, as bars.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::period::Period;

/// The most bars that fit side by side.
const BARS: u64 = 60;
/// The widest that a bar is drawn.
const WIDEST: u64 = 36;
/// The drawing, in its own units; the page scales it.
pub const WIDTH: u64 = 720;
/// Likewise.
pub const HEIGHT: u64 = 120;

/// One bar, in units of the drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Its left edge.
    pub x: u64,
    /// Its upper edge.
    pub y: u64,
    /// How wide.
    pub width: u64,
    /// How high; at least 1 where there is an entry.
    pub height: u64,
    /// `2030-01-31: 7`, or of several days `2030-01-31 to 2030-02-06: 7`.
    pub label: String,
}

/// The bars of a period, each of as many days as it must be that all of them fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// The bars, from left to right.
    pub bars: Vec<Bar>,
    /// Days in a bar.
    pub days: u64,
    /// The most entries in a bar.
    pub most: u64,
    /// The first day, and the last.
    pub first: String,
    /// The last day.
    pub last: String,
}

/// Draws what was counted by day.
pub fn chart(period: &Period, by_day: &BTreeMap<String, u64>) -> Chart {
    let first = period.from.date_naive();
    let last = (period.to - chrono::TimeDelta::microseconds(1)).date_naive();
    let days = (last - first).num_days().max(0) as u64 + 1;
    let each = days.div_ceil(BARS);
    let count = days.div_ceil(each);
    let mut counts = vec![0; count as usize];
    for (day, entries) in by_day {
        let Ok(day) = day.parse::<NaiveDate>() else { continue };
        let nth = (day - first).num_days().max(0) as u64 / each;
        if let Some(bar) = counts.get_mut(nth as usize) {
            *bar += entries;
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let bar = |(nth, entries): (usize, &u64)| {
        let (x, next) = (nth as u64 * WIDTH / count, (nth as u64 + 1) * WIDTH / count);
        let height = if *entries == 0 { 0 } else { (entries * HEIGHT / most.max(1)).max(1) };
        let day = |after: u64| first.checked_add_days(Days::new(after)).unwrap_or(last).min(last);
        let (from, to) = (day(nth as u64 * each), day((nth as u64 + 1) * each - 1));
        let span = if from == to { from.to_string() } else { format!("{from} to {to}") };
        // A gap between two bars, and none of them is a wall.
        let room = next - x;
        let width = room.saturating_sub(2).clamp(1, WIDEST);
        Bar {
            x: x + (room - width) / 2,
            y: HEIGHT - height,
            width,
            height,
            label: format!("{span}: {entries}"),
        }
    };
    let bars = counts.iter().enumerate().map(bar).collect();
    Chart { bars, days: each, most, first: first.to_string(), last: last.to_string() }
}
