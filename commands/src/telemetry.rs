//! The metrics of this crate, each declared once: name, help text, and where it is counted.

use std::time::Duration;

/// Commands by name and outcome.
pub const COMMANDS: &str = "clustermaster_commands_total";
/// How long commands took.
pub const COMMAND_SECONDS: &str = "clustermaster_command_seconds";
/// Looks at clusters by outcome.
pub const OBSERVATIONS: &str = "clustermaster_observations_total";
/// How long looks at clusters took.
pub const OBSERVATION_SECONDS: &str = "clustermaster_observation_seconds";
/// How late looks at clusters began.
pub const OBSERVATION_LAG_SECONDS: &str = "clustermaster_observation_lag_seconds";
/// How many clusters are being observed.
pub const OBSERVED_CLUSTERS: &str = "clustermaster_observed_clusters";
/// Whether this process is the one that observes.
pub const OBSERVER_ACTIVE: &str = "clustermaster_observer_active";

/// Refused commands by what became of their record.
pub const REFUSALS: &str = "clustermaster_refusals_total";

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts values by size, in seconds.
    Seconds,
}

/// Every metric of this crate: name, kind, help text.
pub const METRICS: &[(&str, Kind, &str)] = &[
    (COMMANDS, Kind::Counter, "Commands by name and outcome."),
    (COMMAND_SECONDS, Kind::Seconds, "Time from a command's arrival to its receipt or refusal, by name."),
    (OBSERVATIONS, Kind::Counter, "Looks at managed clusters by outcome: answered, failed or skipped."),
    (OBSERVATION_SECONDS, Kind::Seconds, "Time that a look at a managed cluster took."),
    (OBSERVATION_LAG_SECONDS, Kind::Seconds, "Time between when a look was due and when it began."),
    (OBSERVED_CLUSTERS, Kind::Gauge, "Clusters that this process observes."),
    (
        REFUSALS,
        Kind::Counter,
        "Refused commands of users: recorded, counted beyond the bound, or failed to be recorded.",
    ),
    (OBSERVER_ACTIVE, Kind::Gauge, "1 while this process holds the turn to observe the fleet, 0 otherwise."),
];

/// Gives every metric its help text. Call once, after the recorder is installed.
pub fn describe() {
    for (name, kind, help) in METRICS {
        match kind {
            Kind::Counter => metrics::describe_counter!(*name, *help),
            Kind::Gauge => metrics::describe_gauge!(*name, *help),
            Kind::Seconds => metrics::describe_histogram!(*name, metrics::Unit::Seconds, *help),
        }
    }
}

pub(crate) fn refusal(outcome: &'static str) {
    metrics::counter!(REFUSALS, "outcome" => outcome).increment(1);
}

pub(crate) fn command(name: &'static str, outcome: &'static str, took: Duration) {
    metrics::counter!(COMMANDS, "command" => name, "outcome" => outcome).increment(1);
    metrics::histogram!(COMMAND_SECONDS, "command" => name).record(took.as_secs_f64());
}

#[cfg(test)]
mod tests;
