//! `clusters`: what is managed, and how it is.

use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use hub_commands::{Caller, Options, Permission};
use hub_domain::cluster::ClusterEvent;
use hub_domain::kernel::{ClusterId, Event as _};
use hub_projections::{AuditQuery, ClusterQuery, ClusterRow};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Answer, OrPlan, Plan, done, found, page};
use crate::app::App;
use crate::auth::Signed;
use crate::extract::{
    AsOfParams, Bare, ClusterPath, Command, CommandHeaders, DryRun, FreshParams, Id, OneOf, PageParams,
    Params, Resource as _,
};
use crate::problem::Problem;
use crate::resources::{
    AuditLog, ChangeCluster, Cluster, ClusterHealth, ClusterStatus, ClusterSummary, Health, ImportCluster,
    Node, Provider, Volume, Workload,
};

/// A kubeconfig alone may have 1 MiB, and JSON escapes make it longer.
pub const BODY_LIMIT: usize = 2 << 20;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(list, import))
        .routes(routes!(get, change, decommission))
        .routes(routes!(health))
        .routes(routes!(history))
        .routes(routes!(nodes))
        .routes(routes!(workloads))
}

/// Which clusters.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// States, parted by commas; with none given all but the decommissioned.
    #[param(inline, value_type = Option<Vec<ClusterStatus>>, style = Form, explode = false)]
    status: Option<OneOf>,
    /// Health, parted by commas.
    #[param(inline, value_type = Option<Vec<Health>>, style = Form, explode = false)]
    health: Option<OneOf>,
    /// Providers, parted by commas.
    #[param(inline, value_type = Option<Vec<Provider>>, style = Form, explode = false)]
    provider: Option<OneOf>,
    /// Regions, parted by commas.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["us-west-2"]))]
    region: Option<OneOf>,
    /// Kubernetes versions, parted by commas, with or without the `v`. A minor version (`1.29`) stands for each of its patches, whatever
    /// follows them; one with a patch (`1.29.3`, `v1.29.3-eks-5e0fdde`) for exactly what the API server tells. A cluster that has not told its
    /// version matches none. A `+` is written `%2B`.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["1.29", "v1.30.2"]))]
    k8s_version: Option<OneOf>,
    /// Labels, parted by commas, each of which must be there: `key=value`, or `key` with any value.
    #[param(value_type = Option<Vec<String>>, style = Form, explode = false, example = json!(["env=prod"]))]
    label: Option<OneOf>,
    /// The name, in full.
    #[param(max_length = 63)]
    name: Option<String>,
    /// Part of the name, the region or the endpoint.
    #[param(max_length = 256)]
    q: Option<String>,
}

impl Filters {
    fn query(self) -> Result<ClusterQuery, Problem> {
        for (parameter, text, most) in [("name", &self.name, 63), ("q", &self.q, 256)] {
            if text.as_ref().is_some_and(|text| text.chars().count() > most) {
                return Err(Problem::parameter(parameter, format!("must be at most {most} characters")));
            }
        }
        let values = |values: Option<OneOf>| values.unwrap_or_default().0;
        Ok(ClusterQuery {
            status: values(self.status),
            health: values(self.health),
            provider: values(self.provider),
            region: values(self.region),
            k8s_version: values(self.k8s_version),
            label: values(self.label),
            name: self.name,
            q: self.q,
        })
    }
}

/// Lists the clusters, as they are or as they were.
#[utoipa::path(get, path = "/clusters", tag = "clusters", operation_id = "listClusters",
    params(PageParams, FreshParams, AsOfParams, Filters),
    responses((status = 200, description = "A page of clusters", body = [Cluster])))]
async fn list(
    State(app): State<App>,
    signed: Signed,
    OriginalUri(uri): OriginalUri,
    Params((paging, fresh, past, filters)): Params<(PageParams, FreshParams, AsOfParams, Filters)>,
) -> Answer {
    let caller = signed.may(Permission::ReadClusters)?;
    let (paging, query) = (paging.page()?, filters.query()?);
    app.seen(fresh.min_position).await?;
    let moment = app.moment(&past).await?;
    let listed = app.read().clusters(caller.tenant, &query, &paging, moment).await?;
    Ok(page(&uri, &listed.map(Cluster::from)))
}

/// Brings a cluster under management by its kubeconfig. The answer comes before the cluster's own: watch its status.
#[utoipa::path(post, path = "/clusters", tag = "clusters", operation_id = "importCluster",
    params(DryRun, CommandHeaders), request_body = ImportCluster,
    responses((status = 200, description = "A dry run: what would be recorded", body = Plan),
              (status = 202, description = "The import has begun", body = ClusterSummary,
               headers(("Location" = String, description = "Where the cluster is")))))]
async fn import(
    State(app): State<App>,
    signed: Signed,
    Command { body, options }: Command<ImportCluster, BODY_LIMIT>,
) -> Answer {
    // Who may not import learns nothing of what is wrong with their body beyond its shape.
    permitted(&app, signed.caller(), None, &options).await?;
    let new = body.command()?;
    let (id, outcome) = app
        .command(signed.caller(), options, |app, caller, options| async move {
            app.clusters().import(&caller, new, &options).await
        })
        .await?;
    let location = app.reached(&format!("/api/v1/clusters/{id}"));
    done(StatusCode::ACCEPTED, &outcome, Some(&location), &ClusterSummary::new(id, &outcome))
}

/// Shows one cluster, as it is or as it was; also one that has been decommissioned.
#[utoipa::path(get, path = "/clusters/{id}", tag = "clusters", operation_id = "getCluster",
    params(ClusterPath, FreshParams, AsOfParams),
    responses((status = 200, description = "The cluster", body = Cluster)))]
async fn get(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<ClusterId>,
    Params((fresh, past)): Params<(FreshParams, AsOfParams)>,
) -> Answer {
    let caller = signed.may(Permission::ReadClusters)?;
    let position = app.seen(fresh.min_position).await?;
    let moment = app.moment(&past).await?;
    let row = app.read().cluster(caller.tenant, id, moment).await?.ok_or_else(ClusterId::missing)?;
    let revision = row.revision;
    Ok(found(&Cluster::from(row), Some(revision), position))
}

/// Changes a cluster's description or credentials. New credentials hold once the cluster has accepted them.
#[utoipa::path(put, path = "/clusters/{id}", tag = "clusters", operation_id = "changeCluster",
    params(ClusterPath, DryRun, CommandHeaders), request_body = ChangeCluster,
    responses((status = 200, description = "The cluster, or for a dry run what would be recorded",
               body = OrPlan<ClusterSummary>)))]
async fn change(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<ClusterId>,
    Command { body, options }: Command<ChangeCluster, BODY_LIMIT>,
) -> Answer {
    permitted(&app, signed.caller(), Some(id), &options).await?;
    let changes = body.command()?;
    let outcome = app
        .command(signed.caller(), options, |app, caller, options| async move {
            app.clusters().change(&caller, id, changes, &options).await
        })
        .await?;
    done(StatusCode::OK, &outcome, None, &ClusterSummary::new(id, &outcome))
}

/// Ends a cluster's management: its credentials are destroyed, and the cluster itself is left alone.
#[utoipa::path(delete, path = "/clusters/{id}", tag = "clusters", operation_id = "decommissionCluster",
    params(ClusterPath, DryRun, CommandHeaders),
    responses((status = 200, description = "A dry run: what would be recorded", body = Plan),
              (status = 202, description = "The decommissioning has begun", body = ClusterSummary)))]
async fn decommission(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<ClusterId>,
    Bare { options }: Bare,
) -> Answer {
    let outcome = app
        .command(signed.caller(), options, |app, caller, options| async move {
            app.clusters().decommission(&caller, id, &options).await
        })
        .await?;
    done(StatusCode::ACCEPTED, &outcome, None, &ClusterSummary::new(id, &outcome))
}

/// How a cluster is, and when the hub last looked; or how it was, as the ledger tells it.
#[utoipa::path(get, path = "/clusters/{id}/health", tag = "clusters", operation_id = "getClusterHealth",
    params(ClusterPath, FreshParams, AsOfParams),
    responses((status = 200, description = "Its health", body = ClusterHealth)))]
async fn health(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<ClusterId>,
    Params((fresh, past)): Params<(FreshParams, AsOfParams)>,
) -> Answer {
    let caller = signed.may(Permission::ReadClusters)?;
    let position = app.seen(fresh.min_position).await?;
    let moment = app.moment(&past).await?;
    let row = app.read().cluster(caller.tenant, id, moment).await?.ok_or_else(ClusterId::missing)?;
    // Of the past there is only what was recorded: nobody kept when the hub had looked.
    let sample = match moment {
        None => app.read().sample(caller.tenant, id).await?,
        Some(_) => None,
    };
    let revision = row.revision;
    Ok(found(&ClusterHealth::new(id, row, sample.as_ref()), Some(revision), position))
}

/// What happened to a cluster, the newest first: its entries of the audit log, as they stand or as they stood.
#[utoipa::path(get, path = "/clusters/{id}/history", tag = "clusters", operation_id = "getClusterHistory",
    params(ClusterPath, PageParams, FreshParams, AsOfParams),
    responses((status = 200, description = "A page of its history", body = [AuditLog])))]
async fn history(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<ClusterId>,
    OriginalUri(uri): OriginalUri,
    Params((paging, fresh, past)): Params<(PageParams, FreshParams, AsOfParams)>,
) -> Answer {
    let caller = signed.may(Permission::ReadClusters)?;
    let paging = paging.page()?;
    app.seen(fresh.min_position).await?;
    let moment = app.moment(&past).await?;
    app.read().cluster(caller.tenant, id, moment).await?.ok_or_else(ClusterId::missing)?;
    // What was only attempted is the audit log's alone.
    let old = ClusterEvent::UPCASTERS.iter().map(|(name, _)| name);
    let event_type = ClusterEvent::TYPES.iter().chain(old).map(|name| (*name).to_owned()).collect();
    let query = AuditQuery { target: vec![id.to_string()], event_type, ..AuditQuery::default() };
    let listed = app.read().audit_logs(caller.tenant, &query, &paging, moment).await?;
    Ok(page(&uri, &listed.map(AuditLog::from)))
}

/// A cluster's nodes, as last seen: the newest observation, which is no event and has no past.
#[utoipa::path(get, path = "/clusters/{id}/nodes", tag = "clusters", operation_id = "getClusterNodes",
    params(ClusterPath, FreshParams),
    responses((status = 200, description = "Its nodes; none before it has answered", body = [Node])))]
async fn nodes(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<ClusterId>,
    Params((fresh,)): Params<(FreshParams,)>,
) -> Answer {
    let caller = signed.may(Permission::ReadClusters)?;
    let (sample, revision, position) = sampled(&app, caller, id, fresh).await?;
    let nodes: Vec<Node> = part(sample.as_ref(), "nodes")?;
    Ok(found(&nodes, Some(revision), position))
}

/// A cluster's stateful workloads and their volumes, as last seen: the newest observation, which is no event and has no past.
#[utoipa::path(get, path = "/clusters/{id}/workloads", tag = "clusters", operation_id = "getClusterWorkloads",
    params(ClusterPath, FreshParams),
    responses((status = 200, description = "Its workloads; none before it has answered", body = [Workload])))]
async fn workloads(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<ClusterId>,
    Params((fresh,)): Params<(FreshParams,)>,
) -> Answer {
    let caller = signed.may(Permission::ReadClusters)?;
    let (sample, revision, position) = sampled(&app, caller, id, fresh).await?;
    let mut workloads: Vec<Workload> = part(sample.as_ref(), "workloads")?;
    let volumes: Vec<Claimed> = part(sample.as_ref(), "volumes")?;
    for workload in &mut workloads {
        let own = |claim: &&Claimed| {
            claim.namespace == workload.namespace && claim.workload.as_ref() == Some(&workload.name)
        };
        workload.volumes = volumes.iter().filter(own).map(|claim| claim.volume.clone()).collect();
    }
    Ok(found(&workloads, Some(revision), position))
}

/// A volume claim of the sample, and whose it is.
#[derive(Deserialize)]
struct Claimed {
    namespace: String,
    workload: Option<String>,
    #[serde(flatten)]
    volume: Volume,
}

/// Whether the caller may import, or change this cluster. Being refused is recorded, to its end.
async fn permitted(
    app: &App,
    caller: &Caller,
    id: Option<ClusterId>,
    options: &Options,
) -> Result<(), Problem> {
    if caller.authorise(Permission::ManageClusters).is_ok() {
        return Ok(());
    }
    let asked = |app: App, caller: Caller, options: Options| async move {
        app.clusters().permit(&caller, id, &options).await
    };
    app.command(caller, options.clone(), asked).await
}

/// The cluster's row, and what the answer has seen.
async fn known(
    app: &App,
    caller: &Caller,
    id: ClusterId,
    fresh: FreshParams,
) -> Result<(ClusterRow, u64), Problem> {
    let position = app.seen(fresh.min_position).await?;
    let row = app.read().cluster(caller.tenant, id, None).await?.ok_or_else(ClusterId::missing)?;
    Ok((row, position))
}

/// The cluster's newest sample, its revision, and what the answer has seen.
async fn sampled(
    app: &App,
    caller: &Caller,
    id: ClusterId,
    fresh: FreshParams,
) -> Result<(Option<Value>, u64, u64), Problem> {
    let (row, position) = known(app, caller, id, fresh).await?;
    let sample = app.read().sample(caller.tenant, id).await?.and_then(|sample| sample.sample);
    Ok((sample, row.revision, position))
}

/// One part of a sample; nothing before the cluster has answered.
fn part<T: DeserializeOwned>(sample: Option<&Value>, name: &str) -> Result<Vec<T>, Problem> {
    let Some(rows) = sample.and_then(|sample| sample.get(name)) else { return Ok(vec![]) };
    Vec::deserialize(rows).map_err(|cause| Problem::internal(&cause))
}
