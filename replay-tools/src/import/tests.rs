use hub_domain::kernel::{TenantId, TypedId as _};
use serde_json::{Value, json};
use uuid::Uuid;

use super::foreign::ForeignEvent;
use super::names::{Names, Rename, stream};
use super::translate::Translator;

fn event() -> ForeignEvent {
    ForeignEvent {
        kind: "Customer".into(),
        id: "42".into(),
        revision: 7,
        event_type: "NameAdded".into(),
        version: "1.0".into(),
        data: br#"{"NameAdded": { "name":"x" }}"#.to_vec(),
        metadata: br#"{ "time": "then" }"#.to_vec(),
        ..ForeignEvent::default()
    }
}

fn translator(names: &[&str]) -> Translator {
    let names: Vec<Rename> = names.iter().map(|name| name.parse().unwrap()).collect();
    Translator::new(TenantId::from_uuid(Uuid::from_u128(1)), "postgres-es/events", Names::from(&names[..]))
}

#[test]
fn an_event_keeps_its_bytes_and_tells_its_origin() {
    let made = translator(&[]).translate(&event(), 0).unwrap();
    assert_eq!(made.stream, "imported-Customer_42");
    assert_eq!((made.event_type.as_str(), made.schema_version), ("imported.customer.name_added.v1", 1));
    assert_eq!(made.payload, event().data);
    assert!(String::from_utf8_lossy(&made.metadata).contains(r#""metadata":{ "time": "then" }"#));
    let metadata: Value = serde_json::from_slice(&made.metadata).unwrap();
    assert_eq!(metadata["command"], "import.event");
    let origin = json!({
        "source": "postgres-es/events", "kind": "Customer", "id": "42", "revision": 7, "event_type": "NameAdded",
        "version": "1.0", "metadata": { "time": "then" },
    });
    assert_eq!(metadata["imported"], origin);
    let read: hub_domain::kernel::Metadata = serde_json::from_slice(&made.metadata).unwrap();
    assert_eq!(read.command, "import.event", "the hub reads it as it reads its own");
}

#[test]
fn the_same_place_has_the_same_id_and_no_other_has() {
    let id = |event: &ForeignEvent| translator(&[]).translate(event, 0).unwrap().event_id;
    assert_eq!(id(&event()), id(&event()));
    assert_eq!(id(&event()).get_version_num(), 8);
    for other in [
        ForeignEvent { revision: 8, ..event() },
        ForeignEvent { id: "43".into(), ..event() },
        ForeignEvent { kind: "Customer4".into(), id: "2".into(), ..event() },
    ] {
        assert_ne!(id(&event()), id(&other));
    }
    let elsewhere =
        Translator::new(TenantId::from_uuid(Uuid::from_u128(2)), "postgres-es/events", Names::default());
    assert_ne!(id(&event()), elsewhere.translate(&event(), 0).unwrap().event_id);
}

#[test]
fn no_two_streams_get_one_name_and_none_is_the_hubs_own() {
    let names = [("a", "b_c"), ("a_b", "c"), ("a~5Fb", "c"), ("A", "b_c"), ("ä", "b c"), ("cluster", "01")];
    let made: std::collections::BTreeSet<String> =
        names.iter().map(|(kind, id)| stream(kind, id).unwrap()).collect();
    assert_eq!(made.len(), names.len(), "{made:?}");
    assert!(made.iter().all(|name| name.starts_with("imported-") && name.is_ascii()), "{made:?}");
    assert!(made.iter().all(|name| !name.contains(' ')));
    assert!(stream("", "1").is_err() && stream("a", "").is_err());
    assert!(stream("a", &"x".repeat(400)).unwrap_err().contains("at most 300 bytes"));
}

#[test]
fn wire_names_are_made_or_chosen() {
    let wire = |names: &[&str], kind: &str, event_type: &str, version: &str| {
        let event = ForeignEvent {
            kind: kind.into(),
            event_type: event_type.into(),
            version: version.into(),
            ..event()
        };
        let made = translator(names).translate(&event, 0).unwrap();
        (made.event_type, made.schema_version)
    };
    assert_eq!(
        wire(&[], "BankAccount", "ATMWithdrawal", "2.1"),
        ("imported.bank_account.atmwithdrawal.v2".into(), 2)
    );
    assert_eq!(wire(&[], "a.b", "Über Preis!", "x"), ("imported.a_b.ber_preis.v1".into(), 1));
    assert_eq!(wire(&[], "a", "!", "99999"), ("imported.a.unnamed.v1".into(), 1));
    let chosen = ["NameAdded=customer.named.v3", "Dog/NameAdded=dog.named.v1"];
    assert_eq!(wire(&chosen, "Customer", "NameAdded", "1.0"), ("customer.named.v3".into(), 3));
    assert_eq!(wire(&chosen, "Dog", "NameAdded", "1.0"), ("dog.named.v1".into(), 1));
    for (refused, why) in [
        ("NameAdded", "must read"),
        ("NameAdded=Customer", "no wire name"),
        ("NameAdded=customer.named", "no wire name"),
        ("NameAdded=customer.v1", "no wire name"),
        ("NameAdded=customer..v1", "no wire name"),
        ("NameAdded=cluster.imported.v1", "the hub's own"),
        ("NameAdded=user.deleted.v1", "the hub's own"),
    ] {
        let cause = refused.parse::<Rename>().unwrap_err();
        assert!(cause.contains(why), "{refused}: {cause}");
    }
}

#[test]
fn what_nobody_behind_the_ledger_could_read_stays_out() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for (data, why) in [
        (r#"{"a":"#, "cannot be read"),
        ("", "cannot be read"),
        (r#"{"a":"\u0000"}"#, "U+0000"),
        (r#"{"a\u0000":1}"#, "U+0000"),
        (r#"{"a":"\ud800"}"#, "cannot be read"),
        (r#"{"a":1e999}"#, "cannot be read"),
        (&deep, "cannot be read"),
        (&format!("\"{}\"", "x".repeat(1 << 20)), "may not exceed"),
    ] {
        let body = ForeignEvent { data: data.as_bytes().to_vec(), ..event() };
        let cause = translator(&[]).translate(&body, 0).unwrap_err();
        assert!(cause.contains(why) && cause.starts_with("its body"), "{cause}");
        let beside = ForeignEvent { metadata: data.as_bytes().to_vec(), ..event() };
        if data.is_empty() {
            assert!(translator(&[]).translate(&beside, 0).is_ok(), "no metadata is none");
        } else {
            assert!(translator(&[]).translate(&beside, 0).unwrap_err().contains(why));
        }
    }
}
