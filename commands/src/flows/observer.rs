//! The observer's loop: keep the turn, follow the log, start what is due, take in what came of it.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use hub_domain::ledger::Recorded;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::Surroundings;
use super::jobs::{Job, Probe, Report, Settled};
use super::registry::{News, Registry};
use super::schedule::{Agenda, Cadence, Key, Taken};
use crate::ports::{ClusterFeed, Lease};
use crate::telemetry;

const TURN: &str = "observer";
/// How many events are read at a time.
const PAGE: usize = 1000;
/// How long to wait for news of the log, and after it could not be read.
const POLL: Duration = Duration::from_secs(1);

pub(super) async fn run(around: Arc<Surroundings>, stop: CancellationToken) {
    let holder = format!("observer-{}", around.ports.ids.uuid());
    let mut registry = Registry::default();
    let ttl = around.settings.turn;
    while !stop.is_cancelled() {
        let asked = tokio::select! {
            () = stop.cancelled() => return,
            asked = around.ports.leases.acquire(TURN, &holder, ttl) => asked,
        };
        match asked {
            Ok(Some(lease)) => {
                metrics::gauge!(telemetry::OBSERVER_ACTIVE).set(1.0);
                let term = stop.child_token();
                let keeping = keep_turn(&around, &lease, &term);
                let conducting = Conductor::new(&around, &mut registry, &term).conduct();
                tokio::join!(keeping, conducting);
                metrics::gauge!(telemetry::OBSERVER_ACTIVE).set(0.0);
                if stop.is_cancelled()
                    && let Err(error) = around.ports.leases.release(&lease).await
                {
                    tracing::warn!(%error, "the observer's turn could not be given back; it runs out by itself");
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the observer's turn could not be asked for"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(ttl / 3) => {}
        }
    }
}

/// Renews the turn; ends the term when it is lost, or when it is not known for too long whether it is.
async fn keep_turn(around: &Surroundings, lease: &Lease, term: &CancellationToken) {
    let ttl = around.settings.turn;
    let mut renewed = Instant::now();
    loop {
        tokio::select! {
            () = term.cancelled() => return,
            () = sleep(ttl / 3) => {}
        }
        let asked = Instant::now();
        match timeout(ttl / 3, around.ports.leases.acquire(&lease.name, &lease.holder, ttl)).await {
            Ok(Ok(Some(renewal))) if renewal.token == lease.token => renewed = asked,
            Ok(Ok(_)) => {
                tracing::warn!("another hub observes the fleet now");
                return term.cancel();
            }
            Ok(Err(_)) | Err(_) if renewed.elapsed() < ttl * 2 / 3 => {}
            Ok(Err(_)) | Err(_) => {
                tracing::warn!("the observer's turn could not be renewed in time");
                return term.cancel();
            }
        }
    }
}

/// What the follower of the log tells.
enum Told {
    Events(Vec<Recorded>),
    CaughtUp,
}

async fn follow(feed: Arc<dyn ClusterFeed>, mut position: u64, tell: mpsc::Sender<Told>) {
    let mut caught_up = false;
    loop {
        let told = match feed.read(position, PAGE).await {
            Ok(events) => match events.last().map(|event| event.position) {
                Some(last) => {
                    position = last;
                    Told::Events(events)
                }
                None if caught_up => {
                    feed.wait(position, POLL).await;
                    continue;
                }
                None => {
                    caught_up = true;
                    Told::CaughtUp
                }
            },
            Err(error) => {
                tracing::warn!(%error, "the observer cannot follow the log");
                sleep(POLL).await;
                continue;
            }
        };
        if tell.send(told).await.is_err() {
            return;
        }
    }
}

/// One term of the observer.
struct Conductor<'a> {
    around: &'a Arc<Surroundings>,
    registry: &'a mut Registry,
    term: &'a CancellationToken,
    began: Instant,
    /// `None` until the log has been read to its end: before that, clusters may be long gone.
    agenda: Option<Agenda>,
    probes: HashMap<Key, Probe>,
    misses: HashMap<Key, u32>,
    jobs: JoinSet<Done>,
    /// How many of the jobs are for clusters that failed last time.
    failing: usize,
}

struct Done {
    key: Key,
    failing: bool,
    took: Duration,
    /// `None` when the job panicked.
    report: Option<Report>,
}

impl<'a> Conductor<'a> {
    fn new(around: &'a Arc<Surroundings>, registry: &'a mut Registry, term: &'a CancellationToken) -> Self {
        let (probes, misses) = (HashMap::new(), HashMap::new());
        let (began, jobs) = (Instant::now(), JoinSet::new());
        Self { around, registry, term, began, agenda: None, probes, misses, jobs, failing: 0 }
    }

    async fn conduct(mut self) {
        let (tell, mut told) = mpsc::channel(4);
        let feed = Arc::clone(&self.around.feed);
        let _follower = AbortOnDropHandle::new(tokio::spawn(follow(feed, self.registry.position(), tell)));
        loop {
            self.start_what_is_due();
            metrics::gauge!(telemetry::OBSERVED_CLUSTERS).set(self.registry.len() as f64);
            let next = self.next_due();
            let wake = async {
                match next {
                    Some(due) => tokio::time::sleep_until(self.began + due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = self.term.cancelled() => break,
                Some(done) = self.jobs.join_next() => {
                    // Jobs catch their own panics and are never aborted while this runs.
                    if let Ok(done) = done {
                        self.take_in(done);
                    }
                }
                told = told.recv() => match told {
                    Some(told) => self.learn(told),
                    // Without the follower nothing is learned any more: begin anew.
                    None => self.term.cancel(),
                },
                () = wake => {}
            }
        }
        metrics::gauge!(telemetry::OBSERVED_CLUSTERS).set(0.0);
        self.jobs.shutdown().await;
    }

    fn room_for_failing(&self) -> bool {
        self.failing < (self.around.settings.concurrency / 2).max(1)
    }

    fn has_room(&self) -> bool {
        self.jobs.len() < self.around.settings.concurrency.max(1)
    }

    fn next_due(&self) -> Option<Duration> {
        self.agenda.as_ref().filter(|_| self.has_room())?.next_due(self.room_for_failing())
    }

    fn start_what_is_due(&mut self) {
        while self.has_room() {
            let (now, room) = (self.began.elapsed(), self.room_for_failing());
            let Some(taken) = self.agenda.as_mut().and_then(|agenda| agenda.take(now, room)) else { return };
            self.start(taken);
        }
    }

    fn start(&mut self, taken: Taken) {
        let Taken { key, late, failing } = taken;
        let Some(entry) = self.registry.get(key) else {
            return self.hear(key, News::Gone, self.began.elapsed());
        };
        metrics::histogram!(telemetry::OBSERVATION_LAG_SECONDS).record(late.as_secs_f64());
        let job = Job {
            key,
            task: entry.task(),
            state: Arc::clone(&entry.state),
            probe: self.probes.get(&key).cloned(),
            misses: self.misses.get(&key).copied().unwrap_or_default(),
            cause: entry.cause(),
        };
        self.failing += usize::from(failing);
        let (around, term) = (Arc::clone(self.around), self.term.clone());
        self.jobs.spawn(async move {
            let started = Instant::now();
            let report = AssertUnwindSafe(job.run(&around, &term)).catch_unwind().await.ok();
            Done { key, failing, took: started.elapsed(), report }
        });
    }

    fn learn(&mut self, told: Told) {
        let now = self.began.elapsed();
        match told {
            Told::CaughtUp => {
                let mut agenda = Agenda::new(self.cadence());
                self.registry.keys().for_each(|key| agenda.insert(key, now));
                self.agenda = Some(agenda);
            }
            Told::Events(events) => {
                for event in events {
                    match self.registry.apply(&event) {
                        Ok(Some((key, news))) => self.hear(key, news, now),
                        Ok(None) => {}
                        Err(error) => {
                            tracing::error!(position = event.position, %error, "a cluster is no longer observed");
                        }
                    }
                }
            }
        }
    }

    fn cadence(&self) -> Cadence {
        let settings = &self.around.settings;
        Cadence {
            interval: settings.interval,
            first_pause: settings.first_pause,
            longest_pause: settings.longest_pause,
            spread: settings.spread,
        }
    }

    fn hear(&mut self, key: Key, news: News, now: Duration) {
        let Some(agenda) = &mut self.agenda else { return };
        match news {
            News::None => agenda.insert(key, now),
            News::Urgent => {
                self.misses.remove(&key);
                agenda.hasten(key, now);
            }
            News::Gone => {
                agenda.remove(key);
                self.probes.remove(&key);
                self.misses.remove(&key);
            }
        }
    }

    fn take_in(&mut self, done: Done) {
        let Done { key, failing, took, report } = done;
        self.failing -= usize::from(failing);
        let now = self.began.elapsed();
        let outcome = match &report {
            Some(Report::Answered(..)) => Some("answered"),
            Some(Report::Failed(..)) => Some("failed"),
            Some(Report::Tidied(..) | Report::Retired(_)) => None,
            Some(Report::Skipped(_)) | None => Some("skipped"),
        };
        if let Some(outcome) = outcome {
            metrics::counter!(telemetry::OBSERVATIONS, "outcome" => outcome).increment(1);
            metrics::histogram!(telemetry::OBSERVATION_SECONDS).record(took.as_secs_f64());
        }
        let Some(agenda) = &mut self.agenda else { return };
        if self.registry.get(key).is_none() {
            return self.hear(key, News::Gone, now);
        }
        match report {
            Some(Report::Answered(probe, settled)) => {
                agenda.answered(key, now);
                self.probes.insert(key, probe);
                self.misses.remove(&key);
                self.settle(key, settled, now);
            }
            Some(Report::Failed(failure, settled)) => {
                tracing::debug!(tenant = %key.0, cluster = %key.1, code = failure.code, "a look at a cluster failed");
                agenda.failed(key, now);
                // A connection that has gone dead may never say so: the next look gets a new one.
                self.probes.remove(&key);
                *self.misses.entry(key).or_default() += 1;
                self.settle(key, settled, now);
            }
            Some(Report::Tidied(secrets, names)) => {
                agenda.answered(key, now);
                self.registry.tidied(key, &secrets, &names);
                self.hear(key, News::Urgent, now);
            }
            Some(Report::Retired(settled)) => {
                agenda.failed(key, now);
                self.settle(key, settled, now);
            }
            Some(Report::Skipped(reason)) => {
                tracing::warn!(tenant = %key.0, cluster = %key.1, reason, "a cluster could not be seen to");
                agenda.failed(key, now);
            }
            None => {
                tracing::error!(tenant = %key.0, cluster = %key.1, "seeing to a cluster panicked");
                agenda.failed(key, now);
            }
        }
    }

    fn settle(&mut self, key: Key, settled: Option<Settled>, now: Duration) {
        if let Some((state, revision)) = settled {
            match self.registry.settle(key, state, revision) {
                News::None => {}
                news => self.hear(key, news, now),
            }
        }
    }
}
