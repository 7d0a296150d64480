//! What is true of every format.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta};
use hub_domain::ledger::{Algorithm, Checkpoint, SigningKey};
use uuid::Uuid;

use super::{FORMATS, corpus, line, writer};
use crate::format::FormatError;

#[test]
fn a_message_says_which_event_it_is() {
    for format in FORMATS {
        let writer = writer(format);
        for entry in corpus::all() {
            let message = writer.entry(&entry).unwrap();
            assert_eq!((&message.id, message.time), (&entry.id.to_string(), entry.recorded_at));
            assert_eq!((&message.kind, message.json), (&entry.event_type, line(&message).starts_with('{')));
            assert_eq!(writer.entry(&entry).unwrap(), message, "the same entry, the same bytes");
        }
    }
}

#[test]
fn how_much_it_matters_is_the_same_in_every_format() {
    let expected = |event_type: &str, summary: &str| match event_type {
        "user.sign_in_refused.v1" if summary.contains("used twice") => 3,
        "user.sign_in_refused.v1"
        | "user.command_refused.v1"
        | "user.refusals_counted.v1"
        | "cluster.import_failed.v1"
        | "cluster.update_failed.v1" => 4,
        "cluster.health_changed.v2" if summary.contains("to unreachable") => 4,
        "cluster.health_changed.v2" if summary.contains("to degraded") => 5,
        "user.roles_changed.v1"
        | "user.disabled.v1"
        | "user.deleted.v1"
        | "tenant.suspended.v1"
        | "export.paused.v1"
        | "export.deleted.v1"
        | "cluster.credentials_replaced.v1"
        | "cluster.decommission_requested.v1"
        | "cluster.decommissioned.v1" => 5,
        "user.password_changed.v1" => 0,
        _ => 6,
    };
    for entry in corpus::known() {
        let expected = match expected(&entry.event_type, &entry.summary) {
            0 if entry.actor == entry.target_id => 6,
            0 => 5,
            level => level,
        };
        for format in FORMATS {
            let found = writer(format).entry(&entry).unwrap().severity;
            assert_eq!(found, expected, "{} {}", entry.event_type, entry.summary);
        }
    }
}

#[test]
fn an_entry_that_cannot_be_written_is_refused() {
    for format in FORMATS {
        let mut entry = corpus::known().swap_remove(0);
        entry.recorded_at = DateTime::UNIX_EPOCH + TimeDelta::days(366 * 9000);
        assert!(matches!(writer(format).entry(&entry), Err(FormatError::Time(year)) if year > 9999));
        entry.tenant = Uuid::nil();
        assert_eq!(writer(format).entry(&entry), Err(FormatError::Tenant));
    }
}

#[test]
fn a_notice_has_one_name_however_often_it_is_sent() {
    let notices = corpus::notices();
    for format in FORMATS {
        let writer = writer(format);
        let written: Vec<_> = notices.iter().map(|notice| writer.notice(notice)).collect();
        assert_eq!(written, notices.iter().map(|notice| writer.notice(notice)).collect::<Vec<_>>());
        let kinds: Vec<_> = written.iter().map(|message| message.kind.as_str()).collect();
        assert_eq!(kinds, ["ledger.checkpoint", "ledger.manifest", "ledger.manifest"]);
        let ids: BTreeSet<_> = written.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(ids.len(), 2, "a manifest is the same with and without a checkpoint");
        assert_eq!(written[0].time, written[1].time);
        assert_eq!(written[2].time, DateTime::UNIX_EPOCH);
    }
}

/// What a SIEM's side would do with a note that it has received.
#[test]
fn a_note_that_was_sent_can_be_verified() {
    let key = SigningKey::new("hub.example.org", Algorithm::Ed25519, &[7; 32]).unwrap().verifier();
    let message = writer(hub_domain::export::Format::Json).notice(&corpus::notices()[0]);
    let sent: serde_json::Value = serde_json::from_str(line(&message)).unwrap();
    let opened = Checkpoint::open(sent["checkpoint"]["note"].as_str().unwrap(), &key).unwrap();
    assert_eq!((opened.size, opened.origin.as_str()), (33, sent["checkpoint"]["origin"].as_str().unwrap()));
}
