//! Connections, each under the least role that its work needs.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Executor, PgConnection};

/// The role that appends to the ledger and keeps the vault.
pub const WRITER: &str = "clustermaster_writer";
/// The role that owns and fills the read models.
pub const PROJECTOR: &str = "clustermaster_projector";
/// The role that answers queries, under row-level security.
pub const READER: &str = "clustermaster_reader";

/// The database could not be reached, or its address is malformed. Never shows the address: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum PoolsError {
    /// The URL is malformed.
    #[error("the database URL is malformed: it must read postgresql://USER@HOST/DATABASE")]
    Url,
    /// The server did not answer or refused.
    #[error("the database cannot be reached: {0}")]
    Connect(#[source] sqlx::Error),
}

/// The pools of one hub process.
#[derive(Clone, Debug)]
pub struct Pools {
    /// Appends, vault, sessions.
    pub writer: PgPool,
    /// Projections.
    pub projector: PgPool,
    /// Queries.
    pub reader: PgPool,
}

/// How many connections each role may hold.
#[derive(Clone, Copy, Debug)]
pub struct PoolSizes {
    /// Of the writer role, besides the log writer's own one.
    pub writer: u32,
    /// Of the projector role.
    pub projector: u32,
    /// Of the reader role.
    pub reader: u32,
}

impl Default for PoolSizes {
    fn default() -> Self {
        Self { writer: 8, projector: 8, reader: 8 }
    }
}

/// Parses a URL; statements are not logged by the driver, which would show their parameters' shapes at best.
pub fn options(url: &str) -> Result<PgConnectOptions, PoolsError> {
    Ok(PgConnectOptions::from_str(url)
        .map_err(|_| PoolsError::Url)?
        .application_name("clustermaster")
        .disable_statement_logging())
}

/// One connection under a role.
pub async fn connect_as(options: &PgConnectOptions, role: &'static str) -> Result<PgConnection, sqlx::Error> {
    let mut connection = options.connect().await?;
    connection.execute(prelude(role).as_str()).await?;
    Ok(connection)
}

/// What each connection is told first. Writers and projectors look rows up by key only. They are kept to the indexes and to
/// one plan a statement: a plan that was made while a table was small would scan the whole of it for ever after.
fn prelude(role: &'static str) -> String {
    const BY_KEY: &str = "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_bitmapscan = off; \
         set enable_hashjoin = off; set enable_mergejoin = off; set enable_material = off";
    let manner = if role == READER { "set default_transaction_read_only = on" } else { BY_KEY };
    format!("set role {role}; set jit = off; {manner}")
}

fn pool(options: PgConnectOptions, role: &'static str, most: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(most)
        .min_connections(0)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_mins(2))
        .after_connect(move |connection, _| {
            Box::pin(async move {
                connection.execute(prelude(role).as_str()).await?;
                Ok(())
            })
        })
        .connect_lazy_with(options)
}

impl Pools {
    /// Opens the pools; connections are made when they are first needed.
    pub fn connect(url: &str, sizes: PoolSizes) -> Result<Self, PoolsError> {
        let options = options(url)?;
        Ok(Self {
            writer: pool(options.clone(), WRITER, sizes.writer),
            projector: pool(options.clone(), PROJECTOR, sizes.projector),
            reader: pool(options, READER, sizes.reader),
        })
    }

    /// Closes every connection, after its present work.
    pub async fn close(&self) {
        tokio::join!(self.reader.close(), self.projector.close(), self.writer.close());
    }
}
