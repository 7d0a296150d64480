//! Trace ids (W3C Trace Context, level 1), one span and one measurement a request.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use data_encoding::HEXLOWER;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::sender::{Sender, X_REQUEST_ID};
use crate::app::App;
use crate::telemetry;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

tokio::task_local! {
    static CURRENT: TraceIds;
}

/// Under which ids the request is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceIds {
    trace: [u8; 16],
    span: [u8; 8],
    flags: u8,
}

impl TraceIds {
    /// The trace id: 32 hex digits.
    pub fn trace_hex(&self) -> String {
        HEXLOWER.encode(&self.trace)
    }

    /// The span's id, which also names a request that its client has not named: 16 hex digits.
    pub fn span_hex(&self) -> String {
        HEXLOWER.encode(&self.span)
    }

    /// The header `traceparent`, version 00.
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-{:02x}", self.trace_hex(), self.span_hex(), self.flags)
    }

    /// Reads a `traceparent`. One that breaks the format is as good as none (section 3.2.2 of the recommendation).
    pub fn parse(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        // Version 00 ends here; a later one may go on, and `ff` is never valid.
        if version.len() != 2 || version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        decode::<1>(version)?;
        let (trace, span, [flags]) = (decode::<16>(trace)?, decode::<8>(span)?, decode::<1>(flags)?);
        (trace != [0; 16] && span != [0; 8]).then_some(Self { trace, span, flags })
    }
}

fn decode<const N: usize>(hex: &str) -> Option<[u8; N]> {
    HEXLOWER.decode(hex.as_bytes()).ok()?.try_into().ok()
}

/// The ids of the request that is being answered, if there is one.
pub fn current() -> Option<TraceIds> {
    CURRENT.try_with(|ids| *ids).ok()
}

/// The outermost layer: gives the request its ids and its span, and measures it.
pub async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    watch(&app, route, request, |request| next.run(request)).await
}

/// The same around anything that answers. `route` is a label: its values are bounded.
pub async fn watch<F: Future<Output = Response>>(
    app: &App,
    route: &str,
    mut request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    // The route's template, never the path: a path may name somebody.
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = %method,
        http.route = route,
        http.response.status_code = tracing::field::Empty,
        trace_id = tracing::field::Empty,
    );
    let ids = ids_of(app, &span, request.headers());
    span.record("trace_id", ids.trace_hex());

    let sender = Sender::of(&request, &app.settings().trusted_proxies, ids.span_hex());
    let request_id = sender.request_id().to_owned();
    request.extensions_mut().insert(sender);

    let answer = CURRENT.scope(ids, answer(request)).instrument(span.clone());
    let mut response = answer.await;

    let status = response.status();
    span.record("http.response.status_code", status.as_u16());
    telemetry::request(route, &method, status, started.elapsed());
    for (name, value) in [(TRACEPARENT, ids.traceparent()), (X_REQUEST_ID, request_id)] {
        let value = HeaderValue::from_str(&value).expect("letters, digits, dots and dashes");
        response.headers_mut().insert(name, value);
    }
    response
}

/// Joins the caller's trace, or opens one; the exporter's ids win where there is one, so that both tell the same.
fn ids_of(app: &App, span: &tracing::Span, headers: &HeaderMap) -> TraceIds {
    let parent = headers.get("traceparent").and_then(|value| value.to_str().ok()).and_then(TraceIds::parse);
    if let Some(parent) = parent {
        let flags = TraceFlags::new(parent.flags);
        let (trace, id) = (TraceId::from_bytes(parent.trace), SpanId::from_bytes(parent.span));
        let remote = SpanContext::new(trace, id, flags, true, TraceState::default());
        // Fails only where no exporter listens, and then there is nothing to join.
        span.set_parent(opentelemetry::Context::new().with_remote_span_context(remote)).ok();
    }
    let context = span.context();
    let exported = context.span().span_context().clone();
    if exported.is_valid() && !exported.is_remote() {
        return TraceIds {
            trace: exported.trace_id().to_bytes(),
            span: exported.span_id().to_bytes(),
            flags: exported.trace_flags().to_u8(),
        };
    }
    let mut fresh = [0; 24];
    app.ids().fill(&mut fresh);
    let (mut trace, mut span_id) = ([0; 16], [0; 8]);
    trace.copy_from_slice(&fresh[..16]);
    span_id.copy_from_slice(&fresh[16..]);
    TraceIds {
        trace: parent.map_or(trace, |parent| parent.trace),
        span: span_id,
        flags: parent.map_or(0, |p| p.flags),
    }
}

#[cfg(test)]
mod tests;
