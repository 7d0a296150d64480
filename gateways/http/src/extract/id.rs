//! Ids in the path. One that cannot exist is answered like one that does not.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use hub_domain::cluster::ClusterRefusal;
use hub_domain::kernel::{ClusterId, TypedId, UserId};
use hub_domain::user::UserRefusal;
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
}

impl<S: Send + Sync> FromRequestParts<S> for EventId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Self::missing())?;
        // One spelling only: the hyphenated one that lists show.
        let id = Uuid::try_parse(&text).ok().filter(|id| text.len() == 36 && id.to_string() == text.to_lowercase());
        id.map(Self).ok_or_else(Self::missing)
    }
}
