//! Bodies that were recorded once, and the step from each to its next version. They are read for ever.

use serde::Deserialize;

use super::events::{HealthChanged, IssueChanges};
use super::state::{Health, Issue, IssueName};
use crate::kernel::step;

/// Body of `cluster.health_changed.v1`: which issues came and went it did not tell.
#[derive(Deserialize)]
struct HealthChangedV1 {
    from: Health,
    to: Health,
    issues: Vec<Issue>,
}

/// To `cluster.health_changed.v2`. What was healthy had no issues: then whatever stands has just appeared.
pub(super) fn health_changed_v1(payload: &[u8]) -> Result<(&'static str, Vec<u8>), serde_json::Error> {
    step("cluster.health_changed.v2", payload, |old: HealthChangedV1| {
        let changes = (old.from == Health::Healthy).then(|| IssueChanges {
            appeared: old.issues.iter().map(IssueName::from).collect(),
            cleared: vec![],
        });
        HealthChanged { from: old.from, to: old.to, issues: old.issues, changes }
    })
}

#[cfg(test)]
mod tests;
