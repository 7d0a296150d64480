use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::FromRequestParts as _;
use axum::http::Request;
use hub_domain::kernel::ClusterName;
use hub_projections::AsOf;
use secrecy::SecretString;
use serde::Deserialize;

use super::json::{collect, is_json, parse};
use super::{AsOfParams, EventId, FreshParams, PageParams, Params};
use crate::problem::{Entry, Problem};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Outer {
    name: ClusterName,
    count: Option<u32>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    inner: Option<Inner>,
    list: Option<Vec<Inner>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Inner {
    secret: SecretString,
    kind: Option<hub_domain::cluster::Provider>,
}

fn broken(text: &str) -> (&'static str, String, String) {
    let problem = parse::<Outer>(text.as_bytes()).unwrap_err();
    let error = problem.errors().first().cloned().unwrap_or_default();
    (problem.entry().code, error.pointer.unwrap_or_else(|| "-".into()), error.detail)
}

#[test]
fn the_problem_names_the_member_and_the_rule() {
    let cases = [
        (r"{}", "/name", "is required"),
        (r#"{"name":"Prod"}"#, "/name", "must be a DNS label"),
        (r#"{"name":7}"#, "/name", "must be "),
        (r#"{"name":"a","count":"7"}"#, "/count", "must be u32"),
        (r#"{"name":"a","count":-7}"#, "/count", "must be u32"),
        (r#"{"name":"a","extra":1}"#, "/extra", "is not known here"),
        (r#"{"name":"a","ex/tr~a":1}"#, "/ex~1tr~0a", "is not known here"),
        (r#"{"name":"a","name":"b"}"#, "/name", "must stand there once"),
        (r#"{"name":"a","inner":{}}"#, "/inner/secret", "is required"),
        (r#"{"name":"a","inner":{"secret":"s","more":1}}"#, "/inner/more", "is not known here"),
        (r#"{"name":"a","inner":{"secret":"s","kind":"ibm"}}"#, "/inner/kind", "must be one of `aws`"),
        (r#"{"name":"a","list":[{"secret":"s"},{"secret":1}]}"#, "/list/1/secret", "must be a string"),
        (r#"{"name":"a","labels":{"x":1}}"#, "/labels/x", "must be a string"),
        (r"[]", "", "must be "),
        (r"null", "", "must be "),
    ];
    for (text, pointer, rule) in cases {
        let (code, at, detail) = broken(text);
        assert_eq!((code, at.as_str()), ("invalid-body", pointer), "{text}: {detail}");
        assert!(detail.contains(rule), "{text}: {detail}");
    }
}

#[test]
fn no_value_is_repeated() {
    for text in [
        r#"{"name":"a","inner":"hunter2"}"#,
        r#"{"name":"a","inner":{"secret":["hunter2"]}}"#,
        r#"{"name":"a","inner":{"secret":"s","kind":"hunter2"}}"#,
        r#"{"name":"a","count":"hunter2, expected hunter2"}"#,
    ] {
        let problem = parse::<Outer>(text.as_bytes()).unwrap_err();
        assert!(!format!("{problem:?}").contains("hunter2"), "{text}: {problem:?}");
    }
}

#[test]
fn what_is_no_json_is_refused_as_such() {
    for text in
        ["", "{", "{\"name\":", "{'name':1}", "nul", "{\"name\":\"a\"} {}", "\u{feff}{}", "{\"name\":\"a\",}"]
    {
        assert_eq!(broken(text).0, "malformed-json", "{text}");
    }
    assert_eq!(parse::<Outer>(b"{\"name\":\"\xff\"}").unwrap_err().entry(), Entry::MALFORMED_JSON);
}

#[test]
fn depth_is_bounded_outside_of_strings_only() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(broken(&nested(33)).0, "json-too-deep");
    assert_eq!(broken(&nested(100_000)).0, "json-too-deep");
    assert_eq!(broken(&nested(32)).0, "invalid-body");
    assert_eq!(broken(&format!("{{\"name\":\"\\\"{}\"}}", "[".repeat(60))).0, "invalid-body");
    assert!(
        parse::<Outer>(br#"{"name":"a","labels":{"x":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}}"#).is_ok()
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_not_kept() {
    assert_eq!(collect(Body::from(vec![b' '; 100]), 100).await.unwrap().len(), 100);
    let problem = collect(Body::from(vec![b' '; 101]), 100).await.unwrap_err();
    assert_eq!(problem.entry(), Entry::BODY_TOO_LARGE);
}

#[test]
fn only_json_is_json() {
    for (kind, fits) in [
        (Some("application/json"), true),
        (Some("Application/JSON; charset=utf-8"), true),
        (Some("text/plain"), false),
        (Some("application/jsonx"), false),
        (Some("application/x-www-form-urlencoded"), false),
        (Some(""), false),
        (None, false),
    ] {
        let mut request = Request::builder();
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        assert_eq!(is_json(request.body(()).unwrap().headers()).is_ok(), fits, "{kind:?}");
    }
}

async fn query<T>(text: &str) -> Result<T, Problem>
where
    Params<T>: axum::extract::FromRequestParts<(), Rejection = Problem>,
{
    let (mut parts, ()) = Request::builder().uri(format!("/x?{text}")).body(()).unwrap().into_parts();
    Params::<T>::from_request_parts(&mut parts, &()).await.map(|params| params.0)
}

type All = (PageParams, FreshParams, AsOfParams);

#[tokio::test]
async fn several_parts_share_one_query() {
    let (page, fresh, past) =
        query::<All>("limit=7&min_position=9&as_of=3&sort=-name&cursor=abc").await.unwrap();
    let page = page.page().unwrap();
    assert_eq!((page.limit, page.sort.as_deref(), page.cursor.as_deref()), (7, Some("-name"), Some("abc")));
    assert_eq!(fresh.min_position, Some(9));
    assert!(matches!(past.moment().unwrap(), Some(AsOf::Position(3))));
    let (page, ..) = query::<All>("").await.unwrap();
    assert_eq!(page.page().unwrap().limit, 50);
}

#[tokio::test]
async fn what_a_route_does_not_know_is_refused_by_name() {
    for (text, code, name) in [
        ("limt=7", "unknown-parameter", "limt"),
        ("limit=7&x=1", "unknown-parameter", "x"),
        ("limit=seven", "invalid-parameter", "limit"),
        ("limit=", "invalid-parameter", "limit"),
        ("limit=1&limit=2", "invalid-parameter", "limit"),
        ("min_position=-1", "invalid-parameter", "min_position"),
        ("min_position=18446744073709551616", "invalid-parameter", "min_position"),
    ] {
        let problem = query::<All>(text).await.unwrap_err();
        let parameter = problem.errors()[0].parameter.clone();
        assert_eq!((problem.entry().code, parameter.as_deref()), (code, Some(name)), "{text}");
    }
    assert_eq!(query::<()>("x=1").await.unwrap_err().entry(), Entry::UNKNOWN_PARAMETER);
    query::<()>("").await.unwrap();
}

#[derive(Debug, Default, serde::Deserialize)]
struct Period {
    #[serde(default, deserialize_with = "super::time")]
    from: Option<chrono::DateTime<chrono::Utc>>,
}

#[tokio::test]
async fn a_time_that_is_none_is_told_its_rule() {
    assert!(query::<(Period,)>("").await.unwrap().0.from.is_none());
    assert!(query::<(Period,)>("from=2026-06-01T12:00:00%2B02:00").await.unwrap().0.from.is_some());
    for text in ["from=", "from=yesterday", "from=2026-06-01"] {
        let problem = query::<(Period,)>(text).await.unwrap_err();
        assert_eq!(problem.errors()[0].detail, "must be a time such as 2026-06-01T12:00:00Z", "{text}");
    }
}

#[tokio::test]
async fn bounds_of_a_page_hold() {
    for (limit, fits) in [(0, false), (1, true), (500, true), (501, false)] {
        let (page,) = query::<(PageParams,)>(&format!("limit={limit}")).await.unwrap();
        assert_eq!(page.page().is_ok(), fits, "{limit}");
    }
}

#[tokio::test]
async fn a_moment_is_a_position_or_a_time() {
    for (text, fits) in [
        ("0", true),
        ("9223372036854775807", true),
        ("9223372036854775808", false),
        ("-1", false),
        ("", false),
        ("2026-06-01T12:00:00Z", true),
        ("2026-06-01T14:00:00.5%2B02:00", true),
        ("2026-06-01", false),
        ("2026-06-01T12:00:00", false),
        ("yesterday", false),
    ] {
        let (past,) = query::<(AsOfParams,)>(&format!("as_of={text}")).await.unwrap();
        assert_eq!(past.moment().is_ok(), fits, "{text}");
    }
}

#[tokio::test]
async fn an_event_id_has_one_spelling() {
    use axum::Router;
    use axum::routing::get;
    use tower::ServiceExt as _;
    let app = Router::new().route("/{id}", get(|EventId(id): EventId| async move { id.to_string() }));
    for (id, status) in [
        ("01890a5d-ac96-774b-bcce-b302099a8057", 200),
        ("01890A5D-AC96-774B-BCCE-B302099A8057", 200),
        ("01890a5dac96774bbcceb302099a8057", 404),
        ("%ff", 404),
        ("x", 404),
    ] {
        let request = Request::get(format!("/{id}")).body(Body::empty()).unwrap();
        assert_eq!(app.clone().oneshot(request).await.unwrap().status().as_u16(), status, "{id}");
    }
}
