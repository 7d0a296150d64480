//! `users`: accounts of the tenant.

use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use hub_commands::Permission;
use hub_domain::kernel::UserId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Answer, Plan, done, found};
use crate::app::App;
use crate::auth::Signed;
use crate::extract::{Bare, Command, CommandHeaders, DryRun, FreshParams, Id, PageParams, Params, Resource as _};
use crate::resources::{ChangeUser, NewUser, User, UserSummary};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default().routes(routes!(list, register)).routes(routes!(get, change, delete))
}
