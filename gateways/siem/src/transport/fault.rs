//! The two faults of a way out, in words.

use std::time::Duration;

use hub_projections::outlet::{Fault, Undelivered};

/// The longest wait that another side can ask for.
const LONGEST: Duration = Duration::from_hours(1);

/// To be tried again.
pub(crate) fn away(delivered: usize, message: impl Into<String>) -> Undelivered {
    later(delivered, None, message)
}

/// To be tried again, not before a while.
pub(crate) fn later(delivered: usize, after: Option<Duration>, message: impl Into<String>) -> Undelivered {
    let after = after.map(|after| after.min(LONGEST));
    Undelivered { delivered, fault: Fault::Away { after }, message: message.into() }
}

/// The message behind the delivered ones will never be taken.
pub(crate) fn poison(delivered: usize, message: impl Into<String>) -> Undelivered {
    Undelivered { delivered, fault: Fault::Poison, message: message.into() }
}
