//! The walk at a terminal: one event at a time, forwards and back.

use console::{Key, Style, Term, measure_text_width, truncate_str};

use super::walk::{Step, Walk};
use crate::pointer::Change;

/// The widest that a line may be, in columns.
const WIDEST: usize = 80;
/// What the keys do.
const KEYS: &str = "space next  b back  g position  / type  q quit";

/// Shows the walk until `q`. What was passed is kept, so that one can go back.
pub async fn show(walk: &mut Walk<'_>, term: &Term) -> anyhow::Result<()> {
    let coloured = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let Some(first) = walk.next().await? else {
        term.write_line("no event fits what was asked for")?;
        return Ok(());
    };
    let (mut passed, mut at, mut message) = (vec![first], 0, String::new());
    loop {
        draw(term, &passed[at], coloured, &std::mem::take(&mut message))?;
        match term.read_key()? {
            Key::Char(' ' | 'n') | Key::Enter | Key::ArrowRight | Key::ArrowDown => {
                let last = !forward(walk, &mut passed, &mut at).await?;
                message = if last { "this is the last event".to_owned() } else { String::new() };
            }
            Key::Char('b') | Key::ArrowLeft | Key::ArrowUp | Key::Backspace => match at.checked_sub(1) {
                Some(before) => at = before,
                None => "this is the first event".clone_into(&mut message),
            },
            Key::Char('g') => match ask(term, "position: ")?.trim().parse::<u64>() {
                Ok(wanted) => {
                    at = passed.iter().rposition(|step| step.event.position <= wanted).unwrap_or(0);
                    while passed[at].event.position < wanted && forward(walk, &mut passed, &mut at).await? {}
                    if passed[at].event.position != wanted {
                        message = format!("{wanted} is not among these events; this is the one beside it");
                    }
                }
                Err(_) => "a position is a number".clone_into(&mut message),
            },
            Key::Char('/') => {
                let wanted = ask(term, "type: ")?.trim().to_owned();
                let before = at;
                while !wanted.is_empty() && forward(walk, &mut passed, &mut at).await? {
                    if passed[at].event.event_type.contains(&wanted) {
                        break;
                    }
                }
                if at == before || !passed[at].event.event_type.contains(&wanted) {
                    at = before;
                    message = format!("no later event has `{wanted}` in its type");
                }
            }
            Key::Char('q') | Key::Escape | Key::CtrlC => break,
            _ => {}
        }
    }
    // The shell's prompt gets a line of its own.
    term.write_line("")?;
    Ok(())
}

async fn forward(walk: &mut Walk<'_>, passed: &mut Vec<Step>, at: &mut usize) -> anyhow::Result<bool> {
    if *at + 1 == passed.len() {
        match walk.next().await? {
            Some(step) => passed.push(step),
            None => return Ok(false),
        }
    }
    *at += 1;
    Ok(true)
}

fn ask(term: &Term, what: &str) -> anyhow::Result<String> {
    term.write_str(&format!("\r{what}"))?;
    Ok(term.read_line()?)
}

fn draw(term: &Term, step: &Step, coloured: bool, message: &str) -> anyhow::Result<()> {
    let (height, width) = term.size();
    let lines = render(step, usize::from(width).min(WIDEST), usize::from(height), coloured);
    term.clear_screen()?;
    for line in lines {
        term.write_line(&line)?;
    }
    let foot = if message.is_empty() { KEYS.to_owned() } else { format!("{message}  ({KEYS})") };
    term.write_str(&truncate_str(&foot, usize::from(width).saturating_sub(1), "…"))?;
    Ok(())
}

/// A step as lines, none wider than `width`, and fewer than `height` of them.
pub fn render(step: &Step, width: usize, height: usize, coloured: bool) -> Vec<String> {
    let style = |style: Style| style.force_styling(coloured);
    let (bold, dim) = (style(Style::new().bold()), style(Style::new().dim()));
    let event = &step.event;
    let time = event.recorded_at_utc().format("%Y-%m-%d %H:%M:%S%.3f UTC");
    let mut lines = vec![
        format!("{}  {}", bold.apply_to(format!("position {}", event.position)), dim.apply_to(time)),
        bold.apply_to(clean(&event.event_type)).to_string(),
        format!("{}, revision {}", clean(&event.stream), event.revision),
        format!("by {}", clean(&event.actor)),
    ];
    lines.extend(step.note.iter().map(|note| style(Style::new().yellow()).apply_to(clean(note)).to_string()));
    lines.push(String::new());
    if step.changes.is_empty() {
        lines.push(dim.apply_to("it changed nothing in the state").to_string());
    }
    for change in &step.changes {
        let colour = match change {
            Change::Added { .. } => Style::new().green(),
            Change::Removed { .. } => Style::new().red(),
            Change::Changed { .. } => Style::new().cyan(),
        };
        lines.push(style(colour).apply_to(clean(&change.line())).to_string());
    }
    lines.push(String::new());
    if step.state.is_null() {
        lines.push(clean(&String::from_utf8_lossy(&event.payload)));
    } else {
        let state = serde_json::to_string_pretty(&step.state).unwrap_or_default();
        lines.extend(state.lines().map(clean));
    }
    let room = height.saturating_sub(1).max(4);
    if lines.len() > room {
        let more = lines.len() - (room - 1);
        lines.truncate(room - 1);
        lines.push(dim.apply_to(format!("… {more} more lines; --json prints them all")).to_string());
    }
    lines.iter().map(|line| fit(line, width)).collect()
}

/// What a history says, without anything that moves the cursor or changes colours.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

fn fit(line: &str, width: usize) -> String {
    if measure_text_width(line) <= width {
        line.to_owned()
    } else {
        truncate_str(line, width, "…").into_owned()
    }
}
