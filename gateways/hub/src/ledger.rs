//! The log of a hub: the database's own, or one on KurrentDB that the database keeps a copy of.

use std::sync::Arc;

use anyhow::{Context, bail};
use hub_commands::ports::{Clock, EventLog, LedgerCopy};
use hub_kurrentdb::{Connection, KurrentFeed, KurrentLog, Mirror, Standing};
use hub_postgres::log::RecentLeaves;
use hub_postgres::{PgCopy, PgLog, WriterSettings};
use secrecy::ExposeSecret as _;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cli::LogConfig;

/// An opened log.
pub struct Ledger {
    /// Where commands are appended.
    pub log: Arc<dyn EventLog>,
    /// The newest position that can be read in the database.
    pub committed: watch::Sender<u64>,
    /// Leaf hashes of what this process wrote last, where the database is the log.
    pub recent: RecentLeaves,
    /// How the database's copy stands, where the log is elsewhere.
    pub copy: Option<watch::Receiver<Standing>>,
    writer: JoinHandle<()>,
    mirror: Option<(JoinHandle<()>, CancellationToken)>,
}

/// The connection to the log that is configured, if it is elsewhere.
pub fn connection(config: &LogConfig) -> anyhow::Result<Option<Connection>> {
    let Some(address) = &config.log else { return Ok(None) };
    let address = address.expose_secret().parse().context("--log")?;
    Ok(Some(Connection::new(&address, &config.log_stream)))
}

impl Ledger {
    /// Opens the log. A database that holds another history than the log is refused.
    pub async fn open(
        config: &LogConfig,
        database: &str,
        pool: &PgPool,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        match connection(config)? {
            Some(connection) => Self::elsewhere(Arc::new(connection), pool, clock).await,
            None => Self::own(database, pool, clock).await,
        }
    }

    async fn own(database: &str, pool: &PgPool, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        if let Some(log) = hub_postgres::copied_log(pool).await? {
            bail!("this database is a copy of the {log}: start with --log and that log's address");
        }
        let options = hub_postgres::pools::options(database)?;
        let (log, writer) = PgLog::start(options, pool.clone(), clock, WriterSettings::default());
        let (committed, recent) = (log.committed(), log.recent());
        Ok(Self { log: Arc::new(log), committed, recent, copy: None, writer, mirror: None })
    }

    async fn elsewhere(
        connection: Arc<Connection>,
        pool: &PgPool,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let copy: Arc<dyn LedgerCopy> = Arc::new(PgCopy::new(pool.clone()));
        let (committed, _) = watch::channel(0);
        let cancel = CancellationToken::new();
        // The subscription begins behind what is copied already; an empty database has copied nothing.
        let next = match hub_postgres::copied_log(pool).await? {
            Some(_) => copy.cursor().await?.next,
            None => 0,
        };
        let feed = KurrentFeed::start(&connection, next, cancel.clone())?;
        let mirror = Mirror::open(connection.clone(), feed, copy.clone(), committed.clone()).await;
        let mirror = mirror.context("the log (--log)")?;
        let cursor = mirror.catch_up().await.context("the log's copy")?;
        tracing::info!(position = cursor.position, "the database's copy of the log is up to date");
        let standing = mirror.standing();
        let task = tokio::spawn(mirror.run(cancel.clone()));
        let settings = hub_kurrentdb::WriterSettings::default();
        let (log, writer) = KurrentLog::start(connection, copy, standing.clone(), clock, settings);
        let mirror = Some((task, cancel));
        let recent = RecentLeaves::default();
        Ok(Self { log: Arc::new(log), committed, recent, copy: Some(standing), writer, mirror })
    }

    /// Closes the log, once nobody else holds it: the writer finishes what it accepted, then the copy rests.
    pub async fn close(self) -> anyhow::Result<()> {
        let Self { log, committed: _, recent: _, copy: _, writer, mirror } = self;
        drop(log);
        writer.await.context("the writer")?;
        if let Some((task, cancel)) = mirror {
            cancel.cancel();
            task.await.context("the log's copy")?;
        }
        Ok(())
    }
}
