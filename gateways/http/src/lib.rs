//! The edge for people and programs: REST, `OpenAPI`, sessions and server-sent events.
//!
//! [`router`] is all that a server needs. Each request passes [`middleware`] from the outside in, is read by
//! [`extract`], answered by one of [`routes`], and goes out through [`answer`] or [`problem`].

pub mod answer;
mod app;
pub mod auth;
pub mod extract;
pub mod middleware;
mod openapi;
pub mod problem;
pub mod resources;
mod routes;
mod streams;
pub mod telemetry;

#[cfg(test)]
mod tests;

use axum::Router;
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use utoipa_axum::router::OpenApiRouter;

pub use app::{App, Check, Parts, Settings};
pub use ipnet::IpNet;
pub use middleware::sender::{ForwardedHeader, TrustedProxies};
pub use openapi::openapi_json;

use crate::middleware::{gate, guard, trace};
use crate::problem::{Entry, Problem};

/// The `OpenAPI` 3.1 document of every route.
pub fn openapi() -> utoipa::openapi::OpenApi {
    openapi::complete(routes().split_for_parts().1)
}

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::base()).merge(routes::system()).nest("/api/v1", routes::api())
}

/// Every route with its layers. Serve it with connection info (`SocketAddr`): limits go by the sender's address.
pub fn router(app: App) -> Router {
    let (routes, _) = routes().split_for_parts();
    let routes = routes
        .nest("/api/v1", routes::undocumented())
        // Around every route that exists: none can be added beneath it and be open by accident.
        .route_layer(from_fn_with_state(app.clone(), gate::pass));
    layered(app, routes)
}

/// Answers as [`router`] does where there is no route.
pub fn nowhere(app: App) -> Router {
    layered(app, Router::new())
}

/// An answer that is not the API's, with what each of the API's answers has: ids, a span, a measurement under this route.
pub async fn observed(app: &App, route: &'static str, request: Request, answer: Response) -> Response {
    trace::watch(app, route, request, |_| std::future::ready(answer)).await
}

/// Whether a path belongs to the API, whether or not there is a route; every other path may be somebody else's.
pub fn owns(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/") || gate::PUBLIC.iter().any(|(_, route, _)| *route == path)
}

fn layered(app: App, routes: Router<App>) -> Router {
    routes
        .fallback(|| async { Problem::new(Entry::ROUTE_NOT_FOUND) })
        .method_not_allowed_fallback(|| async { Problem::new(Entry::METHOD_NOT_ALLOWED) })
        .layer(from_fn_with_state(app.clone(), guard::bound))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(app.clone(), guard::secure))
        .layer(from_fn_with_state(app.clone(), trace::observe))
        .with_state(app)
}
