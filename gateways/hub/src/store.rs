//! The hub's storage, opened: the database (built-in or given), its pools, the log and the ports behind it.

use std::sync::Arc;

use anyhow::Context;
use hub_commands::Dispatcher;
use hub_commands::ports::{ClusterGateway, Ports};
use hub_postgres::builtin::{Builtin, BuiltinConfig};
use hub_postgres::{
    Kek, PgClaims, PgCredentials, PgLeases, PgLog, PgObservations, PgSessions, PgVault, PoolSizes, Pools,
    WriterSettings,
};
use tokio::task::JoinHandle;

use crate::cli::StoreConfig;
use crate::runtime::System;

/// The address of the database that a running hub uses.
pub fn running_url(config: &StoreConfig) -> anyhow::Result<String> {
    match &config.database_url {
        Some(url) => Ok(url.clone()),
        None => hub_postgres::builtin::running_url(&config.data_dir)?
            .with_context(|| format!("no hub is running on {}", config.data_dir.display())),
    }
}

/// Everything that stands on the database.
pub struct Store {
    /// The pools.
    pub pools: Pools,
    /// The event log.
    pub log: PgLog,
    /// Every port of the write side.
    pub ports: Ports,
    /// Where commands go.
    pub dispatcher: Arc<Dispatcher>,
    writer: JoinHandle<()>,
    builtin: Option<Builtin>,
    /// The database's address. Holds a password, perhaps: never shown.
    url: String,
}

impl Store {
    /// Opens the storage: starts the built-in server unless a URL is given, migrates, connects.
    pub async fn open(config: &StoreConfig) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("the data folder {} cannot be made", config.data_dir.display()))?;
        let builtin = if config.database_url.is_none() {
            let builtin = BuiltinConfig { data_dir: config.data_dir.clone(), bin_dir: None };
            Some(Builtin::start(&builtin).await?)
        } else {
            None
        };
        let url = match (&config.database_url, &builtin) {
            (Some(url), _) => url.clone(),
            (None, Some(builtin)) => builtin.url().to_owned(),
            (None, None) => unreachable!("one of the two is there"),
        };
        hub_postgres::migrate(&url).await?;
        let pools = Pools::connect(&url, PoolSizes::default())?;
        let kek = Kek::load_or_create(&config.key_path()).context("the key-encryption key")?;
        let clock = Arc::new(System);
        let (log, writer) = PgLog::start(
            hub_postgres::pools::options(&url)?,
            pools.writer.clone(),
            clock.clone(),
            WriterSettings::default(),
        );
        let clusters: Arc<dyn ClusterGateway> =
            Arc::new(hub_kubernetes::KubeGateway::new(hub_kubernetes::Settings::default()));
        let ports = Ports {
            log: Arc::new(log.clone()),
            vault: Arc::new(PgVault::unlock(pools.writer.clone(), kek).await.context("the vault")?),
            credentials: Arc::new(PgCredentials::new(pools.writer.clone())),
            sessions: Arc::new(PgSessions::new(pools.writer.clone())),
            claims: Arc::new(PgClaims::new(pools.writer.clone())),
            leases: Arc::new(PgLeases::new(pools.writer.clone())),
            observations: Arc::new(PgObservations::new(pools.writer.clone())),
            clusters,
            clock,
            ids: Arc::new(System),
        };
        let dispatcher = Arc::new(Dispatcher::new(ports.log.clone(), ports.clock.clone(), ports.ids.clone()));
        Ok(Self { pools, log, ports, dispatcher, writer, builtin, url })
    }

    /// The database's address, for tools of this process.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Closes what was opened, last first: the writer finishes what it accepted before the server stops.
    pub async fn close(self) -> anyhow::Result<()> {
        let Self { pools, log, ports, dispatcher, writer, builtin, .. } = self;
        drop((log, ports, dispatcher));
        writer.await.context("the writer")?;
        pools.close().await;
        if let Some(builtin) = builtin {
            builtin.stop().await?;
        }
        Ok(())
    }
}
