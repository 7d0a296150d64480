//! The house end to end, on real parts.

mod journey;
mod log;
mod http;
mod stores;
