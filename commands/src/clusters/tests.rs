use hub_domain::cluster::{ClusterState, Observation};
use hub_domain::user::Role;
use std::collections::BTreeMap;

use super::*;
use crate::ports::AppendError;
use crate::testing::{World, kubeconfig, observation, tenant, unavailable, user};

struct Hub {
    world: World,
    clusters: Clusters,
    operator: Caller,
}

impl Hub {
    fn new() -> Self {
        let world = World::new();
        let clusters = Clusters::new(world.dispatcher.clone(), &world.ports);
        Self { world, clusters, operator: user(Role::Operator) }
    }

    async fn import(
        &self,
        name: &str,
        options: &Options,
    ) -> Result<(ClusterId, Outcome<Cluster>), CommandError> {
        self.clusters.import(&self.operator, new_cluster(name, "https://one:6443"), options).await
    }

    async fn imported(&self, name: &str) -> ClusterId {
        self.import(name, &Options::default()).await.unwrap().0
    }

    async fn change(&self, id: ClusterId, changes: ClusterChanges) -> Result<Outcome<Cluster>, CommandError> {
        self.clusters.change(&self.operator, id, changes, &Options::default()).await
    }

    /// As the observer would record it.
    async fn observe(&self, id: ClusterId, seen: Observation) {
        let (state, _) = self.world.dispatcher.load::<Cluster>(tenant(), &id.to_string()).await.unwrap();
        let command = ClusterCommand::Observe(state.credentials().unwrap().clone(), seen);
        let (caller, permission) = (Caller::system("observer", tenant()), Permission::ObserveClusters);
        let (dispatcher, options) = (&self.world.dispatcher, Options::default());
        dispatcher
            .execute::<Cluster>(&caller, permission, "o", &id.to_string(), command, &options)
            .await
            .unwrap();
    }

    fn names(&self) -> Vec<String> {
        self.world.claims.of(CLUSTER_NAME).into_iter().map(|(name, _)| name).collect()
    }

    fn secrets(&self) -> usize {
        self.world.vault.secrets.lock().unwrap().len()
    }
}

fn cluster_name(text: &str) -> ClusterName {
    ClusterName::new(text).unwrap()
}

fn new_cluster(name: &str, endpoint: &str) -> NewCluster {
    NewCluster {
        name: cluster_name(name),
        provider: Provider::OnPremises,
        region: Region::new("attic").unwrap(),
        labels: Labels::default(),
        kubeconfig: kubeconfig(endpoint, "top-secret-token"),
        context: None,
    }
}

fn named(name: &str) -> ClusterChanges {
    ClusterChanges { name: Some(cluster_name(name)), ..ClusterChanges::default() }
}

fn with_credentials(secret: &str) -> ClusterChanges {
    ClusterChanges {
        credentials: Some((kubeconfig("https://one:6443", secret), None)),
        ..ClusterChanges::default()
    }
}

fn keyed(key: &str) -> Options {
    Options { idempotency_key: Some(key.into()), ..Options::default() }
}

fn dry() -> Options {
    Options { dry_run: true, ..Options::default() }
}

fn is_taken<T: std::fmt::Debug>(result: &Result<T, CommandError>) {
    assert!(matches!(result, Err(CommandError::NameTaken { pointer: "/name" })), "{result:?}");
}

fn refused<T: std::fmt::Debug>(result: Result<T, CommandError>) -> &'static str {
    match result {
        Err(CommandError::Refused(refusal)) => refusal.code(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn an_import_keeps_the_secret_in_the_vault_and_only_there() {
    let hub = Hub::new();
    let (id, outcome) = hub.import("prod", &Options::default()).await.unwrap();
    assert_eq!(outcome.receipt.stream, id.to_string());
    assert_eq!(outcome.state.status(), "importing");
    let credentials = &outcome.state.spec().unwrap().credentials;
    let stored = hub.world.vault.secrets.lock().unwrap()[credentials.secret.as_str()].clone();
    assert_eq!(stored, b"https://one:6443|top-secret-token");
    assert_eq!(hub.world.claims.of(CLUSTER_NAME), [("prod".to_owned(), id.to_string())]);
    for event in hub.world.log.all() {
        assert!(!String::from_utf8_lossy(&event.payload).contains("top-secret-token"));
        assert!(!String::from_utf8_lossy(&event.metadata).contains("top-secret-token"));
    }
}

#[tokio::test]
async fn a_repeat_answers_the_first_id_and_leaves_nothing_behind() {
    let hub = Hub::new();
    let (first, _) = hub.import("prod", &keyed("once")).await.unwrap();
    let (again, outcome) = hub.import("prod", &keyed("once")).await.unwrap();
    assert_eq!(first, again);
    assert!(outcome.receipt.repeated);
    assert_eq!((hub.secrets(), hub.world.log.all().len()), (1, 1));
    let options = keyed("twins");
    let (one, two) = futures::join!(hub.import("twin", &options), hub.import("twin", &options));
    let ids: Vec<ClusterId> = [one, two].into_iter().flatten().map(|(id, _)| id).collect();
    assert!(!ids.is_empty() && ids.iter().all(|id| *id == ids[0]));
    assert_eq!((hub.secrets(), hub.world.log.all().len()), (2, 2));
}

#[tokio::test]
async fn a_name_serves_one_cluster_of_a_tenant() {
    let hub = Hub::new();
    hub.imported("prod").await;
    is_taken(&hub.import("prod", &Options::default()).await);
    is_taken(&hub.import("prod", &dry()).await);
    assert_eq!(hub.secrets(), 1);
    let elsewhere = Caller { tenant: TypedId::from_uuid(uuid::Uuid::from_u128(8)), ..hub.operator.clone() };
    let other = new_cluster("prod", "https://two:6443");
    hub.clusters
        .import(&elsewhere, other, &Options::default())
        .await
        .expect("another tenant's names are its own");
}

#[tokio::test]
async fn a_kubeconfig_that_cannot_serve_is_pointed_at() {
    let hub = Hub::new();
    let new = NewCluster { kubeconfig: "nonsense".into(), ..new_cluster("prod", "") };
    let result = hub.clusters.import(&hub.operator, new, &Options::default()).await;
    let Err(CommandError::Invalid { pointer, rule }) = result else { panic!("{result:?}") };
    assert_eq!(pointer, "/credentials/kubeconfig");
    assert_eq!(rule, "at /clusters: must name a cluster");
    assert!(hub.names().is_empty());
}

#[tokio::test]
async fn a_plan_shows_the_fingerprint_and_writes_nothing() {
    let hub = Hub::new();
    let (_, plan) = hub.import("prod", &dry()).await.unwrap();
    assert!(plan.dry_run);
    assert_eq!((hub.names().len(), hub.secrets(), hub.world.appends()), (0, 0, 0));
    let (id, done) = hub.import("prod", &Options::default()).await.unwrap();
    let fingerprint =
        |outcome: &Outcome<Cluster>| outcome.state.spec().unwrap().credentials.fingerprint.clone();
    assert_eq!(fingerprint(&plan), fingerprint(&done));

    hub.observe(id, observation("one")).await;
    let changes = ClusterChanges { name: Some(cluster_name("new")), ..with_credentials("new-token") };
    let appends = hub.world.appends();
    let plan = hub.clusters.change(&hub.operator, id, changes, &dry()).await.unwrap();
    assert_eq!(plan.events.len(), 2);
    assert_eq!((hub.names(), hub.secrets(), hub.world.appends()), (vec!["prod".to_owned()], 1, appends));
}

#[tokio::test]
async fn an_import_that_fails_gives_name_and_secret_back() {
    let hub = Hub::new();
    *hub.world.vault.away.lock().unwrap() = true;
    let result = hub.import("prod", &Options::default()).await;
    assert!(matches!(result, Err(CommandError::Unavailable(_))));
    assert!(hub.names().is_empty());
    *hub.world.vault.away.lock().unwrap() = false;

    hub.world.log.fail_next(AppendError::Overloaded { retry_after_ms: 1 });
    let result = hub.import("prod", &Options::default()).await;
    assert!(matches!(result, Err(CommandError::Overloaded { .. })));
    assert_eq!((hub.names().len(), hub.secrets()), (0, 0));

    hub.world.log.fail_next(AppendError::Unknown(unavailable()));
    let result = hub.import("prod", &Options::default()).await;
    assert!(matches!(result, Err(CommandError::OutcomeUnknown(_))));
    assert_eq!((hub.names().len(), hub.secrets()), (1, 1), "the cluster may exist and need both");
}

#[tokio::test]
async fn a_viewer_touches_nothing() {
    let hub = Hub::new();
    let viewer = user(Role::Viewer);
    let denied =
        |result: Option<CommandError>| assert!(matches!(result, Some(CommandError::Denied(_))), "{result:?}");
    denied(hub.clusters.import(&viewer, new_cluster("prod", "e"), &Options::default()).await.err());
    let id = hub.imported("prod").await;
    denied(hub.clusters.change(&viewer, id, with_credentials("x"), &Options::default()).await.err());
    denied(hub.clusters.decommission(&viewer, id, &Options::default()).await.err());
    assert_eq!((hub.names().len(), hub.secrets(), hub.world.log.all().len()), (1, 1, 1));
}

#[tokio::test]
async fn a_new_name_takes_the_place_of_the_old_one() {
    let hub = Hub::new();
    let id = hub.imported("old").await;
    hub.change(id, named("new")).await.unwrap();
    assert_eq!(hub.names(), ["new"]);
    hub.imported("old").await;
    is_taken(&hub.change(id, named("old")).await);
    assert_eq!(hub.names(), ["new", "old"]);
    assert!(hub.change(id, named("new")).await.unwrap().events.is_empty());
    assert_eq!(hub.names(), ["new", "old"], "the present name is kept");
}

#[tokio::test]
async fn a_name_that_a_crash_left_claimed_serves_again_after_a_minute() {
    let hub = Hub::new();
    let id = hub.imported("prod").await;
    // It had claimed a new name, and then the hub died.
    let tenant = hub.operator.tenant;
    let claims = hub.world.ports.claims.clone();
    assert!(claims.claim(tenant, CLUSTER_NAME, "new", &id.to_string()).await.unwrap());
    is_taken(&hub.import("new", &Options::default()).await);
    *hub.world.claims.aged.lock().unwrap() = true;
    is_taken(&hub.import("prod", &Options::default()).await);
    hub.imported("new").await;
    assert_eq!(hub.names(), ["new", "prod"]);
    is_taken(&hub.change(id, named("new")).await);
}

#[tokio::test]
async fn a_change_that_is_refused_leaves_names_and_secrets_alone() {
    let hub = Hub::new();
    let id = hub.imported("prod").await;
    let changes = || ClusterChanges { name: Some(cluster_name("new")), ..with_credentials("new-token") };
    let options = Options { if_match: Some(9), ..Options::default() };
    let result = hub.clusters.change(&hub.operator, id, changes(), &options).await;
    assert!(matches!(result, Err(CommandError::PreconditionFailed { .. })));
    hub.world.log.fail_next(AppendError::Overloaded { retry_after_ms: 1 });
    let result = hub.change(id, changes()).await;
    assert!(matches!(result, Err(CommandError::Overloaded { .. })));
    *hub.world.vault.away.lock().unwrap() = true;
    assert!(matches!(hub.change(id, changes()).await, Err(CommandError::Unavailable(_))));
    *hub.world.vault.away.lock().unwrap() = false;
    assert_eq!((hub.names(), hub.secrets()), (vec!["prod".to_owned()], 1));
    let nobody = ClusterId::from_uuid(uuid::Uuid::nil());
    assert_eq!(refused(hub.change(nobody, changes()).await), "cluster-not-found");
}

#[tokio::test]
async fn new_credentials_wait_for_the_clusters_answer() {
    let hub = Hub::new();
    let id = hub.imported("prod").await;
    hub.observe(id, observation("one")).await;
    assert!(hub.change(id, with_credentials("top-secret-token")).await.unwrap().events.is_empty());
    assert_eq!(hub.secrets(), 1, "the same credentials are not kept twice");

    let outcome = hub.change(id, with_credentials("new-token")).await.unwrap();
    assert_eq!(outcome.state.status(), "updating");
    assert_eq!(hub.secrets(), 2);
    assert_eq!(refused(hub.change(id, with_credentials("third-token")).await), "cluster-update-running");
    assert_eq!(hub.secrets(), 2);
    let ClusterState::Updating(updating) = &outcome.state else { panic!("{outcome:?}") };
    assert!(hub.world.vault.secrets.lock().unwrap().contains_key(updating.wanted.secret.as_str()));
}

#[tokio::test]
async fn a_change_of_everything_is_one_command() {
    let hub = Hub::new();
    let id = hub.imported("prod").await;
    hub.observe(id, observation("one")).await;
    let labels = Labels::new(BTreeMap::from([("team".to_owned(), "db".to_owned())])).unwrap();
    let changes = || ClusterChanges {
        name: Some(cluster_name("new")),
        region: Some(Region::new("cellar").unwrap()),
        labels: Some(labels.clone()),
        ..with_credentials("new-token")
    };
    let first = hub.clusters.change(&hub.operator, id, changes(), &keyed("k")).await.unwrap();
    assert_eq!(first.events.len(), 2);
    let again = hub.clusters.change(&hub.operator, id, changes(), &keyed("k")).await.unwrap();
    assert!(again.receipt.repeated);
    assert_eq!((hub.secrets(), hub.names()), (2, vec!["new".to_owned()]));
}

#[tokio::test]
async fn a_cluster_on_its_way_out_changes_no_more() {
    let hub = Hub::new();
    let id = hub.imported("prod").await;
    let outcome = hub.clusters.decommission(&hub.operator, id, &Options::default()).await.unwrap();
    assert_eq!(outcome.state.status(), "decommissioning");
    assert_eq!(refused(hub.change(id, named("new")).await), "cluster-leaving");
    assert_eq!(hub.names(), ["prod"]);
    let again = hub.clusters.decommission(&hub.operator, id, &Options::default()).await.unwrap();
    assert!(again.events.is_empty());
}

#[tokio::test]
async fn a_request_that_is_cut_off_is_carried_out_to_its_end() {
    let hub = Hub::new();
    let id = hub.imported("old").await;
    let options = Options::default();
    {
        let mut cut_off = Box::pin(hub.clusters.change(&hub.operator, id, named("new"), &options));
        assert!(futures::poll!(cut_off.as_mut()).is_pending(), "the work goes on elsewhere");
    }
    while hub.names() != ["new"] {
        tokio::task::yield_now().await;
    }
    assert_eq!(hub.world.log.types(), ["cluster.import_requested.v1", "cluster.changed.v1"]);
}
