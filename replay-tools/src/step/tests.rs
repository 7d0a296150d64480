use console::measure_text_width;
use hub_domain::ledger::{Hash, Recorded};
use serde_json::json;
use uuid::Uuid;

use super::screen::render;
use super::walk::Step;
use crate::fold::State;
use crate::pointer::diff;

fn event(stream: &str, event_type: &str, payload: &str) -> Recorded {
    Recorded {
        position: 7,
        tenant: Uuid::from_u128(1),
        sequence: 6,
        stream: stream.into(),
        revision: 0,
        event_id: Uuid::from_u128(2),
        command_id: Uuid::from_u128(3),
        recorded_at: 1_700_000_000_000_000,
        event_type: event_type.into(),
        schema_version: 1,
        actor: "user_1".into(),
        metadata: b"{}".to_vec(),
        payload: payload.as_bytes().to_vec(),
        leaf_hash: Hash::ZERO,
    }
}

fn step(event: Recorded) -> Step {
    let before = State::before(&event.stream);
    let (after, note) = before.after(&event);
    let changes = diff(&before.value, &after.value);
    Step { event, state: after.value, changes, note }
}

#[test]
fn an_event_tells_what_it_changed() {
    let step = step(event("tenant_1", "tenant.created.v1", r#"{"name":"acme"}"#));
    let object = step.object();
    assert_eq!(object["state"], json!({ "state": "active", "name": "acme" }));
    assert_eq!(
        object["changes"],
        json!([
            { "op": "changed", "path": "/state", "from": "absent", "to": "active" },
            { "op": "added", "path": "/name", "to": "acme" },
        ])
    );
    assert_eq!(object["note"], json!(null));
}

#[test]
fn what_cannot_be_folded_is_said_and_changes_nothing() {
    let broken = step(event("tenant_1", "tenant.created.v1", r#"{"name":7}"#));
    assert!(broken.note.as_deref().unwrap().contains("malformed body"), "{:?}", broken.note);
    assert!(broken.changes.is_empty() && broken.state["state"] == "absent");
    assert!(!State::before("imported-Customer_1").is_folded());
    assert!(State::before("cluster_1").is_folded());
}

#[test]
fn a_screen_fits_its_terminal_and_is_plain_without_colours() {
    let long = format!(r#"{{"name":"{}"}}"#, "a".repeat(60));
    let steps = [
        step(event("tenant_1", "tenant.created.v1", &long)),
        step(event(
            &"imported-x_\u{1b}[2J".repeat(30),
            "imported.x.y.v1",
            &format!("[{}]", "\"ü\",".repeat(90)),
        )),
    ];
    for step in &steps {
        for (width, height) in [(80, 24), (40, 10), (20, 5)] {
            for coloured in [false, true] {
                let lines = render(step, width, height, coloured);
                assert!(lines.len() < height.max(5), "{} lines of {height}", lines.len());
                assert!(lines.iter().all(|line| measure_text_width(line) <= width), "{lines:#?}");
            }
        }
    }
    assert!(
        render(&steps[1], 80, 24, false).iter().all(|line| !line.contains('\u{1b}')),
        "nothing gets through"
    );
    let plain = render(&steps[0], 80, 24, false);
    assert!(plain.iter().all(|line| !line.contains('\u{1b}')), "{plain:#?}");
    assert!(plain.contains(&"~ /state  \"absent\" -> \"active\"".to_owned()), "{plain:#?}");
    assert!(render(&steps[0], 80, 24, true).iter().any(|line| line.contains('\u{1b}')));
}
