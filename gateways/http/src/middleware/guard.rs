//! Bounds on how much is done at once and for how long, and the headers that every answer carries.

use std::any::Any;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::gate;
use crate::app::App;
use crate::problem::{Entry, Problem};

/// For how long one request may be worked on, streams excepted.
pub const DEADLINE: Duration = Duration::from_secs(30);
/// The one route whose answer has no end.
pub const STREAM: &str = "/api/v1/events";

/// Sheds what comes while too much is under way, and cuts off what takes too long.
pub async fn bound(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    if gate::public(request.method(), route) == Some(gate::Public::Unlimited) {
        return next.run(request).await;
    }
    let endless = route == STREAM;
    let Ok(_turn) = app.turns().try_acquire() else {
        return Problem::new(Entry::OVERLOADED).retry_after(1).into_response();
    };
    if endless {
        return next.run(request).await;
    }
    match tokio::time::timeout(DEADLINE, next.run(request)).await {
        Ok(response) => response,
        // A command runs on to its end all the same: its key tells later what came of it.
        Err(_) => Problem::new(Entry::TIMED_OUT)
            .detail("a command may still be recorded; a repeat under the same Idempotency-Key tells")
            .retry_after(1)
            .into_response(),
    }
}

/// Adds what browsers and caches must know.
pub async fn secure(State(app): State<App>, request: Request, next: Next) -> Response {
    const ALWAYS: [(HeaderName, &str); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if app.settings().tls {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    // Answers are somebody's own data unless a route says otherwise.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// A panic is a failure of one request, not of the hub. What it said goes to the log.
#[allow(clippy::needless_pass_by_value, reason = "the layer hands it over so")]
pub fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response {
    let said =
        cause.downcast_ref::<String>().map(String::as_str).or_else(|| cause.downcast_ref::<&str>().copied());
    tracing::error!(said = said.unwrap_or("nothing"), "a request panicked");
    Problem::new(Entry::INTERNAL).into_response()
}
