//! Ids in the path. One that cannot exist is answered like one that does not.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use hub_domain::cluster::ClusterRefusal;
use hub_domain::export::ExportRefusal;
use hub_domain::kernel::{ClusterId, ExportId, TypedId, UserId};
use hub_domain::user::UserRefusal;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::problem::{Entry, Problem, refused};

/// Something that has an id in a path.
pub trait Resource: TypedId {
    /// The answer when there is none.
    fn missing() -> Problem;
}

impl Resource for ClusterId {
    fn missing() -> Problem {
        refused(&ClusterRefusal::NotFound)
    }
}

impl Resource for ExportId {
    fn missing() -> Problem {
        refused(&ExportRefusal::NotFound)
    }
}

impl Resource for UserId {
    fn missing() -> Problem {
        refused(&UserRefusal::NotFound)
    }
}

/// The `{id}` of a path.
#[derive(Clone, Copy, Debug)]
pub struct Id<T>(pub T);

impl<T: Resource + Send, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| T::missing())?;
        text.parse().map(Self).map_err(|_| T::missing())
    }
}

/// The `{id}` of an audit log entry: the UUID of its event.
#[derive(Clone, Copy, Debug)]
pub struct EventId(pub Uuid);

impl EventId {
    /// The answer when there is none.
    pub fn missing() -> Problem {
        Problem::new(Entry::AUDIT_LOG_NOT_FOUND)
    }

    /// Reads one. There is one spelling only: the hyphenated one that lists show.
    pub fn read(text: &str) -> Option<Uuid> {
        let id = Uuid::try_parse(text).ok()?;
        (text.len() == 36 && id.to_string() == text.to_lowercase()).then_some(id)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for EventId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) =
            Path::<String>::from_request_parts(parts, state).await.map_err(|_| Self::missing())?;
        Self::read(&text).map(Self).ok_or_else(Self::missing)
    }
}

/// The `{id}` of a cluster, for the document only.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "`Id` reads it; this one only describes it")]
pub struct ClusterPath {
    /// The cluster's id.
    #[param(
        pattern = "^cluster_[0-7][0-9a-hjkmnp-tv-z]{25}$",
        example = "cluster_01jd8kz3f6e5t9m2v7q4x1r0ab"
    )]
    id: String,
}

/// The `{id}` of an export, for the document only.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "`Id` reads it; this one only describes it")]
pub struct ExportPath {
    /// The export's id.
    #[param(pattern = "^export_[0-7][0-9a-hjkmnp-tv-z]{25}$", example = "export_01jd8kz3f6e5t9m2v7q4x1r0ab")]
    id: String,
}

/// The `{id}` of a user, for the document only.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "`Id` reads it; this one only describes it")]
pub struct UserPath {
    /// The user's id.
    #[param(pattern = "^user_[0-7][0-9a-hjkmnp-tv-z]{25}$", example = "user_01jd8kz3f6e5t9m2v7q4x1r0ab")]
    id: String,
}

/// The `{id}` of an audit log entry, for the document only.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "`EventId` reads it; this one only describes it")]
pub struct EventPath {
    /// The event's id.
    id: Uuid,
}
