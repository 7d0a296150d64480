//! What the tests of all aggregates share: given, when, then; and what must be true of every decider.

use chrono::DateTime;
use uuid::Uuid;

use crate::kernel::{Actor, Ctx, Decider, Event, TenantId, TypedId, fold, version_of};

/// A context in which somebody acts.
pub fn ctx_of(actor: &str) -> Ctx {
    Ctx {
        now: DateTime::UNIX_EPOCH,
        actor: Actor::new(actor).unwrap(),
        tenant: TenantId::from_uuid(Uuid::from_u128(7)),
        command_id: Uuid::from_u128(8),
    }
}

pub fn ctx() -> Ctx {
    ctx_of("user_00000000000000000000000009")
}

/// The state after these events.
pub fn given<D: Decider>(events: &[D::Event]) -> D::State {
    fold::<D>(D::initial(), events)
}

/// The events that a command yields in a state.
pub fn when<D: Decider>(state: &D::State, command: D::Command) -> Result<Vec<D::Event>, D::Refusal> {
    D::decide(state, command, &ctx())
}

/// Carries commands out one after the other, checks what must be true of every step, and answers with each step:
/// the state before, the command, what it yielded, the state after.
#[allow(clippy::type_complexity)]
pub fn walk<D: Decider>(
    commands: Vec<D::Command>,
) -> Vec<(D::State, D::Command, Result<Vec<D::Event>, D::Refusal>, D::State)>
where
    D::State: PartialEq,
{
    let mut steps = vec![];
    let mut state = D::initial();
    for command in commands {
        let before = state.clone();
        let decided = when::<D>(&before, command.clone());
        let events = decided.as_deref().unwrap_or_default();
        events.iter().for_each(round_trips);
        state = fold::<D>(state, events);
        let json = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<D::State>(&json).unwrap(), state, "{json}");
        steps.push((before, command, decided, state.clone()));
    }
    steps
}

/// An event comes back from its bytes as it was, under its own name only.
pub fn round_trips<E: Event>(event: &E) {
    let bytes = event.encode().unwrap();
    assert_eq!(E::decode(event.event_type(), &bytes).unwrap(), *event);
    assert_eq!(event.encode().unwrap(), bytes, "the same event has the same bytes");
    assert!(E::TYPES.contains(&event.event_type()));
    assert_eq!(event.schema_version(), version_of(event.event_type()));
    assert!(E::decode("no.such_event.v1", &bytes).is_err());
    assert!(E::decode(event.event_type(), b"[").is_err());
    let tagged = serde_json::to_value(event).unwrap();
    assert_eq!(tagged["type"], event.event_type());
}
