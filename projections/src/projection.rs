//! The one shape of every projection: a pure fold from events to rows.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::{Event, Poison};
use crate::models::{AuditLogs, Clusters, Exports, Users};

/// What becomes of a row when an event changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Each event is a row of its own; rows never change.
    Append,
    /// One row a key: the present.
    Current,
    /// Each change ends a version and begins the next (`valid_from`, `valid_to`), so that the past is a query.
    Versioned,
}

/// Which row of a table: columns `tenant` and `id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The tenant.
    pub tenant: Uuid,
    /// The id within the tenant, by custom the stream.
    pub id: String,
}

impl Key {
    /// The key of an event's own stream.
    pub fn of(event: &Event) -> Self {
        Self { tenant: event.recorded.tenant, id: event.recorded.stream.clone() }
    }
}

/// A projection: which events it reads, and what they make of a row. No SQL, no I/O.
///
/// Its table is `read.<NAME>`; the columns are the row's members by name (and `valid_from`, `valid_to` of a
/// [`Kind::Versioned`] one). Nothing vanishes from a table: what is gone says so in its row.
pub trait Projection: Send + Sync + 'static {
    /// The table's name.
    const NAME: &'static str;
    /// One more whenever the fold or the row changes: a table of an older version is rebuilt when the hub starts.
    const VERSION: u32;
    /// What becomes of a row when an event changes it.
    const KIND: Kind;
    /// A row.
    type Row: Clone + Debug + PartialEq + Serialize + DeserializeOwned + Send + Sync + Unpin + 'static;

    /// Which row the event touches; `None` when it is none of this projection's.
    fn key(event: &Event) -> Option<Key>;

    /// The row after the event. `row` is what it was before, `None` when there was none (always, if [`Kind::Append`]).
    fn fold(row: Option<Self::Row>, event: &Event) -> Result<Self::Row, Poison>;
}

/// A row on its way into its table, or out of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stored<R> {
    /// The row.
    #[serde(flatten)]
    pub row: R,
    /// The event that made this version; only in a [`Kind::Versioned`] table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<u64>,
    /// The event that ended it; absent while it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<u64>,
}

/// Something to be done for each projection, whatever its row.
pub trait Visitor {
    /// What is made of one.
    type Output;
    /// Visits one.
    fn visit<P: Projection>(&mut self) -> Self::Output;
}

/// Visits every projection. This is the one list of them.
pub fn each<V: Visitor>(visitor: &mut V) -> Vec<V::Output> {
    vec![
        visitor.visit::<Clusters>(),
        visitor.visit::<Users>(),
        visitor.visit::<Exports>(),
        visitor.visit::<AuditLogs>(),
    ]
}

/// Every projection's name.
pub fn names() -> Vec<&'static str> {
    struct Names;
    impl Visitor for Names {
        type Output = &'static str;
        fn visit<P: Projection>(&mut self) -> &'static str {
            P::NAME
        }
    }
    each(&mut Names)
}
