//! What resources look like on the wire. Fields may be added; none is ever renamed or taken away within `/api/v1`.

mod audit;
mod cluster;
mod fleet;
mod session;
mod user;

pub use audit::AuditLog;
pub use cluster::{
    ChangeCluster, Cluster, ClusterHealth, ClusterSummary, Credentials, ImportCluster, Issue, Node, NodeCount, Provider,
    Workload,
};
pub use fleet::Fleet;
pub use session::{Login, Me, Refresh, Session, SessionUser};
pub use user::{ChangeUser, NewUser, Role, User, UserSummary};
