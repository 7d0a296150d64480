use axum::http::{HeaderMap, HeaderValue, Method, header};

use super::{Public, bearer, public};
use crate::problem::Entry;

#[test]
fn only_what_is_listed_is_public() {
    assert_eq!(public(&Method::POST, "/api/v1/auth/login"), Some(Public::ByAddress));
    assert_eq!(public(&Method::HEAD, "/healthz"), Some(Public::Unlimited));
    assert_eq!(public(&Method::GET, "/api/v1/auth/login"), None);
    assert_eq!(public(&Method::POST, "/healthz"), None);
    assert_eq!(public(&Method::GET, "/api/v1/clusters"), None);
    assert_eq!(public(&Method::GET, ""), None);
}

/// The document is made from the same table: every other operation demands a token there as well.
#[test]
fn the_document_and_the_gate_agree() {
    let document = serde_json::to_value(crate::openapi()).unwrap();
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let secured = operation.get("security").is_some();
            assert_eq!(secured, public(&method, path).is_none(), "{method} {path}");
            operations += 1;
        }
    }
    assert!(operations > 20, "{operations}");
}

#[test]
fn a_token_is_read_from_one_bearer_header_only() {
    let mut headers = HeaderMap::new();
    assert_eq!(bearer(&headers).unwrap_err().entry(), Entry::UNAUTHENTICATED);
    for (value, token) in
        [("Bearer abc", Some("abc")), ("bearer abc", Some("abc")), ("Basic abc", None), ("abc", None)]
    {
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
        assert_eq!(bearer(&headers).ok(), token, "{value}");
    }
    headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer abc"));
    headers.append(header::AUTHORIZATION, HeaderValue::from_static("Bearer def"));
    assert!(bearer(&headers).is_err());
    headers.insert(header::AUTHORIZATION, HeaderValue::from_bytes(b"Bearer \xff").unwrap());
    assert!(bearer(&headers).is_err());
}
