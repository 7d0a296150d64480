use std::collections::BTreeSet;

use axum::body::to_bytes;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use hub_commands::CommandError;
use hub_commands::ports::Unavailable;
use hub_domain::cluster::ClusterRefusal;
use hub_domain::user::UserRefusal;

use super::catalogue::all;
use super::{Entry, FieldError, MEDIA_TYPE, Problem, ProblemDocument, at, refused};

async fn read(problem: Problem) -> (axum::http::HeaderMap, ProblemDocument) {
    let response = problem.into_response();
    let headers = response.headers().clone();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (headers, serde_json::from_slice(&body).unwrap())
}

#[test]
fn every_code_is_there_once_and_is_an_error() {
    let mut seen = BTreeSet::new();
    for entry in all() {
        assert!(seen.insert(entry.code), "{} is there twice", entry.code);
        assert!(entry.status.is_client_error() || entry.status.is_server_error(), "{}", entry.code);
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
        assert!(entry.code.split('-').all(plain), "{}", entry.code);
    }
    assert!(
        seen.contains("cluster-leaving") && seen.contains("user-gone") && seen.contains("tenant-suspended")
    );
}

#[test]
fn the_reference_page_names_every_code_with_its_status() {
    let page = include_str!("../../README.md");
    let missing: Vec<_> = all()
        .filter(|entry| !page.contains(&format!("| `{}` | {} |", entry.code, entry.status.as_u16())))
        .map(|entry| format!("| `{}` | {} | {} |", entry.code, entry.status.as_u16(), entry.title))
        .collect();
    assert!(missing.is_empty(), "add to gateways/http/README.md:\n{}", missing.join("\n"));
}

#[tokio::test]
async fn a_refusal_keeps_the_code_of_the_domain() {
    let (_, document) = read(refused(&ClusterRefusal::UpdateRunning)).await;
    assert_eq!((document.status, document.code.as_str()), (409, "cluster-update-running"));
    assert_eq!(document.kind, "/problems/cluster-update-running");
    assert_eq!(document.errors[0].pointer.as_deref(), Some("/credentials"));
    let (_, document) = read(CommandError::Refused(Box::new(UserRefusal::NoRoles)).into()).await;
    assert_eq!((document.status, document.errors[0].pointer.as_deref()), (422, Some("/roles")));
}

#[tokio::test]
async fn what_fails_inside_stays_inside() {
    let cause = || Unavailable::new("session store", "password=hunter2 at 10.0.0.1");
    for problem in [
        Problem::from(CommandError::Unavailable(cause())),
        Problem::from(CommandError::OutcomeUnknown(cause())),
        Problem::from(CommandError::Damaged { position: 7, what: "hunter2".into() }),
        Problem::internal(&cause()),
    ] {
        assert!(problem.entry().status.is_server_error());
        let text = serde_json::to_string(&read(problem).await.1).unwrap();
        assert!(
            !text.contains("hunter2") && !text.contains("10.0.0.1") && !text.contains("session"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn headers_say_when_to_come_back_and_how_to_sign_in() {
    let (headers, document) = read(CommandError::Overloaded { retry_after_ms: 1001 }.into()).await;
    assert_eq!((headers["retry-after"].to_str().unwrap(), document.status), ("2", 503));
    assert_eq!(headers["content-type"], MEDIA_TYPE);
    let (headers, _) = read(Problem::new(Entry::UNAUTHENTICATED)).await;
    assert_eq!(headers["www-authenticate"], r#"Bearer realm="clustermaster""#);
    let (headers, _) = read(Problem::new(Entry::TOKEN_EXPIRED)).await;
    assert!(headers["www-authenticate"].to_str().unwrap().contains("invalid_token"));
}

#[test]
fn the_detail_of_one_error_is_the_detail_of_the_problem() {
    let problem = Problem::member("/name", "must be a DNS label");
    assert_eq!(problem.detail, "must be a DNS label");
    assert_eq!(problem.entry().status, StatusCode::UNPROCESSABLE_ENTITY);
    let below = at("/credentials", problem);
    assert_eq!(below.errors(), [FieldError::pointer("/credentials/name", "must be a DNS label")]);
}
