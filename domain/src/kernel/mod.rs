//! The kernel: the one shape that every aggregate has.

pub mod address;
mod event;
mod id;
mod text;
mod upcast;

#[cfg(test)]
mod tests;

use std::fmt::{Debug, Display};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

pub use event::{CodecError, Event, Metadata, untag, version_of};
pub use id::{ClusterId, ExportId, IdError, ImportId, TenantId, TypedId, UserId};
pub use text::{Actor, ClusterName, ExportName, Labels, Reason, Region, SecretRef, TenantName, TextError};
pub use text::{Sealed, Subject};
pub use upcast::{Upcaster, step, upcast};

/// All that a decision may know of the world besides its state: the only time and identity it sees.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// When the command is being decided, UTC.
    pub now: DateTime<Utc>,
    /// Who asked: a pseudonymous subject.
    pub actor: Actor,
    /// In whose ledger the events will stand.
    pub tenant: TenantId,
    /// The command's own id (`UUIDv7`), written into every leaf that it yields.
    pub command_id: Uuid,
}

/// One aggregate: what may be decided in a state, and what an event makes of it.
///
/// `decide` is total and pure; a command on a state that already satisfies it yields no events.
pub trait Decider: Send + Sync + 'static {
    /// The stream prefix, which is also the prefix of the aggregate's id: `"cluster"`.
    const STREAM: &'static str;
    /// The states that can exist.
    type State: Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What may be asked.
    type Command: Clone + Debug + Send + Sync + 'static;
    /// What may have happened.
    type Event: Event;
    /// Why a command was refused.
    type Refusal: Refusal;

    /// The state before the first event.
    fn initial() -> Self::State;
    /// The events that the command yields, or the named reason why not.
    fn decide(
        state: &Self::State,
        command: Self::Command,
        ctx: &Ctx,
    ) -> Result<Vec<Self::Event>, Self::Refusal>;
    /// The state after an event.
    fn evolve(state: Self::State, event: &Self::Event) -> Self::State;
}

/// Folds events over a state.
pub fn fold<D: Decider>(state: D::State, events: &[D::Event]) -> D::State {
    events.iter().fold(state, D::evolve)
}

/// Why a command was refused, in a form that the edge can map without knowing the aggregate.
pub trait Refusal: std::error::Error + Display + Send + Sync + 'static {
    /// A stable kebab-case code, unique over all aggregates: `"cluster-not-found"`.
    fn code(&self) -> &'static str;
    /// Which family of answers it belongs to.
    fn kind(&self) -> RefusalKind;
    /// The JSON Pointer of the request member that broke the rule, where there is one.
    fn pointer(&self) -> Option<&'static str> {
        None
    }
}

/// The families of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// What the command names does not exist.
    NotFound,
    /// The present state forbids the command.
    Conflict,
    /// The command breaks a rule whatever the state.
    Invalid,
    /// The actor may never do this to this target.
    Forbidden,
}

/// Declares the named refusals of an aggregate.
///
/// Each line is `Variant = "stable-code", Kind, "message"` and optionally `, "/json/pointer"`.
#[macro_export]
macro_rules! refusals {
    ($(#[$doc:meta])* $vis:vis enum $name:ident {
        $($variant:ident = $code:literal, $kind:ident, $message:literal $(, $pointer:literal)?;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ::thiserror::Error)]
        $vis enum $name {
            $(#[doc = $message] #[error($message)] $variant),*
        }

        impl $name {
            /// Every refusal of the family: its code, its kind and its message.
            pub const ALL: &'static [(&'static str, $crate::kernel::RefusalKind, &'static str)] =
                &[$(($code, $crate::kernel::RefusalKind::$kind, $message)),*];
        }

        impl $crate::kernel::Refusal for $name {
            fn code(&self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            fn kind(&self) -> $crate::kernel::RefusalKind {
                match self { $(Self::$variant => $crate::kernel::RefusalKind::$kind),* }
            }

            fn pointer(&self) -> Option<&'static str> {
                match self { $(Self::$variant => [$($pointer)?].first().copied()),* }
            }
        }
    };
}
