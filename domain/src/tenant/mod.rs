//! A tenant: an organisation with a ledger of its own.

mod decide;
mod events;
mod state;
#[cfg(test)]
mod tests;

pub use decide::{Tenant, TenantCommand, TenantRefusal};
pub use events::{Created, Renamed, Resumed, SigningKeyRotated, Suspended, TenantEvent};
pub use state::TenantState;
