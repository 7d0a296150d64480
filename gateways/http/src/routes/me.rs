//! `me`: the caller.

use axum::extract::State;
use hub_commands::Permission;
use hub_commands::access::Grant;
use hub_domain::user::Role;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Answer, found};
use crate::app::App;
use crate::auth::Signed;
use crate::extract::{FreshParams, Params, Resource as _};
use crate::problem::Problem;
use crate::resources::Me;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(me))
}
