//! The hub's storage, opened: the database (built-in or given), its pools, the log and the ports behind it.

use std::sync::Arc;

use anyhow::Context;
use hub_commands::Dispatcher;
use hub_commands::ports::Ports;
use hub_kubernetes::KubeGateway;
use hub_postgres::builtin::{Builtin, BuiltinConfig};
use hub_postgres::{
    Kek, Keyring, PgClaims, PgCredentials, PgLeases, PgObservations, PgSessions, PgVault, PoolSizes, Pools,
};

use crate::cli::StoreConfig;
use crate::ledger::Ledger;
use crate::runtime::System;

/// The address of the database that a running hub uses.
pub fn running_url(config: &StoreConfig) -> anyhow::Result<String> {
    match &config.database_url {
        Some(url) => Ok(url.clone()),
        None => hub_postgres::builtin::running_url(&config.data_dir)?
            .with_context(|| format!("no hub is running on {}", config.data_dir.display())),
    }
}

/// The present key-encryption key, made where there is none yet, and the older ones.
pub fn keyring(config: &StoreConfig) -> anyhow::Result<Keyring> {
    let current = match &config.key {
        Some(text) => Kek::load(text.clone()),
        None => Kek::load_or_create(&config.key_path()),
    };
    let mut ring = Keyring::from(current.context("the key-encryption key")?);
    for path in &config.old_key_file {
        ring = ring.with_older(Kek::load(path).context("an older key-encryption key")?);
    }
    Ok(ring)
}

/// The database, at hand.
pub struct Database {
    /// The pools.
    pub pools: Pools,
    builtin: Option<Builtin>,
    /// Its address. Holds a password, perhaps: never shown.
    url: String,
}

impl Database {
    /// The hub's own: starts the built-in server unless a URL is given, and migrates.
    pub async fn own(config: &StoreConfig) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("the data folder {} cannot be made", config.data_dir.display()))?;
        if let Some(url) = &config.database_url {
            return Self::open(url.clone(), None).await;
        }
        let config = BuiltinConfig { data_dir: config.data_dir.clone(), bin_dir: None };
        let builtin = Builtin::start(&config).await?;
        Self::open(builtin.url().to_owned(), Some(builtin)).await
    }

    /// For a tool beside the hub, whether that runs or rests.
    pub async fn beside(config: &StoreConfig) -> anyhow::Result<Self> {
        let (url, builtin) = match &config.database_url {
            Some(url) => (url.clone(), None),
            None => hub_postgres::builtin::borrow(&config.data_dir).await?,
        };
        Self::open(url, builtin).await
    }

    async fn open(url: String, builtin: Option<Builtin>) -> anyhow::Result<Self> {
        hub_postgres::migrate(&url).await?;
        Ok(Self { pools: Pools::connect(&url, PoolSizes::default())?, builtin, url })
    }

    /// Closes the connections, and stops a server that was started.
    pub async fn close(self) -> anyhow::Result<()> {
        self.pools.close().await;
        if let Some(builtin) = self.builtin {
            builtin.stop().await?;
        }
        Ok(())
    }
}

/// Everything that stands on the database.
pub struct Store {
    /// The database.
    pub database: Database,
    /// The event log.
    pub ledger: Ledger,
    /// Every port of the write side.
    pub ports: Ports,
    /// Where commands go.
    pub dispatcher: Arc<Dispatcher>,
}

impl Store {
    /// Opens the storage on a database.
    pub async fn open(
        database: Database,
        config: &StoreConfig,
        clusters: hub_kubernetes::Settings,
    ) -> anyhow::Result<Self> {
        let pool = &database.pools.writer;
        let vault = PgVault::unlock(pool.clone(), keyring(config)?).await.context("the vault")?;
        let clock = Arc::new(System);
        let ledger = Ledger::open(&config.ledger, &database.url, pool, clock.clone()).await?;
        let ports = Ports {
            log: ledger.log.clone(),
            vault: Arc::new(vault),
            credentials: Arc::new(PgCredentials::new(pool.clone())),
            sessions: Arc::new(PgSessions::new(pool.clone())),
            claims: Arc::new(PgClaims::new(pool.clone())),
            leases: Arc::new(PgLeases::new(pool.clone())),
            observations: Arc::new(PgObservations::new(pool.clone())),
            clusters: Arc::new(KubeGateway::new(clusters)),
            clock,
            ids: Arc::new(System),
        };
        let dispatcher = Dispatcher::new(ports.log.clone(), ports.clock.clone(), ports.ids.clone());
        let dispatcher = Arc::new(dispatcher.with_vault(ports.vault.clone()));
        Ok(Self { database, ledger, ports, dispatcher })
    }

    /// Closes what was opened, last first: the writer finishes what it accepted before the server stops.
    pub async fn close(self) -> anyhow::Result<()> {
        let Self { database, ledger, ports, dispatcher } = self;
        drop((ports, dispatcher));
        ledger.close().await?;
        database.close().await
    }
}
