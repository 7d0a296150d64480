//! What the log says of itself. The writer's metrics bear the names of the writer on PostgreSQL: one process has one log.

use metrics::{Unit, describe_counter, describe_gauge};

/// Seconds from a request's arrival at the writer to its durable append.
pub(crate) const APPEND_SECONDS: &str = "clustermaster_append_seconds";
/// Events a batch.
pub(crate) const BATCH_EVENTS: &str = "clustermaster_append_batch_events";
/// Requests by outcome.
pub(crate) const APPENDS: &str = "clustermaster_appends_total";
/// Events appended by this process.
pub(crate) const EVENTS: &str = "clustermaster_events_appended_total";
/// The newest position that this process knows.
pub(crate) const POSITION: &str = "clustermaster_ledger_position";
/// Requests that wait for the writer.
pub(crate) const QUEUE: &str = "clustermaster_append_queue";
/// Batches that another hub's came before.
pub(crate) const OVERTAKEN: &str = "clustermaster_kurrentdb_overtaken_total";
/// Subscriptions opened.
pub(crate) const SUBSCRIPTIONS: &str = "clustermaster_kurrentdb_subscriptions_total";
/// Entries in the log that are not in the copy.
pub(crate) const COPY_LAG: &str = "clustermaster_ledger_copy_lag_entries";
/// Whether the copy has stopped.
pub(crate) const COPY_STOPPED: &str = "clustermaster_ledger_copy_stopped";

/// Tells the recorder what each metric means; the writer's are described where the writer on PostgreSQL is.
pub fn describe() {
    describe_counter!(
        OVERTAKEN,
        Unit::Count,
        "Batches that were planned anew because another hub wrote first"
    );
    describe_counter!(SUBSCRIPTIONS, Unit::Count, "Subscriptions to the ledger's stream that were opened");
    describe_gauge!(
        COPY_LAG,
        Unit::Count,
        "Entries of the log that this process knows of and has not copied yet"
    );
    describe_gauge!(
        COPY_STOPPED,
        Unit::Count,
        "1 once the copy has met an entry that does not continue the ledger"
    );
}
