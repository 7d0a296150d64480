//! Every metric of this crate, declared once.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// The newest event that a projection's table has seen, as this process knows.
pub const POSITION: &str = "clustermaster_projection_position";
/// Events that a projection has not seen yet.
pub const LAG_EVENTS: &str = "clustermaster_projection_lag_events";
/// Age of the newest event in a projection's table when it came there; 0 at the end of the log.
pub const LAG_SECONDS: &str = "clustermaster_projection_lag_seconds";
/// 1 while a projection stands before an event that it cannot read.
pub const STOPPED: &str = "clustermaster_projection_stopped";
/// Seconds to fold and to write a batch of events.
pub const BATCH_SECONDS: &str = "clustermaster_projection_batch_seconds";
/// Rows of a projection's table that a check found missing, too many or different.
pub const DRIFT_ROWS: &str = "clustermaster_projection_drift_rows";
/// When a check last found a projection's table to hold what the log says.
pub const AGREED_SECONDS: &str = "clustermaster_projection_agreed_timestamp_seconds";
/// Checkpoints that this process has signed.
pub const CHECKPOINTS: &str = "clustermaster_ledger_checkpoints_total";
/// Seconds since the oldest checkpoint that no longer covers its ledger; 0 when each does.
pub const UNSIGNED_SECONDS: &str = "clustermaster_ledger_unsigned_seconds";
/// Tenants' newest checkpoints that a witness has not cosigned.
pub const UNWITNESSED: &str = "clustermaster_ledger_unwitnessed";
/// 1 once a ledger did not come to the root that had been signed over it.
pub const REWRITTEN: &str = "clustermaster_ledger_rewritten";

/// Tells the recorder what each metric means.
pub fn describe() {
    describe_gauge!(POSITION, Unit::Count, "Newest ledger position that the projection's table has seen");
    describe_gauge!(LAG_EVENTS, Unit::Count, "Events that the projection has not seen yet");
    describe_gauge!(
        LAG_SECONDS,
        Unit::Seconds,
        "Age of the newest projected event when its row was written; 0 at the end of the log"
    );
    describe_gauge!(
        STOPPED,
        Unit::Count,
        "1 while the projection stands before an event that it cannot read"
    );
    describe_gauge!(
        DRIFT_ROWS,
        Unit::Count,
        "Rows of the projection's table that the last check found missing, too many or different"
    );
    describe_gauge!(
        AGREED_SECONDS,
        Unit::Seconds,
        "When a check last found the projection's table to hold what the log says, in seconds since 1970"
    );
    describe_counter!(CHECKPOINTS, Unit::Count, "Checkpoints signed over tenants' ledgers");
    describe_gauge!(
        UNSIGNED_SECONDS,
        Unit::Seconds,
        "Time since the oldest checkpoint that no longer covers its ledger; 0 when each does"
    );
    describe_gauge!(
        REWRITTEN,
        Unit::Count,
        "1 once a ledger did not come to the root that had been signed over it"
    );
    describe_histogram!(BATCH_SECONDS, Unit::Seconds, "Time to fold and to write a batch of events");
}
