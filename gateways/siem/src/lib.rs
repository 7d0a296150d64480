//! Events for a SIEM: what it reads ([`format`]), how it is reached ([`transport`]), and both together ([`outlet`]).

pub mod format;
pub mod outlet;
pub mod transport;

pub use outlet::{SiemOutlet, open};
