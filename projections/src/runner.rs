//! Runs every projection of this process.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures::future::join_all;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::engine::progress::Progress;
use crate::engine::tail::Tail;
use crate::engine::worker::{self, Setting};
use crate::feed::EventFeed;
use crate::projection::{Projection, Visitor, each, names};

/// Keeps the read models up with the log.
pub struct ProjectionRunner {
    setting: Setting,
}

impl std::fmt::Debug for ProjectionRunner {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ProjectionRunner").field("progress", &self.setting.progress).finish_non_exhaustive()
    }
}

impl ProjectionRunner {
    /// Over a pool of the projector role, with four connections or more, and two more for each table that is built anew.
    pub fn new(projector: PgPool, feed: Arc<dyn EventFeed>) -> Self {
        let tail = Arc::new(Tail::new(Arc::clone(&feed)));
        Self { setting: Setting { pool: projector, tail, feed, progress: Progress::new(&names()) } }
    }

    /// How far the tables are: for [`ReadModels`](crate::ReadModels) and for health checks.
    pub fn progress(&self) -> Progress {
        self.setting.progress.clone()
    }

    /// Runs until cancelled. What was begun is rolled back; the next start goes on from the cursors.
    pub async fn run(self, cancel: CancellationToken) {
        join_all(each(&mut Spawn { setting: self.setting, cancel })).await;
    }
}

struct Spawn {
    setting: Setting,
    cancel: CancellationToken,
}

impl Visitor for Spawn {
    type Output = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn visit<P: Projection>(&mut self) -> Self::Output {
        let task = tokio::spawn(worker::run::<P>(self.setting.clone(), self.cancel.clone()));
        Box::pin(async move {
            if let Err(cause) = task.await {
                tracing::error!(projection = P::NAME, %cause, "the projection's task has died");
            }
        })
    }
}
