//! The house end to end, on real parts.

mod http;
mod journey;
mod kubernetes;
mod kurrent;
mod log;
mod projections;
mod proof;
mod replay;
mod stores;
