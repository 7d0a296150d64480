//! What may be asked of a tenant, and what comes of it.

use super::events::{Created, Renamed, Resumed, Suspended, TenantEvent};
use super::state::TenantState;
use crate::kernel::{Ctx, Decider, Reason, TenantName};
use crate::refusals;

/// The tenant aggregate.
#[derive(Debug)]
pub struct Tenant;

/// What may be asked of a tenant.
#[derive(Clone, Debug, PartialEq)]
pub enum TenantCommand {
    /// Let it come to be.
    Create(TenantName),
    /// Give it another name.
    Rename(TenantName),
    /// Lock its users out.
    Suspend(Reason),
    /// Let its users back in.
    Resume,
}

refusals! {
    /// Why a command on a tenant was refused.
    pub enum TenantRefusal {
        NotFound = "tenant-not-found", NotFound, "there is no such tenant";
        AlreadyExists = "tenant-exists", Conflict, "the tenant exists already, under another name", "/name";
        Suspended = "tenant-suspended", Conflict, "the tenant is suspended";
    }
}

impl Decider for Tenant {
    const STREAM: &'static str = "tenant";
    type State = TenantState;
    type Command = TenantCommand;
    type Event = TenantEvent;
    type Refusal = TenantRefusal;

    fn initial() -> TenantState {
        TenantState::Absent
    }

    fn decide(
        state: &TenantState,
        command: TenantCommand,
        _ctx: &Ctx,
    ) -> Result<Vec<TenantEvent>, TenantRefusal> {
        match (state, command) {
            (TenantState::Absent, TenantCommand::Create(name)) => {
                Ok(vec![TenantEvent::Created(Created { name })])
            }
            (TenantState::Absent, _) => Err(TenantRefusal::NotFound),
            (
                TenantState::Active { name } | TenantState::Suspended { name },
                TenantCommand::Create(wanted),
            ) => {
                if *name == wanted {
                    Ok(vec![])
                } else {
                    Err(TenantRefusal::AlreadyExists)
                }
            }
            (TenantState::Active { name }, TenantCommand::Rename(to)) if *name != to => {
                Ok(vec![TenantEvent::Renamed(Renamed { from: name.clone(), to })])
            }
            (TenantState::Suspended { name }, TenantCommand::Rename(to)) if *name != to => {
                Err(TenantRefusal::Suspended)
            }
            (TenantState::Active { .. }, TenantCommand::Suspend(reason)) => {
                Ok(vec![TenantEvent::Suspended(Suspended { reason })])
            }
            (TenantState::Suspended { .. }, TenantCommand::Resume) => {
                Ok(vec![TenantEvent::Resumed(Resumed {})])
            }
            (_, TenantCommand::Rename(_) | TenantCommand::Suspend(_) | TenantCommand::Resume) => Ok(vec![]),
        }
    }

    fn evolve(state: TenantState, event: &TenantEvent) -> TenantState {
        match (event, state) {
            (TenantEvent::Created(body), _) => TenantState::Active { name: body.name.clone() },
            (TenantEvent::Renamed(body), TenantState::Active { .. }) => {
                TenantState::Active { name: body.to.clone() }
            }
            (TenantEvent::Suspended(_), TenantState::Active { name }) => TenantState::Suspended { name },
            (TenantEvent::Resumed(_), TenantState::Suspended { name }) => TenantState::Active { name },
            (_, state) => state,
        }
    }
}
