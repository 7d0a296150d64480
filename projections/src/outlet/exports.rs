//! Runs the exports of all tenants: a pump for each that is to run, anew whenever it is paused, replayed or deleted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::PgPool;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Export, Fault, Manifest, Notice, Outlet, OutletStore, Pump, PumpSettings, Start, Tally, Undelivered,
};
use crate::feed::EventFeed;
use crate::models::{AuditLog, ExportVersion};
use crate::query::running;

/// Between two looks at which exports are to run.
const LOOK: Duration = Duration::from_millis(500);
/// How long a test waits for the other side.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why an export cannot be opened, or what the other side said against it: without secrets, people read it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unopened(pub String);

/// Opens the way out of an export.
#[async_trait]
pub trait OutletMaker: Send + Sync + 'static {
    /// Opens it as its description says, with the secrets that the vault keeps for it.
    async fn open(&self, export: &ExportVersion) -> Result<Arc<dyn Outlet<AuditLog>>, Unopened>;

    /// Sends one message that is no event: a manifest of nothing. Answers with what the other side said.
    async fn test(&self, export: &ExportVersion) -> Result<String, Unopened> {
        let nothing = Tally::begin(0);
        let manifest = Manifest {
            outlet: export.id.clone(),
            tenant: export.tenant,
            from: nothing.from,
            to: nothing.from,
            count: nothing.count(),
            root: nothing.root(),
            checkpoint: None,
        };
        let outlet = self.open(export).await?;
        match timeout(PATIENCE, outlet.deliver(&[], &[Notice::Manifest(manifest)])).await {
            Ok(Ok(())) => Ok("the other side has taken the message".to_owned()),
            Ok(Err(undelivered)) => Err(Unopened(undelivered.message)),
            Err(_) => Err(Unopened(format!("no answer within {} seconds", PATIENCE.as_secs()))),
        }
    }
}

/// Runs exports.
#[derive(Clone)]
pub struct ExportRunner {
    projector: PgPool,
    store: Arc<dyn OutletStore>,
    feed: Arc<dyn EventFeed>,
    maker: Arc<dyn OutletMaker>,
    settings: PumpSettings,
}

impl std::fmt::Debug for ExportRunner {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ExportRunner").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// An export that runs in this process, or waits for its turn here.
struct Running {
    version: ExportVersion,
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn end(self) {
        self.cancel.cancel();
        if let Err(cause) = self.task.await {
            tracing::error!(export = self.version.id, %cause, "the export's task has died");
        }
    }

    /// Whether it runs as it should.
    fn fits(&self, wanted: &ExportVersion) -> bool {
        let mut alike = wanted.clone();
        alike.revision = self.version.revision;
        alike.updated_at = self.version.updated_at;
        alike.updated_by.clone_from(&self.version.updated_by);
        alike == self.version && !self.task.is_finished()
    }
}

impl ExportRunner {
    /// Over a pool of the projector role, which sees every tenant's exports.
    pub fn new(
        projector: PgPool,
        store: Arc<dyn OutletStore>,
        feed: Arc<dyn EventFeed>,
        maker: Arc<dyn OutletMaker>,
        settings: PumpSettings,
    ) -> Self {
        Self { projector, store, feed, maker, settings }
    }

    /// Runs until cancelled. While the read models cannot be read, what runs runs on.
    pub async fn run(self, cancel: CancellationToken) {
        let (mut looks, mut here) = (interval(LOOK), HashMap::new());
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while cancel.run_until_cancelled(looks.tick()).await.is_some() {
            match cancel.run_until_cancelled(running(&self.projector)).await {
                None => break,
                Some(Ok(wanted)) => self.settle(&mut here, wanted).await,
                Some(Err(cause)) => tracing::warn!(%cause, "it is not known which exports are to run"),
            }
        }
        end(here.drain().map(|(_, running)| running)).await;
    }

    /// Ends what is not to run (so) any more, and begins what is.
    async fn settle(&self, here: &mut HashMap<String, Running>, wanted: Vec<ExportVersion>) {
        let unfit: Vec<String> = here
            .iter()
            .filter(|(id, running)| !wanted.iter().any(|wanted| wanted.id == **id && running.fits(wanted)))
            .map(|(id, _)| id.clone())
            .collect();
        end(unfit.iter().filter_map(|id| here.remove(id)).collect::<Vec<_>>()).await;
        for version in wanted {
            if !here.contains_key(&version.id) {
                here.insert(version.id.clone(), self.begin(version));
            }
        }
    }

    fn begin(&self, version: ExportVersion) -> Running {
        let export = Export {
            name: version.id.clone(),
            tenant: version.tenant,
            filter: version.filter.clone(),
            start: Start { after: version.start_after, said_at: version.said_at },
            retry: version.retried_at,
        };
        let outlet =
            Lazy { maker: Arc::clone(&self.maker), version: version.clone(), opened: OnceCell::new() };
        let (store, feed) = (Arc::clone(&self.store), Arc::clone(&self.feed));
        let pump = Pump::of_export(store, feed, export, Arc::new(outlet), self.settings.clone());
        let cancel = CancellationToken::new();
        Running { version, task: tokio::spawn(pump.run(cancel.clone())), cancel }
    }
}

/// All at once: each may still deliver what is under way.
async fn end(running: impl IntoIterator<Item = Running>) {
    futures::future::join_all(running.into_iter().map(Running::end)).await;
}

/// Opened by the first delivery, so that what is wrong is seen, and tried again, like any other failure.
struct Lazy {
    maker: Arc<dyn OutletMaker>,
    version: ExportVersion,
    opened: OnceCell<Arc<dyn Outlet<AuditLog>>>,
}

#[async_trait]
impl Outlet<AuditLog> for Lazy {
    async fn deliver(&self, items: &[AuditLog], notices: &[Notice]) -> Result<(), Undelivered> {
        let opened = self.opened.get_or_try_init(|| self.maker.open(&self.version)).await;
        let away =
            |Unopened(message)| Undelivered { delivered: 0, fault: Fault::Away { after: None }, message };
        opened.map_err(away)?.deliver(items, notices).await
    }
}
