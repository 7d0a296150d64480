//! The observer with clusters that do what the test says. Time is tokio's, and stands still unless all wait for it.

mod farewell;
mod looking;
mod turns;

use std::time::Duration;

use hub_domain::cluster::{Cluster, ClusterState, Health, Provider};
use hub_domain::kernel::{ClusterId, ClusterName, Labels, Region};
use hub_domain::user::Role;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{Fleet, FleetSettings};
use crate::clusters::{ClusterChanges, Clusters, NewCluster};
use crate::dispatcher::Options;
use crate::testing::{Manner, World, kubeconfig, tenant, user};

struct Hub {
    world: World,
    clusters: Clusters,
}

/// A running observer.
struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}

impl Hub {
    fn new() -> Self {
        let world = World::new();
        let clusters = Clusters::new(world.dispatcher.clone(), &world.ports);
        Self { world, clusters }
    }

    fn observe(&self) -> Running {
        self.observe_with(FleetSettings::default())
    }

    /// Starts an observer as another process would: with a dispatcher of its own.
    fn observe_with(&self, settings: FleetSettings) -> Running {
        let (stop, world) = (CancellationToken::new(), &self.world);
        let fleet = Fleet::new(&world.ports, world.other_dispatcher(), world.log.clone(), settings);
        Running { task: tokio::spawn(fleet.run(stop.clone())), stop }
    }

    /// Imports a cluster whose endpoint is its name.
    async fn import(&self, name: &str) -> ClusterId {
        let new = NewCluster {
            name: ClusterName::new(name).unwrap(),
            provider: Provider::OnPremises,
            region: Region::new("attic").unwrap(),
            labels: Labels::default(),
            kubeconfig: kubeconfig(name, "token"),
            context: None,
        };
        self.clusters.import(&user(Role::Operator), new, &Options::default()).await.unwrap().0
    }

    async fn change(&self, id: ClusterId, changes: ClusterChanges) {
        self.clusters.change(&user(Role::Operator), id, changes, &Options::default()).await.unwrap();
    }

    async fn state(&self, id: ClusterId) -> ClusterState {
        self.world.dispatcher.load::<Cluster>(tenant(), &id.to_string()).await.unwrap().0
    }

    async fn health(&self, id: ClusterId) -> Option<Health> {
        self.state(id).await.active().map(|active| active.health)
    }

    /// Waits until the cluster is said to be so, and answers how long that took.
    async fn until_health(&self, id: ClusterId, health: Health) -> Duration {
        let began = Instant::now();
        while self.health(id).await != Some(health) {
            assert!(began.elapsed() < Duration::from_hours(1), "{id} is {:?}", self.state(id).await);
            sleep(Duration::from_millis(50)).await;
        }
        began.elapsed()
    }

    async fn until_status(&self, id: ClusterId, status: &str) {
        let began = Instant::now();
        while self.state(id).await.status() != status {
            assert!(began.elapsed() < Duration::from_hours(1), "{id} is {:?}", self.state(id).await);
            sleep(Duration::from_millis(50)).await;
        }
    }

    fn set(&self, endpoint: &str, manner: Manner) {
        self.world.gateway.set(endpoint, manner);
    }

    fn secrets(&self) -> Vec<String> {
        self.world.vault.secrets.lock().unwrap().keys().cloned().collect()
    }

    fn names(&self) -> Vec<String> {
        self.world.claims.of(crate::clusters::CLUSTER_NAME).into_iter().map(|(name, _)| name).collect()
    }

    /// The wire names of a cluster's events.
    fn events_of(&self, id: ClusterId) -> Vec<String> {
        let own = self.world.log.all().into_iter().filter(|event| event.stream == id.to_string());
        own.map(|event| event.event_type).collect()
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
