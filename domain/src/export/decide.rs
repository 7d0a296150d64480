//! What may be asked of an export, and what comes of it.

use super::events::{Created, DeadLettersRetried, Deleted, ExportEvent, Paused, Replayed, Resumed};
use super::state::{ExportState, Spec};
use crate::kernel::{Ctx, Decider};
use crate::refusals;

/// The export aggregate.
#[derive(Debug)]
pub struct Export;

/// What may be asked of an export.
#[derive(Clone, Debug, PartialEq)]
pub enum ExportCommand {
    /// Let it come to be.
    Create(Box<Spec>),
    /// Let events wait.
    Pause,
    /// Let them go out again.
    Resume,
    /// Let them go out once more, from this position on.
    Replay {
        /// The first ledger position.
        from: u64,
    },
    /// Try again what was set aside.
    RetryDeadLetters,
    /// End it for good.
    Delete,
}

refusals! {
    /// Why a command on an export was refused.
    pub enum ExportRefusal {
        NotFound = "export-not-found", NotFound, "there is no such export";
        AlreadyExists = "export-exists", Conflict, "an export with this id exists already, with another description", "/name";
        Gone = "export-gone", Conflict, "the export has been deleted";
        NoPosition = "export-position-zero", Invalid, "the ledger's first position is 1", "/from";
    }
}

impl Decider for Export {
    const STREAM: &'static str = "export";
    type State = ExportState;
    type Command = ExportCommand;
    type Event = ExportEvent;
    type Refusal = ExportRefusal;

    fn initial() -> ExportState {
        ExportState::Absent
    }

    fn decide(
        state: &ExportState,
        command: ExportCommand,
        _ctx: &Ctx,
    ) -> Result<Vec<ExportEvent>, ExportRefusal> {
        if let ExportCommand::Create(spec) = command {
            return create(state, spec);
        }
        let paused = match state {
            ExportState::Absent => return Err(ExportRefusal::NotFound),
            ExportState::Deleted(_) if command == ExportCommand::Delete => return Ok(vec![]),
            ExportState::Deleted(_) => return Err(ExportRefusal::Gone),
            ExportState::Paused(_) => true,
            ExportState::Active(_) => false,
        };
        Ok(match command {
            ExportCommand::Create(_) => unreachable!("answered above"),
            ExportCommand::Pause if paused => vec![],
            ExportCommand::Pause => vec![ExportEvent::Paused(Paused {})],
            ExportCommand::Resume if paused => vec![ExportEvent::Resumed(Resumed {})],
            ExportCommand::Resume => vec![],
            ExportCommand::Replay { from: 0 } => return Err(ExportRefusal::NoPosition),
            ExportCommand::Replay { from } => vec![ExportEvent::Replayed(Replayed { from })],
            ExportCommand::RetryDeadLetters => vec![ExportEvent::DeadLettersRetried(DeadLettersRetried {})],
            ExportCommand::Delete => vec![ExportEvent::Deleted(Deleted {})],
        })
    }

    fn evolve(state: ExportState, event: &ExportEvent) -> ExportState {
        match (event, state) {
            (ExportEvent::Created(body), _) => ExportState::Active(Spec::clone(&body.spec)),
            (ExportEvent::Paused(_), ExportState::Active(spec)) => ExportState::Paused(spec),
            (ExportEvent::Resumed(_), ExportState::Paused(spec)) => ExportState::Active(spec),
            (ExportEvent::Deleted(_), ExportState::Active(spec) | ExportState::Paused(spec)) => {
                ExportState::Deleted(spec)
            }
            (_, state) => state,
        }
    }
}

fn create(state: &ExportState, spec: Box<Spec>) -> Result<Vec<ExportEvent>, ExportRefusal> {
    match state {
        ExportState::Absent => Ok(vec![ExportEvent::Created(Created { spec })]),
        ExportState::Deleted(_) => Err(ExportRefusal::Gone),
        known if known.spec() == Some(&*spec) => Ok(vec![]),
        _ => Err(ExportRefusal::AlreadyExists),
    }
}
