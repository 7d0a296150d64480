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
    ];
    for name in families.concat() {
        assert!(reference.contains(&format!("| `{name}` |")), "{name} is missing in domain/README.md");
    }
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
