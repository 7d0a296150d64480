//! What may be asked of a tenant, and what comes of it.

use super::events::{Created, Renamed, Resumed, SigningKeyRotated, Suspended, TenantEvent};
use super::state::TenantState;
use crate::kernel::{Ctx, Decider, Reason, TenantName};
use crate::ledger::Rotation;
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
    /// Record that another key signs its ledger: a note that both keys have signed.
    RotateSigningKey(String),
}

refusals! {
    /// Why a command on a tenant was refused.
    pub enum TenantRefusal {
        NotFound = "tenant-not-found", NotFound, "there is no such tenant";
        AlreadyExists = "tenant-exists", Conflict, "the tenant exists already, under another name", "/name";
        Suspended = "tenant-suspended", Conflict, "the tenant is suspended";
        NoRotation = "signing-key-rotation-unsigned", Invalid, "the rotation must be signed with the old key and the new one";
        AnotherSigningKey = "signing-key-another", Conflict, "the rotation begins with another key than the one that signs the ledger";
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
        let Some((name, signing_key)) = state.parts() else {
            return match command {
                TenantCommand::Create(name) => Ok(vec![TenantEvent::Created(Created { name })]),
                _ => Err(TenantRefusal::NotFound),
            };
        };
        let suspended = matches!(state, TenantState::Suspended { .. });
        Ok(match command {
            TenantCommand::Create(wanted) if *name != wanted => return Err(TenantRefusal::AlreadyExists),
            TenantCommand::Rename(to) if *name != to => {
                if suspended {
                    return Err(TenantRefusal::Suspended);
                }
                vec![TenantEvent::Renamed(Renamed { from: name.clone(), to })]
            }
            TenantCommand::Suspend(reason) if !suspended => {
                vec![TenantEvent::Suspended(Suspended { reason })]
            }
            TenantCommand::Resume if suspended => vec![TenantEvent::Resumed(Resumed {})],
            TenantCommand::RotateSigningKey(statement) => rotated(signing_key, statement)?,
            _ => vec![],
        })
    }

    fn evolve(state: TenantState, event: &TenantEvent) -> TenantState {
        match (event, state) {
            (TenantEvent::Created(body), _) => {
                TenantState::Active { name: body.name.clone(), signing_key: None }
            }
            (TenantEvent::Renamed(body), state @ TenantState::Active { .. }) => {
                state.with(|name, _| name.clone_from(&body.to))
            }
            (TenantEvent::Suspended(_), TenantState::Active { name, signing_key }) => {
                TenantState::Suspended { name, signing_key }
            }
            (TenantEvent::Resumed(_), TenantState::Suspended { name, signing_key }) => {
                TenantState::Active { name, signing_key }
            }
            (TenantEvent::SigningKeyRotated(body), state) => {
                let to = Rotation::open(&body.statement).ok().map(|rotation| rotation.to().to_string());
                state.with(|_, key| *key = to.or(key.take()))
            }
            (_, state) => state,
        }
    }
}

fn rotated(known: Option<&str>, statement: String) -> Result<Vec<TenantEvent>, TenantRefusal> {
    let rotation = Rotation::open(&statement).map_err(|_| TenantRefusal::NoRotation)?;
    let (from, to) = (rotation.from().to_string(), rotation.to().to_string());
    match known {
        Some(known) if known == to => Ok(vec![]),
        Some(known) if known != from => Err(TenantRefusal::AnotherSigningKey),
        _ => Ok(vec![TenantEvent::SigningKeyRotated(SigningKeyRotated { statement })]),
    }
}
