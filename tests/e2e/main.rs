//! The house end to end, on real parts.

mod bus;
mod http;
mod journey;
mod kubernetes;
mod kurrent;
mod log;
mod outlets;
mod projections;
mod proof;
mod replay;
mod siem;
mod stores;
