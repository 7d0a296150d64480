//! Every metric of this crate, declared once.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

/// Messages by topic and outcome.
pub const MESSAGES: &str = "clustermaster_bus_messages_total";
/// Bytes of values that were acknowledged.
pub const BYTES: &str = "clustermaster_bus_bytes_total";
/// Seconds until a batch was acknowledged, or was not.
pub const DELIVERY_SECONDS: &str = "clustermaster_bus_delivery_seconds";
/// Producers that were opened.
pub const PRODUCERS: &str = "clustermaster_bus_producers_total";

/// Tells the recorder what each metric means.
pub fn describe() {
    describe_counter!(MESSAGES, Unit::Count, "Messages that were handed to the bus, by topic and outcome");
    describe_counter!(BYTES, Unit::Bytes, "Bytes of events that the bus has acknowledged");
    describe_histogram!(
        DELIVERY_SECONDS,
        Unit::Seconds,
        "Time until a batch was acknowledged by the bus, or was not"
    );
    describe_counter!(
        PRODUCERS,
        Unit::Count,
        "Producers that were opened: one at the start, and one after each failure"
    );
}

/// Messages were acknowledged (`acknowledged`), refused for good (`refused`) or not acknowledged (`away`).
pub(crate) fn messages(topic: &'static str, outcome: &'static str, count: usize) {
    counter!(MESSAGES, "topic" => topic, "outcome" => outcome).increment(count as u64);
}

/// Bytes of events were acknowledged.
pub(crate) fn bytes(count: usize) {
    counter!(BYTES).increment(count as u64);
}

/// A delivery has ended, well or not.
pub(crate) fn delivery(took: Duration) {
    histogram!(DELIVERY_SECONDS).record(took.as_secs_f64());
}

/// A producer was opened.
pub(crate) fn opened() {
    counter!(PRODUCERS).increment(1);
}
