//! What librdkafka tells of itself: kept until somebody has to be told why nothing goes out.

use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// Keeps the last complaint. A broker that is away is tried again every second or two: that is no news each time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quiet {
    complaint: Arc<Mutex<Option<String>>>,
}

impl Quiet {
    /// What went wrong last, for people; asked for once.
    pub fn complaint(&self) -> Option<String> {
        self.complaint.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ClientContext for Quiet {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, line: &str) {
        tracing::debug!(target: "librdkafka", facility, "{line}");
    }

    fn error(&self, cause: KafkaError, reason: &str) {
        tracing::debug!(target: "librdkafka", %cause, "{reason}");
        let mut complaint = self.complaint.lock().unwrap_or_else(PoisonError::into_inner);
        // That all brokers are down says less than why one of them is.
        if cause.rdkafka_error_code() != Some(RDKafkaErrorCode::AllBrokersDown) || complaint.is_none() {
            *complaint = Some(reason.to_owned());
        }
    }
}

impl ConsumerContext for Quiet {}
