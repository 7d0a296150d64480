use hub_domain::kernel::TypedId as _;

use super::*;

#[test]
fn a_grouping_is_read_strictly() {
    assert_eq!(GroupBy::parse("provider").unwrap(), GroupBy::Provider);
    assert_eq!(GroupBy::parse("region").unwrap(), GroupBy::Region);
    let label = |key: &str| GroupBy::Label(key.into());
    assert_eq!(GroupBy::parse("label:team").unwrap(), label("team"));
    assert_eq!(GroupBy::parse("label:example.org/a:b").unwrap(), label("example.org/a:b"));
    let long = format!("label:{}", "k".repeat(318));
    for text in
        ["", "name", "Provider", "provider:", "region:x", "label", "label:", "label:\0", long.as_str()]
    {
        let refused = GroupBy::parse(text);
        assert!(
            matches!(refused, Err(QueryError::InvalidFilter { parameter: "group_by", .. })),
            "{text}: {refused:?}"
        );
    }
}

/// What is asked for is a value and never a part of the statement.
#[test]
fn a_label_is_an_argument() {
    let tenant = TenantId::from_uuid(uuid::Uuid::nil());
    let key = "x') or true --";
    for at in [None, Some(7)] {
        let (sql, args) = statement(tenant, &GroupBy::Label(key.into()), at);
        assert!(!sql.contains(key));
        assert!(args.iter().any(|arg| matches!(arg, Arg::Text(text) if text == key)));
        assert!(sql.contains(&format!("t.labels ->> ${}", args.len())));
    }
}

#[test]
fn cells_that_follow_each_other_with_one_key_are_a_group() {
    let cell = |key: Option<&str>, name: &str, counts| {
        (key.map(str::to_owned), name.to_owned(), name.to_owned(), "healthy".into(), "active".into(), counts)
    };
    let cells = vec![
        cell(Some("a"), "one", [0, 1, 0, 2]),
        cell(Some("a"), "two", [0, 1, 0, 2]),
        cell(None, "three", [0, 0, 0, 1]),
    ];
    let map = assembled(Answer { position: 9, total: 4, cells }, Some(5));
    assert_eq!((map.position, map.total, map.shown, map.groups.len()), (5, 4, 3, 2));
    assert_eq!(map.groups[0].by_health, BTreeMap::from([("degraded", 1), ("healthy", 2)]));
    assert_eq!((map.groups[0].cells.len(), map.groups[1].key.as_deref()), (2, None));
    assert_eq!(assembled(Answer { position: 3, total: 0, cells: vec![] }, Some(5)).position, 3);
}
