//! The pump: drives one outlet, in one process at a time.
//!
//! It takes the turn, reads behind the cursor, hands over, and moves the cursor once all of that is outside. What it does not
//! know after a crash it does again: events are repeated, never left out.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use hub_domain::export::Filter;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Outlet;
use super::batch::Make;
use super::store::{Claim, OutletStore, Start};
use super::work::{Stop, Work};
use crate::event::Event;
use crate::feed::{EventFeed, FeedError};
use crate::models::{AuditLog, AuditLogs};
use crate::projection::Projection as _;
use crate::telemetry;

/// How a pump works.
#[derive(Clone, Debug)]
pub struct PumpSettings {
    /// Events that are handed over at once, at most.
    pub batch: usize,
    /// Bytes of payload and metadata at which batches become smaller.
    pub bytes: usize,
    /// How long a turn lasts unless it is kept: after a crash another process waits for so long.
    pub turn: Duration,
    /// How long a delivery that is under way may take once the hub was told to stop.
    pub grace: Duration,
    /// The longest first pause after a failure; each further one is about twice as long. A pause lies, at random, between half of it
    /// and the whole.
    pub first_pause: Duration,
    /// The longest pause, unless the other side asks for a longer one.
    pub longest_pause: Duration,
    /// Between two looks at what is new beside events: checkpoints.
    pub look: Duration,
    /// A manifest goes out after so many events of an export,
    pub manifest_events: u64,
    /// or with fewer of them after this time.
    pub manifest_every: Duration,
    /// Who drives, for people to read.
    pub holder: String,
}

impl Default for PumpSettings {
    fn default() -> Self {
        Self {
            batch: 2000,
            bytes: 4 << 20,
            turn: Duration::from_secs(10),
            grace: Duration::from_secs(5),
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(30),
            look: Duration::from_secs(1),
            manifest_events: 10_000,
            manifest_every: Duration::from_mins(1),
            holder: "hub".to_owned(),
        }
    }
}

impl PumpSettings {
    /// Pauses between attempts, without end.
    pub(super) fn pauses(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        ExponentialBuilder::new()
            .with_jitter()
            .with_min_delay(self.first_pause / 2)
            .with_max_delay(self.longest_pause / 2)
            .without_max_times()
            .build()
    }
}

/// Which events go out of an export, and since when.
#[derive(Clone, Debug)]
pub struct Export {
    /// Its id.
    pub name: String,
    /// Whose events.
    pub tenant: Uuid,
    /// Which of them.
    pub filter: Filter,
    /// Where it begins.
    pub start: Start,
    /// The position of the newest event that asked to try dead letters again; 0 for none.
    pub retry: u64,
}

/// Drives one outlet.
pub struct Pump<T> {
    pub(super) store: Arc<dyn OutletStore>,
    pub(super) feed: Arc<dyn EventFeed>,
    pub(super) name: String,
    /// Whose events; `None` for everybody's.
    pub(super) tenant: Option<Uuid>,
    pub(super) make: Make<T>,
    pub(super) outlet: Arc<dyn Outlet<T>>,
    pub(super) settings: PumpSettings,
    start: Start,
    retry: u64,
}

impl<T> std::fmt::Debug for Pump<T> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Pump")
            .field("name", &self.name)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

impl Pump<Event> {
    /// Of the bus: every event of every tenant from the first on, and every checkpoint once the events under it are out.
    pub fn new(
        store: Arc<dyn OutletStore>,
        feed: Arc<dyn EventFeed>,
        name: String,
        outlet: Arc<dyn Outlet<Event>>,
        settings: PumpSettings,
    ) -> Self {
        let make: Make<Event> = Arc::new(|recorded| Ok(Some(Event::new(recorded))));
        Self { store, feed, name, tenant: None, make, outlet, settings, start: Start::default(), retry: 0 }
    }
}

impl Pump<AuditLog> {
    /// Of an export: entries of one tenant's audit log. One that cannot be made of its event is set aside.
    pub fn of_export(
        store: Arc<dyn OutletStore>,
        feed: Arc<dyn EventFeed>,
        export: Export,
        outlet: Arc<dyn Outlet<AuditLog>>,
        settings: PumpSettings,
    ) -> Self {
        let Export { name, tenant, filter, start, retry } = export;
        let make: Make<AuditLog> = Arc::new(move |recorded| {
            let entry = AuditLogs::fold(None, &Event::new(recorded)).map_err(|poison| poison.to_string())?;
            Ok(filter.passes(&entry.action, &entry.target_type, &entry.outcome).then_some(entry))
        });
        Self { store, feed, name, tenant: Some(tenant), make, outlet, settings, start, retry }
    }
}

impl<T: Send + Sync + 'static> Pump<T> {
    /// Runs until cancelled: waits for the turn, and drives while it lasts. A delivery that is under way then may still end.
    pub async fn run(self, cancel: CancellationToken) {
        let (mut token, mut pauses) = (None, self.settings.pauses());
        while !cancel.is_cancelled() {
            match self.attempt(&mut token, &cancel).await {
                Ok(()) | Err(Stop::Cancelled) => {}
                Err(Stop::Lost) => {
                    tracing::info!(outlet = self.name, "another process drives the outlet");
                    (token, pauses) = (None, self.settings.pauses());
                }
                Err(Stop::Failed(cause)) => {
                    tracing::warn!(outlet = self.name, %cause, "the outlet waits");
                    let pause = pauses.next().unwrap_or(self.settings.longest_pause);
                    cancel.run_until_cancelled(sleep(pause)).await;
                }
            }
        }
        if let Some(token) = token
            && let Err(cause) = self.store.release(&self.name, token).await
        {
            tracing::debug!(outlet = self.name, %cause, "the turn ends by itself");
        }
        for gauge in [telemetry::OUTLET_ACTIVE, telemetry::OUTLET_AWAY, telemetry::OUTLET_LAG_EVENTS] {
            metrics::gauge!(gauge, "outlet" => self.name.clone()).set(0.0);
        }
    }

    async fn attempt(&self, token: &mut Option<u64>, cancel: &CancellationToken) -> Result<(), Stop> {
        let claim = Claim {
            name: self.name.clone(),
            tenant: self.tenant,
            start: self.start,
            retry: self.retry,
            holder: self.settings.holder.clone(),
            token: *token,
            ttl: self.settings.turn,
        };
        let active = metrics::gauge!(telemetry::OUTLET_ACTIVE, "outlet" => self.name.clone());
        let Some(turn) = self.store.take(&claim).await? else {
            active.set(0.0);
            *token = None;
            cancel.run_until_cancelled(sleep(self.settings.turn / 4)).await;
            return Ok(());
        };
        *token = Some(turn.token);
        active.set(1.0);
        Work::begin(self, turn, cancel).await?.drive().await
    }
}

impl From<FeedError> for Stop {
    fn from(cause: FeedError) -> Self {
        Self::Failed(cause)
    }
}

#[cfg(test)]
mod tests;
