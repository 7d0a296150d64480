//! `fleet`: the dashboard in one answer, and what differs between two moments.

use axum::extract::{OriginalUri, State};
use hub_commands::Permission;
use hub_projections::AsOf;
use hub_projections::query::{DiffQuery, GroupBy};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Answer, found, page_of};
use crate::app::App;
use crate::auth::Signed;
use crate::extract::{AsOfParams, FreshParams, OneOf, PageParams, Params, moment};
use crate::resources::{DiffKind, Fleet, FleetDiff, HeatMap};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(get)).routes(routes!(diff)).routes(routes!(heat_map))
}

/// Between when, and what of it.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Span {
    /// The earlier moment: a ledger position, or a time (RFC 3339). Left out, it is before the first event.
    #[param(
        pattern = "^([0-9]{1,19}|[0-9]{4}-[0-9]{2}-[0-9]{2}T.{6,32})$",
        example = "2026-06-01T12:00:00Z"
    )]
    from: Option<String>,
    /// The later moment. Left out, it is the present.
    #[param(
        pattern = "^([0-9]{1,19}|[0-9]{4}-[0-9]{2}-[0-9]{2}T.{6,32})$",
        example = "2026-06-01T13:00:00Z"
    )]
    to: Option<String>,
    /// Only clusters of which this became, parted by commas.
    #[param(inline, value_type = Option<Vec<DiffKind>>, style = Form, explode = false)]
    change: Option<OneOf>,
}

/// How a grid is arranged.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Grouping {
    /// By what cells stand together: `provider`, `region`, or `label:` and a label's key.
    #[param(pattern = "^(provider|region|label:.{1,317})$", default = "provider", example = "label:env")]
    group_by: Option<String>,
}

/// The fleet in one answer, as it is or as it was: counts, what needs somebody, what changed last.
#[utoipa::path(get, path = "/fleet", tag = "fleet", operation_id = "getFleet",
    params(FreshParams, AsOfParams),
    responses((status = 200, description = "The fleet", body = Fleet)))]
async fn get(
    State(app): State<App>,
    signed: Signed,
    Params((fresh, past)): Params<(FreshParams, AsOfParams)>,
) -> Answer {
    let caller = signed.may(Permission::ReadClusters)?;
    app.seen(fresh.min_position).await?;
    let moment = app.moment(&past).await?;
    let view = app.read().fleet(caller.tenant, moment).await?;
    Ok(found(&Fleet::from(&*view), None, view.position))
}

/// What differs in the fleet between two moments: counts, and a page of the clusters that came, went or changed, with the events
/// that made it so.
#[utoipa::path(get, path = "/fleet/diff", tag = "fleet", operation_id = "getFleetDiff",
    params(PageParams, FreshParams, Span),
    responses((status = 200, description = "What differs", body = FleetDiff)))]
async fn diff(
    State(app): State<App>,
    signed: Signed,
    OriginalUri(uri): OriginalUri,
    Params((paging, fresh, span)): Params<(PageParams, FreshParams, Span)>,
) -> Answer {
    let caller = signed.may(Permission::ReadClusters)?;
    let paging = paging.page()?;
    let from = span.from.as_deref().map_or(Ok(AsOf::Position(0)), |text| moment("from", text))?;
    let to = span.to.as_deref().map(|text| moment("to", text)).transpose()?;
    app.seen(fresh.min_position).await?;
    app.come("from", Some(from)).await?;
    app.come("to", to).await?;
    let query = DiffQuery { from, to, change: span.change.unwrap_or_default().0 };
    let diff = app.read().fleet_diff(caller.tenant, &query, &paging).await?;
    Ok(page_of(&uri, &FleetDiff::from(&diff), &diff.clusters))
}

/// The whole fleet in compact form, as it is or as it was: one cell a cluster, the worst first; at most 5,000 cells.
#[utoipa::path(get, path = "/fleet/heatmap", tag = "fleet", operation_id = "getFleetHeatMap",
    params(FreshParams, AsOfParams, Grouping),
    responses((status = 200, description = "The grid", body = HeatMap)))]
async fn heat_map(
    State(app): State<App>,
    signed: Signed,
    Params((fresh, past, grouping)): Params<(FreshParams, AsOfParams, Grouping)>,
) -> Answer {
    let caller = signed.may(Permission::ReadClusters)?;
    let by = GroupBy::parse(grouping.group_by.as_deref().unwrap_or("provider"))?;
    app.seen(fresh.min_position).await?;
    let moment = app.moment(&past).await?;
    let map = app.read().heat_map(caller.tenant, &by, moment).await?;
    let position = map.position;
    Ok(found(&HeatMap::from(map), None, position))
}
