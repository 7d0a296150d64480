use super::*;

type Judge = fn(&[File]) -> Vec<String>;

/// One rule, its source, and the names that its page has to have.
const RULES: &[(Judge, &str, &str, &str, &[&str])] = &[
    (
        judge_tables,
        "migrations/ledger/0001_x.sql",
        "-- create table old.one\ncreate table ledger.head (\n  one boolean\n);\nCREATE TABLE IF NOT EXISTS read.b(x int);\n\
         select format('create table read.%I', n);\ncreate view ledger.v as select 1;\n",
        TABLES,
        &["ledger.head", "read.b", "ledger.v"],
    ),
    (
        judge_events,
        "domain/src/user/events.rs",
        "/// \"user.old.v1\"\nA(A) = \"user.signed_in.v1\",\nB(B) = \"user.signed_in.v12\",\n\"user.name\", \"user.a.b\"\n",
        EVENTS,
        &["user.signed_in.v1", "user.signed_in.v12"],
    ),
    (
        judge_metrics,
        "gateways/x/src/telemetry.rs",
        "pub const A: &str = \"clustermaster_a_total\";\ncounter!(A, \"label\" => x)\n",
        METRICS,
        &["clustermaster_a_total"],
    ),
    (
        judge_routes,
        DOCUMENT,
        r#"{"paths": {"/a/{id}": {"parameters": [], "get": {}, "delete": {}}, "/b": {"post": {}}}}"#,
        ROUTES,
        &["GET /a/{id}", "DELETE /a/{id}", "POST /b"],
    ),
];

#[test]
fn a_page_that_lacks_a_name_is_seen() {
    for (judge, path, source, page, names) in RULES {
        let source = File::made_up(path, source);
        let rows: Vec<String> = names.iter().map(|name| format!("| `{name}` | x |")).collect();
        let complete = [source.clone(), File::made_up(page, &rows.join("\n"))];
        crate::none(&judge(&complete));
        for left_out in 0..rows.len() {
            let mut rows = rows.clone();
            // Its name alone, without the backticks, is not its row.
            rows[left_out] = names[left_out].to_owned();
            let complaints = judge(&[source.clone(), File::made_up(page, &rows.join("\n"))]);
            assert_eq!(complaints.len(), 1, "{complaints:?}");
            assert!(complaints[0].contains(names[left_out]), "{complaints:?}");
        }
        assert!(!judge(&complete[..1]).is_empty(), "{page} is missing");
        assert!(!judge(&complete[1..]).is_empty(), "{path} is missing");
        let hollow = [File::made_up(path, ""), complete[1].clone()];
        assert!(!judge(&hollow).is_empty(), "{path} is empty");
    }
}

#[test]
fn a_problem_without_its_row_is_seen() {
    let catalogue = File::made_up(
        CATALOGUE,
        "    INTERNAL = \"internal\", INTERNAL_SERVER_ERROR, \"a title\";\n    let x = \"no-code\";\n",
    );
    let decider = File::made_up(
        "domain/src/user/decide.rs",
        "    Gone = \"user-gone\", Conflict, \"the user has been deleted\", \"/name\";\n",
    );
    let page = |text: &str| File::made_up(PROBLEMS, text);
    crate::none(&judge_problems(&[catalogue.clone(), decider.clone(), page("`internal` `user-gone`")]));
    for text in ["`internal`", "`user-gone`"] {
        assert_eq!(judge_problems(&[catalogue.clone(), decider.clone(), page(text)]).len(), 1, "{text}");
    }
    assert!(!judge_problems(&[decider, page("`internal` `user-gone`")]).is_empty(), "no catalogue");
    assert!(!judge_problems(&[catalogue, page("`internal` `user-gone`")]).is_empty(), "no decider");
}

#[test]
fn a_metric_declared_elsewhere_is_seen() {
    let code = "metrics::counter!(\"clustermaster_a_total\").increment(1);";
    assert_eq!(declared_elsewhere(&[File::made_up("commands/src/lib.rs", code)]).len(), 1);
    crate::none(&declared_elsewhere(&[File::made_up("commands/src/telemetry.rs", code)]));
    let by_name = "metrics::counter!(telemetry::A, \"outcome\" => \"repeated\").increment(1);";
    crate::none(&declared_elsewhere(&[File::made_up("commands/src/lib.rs", by_name)]));
}
