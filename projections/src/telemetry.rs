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
/// 1 while this process drives an outlet.
pub const OUTLET_ACTIVE: &str = "clustermaster_outlet_active";
/// 1 while the other side takes nothing.
pub const OUTLET_AWAY: &str = "clustermaster_outlet_away";
/// Events that an outlet set aside.
pub const OUTLET_DEAD_LETTERS: &str = "clustermaster_outlet_dead_letters";
/// Events that this process has delivered.
pub const OUTLET_DELIVERED: &str = "clustermaster_outlet_delivered_total";
/// Deliveries that failed.
pub const OUTLET_FAILURES: &str = "clustermaster_outlet_failures_total";
/// Positions of the log that an outlet has not come to.
pub const OUTLET_LAG_EVENTS: &str = "clustermaster_outlet_lag_events";
/// Age of the event that went out last, or of the one that waits; 0 at the end of the log.
pub const OUTLET_LAG_SECONDS: &str = "clustermaster_outlet_lag_seconds";

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
    describe_gauge!(OUTLET_ACTIVE, Unit::Count, "1 while this process drives the outlet");
    describe_gauge!(OUTLET_AWAY, Unit::Count, "1 while the outlet's other side takes nothing");
    describe_gauge!(OUTLET_DEAD_LETTERS, Unit::Count, "Events that the outlet has set aside");
    describe_counter!(OUTLET_DELIVERED, Unit::Count, "Events that this process has delivered to the outlet");
    describe_counter!(OUTLET_FAILURES, Unit::Count, "Deliveries to the outlet that failed");
    describe_gauge!(OUTLET_LAG_EVENTS, Unit::Count, "Ledger positions that the outlet has not come to yet");
    describe_gauge!(
        OUTLET_LAG_SECONDS,
        Unit::Seconds,
        "Age of the event that went out last, or of the one that waits; 0 at the end of the log"
    );
    describe_histogram!(BATCH_SECONDS, Unit::Seconds, "Time to fold and to write a batch of events");
}
