use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// From the specification's own `valid.yml`: <https://github.com/jetify-com/typeid/tree/main/spec>.
const VALID: &[(&str, &str)] = &[
    ("00000000000000000000000000", "00000000-0000-0000-0000-000000000000"),
    ("00000000000000000000000001", "00000000-0000-0000-0000-000000000001"),
    ("0000000000000000000000000a", "00000000-0000-0000-0000-00000000000a"),
    ("0000000000000000000000000g", "00000000-0000-0000-0000-000000000010"),
    ("00000000000000000000000010", "00000000-0000-0000-0000-000000000020"),
    ("7zzzzzzzzzzzzzzzzzzzzzzzzz", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    ("0123456789abcdefghjkmnpqrs", "0110c853-1d09-52d8-d73e-1194e95b5f19"),
    ("01h455vb4pex5vsknk084sn02q", "01890a5d-ac96-774b-bcce-b302099a8057"),
];

/// Suffixes that the specification refuses: too short, too long, upper case, hyphens, letters outside the
/// alphabet, ambiguous letters, more than 128 bits.
const INVALID: &[&str] = &[
    "",
    "1234567890123456789012345",
    "123456789012345678901234567",
    "1234567890123456789012345 ",
    "0123456789ABCDEFGHJKMNPQRS",
    "123456789-123456789-123456",
    "ooooooiiiiiiuuuuuuulllllll",
    "i23456789ol23456789oi23456",
    "8zzzzzzzzzzzzzzzzzzzzzzzzz",
    "0000000000000000000000000\u{e4}",
];

#[test]
fn ids_match_the_vectors_of_the_specification() {
    for (suffix, uuid) in VALID {
        let id = ClusterId::from_uuid(uuid.parse().unwrap());
        assert_eq!(id.to_string(), format!("cluster_{suffix}"));
        assert_eq!(format!("cluster_{suffix}").parse(), Ok(id));
        assert_eq!(format!("user_{suffix}").parse::<UserId>().unwrap().uuid(), id.uuid());
    }
}

#[test]
fn other_texts_are_no_ids() {
    for suffix in INVALID {
        assert_eq!(format!("cluster_{suffix}").parse::<ClusterId>(), Err(IdError::Suffix), "{suffix:?}");
    }
    let suffix = VALID[6].0;
    for text in
        [suffix.to_owned(), format!("user_{suffix}"), format!("Cluster_{suffix}"), format!("cluster{suffix}")]
    {
        assert_eq!(text.parse::<ClusterId>(), Err(IdError::Prefix("cluster")), "{text}");
    }
}

#[test]
fn ids_are_text_in_json() {
    let id: TenantId = "tenant_01h455vb4pex5vsknk084sn02q".parse().unwrap();
    let json = serde_json::to_string(&id).unwrap();
    assert_eq!(json, r#""tenant_01h455vb4pex5vsknk084sn02q""#);
    assert_eq!(serde_json::from_str::<TenantId>(&json).unwrap(), id);
    assert!(serde_json::from_str::<UserId>(&json).is_err(), "another kind");
    assert_eq!(format!("{id:?}"), id.to_string());
}

#[test]
fn names_are_dns_labels() {
    for fits in ["a", "0", "prod-eks-1", &"a".repeat(63)] {
        assert_eq!(ClusterName::new(fits).unwrap().as_str(), fits);
        assert!(TenantName::new(fits).is_ok());
    }
    for wrong in ["", "-a", "a-", "A", "a_b", "a.b", "a b", "\u{e4}", "a\n", &"a".repeat(64)] {
        assert!(ClusterName::new(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn free_text_is_bounded_and_printable() {
    assert!(Reason::new("\u{e4}".repeat(500)).is_ok(), "counted in characters");
    for wrong in ["", " ", "\t", "a\u{0}b", "a\nb", &"a".repeat(501)] {
        assert!(Reason::new(wrong).is_err(), "{wrong:?}");
    }
    assert!(Region::new("us-west_2.a").is_ok());
    for wrong in ["", "a b", "a/b", "\u{e4}", &"a".repeat(64)] {
        assert!(Region::new(wrong).is_err(), "{wrong:?}");
    }
    assert!(Actor::new("system:observer").is_ok());
    for wrong in ["", "a b", "a@b", &"a".repeat(129)] {
        assert!(Actor::new(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn reading_text_back_checks_it_again() {
    assert!(serde_json::from_str::<ClusterName>(r#""prod""#).is_ok());
    assert!(serde_json::from_str::<ClusterName>(r#""Prod""#).is_err());
    assert!(serde_json::from_str::<Labels>(r#"{"a b":"c"}"#).is_err());
}

fn labels(pairs: &[(&str, &str)]) -> Result<Labels, TextError> {
    Labels::new(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
}

#[test]
fn labels_follow_kubernetes() {
    let name = "a".repeat(63);
    let domain = format!("{}.example.org", "a".repeat(63));
    let fits =
        [("team", "db"), ("team", ""), ("example.org/team", "A_b.C-1"), (name.as_str(), name.as_str())];
    for pair in fits {
        assert!(labels(&[pair]).is_ok(), "{pair:?}");
    }
    assert!(labels(&[(&format!("{domain}/x"), "y")]).is_ok());
    let long = "a".repeat(64);
    let wrong = [
        ("", "x"),
        ("-a", "x"),
        ("a-", "x"),
        ("a b", "x"),
        ("/a", "x"),
        ("a/", "x"),
        ("A.b/c", "x"),
        ("a/b/c", "x"),
    ];
    for pair in wrong.into_iter().chain([("a", "-x"), ("a", "x y"), (&long, "x"), ("a", &long), ("a\n", "x")])
    {
        assert!(labels(&[pair]).is_err(), "{pair:?}");
    }
    let many =
        |count: usize| (0..count).map(|nth| (format!("l{nth}"), String::new())).collect::<BTreeMap<_, _>>();
    assert!(Labels::new(many(64)).is_ok());
    assert!(Labels::new(many(65)).is_err());
}

#[test]
fn a_broken_rule_does_not_echo_control_characters() {
    let error = labels(&[("\u{1b}[31m bad", "x")]).unwrap_err().to_string();
    assert!(!error.chars().any(char::is_control), "{error:?}");
}

#[test]
fn the_version_is_the_number_behind_the_name() {
    assert_eq!(version_of("cluster.changed.v1"), 1);
    assert_eq!(version_of("cluster.changed.v12"), 12);
    assert_eq!(version_of("cluster.changed"), 0);
    assert_eq!(version_of("cluster.changed.vX"), 0);
}

#[test]
fn metadata_leaves_out_what_it_does_not_have() {
    let metadata = Metadata { command: "cluster.import".into(), ..Metadata::default() };
    let json = serde_json::to_string(&metadata).unwrap();
    assert_eq!(json, r#"{"command":"cluster.import"}"#);
    assert_eq!(serde_json::from_str::<Metadata>(&json).unwrap(), metadata);
}

#[test]
fn wire_names_are_unique_over_all_aggregates_and_carry_a_version() {
    let families = [
        crate::tenant::TenantEvent::TYPES,
        crate::user::UserEvent::TYPES,
        crate::cluster::ClusterEvent::TYPES,
        crate::import::ImportEvent::TYPES,
    ];
    let streams = [crate::tenant::Tenant::STREAM, crate::user::User::STREAM, crate::cluster::Cluster::STREAM];
    let mut all: Vec<&str> = families.concat();
    for (types, stream) in families.iter().zip(streams) {
        for name in *types {
            assert!(name.starts_with(&format!("{stream}.")) && version_of(name) >= 1, "{name}");
        }
    }
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), families.iter().map(|types| types.len()).sum::<usize>());
}

#[test]
fn refusal_codes_are_unique_over_all_aggregates() {
    let families = [
        crate::tenant::TenantRefusal::ALL,
        crate::user::UserRefusal::ALL,
        crate::cluster::ClusterRefusal::ALL,
        crate::import::ImportRefusal::ALL,
    ];
    let codes: std::collections::BTreeSet<&str> = families.concat().iter().map(|(code, ..)| *code).collect();
    assert_eq!(codes.len(), families.iter().map(|all| all.len()).sum::<usize>());
    let kebab = |code: &str| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    assert!(codes.iter().all(|code| kebab(code)), "{codes:?}");
}

#[test]
fn every_event_type_stands_in_the_reference() {
    let reference = include_str!("../../README.md");
    let families = [
        crate::tenant::TenantEvent::TYPES,
        crate::user::UserEvent::TYPES,
        crate::cluster::ClusterEvent::TYPES,
        crate::import::ImportEvent::TYPES,
    ];
    let steps = [
        crate::tenant::TenantEvent::UPCASTERS,
        crate::user::UserEvent::UPCASTERS,
        crate::cluster::ClusterEvent::UPCASTERS,
    ];
    let older = steps.concat().into_iter().map(|(name, _)| name);
    for name in families.concat().into_iter().chain(older) {
        assert!(reference.contains(&format!("| `{name}` |")), "{name} is missing in domain/README.md");
    }
}

#[test]
fn every_older_name_leads_to_one_that_is_recorded() {
    fn stem(name: &str) -> &str {
        name.rsplit_once(".v").unwrap().0
    }
    fn holds<E: Event>() {
        for (old, _) in E::UPCASTERS {
            assert!(!E::TYPES.contains(old), "{old} is still recorded");
            assert_eq!(E::UPCASTERS.iter().filter(|(name, _)| name == old).count(), 1, "{old} has one step");
            let newer = |name: &str| stem(name) == stem(old) && version_of(name) == version_of(old) + 1;
            let older = E::UPCASTERS.iter().map(|(name, _)| *name);
            assert!(E::TYPES.iter().copied().chain(older).any(newer), "{old} has no next version");
        }
    }
    holds::<crate::tenant::TenantEvent>();
    holds::<crate::user::UserEvent>();
    holds::<crate::cluster::ClusterEvent>();
}

/// A door whose opening was told three times, each time a little more.
mod door {
    use serde::{Deserialize, Serialize};

    use crate::kernel::step;

    #[derive(Deserialize)]
    struct OpenedV1 {
        by: String,
    }

    #[derive(Serialize, Deserialize)]
    struct OpenedV2 {
        by: Vec<String>,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Opened {
        pub by: Vec<String>,
        pub wide: bool,
    }

    type Step = Result<(&'static str, Vec<u8>), serde_json::Error>;

    fn one_to_two(payload: &[u8]) -> Step {
        step("door.opened.v2", payload, |old: OpenedV1| OpenedV2 { by: vec![old.by] })
    }

    fn two_to_three(payload: &[u8]) -> Step {
        step("door.opened.v3", payload, |old: OpenedV2| Opened { wide: old.by.len() > 1, by: old.by })
    }

    #[allow(clippy::unnecessary_wraps, reason = "an upcaster may fail")]
    fn in_circles(payload: &[u8]) -> Step {
        step("door.shut.v1", payload, |old: Shut| old)
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Shut {}

    crate::events! {
        /// What can happen to a door.
        pub enum DoorEvent {
            /// It was opened.
            Opened(Opened) = "door.opened.v3" from "door.opened.v2" via two_to_three from "door.opened.v1" via one_to_two,
            /// It was shut.
            Shut(Shut) = "door.shut.v2" from "door.shut.v1" via in_circles,
        }
    }
}

#[test]
fn an_older_event_is_read_by_way_of_every_version_between() {
    use door::{DoorEvent, Opened};
    let read = |name: &str, body: &str| DoorEvent::decode(name, body.as_bytes());
    let opened = |by: &[&str], wide| {
        DoorEvent::Opened(Opened { by: by.iter().map(|name| (*name).to_owned()).collect(), wide })
    };
    assert_eq!(read("door.opened.v1", r#"{"by":"ann"}"#).unwrap(), opened(&["ann"], false));
    assert_eq!(read("door.opened.v2", r#"{"by":["ann","bob"]}"#).unwrap(), opened(&["ann", "bob"], true));
    assert_eq!(read("door.opened.v3", r#"{"by":[],"wide":true}"#).unwrap(), opened(&[], true));
    assert_eq!(
        DoorEvent::TYPES,
        ["door.opened.v3", "door.shut.v2"],
        "only the present versions are recorded"
    );
    let tagged = r#"{"type":"door.opened.v1","data":{"by":"ann"}}"#;
    let event: DoorEvent = serde_json::from_str(tagged).unwrap();
    assert_eq!((event.event_type(), event.schema_version()), ("door.opened.v3", 3));
}

#[test]
fn bytes_that_are_not_what_an_older_name_promises_are_named_by_that_name() {
    use door::DoorEvent;
    for body in ["{}", "[", r#"{"by":["ann"]}"#] {
        let error = DoorEvent::decode("door.opened.v1", body.as_bytes()).unwrap_err();
        let CodecError::Malformed { event_type, .. } = error else { panic!("{error}") };
        assert_eq!(event_type, "door.opened.v1", "{body}");
    }
    let unknown = DoorEvent::decode("door.opened.v9", b"{}").unwrap_err();
    assert!(matches!(unknown, CodecError::UnknownType(name) if name == "door.opened.v9"));
    let circle = DoorEvent::decode("door.shut.v1", b"{}").unwrap_err();
    assert!(matches!(circle, CodecError::UnknownType(name) if name == "door.shut.v1"), "it ends");
}

proptest! {
    #[test]
    fn ids_come_back_as_they_were(bits: u128) {
        let id = UserId::from_uuid(Uuid::from_u128(bits));
        prop_assert_eq!(id.to_string().len(), 31);
        prop_assert_eq!(id.to_string().parse::<UserId>(), Ok(id));
    }

    #[test]
    fn ids_sort_as_their_texts(one: u128, other: u128) {
        let (one, other) = (UserId::from_uuid(Uuid::from_u128(one)), UserId::from_uuid(Uuid::from_u128(other)));
        prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
    }

    #[test]
    fn no_text_makes_parsing_panic(text in ".{0,64}") {
        if let Ok(id) = text.parse::<ClusterId>() {
            prop_assert_eq!(id.to_string(), text.clone());
        }
        let _ = format!("cluster_{text}").parse::<ClusterId>();
        let _ = ClusterName::new(text.clone());
        let _ = Labels::new(BTreeMap::from([(text.clone(), text)]));
    }

    #[test]
    fn what_is_a_name_is_a_kubernetes_name(text in "[a-z0-9-]{1,70}") {
        let expected = text.len() <= 63 && !text.starts_with('-') && !text.ends_with('-');
        prop_assert_eq!(ClusterName::new(text).is_ok(), expected);
    }
}

/// An older hub reads what a newer one has written beside an event, and a newer hub what an older one has.
#[test]
fn metadata_of_another_version_is_read() {
    let full = Metadata {
        command: "cluster.import".into(),
        origin: Some(Sealed::new("c2VhbGVk").unwrap()),
        request_id: Some("r-1".into()),
        change_request: Some("CHG-123".into()),
        ..Metadata::default()
    };
    let json = serde_json::to_string(&full).unwrap();
    let wanted =
        r#"{"command":"cluster.import","origin":"c2VhbGVk","request_id":"r-1","change_request":"CHG-123"}"#;
    assert_eq!(json, wanted);
    assert_eq!(serde_json::from_str::<Metadata>(&json).unwrap(), full);
    let newer: Metadata = serde_json::from_str(r#"{"command":"x","approved_by":["user_1"]}"#).unwrap();
    assert_eq!(newer, Metadata { command: "x".into(), ..Metadata::default() });
}
