//! What may be asked of an import, and what comes of it.

use super::events::{Completed, ImportEvent, Started};
use super::state::{ImportState, Tally};
use crate::kernel::{Ctx, Decider};
use crate::refusals;

/// The import aggregate: one for each source and tenant.
#[derive(Debug)]
pub struct Import;

/// What may be asked of an import.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportCommand {
    /// Begin to bring events in; while it runs, go on.
    Start {
        /// The source's name.
        source: String,
    },
    /// The source was read to its end.
    Complete(Tally),
}

refusals! {
    /// Why a command on an import was refused.
    pub enum ImportRefusal {
        NotRunning = "import-not-running", Conflict, "the import does not run";
    }
}

impl Decider for Import {
    const STREAM: &'static str = "import";
    type State = ImportState;
    type Command = ImportCommand;
    type Event = ImportEvent;
    type Refusal = ImportRefusal;

    fn initial() -> ImportState {
        ImportState::Absent
    }

    fn decide(
        state: &ImportState,
        command: ImportCommand,
        _ctx: &Ctx,
    ) -> Result<Vec<ImportEvent>, ImportRefusal> {
        match (state, command) {
            (ImportState::Running { .. }, ImportCommand::Start { .. }) => Ok(vec![]),
            (_, ImportCommand::Start { source }) => Ok(vec![ImportEvent::Started(Started { source })]),
            (ImportState::Running { .. }, ImportCommand::Complete(tally)) => {
                Ok(vec![ImportEvent::Completed(Completed { tally })])
            }
            (ImportState::Completed { tally, .. }, ImportCommand::Complete(again)) if *tally == again => {
                Ok(vec![])
            }
            (_, ImportCommand::Complete(_)) => Err(ImportRefusal::NotRunning),
        }
    }

    fn evolve(state: ImportState, event: &ImportEvent) -> ImportState {
        match (event, state) {
            (ImportEvent::Started(body), _) => ImportState::Running { source: body.source.clone() },
            (ImportEvent::Completed(body), ImportState::Running { source }) => {
                ImportState::Completed { source, tally: body.tally }
            }
            (ImportEvent::Completed(_), state) => state,
        }
    }
}
