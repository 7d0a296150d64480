//! An import: events of another store go under the chain of a tenant.

mod decide;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use decide::{Import, ImportCommand, ImportRefusal};
pub use events::{Completed, ImportEvent, Started};
pub use state::{ImportState, Tally};
