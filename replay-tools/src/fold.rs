//! The state of any stream, event by event: the one registry of the aggregates whose states can be shown.

use hub_domain::cluster::Cluster;
use hub_domain::export::Export;
use hub_domain::import::Import;
use hub_domain::kernel::{Decider, Event as _};
use hub_domain::ledger::Recorded;
use hub_domain::tenant::Tenant;
use hub_domain::user::User;
use serde::Deserialize as _;
use serde_json::Value;

/// Every aggregate. A new one is a line here.
pub const AGGREGATES: &[Aggregate] =
    &[of::<Tenant>(), of::<User>(), of::<Cluster>(), of::<Export>(), of::<Import>()];

/// An aggregate whose states are JSON, whatever their type.
#[derive(Clone, Copy, Debug)]
pub struct Aggregate {
    /// The prefix of its streams.
    pub stream: &'static str,
    initial: fn() -> Value,
    evolve: fn(&Value, &Recorded) -> Result<Value, String>,
}

const fn of<D: Decider>() -> Aggregate {
    Aggregate { stream: D::STREAM, initial: initial::<D>, evolve: evolve::<D> }
}

fn initial<D: Decider>() -> Value {
    serde_json::to_value(D::initial()).unwrap_or_default()
}

fn evolve<D: Decider>(state: &Value, event: &Recorded) -> Result<Value, String> {
    let state = D::State::deserialize(state).map_err(|cause| cause.to_string())?;
    let event = D::Event::decode(&event.event_type, &event.payload).map_err(|cause| cause.to_string())?;
    serde_json::to_value(D::evolve(state, &event)).map_err(|cause| cause.to_string())
}

/// The state of a stream while its events go by.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// What it is; null where the hub has no decider for such streams.
    pub value: Value,
    known: Option<usize>,
}

impl State {
    /// Before the first event of a stream.
    pub fn before(stream: &str) -> Self {
        let prefix = stream.split_once('_').map_or(stream, |(prefix, _)| prefix);
        let known = AGGREGATES.iter().position(|aggregate| aggregate.stream == prefix);
        let value = known.map_or(Value::Null, |at| (AGGREGATES[at].initial)());
        Self { value, known }
    }

    /// Whether there is a decider that folds it.
    pub fn is_folded(&self) -> bool {
        self.known.is_some()
    }

    /// After an event. One that cannot be read leaves it as it is, and says why.
    pub fn after(&self, event: &Recorded) -> (Self, Option<String>) {
        let Some(at) = self.known else { return (self.clone(), None) };
        match (AGGREGATES[at].evolve)(&self.value, event) {
            Ok(value) => (Self { value, known: self.known }, None),
            Err(cause) => (self.clone(), Some(cause)),
        }
    }
}
