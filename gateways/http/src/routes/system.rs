//! What probes, scrapers and clients of the document ask for.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::Answer;
use crate::app::App;
use crate::extract::Params;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::default()
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
        .routes(routes!(document))
}

/// Whether the hub is alive or ready, and what it found.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Probe {
    /// `ok` or `unavailable`.
    #[schema(example = "ok")]
    status: &'static str,
    /// What was looked at.
    checks: Vec<ProbeCheck>,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct ProbeCheck {
    /// What it is.
    #[schema(example = "ledger")]
    name: &'static str,
    /// Whether it works.
    ready: bool,
}

/// Whether the process answers at all.
#[utoipa::path(get, path = "/healthz", tag = "system", operation_id = "healthz",
    responses((status = 200, description = "The process answers", body = Probe)))]
async fn healthz(_: Params<()>) -> Answer {
    Ok(Json(Probe { status: "ok", checks: vec![] }).into_response())
}

/// Whether the hub can serve: its ledger is reached and its read models follow.
#[utoipa::path(get, path = "/readyz", tag = "system", operation_id = "readyz",
    responses((status = 200, description = "The hub can serve", body = Probe),
              (status = 503, description = "Something is missing", body = Probe)))]
async fn readyz(State(app): State<App>, _: Params<()>) -> Answer {
    let checks: Vec<_> = app
        .checks()
        .await
        .into_iter()
        .map(|check| ProbeCheck { name: check.name, ready: check.ready })
        .collect();
    let ready = checks.iter().all(|check| check.ready);
    let (code, status) =
        if ready { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "unavailable") };
    Ok((code, Json(Probe { status, checks })).into_response())
}

/// The metrics, in Prometheus' text format. Needs the metrics token, or without one this machine as the sender.
#[utoipa::path(get, path = "/metrics", tag = "system", operation_id = "metrics",
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain")))]
async fn metrics(State(app): State<App>, _: Params<()>) -> Answer {
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics()).into_response())
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "system", operation_id = "openapi",
    responses((status = 200, description = "The OpenAPI 3.1 document", body = Object)))]
async fn document(State(app): State<App>, _: Params<()>) -> Answer {
    let headers =
        [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=300")];
    Ok((headers, app.document().to_owned()).into_response())
}
