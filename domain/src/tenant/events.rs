//! What can happen to a tenant.

use serde::{Deserialize, Serialize};

use crate::events;
use crate::kernel::{Reason, TenantName};

events! {
    /// What can happen to a tenant.
    pub enum TenantEvent {
        /// It came to be: the first event of its ledger.
        Created(Created) = "tenant.created.v1",
        /// It has another name.
        Renamed(Renamed) = "tenant.renamed.v1",
        /// Its users are locked out; its ledger stays readable to the operator.
        Suspended(Suspended) = "tenant.suspended.v1",
        /// Its users may come back.
        Resumed(Resumed) = "tenant.resumed.v1",
        /// The key that signs its ledger gave way to another.
        SigningKeyRotated(SigningKeyRotated) = "tenant.signing_key_rotated.v1",
    }
}

/// Body of `tenant.created.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Created {
    /// Its name, unique in the hub.
    pub name: TenantName,
}

/// Body of `tenant.renamed.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Renamed {
    /// Before.
    pub from: TenantName,
    /// After.
    pub to: TenantName,
}

/// Body of `tenant.suspended.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suspended {
    /// Why.
    pub reason: Reason,
}

/// Body of `tenant.resumed.v1`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resumed {}

/// Body of `tenant.signing_key_rotated.v1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SigningKeyRotated {
    /// The rotation, signed with both keys ([`crate::ledger::Rotation`]).
    pub statement: String,
}
