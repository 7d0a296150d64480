//! Faults, on the real binary and the real database: what was acknowledged is there once, in order and provable.

mod append;
mod crash;
mod database;
mod tamper;
