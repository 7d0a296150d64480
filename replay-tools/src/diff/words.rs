//! A comparison, for people.

use std::fmt::Write as _;

use hub_projections::query::DiffKind;

use super::{Comparison, Moment, RowDiff};

/// The whole of it, with a line break at its end.
pub fn of(comparison: &Comparison) -> String {
    let Comparison { from, to, events, clusters, users } = comparison;
    let mut text = format!("from {} to {}: {events} events\n", moment(from), moment(to));
    section(&mut text, "clusters", from.clusters, to.clusters, clusters);
    section(&mut text, "users", from.users, to.users, users);
    text
}

fn moment(moment: &Moment) -> String {
    match moment.recorded_at {
        Some(time) => format!("position {} ({})", moment.position, time.format("%Y-%m-%dT%H:%M:%S%.3fZ")),
        None => "the beginning".to_owned(),
    }
}

fn word(kind: DiffKind) -> &'static str {
    match kind {
        DiffKind::Came => "came",
        DiffKind::Went => "went",
        DiffKind::Changed => "changed",
        DiffKind::Returned => "returned",
        DiffKind::Passed => "passed",
    }
}

fn section(text: &mut String, what: &str, before: u64, after: u64, rows: &[RowDiff]) {
    let kinds = [DiffKind::Came, DiffKind::Went, DiffKind::Changed, DiffKind::Returned, DiffKind::Passed];
    let counts: Vec<String> = kinds
        .into_iter()
        .map(|kind| (kind, rows.iter().filter(|row| row.change == kind).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| format!("{count} {}", word(kind)))
        .collect();
    let counts = if counts.is_empty() { "nothing changed".to_owned() } else { counts.join(", ") };
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{what}: {before} before, {after} after; {counts}");
    for row in rows {
        let name = row.name.as_deref().map_or_else(String::new, |name| format!("{name}  "));
        let _ = writeln!(text, "  {:<8}  {name}{}", word(row.change), row.id);
        for (member, change) in &row.members {
            let _ = writeln!(text, "    {member}: {} -> {}", change.from, change.to);
        }
        for event in row.events.iter().rev() {
            let time = event.recorded_at.format("%Y-%m-%dT%H:%M:%S%.3fZ");
            let _ =
                writeln!(text, "    {:>8}  {time}  {}  {}", event.position, event.event_type, event.actor);
        }
        let more = row.events_total.saturating_sub(row.events.len() as u64);
        if more > 0 {
            let _ = writeln!(text, "    and {more} earlier events");
        }
    }
}
