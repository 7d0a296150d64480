//! The one table of problem codes. What the domain refuses brings its own code and lands in the same namespace.

use axum::http::StatusCode;
use hub_domain::RefusalKind;
use hub_domain::cluster::ClusterRefusal;
use hub_domain::export::ExportRefusal;
use hub_domain::tenant::TenantRefusal;
use hub_domain::user::UserRefusal;

/// One line of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Stable, kebab-case, unique.
    pub code: &'static str,
    /// The status of every answer with this code.
    pub status: StatusCode,
    /// One sentence that is the same for every occurrence.
    pub title: &'static str,
}

macro_rules! catalogue {
    ($($name:ident = $code:literal, $status:ident, $title:literal;)*) => {
        impl Entry {
            $(#[doc = $title] pub const $name: Self =
                Self { code: $code, status: StatusCode::$status, title: $title };)*

            /// The codes of the edge itself, without those of the domain.
            pub const EDGE: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

catalogue! {
    MALFORMED_JSON = "malformed-json", BAD_REQUEST, "the body is not well-formed JSON";
    JSON_TOO_DEEP = "json-too-deep", BAD_REQUEST, "the body is nested too deeply";
    INVALID_PARAMETER = "invalid-parameter", BAD_REQUEST, "a query parameter breaks its rule";
    UNKNOWN_PARAMETER = "unknown-parameter", BAD_REQUEST, "the route does not know a query parameter";
    INVALID_HEADER = "invalid-header", BAD_REQUEST, "a request header breaks its rule";
    INVALID_CURSOR = "invalid-cursor", BAD_REQUEST, "the cursor does not belong to this list and order";
    UNAUTHENTICATED = "unauthenticated", UNAUTHORIZED, "an access token is needed";
    TOKEN_INVALID = "token-invalid", UNAUTHORIZED, "the access token is not valid";
    TOKEN_EXPIRED = "token-expired", UNAUTHORIZED, "the access token has expired";
    SESSION_ENDED = "session-ended", UNAUTHORIZED, "the session has ended";
    SIGN_IN_REFUSED = "sign-in-refused", UNAUTHORIZED, "the credentials were not accepted";
    FORBIDDEN = "forbidden", FORBIDDEN, "the caller's roles do not permit this";
    ROUTE_NOT_FOUND = "route-not-found", NOT_FOUND, "there is no such route";
    AUDIT_LOG_NOT_FOUND = "audit-log-not-found", NOT_FOUND, "there is no such audit log entry";
    TILE_NOT_FOUND = "tile-not-found", NOT_FOUND, "there is no such tile under the newest checkpoint";
    METHOD_NOT_ALLOWED = "method-not-allowed", METHOD_NOT_ALLOWED, "the route does not know this method";
    NAME_TAKEN = "name-taken", CONFLICT, "another one has this name already";
    CONTENDED = "contended", CONFLICT, "others changed the same thing at the same moment";
    PROOF_PENDING = "proof-pending", CONFLICT, "no checkpoint covers this yet; one will within seconds";
    PRECONDITION_FAILED = "precondition-failed", PRECONDITION_FAILED, "the resource is at another revision";
    BODY_TOO_LARGE = "body-too-large", PAYLOAD_TOO_LARGE, "the body is too large";
    EVENT_TOO_LARGE = "event-too-large", PAYLOAD_TOO_LARGE, "the event that this would record is too large";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "the body must be application/json";
    INVALID_BODY = "invalid-body", UNPROCESSABLE_ENTITY, "a member of the body breaks its rule";
    KEY_REUSED = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "the idempotency key was used for another request";
    PROVISIONING_UNAVAILABLE = "provisioning-unavailable", UNPROCESSABLE_ENTITY,
        "this hub imports clusters; it does not provision them";
    RATE_LIMITED = "rate-limited", TOO_MANY_REQUESTS, "too many requests";
    TOO_MANY_STREAMS = "too-many-streams", TOO_MANY_REQUESTS, "too many open event streams";
    INTERNAL = "internal", INTERNAL_SERVER_ERROR, "something went wrong on our side";
    OVERLOADED = "overloaded", SERVICE_UNAVAILABLE, "the hub is overloaded";
    STOPPING = "stopping", SERVICE_UNAVAILABLE, "the hub is stopping";
    UNAVAILABLE = "unavailable", SERVICE_UNAVAILABLE, "something that the hub needs is unavailable";
    OUTCOME_UNKNOWN = "outcome-unknown", SERVICE_UNAVAILABLE, "it is not known whether the command was recorded";
    READ_MODEL_BEHIND = "read-model-behind", SERVICE_UNAVAILABLE, "the read model has not seen this position yet";
    TIMED_OUT = "timed-out", SERVICE_UNAVAILABLE, "the request took too long";
}

/// The status of a family of refusals.
pub fn status_of(kind: RefusalKind) -> StatusCode {
    match kind {
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalKind::Forbidden => StatusCode::FORBIDDEN,
    }
}

/// Every code that an answer can carry: the edge's own, then the domain's.
pub fn all() -> impl Iterator<Item = Entry> {
    let refusals = [ClusterRefusal::ALL, ExportRefusal::ALL, UserRefusal::ALL, TenantRefusal::ALL];
    let refusals = refusals.into_iter().flatten().map(|&(code, kind, title)| Entry {
        code,
        status: status_of(kind),
        title,
    });
    Entry::EDGE.iter().copied().chain(refusals)
}
