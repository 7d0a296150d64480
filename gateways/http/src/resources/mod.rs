//! What resources look like on the wire. Fields may be added; none is ever renamed or taken away within `/api/v1`.

mod audit;
mod cluster;
mod cluster_request;
mod cluster_test;
mod export;
mod export_request;
mod fleet;
mod fleet_diff;
mod heat_map;
mod ledger;
mod search;
mod session;
mod user;
mod words;

pub use audit::AuditLog;
pub use cluster::{
    Cluster, ClusterHealth, ClusterSummary, Failure, Issue, Node, NodeCount, Volume, Workload,
};
pub use cluster_request::{ChangeCluster, Credentials, ImportCluster, Provider, TestCluster};
pub use cluster_test::{ClusterCheck, ClusterTest, ClusterTestEvent, ClusterTestPlan};
pub use export::{Delivery, Export, ExportDeadLetter, ExportError, ExportSummary, ExportTest};
pub use export_request::{
    CreateExport, ExportCredentials, ExportFilter, ExportFormat, ExportTls, ExportTransport, ReplayExport,
};
pub use fleet::{ClusterCounts, Fleet, FleetChange};
pub use fleet_diff::{DiffKind, FleetDiff};
pub use heat_map::HeatMap;
pub use ledger::{Checkpoint, Consistency, EntryProof, LedgerHead, SigningKey, hex};
pub use search::Search;
pub use session::{Login, Me, Refresh, Session, SessionUser};
pub use user::{ChangeUser, NewUser, Role, User, UserSummary};
pub use words::{AuditOutcome, ClusterStatus, ExportStatus, Health, UserStatus};
