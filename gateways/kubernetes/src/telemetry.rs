//! Every metric of this crate, declared once.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

/// Requests to API servers by resource and outcome.
pub const REQUESTS: &str = "clustermaster_kubernetes_requests_total";
/// Seconds to the head of an API server's answer.
pub const REQUEST_SECONDS: &str = "clustermaster_kubernetes_request_seconds";

/// Tells the recorder what each metric means.
pub fn describe() {
    describe_counter!(
        REQUESTS,
        Unit::Count,
        "Requests to the API servers of managed clusters, by resource and outcome"
    );
    describe_histogram!(
        REQUEST_SECONDS,
        Unit::Seconds,
        "Time from a request to a managed cluster's API server to the head of its answer, by resource"
    );
}

/// One request was answered or failed. `outcome` is `answered`, or the code of the failure.
pub(crate) fn request(resource: &'static str, outcome: String, took: Duration) {
    counter!(REQUESTS, "resource" => resource, "outcome" => outcome).increment(1);
    histogram!(REQUEST_SECONDS, "resource" => resource).record(took.as_secs_f64());
}
