//! The bridge to cqrs-es, first half: any [`Decider`] as an aggregate, any [`Event`] as a domain event.

use std::fmt;
use std::marker::PhantomData;

use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::{EventUpcaster, SerializedEvent};
use cqrs_es::{Aggregate, DomainEvent};
use hub_domain::{Ctx, Decider, Event};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The folded state of a decider: what cqrs-es calls an aggregate.
pub struct Folded<D: Decider> {
    state: D::State,
}

impl<D: Decider> Folded<D> {
    /// Wraps a state.
    pub fn new(state: D::State) -> Self {
        Self { state }
    }

    /// The state.
    pub fn state(&self) -> &D::State {
        &self.state
    }

    /// The state, unwrapped.
    pub fn into_state(self) -> D::State {
        self.state
    }
}

impl<D: Decider> Default for Folded<D> {
    fn default() -> Self {
        Self::new(D::initial())
    }
}

impl<D: Decider> fmt::Debug for Folded<D> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Folded").field(&self.state).finish()
    }
}

impl<D: Decider> Serialize for Folded<D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.state.serialize(serializer)
    }
}

impl<'de, D: Decider> Deserialize<'de> for Folded<D> {
    fn deserialize<R: Deserializer<'de>>(deserializer: R) -> Result<Self, R::Error> {
        D::State::deserialize(deserializer).map(Self::new)
    }
}

impl<D: Decider> Aggregate for Folded<D> {
    const TYPE: &'static str = D::STREAM;
    type Command = D::Command;
    type Event = Wire<D::Event>;
    type Error = D::Refusal;
    /// The only time and identity that a decision sees.
    type Services = Ctx;

    async fn handle(
        &mut self,
        command: D::Command,
        ctx: &Ctx,
        sink: &EventSink<Self>,
    ) -> Result<(), D::Refusal> {
        for event in D::decide(&self.state, command, ctx)? {
            // The sink applies the event to `self` at once: whoever holds the aggregate must not do so again.
            sink.write(Wire(event), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Wire<D::Event>) {
        let state = std::mem::replace(&mut self.state, D::initial());
        self.state = D::evolve(state, &event.0);
    }
}

/// An event in the shape that cqrs-es asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent, bound = "E: Event")]
pub struct Wire<E>(pub E);

impl<E: Event> DomainEvent for Wire<E> {
    /// The wire name.
    fn event_type(&self) -> String {
        self.0.event_type().to_owned()
    }

    /// The schema version, in decimal.
    fn event_version(&self) -> String {
        self.0.schema_version().to_string()
    }
}

/// cqrs-es' own way to read older events, by way of the family's one chain: what it makes of a stored event of an older
/// version is what the ledger's own reader makes of it.
pub struct Upcasting<E>(PhantomData<fn() -> E>);

impl<E> Default for Upcasting<E> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<E: Event> Upcasting<E> {
    fn present(stored: &SerializedEvent) -> Result<E, serde_json::Error> {
        serde_json::from_value(stored.payload.clone())
    }
}

impl<E: Event> EventUpcaster for Upcasting<E> {
    fn can_upcast(&self, event_type: &str, _event_version: &str) -> bool {
        E::UPCASTERS.iter().any(|(older, _)| *older == event_type)
    }

    /// Leaves an event that cannot be read as it is: whoever reads it next says what is wrong with it.
    fn upcast(&self, mut stored: SerializedEvent) -> SerializedEvent {
        if let Ok(event) = Self::present(&stored)
            && let Ok(payload) = serde_json::to_value(&event)
        {
            stored.payload = payload;
            event.event_type().clone_into(&mut stored.event_type);
            stored.event_version = event.schema_version().to_string();
        }
        stored
    }
}

#[cfg(test)]
mod tests;
