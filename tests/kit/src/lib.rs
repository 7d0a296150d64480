//! Room.

pub mod memory_log;

pub use memory_log::MemoryLog;
