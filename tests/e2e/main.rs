//! The house end to end, on real parts.

mod journey;
mod kubernetes;
mod log;
mod http;
mod projections;
mod stores;
