//! What a look says of a cluster. Pure.

use hub_domain::cluster::{ClusterCommand, ClusterState, Credentials, Failure, Observation};

/// A cluster that answered before is believed to be gone only after this many failures in a row: networks blink.
const CONVINCING: u32 = 2;
/// A refusal of the credentials is an answer, and no blink.
const UNAUTHORIZED: &str = "unauthorized";

/// The command that records what was seen, when it is worth recording. `misses` counts the failures in a row, this
/// one included.
pub fn command(
    state: &ClusterState,
    credentials: Credentials,
    seen: Result<Observation, Failure>,
    misses: u32,
) -> Option<ClusterCommand> {
    match seen {
        Ok(observation) => Some(ClusterCommand::Observe(credentials, observation)),
        Err(failure) => {
            let convincing = misses >= CONVINCING
                || failure.code == UNAUTHORIZED
                || matches!(state, ClusterState::Importing(_));
            convincing.then_some(ClusterCommand::ObserveFailure(credentials, failure))
        }
    }
}

#[cfg(test)]
mod tests;
