//! The writer: one task, one append at a time, fenced by the revision of the ledger's stream.
//!
//! What it remembers (the head, the tenants' chains, streams' revisions) is exact as long as the stream still ends where
//! the writer left it, and the append expects just that. Whoever else has written makes the append fail; the writer then
//! reads what it missed and plans again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hub_commands::ports::{Append, AppendError, Clock, CopyError, Entry, Receipt, Unavailable};
use hub_domain::kernel::TypedId;
use tokio::sync::{mpsc, watch};

use super::memory::Memory;
use super::plan::{Batch, plan};
use super::{Request, Shared, WriterSettings};
use crate::connection::{Unconfirmed, unavailable};
use crate::entry::{decode, encode};
use crate::telemetry;

/// Between two attempts to reach the cluster.
const PAUSE: Duration = Duration::from_millis(100);
/// Entries that are read at a time.
const PAGE: usize = 500;

pub(super) struct Writer {
    pub shared: Arc<Shared>,
    pub clock: Arc<dyn Clock>,
    pub settings: WriterSettings,
    /// The number of the next entry, as far as the writer knows.
    pub known: watch::Sender<u64>,
    pub memory: Option<Memory>,
    /// A request that did not fit into the last batch.
    pub ahead: Option<Request>,
}

/// One request's answer.
type Reply = Result<Receipt, AppendError>;

/// What became of one attempt to write a batch.
enum Attempt {
    /// It stands in the log, or had nothing to write.
    Done(Vec<Reply>),
    /// The log had moved: plan again with what is known now.
    Again,
    /// The server takes less at a time.
    Split,
}

/// A batch that was sent and never answered. It is sent again as it is: the same entries are appended once at most.
struct Doubt {
    batch: Batch,
    settled: Vec<Option<Reply>>,
}

impl Writer {
    /// Serves until every sender is gone and the queue is empty.
    pub async fn run(mut self, mut queue: mpsc::Receiver<Request>, mut wanted: watch::Receiver<u64>) {
        let mut waiting = Vec::new();
        loop {
            let first = if let Some(request) = self.ahead.take() {
                request
            } else {
                tokio::select! {
                    biased;
                    request = queue.recv() => match request {
                        Some(request) => request,
                        None => return,
                    },
                    Ok(()) = wanted.changed() => {
                        let end = *wanted.borrow_and_update();
                        self.look(end).await;
                        continue;
                    }
                }
            };
            self.gather(first, &mut queue, &mut waiting).await;
            metrics::gauge!(telemetry::QUEUE).set(queue.len() as f64);
            let (requests, open): (Vec<Append>, Vec<_>) = waiting
                .drain(..)
                .map(|request: Request| (request.append, (request.answer, request.arrived, request.room)))
                .unzip();
            let replies = self.write(&requests).await;
            for ((sender, arrived, room), reply) in open.into_iter().zip(replies) {
                metrics::counter!(telemetry::APPENDS, "outcome" => super::outcome_of(&reply)).increment(1);
                metrics::histogram!(telemetry::APPEND_SECONDS).record(arrived.elapsed());
                drop(room);
                // A waiter that has gone away loses its answer, not its event.
                let _ = sender.send(reply);
            }
        }
    }

    /// Fills a batch with what is there, up to what the server takes at a time. It never lingers, but lets the others run
    /// first: those whose answers have just gone out are about to ask again.
    async fn gather(&mut self, first: Request, queue: &mut mpsc::Receiver<Request>, into: &mut Vec<Request>) {
        let (mut events, mut bytes) = (first.append.events.len(), first.bytes);
        into.push(first);
        for _ in 0..3 {
            while events < self.settings.batch_events && self.ahead.is_none() {
                let Ok(next) = queue.try_recv() else { break };
                if bytes + next.bytes > self.settings.batch_bytes {
                    self.ahead = Some(next);
                    return;
                }
                events += next.append.events.len();
                bytes += next.bytes;
                into.push(next);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Reads what others have written, for somebody who waits to read it.
    async fn look(&mut self, wanted: u64) {
        if self.memory.as_ref().is_some_and(|memory| memory.head.next >= wanted) {
            return;
        }
        if let Err(cause) = self.catch_up().await {
            tracing::warn!(%cause, "what others have written cannot be read");
        }
    }

    /// Writes a batch and answers each request, however often the cluster goes away meanwhile.
    async fn write(&mut self, requests: &[Append]) -> Vec<Reply> {
        let deadline = Instant::now() + self.settings.patience;
        let mut doubt = None;
        loop {
            let cause = match self.attempt(requests, &mut doubt).await {
                Ok(Attempt::Done(replies)) => return replies,
                Ok(Attempt::Split) => {
                    let (one, other) = requests.split_at(requests.len() / 2);
                    let mut replies = Box::pin(self.write(one)).await;
                    replies.extend(Box::pin(self.write(other)).await);
                    return replies;
                }
                Ok(Attempt::Again) => {
                    metrics::counter!(telemetry::OVERTAKEN).increment(1);
                    if Instant::now() < deadline {
                        continue;
                    }
                    unavailable("the log kept moving under the writer").into()
                }
                Err(cause) => cause,
            };
            // An altered log does not heal while somebody waits.
            if Instant::now() >= deadline || !matches!(cause, CopyError::Unavailable(_)) {
                tracing::error!(%cause, "the ledger cannot be written");
                return give_up(requests, &cause, doubt);
            }
            tracing::warn!(%cause, "the ledger cannot be written; trying again");
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn attempt(
        &mut self,
        requests: &[Append],
        doubt: &mut Option<Doubt>,
    ) -> Result<Attempt, CopyError> {
        if let Some(doubtful) = doubt.take() {
            let (done, left) = self.resolve(doubtful).await;
            *doubt = left;
            if let Some(replies) = done? {
                return Ok(Attempt::Done(replies));
            }
        }
        if self.memory.is_none() {
            self.catch_up().await?;
        }
        self.room()?;
        let settled = self.settle(requests).await?;
        let unsettled = requests.iter().zip(&settled).filter(|(_, reply)| reply.is_none());
        let open: Vec<&Append> = unsettled.map(|(append, _)| append).collect();
        self.learn(&open).await?;
        let memory = self.memory.as_ref().ok_or_else(|| unavailable("the log has not been read yet"))?;
        let batch = plan(&open, memory, memory.head, self.clock.now().timestamp_micros());
        // What is remembered may be old: a conflict counts only against the log itself.
        if batch.has_conflict() && self.catch_up().await? {
            return Ok(Attempt::Again);
        }
        if batch.entries.is_empty() {
            return Ok(Attempt::Done(merge(settled, batch.answers)));
        }
        match self.send(&batch).await? {
            Ok(()) => Ok(Attempt::Done(merge(settled, self.confirmed(batch)?))),
            Err(Unconfirmed::Moved) => {
                self.catch_up().await?;
                Ok(Attempt::Again)
            }
            Err(Unconfirmed::TooLarge { limit }) => {
                let limit = limit.unwrap_or(self.settings.batch_bytes);
                self.settings.batch_bytes = self.settings.batch_bytes.min(limit);
                if open.len() > 1 {
                    return Ok(Attempt::Split);
                }
                let size = size_of(&batch);
                let refused = batch.answers.into_iter().map(|_| Err(AppendError::TooLarge { limit, size }));
                Ok(Attempt::Done(merge(settled, refused.collect())))
            }
            Err(Unconfirmed::Refused(cause)) => Err(cause.into()),
            Err(Unconfirmed::Doubtful(cause)) => {
                *doubt = Some(Doubt { batch, settled });
                Err(cause.into())
            }
        }
    }

    /// Sends a doubtful batch again, as it was. The server answers the same to entries that it holds already; when others stand
    /// in their place, they can never be appended any more.
    async fn resolve(&mut self, doubt: Doubt) -> (Result<Option<Vec<Reply>>, CopyError>, Option<Doubt>) {
        let stands = match self.send(&doubt.batch).await {
            Ok(Ok(())) => Ok(true),
            Ok(Err(Unconfirmed::Moved)) => self.stands(&doubt.batch).await,
            Ok(Err(Unconfirmed::Refused(cause) | Unconfirmed::Doubtful(cause))) => Err(cause.into()),
            Ok(Err(cause @ Unconfirmed::TooLarge { .. })) => Err(unavailable(cause).into()),
            Err(cause) => Err(cause),
        };
        match stands {
            Err(cause) => (Err(cause), Some(doubt)),
            Ok(false) => (self.catch_up().await.map(|_| None), None),
            Ok(true) => {
                let Doubt { batch, settled } = doubt;
                (self.confirmed(batch).map(|answers| Some(merge(settled, answers))), None)
            }
        }
    }

    /// Whether a batch stands in the log: its first entry does, where it belongs.
    async fn stands(&self, batch: &Batch) -> Result<bool, CopyError> {
        let Some(first) = batch.entries.first() else { return Ok(true) };
        let found = self.shared.connection.page(first.number, 1).await?;
        Ok(found.first().is_some_and(|stored| decode(stored).is_ok_and(|entry| entry == *first)))
    }

    async fn send(&self, batch: &Batch) -> Result<Result<(), Unconfirmed>, CopyError> {
        let encoded = batch.entries.iter().zip(&batch.ids).map(|(entry, id)| encode(entry, *id));
        let encoded: Result<Vec<_>, String> = encoded.map(|done| done.map(|(data, _)| data)).collect();
        let after = batch.entries.first().and_then(|entry| entry.number.checked_sub(1));
        Ok(self.shared.connection.append(after, encoded.map_err(unavailable)?).await)
    }

    /// Takes a confirmed batch into memory and answers with what its requests are told.
    fn confirmed(&mut self, batch: Batch) -> Result<Vec<Reply>, CopyError> {
        let events = batch.entries.iter().filter(|entry| entry.event.is_some()).count();
        metrics::histogram!(telemetry::BATCH_EVENTS).record(events as f64);
        metrics::counter!(telemetry::EVENTS).increment(events as u64);
        for entry in batch.entries {
            self.follow(entry)?;
        }
        self.announce();
        Ok(batch.answers)
    }

    fn follow(&mut self, entry: Entry) -> Result<(), CopyError> {
        let number = entry.number;
        let Some(memory) = &mut self.memory else { return Ok(()) };
        memory.follow(entry, &self.shared.recent).map_err(|what| CopyError::Altered { number, what })
    }

    fn announce(&self) {
        if let Some(memory) = &self.memory {
            metrics::gauge!(telemetry::POSITION).set(memory.head.position as f64);
            self.known.send_replace(memory.head.next);
        }
    }

    /// Reads to the end of the log. Whether there was anything new.
    async fn catch_up(&mut self) -> Result<bool, CopyError> {
        if self.memory.is_none() {
            self.shared.recent.clear();
            let (cursor, chains) = self.shared.copy.heads().await?;
            self.memory = Some(Memory::new(&cursor, chains, self.settings.streams));
        }
        let mut news = false;
        loop {
            self.room()?;
            let from = self.memory.as_ref().map_or(0, |memory| memory.head.next);
            let page = self.shared.connection.page(from, PAGE).await?;
            if page.is_empty() {
                self.announce();
                return Ok(news);
            }
            for stored in &page {
                let number = stored.revision;
                let entry = decode(stored).map_err(|what| CopyError::Altered { number, what })?;
                self.follow(entry)?;
            }
            news = true;
            self.announce();
        }
    }

    /// What is not in the copy yet is kept in memory: there is a bound to that.
    fn room(&self) -> Result<(), CopyError> {
        let standing = self.shared.standing.borrow();
        if let Some(stopped) = &standing.stopped {
            return Err(CopyError::Foreign(stopped.clone()));
        }
        self.shared.recent.prune(standing.cursor.next);
        if self.shared.recent.bytes() > self.settings.recent_bytes {
            return Err(unavailable("the copy of the log is too far behind").into());
        }
        Ok(())
    }

    /// Answers from the log what it already holds under the requests' keys.
    async fn settle(&self, requests: &[Append]) -> Result<Vec<Option<Reply>>, Unavailable> {
        let keyed = requests
            .iter()
            .filter_map(|append| append.idempotency.as_ref().map(|key| (append.tenant, key.key.as_str())));
        let keys: Vec<_> = keyed.collect();
        let recent = |append: &Append, key: &str| self.shared.recent.receipt(append.tenant.uuid(), key);
        // What leaves memory meanwhile is in the copy by then: memory is looked at first.
        let mut settled: Vec<Option<Reply>> = requests
            .iter()
            .map(|append| {
                let key = append.idempotency.as_ref()?;
                Some(recent(append, &key.key)?.answer(key))
            })
            .collect();
        if keys.is_empty() {
            return Ok(settled);
        }
        let stored = self.shared.copy.receipts(&keys).await?;
        for (append, reply) in requests.iter().zip(&mut settled) {
            let Some(key) = append.idempotency.as_ref().filter(|_| reply.is_none()) else { continue };
            let mut found = stored.iter();
            let found = found.find(|kept| kept.tenant == append.tenant.uuid() && kept.key.key == key.key);
            *reply = found.map(|kept| kept.answer(key));
        }
        Ok(settled)
    }

    /// Reads what the plan needs and memory lacks.
    async fn learn(&mut self, open: &[&Append]) -> Result<(), Unavailable> {
        let Some(memory) = &mut self.memory else { return Ok(()) };
        let mut streams: Vec<_> = open
            .iter()
            .filter(|append| !memory.knows(append.tenant.uuid(), &append.stream))
            .map(|append| (append.tenant, append.stream.as_str()))
            .collect();
        streams.sort_unstable_by_key(|(tenant, stream)| (tenant.uuid(), *stream));
        streams.dedup();
        if streams.is_empty() {
            return Ok(());
        }
        let found = self.shared.copy.revisions(&streams).await?;
        for ((tenant, stream), revision) in streams.into_iter().zip(found) {
            if let Some(revision) = revision {
                memory.remember(tenant.uuid(), stream, revision, &self.shared.recent);
            }
        }
        Ok(())
    }
}

fn size_of(batch: &Batch) -> usize {
    let sizes = batch.entries.iter().zip(&batch.ids).filter_map(|(entry, id)| encode(entry, *id).ok());
    sizes.map(|(_, size)| size).sum()
}

fn merge(settled: Vec<Option<Reply>>, replies: Vec<Reply>) -> Vec<Reply> {
    let mut fresh = replies.into_iter();
    let known = settled.into_iter();
    known.map(|known| known.unwrap_or_else(|| fresh.next().expect("one reply a request"))).collect()
}

/// Tells the truth when time is up: not appended, or not known.
fn give_up(requests: &[Append], cause: &CopyError, doubt: Option<Doubt>) -> Vec<Reply> {
    let unknown = doubt.is_some();
    let settled = doubt.map_or_else(|| requests.iter().map(|_| None).collect(), |doubt| doubt.settled);
    let refusal = || {
        let cause = unavailable(cause.to_string());
        Err(if unknown { AppendError::Unknown(cause) } else { AppendError::Unavailable(cause) })
    };
    settled.into_iter().map(|known| known.unwrap_or_else(refusal)).collect()
}
