//! Every metric of this crate, declared once.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Seconds from a request's arrival at the writer to its durable commit.
pub const APPEND_SECONDS: &str = "clustermaster_append_seconds";
/// Events a batch.
pub const BATCH_EVENTS: &str = "clustermaster_append_batch_events";
/// Requests by outcome.
pub const APPENDS: &str = "clustermaster_appends_total";
/// Events appended by this process.
pub const EVENTS: &str = "clustermaster_events_appended_total";
/// The newest position that this process knows.
pub const POSITION: &str = "clustermaster_ledger_position";
/// Requests that wait for the writer.
pub const QUEUE: &str = "clustermaster_append_queue";
/// Times the writer had to connect anew.
pub const RECONNECTS: &str = "clustermaster_writer_reconnects_total";
/// Times the built-in server had to be started again.
pub const BUILTIN_RESTARTS: &str = "clustermaster_builtin_database_restarts_total";

/// Tells the recorder what each metric means.
pub fn describe() {
    describe_histogram!(
        APPEND_SECONDS,
        Unit::Seconds,
        "Time from a request's arrival at the writer to its durable commit"
    );
    describe_histogram!(BATCH_EVENTS, Unit::Count, "Events committed together in one batch");
    describe_counter!(APPENDS, Unit::Count, "Append requests by outcome");
    describe_counter!(EVENTS, Unit::Count, "Events appended by this process");
    describe_gauge!(POSITION, Unit::Count, "The newest ledger position known to this process");
    describe_gauge!(QUEUE, Unit::Count, "Append requests waiting for the writer");
    describe_counter!(RECONNECTS, Unit::Count, "Connections that the writer had to open anew");
    describe_counter!(
        BUILTIN_RESTARTS,
        Unit::Count,
        "Times the built-in database died under the running hub and was started again"
    );
}
