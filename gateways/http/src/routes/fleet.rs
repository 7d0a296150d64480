//! `fleet`: the dashboard in one answer.

use axum::extract::State;
use hub_commands::Permission;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Answer, found};
use crate::app::App;
use crate::auth::Signed;
use crate::extract::{AsOfParams, FreshParams, Params};
use crate::resources::Fleet;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(get))
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
