//! The states in which a tenant can be.

use serde::{Deserialize, Serialize};

use crate::kernel::TenantName;

/// Every state that a tenant can be in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TenantState {
    /// Nothing is known under this id.
    #[default]
    Absent,
    /// Its users may work.
    Active {
        /// Its name.
        name: TenantName,
    },
    /// Its users are locked out.
    Suspended {
        /// Its name.
        name: TenantName,
    },
}
