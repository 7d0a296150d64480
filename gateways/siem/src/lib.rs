//! Events for a SIEM: what it reads ([`format`]) and how it is reached ([`transport`]).

pub mod format;
pub mod transport;
