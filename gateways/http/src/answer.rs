//! How answers look: the resource as the body, the rest in headers.

use axum::Json;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use hub_commands::Outcome;
use hub_domain::Decider;
use hub_projections::Listed;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::Problem;

/// What every handler answers.
pub type Answer = Result<Response, Problem>;

/// `Ledger-Position`: what the answer has seen, or where the command stands.
pub const LEDGER_POSITION: HeaderName = HeaderName::from_static("ledger-position");
/// `Total-Count`: entries of the whole list.
pub const TOTAL_COUNT: HeaderName = HeaderName::from_static("total-count");
/// `Total-Count-At-Least: true`: there may be more than `Total-Count` says; counting stopped there.
pub const AT_LEAST: HeaderName = HeaderName::from_static("total-count-at-least");
/// `Idempotent-Replayed: true`: the answer is that of an earlier command under the same key.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// What a command would record.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Plan {
    /// Always `true`: nothing was recorded.
    pub dry_run: bool,
    /// The events that the command would record, in order; none when it would change nothing.
    pub events: Vec<PlannedEvent>,
}

/// What a command answers: the resource, or for a dry run the plan. For the document only.
#[derive(ToSchema)]
#[schema(description = "The resource as the command left it, or for a dry run what would be recorded")]
#[serde(untagged)]
#[allow(dead_code, reason = "only describes what `done` answers")]
pub enum OrPlan<T: ToSchema> {
    /// The resource.
    Done(T),
    /// The plan.
    Plan(Plan),
}

/// One event of a plan.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlannedEvent {
    /// Its wire name.
    #[serde(rename = "type")]
    #[schema(example = "cluster.changed.v1")]
    pub event_type: String,
    /// Its schema version.
    pub schema_version: u16,
    /// The stream that it would go to.
    pub stream: String,
    /// Its body.
    #[schema(value_type = Object)]
    pub payload: serde_json::Value,
}

/// One resource.
pub fn found<T: Serialize>(resource: &T, revision: Option<u64>, position: u64) -> Response {
    let mut response = Json(resource).into_response();
    note(response.headers_mut(), revision, position);
    response
}

/// A page of a list: a bare array, with where to go on in `Link` and how many there are in `Total-Count`.
pub fn page<T: Serialize>(uri: &Uri, listed: &Listed<T>) -> Response {
    page_of(uri, &listed.rows, listed)
}

/// A page of a list that is a part of something; the headers are the list's.
pub fn page_of<W: Serialize, T>(uri: &Uri, whole: &W, listed: &Listed<T>) -> Response {
    let mut response = Json(whole).into_response();
    let headers = response.headers_mut();
    note(headers, None, listed.position);
    headers.insert(TOTAL_COUNT, HeaderValue::from(listed.total));
    if !listed.exact {
        headers.insert(AT_LEAST, HeaderValue::from_static("true"));
    }
    if let Some(cursor) = &listed.next
        && let Ok(link) = HeaderValue::from_str(&next_link(uri, cursor))
    {
        headers.insert(header::LINK, link);
    }
    response
}

/// What came of a command: its resource, or for a dry run its plan.
pub fn done<D: Decider, T: Serialize>(
    status: StatusCode,
    outcome: &Outcome<D>,
    location: Option<&str>,
    resource: &T,
) -> Answer {
    let receipt = &outcome.receipt;
    if outcome.dry_run {
        let events =
            outcome.events.iter().map(|event| planned(&receipt.stream, event)).collect::<Result<_, _>>()?;
        return Ok(found(&Plan { dry_run: true, events }, receipt.revision, receipt.position));
    }
    let mut response = (status, Json(resource)).into_response();
    let headers = response.headers_mut();
    note(headers, receipt.revision, receipt.position);
    if receipt.repeated {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(location).ok()) {
        headers.insert(header::LOCATION, location);
    }
    Ok(response)
}

fn planned<E: hub_domain::Event>(stream: &str, event: &E) -> Result<PlannedEvent, Problem> {
    let payload = event.encode().map_err(|cause| Problem::internal(&cause))?;
    Ok(PlannedEvent {
        event_type: event.event_type().to_owned(),
        schema_version: event.schema_version(),
        stream: stream.to_owned(),
        payload: serde_json::from_slice(&payload).map_err(|cause| Problem::internal(&cause))?,
    })
}

fn note(headers: &mut HeaderMap, revision: Option<u64>, position: u64) {
    headers.insert(LEDGER_POSITION, HeaderValue::from(position));
    if let Some(revision) = revision {
        headers.insert(
            header::ETAG,
            HeaderValue::from_str(&format!("\"{revision}\"")).expect("digits in quotes"),
        );
    }
}

/// RFC 8288. The next page repeats what was asked, except for freshness: that has been waited for.
fn next_link(uri: &Uri, cursor: &str) -> String {
    let query = uri.query().unwrap_or_default();
    let mut pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    pairs.retain(|(name, _)| name != "cursor" && name != "min_position");
    pairs.push(("cursor".into(), cursor.into()));
    let query = serde_urlencoded::to_string(&pairs).unwrap_or_default();
    format!("<{}?{query}>; rel=\"next\"", uri.path())
}

#[cfg(test)]
mod tests;
