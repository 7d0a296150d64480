//! Builds tables anew beside the live ones, catches up, and switches. Readers and the live projections go on.

mod builder;

use std::pin::Pin;
use std::sync::Arc;

use futures::future::try_join_all;
use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::engine::EngineError;
use crate::engine::tail::Tail;
use crate::event::Poison;
use crate::feed::{EventFeed, FeedError};
use crate::projection::{Projection, Visitor, each};
use builder::{Build, Builder};

/// How far a rebuild is.
#[derive(Clone, Debug, PartialEq)]
pub struct RebuildProgress {
    /// The newest event that all the new tables have seen.
    pub position: u64,
    /// The newest event of the log, where the log can tell.
    pub head: Option<u64>,
    /// Events a second, since the start.
    pub rate: f64,
}

/// A table that was built anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// The projection.
    pub name: &'static str,
    /// The newest event in its table at the switch.
    pub position: u64,
}

/// Why a table was not built anew. The live one stands as it stood.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// There is no such projection.
    #[error("there is no projection `{0}`")]
    Unknown(String),
    /// Somebody else is building it.
    #[error("projection `{0}` is being rebuilt already")]
    Running(&'static str),
    /// An event cannot be read.
    #[error("projection `{name}` cannot be rebuilt: {poison}")]
    Poison {
        /// The projection.
        name: &'static str,
        /// The event.
        poison: Poison,
    },
    /// The log or the database failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<sqlx::Error> for RebuildError {
    fn from(cause: sqlx::Error) -> Self {
        Self::Engine(cause.into())
    }
}

impl From<crate::feed::FeedError> for RebuildError {
    fn from(cause: crate::feed::FeedError) -> Self {
        Self::Engine(cause.into())
    }
}

/// Rebuilds the tables of some projections, or of all when none is named; the log is read once for all of them.
///
/// Safe at any time: a rebuild that dies leaves a `__next` table behind that the next one drops. Needs a pool of the
/// projector role with two connections a projection, and two to spare.
pub async fn rebuild(
    pool: &PgPool,
    feed: Arc<dyn EventFeed>,
    wanted: &[&str],
    report: &(dyn Fn(&RebuildProgress) + Send + Sync),
) -> Result<Vec<Rebuilt>, RebuildError> {
    let known = crate::projection::names();
    if let Some(name) = wanted.iter().find(|name| !known.contains(name)) {
        return Err(RebuildError::Unknown((*name).to_owned()));
    }
    let openings = each(&mut Open { pool, wanted });
    let mut builds = try_join_all(openings.into_iter().flatten()).await?;
    let tail = &Arc::new(Tail::new(feed));
    let started = Instant::now();
    let mut position = 0;
    // Tables are indexed at the end of the log; by then there is something to catch up.
    for indexed in [false, true] {
        loop {
            let batch = &tail.after(position).await?;
            let Some(last) = batch.last() else { break };
            let next = last.recorded.position;
            // The next batch is read while this one is written.
            let written = each_apart(builds, |mut build| {
                let (batch, tail) = (Arc::clone(batch), Arc::clone(tail));
                async move { build.apply(&batch, &tail).await.map(|()| (build, ())) }
            });
            let (written, _) = tokio::join!(written, async { tail.after(next).await.ok() });
            builds = written?.into_iter().map(|(build, ())| build).collect();
            position = next;
            let rate = position as f64 / started.elapsed().as_secs_f64().max(1e-3);
            report(&RebuildProgress { position, head: tail.head().await?, rate });
        }
        if !indexed {
            let built = each_apart(builds, |mut build| {
                let tail = Arc::clone(tail);
                async move { build.index(&tail).await.map(|()| (build, ())) }
            });
            builds = built.await?.into_iter().map(|(build, ())| build).collect();
        }
    }
    let switched = each_apart(builds, |mut build| {
        let tail = Arc::clone(tail);
        async move { build.finish(&tail).await.map(|rebuilt| (build, rebuilt)) }
    });
    Ok(switched.await?.into_iter().map(|(_, rebuilt)| rebuilt).collect())
}

/// Lets each table be worked on by a task of its own: to write rows costs this process as much as it costs the database.
async fn each_apart<T, F>(
    builds: Vec<Box<dyn Build>>,
    work: impl Fn(Box<dyn Build>) -> F,
) -> Result<Vec<(Box<dyn Build>, T)>, RebuildError>
where
    T: Send + 'static,
    F: Future<Output = Result<(Box<dyn Build>, T), RebuildError>> + Send + 'static,
{
    let tasks = builds.into_iter().map(|build| {
        let task = AbortOnDropHandle::new(tokio::spawn(work(build)));
        async move { task.await.map_err(|cause| FeedError(cause.into()))? }
    });
    try_join_all(tasks).await
}

struct Open<'a> {
    pool: &'a PgPool,
    wanted: &'a [&'a str],
}

type Opening = Pin<Box<dyn Future<Output = Result<Box<dyn Build>, RebuildError>> + Send>>;

impl Visitor for Open<'_> {
    type Output = Option<Opening>;

    fn visit<P: Projection>(&mut self) -> Option<Opening> {
        let pool = self.pool.clone();
        (self.wanted.is_empty() || self.wanted.contains(&P::NAME)).then(|| -> Opening {
            Box::pin(async move { Ok(Box::new(Builder::<P>::open(pool).await?) as Box<dyn Build>) })
        })
    }
}
