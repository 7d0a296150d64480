//! A SIEM export: a stream of the tenant's events to a place outside.

mod decide;
mod events;
mod rules;
mod state;
#[cfg(test)]
mod tests;

pub use decide::{Export, ExportCommand, ExportRefusal};
pub use events::{Created, DeadLettersRetried, Deleted, ExportEvent, Paused, Replayed, Resumed};
pub use rules::{Breach, check, check_secrets};
pub use state::{Credentials, ExportState, Filter, Format, SaslMechanism, Spec, Tls, Transport};
