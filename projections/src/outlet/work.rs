//! A pump at work, while it has the turn.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::batch::Batch;
use super::pump::Pump;
use super::store::{DeadLetter, Step, Turn};
use super::tally::Tally;
use super::{Fault, Manifest, Notice, Undelivered};
use crate::feed::FeedError;
use crate::proof::Issued;
use crate::telemetry;

/// Without an event for this long the pump looks for itself.
const IDLE: Duration = Duration::from_secs(1);
/// How often the cursor moves over what does not go out.
const PASSING: Duration = Duration::from_secs(1);
/// Events gather for so long after the first: many outlets are woken by it, and each reads.
const GATHERING: Duration = Duration::from_millis(40);
const FEWEST: usize = 64;
/// Checkpoints that are read at a time.
const SOME: u32 = 256;

/// Why a pump does not go on.
pub enum Stop {
    /// It was told to.
    Cancelled,
    /// Somebody else has the turn.
    Lost,
    /// The log or the storage failed.
    Failed(FeedError),
}

type Ahead<T> = AbortOnDropHandle<Result<Batch<T>, FeedError>>;

/// One turn.
pub struct Work<'p, T> {
    pub(super) pump: &'p Pump<T>,
    cancel: &'p CancellationToken,
    pub(super) token: u64,
    /// Where the cursor stands,
    position: u64,
    /// and how far nothing is left to go out behind it.
    seen: u64,
    entries: u64,
    tally: Tally,
    /// Since when there is something in the tally, as far as this process knows.
    counting: Instant,
    /// Checkpoints that may have to go out, in order; of an export only the newest.
    checkpoints: Vec<Issued>,
    looked: Option<Instant>,
    /// When the turn was last kept,
    kept: Instant,
    /// and when the cursor was last moved.
    moved: Instant,
    limit: usize,
    ahead: Option<(u64, Ahead<T>)>,
}

/// Notices that go along with items, and what stands once they are outside.
struct Outgoing {
    notices: Vec<Notice>,
    entries: u64,
    tally: Tally,
}

impl<'p, T: Send + Sync + 'static> Work<'p, T> {
    /// Begins a turn with what was to be tried again.
    pub async fn begin(pump: &'p Pump<T>, turn: Turn, cancel: &'p CancellationToken) -> Result<Self, Stop> {
        let work = Self {
            pump,
            cancel,
            token: turn.token,
            position: turn.position,
            seen: turn.position,
            entries: turn.entries,
            tally: turn.tally.unwrap_or_else(|| Tally::begin(turn.position + 1)),
            counting: Instant::now(),
            checkpoints: vec![],
            looked: None,
            kept: Instant::now(),
            moved: Instant::now(),
            limit: (pump.settings.batch / 4).max(FEWEST),
            ahead: None,
        };
        work.try_again().await?;
        Ok(work)
    }

    /// Drives until told to stop.
    pub async fn drive(mut self) -> Result<(), Stop> {
        loop {
            let done = self.go_on().await;
            if matches!(done, Err(Stop::Cancelled)) {
                self.pass().await?;
            }
            done?;
        }
    }

    async fn go_on(&mut self) -> Result<(), Stop> {
        let batch = self.next().await?;
        let ended = batch.to == self.seen;
        self.look(batch.to).await?;
        self.push(&batch).await?;
        if !ended {
            return Ok(());
        }
        for gauge in [telemetry::OUTLET_LAG_EVENTS, telemetry::OUTLET_LAG_SECONDS] {
            metrics::gauge!(gauge, "outlet" => self.pump.name.clone()).set(0.0);
        }
        // An event that was held back shows in the lag until then.
        if self.moved.elapsed() > PASSING {
            self.pass().await?;
        }
        let rest = async {
            self.pump.feed.wait(self.seen, IDLE.min(self.pump.settings.turn / 4)).await;
            sleep(GATHERING).await;
        };
        self.held(rest, Duration::ZERO).await?;
        if self.kept.elapsed() > self.pump.settings.turn / 3 {
            self.keep().await?;
        }
        Ok(())
    }

    /// The batch behind what was seen; the one behind that is read meanwhile.
    async fn next(&mut self) -> Result<Batch<T>, Stop> {
        let ahead = match self.ahead.take() {
            Some((after, ahead)) if after == self.seen => ahead,
            _ => self.read(self.seen),
        };
        let batch = self.held(ahead, Duration::ZERO).await?.map_err(|cause| FeedError(cause.into()))??;
        let settings = &self.pump.settings;
        if batch.bytes > settings.bytes {
            self.limit = (self.limit / 2).max(FEWEST);
        } else if batch.read >= self.limit && batch.bytes < settings.bytes / 2 {
            self.limit = (self.limit * 2).min(settings.batch);
        }
        if batch.to > self.seen {
            self.ahead = Some((batch.to, self.read(batch.to)));
        }
        Ok(batch)
    }

    fn read(&self, after: u64) -> Ahead<T> {
        let (feed, make) = (Arc::clone(&self.pump.feed), Arc::clone(&self.pump.make));
        AbortOnDropHandle::new(tokio::spawn(Batch::read(feed, self.pump.tenant, after, self.limit, make)))
    }

    /// Looks for checkpoints, now and then.
    async fn look(&mut self, to: u64) -> Result<(), Stop> {
        if self.looked.is_some_and(|looked| looked.elapsed() < self.pump.settings.look) {
            return Ok(());
        }
        self.looked = Some(Instant::now());
        let store = &self.pump.store;
        self.checkpoints = match self.pump.tenant {
            Some(tenant) => store.newest_checkpoint(tenant).await?.into_iter().collect(),
            None => store.checkpoints_from(self.entries, SOME).await?,
        };
        if self.checkpoints.len() == SOME as usize && self.checkpoints.iter().all(|one| one.position <= to) {
            self.looked = None;
        }
        if let Some(head) = self.pump.feed.head().await? {
            metrics::gauge!(telemetry::OUTLET_LAG_EVENTS, "outlet" => self.pump.name.clone())
                .set(head.saturating_sub(to) as f64);
        }
        let dead = store.dead(&self.pump.name).await?;
        metrics::gauge!(telemetry::OUTLET_DEAD_LETTERS, "outlet" => self.pump.name.clone()).set(dead as f64);
        Ok(())
    }

    /// What goes along with the items of a batch from `done` on.
    fn outgoing(&self, batch: &Batch<T>, done: usize) -> Outgoing {
        let mut tally = self.counted(batch, done, batch.items.len());
        let exports = self.pump.tenant;
        let new = self.checkpoints.iter().filter(|one| {
            // The bus's come behind the events that they cover.
            one.entry >= self.entries && (exports.is_some() || one.position <= batch.to)
        });
        let mut notices: Vec<_> = new.cloned().map(Notice::Checkpoint).collect();
        let entries = notices.iter().fold(self.entries, |entries, notice| match notice {
            Notice::Checkpoint(one) => entries.max(one.entry + 1),
            Notice::Manifest(_) => entries,
        });
        let settings = &self.pump.settings;
        let waited = self.tally.count() > 0 && self.counting.elapsed() >= settings.manifest_every;
        if let Some(tenant) = exports
            && (tally.count() >= settings.manifest_events || waited)
            // It says what stands under a checkpoint; before the first one it waits.
            && let Some(checkpoint) = self.checkpoints.last().cloned()
        {
            notices.push(Notice::Manifest(Manifest {
                outlet: self.pump.name.clone(),
                tenant,
                from: tally.from,
                to: batch.to,
                count: tally.count(),
                root: tally.root(),
                checkpoint: Some(checkpoint),
            }));
            tally = Tally::begin(batch.to + 1);
        }
        Outgoing { notices, entries, tally }
    }

    /// The tally with some of a batch's items in it. The bus has no manifests, and counts nothing.
    fn counted(&self, batch: &Batch<T>, done: usize, end: usize) -> Tally {
        let mut tally = self.tally.clone();
        if self.pump.tenant.is_some() {
            batch.heads[done..end].iter().for_each(|head| tally.push(head.leaf_hash));
        }
        tally
    }

    /// Hands a batch over, however long it takes.
    async fn push(&mut self, batch: &Batch<T>) -> Result<(), Stop> {
        let (mut done, mut pauses) = (0, self.pump.settings.pauses());
        loop {
            let (items, outgoing) = (&batch.items[done..], self.outgoing(batch, done));
            if items.is_empty() && outgoing.notices.is_empty() {
                return self.over(batch).await;
            }
            let Err(Undelivered { delivered, fault, message }) =
                self.deliver(items, &outgoing.notices).await?
            else {
                metrics::gauge!(telemetry::OUTLET_AWAY, "outlet" => self.pump.name.clone()).set(0.0);
                let Outgoing { entries, tally, .. } = outgoing;
                self.entries = entries;
                return self.advance(batch, done, batch.items.len(), batch.to, tally, None).await;
            };
            // Not more than there are, whatever the outlet says.
            let end = done + delivered.min(items.len());
            match (fault, batch.heads.get(end)) {
                (Fault::Poison, Some(head)) => {
                    tracing::warn!(
                        outlet = self.pump.name,
                        position = head.position,
                        message,
                        "an event was set aside"
                    );
                    let tally = self.counted(batch, done, end);
                    let (to, dead) = (batch.position(end + 1), head.dead(message));
                    self.advance(batch, done, end, to, tally, Some(dead)).await?;
                    done = end + 1;
                }
                (Fault::Poison, None) => {
                    // A notice that will never be taken is no reason to hold events back.
                    tracing::warn!(outlet = self.pump.name, message, "a notice was refused");
                    self.fail(&message, None).await?;
                    self.entries = outgoing.entries;
                    return self.advance(batch, done, end, batch.to, outgoing.tally, None).await;
                }
                (Fault::Away { after }, next) => {
                    let waiting = next.map(|head| head.recorded_at);
                    if end > done {
                        let tally = self.counted(batch, done, end);
                        self.advance(batch, done, end, batch.position(end), tally, None).await?;
                        (done, pauses) = (end, self.pump.settings.pauses());
                    }
                    self.fail(&message, waiting).await?;
                    let pause = pauses.next().unwrap_or(self.pump.settings.longest_pause);
                    self.held(sleep(pause.max(after.unwrap_or_default())), Duration::ZERO).await?;
                }
            }
        }
    }

    /// Hands over. What is under way may still end when the hub was told to stop.
    pub(super) async fn deliver(
        &self,
        items: &[T],
        notices: &[Notice],
    ) -> Result<Result<(), Undelivered>, Stop> {
        self.held(self.pump.outlet.deliver(items, notices), self.pump.settings.grace).await
    }

    /// Nothing of a batch goes out (any more).
    async fn over(&mut self, batch: &Batch<T>) -> Result<(), Stop> {
        if batch.spoilt(self.position, batch.to).next().is_some() {
            let end = batch.items.len();
            return self.advance(batch, end, end, batch.to, self.tally.clone(), None).await;
        }
        self.seen = self.seen.max(batch.to);
        if self.moved.elapsed() > PASSING { self.pass().await } else { Ok(()) }
    }

    /// Moves the cursor over what did not go out.
    async fn pass(&mut self) -> Result<(), Stop> {
        if self.position == self.seen {
            return Ok(());
        }
        let nothing = Batch::nothing(self.seen);
        self.advance(&nothing, 0, 0, self.seen, self.tally.clone(), None).await
    }

    /// Moves the cursor to a position: items `done..end` of a batch are outside, `dead` was set aside, and what could not be made.
    async fn advance(
        &mut self,
        batch: &Batch<T>,
        done: usize,
        end: usize,
        to: u64,
        tally: Tally,
        dead: Option<DeadLetter>,
    ) -> Result<(), Stop> {
        let mut dead: Vec<_> = batch.spoilt(self.position, to).cloned().chain(dead).collect();
        dead.sort_by_key(|dead| dead.position);
        let recorded_at = batch.heads[done..end].last().map(|head| head.recorded_at);
        let delivered = (end - done) as u64;
        let step = Step {
            from: self.position,
            to,
            delivered,
            recorded_at,
            entries: self.entries,
            tally: tally.clone(),
            dead,
        };
        let pump = self.pump;
        let now = pump.store.advance(&pump.name, self.token, &step).await?.ok_or(Stop::Lost)?;
        if self.tally.count() == 0 || tally.from != self.tally.from {
            self.counting = Instant::now();
        }
        (self.tally, self.position, self.moved) = (tally, to, Instant::now());
        self.seen = self.seen.max(to);
        if let Some(recorded_at) = recorded_at {
            self.lag(now, recorded_at);
        }
        metrics::counter!(telemetry::OUTLET_DELIVERED, "outlet" => pump.name.clone()).increment(delivered);
        Ok(())
    }

    fn lag(&self, now: i64, recorded_at: i64) {
        metrics::gauge!(telemetry::OUTLET_LAG_SECONDS, "outlet" => self.pump.name.clone())
            .set(now.saturating_sub(recorded_at).max(0) as f64 / 1e6);
    }

    /// Notes a failure, and since when the next event waits.
    async fn fail(&mut self, message: &str, waiting: Option<i64>) -> Result<(), Stop> {
        let pump = self.pump;
        tracing::debug!(outlet = pump.name, message, "nothing could be delivered");
        metrics::counter!(telemetry::OUTLET_FAILURES, "outlet" => pump.name.clone()).increment(1);
        metrics::gauge!(telemetry::OUTLET_AWAY, "outlet" => pump.name.clone()).set(1.0);
        let now = pump.store.fail(&pump.name, self.token, message).await?.ok_or(Stop::Lost)?;
        if let Some(recorded_at) = waiting {
            self.lag(now, recorded_at);
        }
        Ok(())
    }

    async fn keep(&mut self) -> Result<(), Stop> {
        let pump = self.pump;
        if !pump.store.keep(&pump.name, self.token, pump.settings.turn).await? {
            return Err(Stop::Lost);
        }
        self.kept = Instant::now();
        Ok(())
    }

    /// Does something while the turn is kept; ends early when it is lost, or `grace` after the hub was told to stop.
    pub(super) async fn held<R>(&self, work: impl Future<Output = R>, grace: Duration) -> Result<R, Stop> {
        let told = async {
            self.cancel.cancelled().await;
            sleep(grace).await;
        };
        let lost = async {
            loop {
                sleep(self.pump.settings.turn / 3).await;
                let kept = self.pump.store.keep(&self.pump.name, self.token, self.pump.settings.turn).await;
                // A storage that is away gives the turn to nobody.
                if matches!(kept, Ok(false)) {
                    return;
                }
            }
        };
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = told => Err(Stop::Cancelled),
            () = lost => Err(Stop::Lost),
        }
    }
}
