//! Every metric of this crate, declared once.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// Requests by route, method and status.
pub const REQUESTS: &str = "clustermaster_http_requests_total";
/// Seconds to the head of the answer.
pub const REQUEST_SECONDS: &str = "clustermaster_http_request_seconds";
/// Open event streams.
pub const STREAMS: &str = "clustermaster_http_event_streams";
/// Requests turned away by a rate limit.
pub const RATE_LIMITED: &str = "clustermaster_http_rate_limited_total";

/// Tells the recorder what each metric means.
pub fn describe() {
    describe_counter!(REQUESTS, Unit::Count, "HTTP requests by route, method and status");
    describe_histogram!(
        REQUEST_SECONDS,
        Unit::Seconds,
        "Time from a request's arrival to the head of its answer"
    );
    describe_gauge!(STREAMS, Unit::Count, "Open event streams");
    describe_counter!(RATE_LIMITED, Unit::Count, "HTTP requests turned away, by the limit that was met");
}

/// One request was answered. `route` is the template: its values are bounded.
pub(crate) fn request(route: &str, method: &Method, status: StatusCode, took: Duration) {
    let method = known(method);
    let status = status.as_str().to_owned();
    counter!(REQUESTS, "route" => route.to_owned(), "method" => method, "status" => status).increment(1);
    histogram!(REQUEST_SECONDS, "route" => route.to_owned(), "method" => method).record(took.as_secs_f64());
}

/// One request was turned away by a limit.
pub(crate) fn rate_limited(limit: &'static str) {
    counter!(RATE_LIMITED, "limit" => limit).increment(1);
}

/// A stream was opened (`1.0`) or closed (`-1.0`).
pub(crate) fn streams(change: f64) {
    gauge!(STREAMS).increment(change);
}

/// A method's name; whatever a client made up counts as one.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}
