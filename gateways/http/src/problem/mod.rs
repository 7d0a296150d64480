//! What goes wrong, as RFC 9457 `application/problem+json`.

pub mod catalogue;
mod mapping;
#[cfg(test)]
mod tests;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use catalogue::Entry;
pub use mapping::{at, refused};

use crate::middleware::trace;

/// The media type of every error.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    entry: Entry,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<u64>,
}

/// One member, parameter or header that broke a rule. Exactly one of the three names is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) into the request's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "/name")]
    pub pointer: Option<String>,
    /// Name of the query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "limit")]
    pub parameter: Option<String>,
    /// Name of the request header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "If-Match")]
    pub header: Option<String>,
    /// The rule, in words.
    pub detail: String,
}

impl FieldError {
    /// A member of the body.
    pub fn pointer(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.into()), detail: detail.into(), ..Self::default() }
    }

    /// A query parameter.
    pub fn parameter(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { parameter: Some(name.into()), detail: detail.into(), ..Self::default() }
    }

    /// A request header.
    pub fn header(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { header: Some(name.into()), detail: detail.into(), ..Self::default() }
    }
}

/// An error, as RFC 9457 shapes it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/problems/cluster-not-found", "title": "there is no such cluster", "status": 404,
    "detail": "there is no such cluster", "code": "cluster-not-found",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"
}))]
pub struct ProblemDocument {
    /// A URI reference that names the kind of problem: `/problems/` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in one sentence, the same for every occurrence.
    pub title: String,
    /// The HTTP status, once more.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// This occurrence in words.
    pub detail: String,
    /// The stable code to program against.
    #[schema(pattern = "^[a-z]+(-[a-z]+)*$")]
    pub code: String,
    /// What exactly broke which rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The W3C trace id under which the hub's logs speak of this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[0-9a-f]{32}$")]
    pub trace_id: Option<String>,
}

impl Problem {
    /// A problem whose detail is its title.
    pub fn new(entry: Entry) -> Self {
        Self { entry, detail: entry.title.to_owned(), errors: vec![], retry_after: None }
    }

    /// This occurrence in words.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Adds what broke which rule; its detail becomes the problem's detail when there is none yet.
    #[must_use]
    pub fn error(mut self, error: FieldError) -> Self {
        if self.errors.is_empty() && self.detail == self.entry.title {
            self.detail.clone_from(&error.detail);
        }
        self.errors.push(error);
        self
    }

    /// Seconds after which it makes sense to come back.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds.max(1));
        self
    }

    /// The catalogue's line.
    pub fn entry(&self) -> Entry {
        self.entry
    }

    /// What broke which rule.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// A query parameter broke its rule.
    pub fn parameter(name: &str, rule: impl Into<String>) -> Self {
        Self::new(Entry::INVALID_PARAMETER).error(FieldError::parameter(name, rule))
    }

    /// A request header broke its rule.
    pub fn header(name: &str, rule: impl Into<String>) -> Self {
        Self::new(Entry::INVALID_HEADER).error(FieldError::header(name, rule))
    }

    /// A member of the body broke its rule.
    pub fn member(pointer: &str, rule: impl Into<String>) -> Self {
        Self::new(Entry::INVALID_BODY).error(FieldError::pointer(pointer, rule))
    }

    /// A failure on our side. The cause goes to the log and nowhere else.
    pub fn internal(cause: &dyn std::error::Error) -> Self {
        tracing::error!(cause = %Chain(cause), "a request failed");
        Self::new(Entry::INTERNAL)
    }

    /// Something outside is away. The cause goes to the log and nowhere else.
    pub fn unavailable(cause: &dyn std::error::Error) -> Self {
        tracing::warn!(cause = %Chain(cause), "something that a request needs is unavailable");
        Self::new(Entry::UNAVAILABLE).retry_after(1)
    }
}

/// An error with all its causes, for the log.
struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(out, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.entry.status;
        let document = ProblemDocument {
            kind: format!("/problems/{}", self.entry.code),
            title: self.entry.title.to_owned(),
            status: status.as_u16(),
            detail: self.detail,
            code: self.entry.code.to_owned(),
            errors: self.errors,
            trace_id: trace::current().map(|ids| ids.trace_hex()),
        };
        let body = serde_json::to_vec(&document).expect("a problem is plain text and numbers");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 6750, section 3: a challenge, with the error only when a token was shown.
            let challenge = match self.entry.code {
                "unauthenticated" | "sign-in-refused" => r#"Bearer realm="clustermaster""#,
                _ => r#"Bearer realm="clustermaster", error="invalid_token""#,
            };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}
