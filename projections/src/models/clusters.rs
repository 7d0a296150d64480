//! `read.clusters`: every cluster, each version of it.

use chrono::{DateTime, Utc};
use hub_domain::cluster::{ClusterEvent, Failure, Health, Issue, Provider};
use hub_domain::kernel::Labels;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::{Body, Event, Poison};
use crate::projection::{Key, Kind, Projection};

/// The projection of clusters.
#[derive(Debug)]
pub struct Clusters;

/// One version of a cluster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterVersion {
    /// The tenant.
    pub tenant: Uuid,
    /// The cluster's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it runs.
    pub provider: Provider,
    /// The provider's region or the site.
    pub region: String,
    /// `importing`, `import_failed`, `active`, `updating`, `decommissioning` or `decommissioned`.
    pub status: String,
    /// `healthy`, `degraded`, `unreachable`, or `unknown` while nothing has been observed.
    pub health: String,
    /// `gitVersion` of its API server.
    pub k8s_version: Option<String>,
    /// All its nodes.
    pub nodes_total: u32,
    /// Its nodes that are ready.
    pub nodes_ready: u32,
    /// Its labels.
    pub labels: Labels,
    /// What is wrong with it.
    pub issues: Vec<Issue>,
    /// Scheme, host and port of its API server.
    pub endpoint: String,
    /// UID of its `kube-system` namespace.
    pub uid: Option<String>,
    /// Why the last import or change of credentials failed.
    pub failure: Option<Failure>,
    /// The stream's revision.
    pub revision: u64,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: String,
    /// When this version began.
    pub updated_at: DateTime<Utc>,
    /// Who made it.
    pub updated_by: String,
}

/// The health of what has not been observed.
pub const UNKNOWN: &str = "unknown";

impl Projection for Clusters {
    const NAME: &'static str = "clusters";
    const VERSION: u32 = 1;
    const KIND: Kind = Kind::Versioned;
    type Row = ClusterVersion;

    fn key(event: &Event) -> Option<Key> {
        (event.aggregate() == "cluster").then(|| Key::of(event))
    }

    fn fold(row: Option<ClusterVersion>, event: &Event) -> Result<ClusterVersion, Poison> {
        let Body::Cluster(body) = event.body()? else {
            return Err(event.poison("it stands in a cluster's stream and is no event of a cluster"));
        };
        let mut row = match (row, body) {
            (_, ClusterEvent::ImportRequested(body)) => ClusterVersion {
                tenant: event.recorded.tenant,
                id: event.recorded.stream.clone(),
                name: body.spec.name.to_string(),
                provider: body.spec.provider,
                region: body.spec.region.to_string(),
                status: "importing".into(),
                health: UNKNOWN.into(),
                k8s_version: None,
                nodes_total: 0,
                nodes_ready: 0,
                labels: body.spec.labels.clone(),
                issues: vec![],
                endpoint: body.spec.credentials.endpoint.clone(),
                uid: None,
                failure: None,
                revision: 0,
                created_at: event.time()?,
                created_by: event.recorded.actor.clone(),
                updated_at: event.time()?,
                updated_by: String::new(),
            },
            (Some(row), _) => row,
            (None, _) => return Err(event.poison("no earlier event tells of this cluster")),
        };
        apply(&mut row, body);
        row.revision = event.recorded.revision;
        row.updated_at = event.time()?;
        row.updated_by.clone_from(&event.recorded.actor);
        Ok(row)
    }
}

fn apply(row: &mut ClusterVersion, event: &ClusterEvent) {
    match event {
        ClusterEvent::ImportRequested(_) => {}
        ClusterEvent::Imported(body) => {
            row.status = "active".into();
            row.health = Health::Healthy.as_str().into();
            row.k8s_version = Some(body.facts.version.clone());
            row.uid = Some(body.facts.uid.clone());
            (row.nodes_total, row.nodes_ready) = (body.facts.nodes.total, body.facts.nodes.ready);
            row.failure = None;
        }
        ClusterEvent::ImportFailed(body) => {
            row.status = "import_failed".into();
            row.failure = Some(body.failure.clone());
        }
        ClusterEvent::Changed(body) => {
            if let Some(name) = &body.name {
                row.name = name.to.to_string();
            }
            if let Some(region) = &body.region {
                row.region = region.to.to_string();
            }
            if let Some(labels) = &body.labels {
                row.labels = labels.to.clone();
            }
        }
        // Until the import has succeeded, new credentials only start it again.
        ClusterEvent::CredentialsReplaced(body) if row.uid.is_none() => {
            row.status = "importing".into();
            row.endpoint.clone_from(&body.credentials.endpoint);
            row.failure = None;
        }
        ClusterEvent::CredentialsReplaced(_) => {
            row.status = "updating".into();
            row.failure = None;
        }
        ClusterEvent::UpdateCompleted(body) => {
            row.status = "active".into();
            row.endpoint.clone_from(&body.credentials.endpoint);
            row.failure = None;
        }
        ClusterEvent::UpdateFailed(body) => {
            row.status = "active".into();
            row.failure = Some(body.failure.clone());
        }
        ClusterEvent::HealthChanged(body) => {
            row.health = body.to.as_str().into();
            row.issues.clone_from(&body.issues);
        }
        ClusterEvent::VersionChanged(body) => row.k8s_version = Some(body.to.clone()),
        ClusterEvent::NodesChanged(body) => {
            (row.nodes_total, row.nodes_ready) = (body.to.total, body.to.ready);
        }
        ClusterEvent::DecommissionRequested(_) => row.status = "decommissioning".into(),
        ClusterEvent::Decommissioned(_) => {
            row.status = "decommissioned".into();
            row.health = UNKNOWN.into();
            row.issues.clear();
        }
    }
}
