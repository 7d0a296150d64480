use super::*;

fn query(q: &str) -> SearchQuery {
    SearchQuery { q: q.into(), limit: 10, entries: true }
}

fn statement(query: &SearchQuery) -> (String, Vec<Arg>) {
    query.statement(TenantId::from_uuid(Uuid::nil()))
}

#[test]
fn a_text_and_a_number_of_findings_have_bounds() {
    let refused = |query: SearchQuery| match query.check() {
        Err(QueryError::InvalidFilter { parameter, .. }) => parameter,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(query("")), "q");
    assert_eq!(refused(query(&"\u{e9}".repeat(257))), "q");
    assert!(query(&"\u{e9}".repeat(256)).check().is_ok());
    for limit in [0, 51, u32::MAX] {
        assert_eq!(refused(SearchQuery { limit, ..query("x") }), "limit");
    }
}

#[test]
fn a_text_never_becomes_sql() {
    let evil = "x') or true --{}";
    let (sql, args) = statement(&query(evil));
    assert!(!sql.contains("or true"), "{sql}");
    assert!(
        matches!(&args[..], [Arg::Uuid(_), Arg::Text(one), Arg::Text(two)] if one == evil && two == evil)
    );
}

#[test]
fn a_number_is_a_position_too_and_a_uuid_an_event() {
    let added = |q: &str| statement(&query(q)).1.into_iter().nth(3);
    assert!(matches!(added("42"), Some(Arg::Number(42))));
    assert!(matches!(added("01890a5d-ac96-774b-bcce-b302099a8057"), Some(Arg::Uuid(_))));
    for q in ["-42", "+42", "4 2", "99999999999999999999", "01890a5dac96774bbcceb302099a8057", "cluster_01"] {
        assert!(added(q).is_none(), "{q}");
    }
}

#[test]
fn whoever_may_not_read_the_audit_log_asks_it_nothing() {
    let (sql, _) = statement(&SearchQuery { entries: false, ..query("42") });
    assert!(!sql.contains("audit_logs"), "{sql}");
}
