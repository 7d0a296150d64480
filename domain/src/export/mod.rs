//! A SIEM export: a stream of the tenant's events to a place outside.

mod state;

pub use state::{Filter, Format, SaslMechanism, Tls, Transport};
