//! Who may do what: one table, and nothing that is not in it.

use std::collections::BTreeSet;

use hub_domain::kernel::{Actor, TenantId};
use hub_domain::user::Role;
use uuid::Uuid;

/// Who stands behind a command or a query. There is no anonymous caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The pseudonymous subject.
    pub actor: Actor,
    /// The tenant in which the caller acts: nothing outside it exists for them.
    pub tenant: TenantId,
    /// What the caller may do.
    pub grant: Grant,
}

/// Where a caller's rights come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// A signed-in user.
    User {
        /// The roles.
        roles: BTreeSet<Role>,
        /// The session.
        session: Uuid,
    },
    /// The hub itself: a flow that records what it did or saw.
    System,
}

/// What can be permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// See the fleet and its clusters.
    ReadClusters,
    /// Import, change and decommission clusters.
    ManageClusters,
    /// Record what was observed of a cluster.
    ObserveClusters,
    /// See users.
    ReadUsers,
    /// Register, change and delete users.
    ManageUsers,
    /// Change one's own password, sign out.
    ManageSelf,
    /// Read the audit log.
    ReadAudit,
    /// See in it from where somebody acted: personal data.
    ReadPersonal,
    /// See exports.
    ReadExports,
    /// Create, pause, replay and delete exports: events leave the hub by them.
    ManageExports,
    /// Record that a sign-in was refused, where no user stands behind the call.
    RecordSignIns,
    /// Create a tenant with its first administrator.
    ManageTenants,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 12] = [
        Self::ReadClusters,
        Self::ManageClusters,
        Self::ObserveClusters,
        Self::ReadUsers,
        Self::ManageUsers,
        Self::ManageSelf,
        Self::ReadAudit,
        Self::ReadPersonal,
        Self::ReadExports,
        Self::ManageExports,
        Self::RecordSignIns,
        Self::ManageTenants,
    ];

    /// The wire name, for errors and tests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadClusters => "clusters:read",
            Self::ManageClusters => "clusters:manage",
            Self::ObserveClusters => "clusters:observe",
            Self::ReadUsers => "users:read",
            Self::ManageUsers => "users:manage",
            Self::ManageSelf => "self:manage",
            Self::ReadAudit => "audit:read",
            Self::ReadPersonal => "audit:read-personal",
            Self::ReadExports => "exports:read",
            Self::ManageExports => "exports:manage",
            Self::RecordSignIns => "sign-ins:record",
            Self::ManageTenants => "tenants:manage",
        }
    }
}

/// The one table. What it does not name is denied.
const TABLE: &[(Role, &[Permission])] = &[
    (
        Role::Admin,
        &[
            Permission::ReadClusters,
            Permission::ManageClusters,
            Permission::ReadUsers,
            Permission::ManageUsers,
            Permission::ManageSelf,
            Permission::ReadAudit,
            Permission::ReadPersonal,
            Permission::ReadExports,
            Permission::ManageExports,
        ],
    ),
    (
        Role::Operator,
        &[
            Permission::ReadClusters,
            Permission::ManageClusters,
            Permission::ManageSelf,
            Permission::ReadAudit,
            Permission::ReadExports,
        ],
    ),
    (Role::Viewer, &[Permission::ReadClusters, Permission::ManageSelf]),
];

/// What the hub itself may do, with no user behind it.
const SYSTEM: &[Permission] =
    &[Permission::ObserveClusters, Permission::RecordSignIns, Permission::ManageTenants];

/// The caller lacks a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this needs the permission `{}`", .0.as_str())]
pub struct Denied(pub Permission);

impl Caller {
    /// The hub itself, acting in a tenant.
    pub fn system(name: &str, tenant: TenantId) -> Self {
        let actor = Actor::new(format!("system:{name}")).expect("flow names are plain words");
        Self { actor, tenant, grant: Grant::System }
    }

    /// Passes when the table grants the permission.
    pub fn authorise(&self, permission: Permission) -> Result<(), Denied> {
        let granted = match &self.grant {
            Grant::System => SYSTEM.contains(&permission),
            Grant::User { roles, .. } => {
                TABLE.iter().any(|(role, granted)| roles.contains(role) && granted.contains(&permission))
            }
        };
        if granted { Ok(()) } else { Err(Denied(permission)) }
    }

    /// The session, when a user stands behind the call.
    pub fn session(&self) -> Option<Uuid> {
        match &self.grant {
            Grant::User { session, .. } => Some(*session),
            Grant::System => None,
        }
    }
}

#[cfg(test)]
mod tests;
