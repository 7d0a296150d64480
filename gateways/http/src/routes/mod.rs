//! The routes: one file a group, each in the same order: `routes`, then its handlers from the list to the delete.

mod audit_logs;
mod auth;
mod cluster_tests;
mod clusters;
mod events;
mod exports;
mod fleet;
mod ledger;
mod me;
mod search;
mod system;
mod users;

use utoipa_axum::router::OpenApiRouter;

use crate::app::App;

/// Everything below `/api/v1`.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .merge(auth::routes())
        .merge(me::routes())
        .merge(users::routes())
        .merge(clusters::routes())
        .merge(cluster_tests::routes())
        .merge(fleet::routes())
        .merge(search::routes())
        .merge(audit_logs::routes())
        .merge(ledger::routes())
        .merge(exports::routes())
        .merge(events::routes())
}

/// Below `/api/v1` as well, but beside the document.
pub fn undocumented() -> axum::Router<App> {
    ledger::tiles()
}

/// What stands outside of it.
pub fn system() -> OpenApiRouter<App> {
    system::routes()
}
