//! Cursors, filters and the statements that they make.

use chrono::DateTime;
use hub_domain::kernel::{TenantId, TypedId};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::list::{Arg, Count, Filter, List};
use super::page::{Cursor, Sort, SortKey};
use super::{AuditQuery, ClusterQuery, Page, QueryError};

const KEYS: &[SortKey] = &[
    SortKey { name: "name", expression: "t.name", sql_type: "text" },
    SortKey { name: "age", expression: "t.age", sql_type: "bigint" },
];
const ALLOWED: &[&str] = &["name", "age"];

fn sort(text: Option<&str>) -> Result<Sort, QueryError> {
    Sort::parse(text, "name", KEYS, ALLOWED)
}

fn cursor() -> Cursor {
    Cursor { key: "prod-1".into(), id: "cluster_01".into() }
}

fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

#[test]
fn a_cursor_fits_its_own_list_only() {
    let by_name = sort(None).unwrap();
    let text = cursor().seal(by_name, "list");

    assert_eq!(Cursor::open(&text, by_name, "list").unwrap(), cursor());
    for (order, list) in [(None, "another list"), (Some("-name"), "list"), (Some("age"), "list")] {
        let opened = Cursor::open(&text, sort(order).unwrap(), list);
        assert!(matches!(opened, Err(QueryError::InvalidCursor)), "{order:?} {list}");
    }
}

#[test]
fn a_cursor_that_was_altered_or_cut_is_refused() {
    let by_name = sort(None).unwrap();
    let text = cursor().seal(by_name, "list");
    for at in 0..text.len() {
        let mut altered = text.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        assert!(
            matches!(Cursor::open(&altered, by_name, "list"), Err(QueryError::InvalidCursor)),
            "byte {at}"
        );
        assert!(
            matches!(Cursor::open(&text[..at], by_name, "list"), Err(QueryError::InvalidCursor)),
            "cut at {at}"
        );
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_cursor_panic(text in ".{0,200}") {
        prop_assert!(Cursor::open(&text, sort(None).unwrap(), "list").is_err());
    }

    #[test]
    fn any_key_survives_the_way_round(key in any::<String>(), id in any::<String>(), list in any::<String>()) {
        let cursor = Cursor { key, id };
        let text = cursor.clone().seal(sort(Some("-age")).unwrap(), &list);
        prop_assert_eq!(Cursor::open(&text, sort(Some("-age")).unwrap(), &list).unwrap(), cursor);
    }
}

#[test]
fn only_named_columns_sort() {
    assert!(!sort(None).unwrap().descending);
    assert!(sort(Some("-age")).unwrap().descending);
    for text in ["", "-", "--name", "name;drop", "NAME", "t.name"] {
        assert!(
            matches!(sort(Some(text)), Err(QueryError::InvalidSort { allowed }) if allowed == ALLOWED),
            "{text}"
        );
    }
}

fn list(filter: Filter) -> List {
    List {
        projection: "things",
        source: "read.things t".into(),
        id: ("t.id", "text"),
        filter,
        sort: sort(Some("-age")).unwrap(),
        count: Count::All,
        identity: "things".into(),
    }
}

#[test]
fn a_page_after_a_cursor_names_every_value() {
    let mut filter = Filter::default();
    filter.and("t.tenant", "=", Arg::Uuid(Uuid::nil()));
    filter.one_of("t.status", &["a".into(), "b".into()]);
    let mut list = list(filter);
    let next = Cursor { key: "5".into(), id: "x".into() }.seal(list.sort, "things");
    let page = Page { limit: 10, cursor: Some(next), sort: None };

    let (sql, bound) = list.sql(&page).unwrap();

    assert_eq!(bound, None);
    assert!(sql.contains("where t.tenant = $1 and t.status = any($2) and (t.age, t.id) < ($3::text::bigint, $4::text::text)"), "{sql}");
    assert!(sql.contains("order by t.age desc, t.id desc limit 11"), "{sql}");
    assert!(
        matches!(list.filter.args(), [Arg::Uuid(_), Arg::Texts(_), Arg::Text(key), Arg::Text(_)] if key == "5")
    );
}

#[test]
fn a_limit_has_bounds() {
    for limit in [0, 501, u32::MAX] {
        let page = Page { limit, ..Page::default() };
        let refused = list(Filter::default()).sql(&page);
        assert!(matches!(refused, Err(QueryError::InvalidFilter { parameter: "limit", .. })), "{limit}");
    }
}

#[test]
fn values_never_become_sql() {
    let evil = "x' or true --";
    let query = ClusterQuery {
        region: vec![evil.into()],
        name: Some(evil.into()),
        label: vec![format!("{evil}={evil}"), evil.into()],
        q: Some(evil.into()),
        ..ClusterQuery::default()
    };
    let filter = query.filter(Filter::default()).unwrap();
    assert!(!filter.sql().contains("or true"), "{}", filter.sql());
    assert_eq!(filter.args().len(), 5);
}

#[test]
fn unknown_words_are_named() {
    let query = ClusterQuery { health: vec!["fine".into()], ..ClusterQuery::default() };
    let Err(QueryError::InvalidFilter { parameter, rule }) = query.filter(Filter::default()) else {
        panic!("it must be refused");
    };
    assert_eq!(
        (parameter, rule.as_str()),
        ("health", "must be one of healthy, degraded, unreachable, unknown")
    );
}

#[test]
fn versions_are_minor_or_whole_and_nothing_else() {
    let filter = |versions: &[&str]| {
        let k8s_version = versions.iter().map(|version| (*version).to_owned()).collect();
        ClusterQuery { k8s_version, ..ClusterQuery::default() }.filter(Filter::default())
    };
    let sorted = filter(&["1.29", "v1.30.1", "v1.28", "1.27.3+k3s1"]).unwrap();
    let [Arg::Texts(whole), Arg::Texts(minor)] = sorted.args() else { panic!("{:?}", sorted.args()) };
    assert_eq!(
        (&whole[..], &minor[..]),
        (&texts(&["1.30.1", "1.27.3+k3s1"])[..], &texts(&["1.29", "1.28"])[..])
    );
    assert!(filter(&["v1.29.3-eks-5e0fdde"]).is_ok());
    assert!(filter(&[]).unwrap().args().is_empty());
    for text in [
        "",
        "v",
        "1",
        "v1",
        "1.",
        "1.29.",
        "1.x",
        "vv1.29",
        "1.29-eks",
        "1.29.3-",
        "1.29.3.4",
        "1.29.3 k3s1",
        "1.29%",
        "-1.29",
        "latest",
        "1.29.3-a'b",
        "12345.1",
    ] {
        let refused = filter(&["1.30", text]);
        assert!(matches!(refused, Err(QueryError::InvalidFilter { parameter: "k8s_version", .. })), "{text}");
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn the_decommissioned_are_seen_by_those_who_ask_for_them() {
    let plain = ClusterQuery::default().filter(Filter::default()).unwrap().sql();
    assert_eq!(plain, "t.status <> 'decommissioned'");
    let query = ClusterQuery { status: vec!["decommissioned".into()], ..ClusterQuery::default() };
    assert_eq!(query.filter(Filter::default()).unwrap().sql(), "t.status = $1");
}

#[test]
fn labels_that_contradict_each_other_match_nothing() {
    let query = ClusterQuery { label: vec!["env=prod".into(), "env=test".into()], ..ClusterQuery::default() };
    assert!(query.filter(Filter::default()).unwrap().sql().contains("false"));
    let query = ClusterQuery { label: vec!["env=prod".into(), "team=a".into()], ..ClusterQuery::default() };
    let filter = query.filter(Filter::default()).unwrap();
    assert!(matches!(filter.args(), [Arg::Json(labels)] if *labels == json!({"env": "prod", "team": "a"})));
}

#[test]
fn a_span_of_time_is_counted_by_sequences_and_the_rest_up_to_a_bound() {
    let span = AuditQuery { from: Some(DateTime::UNIX_EPOCH), ..AuditQuery::default() };
    let (_, count) = span.filter(tenant(), None).unwrap();
    assert!(matches!(count, Count::Known(expression) if expression.contains("t.recorded_at >= $2")));
    let (filter, count) = AuditQuery::default().filter(tenant(), Some(7)).unwrap();
    assert!(matches!(filter.args(), [Arg::Uuid(_), Arg::Number(7)]));
    assert!(matches!(count, Count::Known(expression) if expression.contains("t.position <= $2")));
    let actor = AuditQuery { actor: vec!["user_1".into()], ..AuditQuery::default() };
    assert!(matches!(actor.filter(tenant(), None).unwrap().1, Count::AtMost(10_000)));
    let effects = AuditQuery { caused_by: vec![Uuid::nil()], ..AuditQuery::default() };
    assert!(matches!(effects.filter(tenant(), None).unwrap().1, Count::AtMost(10_000)));
    let request = AuditQuery { request_id: vec!["r".into()], ..AuditQuery::default() };
    assert!(matches!(request.filter(tenant(), None).unwrap().1, Count::AtMost(10_000)));
}

#[test]
fn a_nul_byte_is_a_value_that_nothing_has() {
    let mut filter = Filter::default();
    filter.and("t.name", "=", Arg::Text("a\0b".into()));
    assert!(matches!(filter.args(), [Arg::Text(text)] if text == "a\u{fffd}b"));
}
