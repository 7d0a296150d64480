//! The house end to end, on real parts.

mod bus;
mod http;
mod journey;
mod kubernetes;
mod log;
mod projections;
mod proof;
mod stores;
