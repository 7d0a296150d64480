//! `QRadar` Log Event Extended Format 2.0, with `^` between attributes (it passes through syslog servers that rewrite tabs).
//!
//! LEEF has no escapes of its own. In a value `\\` stands for a backslash, `\n`, `\r` and `\t` for what they usually are, and `\x5E` for `^`;
//! in the header also `\x7C` for `|`. So no value can end an attribute or the line, and each can be had back.

use super::deed::Class;
use super::line::{Escape, Line};
use super::notice::{Body, Checkpoint, Note};
use super::reading::Reading;
use super::severity::Level;
use super::{PRODUCT, Product};

struct Leef;

impl Escape for Leef {
    fn value(letter: char) -> Option<&'static str> {
        Some(match letter {
            '\\' => r"\\",
            '^' => r"\x5E",
            '\n' => r"\n",
            '\r' => r"\r",
            '\t' => r"\t",
            _ => return None,
        })
    }

    fn header(letter: char) -> Option<&'static str> {
        if letter == '|' { Some(r"\x7C") } else { Self::value(letter) }
    }

    const DELIMITER: char = '^';
}

/// What the predefined attributes and the event id may hold.
const MOST: usize = 255;
const WHOLE: usize = usize::MAX;
/// Of `java.text.SimpleDateFormat`, as `devTimeFormat` is.
const TIME_FORMAT: &str = "yyyy-MM-dd'T'HH:mm:ss.SSSZ";
/// The same for `chrono`.
const TIME: &str = "%Y-%m-%dT%H:%M:%S%.3f%z";

pub fn entry(reading: &Reading<'_>, product: &Product) -> Vec<u8> {
    let entry = reading.entry;
    let mut line = begin(product, &entry.event_type);
    let json = |value: Option<&serde_json::Value>| value.map(ToString::to_string).unwrap_or_default();
    line.plain("devTime", entry.recorded_at.format(TIME));
    line.plain("devTimeFormat", TIME_FORMAT);
    line.plain("sev", reading.level.of_ten());
    line.text("cat", category(reading), MOST);
    line.text("usrName", &entry.actor, MOST);
    line.text("accountName", reading.user().unwrap_or_default(), MOST);
    line.text("resource", &entry.target_id, WHOLE);
    line.plain("realm", entry.tenant);
    line.text("msg", &entry.summary, WHOLE);
    line.text("action", &entry.action, WHOLE);
    line.text("outcome", &entry.outcome, WHOLE);
    line.text("reason", entry.reason.as_deref().unwrap_or_default(), WHOLE);
    line.plain("eventUuid", entry.id);
    line.text("targetType", &entry.target_type, WHOLE);
    line.text("traceId", entry.trace_id.as_deref().unwrap_or_default(), WHOLE);
    if let Some(cause) = entry.caused_by {
        line.plain("causedBy", cause);
    }
    line.text("before", &json(entry.before.as_ref()), WHOLE);
    line.text("after", &json(entry.after.as_ref()), WHOLE);
    line.text("hub", &product.hub, WHOLE);
    line.plain("position", entry.position);
    line.plain("sequence", entry.sequence);
    line.plain("revision", entry.revision);
    line.text("leafHash", &entry.leaf_hash, WHOLE);
    line.end()
}

pub fn notice(note: &Note<'_>, product: &Product) -> Vec<u8> {
    let mut line = begin(product, note.kind);
    line.plain("devTime", note.time.format(TIME));
    line.plain("devTimeFormat", TIME_FORMAT);
    line.plain("sev", Level::Informational.of_ten());
    line.plain("cat", "ledger");
    line.plain("realm", note.tenant);
    line.text("msg", &note.message, WHOLE);
    line.text("noticeId", &note.id, WHOLE);
    line.text("hub", &product.hub, WHOLE);
    let signed = |line: &mut Line<Leef>, checkpoint: &Checkpoint<'_>| {
        line.text("origin", checkpoint.origin, WHOLE);
        line.text("checkpoint", checkpoint.note, WHOLE);
    };
    match &note.body {
        Body::Checkpoint(checkpoint) => {
            line.plain("entry", checkpoint.entry);
            line.plain("size", checkpoint.size);
            line.plain("root", checkpoint.root);
            line.plain("position", checkpoint.position);
            signed(&mut line, checkpoint);
        }
        Body::Manifest(sent) => {
            line.text("export", sent.export, WHOLE);
            line.plain("from", sent.from);
            line.plain("to", sent.to);
            line.plain("count", sent.count);
            line.plain("root", sent.root);
            if let Some(checkpoint) = &sent.checkpoint {
                signed(&mut line, checkpoint);
            }
        }
    }
    line.end()
}

fn begin(product: &Product, kind: &str) -> Line<Leef> {
    let mut line = Line::new("LEEF:2.0");
    line.header(PRODUCT, MOST);
    line.header(PRODUCT, MOST);
    line.header(&product.version, MOST);
    line.header(kind, MOST);
    line.end_header(Leef::DELIMITER);
    line
}

/// What the event id falls back to in `QRadar`: stable words, in no language.
fn category(reading: &Reading<'_>) -> &'static str {
    match reading.deed.class {
        Class::Authentication => "authentication",
        Class::Account => "account",
        Class::Privileges => "privileges",
        Class::Entity => "configuration",
        Class::Application => "application",
        Class::Finding => "compliance",
        Class::Request => "request",
    }
}
