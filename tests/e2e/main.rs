//! The house end to end, on real parts.

mod http;
mod journey;
mod kubernetes;
mod log;
mod outlets;
mod projections;
mod proof;
mod stores;
