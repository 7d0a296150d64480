//! The house end to end, on real parts.

mod http;
mod stores;
