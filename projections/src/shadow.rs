//! Shadow mode: a table is held against a refold of the log, at one position, and nothing is written.
//!
//! Both sides come down to one sum a bucket of keys; only the rows of buckets whose sums differ are looked at one by one. So
//! memory is bounded whatever the size of the table, and an intact one is read once. The table is seen through one snapshot,
//! in which rows and cursor agree: what is appended meanwhile is not seen on either side.

mod refold;
mod snapshot;
mod sums;

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use sqlx::PgPool;
use uuid::Uuid;

use crate::difference::every_member;
use crate::event::Poison;
use crate::feed::{EventFeed, FeedError};
use crate::projection::{Projection, Visitor, each};
use refold::{Refolded, refold};
use snapshot::Snapshot;
use sums::{Buckets, Identity, Line, Sums};

/// Rows that are looked at one by one in the same round, and rounds at most: beyond that drift is only counted.
const MOST_HELD: u64 = 20_000;
const ROUNDS: u32 = 16;
/// Differences that are named.
const NAMED: usize = 20;

/// How gently to go about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// After each page, so many times as long as it took: 0 does not rest at all.
    pub rest: u32,
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drift {
    /// The projection.
    pub projection: &'static str,
    /// The log position at which table and refold were compared.
    pub position: u64,
    /// Rows that the log says there are.
    pub rows: u64,
    /// Rows that are not in the table.
    pub missing: u64,
    /// Rows in the table of which the log does not tell.
    pub extra: u64,
    /// Rows whose members differ.
    pub differing: u64,
    /// Whether the three are exact; otherwise there are at least as many.
    pub exact: bool,
    /// The first of them, at most 20.
    pub differences: Vec<Difference>,
}

impl Drift {
    /// Rows that are missing, too many or different.
    pub fn total(&self) -> u64 {
        self.missing + self.extra + self.differing
    }
}

/// One row that is not as the log says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// What is wrong with it.
    pub kind: DriftKind,
    /// Whose it is.
    pub tenant: Uuid,
    /// Which.
    pub id: String,
    /// The event that made this version, where the table has versions.
    pub valid_from: Option<u64>,
    /// The members that differ; none of a row that one side does not have.
    pub members: BTreeMap<String, DriftMember>,
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftKind {
    /// It is not in the table.
    Missing,
    /// The log does not tell of it.
    Extra,
    /// Members differ.
    Differing,
}

/// A member of which table and log say different things.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DriftMember {
    /// What the table says.
    pub table: Value,
    /// What the log says.
    pub log: Value,
}

/// Why there is no comparison.
#[derive(Debug, thiserror::Error)]
pub enum ShadowError {
    /// There is no such projection.
    #[error("there is no projection `{0}`")]
    Unknown(String),
    /// Somebody builds the table anew; a comparison gives way to that.
    #[error("projection `{0}` is being rebuilt; try again later")]
    Rebuilding(&'static str),
    /// The table was built by code of another version, whose rows have another shape.
    #[error(
        "the table of projection `{name}` was built by version {found} of its code, this is version {own}"
    )]
    Version {
        /// The projection.
        name: &'static str,
        /// The table's version.
        found: u32,
        /// The code's.
        own: u32,
    },
    /// The log cannot be folded up to where the table stands.
    #[error(transparent)]
    Poison(#[from] Poison),
    /// The log could not be read.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The database failed.
    #[error("the read models cannot be read: {0}")]
    Database(#[from] sqlx::Error),
    /// A row could not be written as JSON.
    #[error("a row of projection `{0}` is not JSON: {1}")]
    Row(&'static str, serde_json::Error),
}

/// Compares the tables of some projections, or of all when none is named, one after the other.
///
/// Needs a pool of the projector role. Reads only.
pub async fn shadow(
    pool: &PgPool,
    feed: Arc<dyn EventFeed>,
    wanted: &[&str],
    pace: Pace,
) -> Result<Vec<Drift>, ShadowError> {
    let known = crate::projection::names();
    if let Some(name) = wanted.iter().find(|name| !known.contains(name)) {
        return Err(ShadowError::Unknown((*name).to_owned()));
    }
    let mut found = Vec::new();
    for comparison in each(&mut Compare { pool, feed, wanted, pace }).into_iter().flatten() {
        found.push(comparison.await?);
    }
    Ok(found)
}

struct Compare<'a> {
    pool: &'a PgPool,
    feed: Arc<dyn EventFeed>,
    wanted: &'a [&'a str],
    pace: Pace,
}

type Comparison = Pin<Box<dyn Future<Output = Result<Drift, ShadowError>> + Send>>;

impl Visitor for Compare<'_> {
    type Output = Option<Comparison>;

    fn visit<P: Projection>(&mut self) -> Option<Comparison> {
        let (pool, feed, pace) = (self.pool.clone(), Arc::clone(&self.feed), self.pace);
        (self.wanted.is_empty() || self.wanted.contains(&P::NAME)).then(|| -> Comparison {
            Box::pin(async move { compare::<P>(&pool, feed.as_ref(), pace).await })
        })
    }
}

async fn compare<P: Projection>(
    pool: &PgPool,
    feed: &dyn EventFeed,
    pace: Pace,
) -> Result<Drift, ShadowError> {
    let mut snapshot = Snapshot::open::<P>(pool, pace).await?;
    let mut drift = Drift {
        projection: P::NAME,
        position: snapshot.position,
        rows: 0,
        missing: 0,
        extra: 0,
        differing: 0,
        exact: true,
        differences: vec![],
    };
    let mut rounds = ROUNDS;
    let mut todo = vec![Buckets::all()];
    while let Some(buckets) = todo.pop() {
        let mut sums = Sums::default();
        let done = refold::<P>(feed, &mut snapshot, &buckets, |line| sums.expect(&line)).await?;
        if done == Refolded::TooMany {
            todo.extend(buckets.halves());
            continue;
        }
        snapshot.scan::<P>(&buckets, |line| sums.find(&line)).await?;
        drift.rows += sums.expected();
        for group in sums.suspicious(MOST_HELD) {
            if rounds == 0 {
                let (missing, extra) = sums.surplus(&group);
                drift.exact = false;
                drift.missing += missing;
                drift.extra += extra;
                continue;
            }
            rounds -= 1;
            look_closer::<P>(feed, &mut snapshot, &group, &mut drift).await?;
        }
    }
    snapshot.close().await?;
    Ok(drift)
}

/// Holds the rows of some buckets against each other, one by one.
async fn look_closer<P: Projection>(
    feed: &dyn EventFeed,
    snapshot: &mut Snapshot,
    buckets: &Buckets,
    drift: &mut Drift,
) -> Result<(), ShadowError> {
    let mut expected: HashMap<Identity, Value> = HashMap::new();
    let keep = |line: Line| {
        expected.insert(line.identity, line.row);
    };
    // Its open rows were few enough before, when all of its buckets were folded together.
    refold::<P>(feed, snapshot, buckets, keep).await?;
    let compare = |line: Line| match expected.remove(&line.identity) {
        Some(row) if row == line.row => {}
        Some(row) => drift.note(DriftKind::Differing, line.identity, &line.row, &row),
        None => drift.note(DriftKind::Extra, line.identity, &Value::Null, &Value::Null),
    };
    snapshot.scan::<P>(buckets, compare).await?;
    let mut missing: Vec<Identity> = expected.into_keys().collect();
    missing.sort();
    for identity in missing {
        drift.note(DriftKind::Missing, identity, &Value::Null, &Value::Null);
    }
    Ok(())
}

impl Drift {
    fn note(&mut self, kind: DriftKind, identity: Identity, table: &Value, log: &Value) {
        match kind {
            DriftKind::Missing => self.missing += 1,
            DriftKind::Extra => self.extra += 1,
            DriftKind::Differing => self.differing += 1,
        }
        if self.differences.len() < NAMED {
            let members = every_member(table, log).into_iter();
            self.differences.push(Difference {
                kind,
                tenant: identity.tenant,
                id: identity.id,
                valid_from: identity.valid_from,
                members: members
                    .map(|(name, change)| (name, DriftMember { table: change.from, log: change.to }))
                    .collect(),
            });
        }
    }
}

#[cfg(test)]
mod tests;
