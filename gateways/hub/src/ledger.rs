//! The log of a hub: the database's own, or one on KurrentDB that the database keeps a copy of.

use std::sync::Arc;

use anyhow::{Context, bail};
use hub_commands::ports::{Clock, EventLog};
use hub_kurrentdb::{Connection, Standing};
use hub_postgres::log::RecentLeaves;
use hub_postgres::{PgCopy, PgLog, WriterSettings};
use secrecy::ExposeSecret as _;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinHandle;

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
    place: Place,
}

enum Place {
    Database(JoinHandle<()>),
    Elsewhere(hub_kurrentdb::Ledger),
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
        if let Some(connection) = connection(config)? {
            let copy = Arc::new(PgCopy::new(pool.clone()));
            let settings = hub_kurrentdb::WriterSettings::default();
            let ledger = hub_kurrentdb::Ledger::open(connection, copy, clock, settings);
            let ledger = ledger.await.context("the log (--log)")?;
            return Ok(Self {
                log: Arc::new(ledger.log.clone()),
                committed: ledger.committed.clone(),
                recent: RecentLeaves::default(),
                copy: Some(ledger.standing.clone()),
                place: Place::Elsewhere(ledger),
            });
        }
        if let Some(log) = hub_postgres::copied_log(pool).await? {
            bail!("this database is a copy of the {log}: start with --log and that log's address");
        }
        let options = hub_postgres::pools::options(database)?;
        let (log, writer) = PgLog::start(options, pool.clone(), clock, WriterSettings::default());
        let (committed, recent) = (log.committed(), log.recent());
        Ok(Self { log: Arc::new(log), committed, recent, copy: None, place: Place::Database(writer) })
    }

    /// Closes the log, once nobody else holds it: the writer finishes what it accepted.
    pub async fn close(self) -> anyhow::Result<()> {
        drop(self.log);
        match self.place {
            Place::Database(writer) => writer.await.context("the writer")?,
            Place::Elsewhere(ledger) => ledger.close().await,
        }
        Ok(())
    }
}
