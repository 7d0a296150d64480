//! The writer: one task, one connection, one batch at a time.
//!
//! What it remembers of the log (the head, tenants' heads, streams' revisions) is exact as long as the head row still
//! stands where the writer left it, and the append statement checks just that. Whoever else has written moves the
//! head; the writer then learns what it missed and plans again. While others write, it takes the head row's lock first.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hub_commands::ports::{Append, AppendError, Clock, Receipt, Unavailable};
use hub_domain::kernel::TypedId;
use hub_domain::ledger::Hash;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{mpsc, watch};
use uuid::Uuid;

use super::plan::{Answer, Batch, Known, LogHead, TenantHead, plan};
use super::recent::RecentLeaves;
use super::{Request, WriterSettings, statements};
use crate::pools::{WRITER, connect_as};
use crate::telemetry;

/// How long after another process's append the writer goes on locking before it plans.
const SHARED_FOR: Duration = Duration::from_secs(5);
/// Between two attempts to reach the database.
const PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Writer {
    options: PgConnectOptions,
    clock: Arc<dyn Clock>,
    settings: WriterSettings,
    committed: watch::Sender<u64>,
    recent: RecentLeaves,
    session: Option<Session>,
    memory: Memory,
    shared_until: Option<Instant>,
}

/// A connection, and the head as this process last saw it.
struct Session {
    connection: PgConnection,
    head: LogHead,
}

/// What is known of the log under the present head.
#[derive(Default)]
struct Memory {
    tenants: HashMap<Uuid, TenantHead>,
    streams: HashMap<Uuid, HashMap<Box<str>, u64>>,
    remembered: usize,
    most: usize,
}

impl Memory {
    fn forget(&mut self) {
        self.tenants.clear();
        self.forget_streams();
    }

    fn forget_streams(&mut self) {
        self.streams.clear();
        self.remembered = 0;
    }

    fn remember(&mut self, tenant: Uuid, stream: &str, revision: u64) {
        // Forgetting all is cheaper than an order of use: what is needed is learnt again, a batch at a time.
        if self.remembered >= self.most {
            self.forget_streams();
        }
        let streams = self.streams.entry(tenant).or_default();
        if let Some(known) = streams.get_mut(stream) {
            *known = revision;
        } else {
            streams.insert(stream.into(), revision);
            self.remembered += 1;
        }
    }
}

impl Known for Memory {
    fn revision(&self, tenant: Uuid, stream: &str) -> Option<u64> {
        self.streams.get(&tenant)?.get(stream).copied()
    }

    fn tenant(&self, tenant: Uuid) -> TenantHead {
        self.tenants.get(&tenant).copied().unwrap_or(TenantHead::EMPTY)
    }
}

/// One request's answer.
type Reply = Result<Receipt, AppendError>;

/// What became of one attempt to write a batch.
enum Attempt {
    /// It is committed, or needed no commit.
    Done(Vec<Reply>),
    /// The head had moved, or a unique key spoke: plan again with what is known now.
    Again,
}

/// A batch that was sent and never answered: it stands in the log if its first event does.
struct InDoubt {
    position: u64,
    event_id: Uuid,
    replies: Vec<Reply>,
}

/// Why an attempt failed.
struct Failed {
    cause: sqlx::Error,
    in_doubt: Option<InDoubt>,
}

impl From<sqlx::Error> for Failed {
    fn from(cause: sqlx::Error) -> Self {
        Self { cause, in_doubt: None }
    }
}

impl Writer {
    pub fn new(
        options: PgConnectOptions,
        clock: Arc<dyn Clock>,
        settings: WriterSettings,
        committed: watch::Sender<u64>,
        recent: RecentLeaves,
    ) -> Self {
        let memory = Memory { most: settings.streams, ..Memory::default() };
        Self { options, clock, settings, committed, recent, session: None, memory, shared_until: None }
    }

    /// Serves until every sender is gone and the queue is empty.
    pub async fn run(mut self, mut queue: mpsc::Receiver<Request>) {
        let mut waiting = Vec::new();
        while let Some(first) = queue.recv().await {
            self.gather(first, &mut queue, &mut waiting).await;
            metrics::gauge!(telemetry::QUEUE).set(queue.len() as f64);
            let (requests, open): (Vec<Append>, Vec<_>) = waiting
                .drain(..)
                .map(|request: Request| (request.append, (request.answer, request.arrived, request.room)))
                .unzip();
            let replies = self.write(&requests).await;
            for ((sender, arrived, room), reply) in open.into_iter().zip(replies) {
                metrics::counter!(telemetry::APPENDS, "outcome" => outcome_of(&reply)).increment(1);
                metrics::histogram!(telemetry::APPEND_SECONDS).record(arrived.elapsed());
                drop(room);
                // A waiter that has gone away loses its answer, not its event.
                let _ = sender.send(reply);
            }
        }
    }

    /// Fills a batch with what is there. It never lingers, but lets the others run twice first: those whose answers
    /// have just gone out are about to ask again.
    async fn gather(&self, first: Request, queue: &mut mpsc::Receiver<Request>, into: &mut Vec<Request>) {
        let (mut events, mut bytes) = (first.append.events.len(), first.bytes);
        into.push(first);
        for _ in 0..3 {
            while events < self.settings.batch_events && bytes < self.settings.batch_bytes {
                let Ok(next) = queue.try_recv() else { break };
                events += next.append.events.len();
                bytes += next.bytes;
                into.push(next);
            }
            tokio::task::yield_now().await;
        }
    }

    /// Writes a batch and answers each request, however often the database goes away meanwhile.
    async fn write(&mut self, requests: &[Append]) -> Vec<Reply> {
        let deadline = Instant::now() + self.settings.patience;
        let mut work =
            Work { settled: requests.iter().map(|_| None).collect(), in_doubt: None, careful: false };
        loop {
            let cause = match self.attempt(requests, &mut work).await {
                Ok(Some(replies)) => return work.merge(replies),
                Ok(None) => {
                    work.careful = true;
                    if Instant::now() < deadline {
                        continue;
                    }
                    sqlx::Error::Protocol("the log kept moving under the writer".into())
                }
                Err(cause) => {
                    self.session = None;
                    metrics::counter!(telemetry::RECONNECTS).increment(1);
                    cause
                }
            };
            if Instant::now() >= deadline {
                tracing::error!(%cause, "the ledger cannot be written");
                return work.give_up(&cause);
            }
            tracing::warn!(%cause, "the ledger's connection was lost; trying again");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// One attempt. `Ok(None)`: the log had moved or a unique key spoke; look closer next time.
    async fn attempt(
        &mut self,
        requests: &[Append],
        work: &mut Work,
    ) -> Result<Option<Vec<Reply>>, sqlx::Error> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.connect().await?,
        };
        if let Some(doubt) = &work.in_doubt {
            // The fence of the new connection has ended whatever was under way: what stands now, stands.
            let found = statements::event_at(&mut session.connection, doubt.position).await?;
            let stands = found == Some(doubt.event_id);
            if let Some(doubt) = work.in_doubt.take().filter(|_| stands) {
                self.session = Some(session);
                return Ok(Some(doubt.replies));
            }
        }
        if work.careful {
            settle_repeats(&mut session.connection, requests, &mut work.settled).await?;
        }
        let open: Vec<&Append> = requests
            .iter()
            .zip(&work.settled)
            .filter(|(_, reply)| reply.is_none())
            .map(|(append, _)| append)
            .collect();
        match self.commit(&mut session, &open, work.careful).await {
            Ok(attempt) => {
                self.session = Some(session);
                Ok(match attempt {
                    Attempt::Done(replies) => Some(replies),
                    Attempt::Again => None,
                })
            }
            Err(Failed { cause, in_doubt }) => {
                work.in_doubt = in_doubt;
                Err(cause)
            }
        }
    }

    /// A new connection. It fences off the old one and forgets what was known under it.
    async fn connect(&mut self) -> Result<Session, sqlx::Error> {
        let within = self.settings.patience;
        let mut connection = tokio::time::timeout(within, connect_as(&self.options, WRITER))
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)??;
        let head = statements::fence(&mut connection).await?;
        self.memory.forget();
        self.announce(head.position);
        Ok(Session { connection, head })
    }

    fn announce(&self, position: u64) {
        metrics::gauge!(telemetry::POSITION).set(position as f64);
        self.committed.send_if_modified(|known| {
            let news = position > *known;
            *known = position.max(*known);
            news
        });
    }

    /// Plans and commits the open requests under the fence.
    async fn commit(
        &mut self,
        session: &mut Session,
        open: &[&Append],
        careful: bool,
    ) -> Result<Attempt, Failed> {
        let shared = self.shared_until.is_some_and(|until| Instant::now() < until);
        if shared {
            statements::begin(&mut session.connection).await?;
            let head = statements::head(&mut session.connection, true).await?;
            self.catch_up(session, head).await?;
        }
        self.learn(&mut session.connection, open, careful).await?;
        let now = self.clock.now().timestamp_micros();
        let mut batch = plan(open, &self.memory, &session.head, now);
        if batch.has_conflict() && !careful && open.iter().any(|append| append.idempotency.is_some()) {
            // A repeat may come with an expectation that its first has outdated: the keys decide before the revisions do.
            if shared {
                statements::rollback(&mut session.connection).await?;
            }
            return Ok(Attempt::Again);
        }
        if batch.has_conflict() && !shared {
            // What is remembered may be old: a conflict counts only against the log itself.
            let head = statements::head(&mut session.connection, false).await?;
            if head != session.head {
                self.catch_up(session, head).await?;
                self.learn(&mut session.connection, open, true).await?;
                batch = plan(open, &self.memory, &session.head, now);
            }
        }
        if batch.is_empty() {
            if shared {
                statements::rollback(&mut session.connection).await?;
            }
            return Ok(Attempt::Done(replies_of(batch.answers)));
        }
        match statements::append(&mut session.connection, &session.head, &batch).await {
            Ok(true) => {}
            Ok(false) => {
                if shared {
                    statements::rollback(&mut session.connection).await?;
                }
                let head = statements::head(&mut session.connection, false).await?;
                self.catch_up(session, head).await?;
                return Ok(Attempt::Again);
            }
            Err(sqlx::Error::Database(refused)) if refused.is_unique_violation() => {
                if shared {
                    statements::rollback(&mut session.connection).await?;
                }
                return Ok(Attempt::Again);
            }
            Err(cause) => return Err(doubtful(cause, session.head.position + 1, batch)),
        }
        if shared && let Err(cause) = statements::commit(&mut session.connection).await {
            return Err(doubtful(cause, session.head.position + 1, batch));
        }
        session.head.position = batch.position;
        session.head.recorded_at = batch.recorded_at;
        self.remember(&batch);
        self.announce(batch.position);
        metrics::histogram!(telemetry::BATCH_EVENTS).record(batch.rows.positions.len() as f64);
        metrics::counter!(telemetry::EVENTS).increment(batch.rows.positions.len() as u64);
        Ok(Attempt::Done(replies_of(batch.answers)))
    }

    /// Learns what others have written between the head that was known and the one that is.
    async fn catch_up(&mut self, session: &mut Session, head: LogHead) -> Result<(), sqlx::Error> {
        if head.position != session.head.position {
            self.shared_until = Some(Instant::now() + SHARED_FOR);
            self.memory.tenants.clear();
            for (tenant, stream, revision) in
                statements::written_since(&mut session.connection, session.head.position).await?
            {
                self.memory.remember(tenant, &stream, revision);
            }
            self.announce(head.position);
        }
        session.head = head;
        Ok(())
    }

    /// Reads what the plan needs and memory lacks. A stream that is expected not to exist is not looked up: the unique
    /// key tells, and then the batch is planned again, carefully.
    async fn learn(
        &mut self,
        connection: &mut PgConnection,
        open: &[&Append],
        careful: bool,
    ) -> Result<(), sqlx::Error> {
        let mut streams: Vec<(Uuid, &str)> = open
            .iter()
            .filter(|append| careful || append.expected != hub_commands::Expected::NoStream)
            .map(|append| (append.tenant.uuid(), append.stream.as_str()))
            .filter(|(tenant, stream)| self.memory.revision(*tenant, stream).is_none())
            .collect();
        streams.sort_unstable();
        streams.dedup();
        if !streams.is_empty() {
            let heads = statements::stream_heads(connection, &streams).await?;
            for ((tenant, stream), revision) in streams.into_iter().zip(heads) {
                if let Some(revision) = revision {
                    self.memory.remember(tenant, stream, revision);
                }
            }
        }
        let mut tenants: Vec<Uuid> = open.iter().map(|append| append.tenant.uuid()).collect();
        tenants.retain(|tenant| !self.memory.tenants.contains_key(tenant));
        tenants.sort_unstable();
        tenants.dedup();
        if !tenants.is_empty() {
            self.memory.tenants.extend(statements::tenant_heads(connection, &tenants).await?);
        }
        Ok(())
    }

    fn remember(&mut self, batch: &Batch<'_>) {
        for ((tenant, stream), revision) in &batch.streams {
            self.memory.remember(*tenant, stream, *revision);
        }
        let heads = &batch.heads;
        for ((tenant, size), last) in heads.tenants.iter().zip(&heads.sizes).zip(&heads.lasts) {
            self.memory.tenants.insert(*tenant, TenantHead { size: *size as u64, last: hash(last) });
        }
        let rows = &batch.rows;
        let leaves = rows.tenants.iter().zip(&rows.sequences).zip(&rows.leaf_hashes);
        self.recent.push(leaves.map(|((tenant, sequence), leaf)| (*tenant, *sequence as u64, hash(leaf))));
    }
}

fn hash(bytes: &[u8]) -> Hash {
    Hash(bytes.try_into().expect("a hash has 32 bytes"))
}

/// What one batch's attempts share.
struct Work {
    /// Answers known before the append: repeats under a key that the log already holds.
    settled: Vec<Option<Reply>>,
    in_doubt: Option<InDoubt>,
    /// Whether to look up what is otherwise left to the unique keys.
    careful: bool,
}

impl Work {
    fn merge(self, replies: Vec<Reply>) -> Vec<Reply> {
        let mut fresh = replies.into_iter();
        self.settled
            .into_iter()
            .map(|known| known.unwrap_or_else(|| fresh.next().expect("one reply a request")))
            .collect()
    }

    /// Tells the truth when time is up: not appended, or not known.
    fn give_up(self, cause: &sqlx::Error) -> Vec<Reply> {
        let in_doubt = self.in_doubt.is_some();
        let refusal = || {
            let cause = Unavailable::new("ledger", cause.to_string());
            Err(if in_doubt { AppendError::Unknown(cause) } else { AppendError::Unavailable(cause) })
        };
        self.settled.into_iter().map(|known| known.unwrap_or_else(refusal)).collect()
    }
}

/// A failure after the statement was sent. A server that says no has done nothing; one that goes away may have.
fn doubtful(cause: sqlx::Error, position: u64, batch: Batch<'_>) -> Failed {
    let refused = cause
        .as_database_error()
        .is_some_and(|error| !error.code().is_some_and(|code| code.starts_with("57")));
    let first = batch.rows.event_ids.first().copied().filter(|_| !refused);
    let replies = replies_of(batch.answers);
    Failed { cause, in_doubt: first.map(|event_id| InDoubt { position, event_id, replies }) }
}

/// Answers from the log what it already holds under the requests' keys.
async fn settle_repeats(
    connection: &mut PgConnection,
    requests: &[Append],
    settled: &mut [Option<Reply>],
) -> Result<(), sqlx::Error> {
    let keys: Vec<_> = requests
        .iter()
        .filter_map(|append| append.idempotency.as_ref().map(|key| (append.tenant, key.key.as_str())))
        .collect();
    if keys.is_empty() {
        return Ok(());
    }
    let stored = statements::receipts(connection, &keys).await?;
    for (append, answer) in requests.iter().zip(settled) {
        if let Some(key) = &append.idempotency
            && answer.is_none()
            && let Some(stored) =
                stored.iter().find(|stored| stored.tenant == append.tenant.uuid() && stored.key == key.key)
        {
            *answer = Some(stored.answer(key));
        }
    }
    Ok(())
}

fn replies_of(answers: Vec<Answer>) -> Vec<Reply> {
    let reply = |answer| match answer {
        Answer::Appended(receipt) => Ok(receipt),
        Answer::Refused(refused) => Err(refused),
    };
    answers.into_iter().map(reply).collect()
}

fn outcome_of(reply: &Reply) -> &'static str {
    match reply {
        Ok(receipt) if receipt.repeated => "repeated",
        Ok(_) => "appended",
        Err(AppendError::Conflict { .. }) => "conflict",
        Err(AppendError::KeyReused) => "key_reused",
        Err(AppendError::Unknown(_)) => "unknown",
        Err(_) => "unavailable",
    }
}
