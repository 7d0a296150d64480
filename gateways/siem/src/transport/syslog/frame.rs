//! One message as RFC 5424 wants it, behind the count of its octets.

use chrono::SecondsFormat;

use super::Message;

/// `log audit` (RFC 5424, section 6.2.1).
const FACILITY: u8 = 13;
const APP: &str = "clustermaster";
const VERSION: &str = env!("CARGO_PKG_VERSION");
const BOM: &[u8] = b"\xEF\xBB\xBF";
/// The longest MSGID.
const LONGEST_KIND: usize = 32;

/// Whether a text can stand as HOSTNAME.
pub(super) fn is_host(text: &str) -> bool {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    (1..=255).contains(&text.len()) && text.bytes().all(usual)
}

/// The event's type as MSGID: printable ASCII, at most 32 of it.
fn message_id(kind: &str) -> String {
    let printable = |letter: char| if letter.is_ascii_graphic() { letter } else { '_' };
    let id: String = kind.chars().map(printable).take(LONGEST_KIND).collect();
    if id.is_empty() { "-".into() } else { id }
}

/// Appends `LENGTH SP SYSLOG-MSG`.
pub(super) fn write(out: &mut Vec<u8>, message: &Message, host: &str, sequence: u32) {
    let priority = FACILITY * 8 + message.severity.min(7);
    let time = message.time.to_rfc3339_opts(SecondsFormat::Micros, true);
    let id = message_id(&message.kind);
    let head = format!(
        "<{priority}>1 {time} {host} {APP} - {id} [meta sequenceId=\"{sequence}\"][origin software=\"{APP}\" swVersion=\"{VERSION}\"] "
    );
    // What is not UTF-8 goes without the mark that says so (MSG-ANY).
    let mark = if std::str::from_utf8(&message.body).is_ok() { BOM } else { b"" };
    let length = head.len() + mark.len() + message.body.len();
    out.reserve(length + 12);
    out.extend_from_slice(format!("{length} ").as_bytes());
    for part in [head.as_bytes(), mark, &message.body] {
        out.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::{is_host, message_id, write};
    use crate::transport::testing::text;

    #[test]
    fn a_frame_is_what_the_rfc_says() {
        let mut out = Vec::new();
        let mut message = text(1, "ein Gru\u{df}\nin zwei Zeilen");
        message.severity = 4;
        write(&mut out, &message, "hub-1.example", 7);
        let version = env!("CARGO_PKG_VERSION");
        let line = format!(
            "<108>1 2026-11-27T12:00:00.123456Z hub-1.example clustermaster - cluster.import_requested.v1 [meta sequenceId=\"7\"][origin software=\"clustermaster\" swVersion=\"{version}\"] \u{feff}ein Gru\u{df}\nin zwei Zeilen"
        );
        assert_eq!(String::from_utf8(out).expect("UTF-8"), format!("{} {line}", line.len()));
    }

    #[test]
    fn what_is_not_utf8_bears_no_mark() {
        let mut out = Vec::new();
        let mut message = text(1, "");
        message.body = vec![0xff, 0xfe];
        write(&mut out, &message, "h", 1);
        assert!(out.ends_with(b"] \xff\xfe"), "{out:?}");
    }

    #[test]
    fn names_keep_to_their_letters() {
        assert_eq!(message_id("cluster.import_requested.v1"), "cluster.import_requested.v1");
        assert_eq!(message_id(&"x".repeat(40)).len(), 32);
        assert_eq!(message_id("a b\u{e4}\n"), "a_b__");
        assert_eq!(message_id(""), "-");
        assert!(is_host("hub-1.example") && !is_host("") && !is_host("a b") && !is_host("a]"));
    }
}
