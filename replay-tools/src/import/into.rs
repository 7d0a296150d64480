//! The log that an import goes into: the database's own, or the one that the database is a copy of.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use clap::Args;
use hub_kurrentdb::{Connection, LEDGER_STREAM, Ledger, WriterSettings};
use hub_postgres::{Intake, PgCopy, PoolSizes, Pools, copied_log};

/// Where the ledger's log is, if it is not in the database.
#[derive(Clone, Debug, Args)]
pub struct Way {
    /// The KurrentDB cluster that the hub keeps its event log on (`serve --log`).
    #[arg(long, env = "CLUSTERMASTER_LOG", hide_env_values = true)]
    log: Option<String>,
    /// The stream there that holds the ledger.
    #[arg(long, env = "CLUSTERMASTER_LOG_STREAM", default_value = LEDGER_STREAM)]
    log_stream: String,
}

impl Way {
    /// Opens a way into the log. The ledger, where there is one, is closed after the intake.
    pub async fn open(
        &self,
        database: &str,
        now: fn() -> DateTime<Utc>,
    ) -> anyhow::Result<(Intake, Option<Ledger>)> {
        let sizes = PoolSizes { writer: 2, projector: 1, reader: 1 };
        let pools = Pools::connect(database, sizes)?;
        let Some(address) = &self.log else {
            let copied = copied_log(&pools.writer).await;
            pools.close().await;
            if let Some(log) = copied? {
                bail!("this database is a copy of the {log}: name that log's address with --log");
            }
            return Ok((Intake::open(database, now)?, None));
        };
        let connection = Connection::new(&address.parse().context("--log")?, &self.log_stream);
        // By connections of its own: the copy is kept until the intake is closed.
        let copy = Arc::new(PgCopy::new(Pools::connect(database, sizes)?.writer));
        let clock = Arc::new(hub_postgres::intake::Now(now));
        let ledger = Ledger::open(connection, copy, clock, WriterSettings::default()).await;
        let ledger = ledger.context("the log (--log)")?;
        Ok((Intake::through(Arc::new(ledger.log.clone()), pools), Some(ledger)))
    }
}
