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
        /// The hub's verifier key that signs its ledger since the newest rotation; none before the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signing_key: Option<String>,
    },
    /// Its users are locked out.
    Suspended {
        /// Its name.
        name: TenantName,
        /// The hub's verifier key that signs its ledger since the newest rotation; none before the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signing_key: Option<String>,
    },
}

impl TenantState {
    /// The name and the key of a tenant that is there.
    pub(super) fn parts(&self) -> Option<(&TenantName, Option<&str>)> {
        match self {
            Self::Absent => None,
            Self::Active { name, signing_key } | Self::Suspended { name, signing_key } => {
                Some((name, signing_key.as_deref()))
            }
        }
    }

    /// The same with another name or key.
    pub(super) fn with(mut self, change: impl FnOnce(&mut TenantName, &mut Option<String>)) -> Self {
        if let Self::Active { name, signing_key } | Self::Suspended { name, signing_key } = &mut self {
            change(name, signing_key);
        }
        self
    }
}
